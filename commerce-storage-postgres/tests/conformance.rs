//! The suite that every store runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use async_trait::async_trait;
use commerce_core::testkit::conformance::{Fixture, Opened};
use commerce_storage_postgres::PostgresStore;

/// A schema of its own for each case.
struct Schema;

#[async_trait]
impl Fixture for Schema {
    async fn open(&self) -> Opened {
        let options = shop::options();
        let schema = options.schema.clone().unwrap();
        shop::drop_schema(&schema).await;
        let store = PostgresStore::connect_with(options).await.unwrap();
        store.migrate().await.unwrap();
        let pool = store.pool().clone();
        Opened::new(store).closing(async move {
            pool.close().await;
            shop::drop_schema(&schema).await;
        })
    }
}

commerce_core::store_conformance!(Schema);
