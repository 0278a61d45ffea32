//! What product reads cost while a crowd logs in: 100 logins at once, again and again, beside the same reads alone. Hashing is
//! bounded and so is who waits for it, so that whoever is beyond that is told when to come back, and nobody waits for long.
//!
//! `cargo xtask bench logins`

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use commerce_core::access::{Caller, Role};
use commerce_core::account::Password;
use commerce_core::limit::Budget;
use commerce_core::testkit::shopify_csv;
use commerce_core::{Currency, Engine};
use commerce_http::config::ServerConfig;
use commerce_http::import::{ImportOptions, Silent, import};
use commerce_http::password::{Argon2Hasher, PasswordCost};
use commerce_http::server::Bound;
use commerce_storage_sqlite::SqliteStore;
use support::{Folder, Spread};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PRODUCTS: usize = 1_000;
const CROWD: usize = 100;
const READERS: usize = 4;
const READS: usize = 1_000;
const ROUNDS: usize = 5;
const SECRET: &str = "tr0mbone & oar 99";

#[tokio::main]
async fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if filter.is_some_and(|filter| !"logins".contains(&filter)) {
        return;
    }
    let folder = Folder::new("logins");
    let store = SqliteStore::open(folder.0.join("shop.db")).await.expect("a store");
    let cost = PasswordCost::default();
    let hasher = Argon2Hasher::new(&cost).expect("a cost");
    let engine = Engine::builder(store).password_hasher(Arc::new(hasher)).build();
    let mut file = Vec::new();
    shopify_csv::write(42, PRODUCTS, &mut file).expect("a written file");
    import(&engine, std::io::Cursor::new(file), None, ImportOptions::new(Currency::NGN), &Silent)
        .await
        .expect("imported");
    let by = Caller::Operator { name: "bench".to_owned() };
    let password: Password = SECRET.parse().expect("a password");
    let email = "ada@example.com".parse().expect("an address");
    engine
        .accounts()
        .create(&by, &email, Some(&password), ("Ada", "Obi"), Role::Customer)
        .await
        .expect("an account");
    let mut config = ServerConfig::new(
        ([127, 0, 0, 1], 0).into(),
        "7f3c0a51e2b9d84466aa1c0f95b3d2e8417a6c9b0d5e2f31".to_owned().into(),
    );
    // Counted like every request, and never refused for their number.
    for budget in Budget::ALL {
        config.rate_limits.set(*budget, "1000000/s".parse().ok());
    }
    let server = Bound::new(config).await.expect("a free port");
    let address = server.address().to_string();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn({
        let engine = engine.clone();
        async move { server.run(&engine, async { drop(stopped.await) }).await }
    });
    measure(&address, &cost).await;
    stop.send(()).ok();
    running.await.expect("it ends").expect("it ends well");
}

async fn measure(address: &str, cost: &PasswordCost) {
    println!(
        "{CROWD} logins at once, {} KiB and {} passes each, {} worked on at once; {READERS} readers",
        cost.memory_kib, cost.passes, cost.at_once
    );
    let (mut ratios, mut alone_all, mut beside_all) = (Vec::new(), Vec::new(), Vec::new());
    let seen = Arc::new(Seen::default());
    for _ in 0..ROUNDS {
        let alone = reads(address).await;
        let over = Arc::new(AtomicBool::new(false));
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..CROWD {
            let (address, over, seen) = (address.to_owned(), Arc::clone(&over), Arc::clone(&seen));
            crowd.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    seen.note(&address).await;
                }
            });
        }
        let beside = reads(address).await;
        over.store(true, Ordering::Relaxed);
        crowd.join_all().await;
        ratios.push(beside / alone);
        alone_all.push(alone);
        beside_all.push(beside);
    }
    let Seen { done, busy, slowest_millis } = &*seen;
    let figure = |figure: &AtomicUsize| figure.load(Ordering::Relaxed);
    println!(
        "  reads/s alone {:.0}, beside the crowd {:.0}, ratio {}",
        Spread::of(alone_all).median,
        Spread::of(beside_all).median,
        Spread::of(ratios)
    );
    println!(
        "  logins: {} let in, {} told to come back (503 with Retry-After), the slowest answer {} ms",
        figure(done),
        figure(busy),
        figure(slowest_millis)
    );
}

/// What became of logins.
#[derive(Default)]
struct Seen {
    done: AtomicUsize,
    busy: AtomicUsize,
    slowest_millis: AtomicUsize,
}

impl Seen {
    /// Logs in once. An answer that is neither of the two is a failure of the benchmark.
    async fn note(&self, address: &str) {
        let body = format!(r#"{{"email": "ada@example.com", "password": "{SECRET}"}}"#);
        let request = format!(
            "POST /api/auth/login/ HTTP/1.1\r\nhost: shop\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let since = Instant::now();
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        let took = usize::try_from(since.elapsed().as_millis()).expect("some seconds");
        self.slowest_millis.fetch_max(took, Ordering::Relaxed);
        let answer = String::from_utf8_lossy(&answer).to_lowercase();
        if answer.starts_with("http/1.1 200") {
            self.done.fetch_add(1, Ordering::Relaxed);
        } else {
            assert!(answer.starts_with("http/1.1 503") && answer.contains("retry-after: "), "{answer}");
            self.busy.fetch_add(1, Ordering::Relaxed);
            // It waits a moment, though less than it is told to: so the crowd stays one.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Product pages that are read in a second.
async fn reads(address: &str) -> f64 {
    let address = address.to_owned();
    let per_reader = support::rate(READERS, vec![READS / READERS; READERS], move |count| {
        let address = address.clone();
        async move {
            let mut stream = TcpStream::connect(&address).await.expect("a connection");
            stream.set_nodelay(true).expect("an option");
            for _ in 0..count {
                read(&mut stream).await;
            }
        }
    });
    per_reader.await * (READS / READERS) as f64
}

/// One page of products on a connection that stays open.
async fn read(stream: &mut TcpStream) {
    stream.write_all(b"GET /api/products/ HTTP/1.1\r\nhost: shop\r\n\r\n").await.expect("a request");
    let mut answer = Vec::with_capacity(16_384);
    let head = loop {
        if let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        assert!(stream.read_buf(&mut answer).await.expect("an answer") > 0, "the server hung up");
    };
    let headers = String::from_utf8_lossy(&answer[..head]).to_lowercase();
    assert!(headers.starts_with("http/1.1 200"), "{headers}");
    let length = headers.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let length: usize = length.and_then(|text| text.parse().ok()).expect("a length");
    while answer.len() < head + length {
        assert!(stream.read_buf(&mut answer).await.expect("an answer") > 0, "the server hung up");
    }
}
