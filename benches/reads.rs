//! What catalogue reads cost over HTTP: the server against a Poem server that returns the same bytes from memory, with
//! the same raw clients, in one run; with answers that are kept, and with a read of the database for each.
//!
//! `cargo xtask bench reads`

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use commerce_core::limit::Budget;
use commerce_core::testkit::shopify_csv;
use commerce_core::{Currency, Engine, Store};
use commerce_http::config::ServerConfig;
use commerce_http::import::{ImportOptions, Silent, import};
use commerce_http::server::Bound;
use commerce_storage_postgres::{PostgresOptions, PostgresStore};
use commerce_storage_sqlite::SqliteStore;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{EndpointExt, Response, Route, Server};
use support::{Folder, Spread, postgres_url};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PRODUCTS: usize = 10_000;
const CLIENTS: usize = 16;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if filter.is_some_and(|filter| !"reads".contains(&filter)) {
        return;
    }
    // A process has one recorder of metrics, and so one server.
    let cached = std::env::var("READS_CACHED").is_ok_and(|cached| cached == "yes");
    match std::env::var("READS_OF").as_deref() {
        Ok("SQLite") => {
            let folder = Folder::new("reads");
            let store = SqliteStore::open(folder.0.join("shop.db")).await.expect("a store");
            measure("SQLite", Arc::new(store), cached).await;
        }
        Ok(_) => {
            let schema = format!("bench_reads_{}", std::process::id());
            let options = PostgresOptions::new(postgres_url()).schema(&schema).pool_size(16);
            let store = PostgresStore::connect_with(options).await.expect("a store");
            store.migrate().await.expect("its tables");
            measure("PostgreSQL", Arc::new(store), cached).await;
        }
        Err(_) => {
            for (name, cached) in
                [("SQLite", "yes"), ("SQLite", "no"), ("PostgreSQL", "yes"), ("PostgreSQL", "no")]
            {
                let myself = std::env::current_exe().expect("a path");
                let mut command = std::process::Command::new(myself);
                command.arg("reads").env("READS_OF", name).env("READS_CACHED", cached);
                assert!(command.status().expect("it starts").success());
            }
        }
    }
}

async fn measure(name: &str, store: Arc<dyn Store>, cached: bool) {
    let engine = Engine::builder_shared(store).build();
    let mut file = Vec::new();
    shopify_csv::write(42, PRODUCTS, &mut file).expect("a written file");
    let options = ImportOptions::new(Currency::NGN);
    import(&engine, std::io::Cursor::new(file), None, options, &Silent).await.expect("it is imported");
    let listed = engine.catalog().products(&Default::default()).await.expect("a page");
    let slug = listed.rows[0].slug.clone();

    let secret = "7f3c0a51e2b9d84466aa1c0f95b3d2e8417a6c9b0d5e2f31".to_owned();
    let mut config = ServerConfig::new(([127, 0, 0, 1], 0).into(), secret.into());
    // Counted like every request, and never refused.
    config.rate_limits.set(Budget::AddressReads, "1000000/s".parse().ok());
    if !cached {
        config.cache_bytes_max = None;
    }
    let server = Bound::new(config).await.expect("a free port");
    let address = server.address().to_string();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn({
        let engine = engine.clone();
        async move { server.run(&engine, async { drop(stopped.await) }).await }
    });
    let kept = if cached { "kept answers (at least 0.6)" } else { "each from the database" };
    println!("{name}, {PRODUCTS} products, {CLIENTS} connections, {kept}");
    for (what, path) in [
        ("list, newest", "/api/products/".to_owned()),
        ("list, by price", "/api/products/?sort_by=price_asc&page_size=50".to_owned()),
        ("detail", format!("/api/products/{slug}/")),
    ] {
        let bytes = get(&mut connect(&address).await, &path).await;
        let floor = floor(bytes.clone()).await;
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let engine = load(&address, &path).await;
            let memory = load(&floor, &path).await;
            ours.push(engine);
            theirs.push(memory);
            ratios.push(engine / memory);
        }
        println!(
            "  {what}: {} bytes, {:.0} answers/s, from memory {:.0}, ratio {}",
            bytes.len(),
            Spread::of(ours).median,
            Spread::of(theirs).median,
            Spread::of(ratios)
        );
    }
    stop.send(()).ok();
    running.await.expect("it ends").expect("it ends well");
}

/// A Poem server that returns these bytes.
async fn floor(bytes: Vec<u8>) -> String {
    let body = bytes::Bytes::from(bytes);
    let app = Route::new().at(
        "/*rest",
        poem::endpoint::make_sync(move |_| {
            Response::builder().content_type("application/json").body(body.clone())
        })
        .boxed(),
    );
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a free port");
    let address = acceptor.local_addr()[0].as_socket_addr().expect("an address").to_string();
    tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
    address
}

/// Answers in a second, of so many clients that ask one after the other for as long as a round takes.
async fn load(address: &str, path: &str) -> f64 {
    let begun = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (address, path) = (address.to_owned(), path.to_owned());
        clients.spawn(async move {
            let mut stream = connect(&address).await;
            let mut answers = 0_u32;
            while begun.elapsed() < ROUND {
                get(&mut stream, &path).await;
                answers += 1;
            }
            answers
        });
    }
    let answers: u32 = clients.join_all().await.into_iter().sum();
    f64::from(answers) / begun.elapsed().as_secs_f64()
}

async fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("an option");
    stream
}

/// One GET on a connection that stays open; the body of a 200.
async fn get(stream: &mut TcpStream, path: &str) -> Vec<u8> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: shop\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut read = Vec::with_capacity(16_384);
    let head = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let count = tokio::time::timeout(Duration::from_secs(20), stream.read_buf(&mut read)).await;
        assert!(count.expect("in time").expect("an answer") > 0, "the server hung up");
    };
    let headers = String::from_utf8_lossy(&read[..head]).to_lowercase();
    assert!(headers.starts_with("http/1.1 200"), "{headers}");
    let length = headers.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let length: usize = length.and_then(|text| text.parse().ok()).expect("a length");
    while read.len() < head + length {
        assert!(stream.read_buf(&mut read).await.expect("an answer") > 0, "the server hung up");
    }
    read.split_off(head)
}
