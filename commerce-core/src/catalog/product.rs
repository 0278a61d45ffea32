//! Products and their variants.

use serde::{Deserialize, Serialize};

use super::{Dimensions, Sku, Slug, Weight};
use crate::text::{has_control, text_type};
use crate::{
    AttributeId, BrandId, CategoryId, ImageId, ProductId, SellerId, Timestamp, UnitPrice, VariantId,
};

/// A product: what a shopper looks at. What is sold is one of its variants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its name in addresses, unique in the shop.
    pub slug: Slug,
    /// Its title.
    pub name: String,
    /// Its description in HTML, as the merchant wrote it: show it only after cleaning.
    pub description_html: String,
    /// Whether shoppers see it.
    pub status: ProductStatus,
    /// Whether the shop puts it in the window.
    pub featured: bool,
    /// Its brand.
    pub brand: Option<BrandId>,
    /// Its category; the category's ancestors hold it too.
    pub category: Option<CategoryId>,
    /// The merchant who sells it; absent: the shop itself.
    pub seller: Option<SellerId>,
    /// Free words, in the merchant's order.
    pub tags: Vec<String>,
    /// What its variants differ in, in order.
    pub options: Vec<ProductOption>,
    /// What can be bought, in order; at least one.
    pub variants: Vec<Variant>,
    /// Its pictures, in order.
    pub images: Vec<Image>,
    /// Values of the shop's attributes.
    pub attributes: Vec<AttributeValue>,
    /// When it came in.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was soft-deleted.
    pub deleted_at: Option<Timestamp>,
    /// When it is to come on sale; nothing once it has.
    pub publish_at: Option<Timestamp>,
    /// When it is to go from sale; nothing once it has.
    pub unpublish_at: Option<Timestamp>,
    /// 1 at first, one more with each change.
    pub version: u64,
}

/// Whether shoppers see a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Not yet for shoppers.
    Draft,
    /// On sale.
    Published,
    /// No longer for shoppers.
    Archived,
}

impl ProductStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Published, Self::Archived];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }
}

/// Something that the variants of a product differ in: Size, Colour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductOption {
    /// Its name.
    pub name: String,
    /// Its values, in the merchant's order.
    pub values: Vec<String>,
    /// The shop-wide attribute of the same name, which filters and facets read.
    pub attribute: Option<AttributeId>,
}

/// What is priced, stocked and sold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Its id.
    pub id: VariantId,
    /// Its code, unique in the shop.
    pub sku: Sku,
    /// One value for each option of the product, in their order.
    pub option_values: Vec<String>,
    /// The list price of one unit.
    pub price: UnitPrice,
    /// The higher price that it is compared at.
    pub compare_at_price: Option<UnitPrice>,
    /// What one unit costs the shop.
    pub cost: Option<UnitPrice>,
    /// The weight of one unit.
    pub weight: Option<Weight>,
    /// Length, width and height of one unit.
    pub dimensions: Option<Dimensions>,
    /// GTIN or another barcode.
    pub barcode: Option<String>,
    /// The address of its own picture.
    pub image: Option<String>,
    /// Which tax rates apply.
    pub tax_class: TaxClass,
    /// Whether nothing is shipped.
    pub digital: bool,
    /// Whether stock is counted. What is not tracked is always available.
    pub tracked: bool,
    /// Whether it may be sold beyond the stock.
    pub backorder: bool,
}

/// What a variant costs by the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPrice {
    /// The list price of one unit.
    pub price: UnitPrice,
    /// The higher price that it is compared at.
    pub compare_at_price: Option<UnitPrice>,
}

impl Variant {
    /// What it costs by the list.
    #[must_use]
    pub fn list_price(&self) -> ListPrice {
        ListPrice { price: self.price, compare_at_price: self.compare_at_price }
    }
}

/// A picture of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Where it is.
    pub url: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// It in every size, by width, the largest last, which is the one at `url`. Empty: it lies elsewhere, and nothing is
    /// known of its size.
    pub copies: Vec<ImageCopy>,
}

/// A picture in one size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageCopy {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Where it is.
    pub url: String,
}

impl Image {
    /// How wide a picture in a list is, in pixels: enough for two beside each other on a telephone.
    const LISTED_WIDTH: u32 = 480;

    /// The address that lists, carts and orders show: of the smallest copy that is large enough.
    #[must_use]
    pub fn listed_url(&self) -> &str {
        let large_enough = self.copies.iter().find(|copy| copy.width >= Self::LISTED_WIDTH);
        large_enough.map_or(&self.url, |copy| &copy.url)
    }
}

/// A product's value of a shop-wide attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeValue {
    /// Which attribute.
    pub attribute: AttributeId,
    /// The value as text.
    pub value: String,
}

/// Why a text is not a tax class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tax class has 1 to 50 characters and no control characters")]
pub struct TaxClassError;

text_type! {
    /// The class of goods by which a tax rate is chosen: `standard`, `exempt`, or a class of the shop's own.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("minLength" = 1, "maxLength" = 50)))]
    TaxClass, TaxClassError, |text| {
        let text = text.trim();
        if !text.is_empty() && text.len() <= 50 && !has_control(text) { Ok(text.to_owned()) } else { Err(TaxClassError) }
    }
}

impl TaxClass {
    /// Goods that are taxed at the rate of the country.
    #[must_use]
    pub fn standard() -> Self {
        Self("standard".to_owned())
    }

    /// Goods that are not taxed.
    #[must_use]
    pub fn exempt() -> Self {
        Self("exempt".to_owned())
    }
}

impl Product {
    /// The most options a product may have.
    pub const OPTIONS_MAX: usize = 10;
    /// The most variants a product may have.
    pub const VARIANTS_MAX: usize = 2_000;

    /// Whether shoppers can buy it.
    #[must_use]
    pub fn on_sale(&self) -> bool {
        self.status == ProductStatus::Published && self.deleted_at.is_none()
    }

    /// The variant whose price a listing shows: the cheapest, the first of them.
    #[must_use]
    pub fn cheapest(&self) -> Option<&Variant> {
        self.variants.iter().min_by_key(|variant| variant.price.ten_thousandths)
    }

    /// The price of the dearest variant.
    #[must_use]
    pub fn price_max(&self) -> Option<UnitPrice> {
        self.variants.iter().map(|variant| variant.price).max_by_key(|price| price.ten_thousandths)
    }

    /// The address of the picture that lists show: the first.
    #[must_use]
    pub fn listed_image(&self) -> Option<&str> {
        self.images.first().map(Image::listed_url)
    }

    /// What listings by name sort by, compared bytewise by every store: the folded name.
    #[must_use]
    pub fn sort_name(&self) -> String {
        crate::fold(&deunicode::deunicode(&self.name))
    }
}
