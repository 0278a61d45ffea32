//! Orders on the wire.

use std::collections::BTreeMap;

use commerce_core::audit::Actor;
use commerce_core::checkout::Confirmed;
use commerce_core::order::{MoveOn, Order, OrderLine, OrderState, OrderView, ShippingChoice, Transition};
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cart::{AdjustmentDto, SummaryDto, TaxDto};
use super::product::OptionValueDto;
use super::word::{FulfillmentStatus, MachineName, Method, OrderStatus, OrderStatusName, PaymentStatus};
use super::{AddressDto, Check, Instant, MoneyBody, MoneyDto, OrNull, PaymentDto, Problem, RefundDto};

/// Confirms the cart.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Confirm", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct ConfirmBody {
    /// The total that the shopper agreed to; another is refused with `price-changed`.
    pub(crate) expected_total: Option<MoneyBody>,
    /// The version of the cart that the shopper saw; another is refused with `cart-changed`.
    pub(crate) cart_version: Option<u64>,
    /// Where the browser goes after a page of the payment gateway: a web address of at most 500 characters, of one of the shop's origins where it says which these are.
    pub(crate) callback_url: Option<String>,
}

impl Example for ConfirmBody {
    fn example() -> Self {
        Self { expected_total: None, cart_version: None, callback_url: None }
    }
}

/// Calls an order off.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Cancel", deny_unknown_fields, example)]
pub(crate) struct CancelBody {
    /// Why, in at most 500 characters.
    #[oai(validator(max_length = 500))]
    pub(crate) reason: Option<String>,
}

impl Example for CancelBody {
    fn example() -> Self {
        Self { reason: Some("ordered the wrong size".to_owned()) }
    }
}

/// Moves an order on.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "OrderStatusChange", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct StatusBody {
    /// How far it gets: `processing`, `shipped`, `delivered`, `completed`, `returned` or `cancelled`. It gets `refunded`
    /// when its money goes back, and `pending` when money comes late.
    status: OrderStatusName,
    /// What to say about it, in at most 500 characters. The shopper reads it in the order's history.
    #[oai(validator(max_length = 500))]
    note: Option<String>,
    /// The code of the location where the units of an order that came back unpaid go back into stock. Those of a paid order
    /// do with the refund of its line items.
    pub(crate) restock: Option<String>,
}

impl StatusBody {
    /// The command, but for the location and the request.
    pub(crate) fn command(&self, actor: Actor) -> Result<MoveOn, Problem> {
        let mut check = Check::default();
        let to = check.word("/status", &self.status.0, OrderState::ALL, OrderState::as_str);
        let note = self.note.clone().unwrap_or_default();
        Ok(MoveOn { to: check.finish(to)?, note, restock: None, actor, request: None })
    }
}

impl Example for StatusBody {
    fn example() -> Self {
        let note = Some("with the morning van".to_owned());
        Self { status: OrderStatusName("shipped".to_owned()), note, restock: None }
    }
}

/// Says that goods came back unpaid.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ReturnToSender", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct ReturnBody {
    /// What to say about it, in at most 500 characters. The shopper reads it in the order's history.
    #[oai(validator(max_length = 500))]
    pub(crate) note: Option<String>,
    /// The code of the location where the units go back into stock; absent: they do not.
    pub(crate) restock: Option<String>,
}

impl Example for ReturnBody {
    fn example() -> Self {
        Self { note: Some("nobody was at home, three times".to_owned()), restock: Some("LAGOS".to_owned()) }
    }
}

/// A placed order and how it is paid.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Confirmed")]
pub(crate) struct ConfirmedDto {
    /// The order.
    order: OrderDto,
    /// Its payment.
    payment: PaymentDto,
    /// The secret by which a guest reads and cancels the order. Send it as `X-Order-Token`.
    order_token: String,
}

impl ConfirmedDto {
    pub(crate) fn new(confirmed: &Confirmed, order_token: &str) -> Self {
        Self {
            order: OrderDto::new(&confirmed.order),
            payment: (&confirmed.payment).into(),
            order_token: order_token.to_owned(),
        }
    }
}

/// A placed order: a copy of what was bought, with how far it has got.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Order")]
pub(crate) struct OrderDto {
    /// Its id.
    id: Uuid,
    /// The number that people call it by.
    number: String,
    /// How far it has got.
    status: OrderStatus,
    /// How far its payment has got.
    payment_status: PaymentStatus,
    /// How far its goods have got.
    fulfillment_status: FulfillmentStatus,
    /// Who bought.
    customer: CustomerDto,
    /// What was bought.
    items: Vec<OrderItemDto>,
    /// Where every amount beside the list prices comes from.
    adjustments: Vec<AdjustmentDto>,
    /// The amounts.
    totals: SummaryDto,
    /// The tax of each rate, with the net amount that it is on.
    taxes: Vec<TaxDto>,
    /// Where the goods go; null when nothing is shipped.
    shipping_address: OrNull<AddressDto>,
    /// Where the bill goes, when elsewhere.
    billing_address: OrNull<AddressDto>,
    /// How the goods go; null when nothing is shipped.
    shipping_method: OrNull<ShippingMethodDto>,
    /// How the shopper chose to pay.
    payment_method: Method,
    /// Its payment attempts, the oldest first.
    payments: Vec<PaymentDto>,
    /// Money that goes back, or went, the oldest first.
    refunds: Vec<RefundDto>,
    /// Until when it is to be paid; null when nothing is awaited.
    pay_until: OrNull<Instant>,
    /// What has happened to it, the oldest first.
    history: Vec<MoveDto>,
    /// When it was placed.
    placed_at: Instant,
    /// Grows with every change.
    version: u64,
}

/// Who bought.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OrderCustomer")]
pub(crate) struct CustomerDto {
    /// The customer's id; null for a guest.
    pub(super) id: OrNull<Uuid>,
    /// Where the order confirmation goes.
    pub(super) email: String,
}

/// How the goods go, as it was when the order was placed.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OrderShippingMethod")]
pub(crate) struct ShippingMethodDto {
    /// Its code.
    code: String,
    /// What it was called.
    label: String,
}

/// A line item of an order.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OrderItem")]
pub(crate) struct OrderItemDto {
    /// Its id: that of the cart's line item.
    id: Uuid,
    /// The variant's id.
    variant_id: Uuid,
    /// The product's name in addresses.
    product_slug: String,
    /// The variant's code.
    sku: String,
    /// The product's title.
    name: String,
    /// Name and value of each option.
    options: Vec<OptionValueDto>,
    /// The shopper's wishes.
    customizations: BTreeMap<String, String>,
    /// The address of its picture.
    image: OrNull<String>,
    /// How many units.
    quantity: u32,
    /// The price of one unit.
    unit_price: MoneyDto,
    /// Unit price times quantity.
    line_total: MoneyDto,
    /// Its share of all discounts.
    discount: MoneyDto,
    /// The tax added on top of it.
    tax_added: MoneyDto,
    /// The tax inside it.
    tax_included: MoneyDto,
    /// What the shopper pays for it: line total - discount + tax added.
    paid: MoneyDto,
}

/// A move of an order, its payment or its fulfillment.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OrderMove")]
pub(crate) struct MoveDto {
    /// When.
    at: Instant,
    /// What moved.
    machine: MachineName,
    /// The state before; null at the start.
    from: OrNull<String>,
    /// The state after.
    to: String,
    /// Who moved it: `guest`, `customer`, `staff` or `system`.
    actor: String,
    /// Why.
    note: String,
}

impl OrderDto {
    pub(crate) fn new(view: &OrderView) -> Self {
        let order: &Order = &view.order;
        Self {
            id: order.id.0,
            number: order.number.to_string(),
            status: order.status.into(),
            payment_status: order.payment_status.into(),
            fulfillment_status: order.fulfillment_status.into(),
            customer: CustomerDto {
                id: OrNull(order.customer.map(|id| id.0)),
                email: order.email.to_string(),
            },
            items: order.lines.iter().map(Into::into).collect(),
            adjustments: order.adjustments.iter().map(Into::into).collect(),
            totals: (&order.totals).into(),
            taxes: order.taxes.iter().map(Into::into).collect(),
            shipping_address: OrNull::of(order.shipping_address.as_ref()),
            billing_address: OrNull::of(order.billing_address.as_ref()),
            shipping_method: OrNull::of(order.shipping_method.as_ref()),
            payment_method: order.payment_method.into(),
            payments: view.payments.iter().map(Into::into).collect(),
            refunds: view.refunds.iter().map(Into::into).collect(),
            pay_until: OrNull::of(order.pay_until),
            history: view.history.iter().map(Into::into).collect(),
            placed_at: order.placed_at.into(),
            version: order.version,
        }
    }
}

impl From<&ShippingChoice> for ShippingMethodDto {
    fn from(method: &ShippingChoice) -> Self {
        Self { code: method.code.clone(), label: method.label.clone() }
    }
}

impl From<&OrderLine> for OrderItemDto {
    fn from(line: &OrderLine) -> Self {
        Self {
            id: line.id.0,
            variant_id: line.variant.0,
            product_slug: line.slug.to_string(),
            sku: line.sku.to_string(),
            name: line.name.clone(),
            options: line.options.iter().map(Into::into).collect(),
            customizations: line.customizations.clone(),
            image: OrNull(line.image.clone()),
            quantity: line.quantity.get(),
            unit_price: line.unit_price.into(),
            line_total: line.line_total.into(),
            discount: line.discount.into(),
            tax_added: line.tax_added.into(),
            tax_included: line.tax_included.into(),
            paid: line.paid.into(),
        }
    }
}

impl From<&Transition> for MoveDto {
    fn from(transition: &Transition) -> Self {
        // Who it was by name is the shop's business, not the shopper's.
        let actor = match &transition.actor {
            Actor::Guest => "guest",
            Actor::Customer(_) => "customer",
            Actor::Staff(_) | Actor::Key(_) => "staff",
            Actor::System => "system",
        };
        Self {
            at: transition.at.into(),
            machine: transition.machine.into(),
            from: OrNull(transition.from.clone()),
            to: transition.to.clone(),
            actor: actor.to_owned(),
            note: transition.note.clone(),
        }
    }
}
