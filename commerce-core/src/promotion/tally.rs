//! What redemptions add to the counters that they are guarded by.

use std::collections::BTreeMap;

use super::changes::Changes;
use super::coupon::{CouponCode, CustomerKey, Redemption};
use crate::{Guard, Timestamp};

/// A counter of uses.
///
/// The order of the variants, then of the keys, is the order in which a store writes them, and so locks them: what a
/// coupon bounds is the narrowest and refuses first. Stock comes after all of them. Since every commit takes its locks in
/// this one order, no two wait for each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// The uses of a coupon.
    Coupon(CouponCode),
    /// The uses of a coupon by a customer.
    CouponCustomer(CouponCode, CustomerKey),
    /// The uses of a promotion, and what it took off.
    Promotion(String),
    /// The uses of a promotion by a customer.
    PromotionCustomer(String, CustomerKey),
}

/// What a change set adds to a counter, and how far that may count: a guarded delta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Which counter.
    pub counter: Counter,
    /// How many uses are added.
    pub uses: u64,
    /// It holds at most so many after that.
    pub uses_max: Option<u64>,
    /// How much more was taken off, in minor units; 0 but for [`Counter::Promotion`].
    pub amount: i64,
    /// At most so much was taken off after that.
    pub budget: Option<i64>,
    /// When: within the time of a coupon. Redemptions of one change set are of one decision, and so of one time.
    pub at: Timestamp,
}

impl Counter {
    /// The guard that does not hold when the counter is at its cap.
    #[must_use]
    pub fn guard(&self) -> Guard {
        match self {
            Self::Coupon(code) | Self::CouponCustomer(code, _) => Guard::CouponUses(code.clone()),
            Self::Promotion(promotion) | Self::PromotionCustomer(promotion, _) => {
                Guard::PromotionUses(promotion.clone())
            }
        }
    }
}

impl Changes {
    /// What the redemptions add to each counter: each once, in the order in which they are to be written.
    #[must_use]
    pub fn tallies(&self) -> Vec<Tally> {
        let mut tallies: BTreeMap<Counter, Tally> = BTreeMap::new();
        let mut add = |counter: Counter, at, uses_max: Option<u64>, amount: i64, budget: Option<i64>| {
            let new =
                Tally { counter: counter.clone(), uses: 0, uses_max: None, amount: 0, budget: None, at };
            let tally = tallies.entry(counter).or_insert(new);
            tally.uses += 1;
            tally.uses_max = tally.uses_max.into_iter().chain(uses_max).min();
            tally.amount = tally.amount.saturating_add(amount);
            tally.budget = tally.budget.into_iter().chain(budget).min();
        };
        for redemption in &self.redeem {
            let Redemption {
                order: _,
                promotion,
                coupon,
                customer,
                amount,
                at,
                uses_max,
                customer_uses_max,
                budget,
                coupon_uses_max,
                coupon_customer_uses_max,
            } = redemption;
            if let Some(code) = coupon {
                add(Counter::Coupon(code.clone()), *at, *coupon_uses_max, 0, None);
                let of_customer = Counter::CouponCustomer(code.clone(), *customer);
                add(of_customer, *at, *coupon_customer_uses_max, 0, None);
            }
            add(Counter::Promotion(promotion.clone()), *at, *uses_max, amount.minor, *budget);
            let of_customer = Counter::PromotionCustomer(promotion.clone(), *customer);
            add(of_customer, *at, *customer_uses_max, 0, None);
        }
        tallies.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Currency, Money};

    #[test]
    fn each_counter_is_written_once_and_coupons_first() {
        let at = Timestamp::from_micros(7).unwrap();
        let customer = CustomerKey([1; 32]);
        let redemption = |promotion: &str, coupon: Option<&str>, uses_max| Redemption {
            order: crate::OrderId(uuid::Uuid::from_u128(1)),
            promotion: promotion.to_owned(),
            coupon: coupon.map(|code| code.parse().unwrap()),
            customer,
            amount: Money::from_minor(100, Currency::NGN),
            at,
            uses_max,
            customer_uses_max: Some(2),
            budget: Some(500),
            coupon_uses_max: Some(9),
            coupon_customer_uses_max: None,
        };
        let code: CouponCode = "WELCOME".parse().unwrap();
        let changes = Changes {
            redeem: vec![
                redemption("b", None, None),
                redemption("a", Some("WELCOME"), Some(5)),
                redemption("a", None, Some(3)),
            ],
            ..Changes::default()
        };
        let tallies = changes.tallies();
        let counters: Vec<_> = tallies.iter().map(|tally| tally.counter.clone()).collect();
        let expected = [
            Counter::Coupon(code.clone()),
            Counter::CouponCustomer(code.clone(), customer),
            Counter::Promotion("a".to_owned()),
            Counter::Promotion("b".to_owned()),
            Counter::PromotionCustomer("a".to_owned(), customer),
            Counter::PromotionCustomer("b".to_owned(), customer),
        ];
        assert_eq!(counters, expected);
        let of_a = &tallies[2];
        assert_eq!(
            (of_a.uses, of_a.uses_max, of_a.amount, of_a.budget),
            (2, Some(3), 200, Some(500)),
            "the lower cap holds for both"
        );
        assert_eq!((tallies[0].uses_max, tallies[1].uses_max, tallies[4].uses_max), (Some(9), None, Some(2)));
        assert_eq!(tallies[0].counter.guard(), Guard::CouponUses(code));
        assert_eq!(tallies[5].counter.guard(), Guard::PromotionUses("b".to_owned()));
    }
}
