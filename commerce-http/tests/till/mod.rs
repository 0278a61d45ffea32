//! A shop that is paid through the sandbox. The sandbox lives in the test, so that it outlives a server that is killed, and
//! what it really took and gave back is compared with what the shop says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use commerce_core::crash;
use commerce_paystack::sandbox::{RefundStatus, Running, Sandbox, Schedule, Truth};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::server::reply::amount;
use crate::server::{ADMIN_TOKEN, Kind, TestServer};

/// What is sold, and how many of it there are at first.
pub(crate) const SKU: &str = "TILL-1";
const SLUG: &str = "till-1";
const STOCK: u64 = 1_000_000;

/// How long the shop and the gateway may take to agree.
const AGREED: Duration = Duration::from_secs(40);

/// A server, and the gateway that it is paid through.
pub(crate) struct Till {
    pub(crate) server: TestServer,
    pub(crate) sandbox: Running,
}

/// An order that a shopper was told of.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) id: String,
    pub(crate) token: String,
}

/// The answer to a call: its status and body.
pub(crate) type Answer = Result<(u16, Value), reqwest::Error>;

impl Till {
    /// Serves a shop. The gateway's own time runs fast: an hour is a second.
    pub(crate) async fn open(kind: Kind) -> Self {
        let sandbox = Sandbox::builder()
            .rate_limit(None)
            .time_scale(3_600)
            .webhook_schedule(Schedule::Live)
            .start()
            .await
            .unwrap();
        let mut server = TestServer::start(kind).await;
        for (name, value) in [
            ("COMMERCE_PAYSTACK_SECRET_KEY", sandbox.secret_key()),
            ("COMMERCE_PAYSTACK_URL", sandbox.url()),
            ("COMMERCE_ALLOW_SANDBOX", "true".to_owned()),
            ("COMMERCE_PAYMENT_METHODS", "card".to_owned()),
            ("COMMERCE_PAYMENTS_INTERVAL_MS", "100".to_owned()),
        ] {
            server.set(name, &value);
        }
        let head = "Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Status";
        server.import(&format!("{head}\n{SLUG},Till,true,{SKU},shopify,{STOCK},1000.50,active\n")).await;
        let mut till = Self { server, sandbox };
        till.restart().await;
        till
    }

    /// Ends the server and starts it again. The gateway is told where it is now.
    pub(crate) async fn restart(&mut self) {
        self.server.restart().await;
        self.sandbox.set_webhook_url(Some(format!("{}/api/payments/webhook/", self.server.url())));
    }

    /// Starts the server so that it crashes when it comes to this point.
    pub(crate) async fn crash_at(&mut self, point: &str) {
        self.server.set(crash::VARIABLE, point);
        self.restart().await;
    }

    /// Waits for the crash. The books are in order as it left them; then the server starts again, a good while later.
    pub(crate) async fn crashed(&mut self) {
        self.server.crashed();
        self.server.unset(crash::VARIABLE);
        self.start_later().await;
    }

    /// The books of the server, which is dead, are in order as it left them. It starts again a good while later.
    pub(crate) async fn start_later(&mut self) {
        self.server.doctor().await;
        self.hours_pass().await;
        self.restart().await;
    }

    /// Lets hours pass for everything about payments that waits for its time.
    async fn hours_pass(&self) {
        let waits = [
            ("payments", "asking_until"),
            ("payments", "check_at"),
            ("refunds", "asked_at"),
            ("refunds", "check_at"),
            ("payment_messages", "next_at"),
        ];
        let database = &self.server.database;
        match database.kind {
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
                for (table, column) in waits {
                    let update = format!("UPDATE {table} SET {column} = {column} - 7200000000");
                    sqlx::raw_sql(sqlx::AssertSqlSafe(update)).execute(&mut connection).await.unwrap();
                }
                connection.close().await.unwrap();
            }
            Kind::Postgres => {
                let schema = database.schema.as_deref().unwrap();
                let mut connection = PgConnection::connect(&database.url).await.unwrap();
                for (table, column) in waits {
                    let update =
                        format!("update {schema}.{table} set {column} = {column} - interval '2 hours'");
                    sqlx::raw_sql(sqlx::AssertSqlSafe(update)).execute(&mut connection).await.unwrap();
                }
                connection.close().await.unwrap();
            }
        }
    }

    /// A client of this server, for as long as it lives.
    pub(crate) fn client(&self) -> Shopper {
        Shopper { http: Client::new(), url: self.server.url().to_owned() }
    }

    /// Pays whatever nobody has paid yet: every page that was ever opened.
    pub(crate) fn everybody_pays(&self) {
        for charge in self.sandbox.truth().charges.iter().filter(|charge| charge.paid_at.is_none()) {
            self.sandbox.pay(&charge.reference).unwrap();
        }
    }

    /// Lets the jobs work until shop and gateway say the same of every charge, order and refund, and the books are in order.
    /// These are all the orders that there are.
    pub(crate) async fn agrees(&self, placed: &[Placed]) {
        let begun = Instant::now();
        loop {
            let differences = self.differences(placed).await;
            if differences.is_empty() {
                break;
            }
            assert!(begun.elapsed() < AGREED, "they do not agree: {differences:#?}");
            self.hours_pass().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let charges = ["doctor", "--charges-from", "2020-01-01", "--charges-until", "2100-01-01"];
        let mut doctor = self.server.command(&charges);
        let output = tokio::task::spawn_blocking(move || doctor.output().unwrap()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let fine = output.status.success() && said.contains("NO_LOST_CHARGE holds");
        assert!(fine, "{said}{}", String::from_utf8_lossy(&output.stderr));
    }

    async fn differences(&self, placed: &[Placed]) -> Vec<String> {
        // The gateway first: what happens there meanwhile is a difference of the next look.
        let truth = self.sandbox.truth();
        let attempts = self.list("/api/payments/transactions/?page_size=100").await;
        let unmatched = self.list("/api/admin/unmatched-payments/?page_size=100").await;
        let mut orders = Vec::new();
        for Placed { id, token } in placed {
            let path = format!("/api/orders/{id}/");
            orders.push(self.server.get(&path).order(token).send().await.expect(200));
        }
        let mut found = charges_differ(&truth, &attempts, &unmatched);
        found.extend(refunds_differ(&truth, &orders));
        found.extend(orders_differ(&attempts, &orders));
        let sold: u64 = orders.iter().filter(|order| holds_goods(order)).map(units).sum();
        let left = self.server.available(SLUG, SKU).await;
        if left + sold != STOCK {
            found.push(format!("{sold} units are sold and {left} are left of {STOCK}"));
        }
        found
    }

    /// Every row of a list of the back office.
    async fn list(&self, path: &str) -> Vec<Value> {
        let (mut rows, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let call = self.server.get(&path).header("Authorization", &format!("Bearer {ADMIN_TOKEN}"));
            let page = call.send().await.expect(200);
            rows.extend(page["results"].as_array().unwrap().iter().cloned());
            next = page["next"].as_str().map(str::to_owned);
        }
        rows
    }
}

/// NO_LOST_CHARGE and REF_ONE: every charge that was paid counts towards its order or towards none, with its amount, and
/// there is no other.
fn charges_differ(truth: &Truth, attempts: &[Value], unmatched: &[Value]) -> Vec<String> {
    let paid: BTreeSet<(&str, u64)> = truth
        .charges
        .iter()
        .filter(|charge| charge.paid_at.is_some())
        .map(|charge| (charge.reference.as_str(), charge.amount))
        .collect();
    let captured = attempts.iter().map(|attempt| (&attempt["payment"]["reference"], &attempt["captured"]));
    let apart = unmatched.iter().map(|row| (&row["reference"], &row["amount"]));
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    for (reference, money) in captured.chain(apart).filter(|(_, money)| minor(money) > 0) {
        let reference = reference.as_str().unwrap();
        if !known.insert((reference, minor(money))) {
            found.push(format!("{reference} is known twice"));
        }
    }
    found.extend(
        paid.difference(&known).map(|charge| format!("{charge:?} was paid, and the shop has it not")),
    );
    found.extend(
        known.difference(&paid).map(|charge| format!("{charge:?} was not paid, and the shop has it")),
    );
    found
}

/// CAPTURE_BAL: what went back is what the shop says, each refund once, and no more than was taken. Nothing is under way.
fn refunds_differ(truth: &Truth, orders: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let mut there: BTreeMap<(&str, u64, bool), i64> = BTreeMap::new();
    for refund in &truth.refunds {
        let done = refund.status == RefundStatus::Processed;
        *there.entry((&refund.reference, refund.amount, done)).or_default() += 1;
        if !done {
            found.push(format!("{refund:?} is under way"));
        }
    }
    for refund in orders.iter().flat_map(|order| order["refunds"].as_array().unwrap()) {
        let done = refund["status"] == "processed";
        let key = (refund["reference"].as_str().unwrap(), minor(&refund["amount"]), done);
        *there.entry(key).or_default() -= 1;
    }
    let differ = there.iter().filter(|(_, count)| **count != 0);
    found.extend(differ.map(|(refund, count)| format!("{refund:?}: {count} more at the gateway")));
    let over = truth.charges.iter().filter(|charge| charge.refunded > charge.amount);
    found.extend(over.map(|charge| format!("more went back than was taken: {charge:?}")));
    found
}

/// No order is paid twice, and every attempt is of an order that a shopper was told of.
fn orders_differ(attempts: &[Value], orders: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let mut money: BTreeMap<&str, u64> = BTreeMap::new();
    for attempt in attempts {
        *money.entry(attempt["order_id"].as_str().unwrap()).or_default() += minor(&attempt["captured"]);
    }
    for order in orders {
        let (id, total) = (order["id"].as_str().unwrap(), minor(&order["totals"]["total"]));
        let captured = money.remove(id).unwrap_or(0);
        if captured > total {
            found.push(format!("order {id} of {total} is paid {captured}"));
        }
        let is_paid =
            matches!(order["payment_status"].as_str(), Some("paid" | "partially_refunded" | "refunded"));
        if is_paid != (captured == total) {
            found.push(format!("order {id} of {total} got {captured}: {}", order["payment_status"]));
        }
    }
    found.extend(money.keys().map(|id| format!("nobody was told of order {id}")));
    found
}

/// Whether the units of the order are spoken for. All that these shoppers get back in full they have called off before.
fn holds_goods(order: &Value) -> bool {
    !matches!(order["status"].as_str(), Some("cancelled" | "refunded"))
}

fn units(order: &Value) -> u64 {
    order["items"].as_array().unwrap().iter().map(|item| item["quantity"].as_u64().unwrap()).sum()
}

/// Hundredths.
fn minor(money: &Value) -> u64 {
    let (whole, part) = amount(money).split_once('.').unwrap();
    assert_eq!(part.len(), 2, "{money}");
    format!("{whole}{part}").parse().unwrap()
}

/// Calls a server that may die meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Shopper {
    http: Client,
    url: String,
}

impl Shopper {
    /// A cart that can be confirmed: its token.
    pub(crate) async fn ready_cart(&self, quantity: u64) -> Result<String, reqwest::Error> {
        let call = |path: &str| self.http.post(format!("{}/api/cart/{path}", self.url));
        let item = json!({"sku": SKU, "quantity": quantity});
        let cart: Value = call("items/").json(&item).send().await?.json().await?;
        let token = cart["token"].as_str().expect("a new cart shows its token").to_owned();
        let steps = [
            ("checkout/shipping/", crate::server::delivery("standard")),
            ("checkout/payment/", json!({"method": "card"})),
        ];
        for (path, body) in steps {
            call(path).header("X-Cart-Token", &token).json(&body).send().await?.error_for_status()?;
        }
        Ok(token)
    }

    pub(crate) async fn confirm(&self, cart: &str) -> Answer {
        let headers = [("X-Cart-Token", cart), ("Idempotency-Key", "confirm")];
        self.call(Method::POST, "/api/cart/checkout/confirm/", &headers, &json!({})).await
    }

    pub(crate) async fn initialize(&self, order: &Placed) -> Answer {
        let headers = [("X-Order-Token", order.token.as_str()), ("Idempotency-Key", "again")];
        self.call(Method::POST, "/api/payments/initialize/", &headers, &json!({"order_id": order.id})).await
    }

    pub(crate) async fn cancel(&self, order: &Placed) -> Answer {
        let path = format!("/api/orders/{}/cancel/", order.id);
        self.call(Method::POST, &path, &[("X-Order-Token", &order.token)], &json!({})).await
    }

    /// Looks at a reference, as the shopper who comes back from the gateway's page does.
    pub(crate) async fn verify(&self, reference: &str) -> Answer {
        let path = format!("/api/payments/verify/{reference}/");
        self.call(Method::GET, &path, &[], &Value::Null).await
    }

    /// Staff gives a part of the money back.
    pub(crate) async fn refund(&self, order: &Placed) -> Answer {
        let bearer = format!("Bearer {ADMIN_TOKEN}");
        let key = format!("refund-{}", order.id);
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", &key)];
        let part = json!({"amount": "600.25", "currency": "NGN"});
        let body = json!({"order_id": order.id, "amount": part, "reason": "a stain"});
        self.call(Method::POST, "/api/payments/refund/", &headers, &body).await
    }

    async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await?))
    }
}

/// The order of an answered confirm, and the reference by which it is to be paid.
pub(crate) fn placed((status, body): (u16, Value)) -> (Placed, String) {
    assert_eq!(status, 201, "{body}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let order = Placed { id: text(&body["order"]["id"]), token: text(&body["order_token"]) };
    (order, text(&body["payment"]["reference"]))
}
