//! What cannot be read, sent to every operation: the answer is the one that the contract names, and nothing fails.

use std::collections::BTreeMap;
use std::future::ready;

use futures_util::StreamExt;
use futures_util::stream;
use reqwest::Method;

use crate::server::reply::{Call, Reply};
use crate::server::{Kind, paid};
use crate::{NOWHERE, Operation, Town, operations};

/// The largest body that the server of this test takes, and a body that is larger.
const BODY_MAX: usize = 32 << 10;
/// How many requests are under way at once.
const AT_ONCE: usize = 16;

/// A request, and every answer to it that is right: status and code.
struct Case<'t> {
    what: String,
    call: Call<'t>,
    right: Right,
}

/// The answers that are right.
#[derive(Clone)]
enum Right {
    /// A refusal with this status and code.
    Refusal(u16, &'static str),
    /// One of these, whatever its code is.
    OneOf(&'static [u16]),
    /// What says that there are these methods, and not this one.
    Allow(String),
}

impl Right {
    fn fits(&self, reply: &Reply) -> bool {
        match self {
            Self::Refusal(status, code) => (reply.status, reply.code()) == (*status, *code),
            Self::OneOf(statuses) => statuses.contains(&reply.status),
            Self::Allow(methods) => {
                Self::Refusal(405, "method-not-allowed").fits(reply) && reply.header("allow") == methods
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_on_sqlite() {
    on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_on_postgres() {
    on(Kind::Postgres).await;
}

async fn on(kind: Kind) {
    let mut town = Town::open(kind).await;
    town.server.set("COMMERCE_BODY_BYTES_MAX", &BODY_MAX.to_string());
    // A gateway that nobody asks: what its messages are refused for is seen before.
    town.server.set("COMMERCE_ALLOW_SANDBOX", "true");
    town.server.set("COMMERCE_PAYSTACK_SECRET_KEY", paid::KEY);
    town.server.set("COMMERCE_PAYSTACK_URL", "http://127.0.0.1:9");
    town.server.restart().await;
    let operations = operations();
    let cases: [(&str, Vec<Case<'_>>, usize); 5] = [
        ("bodies", operations.iter().flat_map(|one| bodies(&town, one)).collect(), 1_000),
        ("paths", operations.iter().flat_map(|one| paths(&town, one)).collect(), 800),
        ("queries", operations.iter().flat_map(|one| queries(&town, one)).collect(), 800),
        ("keys", operations.iter().flat_map(|one| keys(&town, one)).collect(), 150),
        ("methods", methods(&town, &operations), 300),
    ];
    let mut wrong = Vec::new();
    for (name, cases, least) in cases {
        assert!(cases.len() > least, "{} {name}", cases.len());
        let met = stream::iter(cases).map(meet).buffer_unordered(AT_ONCE);
        wrong.extend(met.filter_map(ready).collect::<Vec<_>>().await);
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    town.server.stop().await;
}

/// What is wrong with the answer.
async fn meet(case: Case<'_>) -> Option<String> {
    let Case { what, call, right } = case;
    let reply = call.send().await;
    (!right.fits(&reply)).then(|| format!("{what}: {} {}", reply.status, reply.text))
}

/// Whoever it is for.
fn caller(operation: &Operation) -> &'static str {
    match operation.permission {
        Some(_) if operation.path.starts_with("/api/orders/sold/") => "mira",
        Some(_) => "boss",
        None => "ada",
    }
}

/// The address of an operation with this in place of a parameter, and names of nothing in place of the others.
fn filled(operation: &Operation, parameter: &str, value: &str) -> String {
    let part = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) if name == parameter => value.to_owned(),
        Some("slug") if operation.name == "getCategory" => "dresses".to_owned(),
        Some("slug") => "adunni-adire-wrap-dress".to_owned(),
        Some(_) => NOWHERE.to_owned(),
        None => part.to_owned(),
    };
    operation.path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A call of an operation by whoever it is for, with a key where it takes one.
fn call<'t>(town: &'t Town, operation: &Operation, path: &str) -> Call<'t> {
    let call = town.call(caller(operation), operation.method.clone(), path);
    match operation.parameters_in("header").any(|name| name == "Idempotency-Key") {
        true => call.key("unread"),
        false => call,
    }
}

fn bodies<'t>(town: &'t Town, operation: &Operation) -> Vec<Case<'t>> {
    if operation.bodies.is_empty() {
        return Vec::new();
    }
    let post = || call(town, operation, &filled(operation, "", ""));
    let case = |what: &str, call: Call<'t>, status, code| Case {
        what: format!("{} of {what}", operation.name),
        call,
        right: Right::Refusal(status, code),
    };
    let mut cases = vec![case(
        "a body with a coding",
        post().raw("{}").header("Content-Encoding", "gzip"),
        415,
        "unsupported-media-type",
    )];
    // Pictures have a bound of their own, and what is no picture has its own tests.
    if operation.bodies.iter().all(|form| form == "application/json") {
        cases.push(case("a body that is too large", post().raw(vec![b' '; BODY_MAX + 1]), 413, "too-large"));
    } else {
        cases.push(case("JSON", post().raw("{}"), 415, "unsupported-media-type"));
    }
    // What the gateway has not signed is not read at all.
    let signed = operation.name == "takePaymentMessage";
    if !signed {
        let text = post().plain("{}").header("Content-Type", "text/plain");
        cases.push(case("plain text", text, 415, "unsupported-media-type"));
    }
    let deep = format!("{{\"a\":{}", "[".repeat(BODY_MAX / 2));
    for (what, body, code) in [
        ("a body that breaks off", &b"{"[..], "malformed-json"),
        ("text behind the body", b"{} {}", "malformed-json"),
        ("a key that occurs twice", b"{\"a\": 1, \"a\": 2}", "malformed-json"),
        ("a deep field", deep.as_bytes(), "malformed-json"),
        ("a NUL", b"{\"a\": \"\0\"}", "invalid-encoding"),
        ("an escaped NUL", b"{\"a\": \"\\u0000\"}", "invalid-encoding"),
        ("what is not UTF-8", b"{\"a\": \"\xff\"}", "invalid-encoding"),
        ("a list", b"[]", "wrong-type"),
        ("null", b"null", "wrong-type"),
        ("a field of its own making", b"{\"no_such_field\": 1}", "unknown-field"),
    ] {
        let sent = post().raw(body);
        if signed {
            let forged = sent.header("x-paystack-signature", &"0".repeat(128));
            cases.push(case(what, forged, 401, "invalid-signature"));
        } else if operation.bodies.iter().any(|form| form == "application/json") {
            cases.push(case(what, sent, 400, code));
        }
    }
    cases
}

/// Names of nothing.
const GARBAGE: [&str; 4] = ["-1", "%27%20or%201=1--", "..%2f..%2fetc%2fpasswd", "a%0d%0aSet-Cookie:%20a=b"];

fn paths<'t>(town: &'t Town, operation: &Operation) -> Vec<Case<'t>> {
    let nothing = match operation.bodies.is_empty() {
        true => Right::Refusal(404, "not-found"),
        // A body that is wrong may be seen first.
        false => Right::OneOf(&[404, 415, 422]),
    };
    let names = operation.parameters_in("path");
    names
        .flat_map(|name| values(town, operation, name, |value| filled(operation, name, value), &nothing))
        .collect()
}

fn queries<'t>(town: &'t Town, operation: &Operation) -> Vec<Case<'t>> {
    let path = filled(operation, "", "");
    let read = match () {
        () if path.contains(NOWHERE) => Right::OneOf(&[404, 422]),
        () if operation.method == Method::GET => Right::OneOf(&[200, 422]),
        () => Right::OneOf(&[415, 422]),
    };
    let names = operation.parameters_in("query");
    names
        .flat_map(|name| values(town, operation, name, |value| format!("{path}?{name}={value}"), &read))
        .collect()
}

/// Calls of an operation with values of one parameter: what cannot be read, and what can be and is nothing.
fn values<'t>(
    town: &'t Town,
    operation: &Operation,
    name: &str,
    address: impl Fn(&str) -> String,
    read: &Right,
) -> Vec<Case<'t>> {
    let [long, longer] = [7_000, 10_000].map(|length| "x".repeat(length));
    let bytes = ["a%00b", "%ff"].map(|value| (value, Right::Refusal(400, "invalid-encoding")));
    let garbage = GARBAGE.into_iter().chain([&*long]).map(|value| (value, read.clone()));
    let cases = bytes.into_iter().chain([(&*longer, Right::Refusal(414, "uri-too-long"))]).chain(garbage);
    let case = |(value, right): (&str, Right)| {
        let call = call(town, operation, &address(value));
        let takes_json = operation.bodies.iter().any(|form| form == "application/json");
        Case {
            what: format!("{} of {name} {}", operation.name, value.get(..40).unwrap_or(value)),
            call: if takes_json { call.raw("{}") } else { call },
            right,
        }
    };
    cases.map(case).collect()
}

fn keys<'t>(town: &'t Town, operation: &Operation) -> Vec<Case<'t>> {
    let Some(key) = operation.parameters.iter().find(|one| one.name == "Idempotency-Key") else {
        return Vec::new();
    };
    let path = filled(operation, "", "");
    let post = || town.call(caller(operation), operation.method.clone(), &path).raw("{}");
    let long = "x".repeat(256);
    let bad =
        [&[""][..], &["a b"], &["tab\tbed"], &["schl\u{fc}ssel"], &["\u{2603}"], &["one", "two"], &[&long]];
    let mut cases = Vec::new();
    for keys in bad {
        let call = keys.iter().fold(post(), |call, key| call.key(key));
        let what = format!("{} of the keys {keys:?}", operation.name);
        cases.push(Case { what, call, right: Right::Refusal(400, "idempotency-key-invalid") });
    }
    if key.required {
        let what = format!("{} without a key", operation.name);
        cases.push(Case { what, call: post(), right: Right::Refusal(400, "idempotency-key-required") });
    }
    cases
}

fn methods<'t>(town: &'t Town, operations: &[Operation]) -> Vec<Case<'t>> {
    let mut taken: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        taken.entry(&operation.path).or_default().push(operation);
    }
    let mut cases = Vec::new();
    for taken in taken.values() {
        let mut allowed: Vec<&str> = taken.iter().map(|operation| operation.method.as_str()).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        allowed.sort_unstable();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "BREW"] {
            if allowed.contains(&method) {
                continue;
            }
            let filled = filled(taken[0], "", "");
            let written = if cases.len() % 2 == 0 { &filled } else { filled.trim_end_matches('/') };
            let call = town.call("boss", method.parse().unwrap(), written);
            let right = Right::Allow(allowed.join(", "));
            cases.push(Case { what: format!("{method} {written}"), call, right });
        }
    }
    cases
}
