//! Every operation once or more, and what went over the wire.

use std::sync::{Arc, Mutex};

use commerce_paystack::sandbox::{Effect, Fault, On, RefundStatus, Sandbox, SandboxEndpoint};
use commerce_paystack::{
    Amount, ChargeAuthorization, ChargeRequest, Client, CreateRefund, Currency, Initialize, Instrument,
    Paging, Reference, RefundFilter, Step, TransactionFilter, UssdBank,
};
use poem::listener::TcpAcceptor;
use poem::{Endpoint, Request, Response, Result, Server};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const KEY: &str = "sk_test_of_the_shop";
const EMAIL: &str = "ada@shop.example";

/// Paystack grants it on request only, so the sandbox always refuses it.
pub(super) const ALWAYS_REFUSED: &str = "POST /transaction/partial_debit";

/// A request and its answer.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// Null when there was none.
    pub(super) body: Value,
    pub(super) status: u16,
    pub(super) answer: Value,
}

impl Exchange {
    /// Whether this is the operation of the specification, such as `GET /refund/{id}`.
    pub(super) fn is(&self, operation: &str) -> bool {
        let (method, template) = operation.split_once(' ').unwrap();
        let same = |(step, wanted): (&str, &str)| step == wanted || wanted.starts_with('{');
        method == self.method
            && template.split('/').count() == self.path.split('/').count()
            && self.path.split('/').zip(template.split('/')).all(same)
    }

    /// The values in the path, by their names in the operation, and those of the query.
    pub(super) fn parameters(&self, operation: &str) -> Vec<(&'static str, String, String)> {
        let template = operation.split_once(' ').unwrap().1.split('/');
        let named = template.zip(self.path.split('/')).filter_map(|(name, value)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            Some(("path", name.to_owned(), value.to_owned()))
        });
        let asked = self.query.iter().map(|(name, value)| ("query", name.clone(), value.clone()));
        named.chain(asked).collect()
    }
}

/// The sandbox, with an ear at its door.
#[derive(Clone)]
struct Recorder {
    sandbox: SandboxEndpoint,
    heard: Arc<Mutex<Vec<Exchange>>>,
}

impl Endpoint for Recorder {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let sent = request.take_body().into_bytes().await?;
        request.set_body(sent.clone());
        let method = request.method().to_string();
        let path = request.uri().path().to_owned();
        let address = format!("http://shop.test/?{}", request.uri().query().unwrap_or_default());
        let address: reqwest::Url = address.parse().unwrap();
        let query = address.query_pairs().map(|(name, value)| (name.into(), value.into())).collect();
        let mut response = self.sandbox.call(request).await?;
        let answer = response.take_body().into_bytes().await?;
        response.set_body(answer.clone());
        self.heard.lock().unwrap().push(Exchange {
            method,
            path,
            query,
            body: serde_json::from_slice(&sent).unwrap_or_default(),
            status: response.status().as_u16(),
            answer: serde_json::from_slice(&answer).unwrap(),
        });
        Ok(response)
    }
}

struct Shop {
    sandbox: Sandbox,
    client: Client,
    http: reqwest::Client,
    url: String,
}

/// Runs every operation and gives what was sent and answered.
pub(super) async fn run() -> Vec<Exchange> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sandbox = Sandbox::builder().rate_limit(None).secret_key(KEY).public_url(&url).build().unwrap();
    let recorder = Recorder { sandbox: sandbox.endpoint(), heard: Arc::default() };
    let heard = Arc::clone(&recorder.heard);
    let server = Server::new_with_acceptor(TcpAcceptor::from_tokio(listener).unwrap());
    let serving = tokio::spawn(server.run(recorder));
    let client = Client::builder(KEY).base_url(&url).build().unwrap();
    let shop = Shop { sandbox, client, http: reqwest::Client::new(), url };
    shop.pages().await;
    shop.charges().await;
    shop.refunds().await;
    shop.customers_and_banks().await;
    shop.without_key(&heard).await;
    serving.abort();
    std::mem::take(&mut *heard.lock().unwrap())
}

fn naira(subunits: u64) -> Amount {
    Amount::new(subunits, Currency::NGN)
}

fn reference(text: &str) -> Reference {
    Reference::new(text).unwrap()
}

impl Shop {
    /// A call that our client does not have.
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(KEY);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn pages(&self) {
        let begin = Initialize::new(EMAIL, naira(250_000), reference("page"))
            .callback_url("https://shop.example/thanks")
            .channels([commerce_paystack::Channel::Card])
            .metadata(json!({ "cart": 42 }));
        self.client.initialize(&begin).await.unwrap();
        self.client.initialize(&begin).await.unwrap_err();
        self.client.verify(&reference("page")).await.unwrap();
        self.sandbox.pay("page").unwrap();
        let paid = self.client.verify(&reference("page")).await.unwrap();
        self.client.verify(&reference("nobody")).await.unwrap_err();
        self.client.transaction_by_id(paid.id.unwrap()).await.unwrap();
        self.client.transaction_by_id(1).await.unwrap_err();
        let plain = Initialize::new(EMAIL, naira(250_000), reference("plain"));
        self.client.initialize(&plain).await.unwrap();
        let filter = TransactionFilter { subunits: Some(250_000), ..TransactionFilter::default() };
        for paging in [Paging::Number { page: 1, per_page: 2 }, Paging::Cursor { after: None, per_page: 1 }] {
            self.client.transactions(&filter, &paging).await.unwrap();
        }
        self.get("/transaction/totals?from=2020-01-01").await;
        for key in ["page", "nobody"] {
            self.get(&format!("/transaction/timeline/{key}")).await;
        }
        let code = paid.authorization.unwrap().code;
        let again = ChargeAuthorization::new(EMAIL, naira(90_000), reference("saved"), code.clone());
        self.client.charge_authorization(&again).await.unwrap();
        let stranger =
            ChargeAuthorization::new("eve@shop.example", naira(90_000), reference("theirs"), code.clone());
        self.client.charge_authorization(&stranger).await.unwrap_err();
        let body =
            json!({"email": EMAIL, "amount": 90_000, "currency": "NGN", "authorization_code": code.expose()});
        self.post("/transaction/partial_debit", body).await;
        self.post("/customer/authorization/deactivate", json!({"authorization_code": code.expose()})).await;
    }

    async fn charges(&self) {
        let instruments = [
            ("transfer", Instrument::BankTransfer { expires_at: None }),
            ("ussd", Instrument::Ussd { bank: UssdBank::GuarantyTrust }),
            ("account", Instrument::Bank { code: "057".into(), account_number: "0000000000".into() }),
        ];
        for (name, instrument) in instruments {
            let charge = ChargeRequest::new(EMAIL, naira(90_000), reference(name), instrument)
                .metadata(json!({ "cart": 42 }));
            self.client.charge(&charge).await.unwrap();
            self.client.check_charge(&reference(name)).await.unwrap();
        }
        let submit = async |name, step| self.client.submit(&reference(name), &step).await;
        submit("account", Step::Birthday("2007-04-15".into())).await.unwrap();
        submit("account", Step::Otp("123456".into())).await.unwrap();
        self.client.check_charge(&reference("account")).await.unwrap();
        submit("nobody", Step::Otp("123456".into())).await.unwrap_err();
        self.client.check_charge(&reference("nobody")).await.unwrap_err();
        // Only businesses that may see card numbers send them; our client never does.
        for (name, number, cvv, steps) in [
            ("at-once", "4084084084084081", "408", &[][..]),
            ("pin", "507850785078507812", "081", &[Step::Pin("1111".into())]),
            ("wrong-pin", "507850785078507812", "081", &[Step::Pin("2222".into())]),
            (
                "phone",
                "507850785078507804",
                "884",
                &[Step::Pin("0000".into()), Step::Phone("08012345678".into()), Step::Otp("123456".into())],
            ),
            ("declined", "4084080000005408", "001", &[]),
        ] {
            let card = json!({"number": number, "cvv": cvv, "expiry_month": "12", "expiry_year": "2040"});
            self.post("/charge", json!({"email": EMAIL, "amount": 90_000, "reference": name, "card": card}))
                .await;
            for step in steps {
                submit(name, step.clone()).await.unwrap();
            }
            self.client.verify(&reference(name)).await.unwrap();
        }
        let step = Step::Address {
            address: "1 A".into(),
            city: "B".into(),
            state: "C".into(),
            zip_code: "1".into(),
        };
        submit("at-once", step).await.unwrap();
        self.post("/charge", json!({"email": EMAIL, "amount": 90_000})).await;
    }

    async fn refunds(&self) {
        let id = self.sandbox.charge("page").unwrap().id;
        let made =
            self.client.create_refund(&CreateRefund::new(reference("page"), naira(100_000))).await.unwrap();
        self.client.create_refund(&CreateRefund::new(id, naira(200_000))).await.unwrap_err();
        let made = made.id.unwrap();
        self.client.refund(made).await.unwrap();
        self.client.refund(1).await.unwrap_err();
        let filter =
            RefundFilter { transaction: Some(id), currency: Some(Currency::NGN), ..RefundFilter::default() };
        self.client.refunds(&filter, 1, 50).await.unwrap();
        self.sandbox.script(Fault::on(On::RefundOutcome, Effect::RefundNeedsAttention));
        let stuck = CreateRefund::new(id, naira(50_000)).merchant_note("came back").customer_note("sorry");
        let stuck = self.client.create_refund(&stuck).await.unwrap().id.unwrap();
        self.sandbox.move_refund(stuck, RefundStatus::NeedsAttention).unwrap();
        let account = json!({"currency": "NGN", "account_number": "1234567890", "bank_id": "9"});
        for _ in 0..2 {
            let path = format!("/refund/retry_with_customer_details/{stuck}");
            self.post(&path, json!({ "refund_account_details": account })).await;
        }
        self.sandbox.move_refund(made, RefundStatus::Processed).unwrap();
        self.client.refunds(&RefundFilter::default(), 1, 50).await.unwrap();
        self.client.verify(&reference("page")).await.unwrap();
    }

    async fn customers_and_banks(&self) {
        let made = self.post("/customer", json!({"email": "new@shop.example", "first_name": "New"})).await;
        self.post("/customer", json!({"email": "nobody"})).await;
        let code = made["data"]["customer_code"].as_str().unwrap();
        let body = json!({"last_name": "Er", "phone": "+2348100000000", "metadata": {"vip": "yes"}});
        self.call(Method::PUT, &format!("/customer/{code}"), Some(body)).await;
        self.get(&format!("/customer/{code}")).await;
        self.get(&format!("/customer/{EMAIL}")).await;
        self.get("/customer/CUS_nobody").await;
        self.get("/customer?perPage=2&page=1").await;
        self.get("/customer?use_cursor=true&perPage=1").await;
        self.get("/bank?country=nigeria&perPage=50").await;
        self.get("/bank?country=nigeria&use_cursor=true&perPage=50").await;
        self.get("/bank/resolve?account_number=0000000000&bank_code=057").await;
        self.get("/bank/resolve?account_number=1&bank_code=057").await;
        self.get("/decision/bin/408408").await;
        self.get("/decision/bin/111111").await;
        self.call(Method::PUT, "/integration/payment_session_timeout", Some(json!({"timeout": 30}))).await;
        self.get("/integration/payment_session_timeout").await;
    }

    /// Everything once more, by somebody who has no key.
    async fn without_key(&self, heard: &Mutex<Vec<Exchange>>) {
        let known = heard.lock().unwrap().clone();
        for exchange in known {
            let method: Method = exchange.method.parse().unwrap();
            let request = self.http.request(method, format!("{}{}", self.url, exchange.path));
            request.send().await.unwrap();
        }
    }
}
