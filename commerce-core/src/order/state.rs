//! The states of an order and of its fulfillment, and the moves between them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A legal move of a state machine, and when it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move<S> {
    /// The state before; `None` where the machine starts.
    pub from: Option<S>,
    /// The state after.
    pub to: S,
    /// When it happens.
    pub when: &'static str,
}

impl<S> Move<S> {
    /// A state in which the machine may start.
    #[must_use]
    pub const fn start(to: S, when: &'static str) -> Self {
        Self { from: None, to, when }
    }

    /// A move from one state to another.
    #[must_use]
    pub const fn new(from: S, to: S, when: &'static str) -> Self {
        Self { from: Some(from), to, when }
    }
}

/// The table has no such move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot go from {from} to {to}")]
pub struct InvalidTransition {
    /// The state before.
    pub from: &'static str,
    /// The state that was asked for.
    pub to: &'static str,
}

/// Whether the table has the move.
///
/// # Errors
/// When it has not.
pub fn check<S: Copy + PartialEq>(
    moves: &[Move<S>],
    from: S,
    to: S,
    name: fn(S) -> &'static str,
) -> Result<S, InvalidTransition> {
    let legal = moves.iter().any(|step| step.from == Some(from) && step.to == to);
    if legal { Ok(to) } else { Err(InvalidTransition { from: name(from), to: name(to) }) }
}

/// Which of an order's three machines moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Machine {
    /// The order itself.
    Order,
    /// Its payment.
    Payment,
    /// Its fulfillment.
    Fulfillment,
}

impl Machine {
    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Payment => "payment",
            Self::Fulfillment => "fulfillment",
        }
    }

    /// Every legal move of this machine, by the names of its states; `None` where it starts.
    #[must_use]
    pub fn moves(self) -> Vec<(Option<&'static str>, &'static str)> {
        fn named<S: Copy>(
            moves: &[Move<S>],
            name: fn(S) -> &'static str,
        ) -> Vec<(Option<&'static str>, &'static str)> {
            moves.iter().map(|step| (step.from.map(name), name(step.to))).collect()
        }
        match self {
            Self::Order => named(ORDER_MOVES, OrderState::as_str),
            Self::Payment => named(crate::payment::PAYMENT_MOVES, crate::payment::PaymentState::as_str),
            Self::Fulfillment => named(FULFILLMENT_MOVES, FulfillmentState::as_str),
        }
    }
}

/// How far an order has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Placed; waits for payment or, with cash on delivery, for the shop to accept it.
    Pending,
    /// The shop works on it.
    Processing,
    /// On its way.
    Shipped,
    /// Handed over.
    Delivered,
    /// Done; nothing more is expected.
    Completed,
    /// Called off before it was shipped.
    Cancelled,
    /// The goods came back.
    Returned,
    /// The money went back.
    Refunded,
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Processing,
        Self::Shipped,
        Self::Delivered,
        Self::Completed,
        Self::Cancelled,
        Self::Returned,
        Self::Refunded,
    ];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
            Self::Refunded => "refunded",
        }
    }
}

/// The moves of an order.
pub const ORDER_MOVES: &[Move<OrderState>] = &[
    Move::start(OrderState::Pending, "the shopper confirms"),
    Move::new(
        OrderState::Pending,
        OrderState::Processing,
        "it is paid, or the shop accepts cash on delivery",
    ),
    Move::new(
        OrderState::Pending,
        OrderState::Cancelled,
        "the shopper or the shop cancels, or nobody paid in time",
    ),
    Move::new(OrderState::Processing, OrderState::Shipped, "the parcels leave"),
    Move::new(
        OrderState::Processing,
        OrderState::Cancelled,
        "the shop, or the shopper before fulfillment, cancels",
    ),
    Move::new(OrderState::Processing, OrderState::Completed, "nothing is shipped: digital goods"),
    Move::new(OrderState::Shipped, OrderState::Delivered, "the parcels arrive"),
    Move::new(OrderState::Shipped, OrderState::Returned, "the parcels come back"),
    Move::new(OrderState::Delivered, OrderState::Completed, "the time for returns is over"),
    Move::new(OrderState::Delivered, OrderState::Returned, "the shopper sends the goods back"),
    Move::new(OrderState::Completed, OrderState::Returned, "the shop takes the goods back all the same"),
    Move::new(OrderState::Completed, OrderState::Refunded, "the money goes back without the goods"),
    Move::new(OrderState::Delivered, OrderState::Refunded, "the money goes back without the goods"),
    Move::new(OrderState::Returned, OrderState::Refunded, "the money goes back"),
    Move::new(OrderState::Cancelled, OrderState::Refunded, "money that had come goes back"),
    Move::new(
        OrderState::Cancelled,
        OrderState::Pending,
        "money came late and the goods are still there: reopened",
    ),
];

/// How far the goods of an order have got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FulfillmentState {
    /// Nothing has left.
    Unfulfilled,
    /// Some has left.
    Partial,
    /// All has left.
    Fulfilled,
    /// All has arrived.
    Delivered,
    /// It came back.
    Returned,
}

impl FulfillmentState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Unfulfilled, Self::Partial, Self::Fulfilled, Self::Delivered, Self::Returned];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unfulfilled => "unfulfilled",
            Self::Partial => "partial",
            Self::Fulfilled => "fulfilled",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
        }
    }
}

/// The moves of fulfillment.
pub const FULFILLMENT_MOVES: &[Move<FulfillmentState>] = &[
    Move::start(FulfillmentState::Unfulfilled, "the order is placed"),
    Move::new(FulfillmentState::Unfulfilled, FulfillmentState::Partial, "a first parcel leaves"),
    Move::new(FulfillmentState::Unfulfilled, FulfillmentState::Fulfilled, "the only parcel leaves"),
    Move::new(FulfillmentState::Partial, FulfillmentState::Fulfilled, "the last parcel leaves"),
    Move::new(FulfillmentState::Fulfilled, FulfillmentState::Delivered, "the last parcel arrives"),
    Move::new(FulfillmentState::Fulfilled, FulfillmentState::Returned, "the parcels come back"),
    Move::new(FulfillmentState::Delivered, FulfillmentState::Returned, "the shopper sends the goods back"),
];

impl fmt::Display for OrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for FulfillmentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_order_is_not_shipped() {
        let refused =
            check(ORDER_MOVES, OrderState::Cancelled, OrderState::Shipped, OrderState::as_str).unwrap_err();
        assert_eq!(refused, InvalidTransition { from: "cancelled", to: "shipped" });
    }

    /// The drawing in `docs/orders.md` has the moves of the table and no others.
    #[test]
    fn the_drawing_is_the_table() {
        let drawn = include_str!("../../../docs/orders.md").lines().filter_map(|line| {
            let (from, rest) = line.trim().split_once(" --> ")?;
            Some((from, rest.split(':').next()?))
        });
        let mut drawn: Vec<(&str, &str)> = drawn.collect();
        let name = |from: Option<OrderState>| from.map_or("[*]", OrderState::as_str);
        let mut table: Vec<(&str, &str)> =
            ORDER_MOVES.iter().map(|step| (name(step.from), step.to.as_str())).collect();
        drawn.sort_unstable();
        table.sort_unstable();
        assert_eq!(drawn, table);
    }

    #[test]
    fn every_state_can_be_reached() {
        for machine in [Machine::Order, Machine::Payment, Machine::Fulfillment] {
            let moves = machine.moves();
            let mut reached: Vec<&str> =
                moves.iter().filter(|(from, _)| from.is_none()).map(|(_, to)| *to).collect();
            for _ in 0..moves.len() {
                for (from, to) in &moves {
                    if from.is_some_and(|from| reached.contains(&from)) && !reached.contains(to) {
                        reached.push(to);
                    }
                }
            }
            let states = match machine {
                Machine::Order => OrderState::ALL.map(OrderState::as_str).to_vec(),
                Machine::Payment => {
                    crate::payment::PaymentState::ALL.map(crate::payment::PaymentState::as_str).to_vec()
                }
                Machine::Fulfillment => FulfillmentState::ALL.map(FulfillmentState::as_str).to_vec(),
            };
            for state in states {
                assert!(reached.contains(&state), "{machine:?} never reaches {state}");
            }
        }
    }
}
