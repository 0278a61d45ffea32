//! What a seller sees of an order.

use super::{FulfillmentState, Order, OrderLine, OrderNumber, OrderState, ShippingChoice};
use crate::customer::Address;
use crate::money::MoneyError;
use crate::payment::PaymentState;
use crate::{Currency, Money, OrderId, SellerId, Timestamp};

/// The part of an order that one seller sold: their line items with what these come to, how far the order has got, and
/// where to send them. Who bought, how they pay, what else they bought and what was said about it is not the seller's.
#[derive(Debug, Clone, PartialEq)]
pub struct Sold {
    /// Which order.
    pub id: OrderId,
    /// The number that people call it by.
    pub number: OrderNumber,
    /// How far it has got.
    pub status: OrderState,
    /// How far its payment has got.
    pub payment_status: PaymentState,
    /// How far its goods have got.
    pub fulfillment_status: FulfillmentState,
    /// The seller's line items, in their order.
    pub lines: Vec<OrderLine>,
    /// What these come to.
    pub totals: SoldTotals,
    /// How the goods go; absent when nothing of the seller's is shipped.
    pub shipping_method: Option<ShippingChoice>,
    /// Where the goods go: while they are to be sent or under way, and something of the seller's is among them.
    pub shipping_address: Option<Address>,
    /// When the order was placed.
    pub placed_at: Timestamp,
}

/// Sums over line items of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoldTotals {
    /// Unit prices times quantities.
    pub line_total: Money,
    /// Their shares of all discounts.
    pub discount: Money,
    /// The tax added on top of them.
    pub tax_added: Money,
    /// The tax inside them.
    pub tax_included: Money,
    /// What the shopper pays for them: line total - discount + tax added.
    pub paid: Money,
}

/// What this seller sees of the order; `None` when nothing in it is theirs.
///
/// # Errors
/// When amounts of the order do not add up to an amount.
pub fn sold(order: &Order, seller: SellerId) -> Result<Option<Sold>, MoneyError> {
    let lines: Vec<_> = order.lines.iter().filter(|line| line.seller == Some(seller)).cloned().collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let totals = SoldTotals::of(&lines, order.totals.total.currency)?;
    let shipped = lines.iter().any(|line| !line.digital);
    // Before, there is nothing to send yet; afterwards, nothing any more.
    let on_the_way = matches!(order.status, OrderState::Processing | OrderState::Shipped);
    let shipping_address = order.shipping_address.clone().filter(|_| shipped && on_the_way);
    Ok(Some(Sold {
        id: order.id,
        number: order.number.clone(),
        status: order.status,
        payment_status: order.payment_status,
        fulfillment_status: order.fulfillment_status,
        totals,
        shipping_method: order.shipping_method.clone().filter(|_| shipped),
        // To whom the bill goes is the shop's.
        shipping_address: shipping_address.map(|address| Address { vat_id: None, ..address }),
        placed_at: order.placed_at,
        lines,
    }))
}

impl SoldTotals {
    fn of(lines: &[OrderLine], currency: Currency) -> Result<Self, MoneyError> {
        let nothing = Money::from_minor(0, currency);
        let mut sum = Self {
            line_total: nothing,
            discount: nothing,
            tax_added: nothing,
            tax_included: nothing,
            paid: nothing,
        };
        for line in lines {
            sum.line_total = sum.line_total.plus(line.line_total)?;
            sum.discount = sum.discount.plus(line.discount)?;
            sum.tax_added = sum.tax_added.plus(line.tax_added)?;
            sum.tax_included = sum.tax_included.plus(line.tax_included)?;
            sum.paid = sum.paid.plus(line.paid)?;
        }
        Ok(sum)
    }
}
