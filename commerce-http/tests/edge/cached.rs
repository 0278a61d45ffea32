//! Answers of the catalogue that two servers keep and share on a Redis: right within a second of any change, whatever
//! becomes of the Redis.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::redis_server::RedisServer;
use crate::server::{DEADLINE, KINDS, Kind, Process, TestDatabase, TestServer};

/// For how long after a change an answer may show what was before it.
const STALE_MAX: Duration = Duration::from_secs(1);
/// Each of them shows the price of the mug somewhere.
const PAGES: [&str; 4] = [
    "/api/products/",
    "/api/products/?min_price=1&sort_by=price_asc",
    "/api/products/mug/",
    "/api/products/cup/",
];

/// Two servers over one database and one Redis.
struct Two {
    redis: RedisServer,
    one: TestServer,
    other: Process,
    client: reqwest::Client,
}

impl Two {
    async fn start(kind: Kind) -> Self {
        let redis = RedisServer::start();
        let mut one = TestServer::prepared(TestDatabase::new(kind), &["--port", "0"]);
        one.set("COMMERCE_REDIS_URL", &redis.url());
        one.restart().await;
        one.import(&shop(100)).await;
        let other = one.beside();
        Self { redis, one, other, client: reqwest::Client::new() }
    }

    fn servers(&self) -> [&str; 2] {
        [self.one.url(), &self.other.base]
    }

    /// Sets the price behind both servers' back, by the command line.
    async fn set_price(&self, naira: u32) -> Instant {
        self.one.import(&shop(naira)).await;
        Instant::now()
    }

    /// The prices on a page.
    async fn prices(&self, server: &str, page: &str) -> Vec<String> {
        let begun = Instant::now();
        let reply = self.client.get(format!("{server}{page}")).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{page}");
        let body: Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "nobody waits long for Redis");
        let price = |of: &Value| of["price"]["amount"].as_str().unwrap().to_owned();
        let many = body.get("results").or_else(|| body.get("variants"));
        many.and_then(Value::as_array).unwrap().iter().map(price).collect()
    }

    /// Asks both servers for every page, for as long as something old may be shown and a little longer: what was asked for
    /// a second after the change shows the new price, and from then on nothing else is seen.
    async fn show(&self, naira: u32, changed: Instant) {
        let new = vec![format!("{naira}.00")];
        let mut asked = 0;
        let mut all_new = false;
        while !all_new || changed.elapsed() < STALE_MAX * 3 / 2 {
            all_new = true;
            for server in self.servers() {
                for page in PAGES {
                    let sent = changed.elapsed();
                    let mut shown = self.prices(server, page).await;
                    shown.dedup();
                    let is_new = shown == new;
                    assert!(
                        is_new || sent < STALE_MAX,
                        "{page} shows {shown:?} {sent:?} after it was {naira}"
                    );
                    all_new &= is_new;
                    asked += 1;
                }
            }
        }
        assert!(asked >= 2 * PAGES.len());
    }

    async fn stop(mut self) -> String {
        let (_, log) = self.other.stop();
        assert!(!log.contains("ERROR"), "{log}");
        self.one.stop().await
    }
}

fn shop(naira: u32) -> String {
    format!(
        "Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Status\n\
         mug,Mug,true,MUG,shopify,50,{naira}.00,active\n\
         cup,Cup,true,CUP,shopify,50,{naira}.00,active\n"
    )
}

/// What Redis says to a command.
fn ask(redis: &RedisServer, command: &str) -> String {
    let url = redis.url();
    let mut stream = UnixStream::connect(url.trim_start_matches("redis+unix://")).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(command.as_bytes()).unwrap();
    stream.write_all(b"\r\n").unwrap();
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

fn counted(metrics: &str, from: &str) -> u64 {
    let name = format!("catalogue_answers_total{{from=\"{from}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn no_server_shows_an_old_price_for_longer_than_a_second() {
    for kind in KINDS {
        let shop = Two::start(kind).await;
        for naira in [110, 120, 130, 140] {
            let changed = shop.set_price(naira).await;
            shop.show(naira, changed).await;
        }
        let metrics = shop.one.get("/metrics").send().await.text;
        for from in ["memory", "store"] {
            assert!(counted(&metrics, from) > 0, "none from {from}: {metrics}");
        }
        let theirs = shop.client.get(format!("{}/metrics", shop.other.base)).send().await.unwrap();
        let theirs = theirs.text().await.unwrap();
        let shared = counted(&metrics, "shared") + counted(&theirs, "shared");
        assert!(shared > 0, "one of them makes an answer for both: {metrics}");
        assert!(metrics.contains("catalogue_cache_hit_ratio 0."), "{metrics}");
        shop.stop().await;
    }
}

#[tokio::test]
async fn a_cart_and_a_confirm_know_the_new_price_at_once() {
    for kind in KINDS {
        let shop = Two::start(kind).await;
        let server = &shop.one;
        let token = server.ready_cart(&[("MUG", 2)]).await;
        let old = server.get("/api/cart/").cart(&token).send().await.expect(200);
        for page in PAGES {
            shop.prices(server.url(), page).await;
        }
        shop.set_price(150).await;
        let cart = server.get("/api/cart/").cart(&token).send().await.expect(200);
        assert_eq!(cart["items"][0]["unit_price"]["amount"], "150.00", "{cart}");
        shop.prices(server.url(), "/api/products/mug/").await;
        let confirm = |body: Value| server.post("/api/cart/checkout/confirm/").cart(&token).json(&body);
        let total = |cart: &Value| serde_json::json!({"expected_total": cart["summary"]["total"]});
        let refused = confirm(total(&old)).key("old").send().await.refused(409, "price-changed");
        assert_eq!(refused["cart"]["summary"]["total"], cart["summary"]["total"], "{refused}");
        let placed = confirm(total(&cart)).key("new").send().await.expect(201);
        assert_eq!(placed["order"]["items"][0]["unit_price"]["amount"], "150.00", "{placed}");
        shop.stop().await;
    }
}

#[tokio::test]
async fn who_buys_sees_at_once_what_is_left() {
    let shop = Two::start(Kind::Sqlite).await;
    for left in (40..50).rev() {
        let token = shop.one.ready_cart(&[("MUG", 1)]).await;
        assert_eq!(shop.one.available("mug", "MUG").await, left + 1);
        let none = serde_json::json!({});
        let confirm = shop.one.post("/api/cart/checkout/confirm/").cart(&token).json(&none);
        confirm.key(&format!("key-{left}")).send().await.expect(201);
        assert_eq!(shop.one.available("mug", "MUG").await, left);
    }
    shop.stop().await;
}

#[tokio::test]
async fn answers_stay_right_without_redis() {
    let mut shop = Two::start(Kind::Sqlite).await;
    let mut naira = 200;
    let mut change = async |shop: &Two| {
        naira += 1;
        let changed = shop.set_price(naira).await;
        shop.show(naira, changed).await;
    };
    change(&shop).await;
    assert_ne!(ask(&shop.redis, "KEYS commerce:cache:*"), "*0\r\n", "answers are shared");

    assert_eq!(ask(&shop.redis, "FLUSHALL"), "+OK\r\n");
    change(&shop).await;

    // Whoever writes there, what is no answer of ours is not shown.
    let scribble = "EVAL \"for _, key in ipairs(redis.call('KEYS', 'commerce:cache:*')) do \
                    redis.call('SET', key, string.rep('x', 100)) end return 1\" 0";
    assert_eq!(ask(&shop.redis, scribble), ":1\r\n");
    shop.one.restart().await;
    for page in PAGES {
        assert!(!shop.prices(shop.one.url(), page).await.is_empty());
    }
    change(&shop).await;

    shop.redis.hang();
    change(&shop).await;
    shop.redis.resume();
    change(&shop).await;

    shop.redis.kill();
    change(&shop).await;
    shop.redis.restart();
    change(&shop).await;
    let begun = Instant::now();
    while ask(&shop.redis, "KEYS commerce:cache:*") == "*0\r\n" {
        assert!(begun.elapsed() < DEADLINE, "nothing is shared again");
        change(&shop).await;
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_kept_answer_is_the_one_that_the_store_gives() {
    let mut shop = Two::start(Kind::Sqlite).await;
    let pages =
        ["/api/products/categories/", "/api/products/?page_size=1", "/api/products/?page_size=1&page=2"];
    let mut seen = Vec::new();
    for page in pages.iter().chain(&PAGES) {
        let made = shop.one.get(page).send().await;
        let kept = shop.one.get(page).send().await;
        let shared = shop.client.get(format!("{}{page}", shop.other.base)).send().await.unwrap();
        let tag = made.header("etag").to_owned();
        assert_eq!((kept.header("etag"), &kept.text), (&*tag, &made.text), "{page}");
        assert_eq!(shared.headers()["etag"].to_str().unwrap(), tag);
        assert_eq!(shared.headers()["cache-control"], made.header("cache-control"));
        assert_eq!(shared.text().await.unwrap(), made.text, "{page}");
        let unchanged = shop.one.get(page).header("If-None-Match", &tag).send().await;
        assert_eq!((unchanged.status, unchanged.header("etag"), &*unchanged.text), (304, &*tag, ""));
        seen.push((page, tag, made.text));
    }
    // An answer depends on all of the question, and on nothing else.
    let list = |query: &str| shop.one.get(&format!("/api/products/?{query}")).send();
    assert_eq!(list("page_size=1").await.text, list("page_size=1&utm_source=mail").await.text);
    assert_ne!(list("page_size=1").await.text, list("page_size=1&sort_by=name").await.text);
    for refused in ["page=0", "min_price=x", "sort_by=cheapness"] {
        for _ in 0..2 {
            list(refused).await.refused(422, "validation-failed");
        }
    }
    for _ in 0..2 {
        shop.one.get("/api/products/no-such-mug/").send().await.refused(404, "not-found");
    }
    shop.one.set("COMMERCE_CACHE", "off");
    shop.one.restart().await;
    for (page, tag, text) in seen {
        let read = shop.one.get(page).send().await;
        assert_eq!((read.header("etag"), read.text.as_str()), (&*tag, &*text), "{page}");
    }
    let metrics = shop.one.get("/metrics").send().await.text;
    assert!(!metrics.contains("catalogue_answers_total{"), "{metrics}");
    shop.stop().await;
}
