//! Reading a merchant's files: the CSV that Shopify exports products to, products in JSON lines, prices, inventory.
//!
//! [`import`] streams: it holds a few batches of products, whatever the size of the file. Every batch is one transaction,
//! and what came over HTTP keeps in it how far it has come. A row that cannot be taken is refused with its line, column
//! and reason, and the rest goes on; a file that is malformed ends the import where it is broken, and nothing of the batch
//! that was being read is written.
//!
//! How the columns of products map (`table.rs` and `lines.rs` tell of the others):
//!
//! | Column | Becomes |
//! | --- | --- |
//! | `Handle` | the slug and key of the product, in lower case |
//! | `Title`, `Body (HTML)`, `Tags` | name, description, tags |
//! | `Vendor` | the brand of that name, whatever its case |
//! | `Product Category` | the category path, split at ` > `; without it `Type` is a top category |
//! | `Type` beside another `Product Category` | the text attribute `product_type` |
//! | `Status`, `Published` | `draft` and `archived` are that; active and unpublished is a draft |
//! | `Option1 Name` to `Option3 Value` | options; `Title` with `Default Title` means none |
//! | `Variant SKU` | the SKU, by which a variant is known; without it option values tell it, and a SKU is made |
//! | `Variant Price`, `Variant Compare At Price`, `Cost per item` | prices in the currency of the import |
//! | `Variant Grams`, `Variant Weight Unit` | the weight, exactly as written, and the unit to show |
//! | `Variant Inventory Tracker` | stock is counted; blank: it is not |
//! | `Variant Inventory Qty` | the stock of variants that the import creates, or of all, as [`StockRule`] says |
//! | `Variant Inventory Policy` | `continue` allows backorders |
//! | `Variant Requires Shipping` | `false`: digital |
//! | `Variant Taxable` | `false`: tax class `exempt`; `true` keeps any other class |
//! | `Variant Barcode`, `Variant Image` | barcode and picture of the variant |
//! | `Image Src`, `Image Position`, `Image Alt Text` | pictures |
//! | `Name (product.metafields.a.b)` | the text attribute `a.b` |
//!
//! A column that the file lacks leaves what is there; a blank cell clears it; products that the file does not name stay
//! as they are. Columns without a place are named in the [`Summary`].
//!
//! Rows of one product belong together. Where they do not, the later ones go on about the product that the earlier ones
//! made; only, pictures of the later ones leave it and return, when such a file is imported again and the two parts are
//! in different batches.

mod batch;
mod column;
mod group;
mod job;
mod lines;
mod progress;
mod record;
mod refused;
mod row;
mod run;
mod shopify;
mod source;
mod summary;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use column::{Column, METAFIELD, PRODUCT_TYPE};
pub use commerce_core::bulk::{Format, Kind};
pub use commerce_core::catalog::StockRule;
pub(crate) use job::{Kept, take_one};
pub use progress::{Position, Progress, Silent, counting, terminal};
pub use refused::refused_path;
pub(crate) use refused::{HEAD, plain, write_refused, write_row};
pub use run::{ImportError, ImportOptions, import, shop_currency};
#[cfg(any(fuzzing, test))]
pub(crate) use shopify::read_through;
pub(crate) use summary::grouped;
pub use summary::{
    EXIT_MALFORMED, EXIT_REFUSED, EXIT_TAKEN, EXIT_TROUBLE, EXIT_USAGE, Refused, Summary, Tally, exit_code,
};
