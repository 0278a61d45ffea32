//! What somebody likes, on the wire: their wishlist, and the products that they looked at.

use commerce_core::cart::VariantKey;
use commerce_core::catalog::{ProductSummary, Sku};
use commerce_core::interest::{Viewed, Wished};
use commerce_core::{LineId, VariantId};
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::product::{OptionValueDto, ProductSummaryDto};
use super::{Check, Instant, MoneyDto, OrNull, Problem};

/// Puts a variant on the wishlist. Name it by `sku` or by `variant_id`; or move a line item of one's cart there.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "AddToWishlist", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct WishBody {
    /// The variant's id.
    variant_id: Option<String>,
    /// The variant's code.
    sku: Option<String>,
    /// The id of a line item of one's cart, which leaves the cart: it is saved for later.
    from_cart_item: Option<String>,
}

/// What is to be put on the wishlist.
#[derive(Debug)]
pub(crate) enum Wish {
    /// A variant.
    Variant(VariantKey),
    /// A line item of the cart.
    Line(LineId),
}

impl Example for WishBody {
    fn example() -> Self {
        Self { variant_id: None, sku: Some("OBL-AKW-M".to_owned()), from_cart_item: None }
    }
}

impl WishBody {
    pub(crate) fn command(self) -> Result<Wish, Problem> {
        const ONE: &str = "name one of sku, variant_id and from_cart_item";
        let mut check = Check::default();
        let Self { variant_id, sku, from_cart_item } = self;
        let wish = match (variant_id, sku, from_cart_item) {
            (Some(id), None, None) => {
                check.parse::<VariantId>("/variant_id", &id).map(VariantKey::Id).map(Wish::Variant)
            }
            (None, Some(sku), None) => {
                check.parse::<Sku>("/sku", &sku).map(VariantKey::Sku).map(Wish::Variant)
            }
            (None, None, Some(line)) => check.parse::<LineId>("/from_cart_item", &line).map(Wish::Line),
            (None, None, None) => {
                check.wrong("/sku", "required", ONE);
                None
            }
            _ => {
                check.wrong("/sku", "invalid", ONE);
                None
            }
        };
        check.finish(wish)
    }
}

/// An item of a wishlist, with what is so now.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "WishlistItem")]
pub(crate) struct WishDto {
    /// The variant's id.
    variant_id: Uuid,
    /// The variant's code.
    sku: String,
    /// The product's name in addresses; it leads nowhere while the product is not on sale.
    product_slug: String,
    /// The product's title.
    name: String,
    /// Name and value of each option.
    options: Vec<OptionValueDto>,
    /// The address of its picture.
    image: OrNull<String>,
    /// The price of one unit; null while it is not on sale.
    price: OrNull<MoneyDto>,
    /// The higher price that this one is compared at.
    compare_at_price: OrNull<MoneyDto>,
    /// Whether it is on sale.
    on_sale: bool,
    /// Whether it can be bought now.
    in_stock: bool,
    /// Units that can be bought now; null when there is no limit.
    available_quantity: OrNull<u64>,
    /// When it was put on the list.
    added_at: Instant,
}

impl From<&Wished> for WishDto {
    fn from(wished: &Wished) -> Self {
        let Wished { item, offer, available } = wished;
        let options = offer.options.iter().cloned();
        Self {
            variant_id: offer.variant.0,
            sku: offer.sku.to_string(),
            product_slug: offer.slug.to_string(),
            name: offer.name.clone(),
            options: options.map(|(name, value)| OptionValueDto { name, value }).collect(),
            image: OrNull(offer.image.clone()),
            price: OrNull::of(offer.on_sale.then_some(offer.price)),
            compare_at_price: OrNull::of(offer.compare_at.filter(|_| offer.on_sale)),
            on_sale: offer.on_sale,
            in_stock: available.is_none_or(|left| left > 0),
            available_quantity: OrNull(*available),
            added_at: item.added_at.into(),
        }
    }
}

/// A page of a wishlist.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Wishlist")]
pub(crate) struct WishlistDto {
    /// The items, the newest first.
    pub(crate) results: Vec<WishDto>,
    /// The next page, as a relative link.
    pub(crate) next: OrNull<String>,
}

/// Some products, not a page among others.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Products")]
pub(crate) struct ProductsDto {
    /// The products.
    results: Vec<ProductSummaryDto>,
}

impl From<Vec<ProductSummary>> for ProductsDto {
    fn from(products: Vec<ProductSummary>) -> Self {
        Self { results: products.into_iter().map(Into::into).collect() }
    }
}

/// A product that somebody looked at.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ViewedProduct")]
pub(crate) struct ViewedDto {
    /// The product's id.
    product_id: Uuid,
    /// Its name in addresses.
    slug: String,
    /// Its title.
    name: String,
    /// When they last looked at it.
    viewed_at: Instant,
}

impl From<&Viewed> for ViewedDto {
    fn from(viewed: &Viewed) -> Self {
        let Viewed { product, slug, name, at } = viewed;
        Self { product_id: product.0, slug: slug.to_string(), name: name.clone(), viewed_at: (*at).into() }
    }
}
