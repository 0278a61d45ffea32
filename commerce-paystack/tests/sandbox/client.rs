//! A small client, so that each test reads as what is sent and what comes back.

use std::time::Duration;

use commerce_paystack::sandbox::{Builder, Running, Sandbox, Truth};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// A sandbox without a rate limit.
pub(crate) async fn start() -> Shop {
    Shop::with(Sandbox::builder()).await
}

/// A running sandbox and a client for it.
pub(crate) struct Shop {
    pub(crate) sandbox: Running,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Shop {
    pub(crate) async fn with(builder: Builder) -> Self {
        let sandbox = builder.rate_limit(None).secret_key("sk_test_of_the_shop").start().await.unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { sandbox, http }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.sandbox.url()))
            .header("authorization", "Bearer sk_test_of_the_shop")
    }

    /// Without a key.
    pub(crate) fn visit(&self, method: Method, url: &str) -> RequestBuilder {
        let url =
            if url.starts_with("http") { url.to_owned() } else { format!("{}{url}", self.sandbox.url()) };
        self.http.request(method, url)
    }

    /// Waits until what happened is as wished.
    pub(crate) async fn until(&self, wished: impl Fn(&Truth) -> bool) -> Truth {
        let waited = tokio::time::timeout(Duration::from_secs(20), self.sandbox.truth_when(wished));
        waited.await.expect("it never happened")
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        reply(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        reply(self.request(Method::POST, path).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn initialize(&self, reference: &str, amount: u64) -> Value {
        let body = json!({"email": "payer@shop.test", "amount": amount, "reference": reference});
        self.post("/transaction/initialize", body).await.ok()["data"].clone()
    }

    /// Initializes and pays by card, from outside the browser.
    pub(crate) async fn paid(&self, reference: &str, amount: u64) -> u64 {
        self.initialize(reference, amount).await;
        self.sandbox.pay(reference).unwrap().id
    }

    pub(crate) async fn verify(&self, reference: &str) -> Value {
        self.get(&format!("/transaction/verify/{reference}")).await.ok()["data"].clone()
    }

    pub(crate) async fn charge(&self, reference: &str, instrument: Value) -> Reply {
        let mut body = json!({"email": "payer@shop.test", "amount": 50_000, "reference": reference});
        body.as_object_mut().unwrap().extend(instrument.as_object().unwrap().clone());
        self.post("/charge", body).await
    }
}

impl Reply {
    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!((self.status, &self.body["status"]), (200, &json!(true)), "{}", self.body);
        self.body
    }

    /// The body of a refusal with this status and message.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, message: &str) -> Value {
        let said = (self.status, self.body["status"].clone(), self.body["message"].clone());
        assert_eq!(said, (status, json!(false), json!(message)), "{}", self.body);
        self.body
    }
}

pub(crate) async fn reply(response: Response) -> Reply {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Reply { status, body }
}

pub(crate) fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}
