//! Every operation of the document, on both stores. Who reaches what: whatever an operation names is its owner's, the shop's, a
//! merchant's or everybody's, and whoever it is not for learns nothing of it. And how each answers what cannot be read.
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "images"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod holders;
mod matrix;
mod merchants;
#[path = "../server/mod.rs"]
mod server;
mod unreadable;
mod world;

use std::collections::BTreeMap;

use commerce_core::access::{Permission, Role};
use reqwest::Method;
use serde_json::{Value, json};

use server::reply::{Call, Reply};
use server::{Kind, TestServer, delivery};

const SECRET: &str = "tr0mbone & oar 99";
const TOWEL: &str = "ORA-NET-1";
const COTTON: &str = "ADN-WRP-IND-M";
const AKWETE: &str = "OBL-AKW-M";
/// An id of nothing.
const NOWHERE: &str = "0190f3c2-0000-7000-8000-000000000000";

/// Everybody who has an account, and what they are.
const PEOPLE: [(&str, Role); 6] = [
    ("ada", Role::Customer),
    ("eve", Role::Customer),
    ("mira", Role::Merchant),
    ("max", Role::Merchant),
    ("sam", Role::Staff),
    ("boss", Role::Admin),
];

/// The sample shop, where everybody is logged in. Mira sells the dress of cotton, Max sells nothing.
struct Town {
    server: TestServer,
    pairs: BTreeMap<&'static str, Value>,
}

impl Town {
    async fn open(kind: Kind) -> Self {
        let emails = PEOPLE.map(|(name, _)| format!("{name}@example.com"));
        let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
        let server = TestServer::start_with_customers(kind, &emails, SECRET).await;
        let users = server.admin(Method::GET, "../users/all/").send().await.expect(200);
        let mut pairs = BTreeMap::new();
        for (name, role) in PEOPLE {
            let email = format!("{name}@example.com");
            let known =
                users["results"].as_array().unwrap().iter().find(|user| user["email"] == email.as_str());
            let path = format!("../users/{}/", known.unwrap()["id"].as_str().unwrap());
            let standing = json!({"role": role.as_str()});
            server.admin(Method::PATCH, &path).json(&standing).send().await.expect(200);
            let login = json!({"email": email, "password": SECRET});
            pairs.insert(name, server.post("/api/auth/login/").json(&login).send().await.expect(200));
        }
        server.database.execute(&sold_by("mira")).await;
        Self { server, pairs }
    }

    /// A call of somebody; of a guest when nobody has this name.
    fn call(&self, who: &str, method: Method, path: &str) -> Call<'_> {
        let call = self.server.call(method, path);
        match self.pairs.get(who) {
            Some(pair) => {
                call.header("Authorization", &format!("Bearer {}", pair["access_token"].as_str().unwrap()))
            }
            None => call,
        }
    }

    async fn get(&self, who: &str, path: &str) -> Reply {
        self.call(who, Method::GET, path).send().await
    }

    /// Puts so many of these into the cart of an account, whole with where it goes and how it is paid: the cart.
    async fn fill(&self, who: &str, items: &[(&str, u32)]) -> Value {
        for (sku, quantity) in items {
            let body = json!({"sku": sku, "quantity": quantity});
            self.call(who, Method::POST, "/api/cart/items/").json(&body).send().await.expect(201);
        }
        let mut shipping = delivery("standard");
        shipping.as_object_mut().unwrap().remove("email");
        self.call(who, Method::POST, "/api/cart/checkout/shipping/").json(&shipping).send().await.expect(200);
        let method = json!({"method": "cash_on_delivery"});
        self.call(who, Method::POST, "/api/cart/checkout/payment/").json(&method).send().await.expect(200)
    }

    /// Orders so many of these: what the confirmation says.
    async fn order(&self, who: &str, items: &[(&str, u32)]) -> Value {
        self.fill(who, items).await;
        let key: String = items.iter().map(|(sku, quantity)| format!("{quantity}-{sku}-")).collect();
        let confirm = self.call(who, Method::POST, "/api/cart/checkout/confirm/").key(&key).json(&json!({}));
        confirm.send().await.expect(201)
    }
}

/// The statement that makes somebody the seller of the dress.
fn sold_by(who: &str) -> String {
    format!(
        "update {{products}} set seller_id = (select seller_id from {{accounts}} where email = '{who}@example.com')
          where slug = 'adunni-adire-wrap-dress'"
    )
}

/// An operation of the document.
#[derive(Debug)]
struct Operation {
    name: String,
    method: Method,
    path: String,
    /// What it asks for.
    permission: Option<Permission>,
    /// Whether it is for others too, who have no such permission.
    for_others: bool,
    /// Names of what stands in its path and in its body.
    named: Vec<String>,
    parameters: Vec<Parameter>,
    /// The forms in which it takes a body; none: it takes none.
    bodies: Vec<String>,
}

/// A parameter of an operation.
#[derive(Debug)]
struct Parameter {
    name: String,
    /// Where it stands: `path`, `query` or `header`.
    place: String,
    required: bool,
}

impl Operation {
    /// The names of its parameters in this place.
    fn parameters_in<'o>(&'o self, place: &'o str) -> impl Iterator<Item = &'o str> {
        self.parameters.iter().filter(move |one| one.place == place).map(|one| one.name.as_str())
    }
}

/// Every operation of the document that the program prints.
fn operations() -> Vec<Operation> {
    let output = server::program().arg("openapi").output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let security = operation["security"].as_array();
            let asked = security.into_iter().flatten().find_map(|way| way["Bearer"][0].as_str());
            let mut named: Vec<_> = path.split('/').filter_map(|part| part.strip_prefix('{')).collect();
            named.iter_mut().for_each(|part| *part = part.trim_end_matches('}'));
            let mut named: Vec<String> = named.into_iter().map(str::to_owned).collect();
            let mut bodies = Vec::new();
            for (form, media) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                properties(&document, &media["schema"], 0, &mut named);
                bodies.push(form.clone());
            }
            let parameter = |it: &Value| {
                let text = |name: &str| it[name].as_str().unwrap().to_owned();
                Parameter { name: text("name"), place: text("in"), required: it["required"] == true }
            };
            let parameters = operation["parameters"].as_array().into_iter().flatten().map(parameter);
            found.push(Operation {
                name: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                permission: asked.map(|permission| permission.parse().unwrap()),
                for_others: security.is_none_or(|ways| ways.iter().any(|way| way == &json!({}))),
                named,
                parameters: parameters.collect(),
                bodies,
            });
        }
    }
    assert!(found.len() > 80, "{} operations", found.len());
    found
}

/// The names of all properties of a schema, with those of what it holds.
fn properties(document: &Value, schema: &Value, depth: u32, named: &mut Vec<String>) {
    if depth > 8 {
        return;
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        properties(document, &document["components"]["schemas"][name], depth + 1, named);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        named.push(name.clone());
        properties(document, property, depth + 1, named);
    }
    for part in schema["allOf"].as_array().into_iter().chain(schema["oneOf"].as_array()).flatten() {
        properties(document, part, depth + 1, named);
    }
    if schema["items"].is_object() {
        properties(document, &schema["items"], depth + 1, named);
    }
}

/// What a caller is told, with what they named and the id of the request left out.
fn told(reply: &Reply, named: &[&str]) -> (u16, Vec<(String, String)>, String) {
    let own = reply.header("x-request-id").to_owned();
    let text =
        named.iter().fold(reply.text.replace(&own, "REQUEST"), |text, named| text.replace(named, "NAMED"));
    let passing = ["date", "x-request-id"];
    let headers = reply
        .headers
        .iter()
        .filter(|(name, _)| !passing.contains(&name.as_str()) && !name.as_str().starts_with("ratelimit-"));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (reply.status, headers.collect(), text)
}
