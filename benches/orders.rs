//! What placing an order costs: the engine against the same SQL written by hand, on both stores, in one run; and what it
//! costs once many orders are there.
//!
//! `cargo xtask bench orders`; `ORDERS_PILED=100000` also piles up orders and takes some minutes.

mod by_hand;
mod support;

use std::sync::Arc;

use commerce_core::Store;
use commerce_core::cart::CartToken;
use commerce_storage_postgres::{PostgresOptions, PostgresStore};
use commerce_storage_sqlite::SqliteStore;
use support::{Folder, Shop, Spread, fsync_millis, postgres_url, rate};

const ROUNDS: usize = 7;
const ORDERS: usize = 400;

#[tokio::main]
async fn main() {
    // Cargo runs every benchmark with the filter that it was given.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if filter.is_some_and(|filter| !"orders".contains(&filter)) {
        return;
    }
    sqlite().await;
    postgres().await;
}

async fn sqlite() {
    let folder = Folder::new("orders");
    println!("SQLite, fsync of 4 KiB takes {:.3} ms", fsync_millis(&folder.0));
    let file = folder.0.join("shop.db");
    let store = SqliteStore::open(&file).await.expect("a store");
    let shop = Arc::new(Shop::stocked(Arc::new(store), 64).await);
    let pool = by_hand::sqlite::pool(&file).await;
    let hand = pool.clone();
    compare(&shop, [1, 32], move |token| {
        let pool = hand.clone();
        async move { by_hand::sqlite::place(&pool, &token).await.expect("an order") }
    })
    .await;
    pool.close().await;
    pile(&shop, CpuOf::Myself).await;
    shop.books_are_right().await;
}

async fn postgres() {
    let url = postgres_url();
    let schema = format!("bench_{}", std::process::id());
    let options = PostgresOptions::new(&url).schema(&schema).pool_size(16);
    let store = PostgresStore::connect_with(options).await.expect("a store");
    store.migrate().await.expect("its tables");
    let pool = store.pool().clone();
    println!("PostgreSQL, 16 connections");
    let shop = Arc::new(Shop::stocked(Arc::new(store) as Arc<dyn Store>, 64).await);
    let hand = pool.clone();
    compare(&shop, [1, 16], move |token| {
        let pool = hand.clone();
        async move { by_hand::postgres::place(&pool, &token).await.expect("an order") }
    })
    .await;
    let postmaster = by_hand::postgres::postmaster(&pool).await;
    pile(&shop, CpuOf::WithServer(postmaster)).await;
    shop.books_are_right().await;
    by_hand::postgres::drop_schema(&pool, schema).await;
}

/// The engine and the hand in turn, round after round, with so many callers.
async fn compare<F, W>(shop: &Arc<Shop>, callers: [usize; 2], place: W)
where
    F: Future<Output = ()> + Send + 'static,
    W: Fn(CartToken) -> F + Clone + Send + 'static,
{
    for callers in callers {
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let engine = confirm(shop, shop.ready_carts(ORDERS).await, callers).await;
            let hand = rate(callers, shop.ready_carts(ORDERS).await, place.clone()).await;
            ours.push(engine);
            theirs.push(hand);
            ratios.push(engine / hand);
        }
        report(callers, ours, theirs, ratios);
    }
}

async fn confirm(shop: &Arc<Shop>, carts: Vec<CartToken>, callers: usize) -> f64 {
    let shop = Arc::clone(shop);
    rate(callers, carts, move |token| {
        let shop = Arc::clone(&shop);
        async move {
            shop.confirm(&token).await;
        }
    })
    .await
}

fn report(callers: usize, ours: Vec<f64>, theirs: Vec<f64>, ratios: Vec<f64>) {
    println!(
        "  {callers:>2} callers: engine {:.0} orders/s, by hand {:.0} orders/s, ratio {}",
        Spread::of(ours).median,
        Spread::of(theirs).median,
        Spread::of(ratios)
    );
}

/// Whose CPU time is counted.
enum CpuOf {
    Myself,
    WithServer(u32),
}

/// CPU per order at first, and after so many orders have piled up.
async fn pile(shop: &Arc<Shop>, of: CpuOf) {
    let most: usize = std::env::var("ORDERS_PILED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    if most == 0 {
        return;
    }
    let mut placed = 0;
    let mut first = None;
    for target in [0, most / 5, most] {
        while placed < target {
            let some = (target - placed).min(2_000);
            let carts = shop.ready_carts(some).await;
            confirm(shop, carts, 32).await;
            placed += some;
            eprint!("\r  piled up {placed} orders ");
        }
        let mut costs = Vec::new();
        for _ in 0..ROUNDS {
            let carts = shop.ready_carts(ORDERS).await;
            let before = cpu_seconds(&of);
            confirm(shop, carts, 4).await;
            costs.push((cpu_seconds(&of) - before) * 1_000.0 / ORDERS as f64);
        }
        let cost = Spread::of(costs);
        let base = *first.get_or_insert(cost.median);
        println!(
            "  CPU per order after {target} orders: {cost} ms, {:.2} times the first",
            cost.median / base
        );
    }
}

/// User and system time in seconds, from the kernel's accounting.
fn cpu_seconds(of: &CpuOf) -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let ticks = |stat: &str| -> (u32, f64) {
        let fields: Vec<&str> =
            stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
        let parent = fields.get(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        (parent, number(11) + number(12))
    };
    let read = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let mut sum = ticks(&read("self")).1;
    if let CpuOf::WithServer(postmaster) = of {
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let (parent, own) = ticks(&read(&process.file_name().to_string_lossy()));
            if parent == *postmaster {
                sum += own;
            }
        }
    }
    sum / TICKS_PER_SECOND
}
