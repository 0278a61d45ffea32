//! Orders and what belongs to them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{FulfillmentState, Machine, OrderState};
use crate::audit::Actor;
use crate::cart::Customizations;
use crate::catalog::{Sku, Slug, TaxClass};
use crate::customer::{Address, Email};
use crate::inventory::Reservation;
use crate::payment::{Payment, PaymentMethod, PaymentReference, PaymentState, Refund, Unmatched};
use crate::pricing::RoundingProfile;
use crate::pricing::{Adjustment, AdjustmentKind, Summary, TaxTotal};
use crate::promotion::Redemption;
use crate::{
    CartId, CustomerId, LineId, Money, OrderId, ProductId, Quantity, SellerId, Timestamp, UnitPrice,
    VariantId,
};

/// The number that people call an order by: short, unique, and no neighbour of another order's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderNumber(pub String);

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A placed order. All but its states, the time to pay it and its version is frozen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The number that people call it by.
    pub number: OrderNumber,
    /// The cart that it was; one cart becomes one order.
    pub cart: CartId,
    /// How far it has got.
    pub status: OrderState,
    /// How far its payment has got.
    pub payment_status: PaymentState,
    /// How far its goods have got.
    pub fulfillment_status: FulfillmentState,
    /// The registered customer; absent for a guest.
    pub customer: Option<CustomerId>,
    /// Where its confirmation went.
    pub email: Email,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// Where every amount beside the list prices comes from.
    pub adjustments: Vec<Adjustment>,
    /// The tax of each rate, with what it is on.
    pub taxes: Vec<TaxTotal>,
    /// The amounts.
    pub totals: Summary,
    /// Where the goods go; absent when nothing is shipped.
    pub shipping_address: Option<Address>,
    /// Where the bill goes; absent: to the shipping address.
    pub billing_address: Option<Address>,
    /// How the goods go; absent when nothing is shipped.
    pub shipping_method: Option<ShippingChoice>,
    /// How the shopper chose to pay.
    pub payment_method: PaymentMethod,
    /// The conventions by which its amounts were rounded.
    pub rounding: RoundingProfile,
    /// The version of the rulebook that it was priced by.
    pub rulebook_version: u64,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Until when it is to be paid, while it waits for that; goods that are held for it are held as long.
    pub pay_until: Option<Timestamp>,
    /// 1 at first, one more with each change.
    pub version: u64,
}

impl Order {
    /// Whether a promotion applied to it.
    #[must_use]
    pub fn uses_promotions(&self) -> bool {
        self.adjustments.iter().any(|adjustment| adjustment.kind == AdjustmentKind::Promotion)
    }
}

/// The shipping method of an order, as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingChoice {
    /// Its code.
    pub code: String,
    /// What it was called.
    pub label: String,
}

/// How an order is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderKey {
    /// By id.
    Id(OrderId),
    /// By the reference of one of its payment attempts.
    Payment(PaymentReference),
}

impl From<OrderId> for OrderKey {
    fn from(id: OrderId) -> Self {
        Self::Id(id)
    }
}

/// A line item of an order: a copy of what the catalogue said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Its id: that of the cart's line item.
    pub id: LineId,
    /// The variant that was bought.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// Who sold it, when that was not the shop itself.
    pub seller: Option<SellerId>,
    /// Its code.
    pub sku: Sku,
    /// The product's name in addresses.
    pub slug: Slug,
    /// The product's name.
    pub name: String,
    /// Name and value of each option.
    pub options: Vec<(String, String)>,
    /// The address of its picture.
    pub image: Option<String>,
    /// The shopper's wishes.
    pub customizations: Customizations,
    /// The price of one unit.
    pub unit_price: UnitPrice,
    /// How many units.
    pub quantity: Quantity,
    /// Unit price times quantity, rounded.
    pub line_total: Money,
    /// This line's share of all discounts.
    pub discount: Money,
    /// The tax added on top of the price.
    pub tax_added: Money,
    /// The tax inside the price.
    pub tax_included: Money,
    /// What the shopper pays for the line: line total - discount + tax added. What its units are worth in a refund are
    /// the shares of this, by largest remainder over the units.
    pub paid: Money,
    /// Which tax rates applied.
    pub tax_class: TaxClass,
    /// Whether nothing is shipped.
    pub digital: bool,
    /// Whether stock was counted and not allowed to go short: the units that count against what the shop had.
    pub stock_limited: bool,
}

impl OrderLine {
    /// What each unit is worth in a refund: what was paid for the line item, split evenly, the remainder to the first
    /// units. So many units at the first value, then so many at the second; the sum is what was paid.
    ///
    /// It is fixed when the order is placed: a refund never prices anything again.
    #[must_use]
    pub fn unit_values(&self) -> [(u32, Money); 2] {
        let units = self.quantity.get();
        let (low, dearer) =
            (self.paid.minor.div_euclid(i64::from(units)), self.paid.minor.rem_euclid(i64::from(units)));
        let dearer = u32::try_from(dearer).unwrap_or(0);
        let value = |minor| Money::from_minor(minor, self.paid.currency);
        [(dearer, value(low + 1)), (units - dearer, value(low))]
    }
}

/// A move of one of an order's machines. History is only ever added to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Which machine.
    pub machine: Machine,
    /// The state before; `None` at the start.
    pub from: Option<String>,
    /// The state after.
    pub to: String,
    /// Who moved it.
    pub actor: Actor,
    /// Why.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// An order with what has happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderView {
    /// When it was read.
    pub now: Timestamp,
    /// The order.
    pub order: Order,
    /// Its moves, the oldest first.
    pub history: Vec<Transition>,
    /// Its payment attempts, the oldest first.
    pub payments: Vec<Payment>,
    /// Its refunds, the oldest first.
    pub refunds: Vec<Refund>,
    /// Money that carries a reference of it but does not count towards it, the oldest first.
    pub unmatched: Vec<Unmatched>,
    /// Its uses of promotions, by promotion, also those that were given back; without the limits of that time.
    pub redemptions: Vec<Redemption>,
    /// Its open reservations, by id.
    pub reservations: Vec<Reservation>,
    /// The record of a request that may be a repetition, if it was asked for.
    pub record: Option<crate::idempotency::Record>,
}

impl OrderView {
    /// Whether it is there for them: a customer's own orders are, and every order is for anybody else who was let in - by
    /// the order's token, as staff, as a program or as the shop itself.
    #[must_use]
    pub fn is_open_to(&self, actor: &Actor) -> bool {
        match actor {
            Actor::Customer(account) => self.order.customer == Some(*account),
            Actor::Guest | Actor::Staff(_) | Actor::Key(_) | Actor::System => true,
        }
    }

    /// The attempt that counts now: the one that was paid, else the latest.
    #[must_use]
    pub fn current_payment(&self) -> Option<&Payment> {
        let paid = self.payments.iter().find(|payment| payment.progress.captured.minor > 0);
        paid.or_else(|| self.payments.last())
    }
}
