//! How many statements a shopper's reads take, whatever the number of rows. SQLite has no network, but a statement for each row
//! would still cost as much as the row.
//!
//! Statements run on a thread of their own, so the whole program counts, and there is one test in it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

use commerce_core::cart::{AddItem, Look, Shopper, VariantKey};
use commerce_core::catalog::{AttributeKind, Cell, ProductFilter, ProductInput, ProductKey, VariantInput};
use commerce_core::search::{AttributeFilter, Query, Request, Typed};
use commerce_core::{Currency, Engine, Quantity, Search, Store, UnitPrice};
use commerce_storage_sqlite::SqliteStore;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

/// Counts what the driver says that it ran.
struct Statements;

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn event(&self, _: &Event<'_>) {
        STATEMENTS.fetch_add(1, Ordering::SeqCst);
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The number of statements that the work runs.
async fn run<T>(work: impl Future<Output = T>) -> usize {
    let before = STATEMENTS.load(Ordering::SeqCst);
    work.await;
    STATEMENTS.load(Ordering::SeqCst) - before
}

/// A product with so many variants.
fn product(number: usize, variants: usize) -> ProductInput {
    let price = UnitPrice::parse("5", Currency::NGN).unwrap();
    let sizes: Vec<String> = (0..variants).map(|size| format!("size {size}")).collect();
    let mut product =
        ProductInput::new(format!("mug-{number}").parse().unwrap(), &format!("Blue mug {number}"))
            .options(&["Size"])
            .category(&["Home", "Kitchen", "Mugs"]);
    product.brand = Cell::Is("Acme".to_owned());
    product.tags = Cell::Is(vec!["gift".to_owned(), "new".to_owned()]);
    let colour = Cell::Is(["Red", "Blue"][number % 2].to_owned());
    product.attributes.push(("colour".to_owned(), "Colour".to_owned(), AttributeKind::Colour, colour));
    sizes.iter().enumerate().fold(product, |product, (place, size)| {
        let sku = format!("MUG-{number}-{place}").parse().unwrap();
        product.variant(VariantInput::new(sku, price).stock(9).values(&[size]))
    })
}

#[tokio::test]
async fn reads_take_as_many_statements_for_a_hundred_rows_as_for_one() {
    tracing::subscriber::set_global_default(Statements).unwrap();
    let store = SqliteStore::in_memory().await.unwrap();
    let engine = Engine::builder(store.clone()).build();
    for number in 0..60 {
        engine.catalog().put(product(number, if number == 0 { 40 } else { 2 })).await.unwrap();
    }

    let page = |page_size| ProductFilter {
        category: Some("home".parse().unwrap()),
        brand: Some("acme".parse().unwrap()),
        in_stock: Some(true),
        page_size,
        ..ProductFilter::default()
    };
    let mut lists = Vec::new();
    let mut searches = Vec::new();
    let mut counted = Vec::new();
    for page_size in [1, 20, 100] {
        lists.push(run(async { store.products(&page(page_size)).await.unwrap() }).await);
        let (settings, text) = (engine.search().settings().await.unwrap(), "blue mug");
        let analyzer = commerce_core::search::Analyzer::new(&settings.settings);
        let colours = AttributeFilter { code: "colour".to_owned(), values: vec!["red".to_owned()] };
        let mut request = Request {
            query: Some(Query::parse(text, &analyzer)),
            filter: page(page_size),
            attributes: vec![colours],
            by_relevance: true,
            ..Request::default()
        };
        searches.push(run(async { assert!(store.find(&request).await.unwrap().page.count > 1) }).await);
        request.facets = true;
        counted.push(run(async { assert!(store.find(&request).await.unwrap().facets.is_some()) }).await);
    }
    assert_eq!(lists, [2; 3], "count and page");
    assert!(searches.iter().all(|sent| *sent == searches[0] && (1..=8).contains(sent)), "{searches:?}");
    assert!(counted.iter().all(|sent| *sent == counted[0] && (1..=12).contains(sent)), "{counted:?}");

    let mut details = Vec::new();
    for slug in ["mug-0", "mug-1"] {
        let key = ProductKey::Slug(slug.parse().unwrap());
        details.push(run(async { assert!(store.product(&key).await.unwrap().is_some()) }).await);
    }
    assert!(details[0] == details[1] && (1..=16).contains(&details[0]), "{details:?}");

    let mut typing = Vec::new();
    for limit in [1, 20] {
        let typed = Typed { words: vec![], prefix: "mu".to_owned(), folded: "mu".to_owned(), limit };
        typing.push(run(async { store.complete(&typed).await.unwrap() }).await);
    }
    assert!(typing[0] == typing[1] && (1..=8).contains(&typing[0]), "{typing:?}");

    let item = |number: usize| {
        let sku = format!("MUG-{number}-0").parse().unwrap();
        AddItem::new(VariantKey::Sku(sku), Quantity::ONE)
    };
    let made = engine.carts().add(Shopper::Newcomer, &item(0), None).await.unwrap();
    let token = made.token.unwrap();
    let mut carts = Vec::new();
    let look = Look { token: Some(token.hash()), ..Look::default() };
    carts.push(run(async { assert_eq!(store.cart(&look).await.unwrap().offers.len(), 1) }).await);
    for number in 1..30 {
        engine.carts().add(Shopper::Guest(token.hash()), &item(number), None).await.unwrap();
    }
    carts.push(run(async { assert_eq!(store.cart(&look).await.unwrap().offers.len(), 30) }).await);
    assert!(carts[0] == carts[1] && (1..=16).contains(&carts[0]), "{carts:?}");
}
