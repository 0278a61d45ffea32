//! Orders, listed.

use std::time::Duration;

use super::{FulfillmentState, OrderNumber, OrderState};
use crate::customer::Email;
use crate::id::earliest;
use crate::payment::{PaymentMethod, PaymentState};
use crate::{CustomerId, Money, OrderId, SellerId, Timestamp};

/// Which orders to list: those for which all of this is so, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Of this registered customer.
    pub customer: Option<CustomerId>,
    /// Of this e-mail address, without regard to case.
    pub email: Option<Email>,
    /// With this number.
    pub number: Option<OrderNumber>,
    /// That have got this far.
    pub status: Option<OrderState>,
    /// Whose payment has got this far.
    pub payment_status: Option<PaymentState>,
    /// Whose goods have got this far.
    pub fulfillment_status: Option<FulfillmentState>,
    /// That the shopper chose to pay like this.
    pub payment_method: Option<PaymentMethod>,
    /// Not placed before this.
    pub placed_from: Option<Timestamp>,
    /// Placed before this.
    pub placed_until: Option<Timestamp>,
    /// That hold line items of this seller. Units and total of the rows are those of these line items alone then.
    pub seller: Option<SellerId>,
    /// Behind this order, in the order of the answer.
    pub before: Option<OrderId>,
}

impl Search {
    /// Between which ids the orders lie: from the first on, before the second.
    ///
    /// An order's id carries the millisecond in which it was placed, and orders are listed by their ids. So a store that
    /// keeps to these ids reads no order outside of the time that is asked about.
    #[must_use]
    pub fn ids(&self) -> (Option<OrderId>, Option<OrderId>) {
        const MILLISECOND: Duration = Duration::from_millis(1);
        let from = self.placed_from.map(|from| OrderId(earliest(from)));
        let until = self.placed_until.map(|until| OrderId(earliest(until.plus(MILLISECOND))));
        let before = match (self.before, until) {
            (Some(before), Some(until)) => Some(before.min(until)),
            (before, until) => before.or(until),
        };
        (from, before)
    }
}

/// A row of a list of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
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
    /// The registered customer; absent for a guest.
    pub customer: Option<CustomerId>,
    /// Where its confirmation went.
    pub email: Email,
    /// What was to be paid: for all of it, or for the line items of the seller who was [asked about](Search::seller).
    pub total: Money,
    /// How the shopper chose to pay.
    pub payment_method: PaymentMethod,
    /// Units of the line items that the total is of.
    pub units: u64,
    /// When it was placed.
    pub placed_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ids;

    #[test]
    fn the_ids_hold_whatever_was_placed_in_the_time() {
        let at = |micros: i64| Timestamp::from_micros(1_700_000_000_000_000 + micros).unwrap();
        let placed = |micros: i64| Ids::new([9; 32], at(micros)).fresh::<OrderId>();
        let search =
            Search { placed_from: Some(at(1_500)), placed_until: Some(at(3_500)), ..Search::default() };
        let (from, before) = search.ids();
        let holds =
            |id: OrderId| from.is_none_or(|from| from <= id) && before.is_none_or(|before| id < before);
        assert!(!holds(placed(999)) && holds(placed(1_500)) && holds(placed(3_499)) && !holds(placed(4_000)));
        let later = Search { before: Some(placed(2_000)), ..search };
        assert_eq!(later.ids().1, Some(placed(2_000)));
        assert_eq!(Search::default().ids(), (None, None));
    }
}
