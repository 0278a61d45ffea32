//! What is sold: products with variants, options, attributes, images, brands and a tree of categories.

mod attribute;
mod category;
mod changes;
mod code;
mod dimensions;
mod facts;
mod input;
mod listing;
mod plan;
mod product;
mod service;
mod taxonomy;
mod weight;

pub use attribute::{Attribute, AttributeKind, AttributeRules};
pub use category::{Brand, Category, CategoryNode, category_tree};
pub use changes::{Batch, ProductWrite, Redirect, RedirectKind, Revision, Rewrite, SharedId, SharedVersion};
pub use code::{Sku, SkuError, Slug, SlugError};
pub use dimensions::{Dimensions, LengthUnit};
pub use facts::{Facts, Names};
pub use input::{Cell, ImageInput, ProductInput, VariantInput};
pub use listing::{
    Availability, ExportPage, PAGE_SIZE_MAX, Page, ProductDetail, ProductFilter, ProductKey, ProductSummary,
    ROWS_MAX, SortBy,
};
pub use plan::{CatalogView, ImportKeys, Outcome, Plan, PlanOptions, Refusal, StockRule, Warning, plan};
pub use product::{
    AttributeValue, Image, Product, ProductOption, ProductStatus, TaxClass, TaxClassError, Variant,
};
pub use service::{Catalog, CatalogError};
pub use taxonomy::{
    AttributeChange, BrandChange, CategoryChange, Changed, NewAttribute, NewBrand, NewCategory, SharedKey,
    TagCount, Taxonomy, TaxonomyError, TaxonomyView, VALUES_MAX,
};
pub use weight::{Weight, WeightUnit};
