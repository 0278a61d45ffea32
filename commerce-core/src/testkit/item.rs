//! Products for tests, in a line each.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::MockClock;
use crate::audit::Actor;
use crate::catalog::{
    Attribute, AttributeKind, AttributeValue, Batch, Brand, CatalogView, Category, Dimensions, Image,
    LengthUnit, Product, ProductOption, ProductStatus, ProductWrite, Slug, TaxClass, Variant, Weight,
    WeightUnit,
};
use crate::inventory::{Adjustment, Level, Location, Movement, MovementReason};
use crate::{Currency, Ids, LocationId, ProductId, Timestamp, UnitPrice, VariantId};

/// The code of the location at which [`Item::stock`] puts units.
pub const MAIN: &str = "main";

/// A product for a test. It has one variant, whose SKU is the slug, until it is given more; what is said about price,
/// stock and the like is said about the variant that came last.
///
/// Its ids are made of its names, so a test can name them without reading anything back.
///
/// ```
/// use commerce_core::testkit::{item, variant_id};
/// let tee = item("tee").options(&["Size"]).values(&["S"]).stock(3).variant("tee-m", &["M"]).price("27.50").stock(1);
/// let product = tee.product();
/// assert_eq!(product.variants[1].id, variant_id("tee-m"));
/// assert_eq!(product.variants[0].price.amount(), "25.00");
/// ```
#[derive(Debug, Clone)]
pub struct Item {
    product: Product,
    currency: Currency,
    brand: Option<String>,
    category: Vec<String>,
    attributes: Vec<(String, AttributeKind, String)>,
    receipts: Vec<Receipt>,
}

#[derive(Debug, Clone)]
struct Receipt {
    variant: VariantId,
    location: String,
    units: i64,
    safety_stock: Option<i64>,
}

/// A published product of this slug, at 25.00 naira, with no stock row yet.
#[must_use]
pub fn item(slug: &str) -> Item {
    let now = start();
    let product = Product {
        id: product_id(slug),
        slug: slug.parse().unwrap(),
        name: slug.to_owned(),
        description_html: String::new(),
        status: ProductStatus::Published,
        featured: false,
        brand: None,
        category: None,
        seller: None,
        tags: Vec::new(),
        options: Vec::new(),
        variants: vec![plain_variant(slug, Currency::NGN)],
        images: Vec::new(),
        attributes: Vec::new(),
        created_at: now,
        updated_at: now,
        deleted_at: None,
        publish_at: None,
        unpublish_at: None,
        version: 1,
    };
    Item {
        product,
        currency: Currency::NGN,
        brand: None,
        category: Vec::new(),
        attributes: Vec::new(),
        receipts: Vec::new(),
    }
}

/// The id that [`item`] gives the product of this slug.
#[must_use]
pub fn product_id(slug: &str) -> ProductId {
    named("product", slug)
}

/// The id that [`item`] gives the variant of this SKU.
#[must_use]
pub fn variant_id(sku: &str) -> VariantId {
    named("variant", sku)
}

/// The id that the location of this code has in tests.
#[must_use]
pub fn location_id(code: &str) -> LocationId {
    named("location", code)
}

/// An id made of what it is the id of, always the same.
#[must_use]
pub fn named<T: From<Uuid>>(kind: &str, name: &str) -> T {
    let digest: [u8; 32] =
        Sha256::new().chain_update(kind).chain_update([0]).chain_update(name).finalize().into();
    Ids::new(digest, start()).fresh()
}

/// Where the clock of a test starts.
#[must_use]
pub fn start() -> Timestamp {
    MockClock::START.parse().unwrap()
}

impl Item {
    /// In this currency instead of naira; said before any price.
    #[must_use]
    pub fn currency(mut self, currency: Currency) -> Self {
        self.currency = currency;
        let variant = self.last();
        variant.price.currency = currency;
        self
    }

    /// Called this.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.product.name = name.to_owned();
        self
    }

    /// Described like this.
    #[must_use]
    pub fn description(mut self, html: &str) -> Self {
        self.product.description_html = html.to_owned();
        self
    }

    /// In this status.
    #[must_use]
    pub fn status(mut self, status: ProductStatus) -> Self {
        self.product.status = status;
        self
    }

    /// Not yet for shoppers.
    #[must_use]
    pub fn draft(self) -> Self {
        self.status(ProductStatus::Draft)
    }

    /// In the window.
    #[must_use]
    pub fn featured(mut self) -> Self {
        self.product.featured = true;
        self
    }

    /// Soft-deleted.
    #[must_use]
    pub fn deleted(mut self) -> Self {
        self.product.deleted_at = Some(start());
        self
    }

    /// Made at this instant.
    #[must_use]
    pub fn created_at(mut self, at: Timestamp) -> Self {
        self.product.created_at = at;
        self
    }

    /// Of this brand, which is made when it is not there.
    #[must_use]
    pub fn brand(mut self, name: &str) -> Self {
        self.product.brand = Some(named("brand", &crate::fold(name)));
        self.brand = Some(name.to_owned());
        self
    }

    /// In this category, by the names from the top down; what is not there is made.
    #[must_use]
    pub fn category(mut self, names: &[&str]) -> Self {
        self.category = names.iter().map(|name| (*name).to_owned()).collect();
        self.product.category = category_chain(&self.category).last().map(|category| category.id);
        self
    }

    /// With these tags.
    #[must_use]
    pub fn tags(mut self, tags: &[&str]) -> Self {
        self.product.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self
    }

    /// With one more picture.
    #[must_use]
    pub fn image(mut self, url: &str, alt: &str) -> Self {
        let id = named("image", &format!("{} {url}", self.product.slug));
        self.product.images.push(Image { id, url: url.to_owned(), alt: alt.to_owned(), copies: Vec::new() });
        self
    }

    /// Whose variants differ in this.
    #[must_use]
    pub fn options(mut self, names: &[&str]) -> Self {
        let option =
            |name: &&str| ProductOption { name: (*name).to_owned(), values: Vec::new(), attribute: None };
        self.product.options = names.iter().map(option).collect();
        self
    }

    /// Whose first option is linked to the attribute of this code, which is made when it is not there.
    #[must_use]
    pub fn linked_to(mut self, code: &str) -> Self {
        self.product.options[0].attribute = Some(named("attribute", code));
        self.attributes.push((code.to_owned(), AttributeKind::Select, String::new()));
        self
    }

    /// With this value of the attribute of this code, which is made when it is not there.
    #[must_use]
    pub fn attribute(mut self, code: &str, kind: AttributeKind, value: &str) -> Self {
        self.product
            .attributes
            .push(AttributeValue { attribute: named("attribute", code), value: value.to_owned() });
        self.attributes.push((code.to_owned(), kind, value.to_owned()));
        self
    }

    /// With one more variant, of this SKU and these option values.
    #[must_use]
    pub fn variant(mut self, sku: &str, values: &[&str]) -> Self {
        self.product.variants.push(plain_variant(sku, self.currency));
        self.values(values)
    }

    /// Whose variant has this SKU instead of the slug.
    #[must_use]
    pub fn sku(mut self, sku: &str) -> Self {
        let variant = self.last();
        variant.sku = sku.parse().unwrap();
        variant.id = variant_id(sku);
        self
    }

    /// Whose variant has these option values.
    #[must_use]
    pub fn values(mut self, values: &[&str]) -> Self {
        for (option, value) in self.product.options.iter_mut().zip(values) {
            if !option.values.iter().any(|known| known == value) {
                option.values.push((*value).to_owned());
            }
        }
        self.last().option_values = values.iter().map(|value| (*value).to_owned()).collect();
        self
    }

    /// At this price per unit, in major units.
    #[must_use]
    pub fn price(mut self, amount: &str) -> Self {
        self.last().price = self.amount(amount);
        self
    }

    /// At this price per unit, in ten-thousandths of a minor unit.
    #[must_use]
    pub fn price_exactly(mut self, ten_thousandths: i64) -> Self {
        self.last().price.ten_thousandths = ten_thousandths;
        self
    }

    /// Compared at this price.
    #[must_use]
    pub fn compare_at(mut self, amount: &str) -> Self {
        self.last().compare_at_price = Some(self.amount(amount));
        self
    }

    /// Which costs the shop this much.
    #[must_use]
    pub fn cost(mut self, amount: &str) -> Self {
        self.last().cost = Some(self.amount(amount));
        self
    }

    /// Of this weight.
    #[must_use]
    pub fn weight(mut self, grams: &str, unit: WeightUnit) -> Self {
        self.last().weight = Some(Weight { grams: grams.parse().unwrap(), unit });
        self
    }

    /// Of this length, width and height.
    #[must_use]
    pub fn dimensions(mut self, length: &str, width: &str, height: &str, unit: LengthUnit) -> Self {
        self.last().dimensions = Some(Dimensions::parse(length, width, height, unit).unwrap());
        self
    }

    /// Whose variant is changed like this, for what has no word of its own.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Variant)) -> Self {
        change(self.last());
        self
    }

    /// Changed like this, for what has no word of its own.
    #[must_use]
    pub fn with_product(mut self, change: impl FnOnce(&mut Product)) -> Self {
        change(&mut self.product);
        self
    }

    /// Taxed as this class.
    #[must_use]
    pub fn tax_class(self, class: &TaxClass) -> Self {
        self.with(|variant| variant.tax_class = class.clone())
    }

    /// Of which nothing is shipped.
    #[must_use]
    pub fn digital(self) -> Self {
        self.with(|variant| variant.digital = true)
    }

    /// Of which stock is not counted.
    #[must_use]
    pub fn untracked(self) -> Self {
        self.with(|variant| variant.tracked = false)
    }

    /// Which may be sold beyond the stock.
    #[must_use]
    pub fn backorder(self) -> Self {
        self.with(|variant| variant.backorder = true)
    }

    /// Of which so many units come in at [`MAIN`].
    #[must_use]
    pub fn stock(self, units: i64) -> Self {
        self.stock_at(MAIN, units)
    }

    /// Of which so many units come in at the location of this code, which is made when it is not there: those that are
    /// made later ship later.
    #[must_use]
    pub fn stock_at(mut self, location: &str, units: i64) -> Self {
        let variant = self.last().id;
        self.receipts.push(Receipt { variant, location: location.to_owned(), units, safety_stock: None });
        self
    }

    /// Of which so many units are never promised where the last units came in.
    #[must_use]
    pub fn safety_stock(mut self, units: i64) -> Self {
        self.receipts.last_mut().unwrap().safety_stock = Some(units);
        self
    }

    /// The product.
    #[must_use]
    pub fn product(&self) -> Product {
        self.product.clone()
    }

    /// Its slug.
    #[must_use]
    pub fn slug(&self) -> Slug {
        self.product.slug.clone()
    }

    /// The brand, when it has one.
    #[must_use]
    pub fn brand_row(&self) -> Option<Brand> {
        let name = self.brand.clone()?;
        Some(Brand::new(self.product.brand?, Slug::from_name(&name)?, name))
    }

    /// The category and its ancestors, from the root down.
    #[must_use]
    pub fn category_rows(&self) -> Vec<Category> {
        category_chain(&self.category)
    }

    /// The attributes that its options and values name.
    #[must_use]
    pub fn attribute_rows(&self) -> Vec<Attribute> {
        let row = |(code, kind, _): &(String, AttributeKind, String)| {
            Attribute::new(named("attribute", code), code.as_str(), code.to_uppercase(), *kind)
        };
        self.attributes.iter().map(row).collect()
    }

    fn last(&mut self) -> &mut Variant {
        self.product.variants.last_mut().unwrap()
    }

    fn amount(&self, amount: &str) -> UnitPrice {
        UnitPrice::parse(amount, self.currency).unwrap()
    }
}

/// What writes these items into the catalogue that was seen: those that it has are put in their place, and units that
/// come in are receipts.
pub fn batch(items: &[Item], seen: &CatalogView, ids: &mut Ids) -> Batch {
    let mut batch = Batch::default();
    for item in items {
        if let Some(brand) = item.brand_row() {
            add(&mut batch.brands, &seen.brands, brand, |known| known.id);
        }
        for category in item.category_rows() {
            add(&mut batch.categories, &seen.categories, category, |known| known.id);
        }
        for attribute in item.attribute_rows() {
            add(&mut batch.attributes, &seen.attributes, attribute, |known| known.id);
        }
        let before = seen.products.iter().find(|product| product.slug == item.product.slug);
        let mut product = item.product();
        if let Some(before) = before {
            product.version = before.version + 1;
        }
        batch.products.push(ProductWrite { product, expected_version: before.map(|before| before.version) });
        for receipt in &item.receipts {
            receive(&mut batch, seen, receipt, ids);
        }
    }
    batch
}

fn receive(batch: &mut Batch, seen: &CatalogView, receipt: &Receipt, ids: &mut Ids) {
    let Receipt { variant, location: code, units, safety_stock } = receipt.clone();
    let known = seen.locations.len() + batch.inventory.locations.len();
    let made = Location::new(location_id(&code), &code, &code.to_uppercase(), i32::try_from(known).unwrap());
    let location = made.id;
    add(&mut batch.inventory.locations, &seen.locations, made, |known| known.id);
    batch.inventory.levels.push(Level { variant, location, safety_stock, reorder_level: None });
    if units != 0 {
        let movement = Movement {
            id: ids.fresh(),
            variant,
            location,
            delta: units,
            reason: MovementReason::Receipt,
            actor: Actor::System,
            note: String::new(),
            reference: String::new(),
            audit: None,
            at: seen.now,
        };
        batch.inventory.adjust.push(Adjustment { movement, expected_on_hand: None });
    }
}

fn add<T, K: PartialEq>(new: &mut Vec<T>, seen: &[T], row: T, key: impl Fn(&T) -> K) {
    if !seen.iter().chain(new.iter()).any(|known| key(known) == key(&row)) {
        new.push(row);
    }
}

fn category_chain(names: &[String]) -> Vec<Category> {
    let mut chain: Vec<Category> = Vec::new();
    for name in names {
        let slug = Slug::from_name(name).unwrap();
        let parent = chain.last();
        let path = parent.map_or_else(|| slug.to_string(), |parent| format!("{}/{slug}", parent.path));
        chain.push(Category::new(named("category", &path), parent, slug, name.as_str()));
    }
    chain
}

fn plain_variant(sku: &str, currency: Currency) -> Variant {
    Variant {
        id: variant_id(sku),
        sku: sku.parse().unwrap(),
        option_values: Vec::new(),
        price: UnitPrice::parse("25", currency).unwrap(),
        compare_at_price: None,
        cost: None,
        weight: None,
        dimensions: None,
        barcode: None,
        image: None,
        tax_class: TaxClass::standard(),
        digital: false,
        tracked: true,
        backorder: false,
    }
}
