//! What a cart decision looks at, and what the shopper sees of it.

use serde::{Deserialize, Serialize};

use super::{Cart, CartLine, Outside, TokenHash, VariantKey};
use crate::catalog::{Dimensions, Sku, Slug, TaxClass, Weight};
use crate::idempotency::{Record, Scope};
use crate::inventory::StockLevel;
use crate::pricing::Quote;
use crate::promotion::{CouponCode, CouponState, CustomerKey};
use crate::{ProductId, SellerId, Timestamp, UnitPrice, VariantId};

/// What to read for a decision about a cart, in one look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// The cart that this token opens.
    pub token: Option<TokenHash>,
    /// A variant beside those in the cart.
    pub variant: Option<VariantKey>,
    /// A coupon beside those on the cart.
    pub coupon: Option<CouponCode>,
    /// Whose uses and orders are told, in place of those of the cart's e-mail address.
    pub customer: Option<CustomerKey>,
    /// The record of a request that may be a repetition.
    pub repeated: Option<Scope>,
}

/// What a decision about a cart sees: all read in one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The store's time of the look.
    pub now: Timestamp,
    /// The open cart of the token, expired or not.
    pub cart: Option<Cart>,
    /// Whether the token has opened a cart before, which is closed now: then it opens the next one.
    pub token_known: bool,
    /// What is known of the variants in the cart and of the one asked for; a variant that no longer exists has none.
    /// Ordered by variant id.
    pub offers: Vec<Offer>,
    /// The stock of those variants, ordered by variant, then location.
    pub levels: Vec<StockLevel>,
    /// The coupons on the cart and the one asked for, as far as they exist, by code; the uses of the customer are those of
    /// the one asked for, else of the cart's e-mail address.
    pub coupons: Vec<CouponState>,
    /// Whether the customer asked for, else the cart's e-mail address, has an order already that was not cancelled; absent
    /// when there is neither, and without a cart.
    pub ordered_before: Option<bool>,
    /// What the price depends on beyond the look; a store leaves it empty.
    pub outside: Outside,
    /// The version of the rulebook in force; 0 while there is none.
    pub rulebook_version: u64,
    /// The record asked for.
    pub record: Option<Record>,
}

/// What a decision needs to know of a variant and its product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The variant.
    pub variant: VariantId,
    /// Its code.
    pub sku: Sku,
    /// Its product.
    pub product: ProductId,
    /// Who sells it, when that is not the shop itself.
    pub seller: Option<SellerId>,
    /// The product's version: what the price and all the rest here were read from.
    pub product_version: u64,
    /// The product's name in addresses.
    pub slug: Slug,
    /// The product's name.
    pub name: String,
    /// Name and value of each option.
    pub options: Vec<(String, String)>,
    /// The address of the variant's picture, else of the product's first.
    pub image: Option<String>,
    /// The slugs of the product's category and its ancestors, the root first.
    pub categories: Vec<String>,
    /// The slug of its brand.
    pub brand: Option<String>,
    /// The product's tags, in their order.
    pub tags: Vec<String>,
    /// Codes and values of attributes: the product's in their order, then those that the variant's options are linked to,
    /// in the order of the options.
    pub attributes: Vec<(String, String)>,
    /// The list price of one unit.
    pub price: UnitPrice,
    /// The price that it is shown to have been reduced from.
    pub compare_at: Option<UnitPrice>,
    /// The weight of one unit.
    pub weight: Option<Weight>,
    /// Length, width and height of one unit.
    pub dimensions: Option<Dimensions>,
    /// Which tax rates apply.
    pub tax_class: TaxClass,
    /// Whether nothing is shipped.
    pub digital: bool,
    /// Whether stock is counted.
    pub tracked: bool,
    /// Whether it may be sold beyond the stock.
    pub backorder: bool,
    /// Whether shoppers can buy it: the product is published and not deleted.
    pub on_sale: bool,
}

impl View {
    /// What is known of a variant.
    #[must_use]
    pub fn offer(&self, variant: VariantId) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.variant == variant)
    }

    /// The same look, with what the other one knows of variants too.
    pub(crate) fn beside(&self, other: &Self) -> Self {
        let mut both = self.clone();
        let unknown = |variant| self.offer(variant).is_none();
        both.offers.extend(other.offers.iter().filter(|offer| unknown(offer.variant)).cloned());
        both.offers.sort_by_key(|offer| offer.variant);
        both
    }

    /// What is known of a variant that shoppers can buy.
    #[must_use]
    pub fn offer_on_sale(&self, key: &VariantKey) -> Option<&Offer> {
        self.offers.iter().filter(|offer| offer.on_sale).find(|offer| match key {
            VariantKey::Id(id) => offer.variant == *id,
            VariantKey::Sku(sku) => offer.sku == *sku,
        })
    }

    /// How many units of a variant can be bought: `None` when there is no limit.
    #[must_use]
    pub fn available(&self, offer: &Offer) -> Option<u64> {
        available(offer, &self.levels)
    }
}

/// How many units of a variant can be bought, by these levels of its stock: `None` when there is no limit.
pub(crate) fn available(offer: &Offer, levels: &[StockLevel]) -> Option<u64> {
    if !offer.on_sale {
        return Some(0);
    }
    if !offer.tracked || offer.backorder {
        return None;
    }
    let of_variant = levels.iter().filter(|level| level.variant == offer.variant);
    let free: i64 = of_variant.map(StockLevel::free).sum();
    Some(u64::try_from(free).unwrap_or(0))
}

/// A cart with what it costs now.
#[derive(Debug, Clone, PartialEq)]
pub struct PricedCart {
    /// The cart.
    pub cart: Cart,
    /// Its line items with what the shopper sees of them.
    pub lines: Vec<PricedLine>,
    /// What it costs.
    pub quote: Quote,
    /// What is missing before it can be confirmed, by name: `items`, `email`, `shipping_address`, `shipping_method`,
    /// `payment_method`.
    pub missing: Vec<&'static str>,
    /// What the shopper should know: an item that is no longer sold, or of which less is left.
    pub messages: Vec<String>,
}

impl PricedCart {
    /// Whether it can be confirmed: nothing is missing, everything in it can be bought. A coupon that takes nothing off
    /// does not stand in the way, unless it was used up.
    #[must_use]
    pub fn ready(&self) -> bool {
        let sold = |line: &PricedLine| {
            let wanted = super::wanted(&self.cart, line.line.variant);
            line.offer.as_ref().is_some_and(|offer| offer.on_sale)
                && line.available.is_none_or(|left| left >= wanted)
        };
        let spent =
            |outcome: &crate::pricing::CouponOutcome| outcome.refused.is_some_and(|reason| reason.is_final());
        self.missing.is_empty() && self.lines.iter().all(sold) && !self.quote.coupons.iter().any(spent)
    }
}

/// A line item with what the shopper sees of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PricedLine {
    /// The line item.
    pub line: CartLine,
    /// What is known of its variant; `None` when that no longer exists.
    pub offer: Option<Offer>,
    /// How many units can be bought: `None` when there is no limit.
    pub available: Option<u64>,
}
