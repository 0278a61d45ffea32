//! A shop that is paid through a sandbox of Paystack, which runs in the process of the test and knows the truth.

use std::future::Future;
use std::time::Instant;

use commerce_paystack::sandbox::{Builder, Charge, Currency, Running, Sandbox, Truth, signature};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::reply::{Call, Reply};
use super::{ADMIN_TOKEN, DEADLINE, KINDS, Kind, TestDatabase, TestServer, delivery};

/// The shop's key with the gateway. No answer and no log line may have it.
pub(crate) const KEY: &str = "sk_test_0c4f9a7be15d48d2a36b8e90";

/// Where the gateway sends its messages.
pub(crate) const WEBHOOK: &str = "/api/payments/webhook/";

const PRODUCTS: &str = "\
Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Status
mug,Mug,true,MUG,shopify,50,1500.00,active
";

/// Tells the story on every store, side by side.
pub(crate) async fn on_both(story: impl AsyncFn(Kind)) {
    let [one, other] = KINDS;
    tokio::join!(story(one), story(other));
}

/// The shop and its gateway. A mug costs 1500.
pub(crate) struct PaidShop {
    pub(crate) server: TestServer,
    pub(crate) sandbox: Running,
}

/// An order that was placed, with its first attempt.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) reference: String,
    pub(crate) action: Value,
    pub(crate) order: Value,
}

impl Placed {
    pub(crate) fn of(confirmed: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            id: text(&confirmed["order"]["id"]),
            token: text(&confirmed["order_token"]),
            reference: text(&confirmed["payment"]["reference"]),
            action: confirmed["payment"]["next_action"].clone(),
            order: confirmed["order"].clone(),
        }
    }
}

impl PaidShop {
    /// A shop that sells in naira.
    pub(crate) async fn open(kind: Kind) -> Self {
        Self::open_with(kind, Currency::Ngn, |builder| builder, &[]).await
    }

    /// A shop that sells in this currency, with a gateway and variables of its own.
    pub(crate) async fn open_with(
        kind: Kind,
        currency: Currency,
        gateway: impl FnOnce(Builder) -> Builder,
        variables: &[(&str, &str)],
    ) -> Self {
        let builder = Sandbox::builder().secret_key(KEY).currency(currency).rate_limit(None);
        let sandbox = gateway(builder).start().await.unwrap();
        let database = TestDatabase::new(kind);
        database.import_text(PRODUCTS, &["--currency", currency.code()]);
        let mut server = TestServer::prepared(database, &["--port", "0", "--allow-sandbox"]);
        server.set("COMMERCE_PAYSTACK_SECRET_KEY", KEY);
        server.set("COMMERCE_PAYSTACK_URL", &sandbox.url());
        for (name, value) in variables {
            server.set(name, value);
        }
        let mut shop = Self { server, sandbox };
        shop.restart().await;
        shop
    }

    /// Starts the server again; the gateway learns of its address.
    pub(crate) async fn restart(&mut self) {
        self.server.restart().await;
        self.sandbox.set_webhook_url(Some(format!("{}{WEBHOOK}", self.server.url())));
    }

    /// A cart with so many mugs that is to be paid like this: its token.
    pub(crate) async fn cart(&self, mugs: u32, payment: &Value) -> String {
        let cart = self.server.cart(&[("MUG", mugs)]).await;
        let step = |path: &str| self.server.post(&format!("/api/cart/checkout/{path}/")).cart(&cart);
        step("shipping").json(&delivery("standard")).send().await.expect(200);
        let ready = step("payment").json(payment).send().await.expect(200);
        assert_eq!(ready["checkout"]["ready"], true, "{ready}");
        cart
    }

    pub(crate) fn confirm(&self, cart: &str) -> Call<'_> {
        self.server.post("/api/cart/checkout/confirm/").cart(cart).key("confirm").json(&json!({}))
    }

    /// An order of so many mugs that is to be paid like this.
    pub(crate) async fn place(&self, mugs: u32, payment: &Value) -> Placed {
        let cart = self.cart(mugs, payment).await;
        Placed::of(&self.confirm(&cart).send().await.expect(201))
    }

    /// An order of so many mugs that is to be paid by card.
    pub(crate) async fn place_by_card(&self, mugs: u32) -> Placed {
        self.place(mugs, &json!({"method": "card"})).await
    }

    /// An order of so many mugs that was paid by card.
    pub(crate) async fn paid_by_card(&self, mugs: u32) -> Placed {
        let placed = self.place_by_card(mugs).await;
        self.sandbox.pay(&placed.reference).unwrap();
        self.until_payment(&placed, "paid").await;
        placed
    }

    /// The order now.
    pub(crate) async fn order(&self, placed: &Placed) -> Value {
        let path = format!("/api/orders/{}/", placed.id);
        self.server.get(&path).order(&placed.token).send().await.expect(200)
    }

    /// The order once its payment is in this state. Reading it asks the gateway nothing.
    pub(crate) async fn until_payment(&self, placed: &Placed, state: &str) -> Value {
        self.until(|| self.order(placed), |order| order["payment_status"] == state).await
    }

    /// Looks until it is as wished.
    pub(crate) async fn until<F: Future<Output = Value>>(
        &self,
        look: impl Fn() -> F,
        wished: impl Fn(&Value) -> bool,
    ) -> Value {
        let begun = Instant::now();
        loop {
            let seen = look().await;
            if wished(&seen) {
                return seen;
            }
            assert!(begun.elapsed() < DEADLINE, "it does not come to it: {seen}");
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
    }

    pub(crate) fn initialize(&self, placed: &Placed, key: &str, body: Value) -> Call<'_> {
        let mut whole = json!({"order_id": placed.id});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        self.server.post("/api/payments/initialize/").order(&placed.token).key(key).json(&whole)
    }

    /// What a shopper who comes back learns of a reference.
    pub(crate) async fn verify(&self, reference: &str) -> Value {
        self.server.get(&format!("/api/payments/verify/{reference}/")).send().await.expect(200)
    }

    /// A message as if the gateway sent it.
    pub(crate) fn message(&self, body: &[u8]) -> Call<'_> {
        self.message_signed(body, KEY)
    }

    /// A message that was signed with this key.
    pub(crate) fn message_signed(&self, body: &[u8], key: &str) -> Call<'_> {
        let signature = signature(key, body);
        self.server.post(WEBHOOK).header("x-paystack-signature", &signature).raw(body)
    }

    /// A call of staff below `/api/payments/`.
    pub(crate) fn staff(&self, method: Method, path: &str) -> Call<'_> {
        let path = format!("/api/payments/{path}");
        self.server.call(method, &path).header("Authorization", &format!("Bearer {ADMIN_TOKEN}"))
    }

    pub(crate) fn refund(&self, key: &str, body: &Value) -> Call<'_> {
        self.staff(Method::POST, "refund/").key(key).json(body)
    }

    /// All rows of a list of staff, page after page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let (mut rows, mut next) = (Vec::new(), path.to_owned());
        loop {
            let call = self.server.get(&next).header("Authorization", &format!("Bearer {ADMIN_TOKEN}"));
            let page = call.send().await.expect(200);
            rows.extend(page["results"].as_array().unwrap().clone());
            let Some(more) = page["next"].as_str() else { return rows };
            more.clone_into(&mut next);
        }
    }

    pub(crate) async fn transactions(&self) -> Vec<Value> {
        self.all("/api/payments/transactions/?page_size=100").await
    }

    pub(crate) async fn unmatched(&self) -> Vec<Value> {
        self.all("/api/admin/unmatched-payments/?page_size=100").await
    }

    pub(crate) async fn parked(&self) -> Vec<Value> {
        self.all("/api/admin/payment-messages/?page_size=100").await
    }

    /// What really happened, once it is as wished.
    pub(crate) async fn truth_when(&self, wished: impl Fn(&Truth) -> bool) -> Truth {
        let truth = tokio::time::timeout(DEADLINE, self.sandbox.truth_when(wished)).await;
        truth.unwrap_or_else(|_| panic!("it does not come to it: {:?}", self.sandbox.truth().charges))
    }

    /// What the gateway knows of a reference.
    pub(crate) fn charge(&self, reference: &str) -> Charge {
        self.sandbox.charge(reference).unwrap_or_else(|| panic!("the gateway does not know {reference}"))
    }

    /// Changes or reads what a test cannot wait for: times in the past. `$past` stands for one.
    pub(crate) async fn sql(&self, statement: &str) {
        match &self.server.database.schema {
            None => {
                let mut connection = SqliteConnection::connect(&self.server.database.url).await.unwrap();
                let statement = statement.replace("$past", "0");
                sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Some(schema) => {
                let mut connection = PgConnection::connect(&self.server.database.url).await.unwrap();
                let path = format!("set search_path to {schema}");
                sqlx::query(AssertSqlSafe(path)).execute(&mut connection).await.unwrap();
                let statement = statement.replace("$past", "'2020-01-01T00:00:00Z'::timestamptz");
                sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// How many rows a table has.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        let database = &self.server.database;
        let schema = database.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
        let statement = AssertSqlSafe(format!("select count(*) from {schema}{table}"));
        if database.schema.is_none() {
            let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
            sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
        } else {
            let mut connection = PgConnection::connect(&database.url).await.unwrap();
            sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
        }
    }

    /// A number of `/metrics`; 0 when it was never counted.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let text =
            reqwest::get(format!("{}/metrics", self.server.url())).await.unwrap().text().await.unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Every charge that the gateway took is in the shop's books once, and the shop has none that the gateway did not take.
    pub(crate) async fn agrees_with_the_truth(&self) {
        let (ours, unmatched) = (self.transactions().await, self.unmatched().await);
        let truth = self.sandbox.truth();
        for charge in truth.charges.iter().filter(|charge| charge.paid_at.is_some()) {
            let matched = ours.iter().filter(|row| {
                row["payment"]["reference"] == charge.reference && hundredths(&row["captured"]) > 0
            });
            let matched: Vec<_> = matched.collect();
            let apart = unmatched.iter().filter(|row| row["reference"] == charge.reference).count();
            assert_eq!(matched.len() + apart, 1, "{charge:?} is in the books once: {ours:?} {unmatched:?}");
            for row in matched {
                assert_eq!(hundredths(&row["captured"]), charge.amount, "{row}");
            }
        }
        let through_gateway = ours.iter().filter(|row| !row["mode"].is_null());
        for row in through_gateway.filter(|row| hundredths(&row["captured"]) > 0) {
            let charge = self.charge(row["payment"]["reference"].as_str().unwrap());
            assert!(charge.paid_at.is_some(), "{row} was never paid: {charge:?}");
        }
        let went_back: u64 =
            ours.iter().filter(|row| !row["mode"].is_null()).map(|row| hundredths(&row["refunded"])).sum();
        let apart =
            unmatched.iter().filter(|row| row["status"] == "refunding" || row["status"] == "refunded");
        let went_back = went_back + apart.map(|row| hundredths(&row["amount"])).sum::<u64>();
        let sent: u64 = truth.charges.iter().map(|charge| charge.refunded).sum();
        assert!(sent <= went_back, "the gateway sent {sent} back, we asked for {went_back}");
    }

    /// Stops the server. Its books agree with the truth, every invariant holds, and its log has neither failures nor secrets.
    pub(crate) async fn close(mut self) {
        self.agrees_with_the_truth().await;
        let log = self.server.stop().await;
        assert!(!log.contains(KEY) && !log.contains(ADMIN_TOKEN), "{log}");
        self.sandbox.shutdown().await;
    }
}

/// An amount of money in hundredths.
pub(crate) fn hundredths(money: &Value) -> u64 {
    super::reply::amount(money).replace('.', "").parse().unwrap()
}

/// The answer says that the shop cannot go on now, which payment it is about, and when to ask again: the reference.
pub(crate) fn in_trouble(reply: Reply, status: u16) -> String {
    assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{}", reply.text);
    let code = if status == 504 { "gateway-timeout" } else { "unavailable" };
    let body = reply.refused(status, code);
    body["payment_reference"].as_str().unwrap_or_else(|| panic!("no reference: {body}")).to_owned()
}
