//! Every invariant is seen to find the damage that it is there for: what no change set can say wrongly is damaged by SQL.

mod fixture;

use commerce_core::checkout::Confirm;
use commerce_core::money::Percent;
use commerce_core::payment::PaymentMethod;
use commerce_core::pricing::Rulebook;
use commerce_core::promotion::{Action, Promotion};
use commerce_core::tax::{TaxRate, TaxRules};
use commerce_core::testkit::conformance::{Opened, Shop, cancel, request};
use commerce_core::testkit::item;
use commerce_core::{Currency, Invariant, Store};
use commerce_storage_postgres::PostgresStore;
use fixture::FreshSchema;
use sqlx::{AssertSqlSafe, Executor};

const TABLES: [&str; 11] = [
    "stock",
    "stock_movements",
    "reservations",
    "carts",
    "cart_lines",
    "orders",
    "order_lines",
    "order_history",
    "payments",
    "idempotency",
    "outbox",
];

#[tokio::test]
async fn stock_sum() {
    found(
        Invariant::StockSum,
        &["update stock set on_hand = on_hand + 1", "delete from stock_movements", "delete from stock"],
    )
    .await;
}

#[tokio::test]
async fn reserved_sum() {
    found(
        Invariant::ReservedSum,
        &[
            "update stock set reserved = reserved + 1",
            "update stock set reserved = 0",
            "delete from reservations",
            "update reservations set state = 'released', ended_at = now() where state = 'open'",
            "update reservations set quantity = quantity + 1",
            "update stock set on_hand = 2",
            "delete from stock",
        ],
    )
    .await;
}

#[tokio::test]
async fn reservation_live() {
    found(
        Invariant::ReservationLive,
        &[
            "update orders set status = 'cancelled'",
            "update orders set status = 'completed'",
            "update orders set payment_status = 'paid' where payment_status = 'pending'",
            "update reservations set expires_at = null",
            "update reservations set expires_at = now() where expires_at is null",
            "update reservations set state = 'open', ended_at = null",
        ],
    )
    .await;
}

#[tokio::test]
async fn no_oversell() {
    found(
        Invariant::NoOversell,
        &[
            "update order_lines set quantity = 16",
            "delete from stock_movements",
            "update stock_movements set delta = 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn order_total() {
    found(Invariant::OrderTotal, &[
        "alter table orders drop constraint orders_total_check; update orders set total = total + 1",
        "update orders set subtotal = subtotal + 1, total = total + 1",
        "update orders set discount = discount - 1, total = total + 1",
        "update orders set tax_added = 0, total = total - tax_added",
        "update order_lines set tax_included = 1",
        "update order_lines set line_total = line_total + 1, paid = paid + 1",
        "update order_lines set discount = discount + 1, paid = paid - 1",
        "alter table order_lines drop constraint order_lines_paid_check; update order_lines set paid = paid - 1",
        "delete from order_lines",
    ])
    .await;
}

#[tokio::test]
async fn state_legal() {
    found(
        Invariant::StateLegal,
        &[
            "update orders set status = 'processing'",
            "update orders set fulfillment_status = 'partial'",
            "update orders set payment_status = 'authorized'",
            "update order_history set to_state = 'shipped' where machine = 'order'",
            "update order_history set from_state = 'due' where machine = 'payment'",
            "update order_history set from_state = null",
            "update order_history set position = 9 where position = 2",
            "delete from order_history where machine = 'fulfillment'",
            "delete from order_history",
        ],
    )
    .await;
}

#[tokio::test]
async fn paid_is_paid() {
    found(Invariant::PaidIsPaid, &[
        "update orders set payment_status = 'paid'",
        "update payments set state = 'paid'",
        "update payments set state = 'paid', amount = amount - 1; update orders set payment_status = 'paid'",
        "update payments set state = 'paid', currency = 'XOF'; update orders set payment_status = 'paid'",
    ])
    .await;
}

#[tokio::test]
async fn ref_one() {
    found(Invariant::RefOne, &["delete from payments"]).await;
}

#[tokio::test]
async fn key_one() {
    found(
        Invariant::KeyOne,
        &[
            "update idempotency set outcome_id = gen_random_uuid()",
            "update idempotency set outcome = 'cart_changed'",
            "delete from orders",
        ],
    )
    .await;
}

#[tokio::test]
async fn cart_one() {
    found(
        Invariant::CartOne,
        &[
            "update carts set order_id = gen_random_uuid()",
            "update carts set order_id = null",
            "update orders set cart_id = gen_random_uuid()",
            "delete from carts",
            "delete from orders",
        ],
    )
    .await;
}

#[tokio::test]
async fn outbox_once() {
    found(
        Invariant::OutboxOnce,
        &[
            "delete from outbox",
            "insert into outbox select gen_random_uuid(), name, subject, 9, data, at, null from outbox",
            "delete from orders",
        ],
    )
    .await;
}

/// Does each damage in turn to a sound shop, and sees that it is found, and that nothing is when it is repaired.
async fn found(invariant: Invariant, damages: &[&str]) {
    let store = FreshSchema.connect().await;
    trade(&store).await;
    assert_eq!(store.violations().await.unwrap(), []);
    let statements = |one: fn(&str) -> String| TABLES.map(one).join(";");
    run(&store, statements(|table| format!("create table kept_{table} as table {table}"))).await;
    for damage in damages {
        run(&store, (*damage).to_owned()).await;
        let violations = store.violations().await.unwrap();
        let named = violations.iter().any(|violation| violation.invariant == invariant);
        assert!(named, "{damage}: {violations:#?}");
        run(
            &store,
            statements(|table| format!("delete from {table}; insert into {table} table kept_{table}")),
        )
        .await;
        assert_eq!(store.violations().await.unwrap(), [], "after {damage} was repaired");
    }
    FreshSchema.drop(&store).await;
}

/// An order in cash, one by card, and one that was cancelled, each with a discount and a tax.
async fn trade(store: &PostgresStore) {
    let shop = Shop::over(Opened::new(store.clone()));
    let percent = |text: &str| -> Percent { text.parse().unwrap() };
    let mut rulebook = Rulebook::starter(Currency::NGN);
    rulebook.promotions.push(Promotion {
        code: "tenth".to_owned(),
        label: "A tenth off".to_owned(),
        action: Action::PercentOffLines(percent("10")),
        min_subtotal: None,
    });
    let rate = TaxRate { country: "NG".parse().unwrap(), name: "VAT".to_owned(), rate: percent("7.5") };
    rulebook.tax = TaxRules { rates: vec![rate], ..TaxRules::default() };
    shop.rules(rulebook).await;
    shop.sell([item("mug").stock(10)]).await;
    let token = shop.ready_cart(&[("mug", 2)]).await;
    let asked = Confirm { request: Some(request("key-1", "confirm")), ..Confirm::default() };
    shop.engine.checkout().confirm(&token, &asked).await.unwrap();
    let token = shop.ready_cart_paying(PaymentMethod::Card, &[("mug", 3)]).await;
    shop.confirm(&token).await.unwrap();
    let cancelled = shop.order(&[("mug", 1)]).await.order.id;
    shop.engine.orders().cancel(cancelled, &cancel()).await.unwrap();
}

/// Runs statements that a store never would, with its foreign keys and triggers off.
async fn run(store: &PostgresStore, statements: String) {
    let mut conn = store.pool().acquire().await.unwrap();
    conn.execute("set session_replication_role = replica").await.unwrap();
    conn.execute(AssertSqlSafe(statements)).await.unwrap();
    conn.execute("set session_replication_role = origin").await.unwrap();
}
