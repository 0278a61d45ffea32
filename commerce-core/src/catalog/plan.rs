//! The decision behind every import and edit: what is there, what was said, what to write.
//!
//! An input says something about a product; what it does not mention stays, what it says is empty goes. Products are
//! known by their slug, variants by their SKU, else by their option values; brands and categories by their folded
//! names, attributes by their code. What is not known is made. What is like that already is not written, so that the
//! same input a second time changes nothing, whatever was sold in between.
//!
//! What cannot be taken is refused with a reason, and takes as little as possible with it: a bad price costs the
//! variant, a bad title the product, and nothing else of the batch. Three things make a product impossible as a whole:
//! it would have no variant, it would be on sale with a price of 0, or a variant that the input does not name would
//! lack a value for an option.
//!
//! A product that is named twice in one batch is taken twice, the second time over the outcome of the first, and is
//! written once.

mod draft;
mod merge;
mod options;
mod own;
mod shared;
mod sku;
mod stock;
#[cfg(test)]
mod tests;
mod text;
mod variants;

pub(in crate::catalog) use text::{NAME_CHARS_MAX, line_of};

pub(super) use variants::NO_VARIANT;

use super::{Attribute, Batch, Brand, Category, Cell, Product, ProductInput, SharedVersion, Sku, Slug};
use crate::audit::Actor;
use crate::idempotency::{Record, Scope};
use crate::inventory::{Location, StockLevel};
use crate::{Currency, Ids, ProductId, SellerId, Timestamp, VariantId};

/// Which part of the catalogue an import touches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportKeys {
    /// The products.
    pub slugs: Vec<Slug>,
    /// The variants, wherever they are.
    pub skus: Vec<Sku>,
    /// The request, when it may be a repetition.
    pub repeated: Option<Scope>,
}

impl ImportKeys {
    /// What a plan of these inputs looks at: their slugs, those of before and after, their SKUs, and the SKUs that it would
    /// make for those without.
    #[must_use]
    pub fn of(inputs: &[ProductInput]) -> Self {
        let mut keys = Self::default();
        for input in inputs {
            keys.slugs.push(input.slug.clone());
            keys.slugs.extend(input.edit.rename.clone());
            keys.skus.extend(input.variants.iter().map(|variant| match &variant.sku {
                Cell::Is(sku) => sku.clone(),
                Cell::Absent | Cell::Empty => {
                    sku::made_of(&input.slug, &text::trimmed(&variant.option_values), 0)
                }
            }));
        }
        keys.slugs.sort();
        keys.slugs.dedup();
        keys.skus.sort();
        keys.skus.dedup();
        keys
    }
}

/// What an import looks at, in one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogView {
    /// The store's time of the look.
    pub now: Timestamp,
    /// The products of the slugs, deleted ones included, by slug.
    pub products: Vec<Product>,
    /// Who has the SKUs, by SKU: the products named above, and others.
    pub sku_owners: Vec<(Sku, VariantId, ProductId)>,
    /// Every brand, by slug.
    pub brands: Vec<Brand>,
    /// Every category, by path.
    pub categories: Vec<Category>,
    /// Every attribute, by code.
    pub attributes: Vec<Attribute>,
    /// Every location, by priority, then code.
    pub locations: Vec<Location>,
    /// The stock of the products' variants, by variant, then location.
    pub levels: Vec<StockLevel>,
    /// The state of brands, categories and attributes as a whole.
    pub shared: SharedVersion,
    /// The record of the request, when it had its effect before.
    pub record: Option<Record>,
}

/// How an import is to be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanOptions {
    /// The shop's currency.
    pub currency: Currency,
    /// The code of the location where stock is set. One that does not exist is made.
    pub location: String,
    /// For which variants stock is set.
    pub stock: StockRule,
    /// Who imports.
    pub actor: Actor,
    /// The merchant whose products alone it is about; `None`: everybody's.
    pub seller: Option<SellerId>,
}

/// For which variants an import sets stock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StockRule {
    /// For those that it creates: an export lies, but sales since then do not.
    #[default]
    Created,
    /// For all, by a recorded movement to what the input says.
    Set,
}

impl StockRule {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Created, Self::Set];

    /// The word for it, on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Set => "set",
        }
    }
}

/// What an import writes, and what became of each product.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What to write.
    pub batch: Batch,
    /// What becomes of each product that was not refused, in the order of the input. One that is named twice is there
    /// once. A product that stays as it is while its stock is set is unchanged.
    pub outcomes: Vec<(Slug, Outcome)>,
    /// What was refused and why.
    pub refusals: Vec<Refusal>,
    /// What was taken, but not as it was said.
    pub warnings: Vec<Warning>,
}

/// What is said of a picture, without white space around it; `None` when nothing is left.
pub(super) fn image_alt(slug: &Slug, alt: &str) -> Result<Option<String>, Refusal> {
    text::address(&draft::About { line: 0, slug }, "alt", alt)
}

/// What becomes of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It changes.
    Updated,
    /// It is like that already.
    Unchanged,
}

/// Something in the input that cannot be taken. The variant, or the product when it is about the product, is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The line of the file.
    pub line: u64,
    /// Which product.
    pub slug: String,
    /// Which field.
    pub field: &'static str,
    /// Why: stable, to count by: `price-zero`, `sku-taken`.
    pub code: &'static str,
    /// Why, in words, and what to do.
    pub reason: String,
}

/// Something that was taken, but not as it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The line of the file.
    pub line: u64,
    /// Which field.
    pub field: &'static str,
    /// What was done instead: stable, to count by: `compare-at-dropped`.
    pub code: &'static str,
    /// In words.
    pub reason: String,
}

/// Decides what to write.
#[must_use]
pub fn plan(view: &CatalogView, inputs: Vec<ProductInput>, options: &PlanOptions, ids: &mut Ids) -> Plan {
    let mut draft = draft::Draft::new(view, options, ids);
    for input in inputs {
        draft.take(input);
    }
    draft.finish()
}
