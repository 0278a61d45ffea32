//! What somebody says about a product: a merchant's file, a host's code.

use rust_decimal::Decimal;

use super::{AttributeKind, Dimensions, ProductStatus, Sku, Slug, TaxClass, Weight, WeightUnit};
use crate::{SellerId, Timestamp, UnitPrice};

/// What an input says about a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cell<T> {
    /// Nothing: what is there stays.
    #[default]
    Absent,
    /// That it is empty: what is there goes.
    Empty,
    /// This.
    Is(T),
}

/// What an input says about a product. What it does not mention stays as it is.
///
/// ```
/// use commerce_core::{Currency, catalog::{ProductInput, VariantInput}};
/// let price = commerce_core::UnitPrice::parse("2500.00", Currency::NGN)?;
/// let mug = ProductInput::new("enamel-mug".parse().unwrap(), "Enamel mug")
///     .variant(VariantInput::new("MUG".parse().unwrap(), price).stock(12));
/// assert_eq!(mug.variants.len(), 1);
/// # Ok::<(), commerce_core::MoneyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ProductInput {
    /// Where it was said: the line of the file; 0 elsewhere.
    pub line: u64,
    /// The key of the product.
    pub slug: Slug,
    /// Its title.
    pub name: Cell<String>,
    /// Its description in HTML.
    pub description_html: Cell<String>,
    /// The name of its brand.
    pub brand: Cell<String>,
    /// The names from the top category down to its own.
    pub category: Cell<Vec<String>>,
    /// Its tags.
    pub tags: Cell<Vec<String>>,
    /// Whether shoppers see it; a new product is published unless this says otherwise.
    pub status: Cell<ProductStatus>,
    /// Whether the shop puts it in the window.
    pub featured: Cell<bool>,
    /// The names of its options, in order. `Empty`: its one variant has no options.
    pub options: Cell<Vec<String>>,
    /// Its pictures, in order.
    pub images: Cell<Vec<ImageInput>>,
    /// Pictures that it has besides: those that it does not have yet come last. For an input that goes on about a
    /// product of which others said the rest.
    pub more_images: Vec<ImageInput>,
    /// Values of attributes: code, name, kind, value.
    pub attributes: Vec<(String, String, AttributeKind, Cell<String>)>,
    /// Its variants. Those of the product that are not named stay.
    pub variants: Vec<VariantInput>,
    /// What else is said of it by somebody who edits it.
    pub edit: ProductEdit,
}

/// What a file does not say of a product, and somebody who edits it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductEdit {
    /// Its new name in addresses; that of before leads there.
    pub rename: Option<Slug>,
    /// The merchant who sells it; `Empty`: the shop itself.
    pub seller: Cell<SellerId>,
    /// When it is to come on sale.
    pub publish_at: Cell<Timestamp>,
    /// When it is to go from sale.
    pub unpublish_at: Cell<Timestamp>,
    /// Whether the attributes are all that it is to have values of: it loses those that are not named.
    pub these_attributes: bool,
    /// Whether the variants are all that it is to have, in this order: it loses those that are not named.
    pub these_variants: bool,
    /// Variants that it loses.
    pub without: Vec<Sku>,
}

/// What an input says about a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageInput {
    /// Where it is.
    pub url: String,
    /// What it shows.
    pub alt: Cell<String>,
}

/// What an input says about a variant. It is known by its SKU, else by its option values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VariantInput {
    /// Where it was said: the line of the file; 0 elsewhere.
    pub line: u64,
    /// Its code. A new variant without one gets one made of the slug and its option values, the same every time.
    pub sku: Cell<Sku>,
    /// The code that it has now, when it gets another. The product has a variant of this code.
    pub was: Option<Sku>,
    /// One value for each option. None at all, of a variant that its SKU tells: it keeps its own.
    pub option_values: Vec<String>,
    /// The list price. Without one it is 0, which only drafts and archived products may have.
    pub price: Cell<UnitPrice>,
    /// What that is compared at.
    pub compare_at_price: Cell<UnitPrice>,
    /// What one unit costs the shop.
    pub cost: Cell<UnitPrice>,
    /// The weight of one unit, in grams.
    pub grams: Cell<Decimal>,
    /// The unit in which to show the weight: gram unless this says otherwise.
    pub weight_unit: Cell<WeightUnit>,
    /// Length, width and height of one unit.
    pub dimensions: Cell<Dimensions>,
    /// Its barcode.
    pub barcode: Cell<String>,
    /// The address of its own picture.
    pub image: Cell<String>,
    /// Which tax rates apply; `standard` unless this says otherwise.
    pub tax_class: Cell<TaxClass>,
    /// Whether it is taxed at all: `false` makes it exempt; `true` leaves a class that is taxed as it is.
    pub taxable: Cell<bool>,
    /// Whether nothing is shipped.
    pub digital: Cell<bool>,
    /// Whether stock is counted; a new variant's is unless this says otherwise.
    pub tracked: Cell<bool>,
    /// Whether it may be sold beyond the stock.
    pub backorder: Cell<bool>,
    /// Units on hand, for a new variant; for a known one only as [`StockRule`](super::StockRule) says.
    pub stock: Cell<i64>,
}

impl<T> Cell<T> {
    /// The cell of an optional value: `None` is empty.
    pub fn from_option(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Self::Is)
    }

    /// The same of a reference.
    pub fn as_ref(&self) -> Cell<&T> {
        match self {
            Self::Absent => Cell::Absent,
            Self::Empty => Cell::Empty,
            Self::Is(value) => Cell::Is(value),
        }
    }

    /// What is said, made into something else.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Cell<U> {
        match self {
            Self::Absent => Cell::Absent,
            Self::Empty => Cell::Empty,
            Self::Is(value) => Cell::Is(of(value)),
        }
    }

    /// What the field holds after this was said over `before`.
    pub fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Absent => before,
            Self::Empty => None,
            Self::Is(value) => Some(value),
        }
    }
}

impl ProductInput {
    /// A product of this slug and name, of which nothing else is said yet.
    #[must_use]
    pub fn new(slug: Slug, name: &str) -> Self {
        Self {
            line: 0,
            slug,
            name: Cell::Is(name.to_owned()),
            description_html: Cell::Absent,
            brand: Cell::Absent,
            category: Cell::Absent,
            tags: Cell::Absent,
            status: Cell::Absent,
            featured: Cell::Absent,
            options: Cell::Absent,
            images: Cell::Absent,
            more_images: Vec::new(),
            attributes: Vec::new(),
            variants: Vec::new(),
            edit: ProductEdit::default(),
        }
    }

    /// Also says that it has this variant.
    #[must_use]
    pub fn variant(mut self, variant: VariantInput) -> Self {
        self.variants.push(variant);
        self
    }

    /// Also says which options its variants differ in.
    #[must_use]
    pub fn options(mut self, names: &[&str]) -> Self {
        self.options = Cell::Is(names.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    /// Also says which category it is in, by the names from the top down.
    #[must_use]
    pub fn category(mut self, path: &[&str]) -> Self {
        self.category = Cell::Is(path.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    /// Also says whether shoppers see it.
    #[must_use]
    pub fn status(mut self, status: ProductStatus) -> Self {
        self.status = Cell::Is(status);
        self
    }
}

impl VariantInput {
    /// A variant of this SKU and price, of which nothing else is said yet.
    #[must_use]
    pub fn new(sku: Sku, price: UnitPrice) -> Self {
        Self { sku: Cell::Is(sku), price: Cell::Is(price), ..Self::default() }
    }

    /// Also says how many units are on hand.
    #[must_use]
    pub fn stock(mut self, units: i64) -> Self {
        self.stock = Cell::Is(units);
        self
    }

    /// Also says its option values, in the order of the options.
    #[must_use]
    pub fn values(mut self, values: &[&str]) -> Self {
        self.option_values = values.iter().map(|value| (*value).to_owned()).collect();
        self
    }

    /// Also says its weight.
    #[must_use]
    pub fn weight(mut self, weight: Weight) -> Self {
        self.grams = Cell::Is(weight.grams);
        self.weight_unit = Cell::Is(weight.unit);
        self
    }
}
