//! Every SQL constant of the crate is prepared against the migrated schema, so that a wrong name fails here.

use std::fs;
use std::path::Path;

use commerce_core::Store;
use commerce_core::catalog::{ProductFilter, SortBy};
use commerce_storage_sqlite::SqliteStore;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqlSafeStr};

/// Pieces that only make a statement together; the test below runs every combination of them.
const PIECES: [&str; 5] = ["SUMMARIES", "ON_SALE", "OF_BRAND", "IN_BRANCH", "AVAILABLE"];

#[tokio::test]
async fn every_statement_is_prepared() {
    let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    commerce_storage_sqlite::migrate(&mut conn).await.unwrap();
    let mut prepared = 0;
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = file.unwrap().path();
        let source = fs::read_to_string(&path).unwrap();
        for (name, sql) in constants(&source) {
            if PIECES.contains(&name) {
                continue;
            }
            let done = (&mut conn).prepare(AssertSqlSafe(sql.replace("\\\"", "\"")).into_sql_str()).await;
            assert!(done.is_ok(), "{} {name}: {:?}", path.display(), done.err());
            prepared += 1;
        }
    }
    assert!(prepared > 60, "only {prepared} statements found");
}

/// Name and text of each constant of a source.
fn constants(source: &str) -> impl Iterator<Item = (&str, &str)> {
    source.split("\nconst ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(": &str = \"")?;
        Some((name, rest.split_once("\";")?.0))
    })
}

#[tokio::test]
async fn every_listing_is_prepared() {
    let store = SqliteStore::in_memory().await.unwrap();
    for sort_by in [SortBy::Newest, SortBy::PriceAsc, SortBy::PriceDesc, SortBy::Name] {
        for chosen in 0..1_u32 << 6 {
            let has = |bit: u32| chosen >> bit & 1 == 1;
            let filter = ProductFilter {
                category: has(0).then(|| "mugs".parse().unwrap()),
                brand: has(1).then(|| "acme".parse().unwrap()),
                min_price: has(2).then_some(1),
                max_price: has(3).then_some(2),
                in_stock: has(4).then_some(has(0)),
                featured: has(5).then_some(true),
                sort_by,
                ..ProductFilter::default()
            };
            let page = store.products(&filter).await.unwrap();
            assert_eq!((page.rows.len(), page.count, page.count_is_exact), (0, 0, true));
        }
    }
}

/// What a look at a cart or an order may read from end to end: its own intermediate results, and a table of one row.
const READ_WHOLE: [&str; 7] = [
    "CONSTANT ROW",
    "(subquery",
    "c LEFT-JOIN", // the cart, which the statement found before
    "asked",
    "wanted",
    "rulebook_current",
    "json_each VIRTUAL TABLE",
];

#[tokio::test]
async fn a_look_at_a_cart_or_an_order_reads_no_whole_table() {
    let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    commerce_storage_sqlite::migrate(&mut conn).await.unwrap();
    for file in ["cart.rs", "order.rs"] {
        let source =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file)).unwrap();
        for (name, sql) in constants(&source) {
            let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            for row in sqlx::query(plan).fetch_all(&mut conn).await.unwrap() {
                let step: String = row.get("detail");
                let read = step
                    .strip_prefix("SCAN ")
                    .filter(|read| !READ_WHOLE.iter().any(|own| read.starts_with(own)));
                assert_eq!(read, None, "{file} {name}: {step}");
            }
        }
    }
}
