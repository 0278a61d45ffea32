//! What is not indexed as it is now: made up for when the store is opened. And how many statements a search takes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use commerce_core::Engine;
use commerce_core::catalog::{ProductInput, VariantInput};
use commerce_core::search::Ask;
use commerce_core::{Currency, UnitPrice};
use commerce_storage_sqlite::SqliteStore;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

async fn found(store: &SqliteStore, text: &str) -> u64 {
    let ask = Ask { text: Some(text.to_owned()), ..Ask::default() };
    Engine::builder(store.clone()).build().search().find(&ask).await.unwrap().page.count
}

fn product(slug: &str, name: &str) -> ProductInput {
    let price = UnitPrice::parse("5", Currency::NGN).unwrap();
    ProductInput::new(slug.parse().unwrap(), name)
        .variant(VariantInput::new(slug.to_uppercase().parse().unwrap(), price))
}

#[tokio::test]
async fn a_shop_that_is_older_than_the_search_is_brought_up_to_date() {
    let path = std::env::temp_dir().join(format!("commerce-search-{}.db", std::process::id()));
    let store = SqliteStore::open(&path).await.unwrap();
    let engine = Engine::builder(store.clone()).build();
    for (slug, name) in [("mug", "Blue mug"), ("cup", "Red cup"), ("pot", "Big pot")] {
        engine.catalog().put(product(slug, name)).await.unwrap();
    }
    assert_eq!(found(&store, "mug or cup or pot").await, 3);
    store.close().await;

    // One was never indexed, one was changed by a program that knows of no search, one is as it was.
    let mut conn = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    for sql in [
        "DELETE FROM search_terms WHERE rowid = 1",
        "DELETE FROM search_typed WHERE rowid = 1",
        "DELETE FROM search_values WHERE document = 1",
        "DELETE FROM search_documents WHERE id = 1",
        "UPDATE products SET name = 'Green beaker', version = version + 1 WHERE slug = 'cup'",
    ] {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    }
    conn.close().await.unwrap();

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(found(&store, "mug").await, 1);
    assert_eq!(found(&store, "beaker").await, 1);
    assert_eq!(found(&store, "mug or beaker or pot").await, 3);
    let engine = Engine::builder(store.clone()).build();
    assert_eq!(engine.search().index().await.unwrap(), 0, "nothing is left");
    assert_eq!(engine.search().complete("beak", 5).await.unwrap().products.len(), 1);
    store.close().await;
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(format!("{}{end}", path.display())).ok();
    }
}
