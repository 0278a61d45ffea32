//! What a decision changes about orders.

use super::{FulfillmentState, Note, Order, OrderState, Transition};
use crate::payment::PaymentState;
use crate::{OrderId, Timestamp};

/// Order changes of one change set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// A new order. An existing number is [`Guard::OrderNumber`](crate::Guard::OrderNumber), a second order of one cart
    /// [`Guard::Cart`](crate::Guard::Cart).
    pub place: Option<Order>,
    /// An order that gets further.
    pub advance: Option<Advance>,
    /// History rows of the orders above, in order.
    pub history: Vec<(OrderId, Transition)>,
    /// Notes on orders that are there.
    pub notes: Vec<Note>,
}

/// An order that gets further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// Which order.
    pub id: OrderId,
    /// The version that was read: the guard.
    pub expected_version: u64,
    /// How far it has got now.
    pub status: OrderState,
    /// How far its payment has got now.
    pub payment_status: PaymentState,
    /// How far its goods have got now.
    pub fulfillment_status: FulfillmentState,
    /// Until when it can be paid now.
    pub pay_until: Option<Timestamp>,
}
