//! Every SQL constant of the crate is prepared against the migrated schema, so that a wrong name fails here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::fs;
use std::path::Path;

use commerce_core::Store;
use commerce_core::catalog::{ProductFilter, SortBy};
use commerce_storage_sqlite::SqliteStore;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqlSafeStr};

/// Pieces that only make a statement together; the test below runs every combination of them.
const PIECES: [&str; 30] = [
    "ROWS",
    "ALL",
    "SUMMARIES",
    "ON_SALE",
    "OF_BRAND",
    "OF_BRAND_BEFORE",
    "IN_BRANCH_BEFORE",
    "IN_BRANCH",
    "AVAILABLE",
    "BY_CATEGORY",
    "BY_BRAND",
    "BY_PRICE",
    "BY_PRICES",
    "BY_VALUE",
    "RANK",
    "RANKED",
    "FACETED",
    "AT_LOCATION",
    "OF_SKU",
    "OF_PRODUCT",
    "OF_SELLER",
    "BELOW_REORDER",
    "BEHIND",
    "MOVED_SKU",
    "MOVED_AT",
    "MOVED_FOR",
    "MOVED_FROM",
    "MOVED_UNTIL",
    "MOVED_OF",
    "MOVED_BY",
];

#[tokio::test]
async fn every_statement_is_prepared() {
    let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    commerce_storage_sqlite::migrate(&mut conn).await.unwrap();
    let mut prepared = 0;
    let sources = sources();
    for (file, source) in &sources {
        for (name, sql) in constants(source, &sources) {
            if PIECES.contains(&name) {
                continue;
            }
            let done = (&mut conn).prepare(AssertSqlSafe(sql).into_sql_str()).await;
            assert!(done.is_ok(), "{file} {name}: {:?}", done.err());
            prepared += 1;
        }
    }
    assert!(prepared > 90, "only {prepared} statements found");
}

/// Name and text of each source file.
fn sources() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Name and text of each constant of a source.
fn constants<'s>(source: &'s str, sources: &[(String, String)]) -> Vec<(&'s str, String)> {
    let constants = source.split("\nconst ").skip(1);
    constants
        .filter_map(|rest| rest.split_once(": &str = "))
        .map(|(name, rest)| (name, text(rest, sources)))
        .collect()
}

/// The literals and the macros without arguments of an expression, put together up to its end.
fn text(expression: &str, sources: &[(String, String)]) -> String {
    let (mut text, mut rest) = (String::new(), expression);
    while let Some(at) = rest.find(|c: char| c == '"' || c == ';' || c == '}' || c.is_alphabetic()) {
        rest = &rest[at..];
        if let Some(literal) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = literal.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let (literal, after) = literal.split_at(end.unwrap());
            text.push_str(&literal.replace("\\\"", "\""));
            rest = &after[1..];
        } else if rest.starts_with([';', '}']) {
            break;
        } else {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap();
            let (name, after) = rest.split_at(end);
            if after.starts_with("!()") {
                text.push_str(&expanded(name, sources));
            }
            rest = after;
        }
    }
    text
}

fn expanded(name: &str, sources: &[(String, String)]) -> String {
    let begins = format!("macro_rules! {name} {{\n    () => {{");
    let body = sources.iter().find_map(|(_, source)| source.split_once(&begins)).unwrap().1;
    text(body, sources)
}

#[tokio::test]
async fn every_listing_is_prepared() {
    let store = SqliteStore::in_memory().await.unwrap();
    for search in commerce_core::testkit::order_searches() {
        let found = store.orders(&search, 21).await;
        assert!(found.as_ref().is_ok_and(Vec::is_empty), "{search:?}: {found:?}");
    }
    for sort_by in SortBy::ALL {
        for chosen in 0..1_u32 << 7 {
            let has = |bit: u32| chosen >> bit & 1 == 1;
            let filter = ProductFilter {
                category: has(0).then(|| "mugs".parse().unwrap()),
                brand: has(1).then(|| "acme".parse().unwrap()),
                min_price: has(2).then_some(1),
                max_price: has(3).then_some(2),
                in_stock: has(4).then_some(has(0)),
                featured: has(5).then_some(true),
                min_rating: has(6).then_some(400),
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
    let sources = sources();
    for (file, source) in sources.iter().filter(|(file, _)| ["cart.rs", "order.rs"].contains(&&**file)) {
        for (name, sql) in constants(source, &sources) {
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
