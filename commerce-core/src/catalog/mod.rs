//! What is sold: products with variants, options, attributes, images, brands and a tree of categories.

mod attribute;
mod category;
mod changes;
mod code;
mod dimensions;
pub mod edit;
mod facts;
mod input;
mod listing;
mod office;
mod plan;
mod product;
mod reprice;
mod service;
mod taxonomy;
mod weight;

pub use attribute::{Attribute, AttributeKind, AttributeRules};
pub use category::{Brand, Category, CategoryNode, category_tree};
pub use changes::{
    Batch, Changes, Listed, PriceChange, ProductWrite, Redirect, RedirectKind, Removal, Repricing, Revision,
    Rewrite, SharedId, SharedVersion, VariantPrice,
};
pub use code::{Sku, SkuError, Slug, SlugError};
pub use dimensions::{Dimensions, LengthUnit};
pub use edit::{
    EditError, IMAGES_MAX, ImageChanged, ImageError, ImageWords, ProductChange, ProductChanged, Target,
};
pub use facts::{Facts, Names};
pub use input::{Cell, ImageInput, ProductEdit, ProductInput, VariantInput};
pub use listing::{
    Availability, ExportPage, PAGE_SIZE_MAX, Page, ProductDetail, ProductFilter, ProductKey, ProductSummary,
    RELATED_LINES, RELATED_MAX, ROWS_MAX, SortBy,
};
pub use office::{ListedProduct, ProductSearch};
pub use plan::{CatalogView, ImportKeys, Outcome, Plan, PlanOptions, Refusal, StockRule, Warning, plan};
pub use product::{
    AttributeValue, Image, ImageCopy, ListPrice, Product, ProductOption, ProductStatus, TaxClass,
    TaxClassError, Variant,
};
pub use reprice::{
    PRICES_MAX, PriceInput, PriceLook, PriceRefused, PriceView, PricedProduct, PricedVariant, Repriced,
    reprice,
};
pub use service::{Catalog, CatalogError, PricesSet};
pub use taxonomy::{
    AttributeChange, BrandChange, CategoryChange, Changed, NewAttribute, NewBrand, NewCategory, SharedKey,
    TagCount, Taxonomy, TaxonomyError, TaxonomyView, VALUES_MAX,
};
pub use weight::{Weight, WeightUnit};
