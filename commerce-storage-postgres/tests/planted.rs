//! Bugs are planted, one after the other, and the tests that guard against them go red.

#![cfg(feature = "planted")]
#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop")]

mod fixture;

use async_trait::async_trait;
use commerce_core::testkit::conformance::{Fixture, Opened};
use commerce_core::testkit::planted::spoils;
use fixture::FreshSchema;
use sqlx::Executor;

commerce_core::planted_bugs!(FreshSchema);

/// A shop whose database does this whenever a use is given back: what a wrong statement of the store would do.
struct GivingBack(&'static str);

#[async_trait]
impl Fixture for GivingBack {
    async fn open(&self) -> Opened {
        let store = FreshSchema.connect().await;
        let then = format!(
            "create function give_back() returns trigger language plpgsql as $$ begin {}; return null; end $$;
             create trigger give_back after update of released_at on redemptions
                for each row execute function give_back();",
            self.0
        );
        store.pool().execute(sqlx::AssertSqlSafe(then)).await.unwrap();
        let closing = store.clone();
        Opened::new(store).closing(async move { FreshSchema.drop(&closing).await })
    }
}

const RELEASES: &[&str] = &[
    "promotions::an_unpaid_order_gives_its_uses_back",
    "promotions::a_cancelled_order_gives_its_uses_back_once",
    "races::coupons_and_stock_in_either_order",
];

#[test]
fn a_use_that_is_given_back_twice() {
    let twice = "update promotion_usage set uses = uses - 1 where promotion = new.promotion and uses > 0";
    // One use that is given back twice is not seen where no other is left: the counters do not fall below 0.
    spoils(&GivingBack(twice), &RELEASES[1..]);
    spoils(
        &GivingBack("update coupons set uses = uses - 1 where code = new.coupon and uses > 0"),
        &RELEASES[1..],
    );
}

#[test]
fn a_use_that_the_customer_is_not_given_back() {
    for kept in [
        "update promotion_customers set uses = uses + 1
          where promotion = new.promotion and customer_key = new.customer_key",
        "update coupon_customers set uses = uses + 1 where code = new.coupon and customer_key = new.customer_key",
    ] {
        spoils(&GivingBack(kept), RELEASES);
    }
}
