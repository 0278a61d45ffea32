//! Calls and what comes back.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::contract::Contract;

/// A call on its way.
pub(crate) struct Call<'a> {
    request: RequestBuilder,
    contract: &'a Contract,
    method: Method,
    path: String,
}

impl<'a> Call<'a> {
    pub(crate) fn new(request: RequestBuilder, contract: &'a Contract, method: Method, path: &str) -> Self {
        Self { request, contract, method, path: path.to_owned() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn cart(self, token: &str) -> Self {
        self.header("X-Cart-Token", token)
    }

    pub(crate) fn order(self, token: &str) -> Self {
        self.header("X-Order-Token", token)
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// A body that says it is JSON, whether it is or not.
    pub(crate) fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.header("Content-Type", "application/json").body(body.into());
        self
    }

    /// A body without a word about what it is.
    pub(crate) fn plain(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.body(body.into());
        self
    }

    /// Sends it. Whatever comes back is no failure of the server.
    pub(crate) async fn send(self) -> Reply {
        let call = format!("{} {}", self.method, self.path);
        let reply = self.send_in_trouble().await;
        assert!(reply.status < 500, "{call}: {} {}", reply.status, reply.text);
        reply
    }

    /// Sends it to a server that may have to fail. Whatever comes back has a request id, keeps to the contract and shows
    /// nothing of what is inside.
    pub(crate) async fn send_in_trouble(self) -> Reply {
        let Self { request, contract, method, path } = self;
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        // A file is a text to the contract.
        let is_json = headers
            .get("content-type")
            .is_none_or(|of| of != "application/x-ndjson" && of != "text/csv; charset=utf-8");
        let body = match is_json {
            true => serde_json::from_str(&text).unwrap_or(Value::Null),
            false => Value::String(text.clone()),
        };
        let reply = Reply { status, headers, body, text };
        let shown = format!("{method} {path}: {status} {}", reply.text);
        assert!(!reply.header("x-request-id").is_empty(), "{shown}");
        for secret in [super::paid::KEY, super::SECRET, super::ADMIN_TOKEN] {
            assert!(!reply.text.contains(secret), "{shown} tells a secret");
        }
        if status >= 400 {
            assert_eq!(reply.header("content-type"), "application/problem+json", "{shown}");
            assert_eq!(reply.body["status"], status, "{shown}");
            assert_eq!(reply.body["request_id"], reply.header("x-request-id"), "{shown}");
            for word in ["commerce_", "sqlx", "serde", "struct", "panicked", ".rs"] {
                assert!(!reply.text.contains(word), "{shown} shows its insides");
            }
        }
        if method != Method::HEAD {
            contract
                .check(method.as_str(), &path, status, &reply.body)
                .unwrap_or_else(|error| panic!("{error}\n{shown}"));
        }
        reply
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    /// The body of an answer with this status.
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// The body of a refusal with this status and code.
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        self.body
    }
}

/// The amount of a sum of money.
pub(crate) fn amount(money: &Value) -> &str {
    money["amount"].as_str().unwrap_or_else(|| panic!("{money} is no money"))
}

/// What differs from run to run, replaced by its name: ids, tokens, times, numbers.
pub(crate) fn redacted(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let hidden = |name: &str| {
                name == "id"
                    || name.ends_with("_id")
                    || name.ends_with("_at")
                    || matches!(name, "at" | "token" | "order_token" | "number" | "reference" | "instance")
            };
            let entry = |(name, value): (&String, &Value)| {
                let value = if hidden(name) && !value.is_null() {
                    format!("<{name}>").into()
                } else {
                    redacted(value)
                };
                (name.clone(), value)
            };
            Value::Object(entries.iter().map(entry).collect())
        }
        Value::Array(items) => items.iter().map(redacted).collect(),
        other => other.clone(),
    }
}
