//! Whole products, and what they share: from rows into the domain.

use commerce_core::catalog::{
    Attribute, AttributeRules, AttributeValue, Brand, Category, Dimensions, Image, ImageCopy, Product,
    ProductOption, Variant,
};
use commerce_core::{Currency, StoreError, UnitPrice};
use serde::Deserialize;
use uuid::Uuid;

use crate::cart::weight;
use crate::row::Row;

/// The expression that makes a whole product, as [`ProductRow`] reads it, out of a row `p` of `products`.
macro_rules! whole_product {
    () => {
        "
json_build_object(
    'row', row_to_json(p),
    'tags', (select coalesce(json_agg(t.tag order by t.position), '[]')
               from product_tags t where t.product_id = p.id),
    'images', (select coalesce(json_agg(json_build_object('id', i.id, 'url', i.url, 'alt', i.alt, 'copies', i.copies)
                                        order by i.position), '[]')
                 from product_images i where i.product_id = p.id),
    'options', (select coalesce(json_agg(json_build_object(
                    'name', o.name, 'attribute_id', o.attribute_id,
                    'values', (select coalesce(json_agg(x.value order by x.position), '[]')
                                 from product_option_values x
                                where x.product_id = o.product_id and x.option_position = o.position))
                    order by o.position), '[]')
                  from product_options o where o.product_id = p.id),
    'attributes', (select coalesce(json_agg(json_build_object('attribute_id', a.attribute_id, 'value', a.value)
                                            order by a.position), '[]')
                     from product_attributes a where a.product_id = p.id),
    'variants', (select coalesce(json_agg(json_build_object(
                     'row', row_to_json(v), 'weight_grams', v.weight_grams::text,
                     'option_values', (select coalesce(json_agg(x.value order by x.position), '[]')
                                         from variant_option_values x where x.variant_id = v.id))
                     order by v.position, v.id), '[]')
                   from variants v where v.product_id = p.id and v.removed_at is null))"
    };
}
pub(crate) use whole_product;

/// A whole product as a look reads it.
#[derive(Deserialize)]
pub(crate) struct ProductRow {
    row: OwnRow,
    tags: Vec<String>,
    images: Vec<ImageRow>,
    options: Vec<OptionRow>,
    attributes: Vec<AttributeValueRow>,
    variants: Vec<VariantRow>,
}

#[derive(Deserialize)]
struct OwnRow {
    id: Uuid,
    slug: String,
    name: String,
    description_html: String,
    status: String,
    featured: bool,
    brand_id: Option<Uuid>,
    category_id: Option<Uuid>,
    seller_id: Option<Uuid>,
    created_at: String,
    updated_at: String,
    deleted_at: Option<String>,
    publish_at: Option<String>,
    unpublish_at: Option<String>,
    version: i64,
}

#[derive(Deserialize)]
struct ImageRow {
    id: Uuid,
    url: String,
    alt: String,
    copies: Vec<ImageCopy>,
}

#[derive(Deserialize)]
struct OptionRow {
    name: String,
    attribute_id: Option<Uuid>,
    values: Vec<String>,
}

#[derive(Deserialize)]
struct AttributeValueRow {
    attribute_id: Uuid,
    value: String,
}

#[derive(Deserialize)]
struct VariantRow {
    row: VariantOwnRow,
    weight_grams: Option<String>,
    option_values: Vec<String>,
}

#[derive(Deserialize)]
struct VariantOwnRow {
    id: Uuid,
    sku: String,
    price: i64,
    compare_at_price: Option<i64>,
    cost: Option<i64>,
    currency: String,
    weight_unit: Option<String>,
    dimensions: Option<Dimensions>,
    barcode: Option<String>,
    image_url: Option<String>,
    tax_class: String,
    digital: bool,
    tracked: bool,
    backorder: bool,
}

impl ProductRow {
    pub(crate) fn read(self) -> Result<Product, StoreError> {
        let OwnRow {
            id,
            slug,
            name,
            description_html,
            status,
            featured,
            brand_id,
            category_id,
            seller_id,
            ..
        } = self.row;
        let row = Row::new("products", &id);
        Ok(Product {
            id: id.into(),
            slug: row.text("slug", &slug)?,
            name,
            description_html,
            status: row.text("status", &status)?,
            featured,
            brand: brand_id.map(Into::into),
            category: category_id.map(Into::into),
            seller: seller_id.map(Into::into),
            tags: self.tags,
            options: self.options.into_iter().map(OptionRow::read).collect(),
            variants: self.variants.into_iter().map(VariantRow::read).collect::<Result<_, _>>()?,
            images: self.images.into_iter().map(ImageRow::read).collect(),
            attributes: self.attributes.into_iter().map(AttributeValueRow::read).collect(),
            created_at: row.text("created_at", &self.row.created_at)?,
            updated_at: row.text("updated_at", &self.row.updated_at)?,
            deleted_at: row.optional_text("deleted_at", self.row.deleted_at.as_deref())?,
            publish_at: row.optional_text("publish_at", self.row.publish_at.as_deref())?,
            unpublish_at: row.optional_text("unpublish_at", self.row.unpublish_at.as_deref())?,
            version: row.count("version", self.row.version)?,
        })
    }
}

impl ImageRow {
    fn read(self) -> Image {
        Image { id: self.id.into(), url: self.url, alt: self.alt, copies: self.copies }
    }
}

impl OptionRow {
    fn read(self) -> ProductOption {
        ProductOption { name: self.name, values: self.values, attribute: self.attribute_id.map(Into::into) }
    }
}

impl AttributeValueRow {
    fn read(self) -> AttributeValue {
        AttributeValue { attribute: self.attribute_id.into(), value: self.value }
    }
}

impl VariantRow {
    fn read(self) -> Result<Variant, StoreError> {
        let Self { row: own, weight_grams, option_values } = self;
        let row = Row::new("variants", &own.id);
        let currency: Currency = row.text("currency", &own.currency)?;
        let price = |ten_thousandths| UnitPrice { ten_thousandths, currency };
        Ok(Variant {
            id: own.id.into(),
            sku: row.text("sku", &own.sku)?,
            option_values,
            price: price(own.price),
            compare_at_price: own.compare_at_price.map(price),
            cost: own.cost.map(price),
            weight: weight(row, weight_grams.as_deref(), own.weight_unit.as_deref())?,
            dimensions: own.dimensions,
            barcode: own.barcode,
            image: own.image_url,
            tax_class: row.text("tax_class", &own.tax_class)?,
            digital: own.digital,
            tracked: own.tracked,
            backorder: own.backorder,
        })
    }
}

/// A brand as a look reads it.
#[derive(Deserialize)]
pub(crate) struct BrandRow {
    id: Uuid,
    slug: String,
    name: String,
    deleted_at: Option<String>,
    version: i64,
}

impl BrandRow {
    pub(crate) fn read(self) -> Result<Brand, StoreError> {
        let row = Row::new("brands", &self.id);
        Ok(Brand {
            id: self.id.into(),
            slug: row.text("slug", &self.slug)?,
            deleted_at: row.optional_text("deleted_at", self.deleted_at.as_deref())?,
            version: row.count("version", self.version)?,
            name: self.name,
        })
    }
}

/// A category as a look reads it.
#[derive(Deserialize)]
pub(crate) struct CategoryRow {
    id: Uuid,
    parent_id: Option<Uuid>,
    slug: String,
    name: String,
    path: String,
    description: String,
    position: i64,
    deleted_at: Option<String>,
    version: i64,
}

impl CategoryRow {
    pub(crate) fn read(self) -> Result<Category, StoreError> {
        let row = Row::new("categories", &self.id);
        Ok(Category {
            id: self.id.into(),
            parent: self.parent_id.map(Into::into),
            slug: row.text("slug", &self.slug)?,
            position: u32::try_from(row.count("position", self.position)?).unwrap_or(u32::MAX),
            deleted_at: row.optional_text("deleted_at", self.deleted_at.as_deref())?,
            version: row.count("version", self.version)?,
            name: self.name,
            path: self.path,
            description: self.description,
        })
    }
}

/// An attribute as a look reads it.
#[derive(Deserialize)]
pub(crate) struct AttributeRow {
    id: Uuid,
    code: String,
    name: String,
    kind: String,
    filterable: bool,
    required: bool,
    variant_defining: bool,
    rules: AttributeRules,
    version: i64,
}

impl AttributeRow {
    pub(crate) fn read(self) -> Result<Attribute, StoreError> {
        let row = Row::new("attributes", &self.id);
        Ok(Attribute {
            kind: row.text("kind", &self.kind)?,
            version: row.count("version", self.version)?,
            id: self.id.into(),
            code: self.code,
            name: self.name,
            filterable: self.filterable,
            required: self.required,
            variant_defining: self.variant_defining,
            rules: self.rules,
        })
    }
}
