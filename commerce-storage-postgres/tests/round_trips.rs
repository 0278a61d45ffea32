//! How many statements each call takes, whatever the number of rows: a statement is a round trip.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use commerce_core::catalog::{Batch, ImportKeys, PriceLook, Product, ProductFilter, ProductKey};
use commerce_core::inventory;
use commerce_core::mail::{Kind, Mail};
use commerce_core::order::OrderKey;
use commerce_core::payment::UnmatchedKey;
use commerce_core::search::{Request, Typed};
use commerce_core::{Search, Store, review};
use shop::data::*;
use shop::in_shop;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Metadata, Subscriber};

/// Counts what the driver says that it sent.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The number of statements that the work sends: BEGIN, which the driver does not tell of, is not among them.
async fn sent<T>(work: impl Future<Output = T>) -> usize {
    let statements = Statements::default();
    let mut work = std::pin::pin!(work);
    // The subscriber is there only while this work is polled, whatever thread that happens on.
    std::future::poll_fn(|context| with_default(statements.clone(), || work.as_mut().poll(context))).await;
    statements.0.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_look_is_one_statement() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug", "cup", "pot"]).await;
        let variants = [stocked.variant(0), stocked.variant(1), stocked.variant(2)];
        let cart = filled_cart(&store, 1, 1, &variants).await;
        assert_eq!(sent(store.cart(&look(1))).await, 1);
        let changes = place(&mut ids(50), &cart, &stocked, later(60));
        store.commit(&changes).await.unwrap();
        let order = changes.order.place.unwrap().id;
        assert_eq!(sent(store.order(order.into(), Some(scope(&cart)))).await, 1);
        let payment = &changes.payment.open[0];
        assert_eq!(sent(store.order(OrderKey::Payment(payment.reference.clone()), None)).await, 1);
        assert_eq!(sent(store.overdue_orders(9)).await, 1);
        assert_eq!(sent(store.due_payments(9)).await, 1);
        assert_eq!(sent(store.due_refunds(9)).await, 1);
        assert_eq!(sent(store.refund(nobody())).await, 1);
        assert_eq!(sent(store.known_money(std::slice::from_ref(&payment.reference))).await, 1);
        assert_eq!(sent(store.unmatched(&UnmatchedKey::Reference(payment.reference.clone()))).await, 1);
        assert_eq!(sent(store.unmatched_list(None, None, 9)).await, 1);
        assert_eq!(sent(store.payments(None, None, 9)).await, 1);
        assert_eq!(sent(store.payment(payment.id)).await, 1);
        assert_eq!(sent(store.journal(order)).await, 1);
        assert_eq!(sent(store.balances(now(), later(1))).await, 1);
        assert_eq!(sent(store.waiting_messages(9)).await, 1);
        assert_eq!(sent(store.parked_messages(None, 9)).await, 1);
        assert_eq!(sent(store.message(nobody())).await, 1);
        assert_eq!(sent(store.job("payments.reconcile")).await, 1);
        assert_eq!(sent(store.bulk_import(&commerce_core::bulk::Look::default())).await, 1);
        assert_eq!(sent(store.bulk_imports(&commerce_core::bulk::Search::default(), 9)).await, 1);
        assert_eq!(sent(store.due_import()).await, 1);
        assert_eq!(sent(store.import_chunk(nobody(), 0)).await, 1);
        assert_eq!(sent(store.import_refusals(nobody(), 0, 9)).await, 1);
        assert_eq!(sent(store.waiting_mails(9)).await, 1);
        assert_eq!(sent(store.mails(None, None, 9)).await, 1);
        assert_eq!(sent(store.mail(nobody())).await, 1);
        assert_eq!(sent(store.rulebook()).await, 1);
        assert_eq!(sent(store.products(&ProductFilter::default())).await, 1);
        assert_eq!(sent(store.product(&ProductKey::Id(stocked.products[0].id))).await, 1);
        for about in [review::About::Product("mug".parse().unwrap()), review::About::Review(nobody())] {
            let look = review::Look { about, customer: Some(nobody()), repeated: None };
            assert_eq!(sent(store.review(&look)).await, 1);
        }
        let of_mug = |sort| review::Of::Product { slug: "mug".parse().unwrap(), rating: None, sort };
        for of in review::Sort::ALL.map(of_mug).into_iter().chain([review::Of::Queue]) {
            assert_eq!(sent(store.reviews(&review::Search { of, page: 1, page_size: 9 })).await, 1);
        }
        assert_eq!(sent(store.related(&stocked.products[0].slug, 20)).await, 1);
        assert_eq!(sent(store.wishlist(&commerce_core::interest::Look::at(nobody(), 9))).await, 1);
        assert_eq!(sent(store.viewed_products(nobody())).await, 1);
        assert_eq!(sent(store.categories()).await, 1);
        assert_eq!(sent(store.catalog_generation()).await, 1);
        assert_eq!(sent(store.import_view(&ImportKeys::default())).await, 1);
        assert_eq!(sent(store.export(None, 9)).await, 1);
        for page_size in [1, 100] {
            let filter = ProductFilter { page_size, ..ProductFilter::default() };
            assert_eq!(sent(store.products(&filter)).await, 1);
            for facets in [false, true] {
                let request = Request { filter: filter.clone(), facets, ..Request::default() };
                assert_eq!(sent(store.find(&request)).await, 1);
            }
        }
        let typed = Typed { words: vec![], prefix: "mu".to_owned(), folded: "mu".to_owned(), limit: 9 };
        assert_eq!(sent(store.complete(&typed)).await, 1);
        store.similar(&["mgu".to_owned()]).await.unwrap();
        assert_eq!(sent(store.similar(&["mgu".to_owned(), "cpu".to_owned()])).await, 1);
        assert_eq!(sent(store.search_settings()).await, 1);
        assert_eq!(sent(store.locations()).await, 1);
        assert_eq!(sent(store.stock(&variants)).await, 1);
        assert_eq!(sent(store.inventory(&inventory::Look::default())).await, 1);
        assert_eq!(sent(store.levels(&inventory::LevelSearch::default(), 9)).await, 1);
        assert_eq!(sent(store.movements(&inventory::MovementSearch::default(), 9)).await, 1);
        assert_eq!(sent(store.prices(&PriceLook::default())).await, 1);
        assert_eq!(sent(store.ping()).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_commit_is_one_statement_and_one_more_for_the_counters_and_its_commit() {
    in_shop(|store| async move {
        let slugs: Vec<String> = (0..30).map(|number| format!("p{number}")).collect();
        let slugs: Vec<&str> = slugs.iter().map(String::as_str).collect();
        let stocked = stocked(&store, 5, &slugs).await;
        let variants: Vec<_> = (0..30).map(|index| stocked.variant(index)).collect();
        for (byte, variants) in [(1, &variants[..1]), (2, &variants[..])] {
            let cart = cart(&mut ids(60 + byte), byte, Vec::new());
            assert_eq!(sent(store.commit(&write(&cart))).await, 2, "a new cart");
            let mut filled = cart;
            filled.version = 2;
            filled.lines = variants.iter().map(|variant| cart_line(&mut ids(byte), *variant, 1)).collect();
            // Each line item an id of its own.
            let mut fresh = ids(70 + byte);
            filled.lines.iter_mut().for_each(|line| line.id = fresh.fresh());
            assert_eq!(sent(store.commit(&write(&filled))).await, 2, "a changed cart");
            let mut changes = place(&mut ids(50 + byte), &filled, &stocked, later(60));
            let placed = Kind::OrderPlaced { order: changes.order.place.as_ref().unwrap().id };
            changes.mail.send =
                vec![Mail::new(fresh.fresh(), "ada@example.com".parse().unwrap(), placed, now())];
            assert_eq!(sent(store.commit(&changes)).await, 3, "an order with its mail");
            let view = store.order(changes.order.place.unwrap().id.into(), None).await.unwrap().unwrap();
            assert_eq!(sent(store.commit(&cancel(&mut ids(80 + byte), &view))).await, 3, "a cancellation");
        }
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn an_order_counts_its_uses_and_its_stock_in_one_statement() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug", "cup"]).await;
        store.commit(&issue("WELCOME")).await.unwrap();
        let cart = filled_cart(&store, 1, 1, &[stocked.variant(0), stocked.variant(1)]).await;
        let changes = redeeming(place(&mut ids(50), &cart, &stocked, later(60)), "WELCOME");
        assert_eq!(sent(store.commit(&changes)).await, 3, "an order");
        let order = changes.order.place.unwrap().id;
        let view = store.order(order.into(), None).await.unwrap().unwrap();
        let mut cancelling = cancel(&mut ids(80), &view);
        cancelling.promotion.release.push((order, now()));
        assert_eq!(sent(store.commit(&cancelling)).await, 4, "a cancellation that gives uses back");
        assert_eq!(sent(store.promotion_usage(&["welcome".to_owned()], None)).await, 1);
        assert_eq!(sent(store.coupons(None, None, 9)).await, 1);
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn an_import_takes_as_many_statements_as_the_import_of_one() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let location = location(&mut ids, "MAIN", 1);
        for products in [1, 100] {
            let products: Vec<Product> = (0..products)
                .map(|number| product(&mut ids, &format!("p-{products}-{number}"), 100))
                .collect();
            let mut batch = Batch { products: products.iter().map(new).collect(), ..Batch::default() };
            if products.len() == 1 {
                batch.inventory.locations.push(location.clone());
            }
            for product in &products {
                batch.inventory.levels.push(level(product.variants[0].id, location.id));
                batch.inventory.adjust.push(movement(&mut ids, product.variants[0].id, location.id, 3));
            }
            assert_eq!(sent(store.import(&batch)).await, 7);
        }
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}
