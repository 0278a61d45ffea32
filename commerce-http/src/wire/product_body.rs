//! What somebody who edits the catalogue says of products and variants.

use commerce_core::catalog::{
    Cell, Dimensions, ImageInput, LengthUnit, ProductChange, ProductStatus, Sku, Slug, TaxClass,
    VariantInput, Weight, WeightUnit,
};
use commerce_core::{Currency, SellerId, UnitPrice};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use serde::Deserialize;
use uuid::Uuid;

use super::time::Instant;
use super::{Check, MoneyBody, Problem};

/// What is said of a product. To make one, or to put another in place of one (PUT), what is left out is as if it were null;
/// to change one (PATCH), what is left out stays.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ProductInput", deny_unknown_fields)]
pub(crate) struct ProductBody {
    /// Its name in addresses: lower-case letters, digits and hyphens. A new product without one gets one made of its name; a
    /// product that gets another is found by that of before too.
    #[serde(default)]
    slug: MaybeUndefined<String>,
    /// Its title; every product has one.
    #[serde(default)]
    name: MaybeUndefined<String>,
    /// Its description in HTML.
    #[serde(default)]
    description_html: MaybeUndefined<String>,
    /// The slug of its brand.
    #[serde(default)]
    brand: MaybeUndefined<String>,
    /// The slug of its category.
    #[serde(default)]
    category: MaybeUndefined<String>,
    /// Free words.
    #[serde(default)]
    tags: MaybeUndefined<Vec<String>>,
    /// `draft`, unless this says otherwise, `published` or `archived`.
    #[serde(default)]
    status: MaybeUndefined<String>,
    /// Whether the shop puts it in the window. For the shop to say, not for its merchants.
    #[serde(default)]
    featured: MaybeUndefined<bool>,
    /// The id of the merchant who sells it; null: the shop itself. For the shop to say, not for its merchants.
    #[serde(default)]
    seller: MaybeUndefined<Uuid>,
    /// When it is to come on sale by itself.
    #[serde(default)]
    publish_at: MaybeUndefined<Instant>,
    /// When it is to go from sale by itself.
    #[serde(default)]
    unpublish_at: MaybeUndefined<Instant>,
    /// The names of what its variants differ in, in order.
    #[serde(default)]
    options: MaybeUndefined<Vec<String>>,
    /// Its pictures, in order.
    #[serde(default)]
    images: MaybeUndefined<Vec<ImageBody>>,
    /// Its values of the shop's attributes: all that it is to have.
    #[serde(default)]
    attributes: MaybeUndefined<Vec<AttributeBody>>,
    /// Its variants. PUT: all that it is to have, in order; PATCH: those that change or are new. They are known by `sku`,
    /// else by `option_values`.
    #[serde(default)]
    variants: MaybeUndefined<Vec<VariantBody>>,
    /// Only if the product is at this version.
    pub(crate) version: Option<u64>,
}

/// What is said of a variant. What is left out is as it is for the product.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "VariantInput", deny_unknown_fields)]
pub(crate) struct VariantBody {
    /// Its code, unique in the shop. A new variant without one gets one.
    #[serde(default)]
    sku: MaybeUndefined<String>,
    /// One value for each option of the product, in their order.
    #[serde(default)]
    option_values: MaybeUndefined<Vec<String>>,
    /// The list price of one unit, in the shop's currency; up to four decimals more than the currency has.
    #[serde(default)]
    price: MaybeUndefined<MoneyBody>,
    /// The higher price that it is compared at.
    #[serde(default)]
    compare_at_price: MaybeUndefined<MoneyBody>,
    /// What one unit costs the shop. Shoppers never see it.
    #[serde(default)]
    cost: MaybeUndefined<MoneyBody>,
    /// The weight of one unit.
    #[serde(default)]
    weight: MaybeUndefined<WeightBody>,
    /// Length, width and height of one unit.
    #[serde(default)]
    dimensions: MaybeUndefined<DimensionsBody>,
    /// GTIN or another barcode.
    #[serde(default)]
    barcode: MaybeUndefined<String>,
    /// The address of its own picture.
    #[serde(default)]
    image: MaybeUndefined<String>,
    /// Which tax rates apply: `standard` unless this says otherwise.
    #[serde(default)]
    tax_class: MaybeUndefined<String>,
    /// Whether nothing is shipped.
    #[serde(default)]
    digital: MaybeUndefined<bool>,
    /// Whether stock is counted; it is unless this says otherwise.
    #[serde(default)]
    tracked: MaybeUndefined<bool>,
    /// Whether it may be sold beyond the stock.
    #[serde(default)]
    backorder: MaybeUndefined<bool>,
    /// Only if the product is at this version. Beside a product, its own version counts.
    pub(crate) version: Option<u64>,
}

/// A picture.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ImageInput", deny_unknown_fields)]
pub(crate) struct ImageBody {
    /// Where it is.
    url: String,
    /// What it shows.
    #[serde(default)]
    alt: MaybeUndefined<String>,
}

/// A value of an attribute.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "AttributeValueInput", deny_unknown_fields)]
pub(crate) struct AttributeBody {
    /// The attribute's code.
    code: String,
    /// The value.
    value: String,
}

/// A weight.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "WeightInput", deny_unknown_fields)]
pub(crate) struct WeightBody {
    /// Grams, as a decimal string.
    grams: String,
    /// The unit in which to show it: `g`, `kg`, `oz` or `lb`.
    unit: String,
}

/// How large a thing is.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "DimensionsInput", deny_unknown_fields)]
pub(crate) struct DimensionsBody {
    /// The length, as a decimal string.
    length: String,
    /// The width, as a decimal string.
    width: String,
    /// The height, as a decimal string.
    height: String,
    /// The unit of all three: `mm`, `cm`, `m` or `in`.
    unit: String,
}

/// The version for which a request without further words is meant.
#[derive(Debug, Default, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "OfVersion", deny_unknown_fields)]
pub(crate) struct OfVersionBody {
    /// Only if the product is at this version.
    pub(crate) version: Option<u64>,
}

/// How what is left out is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It is empty: this is all.
    All,
    /// It stays.
    Some,
}

impl Said {
    fn cell<T, U>(self, value: MaybeUndefined<T>, read: impl FnOnce(T) -> Option<U>) -> Cell<U> {
        match value {
            MaybeUndefined::Undefined if self == Self::Some => Cell::Absent,
            MaybeUndefined::Undefined | MaybeUndefined::Null => Cell::Empty,
            // What cannot be read is noted, and nothing is done.
            MaybeUndefined::Value(value) => read(value).map_or(Cell::Absent, Cell::Is),
        }
    }
}

impl ProductBody {
    /// What is said of a product that is to be made.
    pub(crate) fn new_product(self) -> Result<ProductChange, Problem> {
        let mut check = Check::default();
        let slug = match (&self.slug, &self.name) {
            (MaybeUndefined::Value(slug), _) => check.parse::<Slug>("/slug", slug),
            (_, MaybeUndefined::Value(name)) if !name.trim().is_empty() => {
                let made = Slug::from_name(name);
                if made.is_none() {
                    check.wrong("/slug", "required", "none can be made of the name");
                }
                made
            }
            _ => {
                check.wrong("/name", "required", "a product needs a name");
                None
            }
        };
        let slug = check.finish(slug)?;
        Self { slug: MaybeUndefined::Undefined, ..self }.command(slug, Said::All)
    }

    /// What is said of the product that has this slug.
    pub(crate) fn command(self, slug: Slug, said: Said) -> Result<ProductChange, Problem> {
        let Self {
            slug: renamed,
            name,
            description_html,
            brand,
            category,
            tags,
            status,
            featured,
            seller,
            publish_at,
            unpublish_at,
            options,
            images,
            attributes,
            variants,
            version: _,
        } = self;
        let mut check = Check::default();
        let mut change = ProductChange::nothing(slug);
        if let MaybeUndefined::Value(renamed) = renamed {
            change.input.edit.rename =
                check.parse("/slug", &renamed).filter(|renamed| *renamed != change.input.slug);
        }
        change.brand = said.cell(brand, |slug| check.parse("/brand", &slug));
        change.category = said.cell(category, |slug| check.parse("/category", &slug));
        let pair = |value: AttributeBody| (value.code, value.value);
        change.attributes = said.cell(attributes, |values| Some(values.into_iter().map(pair).collect()));
        let input = &mut change.input;
        input.name = said.cell(name, Some);
        input.description_html = said.cell(description_html, Some);
        input.tags = said.cell(tags, Some);
        input.status = match said
            .cell(status, |status| check.word("/status", &status, ProductStatus::ALL, ProductStatus::as_str))
        {
            Cell::Empty => Cell::Is(ProductStatus::Draft),
            status => status,
        };
        input.featured = said.cell(featured, Some);
        input.options = said.cell(options, Some);
        let image = |image: ImageBody| ImageInput { url: image.url, alt: Said::All.cell(image.alt, Some) };
        input.images = said.cell(images, |images| Some(images.into_iter().map(image).collect()));
        input.edit.seller = said.cell(seller, |seller| Some(SellerId(seller)));
        input.edit.publish_at = said.cell(publish_at, |at| Some(at.0));
        input.edit.unpublish_at = said.cell(unpublish_at, |at| Some(at.0));
        input.edit.these_variants = said == Said::All;
        if let MaybeUndefined::Value(variants) = variants {
            for (place, variant) in variants.into_iter().enumerate() {
                input.variants.push(variant.read(&format!("/variants/{place}"), said, &mut check));
            }
        }
        check.finish(Some(change))
    }
}

impl VariantBody {
    /// What is said of one variant.
    pub(crate) fn command(self, said: Said) -> Result<VariantInput, Problem> {
        let mut check = Check::default();
        let variant = self.read("", said, &mut check);
        check.finish(Some(variant))
    }

    fn read(self, at: &str, said: Said, check: &mut Check) -> VariantInput {
        let Self {
            sku,
            option_values,
            price,
            compare_at_price,
            cost,
            weight,
            dimensions,
            barcode,
            image,
            tax_class,
            digital,
            tracked,
            backorder,
            version: _,
        } = self;
        let sku: Cell<Sku> = said.cell(sku, |sku| check.parse(&format!("{at}/sku"), &sku));
        let mut amount = |value, field: &str| {
            said.cell(value, |money: MoneyBody| money.unit_price(&format!("{at}/{field}"), check))
        };
        let price = amount(price, "price");
        let compare_at_price = amount(compare_at_price, "compare_at_price");
        let cost = amount(cost, "cost");
        let weight = said.cell(weight, |weight: WeightBody| weight.read(&format!("{at}/weight"), check));
        let dimensions =
            said.cell(dimensions, |sides: DimensionsBody| sides.read(&format!("{at}/dimensions"), check));
        let tax_class: Cell<TaxClass> =
            said.cell(tax_class, |class| check.parse(&format!("{at}/tax_class"), &class));
        VariantInput {
            sku,
            option_values: option_values.take().unwrap_or_default(),
            price,
            compare_at_price,
            cost,
            grams: weight.map(|weight| weight.grams),
            weight_unit: weight.map(|weight| weight.unit),
            dimensions,
            barcode: said.cell(barcode, Some),
            image: said.cell(image, Some),
            tax_class,
            digital: said.cell(digital, Some),
            tracked: said.cell(tracked, Some),
            backorder: said.cell(backorder, Some),
            ..VariantInput::default()
        }
    }
}

impl WeightBody {
    fn read(&self, at: &str, check: &mut Check) -> Option<Weight> {
        let Ok(unit) = self.unit.parse::<WeightUnit>() else {
            check.wrong(&format!("{at}/unit"), "unsupported", "one of g, kg, oz, lb");
            return None;
        };
        let weight = Weight::parse_grams(&self.grams, unit);
        if weight.is_none() {
            let words = format!("a decimal string from 0 to {}", Weight::GRAMS_MAX);
            check.wrong(&format!("{at}/grams"), "out-of-range", words);
        }
        weight
    }
}

impl DimensionsBody {
    fn read(&self, at: &str, check: &mut Check) -> Option<Dimensions> {
        let units = [LengthUnit::Millimetre, LengthUnit::Centimetre, LengthUnit::Metre, LengthUnit::Inch];
        let Some(unit) = units.into_iter().find(|unit| unit.to_string() == self.unit) else {
            check.wrong(&format!("{at}/unit"), "unsupported", "one of mm, cm, m, in");
            return None;
        };
        let dimensions = Dimensions::parse(&self.length, &self.width, &self.height, unit);
        if dimensions.is_none() {
            let words = "each side is a decimal string above 0, at most 100 metres, with at most 6 decimals";
            check.wrong(at, "out-of-range", words);
        }
        dimensions
    }
}

impl MoneyBody {
    /// The price of a unit, or what is wrong with it.
    fn unit_price(&self, pointer: &str, check: &mut Check) -> Option<UnitPrice> {
        let (amount, currency) = self.parts();
        let Some(currency) = Currency::from_code(currency) else {
            check.wrong(&format!("{pointer}/currency"), "invalid", "not a currency code such as NGN");
            return None;
        };
        check.take(&format!("{pointer}/amount"), UnitPrice::parse(amount, currency))
    }
}
