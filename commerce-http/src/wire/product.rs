//! The catalogue on the wire.

use commerce_core::AttributeId;
use commerce_core::catalog::{
    Attribute, Availability, Category, CategoryNode, Dimensions, Page, Product, ProductDetail,
    ProductSummary, Slug, Variant,
};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::word::{AttributeType, ProductStatusName};
use super::{ImageDto, Instant, MoneyDto, OrNull, PageLinks, PaginationDto, RatingSummaryDto};

/// A brand or a category by name.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Named")]
pub(crate) struct NamedDto {
    /// Its name.
    name: String,
    /// Its name in addresses.
    slug: String,
}

impl From<(String, Slug)> for NamedDto {
    fn from((name, slug): (String, Slug)) -> Self {
        Self { name, slug: slug.into() }
    }
}

/// A product in a list.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ProductSummary")]
pub(crate) struct ProductSummaryDto {
    /// Its id.
    id: Uuid,
    /// Its title.
    name: String,
    /// Its name in addresses.
    slug: String,
    /// Its brand.
    brand: OrNull<NamedDto>,
    /// Its category.
    category: OrNull<NamedDto>,
    /// The price of its cheapest variant.
    price: MoneyDto,
    /// The higher price that this one is compared at.
    compare_at_price: OrNull<MoneyDto>,
    /// The price of its dearest variant.
    price_max: MoneyDto,
    /// The address of its first picture.
    image: OrNull<String>,
    /// Whether any variant can be bought now.
    in_stock: bool,
    /// What buyers rated it on average, with two decimals; null when nobody did.
    rating: OrNull<String>,
    /// How many did.
    review_count: u64,
}

impl From<ProductSummary> for ProductSummaryDto {
    fn from(product: ProductSummary) -> Self {
        Self {
            id: product.id.0,
            name: product.name,
            slug: product.slug.into(),
            brand: OrNull::of(product.brand),
            category: OrNull::of(product.category),
            price: product.price.into(),
            compare_at_price: OrNull::of(product.compare_at_price),
            price_max: product.price_max.into(),
            image: OrNull(product.image),
            in_stock: product.in_stock,
            rating: OrNull(product.ratings.average()),
            review_count: product.ratings.count(),
        }
    }
}

/// A page of products.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ProductPage")]
pub(crate) struct ProductPageDto {
    /// The products of the page.
    results: Vec<ProductSummaryDto>,
    /// Where the page lies among the others.
    pagination: PaginationDto,
}

impl ProductPageDto {
    pub(crate) fn new(page: Page<ProductSummary>, links: &PageLinks) -> Self {
        let pagination = links.around(&page);
        Self { results: page.rows.into_iter().map(Into::into).collect(), pagination }
    }

    pub(crate) fn into_parts(self) -> (Vec<ProductSummaryDto>, PaginationDto) {
        (self.results, self.pagination)
    }
}

/// A category with what grows on it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Category")]
pub(crate) struct CategoryDto {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its name in addresses.
    slug: String,
    /// The slugs from the root down to it, joined by `/`.
    path: String,
    /// What it is about; may be empty.
    description: String,
    /// Products on sale in it and below it.
    product_count: u64,
    /// Its branches, in the shop's order, else by name.
    children: Vec<CategoryDto>,
}

impl From<CategoryNode> for CategoryDto {
    fn from(node: CategoryNode) -> Self {
        let Category { id, slug, name, path, description, .. } = node.category;
        Self {
            id: id.0,
            name,
            slug: slug.into(),
            path,
            description,
            product_count: node.product_count,
            children: node.children.into_iter().map(Into::into).collect(),
        }
    }
}

/// The category tree.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Categories")]
pub(crate) struct CategoriesDto {
    /// The roots, by name.
    pub(crate) results: Vec<CategoryDto>,
}

/// A branch of the category tree with a page of its products.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Branch")]
pub(crate) struct BranchDto {
    /// The branch.
    pub(crate) category: CategoryDto,
    /// The products of the page, those below the branch included.
    results: Vec<ProductSummaryDto>,
    /// Where the page lies among the others.
    pagination: PaginationDto,
}

impl BranchDto {
    pub(crate) fn new(branch: CategoryNode, page: ProductPageDto) -> Self {
        Self { category: branch.into(), results: page.results, pagination: page.pagination }
    }
}

/// One product with all that its page shows.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Product", skip_serializing_if_is_none)]
pub(crate) struct ProductDto {
    /// Its id.
    id: Uuid,
    /// Its title.
    name: String,
    /// Its name in addresses.
    slug: String,
    /// Its description in HTML, as the merchant wrote it: clean it before it is shown.
    description_html: String,
    /// Its brand.
    brand: OrNull<NamedDto>,
    /// Its category.
    category: OrNull<NamedDto>,
    /// Its category and that one's ancestors, from the root down.
    breadcrumb: Vec<NamedDto>,
    /// The price of its cheapest variant.
    price: MoneyDto,
    /// The higher price that this one is compared at.
    compare_at_price: OrNull<MoneyDto>,
    /// The price of its dearest variant.
    price_max: MoneyDto,
    /// Whether any variant can be bought now.
    in_stock: bool,
    /// Whether the shop puts it in the window.
    featured: bool,
    /// Free words.
    tags: Vec<String>,
    /// What its variants differ in.
    options: Vec<OptionDto>,
    /// What can be bought.
    variants: Vec<VariantDto>,
    /// Its pictures.
    images: Vec<ImageDto>,
    /// Values of the shop's attributes.
    attributes: Vec<AttributeDto>,
    /// What buyers rated it.
    ratings: RatingSummaryDto,
    /// When it came in.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
    /// For those who keep the catalogue: 1 at first, one more with each change.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// For those who keep the catalogue: whether shoppers see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ProductStatusName>,
    /// For those who keep the catalogue: the merchant who sells it; null: the shop itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    seller: Option<OrNull<Uuid>>,
    /// For those who keep the catalogue: when it is to come on sale by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    publish_at: Option<OrNull<Instant>>,
    /// For those who keep the catalogue: when it is to go from sale by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    unpublish_at: Option<OrNull<Instant>>,
    /// For those who keep the catalogue: when it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<OrNull<Instant>>,
}

/// Something that the variants of a product differ in.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ProductOption")]
pub(crate) struct OptionDto {
    /// Its name: `Size`.
    name: String,
    /// Its values, in the merchant's order.
    values: Vec<String>,
    /// The code of the shop-wide attribute of the same name.
    attribute: OrNull<String>,
}

/// What is priced, stocked and sold.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Variant", skip_serializing_if_is_none)]
pub(crate) struct VariantDto {
    /// Its id.
    id: Uuid,
    /// Its code.
    sku: String,
    /// Name and value of each option.
    options: Vec<OptionValueDto>,
    /// The price of one unit.
    price: MoneyDto,
    /// The higher price that this one is compared at.
    compare_at_price: OrNull<MoneyDto>,
    /// Whether it can be bought now.
    in_stock: bool,
    /// Units that can be bought now; null when there is no limit.
    available_quantity: OrNull<u64>,
    /// Whether it may be sold beyond the stock.
    backorder: bool,
    /// Whether nothing is shipped.
    digital: bool,
    /// The weight of one unit.
    weight: OrNull<WeightDto>,
    /// Length, width and height of one unit.
    dimensions: OrNull<DimensionsDto>,
    /// GTIN or another barcode.
    barcode: OrNull<String>,
    /// The address of its own picture.
    image: OrNull<String>,
    /// For those who keep the catalogue: what one unit costs the shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<OrNull<MoneyDto>>,
    /// For those who keep the catalogue: which tax rates apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_class: Option<String>,
    /// For those who keep the catalogue: whether stock is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracked: Option<bool>,
}

/// Name and value of an option.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "OptionValue")]
pub(crate) struct OptionValueDto {
    /// The name: `Size`.
    pub(super) name: String,
    /// The value: `M`.
    pub(super) value: String,
}

impl From<&(String, String)> for OptionValueDto {
    fn from((name, value): &(String, String)) -> Self {
        Self { name: name.clone(), value: value.clone() }
    }
}

/// A weight.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Weight")]
pub(crate) struct WeightDto {
    /// Grams, as a decimal string.
    grams: String,
    /// The unit in which the merchant likes to see it: `g`, `kg`, `oz` or `lb`.
    unit: String,
}

/// How large a thing is, in the merchant's numbers.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Dimensions")]
pub(crate) struct DimensionsDto {
    /// The length, as a decimal string.
    length: String,
    /// The width, as a decimal string.
    width: String,
    /// The height, as a decimal string.
    height: String,
    /// The unit of all three: `mm`, `cm`, `m` or `in`.
    unit: String,
}

impl From<Dimensions> for DimensionsDto {
    fn from(dimensions: Dimensions) -> Self {
        let Dimensions { length, width, height, unit } = dimensions;
        let [length, width, height] = [length, width, height].map(|side| side.to_string());
        Self { length, width, height, unit: unit.to_string() }
    }
}

/// A product's value of an attribute.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "AttributeValue")]
pub(crate) struct AttributeDto {
    /// The attribute's code.
    code: String,
    /// The attribute's name.
    name: String,
    /// What its values are.
    kind: AttributeType,
    /// The value.
    value: String,
}

/// What is left, variant by variant.
struct Left<'a>(&'a [Availability]);

impl Left<'_> {
    /// How many units of a variant can be bought: `None` when there is no limit.
    fn of(&self, variant: &Variant) -> Option<u64> {
        let counted = variant.tracked && !variant.backorder;
        counted.then(|| {
            let known = self.0.iter().find(|left| left.variant == variant.id);
            known.map_or(0, |left| u64::try_from(left.available).unwrap_or(0))
        })
    }
}

impl ProductDto {
    /// The product, or nothing when it has no variant that could be bought.
    pub(crate) fn new(detail: &ProductDetail) -> Option<Self> {
        let product = &detail.product;
        let left = Left(&detail.availability);
        let cheapest = product.cheapest()?;
        let price_max = product.price_max()?;
        let variants: Vec<VariantDto> = product
            .variants
            .iter()
            .map(|variant| VariantDto::new(product, variant, left.of(variant)))
            .collect();
        let named = |category: &Category| NamedDto::from((category.name.clone(), category.slug.clone()));
        let attribute = |id: AttributeId| detail.attributes.iter().find(|attribute| attribute.id == id);
        Some(Self {
            id: product.id.0,
            name: product.name.clone(),
            slug: product.slug.to_string(),
            description_html: product.description_html.clone(),
            brand: OrNull::of(detail.brand.as_ref().map(|brand| (brand.name.clone(), brand.slug.clone()))),
            category: OrNull(detail.breadcrumb.last().map(named)),
            breadcrumb: detail.breadcrumb.iter().map(named).collect(),
            price: cheapest.price.into(),
            compare_at_price: OrNull::of(cheapest.compare_at_price),
            price_max: price_max.into(),
            in_stock: variants.iter().any(|variant| variant.in_stock),
            featured: product.featured,
            tags: product.tags.clone(),
            options: product
                .options
                .iter()
                .map(|option| OptionDto {
                    name: option.name.clone(),
                    values: option.values.clone(),
                    attribute: OrNull(option.attribute.and_then(attribute).map(|known| known.code.clone())),
                })
                .collect(),
            variants,
            images: product.images.iter().zip(1..).map(|(image, at)| ImageDto::new(image, at)).collect(),
            attributes: product
                .attributes
                .iter()
                .filter_map(|value| Some(AttributeDto::new(attribute(value.attribute)?, &value.value)))
                .collect(),
            ratings: detail.ratings.into(),
            created_at: product.created_at.into(),
            updated_at: product.updated_at.into(),
            version: None,
            status: None,
            seller: None,
            publish_at: None,
            unpublish_at: None,
            deleted_at: None,
        })
    }

    /// The product with what only those who keep the catalogue see.
    pub(crate) fn in_full(detail: &ProductDetail) -> Option<Self> {
        let product = &detail.product;
        let mut shown = Self::new(detail)?;
        shown.version = Some(product.version);
        shown.status = Some(product.status.into());
        shown.seller = Some(OrNull(product.seller.map(|seller| seller.0)));
        shown.publish_at = Some(OrNull::of(product.publish_at));
        shown.unpublish_at = Some(OrNull::of(product.unpublish_at));
        shown.deleted_at = Some(OrNull::of(product.deleted_at));
        for (shown, variant) in shown.variants.iter_mut().zip(&product.variants) {
            shown.cost = Some(OrNull::of(variant.cost));
            shown.tax_class = Some(variant.tax_class.to_string());
            shown.tracked = Some(variant.tracked);
        }
        Some(shown)
    }
}

impl VariantDto {
    fn new(product: &Product, variant: &Variant, left: Option<u64>) -> Self {
        let names = product.options.iter().map(|option| option.name.clone());
        Self {
            id: variant.id.0,
            sku: variant.sku.to_string(),
            options: names
                .zip(&variant.option_values)
                .map(|(name, value)| OptionValueDto { name, value: value.clone() })
                .collect(),
            price: variant.price.into(),
            compare_at_price: OrNull::of(variant.compare_at_price),
            in_stock: left.is_none_or(|left| left > 0),
            available_quantity: OrNull(left),
            backorder: variant.backorder,
            digital: variant.digital,
            weight: OrNull(
                variant.weight.map(|weight| WeightDto {
                    grams: weight.grams.to_string(),
                    unit: weight.unit.to_string(),
                }),
            ),
            dimensions: OrNull::of(variant.dimensions),
            barcode: OrNull(variant.barcode.clone()),
            image: OrNull(variant.image.clone()),
            cost: None,
            tax_class: None,
            tracked: None,
        }
    }
}

impl AttributeDto {
    fn new(attribute: &Attribute, value: &str) -> Self {
        Self {
            code: attribute.code.clone(),
            name: attribute.name.clone(),
            kind: attribute.kind.into(),
            value: value.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use commerce_core::catalog::LengthUnit;
    use commerce_core::testkit::item;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_variant_shows_its_dimensions_as_they_were_entered() {
        let boxed = item("boxed").dimensions("60", "40.5", "0.25", LengthUnit::Inch);
        let shown = |product: Product| {
            let dto = VariantDto::new(&product, &product.variants[0], None);
            serde_json::to_value(dto).unwrap()["dimensions"].clone()
        };
        let expected = json!({"length": "60", "width": "40.5", "height": "0.25", "unit": "in"});
        assert_eq!(shown(boxed.product()), expected);
        assert_eq!(shown(item("plain").product()), Value::Null);
    }
}
