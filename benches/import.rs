//! What an import costs: 10,000 products from a CSV file with the warts of real ones, into both stores, first into an
//! empty store and then once more when nothing changes.
//!
//! `cargo xtask bench import`

mod support;

use std::fs::File;
use std::sync::Arc;
use std::time::Instant;

use commerce_core::testkit::shopify_csv;
use commerce_core::{Currency, Engine, Store};
use commerce_http::import::{ImportOptions, Silent, import};
use commerce_storage_postgres::{PostgresOptions, PostgresStore};
use commerce_storage_sqlite::SqliteStore;
use support::{Folder, postgres_url};

const PRODUCTS: usize = 10_000;
const SEED: u64 = 42;

#[tokio::main]
async fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if filter.is_some_and(|filter| !"import".contains(&filter)) {
        return;
    }
    let folder = Folder::new("import");
    let path = folder.0.join("shop.csv");
    shopify_csv::write(SEED, PRODUCTS, &mut File::create(&path).expect("a file")).expect("a written file");
    let megabytes = path.metadata().expect("a file").len() as f64 / 1_048_576.0;
    println!("{PRODUCTS} products, seed {SEED}, {megabytes:.1} MiB");

    let sqlite = SqliteStore::open(folder.0.join("shop.db")).await.expect("a store");
    measure("SQLite", Arc::new(sqlite), &path).await;

    let schema = format!("bench_import_{}", std::process::id());
    let options = PostgresOptions::new(postgres_url()).schema(&schema).pool_size(4);
    let postgres = PostgresStore::connect_with(options).await.expect("a store");
    postgres.migrate().await.expect("its tables");
    measure("PostgreSQL", Arc::new(postgres), &path).await;
}

async fn measure(name: &str, store: Arc<dyn Store>, path: &std::path::Path) {
    let engine = Engine::builder_shared(store).build();
    for pass in ["into an empty store", "once more, unchanged"] {
        let since = Instant::now();
        let file = File::open(path).expect("the file");
        let options = ImportOptions::new(Currency::NGN);
        let summary = import(&engine, file, None, options, &Silent).await.expect("it is imported");
        let seconds = since.elapsed().as_secs_f64();
        println!(
            "{name}, {pass}: {seconds:.1} s, {:.0} products/s, {:.0} MiB at most resident",
            PRODUCTS as f64 / seconds,
            peak_mebibytes()
        );
        if pass.starts_with("into") {
            println!("{summary}");
        }
    }
}

/// The most memory that this process ever held, from the kernel's accounting.
fn peak_mebibytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0) / 1_024.0
}
