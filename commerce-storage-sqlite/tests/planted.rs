//! Bugs are planted, one after the other, and the tests that guard against them go red.

#![cfg(feature = "planted")]
#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop")]

mod fixture;

mod in_memory {
    commerce_core::planted_bugs!(crate::fixture::InMemory);
}

mod on_file {
    commerce_core::planted_bugs!(crate::fixture::OnFile);
}

mod by_sql {
    use async_trait::async_trait;
    use commerce_core::testkit::conformance::{Fixture, Opened};
    use commerce_core::testkit::planted::spoils;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
    use sqlx::{AssertSqlSafe, Connection};

    use crate::fixture::OnFile;

    /// A shop whose database does this whenever a use is given back: what a wrong statement of the store would do.
    struct GivingBack(&'static str);

    #[async_trait]
    impl Fixture for GivingBack {
        async fn open(&self) -> Opened {
            let (opened, file) = OnFile::open_file().await;
            let options = SqliteConnectOptions::new().filename(file);
            let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
            let then = format!(
                "CREATE TRIGGER give_back AFTER UPDATE OF released_at ON redemptions BEGIN {}; END",
                self.0
            );
            sqlx::query(AssertSqlSafe(then)).execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
            opened
        }
    }

    const RELEASES: &[&str] = &[
        "promotions::an_unpaid_order_gives_its_uses_back",
        "promotions::a_cancelled_order_gives_its_uses_back_once",
        "races::coupons_and_stock_in_either_order",
    ];

    #[test]
    fn a_use_that_is_given_back_twice() {
        let twice = "UPDATE promotion_usage SET uses = uses - 1 WHERE promotion = new.promotion AND uses > 0";
        // One use that is given back twice is not seen where no other is left: the counters do not fall below 0.
        spoils(&GivingBack(twice), &RELEASES[1..]);
        spoils(
            &GivingBack("UPDATE coupons SET uses = uses - 1 WHERE code = new.coupon AND uses > 0"),
            &RELEASES[1..],
        );
    }

    #[test]
    fn a_use_that_the_customer_is_not_given_back() {
        for kept in [
            "UPDATE promotion_customers SET uses = uses + 1
              WHERE promotion = new.promotion AND customer_key = new.customer_key",
            "UPDATE coupon_customers SET uses = uses + 1 WHERE code = new.coupon AND customer_key = new.customer_key",
        ] {
            spoils(&GivingBack(kept), RELEASES);
        }
    }
}
