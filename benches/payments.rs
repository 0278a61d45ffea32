//! What being paid through a gateway costs, beside what the gateway itself takes: it answers at once here, in process. How
//! many of its messages are stored and dealt with in a second, and a confirm that asks it against one that is paid on
//! delivery, on both stores, in one run.
//!
//! `cargo xtask bench payments`; `PAYMENTS_ROUNDS=1` for a quick look.

mod support;

use std::sync::Arc;

use commerce_core::payment::{PaymentMethod, PaymentReference};
use commerce_core::testkit::PretendGateway;
use commerce_core::{Engine, Store};
use commerce_storage_postgres::{PostgresOptions, PostgresStore};
use commerce_storage_sqlite::SqliteStore;
use support::{Folder, Shop, Spread, fsync_millis, postgres_url, rate};

/// Orders, and messages, of a round.
const ORDERS: usize = 400;

#[tokio::main]
async fn main() {
    // Cargo runs every benchmark with the filter that it was given.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if filter.is_some_and(|filter| !"payments".contains(&filter)) {
        return;
    }
    sqlite().await;
    postgres().await;
}

async fn sqlite() {
    let folder = Folder::new("payments");
    println!("SQLite, fsync of 4 KiB takes {:.3} ms", fsync_millis(&folder.0));
    let store = SqliteStore::open(&folder.0.join("shop.db")).await.expect("a store");
    Till::open(Arc::new(store)).await.measure([1, 32]).await;
}

async fn postgres() {
    let schema = format!("bench_payments_{}", std::process::id());
    let options = PostgresOptions::new(postgres_url()).schema(&schema).pool_size(16);
    let store = PostgresStore::connect_with(options).await.expect("a store");
    store.migrate().await.expect("its tables");
    let pool = store.pool().clone();
    println!("PostgreSQL, 16 connections");
    Till::open(Arc::new(store)).await.measure([1, 16]).await;
    let drop = sqlx::AssertSqlSafe(format!("drop schema {schema} cascade"));
    sqlx::query(drop).execute(&pool).await.expect("the schema goes");
}

/// A shop, and a gateway that takes no time.
struct Till {
    shop: Arc<Shop>,
    gateway: Arc<PretendGateway>,
}

impl Till {
    async fn open(store: Arc<dyn Store>) -> Self {
        let gateway = Arc::new(PretendGateway::default());
        let engine = Engine::builder_shared(store)
            .gateway(Arc::clone(&gateway) as _)
            .payment_methods([PaymentMethod::Card, PaymentMethod::CashOnDelivery])
            .build();
        Self { shop: Arc::new(Shop::of(engine, 64).await), gateway }
    }

    async fn measure(&self, callers: [usize; 2]) {
        for callers in callers {
            self.confirms(callers).await;
        }
        for callers in callers {
            self.messages(callers).await;
        }
        self.shop.books_are_right().await;
    }

    /// A confirm that commits, asks the gateway and records its answer, against one that commits.
    async fn confirms(&self, callers: usize) {
        let (mut asking, mut alone, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds() {
            let card = self.confirm_all(PaymentMethod::Card, callers).await;
            let cash = self.confirm_all(PaymentMethod::CashOnDelivery, callers).await;
            asking.push(card);
            alone.push(cash);
            ratios.push(card / cash);
        }
        println!(
            "  {callers:>2} callers: confirm and ask {:.0} orders/s, confirm alone {:.0} orders/s, ratio {}",
            Spread::of(asking).median,
            Spread::of(alone).median,
            Spread::of(ratios)
        );
    }

    async fn confirm_all(&self, method: PaymentMethod, callers: usize) -> f64 {
        let carts = self.shop.ready_carts_paid_by(method, ORDERS).await;
        let shop = Arc::clone(&self.shop);
        rate(callers, carts, move |token| {
            let shop = Arc::clone(&shop);
            async move {
                let confirmed = shop.confirm(&token).await;
                assert!(confirmed.trouble.is_none(), "the gateway did its part");
            }
        })
        .await
    }

    /// A message of a payment that is stored, and one that is stored and dealt with: its order is paid then.
    async fn messages(&self, callers: usize) {
        let (mut stored, mut settled, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds() {
            let store = self.receive_all(callers, false).await;
            let settle = self.receive_all(callers, true).await;
            stored.push(store);
            settled.push(settle);
            ratios.push(settle / store);
        }
        println!(
            "  {callers:>2} callers: messages stored {:.0}/s, stored and dealt with {:.0}/s, ratio {}",
            Spread::of(stored).median,
            Spread::of(settled).median,
            Spread::of(ratios)
        );
    }

    async fn receive_all(&self, callers: usize, deal: bool) -> f64 {
        let paid = self.paid_at_the_gateway().await;
        let (shop, gateway) = (Arc::clone(&self.shop), Arc::clone(&self.gateway));
        let rate = rate(callers, paid, move |reference| {
            let (payments, body) = (shop.engine.payments(), gateway.message("charge", &reference));
            async move {
                let signature = Some(PretendGateway::SIGNATURE);
                let message = payments.receive(signature, &body).await.expect("the message is stored");
                if deal {
                    payments.handle(message).await.expect("the message is dealt with");
                }
            }
        })
        .await;
        // What was stored only is dealt with off the clock, so that every round begins alike.
        while self.shop.engine.payments().handle_waiting(100).await.expect("messages are read") > 0 {}
        rate
    }

    /// Orders that are paid, of which the shop was not told.
    async fn paid_at_the_gateway(&self) -> Vec<PaymentReference> {
        let mut references = Vec::with_capacity(ORDERS);
        for token in self.shop.ready_carts_paid_by(PaymentMethod::Card, ORDERS).await {
            let reference = self.shop.confirm(&token).await.payment.reference;
            self.gateway.pay(&reference);
            references.push(reference);
        }
        references
    }
}

fn rounds() -> usize {
    std::env::var("PAYMENTS_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(7)
}
