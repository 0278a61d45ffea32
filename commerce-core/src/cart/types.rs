//! Carts, their line items, and the commands that change them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::TokenHash;
use crate::catalog::Sku;
use crate::customer::{Address, Destination, Email};
use crate::payment::{MobileMoney, PaymentMethod};
use crate::promotion::CouponCode;
use crate::{CartId, Currency, CustomerId, LineId, OrderId, Quantity, Timestamp, VariantId};

/// Wishes of the shopper about a line item, by name: an engraving, a gift note. They do not change the price.
pub type Customizations = BTreeMap<String, String>;

/// A cart as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    /// Its id.
    pub id: CartId,
    /// The hash of the token that it is reached by; that of an account is reached by one that nobody has a token for.
    pub token: TokenHash,
    /// The account that it belongs to; absent: a guest's.
    pub customer: Option<CustomerId>,
    /// The currency in which it is priced; absent: the shop's.
    pub currency: Option<Currency>,
    /// Where it was made: `web`, `app`, a shop's own word.
    pub channel: Option<String>,
    /// Its line items, in the order in which they were added.
    pub lines: Vec<CartLine>,
    /// The coupons on it, in the order in which they were added.
    pub coupons: Vec<CouponCode>,
    /// Where the order confirmation goes.
    pub email: Option<Email>,
    /// Where the goods go.
    pub shipping_address: Option<Address>,
    /// Where the bill goes, when elsewhere.
    pub billing_address: Option<Address>,
    /// The code of the chosen shipping method.
    pub shipping_method: Option<String>,
    /// The chosen way to pay.
    pub payment_method: Option<PaymentMethod>,
    /// The mobile money account that is asked to pay, when the shopper named one.
    pub mobile_money: Option<MobileMoney>,
    /// The order that closed it.
    pub order: Option<OrderId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it is forgotten: 30 days after the last change.
    pub expires_at: Timestamp,
    /// 1 at first, one more with each change.
    pub version: u64,
}

/// A line item of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// Its id.
    pub id: LineId,
    /// What is wanted.
    pub variant: VariantId,
    /// How many units.
    pub quantity: Quantity,
    /// With what wishes.
    pub customizations: Customizations,
}

impl Cart {
    /// The most line items that a cart may have.
    pub const LINES_MAX: usize = 100;
    /// The most coupons that a cart may have.
    pub const COUPONS_MAX: usize = 10;
    /// The longest name of a channel, in characters.
    pub const CHANNEL_LENGTH_MAX: usize = 50;
    /// Seconds until an unchanged cart is forgotten: 30 days.
    pub const LIFETIME_SECONDS: u64 = 30 * 24 * 60 * 60;
    /// The most wishes about one line item.
    pub const CUSTOMIZATIONS_MAX: usize = 10;
    /// The longest name or text of a wish, in characters.
    pub const CUSTOMIZATION_LENGTH_MAX: usize = 500;

    /// Where the bill goes: to where the goods do, unless it goes elsewhere.
    #[must_use]
    pub fn bill_to(&self) -> Option<&Address> {
        self.billing_address.as_ref().or(self.shipping_address.as_ref())
    }

    /// What tax and shipping go by: where the goods go, or where the bill does while nothing says where, which is all that is
    /// ever known of goods that are not shipped.
    #[must_use]
    pub fn destination(&self) -> Option<Destination> {
        self.shipping_address.as_ref().or(self.billing_address.as_ref()).map(Address::destination)
    }
}

/// How a variant is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VariantKey {
    /// By id.
    Id(VariantId),
    /// By SKU.
    Sku(Sku),
}

/// Puts so many units of a variant into a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddItem {
    /// Of which variant.
    pub variant: VariantKey,
    /// How many.
    pub quantity: Quantity,
    /// With what wishes. The same variant with the same wishes adds up.
    pub customizations: Customizations,
    /// In which currency a cart that is made for it is priced; absent: the shop's.
    pub currency: Option<Currency>,
    /// Where a cart that is made for it is made: at most [`Cart::CHANNEL_LENGTH_MAX`] characters.
    pub channel: Option<String>,
}

impl AddItem {
    /// Puts so many units of a variant into a cart, with no wishes.
    #[must_use]
    pub fn new(variant: VariantKey, quantity: Quantity) -> Self {
        Self { variant, quantity, customizations: Customizations::new(), currency: None, channel: None }
    }
}

/// Says where the goods go, how, and who is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Where the order confirmation goes.
    pub email: Email,
    /// Where the goods go; may be absent when nothing is shipped.
    pub address: Option<Address>,
    /// Where the bill goes, when elsewhere.
    pub billing_address: Option<Address>,
    /// The code of a shipping method that serves the address; may be absent when nothing is shipped.
    pub shipping_method: Option<String>,
}

/// How the shopper pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentChoice {
    /// In which way.
    pub method: PaymentMethod,
    /// The account to ask, when it is mobile money and the shopper wants no page of the gateway.
    pub mobile_money: Option<MobileMoney>,
}

impl From<PaymentMethod> for PaymentChoice {
    fn from(method: PaymentMethod) -> Self {
        Self { method, mobile_money: None }
    }
}
