//! A shop of its own for each test: a schema, made before and dropped after, whatever the test does.
#![expect(dead_code, reason = "every test file uses a part of it")]

pub(crate) mod data;

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

use commerce_storage_postgres::{PostgresOptions, PostgresStore};
use sqlx::{AssertSqlSafe, Executor};

/// Where the tests find a server whose superuser they are.
pub(crate) fn url() -> String {
    std::env::var("COMMERCE_TEST_POSTGRES_URL").expect(
        "COMMERCE_TEST_POSTGRES_URL names no database: run `cargo xtask test`, or \
         `cargo xtask postgres -- cargo test -p commerce-storage-postgres`",
    )
}

/// The options of a new shop that nobody else has.
pub(crate) fn options() -> PostgresOptions {
    static SHOPS: AtomicU32 = AtomicU32::new(0);
    let schema = format!("test_{}_{}", std::process::id(), SHOPS.fetch_add(1, Ordering::Relaxed));
    // Nobody else migrates this schema, so no test has to wait for another.
    PostgresOptions::new(url()).schema(schema).pool_size(8).migration_lock(false)
}

/// Runs a test in a new, empty shop.
pub(crate) async fn in_shop<F>(test: impl FnOnce(PostgresStore) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    in_shop_with(options(), test).await;
}

/// Runs a test in a new, empty shop with these options.
pub(crate) async fn in_shop_with<F>(options: PostgresOptions, test: impl FnOnce(PostgresStore) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let schema = options.schema.clone().unwrap();
    drop_schema(&schema).await;
    let store = PostgresStore::connect_with(options).await.unwrap();
    store.migrate().await.unwrap();
    let pool = store.pool().clone();
    let ended = tokio::spawn(test(store)).await;
    pool.close().await;
    drop_schema(&schema).await;
    if let Err(error) = ended {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// Drops the schema of a test, if it is there.
pub(crate) async fn drop_schema(schema: &str) {
    let store = PostgresStore::connect_with(PostgresOptions::new(url()).pool_size(1)).await.unwrap();
    let sql = format!("drop schema if exists {schema} cascade");
    store.pool().execute(AssertSqlSafe(sql)).await.unwrap();
    store.pool().close().await;
}

/// Runs a statement that a store never would.
pub(crate) async fn sabotage(store: &PostgresStore, sql: &str) {
    store.pool().execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
}

/// The number that a statement answers.
pub(crate) async fn number(store: &PostgresStore, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(store.pool()).await.unwrap()
}

/// How many rows every table has: what must be the same after a commit that was stale.
pub(crate) async fn rows(store: &PostgresStore) -> Vec<i64> {
    let mut counted = Vec::new();
    for table in [
        "products",
        "variants",
        "brands",
        "stock",
        "stock_movements",
        "reservations",
        "carts",
        "cart_lines",
        "orders",
        "order_lines",
        "order_adjustments",
        "order_history",
        "payments",
        "idempotency",
        "audit",
        "outbox",
        "rulebooks",
        "locations",
        "coupons",
        "coupon_customers",
        "promotion_usage",
        "promotion_customers",
        "redemptions",
    ] {
        counted.push(number(store, &format!("select count(*) from {table}")).await);
    }
    counted
        .push(number(store, "select coalesce(sum(on_hand + 1000 * reserved), 0)::bigint from stock").await);
    counted.push(number(store, "select coalesce(sum(version), 0)::bigint from carts").await);
    counted.push(number(store, "select coalesce(sum(version), 0)::bigint from orders").await);
    counted
}
