//! What an import or an edit writes into the catalogue, through the bulk door of the store.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Attribute, Brand, Category, ListPrice, Product, Sku, Slug};
use crate::audit::{self, Actor};
use crate::idempotency::Record;
use crate::{
    AttributeId, BrandId, CategoryId, PriceChangeId, ProductId, Timestamp, UnitPrice, VariantId, bulk,
    inventory, pricing,
};

/// Catalogue writes that a store applies all or none, set-based: a few statements whatever the number of products.
#[must_use = "a batch changes nothing until a store imports it"]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The state of what products share that this was decided on; see [`SharedVersion`]. `None`: whatever it is now.
    pub shared: Option<SharedVersion>,
    /// New brands. One that another import made meanwhile is [`Guard::Brand`](crate::Guard::Brand).
    pub brands: Vec<Brand>,
    /// New categories, parents before children; guarded alike.
    pub categories: Vec<Category>,
    /// New attributes; guarded alike.
    pub attributes: Vec<Attribute>,
    /// What becomes of brands, categories and attributes that are there.
    pub revise: Revision,
    /// Products, whole.
    pub products: Vec<ProductWrite>,
    /// Variants that their products no longer have. Each product is among those that are written, which is the guard.
    pub removed: Vec<Removal>,
    /// What list prices were before.
    pub prices: Vec<PriceChange>,
    /// Names in addresses that lead elsewhere from now on.
    pub redirects: Vec<Redirect>,
    /// Stock of new variants, and levels set on purpose.
    pub inventory: inventory::Changes,
    /// The rulebook, where it names what is called otherwise from now on.
    pub pricing: pricing::Changes,
    /// The import that it is a part of: how far that has come with it.
    pub bulk: bulk::Changes,
    /// The record of the request, so that its repetition has no further effect.
    pub idempotency: Option<Record>,
    /// Who did it.
    pub audit: Vec<audit::Entry>,
}

/// A product to insert, or to put in place of the one that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductWrite {
    /// The whole product, its version already grown. A variant that it had and no longer names is among
    /// [`Batch::removed`].
    pub product: Product,
    /// The version that was read: the guard. `None`: the product is new, and its slug and SKUs are the guard.
    pub expected_version: Option<u64>,
}

/// How often what products share was changed as a whole.
///
/// Paths of categories and the facts of products are made of many rows at once, so what writes them must not pass each
/// other. Whoever revises something, be it one name, writes this, and compares both numbers. Whoever adds something writes
/// the second and compares the first. Whoever only writes products reads it, with a lock that others may have too, and
/// compares the first: products are written beside each other, and never beside a change of what they are named by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedVersion {
    /// Changes and removals.
    pub changes: u64,
    /// Additions.
    pub additions: u64,
}

/// What becomes of brands, categories and attributes that are there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Revision {
    /// Brands in place of those that were read, their versions grown.
    pub brands: Vec<Brand>,
    /// Categories in place of those that were read.
    pub categories: Vec<Category>,
    /// Attributes in place of those that were read, their versions grown.
    pub attributes: Vec<Attribute>,
    /// Attributes that go.
    pub gone: Vec<AttributeId>,
    /// What no product may have when this is written: else it is [`Guard::Shared`](crate::Guard::Shared).
    pub unused: Vec<SharedId>,
    /// The values that products have of an attribute, by value: others, and it is [`Guard::Shared`](crate::Guard::Shared).
    pub values: Option<(AttributeId, Vec<String>)>,
    /// Products to write again.
    pub rewrite: Rewrite,
}

/// Products that say something by the names of what was revised. Each gets a new version; what offers, orders and searches
/// say of it is made anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// Those of these brands: with the slug.
    pub brands: Vec<(BrandId, Slug)>,
    /// Those in these categories: with the slugs from the root down.
    pub categories: Vec<(CategoryId, Vec<String>)>,
    /// Those with a value or an option of these attributes.
    pub attributes: Vec<AttributeId>,
    /// Those with this tag: it becomes the other one, or goes. One that has the other one already keeps it once.
    pub tag: Option<(String, Option<String>)>,
    /// When.
    pub at: Option<Timestamp>,
}

/// Something that products may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedId {
    /// A brand.
    Brand(BrandId),
    /// A category.
    Category(CategoryId),
    /// An attribute.
    Attribute(AttributeId),
}

/// Catalogue changes of one change set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Prices to write, each product at most once.
    pub reprice: Vec<Repricing>,
    /// What list prices were before.
    pub prices: Vec<PriceChange>,
}

/// Prices of variants of a product, which is one version further then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repricing {
    /// Which product.
    pub product: ProductId,
    /// The version that was read; another one is [`Guard::Product`](crate::Guard::Product).
    pub expected_version: u64,
    /// When.
    pub updated_at: Timestamp,
    /// What listings show of it from now on.
    pub listed: Listed,
    /// The variants whose prices change.
    pub variants: Vec<VariantPrice>,
}

/// The prices of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariantPrice {
    /// Which variant.
    pub variant: VariantId,
    /// What it costs by the list.
    pub list: ListPrice,
    /// What one unit costs the shop.
    pub cost: Option<UnitPrice>,
}

/// What a listing shows of the prices of a product's variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// The price of the cheapest variant, the first of them.
    pub price: UnitPrice,
    /// What that is compared at.
    pub compare_at_price: Option<UnitPrice>,
    /// The price of the dearest.
    pub price_max: UnitPrice,
}

impl Listed {
    /// Of variants with these prices, in order; `None` of none.
    pub fn of(prices: impl Iterator<Item = ListPrice> + Clone) -> Option<Self> {
        let ListPrice { price, compare_at_price } =
            prices.clone().min_by_key(|of| of.price.ten_thousandths)?;
        let price_max = prices.max_by_key(|of| of.price.ten_thousandths)?.price;
        Some(Self { price, compare_at_price, price_max })
    }
}

/// A variant that its product no longer has.
///
/// Its row stays, out of sight: its stock and the reservations of open orders go on, a cart that holds it says that it is
/// no longer sold, and a return finds where the goods belong. Its SKU is free for another variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// Which variant.
    pub variant: VariantId,
    /// When it went.
    pub at: Timestamp,
}

/// The list price of a variant, or what it is compared at, became another. Such rows are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    /// Its id, which carries the time.
    pub id: PriceChangeId,
    /// Of which product.
    pub product: ProductId,
    /// Of which variant.
    pub variant: VariantId,
    /// The code of the variant at that time.
    pub sku: Sku,
    /// What it was.
    pub before: ListPrice,
    /// What it is.
    pub after: ListPrice,
    /// Who changed it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
}

/// A name in addresses that something had before, which leads to what has it no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// What it is the name of.
    pub kind: RedirectKind,
    /// The name of before.
    pub slug: Slug,
    /// Whose it was.
    pub id: Uuid,
}

/// What has names in addresses that may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectKind {
    /// A product.
    Product,
    /// A category.
    Category,
    /// A brand.
    Brand,
}

impl RedirectKind {
    /// The name in stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Category => "category",
            Self::Brand => "brand",
        }
    }
}

impl Batch {
    /// How many products whose names changed are indexed in the transaction of the change; see
    /// [`Store::import`](crate::Store::import).
    pub const INDEXED_AT_ONCE: usize = 500;

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self { shared: self.shared, ..Self::default() }
    }

    /// Whether it adds to what products share.
    #[must_use]
    pub fn adds(&self) -> bool {
        !(self.brands.is_empty() && self.categories.is_empty() && self.attributes.is_empty())
    }
}

impl Revision {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}
