//! Mail from end to end: the real program, on both stores, and a mail server that catches.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod accounts;
mod attacks;
mod catcher;
mod demo;
mod faults;
mod orders;
mod races;
#[path = "../server/mod.rs"]
mod server;
mod smtp;
mod start_up;

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use catcher::Catcher;
use server::{Kind, TestDatabase, TestServer};

/// What a mug costs, and that there are fifty.
const PRODUCTS: &str = "\
Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Status
mug,Mug,true,MUG,shopify,50,1500.00,active
";

/// A shop that sells mugs and sends its mails to a catcher.
struct MailShop {
    server: TestServer,
    catcher: Catcher,
}

impl MailShop {
    async fn open(kind: Kind) -> Self {
        let catcher = Catcher::start().await;
        let database = TestDatabase::new(kind);
        database.import_text(PRODUCTS, &["--currency", "NGN"]);
        let mut server = TestServer::prepared(database, &["--port", "0"]);
        server.set("COMMERCE_SMTP_URL", &catcher.url());
        server.set("COMMERCE_MAIL_FROM", "Adire <orders@shop.example>");
        server.set("COMMERCE_PUBLIC_URL", "https://shop.example");
        server.set("COMMERCE_MAIL_INTERVAL_MS", "20");
        server.set("COMMERCE_PASSWORD_MEMORY_KIB", "1024");
        server.restart().await;
        Self { server, catcher }
    }

    /// An order of a mug that is mailed to this address.
    async fn order(&self, email: &str) -> (String, String) {
        let cart = self.server.cart(&[("MUG", 1)]).await;
        let step = |path: &str| self.server.post(&format!("/api/cart/checkout/{path}/")).cart(&cart);
        let mut delivery = server::delivery("standard");
        delivery["email"] = email.into();
        step("shipping").json(&delivery).send().await.expect(200);
        step("payment").json(&serde_json::json!({"method": "cash_on_delivery"})).send().await.expect(200);
        let placed = step("confirm").key("confirm").json(&serde_json::json!({})).send().await.expect(201);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        (text(&placed["order"]["id"]), text(&placed["order_token"]))
    }

    /// As if the time had come at which mails are tried again.
    async fn hurry(&self) {
        let database = &self.server.database;
        match &database.schema {
            None => {
                let mut conn = SqliteConnection::connect(&database.url).await.unwrap();
                sqlx::query("UPDATE mails SET next_at = 0").execute(&mut conn).await.unwrap();
            }
            Some(schema) => {
                let mut conn = PgConnection::connect(&database.url).await.unwrap();
                let sql = format!("update {schema}.mails set next_at = 'epoch'");
                sqlx::query(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
            }
        }
    }

    /// Has mails tried again and again, until so many were sent.
    async fn hurry_until_sent(&self, count: i64) {
        let begun = std::time::Instant::now();
        while self.count("sent").await < count {
            assert!(begun.elapsed() < server::DEADLINE, "{} mails are sent", self.count("sent").await);
            self.hurry().await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// How many mails are in this state.
    async fn count(&self, state: &str) -> i64 {
        let database = &self.server.database;
        match &database.schema {
            None => {
                let mut conn = SqliteConnection::connect(&database.url).await.unwrap();
                let sql = "SELECT count(*) FROM mails WHERE state = ?1";
                sqlx::query_scalar(sql).bind(state).fetch_one(&mut conn).await.unwrap()
            }
            Some(schema) => {
                let mut conn = PgConnection::connect(&database.url).await.unwrap();
                let sql = AssertSqlSafe(format!("select count(*) from {schema}.mails where state = $1"));
                sqlx::query_scalar(sql).bind(state).fetch_one(&mut conn).await.unwrap()
            }
        }
    }

    /// Waits until so many mails are in this state.
    async fn wait_for(&self, state: &str, count: i64) {
        let begun = std::time::Instant::now();
        while self.count(state).await != count {
            assert!(begun.elapsed() < server::DEADLINE, "{} mails are {state}", self.count(state).await);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}
