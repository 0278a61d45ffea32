//! The catalogue as staff and merchants keep it: made, changed, taken away and put back over HTTP, on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use reqwest::Method;
use serde_json::{Value, json};
use server::reply::Call;
use server::{KINDS, TestServer};

const SECRET: &str = "tr0mbone & oar 99";

fn naira(amount: &str) -> Value {
    json!({"amount": amount, "currency": "NGN"})
}

/// A bowl in two colours, on sale at once, and always there to be bought.
fn bowl() -> Value {
    let variant = |sku: &str, colour: &str, price: &str| json!({"sku": sku, "option_values": [colour], "price": naira(price), "cost": naira("700"), "tracked": false});
    json!({
        "name": "Calabash Bowl",
        "status": "published",
        "description_html": "<p>Carved by hand.</p>",
        "tags": ["kitchen", "carved"],
        "options": ["Colour"],
        "images": [{"url": "https://img.example/bowl.jpg", "alt": "The bowl"}],
        "variants": [variant("BOWL-R", "Red", "1500.00"), variant("BOWL-B", "Brown", "1600.00")],
    })
}

/// Whoever calls.
struct As<'s> {
    server: &'s TestServer,
    token: Option<String>,
}

impl<'s> As<'s> {
    async fn account(server: &'s TestServer, email: &str, role: &str) -> Self {
        let users = server.admin(Method::GET, "../users/all/").send().await.expect(200);
        let users = users["results"].as_array().unwrap();
        let user = users.iter().find(|user| user["email"] == email).unwrap();
        let path = format!("../users/{}/", user["id"].as_str().unwrap());
        server.admin(Method::PATCH, &path).json(&json!({"role": role})).send().await.expect(200);
        let login = json!({"email": email, "password": SECRET});
        let pair = server.post("/api/auth/login/").json(&login).send().await.expect(200);
        Self { server, token: Some(pair["access_token"].as_str().unwrap().to_owned()) }
    }

    fn admin(server: &'s TestServer) -> Self {
        Self { server, token: None }
    }

    fn call(&self, method: Method, path: &str) -> Call<'s> {
        match &self.token {
            Some(token) => self.server.call(method, path).header("Authorization", &format!("Bearer {token}")),
            None => self.server.admin(method, &format!("..{}", path.strip_prefix("/api").unwrap())),
        }
    }

    async fn make(&self, body: &Value) -> Value {
        self.call(Method::POST, "/api/products/").json(body).send().await.expect(201)
    }

    async fn patch(&self, slug: &str, body: &Value) -> server::reply::Reply {
        self.call(Method::PATCH, &format!("/api/products/{slug}/")).json(body).send().await
    }
}

/// What PUT takes of what GET says.
fn writable(product: &Value) -> Value {
    let mut body = json!({});
    for field in [
        "slug",
        "name",
        "description_html",
        "tags",
        "status",
        "featured",
        "seller",
        "publish_at",
        "unpublish_at",
    ] {
        body[field] = product[field].clone();
    }
    for field in ["brand", "category"] {
        body[field] = product[field]["slug"].clone();
    }
    let each = |list: &Value, of: fn(&Value) -> Value| -> Value {
        list.as_array().unwrap().iter().map(of).collect()
    };
    body["options"] = each(&product["options"], |option| option["name"].clone());
    body["images"] = each(&product["images"], |image| json!({"url": image["url"], "alt": image["alt"]}));
    body["attributes"] = each(&product["attributes"], |of| json!({"code": of["code"], "value": of["value"]}));
    body["variants"] = each(&product["variants"], |variant| {
        let mut body = json!({});
        for field in [
            "sku",
            "price",
            "compare_at_price",
            "cost",
            "weight",
            "dimensions",
            "barcode",
            "image",
            "tax_class",
            "digital",
            "tracked",
            "backorder",
        ] {
            body[field] = variant[field].clone();
        }
        let values = variant["options"].as_array().unwrap().iter().map(|option| option["value"].clone());
        body["option_values"] = values.collect();
        body
    });
    body
}

async fn listed(server: &TestServer, slug: &str) -> bool {
    let page = server.get("/api/products/?page_size=100").send().await.expect(200);
    page["results"].as_array().unwrap().iter().any(|product| product["slug"] == slug)
}

/// Whether a search for the words finds the bowl.
async fn found(server: &TestServer, words: &str) -> bool {
    let page = server.get(&format!("/api/products/search/?q={words}&page_size=100")).send().await.expect(200);
    let slugs = ["calabash-bowl", "gourd-bowl"].map(Value::from);
    page["results"].as_array().unwrap().iter().any(|product| slugs.contains(&product["slug"]))
}

#[tokio::test]
async fn a_product_is_made_changed_deleted_and_restored() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let admin = As::admin(&server);
        let post = || admin.call(Method::POST, "/api/products/").key("bowl-1").json(&bowl());
        let made = post().send().await.expect(201);
        assert_eq!((&made["slug"], &made["version"]), (&json!("calabash-bowl"), &json!(1)));
        let again = post().send().await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.expect(201), made);
        let other = admin.call(Method::POST, "/api/products/").key("bowl-1").json(&json!({"name": "x"}));
        other.send().await.refused(422, "idempotency-key-reused");

        // At once in the list, the search and on its page, and never with what only the shop knows.
        assert!(listed(&server, "calabash-bowl").await);
        assert!(found(&server, "calabash").await);
        let path = "/api/products/calabash-bowl/";
        let shown = server.get(path).send().await;
        assert!(shown.header("cache-control").starts_with("public"), "{}", shown.header("cache-control"));
        assert!(!shown.text.contains("cost") && !shown.text.contains("version"), "{}", shown.text);
        let full = admin.call(Method::GET, path).send().await;
        assert_eq!((full.header("cache-control"), full.header("etag")), ("private, no-store", "\"1\""));
        let full = full.expect(200);
        assert_eq!(full["variants"][0]["cost"], naira("700.00"));
        let known = admin.call(Method::PUT, path).header("If-Match", "\"1\"").json(&writable(&full));
        assert_eq!(known.send().await.expect(200), full, "what is there already changes nothing");

        let changed =
            admin.patch("calabash-bowl", &json!({"name": "Gourd Bowl", "version": 1})).await.expect(200);
        assert_eq!((&changed["version"], &changed["tags"]), (&json!(2), &full["tags"]));
        assert!(found(&server, "gourd").await && !found(&server, "calabash").await);
        let late = admin.patch("calabash-bowl", &json!({"name": "x", "version": 1})).await;
        assert_eq!(late.refused(412, "version-conflict")["version"], 2);
        let late = admin.call(Method::DELETE, path).header("If-Match", "\"1\"").send().await;
        late.refused(412, "version-conflict");

        // Renamed: the old address leads to the new one.
        admin.patch("calabash-bowl", &json!({"slug": "gourd-bowl"})).await.expect(200);
        let moved = server.get(path).send().await;
        let path = "/api/products/gourd-bowl/";
        assert_eq!((moved.status, moved.header("location")), (308, path));

        admin.patch("gourd-bowl", &json!({"status": "archived"})).await.expect(200);
        assert!(!listed(&server, "gourd-bowl").await);
        server.get(path).send().await.refused(404, "not-found");
        assert_eq!(admin.call(Method::GET, path).send().await.expect(200)["status"], "archived");
        admin.patch("gourd-bowl", &json!({"status": "published"})).await.expect(200);
        assert!(listed(&server, "gourd-bowl").await);

        assert_eq!(admin.call(Method::DELETE, path).send().await.status, 204);
        assert_eq!(admin.call(Method::DELETE, path).send().await.status, 204);
        assert!(!listed(&server, "gourd-bowl").await);
        assert!(!found(&server, "gourd").await);
        server.get(path).send().await.refused(404, "not-found");
        let deleted = admin.call(Method::GET, "/api/admin/products/?deleted=true").send().await.expect(200);
        assert_eq!(deleted["results"][0]["slug"], "gourd-bowl");
        let taken =
            admin.call(Method::POST, "/api/products/").json(&json!({"name": "Gourd Bowl"})).send().await;
        assert_eq!(taken.refused(409, "already-exists")["errors"][0]["pointer"], "/slug");
        admin.call(Method::POST, &format!("{path}restore/")).send().await.expect(200);
        assert!(listed(&server, "gourd-bowl").await);

        let target = format!("product:{}", made["id"].as_str().unwrap());
        let audit = server.admin(Method::GET, &format!("audit/?target={target}&page_size=100")).send().await;
        let audit = audit.expect(200);
        let rows = audit["results"].as_array().unwrap();
        let told: Vec<&str> = rows.iter().rev().map(|row| row["action"].as_str().unwrap()).collect();
        assert_eq!(told[..2], ["product.create", "product.update"]);
        assert_eq!(told[told.len() - 2..], ["product.delete", "product.restore"]);
        let named = &rows[rows.len() - 2]["data"];
        assert_eq!(
            (&named["before"]["name"], &named["after"]["name"]),
            (&json!("Calabash Bowl"), &json!("Gourd Bowl"))
        );
        server.doctor().await;
        server.stop().await;
    }
}

#[tokio::test]
async fn variants_come_change_and_go_with_their_prices() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let admin = As::admin(&server);
        admin.make(&bowl()).await;
        let variants = "/api/products/calabash-bowl/variants/";
        let grey =
            json!({"sku": "BOWL-G", "option_values": ["Grey"], "price": naira("1700"), "tracked": false});
        let added = admin.call(Method::POST, variants).json(&grey).send().await.expect(201);
        assert_eq!(added["variants"].as_array().unwrap().len(), 3);
        for (field, value, status, pointer) in [
            ("sku", json!("BOWL-G"), 409, "/sku"),
            ("sku", json!("ORA-NET-1"), 409, "/sku"),
            ("option_values", json!(["Red"]), 422, "/option_values"),
            ("option_values", json!([]), 422, "/option_values"),
            ("price", json!({"amount": "-1", "currency": "NGN"}), 422, "/price"),
            ("price", json!({"amount": "1", "currency": "GHS"}), 422, "/price"),
            ("price", json!({"amount": "1.1234567", "currency": "NGN"}), 422, "/price/amount"),
            ("price", Value::Null, 422, "/price"),
            ("compare_at_price", naira("1"), 422, "/compare_at_price"),
            ("weight", json!({"grams": "heavy", "unit": "g"}), 422, "/weight/grams"),
            (
                "dimensions",
                json!({"length": "1", "width": "1", "height": "0", "unit": "m"}),
                422,
                "/dimensions",
            ),
        ] {
            let mut wrong = json!({"sku": "BOWL-N", "option_values": ["New"], "price": naira("9")});
            wrong[field] = value;
            let refused = admin.call(Method::POST, variants).json(&wrong).send().await;
            assert_eq!(
                (refused.status, &refused.body["errors"][0]["pointer"]),
                (status, &json!(pointer)),
                "{wrong}"
            );
        }
        let cart = server.cart(&[("BOWL-G", 1), ("BOWL-R", 1)]).await;
        let grey = format!("{variants}BOWL-G/");
        let dearer = json!({"price": naira("1800"), "compare_at_price": naira("2000")});
        let changed = admin.call(Method::PATCH, &grey).json(&dearer).send().await.expect(200);
        assert_eq!(changed["variants"][2]["price"], naira("1800.00"));
        let plain = json!({"price": naira("1750")});
        let put = admin.call(Method::PUT, &grey).json(&plain).send().await.expect(200);
        let variant = &put["variants"][2];
        assert_eq!((&variant["sku"], &variant["compare_at_price"]), (&json!("BOWL-G"), &Value::Null));
        assert_eq!((&variant["options"][0]["value"], &variant["tracked"]), (&json!("Grey"), &json!(true)));

        let history = "/api/products/calabash-bowl/price-history/";
        let page = admin.call(Method::GET, &format!("{history}?page_size=1")).send().await.expect(200);
        assert_eq!(page["results"][0]["after"]["price"], naira("1750.00"));
        let next = admin.call(Method::GET, page["next"].as_str().unwrap()).send().await.expect(200);
        assert_eq!(
            (&next["results"][0]["before"]["price"], &next["next"]),
            (&naira("1700.00"), &Value::Null)
        );
        server.get(history).send().await.refused(401, "unauthenticated");

        let gone = admin.call(Method::DELETE, &grey).send().await.expect(200);
        assert_eq!(gone["variants"].as_array().unwrap().len(), 2);
        admin.call(Method::DELETE, &grey).send().await.refused(404, "not-found");
        let shown = server.get("/api/cart/").cart(&cart).send().await.expect(200);
        assert_eq!(shown["items"][0]["in_stock"], false, "{shown}");
        admin.call(Method::DELETE, &format!("{variants}BOWL-R/")).send().await.expect(200);
        let last = admin.call(Method::DELETE, &format!("{variants}BOWL-B/")).send().await;
        last.refused(422, "validation-failed");
        server.doctor().await;
        server.stop().await;
    }
}

#[tokio::test]
async fn merchants_keep_to_what_is_their_own() {
    for kind in KINDS {
        let emails = ["ada@example.com", "eve@example.com", "sam@example.com", "cus@example.com"];
        let mut server = TestServer::start_with_customers(kind, &emails, SECRET).await;
        let ada = As::account(&server, emails[0], "merchant").await;
        let eve = As::account(&server, emails[1], "merchant").await;
        let sam = As::account(&server, emails[2], "staff").await;
        let customer = As::account(&server, emails[3], "customer").await;
        customer.call(Method::POST, "/api/products/").json(&bowl()).send().await.refused(403, "forbidden");
        server.post("/api/products/").json(&bowl()).send().await.refused(401, "unauthenticated");
        let mut draft = bowl();
        draft["status"] = json!("draft");
        let made = ada.make(&draft).await;
        assert!(made["seller"].is_string());

        let id_out = |mut body: Value| {
            body["request_id"] = Value::Null;
            body["instance"] = Value::Null;
            body
        };
        for (method, path, body) in [
            (Method::GET, "", None),
            (Method::PUT, "", Some(bowl())),
            (Method::PATCH, "", Some(json!({"name": "Mine"}))),
            (Method::PATCH, "", Some(json!({"name": "Mine", "version": 7}))),
            (Method::DELETE, "", None),
            (Method::POST, "restore/", Some(json!({}))),
            (Method::POST, "variants/", Some(json!({"sku": "X", "price": naira("1")}))),
            (Method::PATCH, "variants/BOWL-R/", Some(json!({"price": naira("1")}))),
            (Method::DELETE, "variants/BOWL-R/", None),
            (Method::GET, "price-history/", None),
        ] {
            let ask = async |slug: &str| {
                let mut call = eve.call(method.clone(), &format!("/api/products/{slug}/{path}"));
                if let Some(body) = &body {
                    call = call.json(body);
                }
                id_out(call.send().await.refused(404, "not-found"))
            };
            assert_eq!(ask("calabash-bowl").await, ask("no-such-bowl").await, "{method} {path}");
        }
        let theirs = async |who: &As<'_>| {
            let page = who.call(Method::GET, "/api/admin/products/?page_size=100").send().await.expect(200);
            page["results"].as_array().unwrap().len()
        };
        assert_eq!((theirs(&ada).await, theirs(&eve).await), (1, 0));
        assert!(theirs(&sam).await > 1);
        customer.call(Method::GET, "/api/admin/products/").send().await.refused(403, "forbidden");
        customer.call(Method::GET, "/api/products/calabash-bowl/").send().await.refused(404, "not-found");

        let own = ada.patch("calabash-bowl", &json!({"status": "published"})).await.expect(200);
        assert_eq!((&own["version"], &own["seller"]), (&json!(2), &made["seller"]));
        for (field, value) in
            [("featured", json!(true)), ("seller", json!("01890a5d-ac96-774b-bcce-b302099a8057"))]
        {
            let mut body = json!({});
            body[field] = value;
            let refused = ada.patch("calabash-bowl", &body).await.refused(422, "validation-failed");
            assert_eq!(refused["errors"][0]["pointer"], format!("/{field}"));
        }
        let shops = sam.patch("calabash-bowl", &json!({"featured": true, "seller": null})).await.expect(200);
        assert_eq!((&shops["featured"], &shops["seller"]), (&json!(true), &Value::Null));
        ada.patch("calabash-bowl", &json!({"name": "x"})).await.refused(404, "not-found");
        server.stop().await;
    }
}

#[tokio::test]
async fn what_a_product_cannot_be_is_refused_with_the_field() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let admin = As::admin(&server);
        for (field, value, status, code, pointer) in [
            ("slug", json!("search"), 422, "validation-failed", "/slug"),
            ("slug", json!("No Such"), 422, "validation-failed", "/slug"),
            ("slug", json!("adunni-adire-wrap-dress"), 409, "already-exists", "/slug"),
            ("name", json!("  "), 422, "validation-failed", "/name"),
            ("name", json!("x".repeat(256)), 422, "validation-failed", "/name"),
            ("name", json!(7), 400, "wrong-type", "/name"),
            ("brand", json!("no-such-brand"), 422, "validation-failed", "/brand"),
            ("category", json!("no-such-category"), 422, "validation-failed", "/category"),
            ("status", json!("sold"), 422, "validation-failed", "/status"),
            ("options", json!(["Colour", "colour"]), 422, "validation-failed", "/options"),
            ("options", json!([]), 422, "validation-failed", "/variants/0/option_values"),
            (
                "attributes",
                json!([{"code": "no-such", "value": "x"}]),
                422,
                "validation-failed",
                "/attributes",
            ),
            ("variants", json!([]), 422, "validation-failed", "/variants"),
            (
                "variants",
                json!([{"sku": "A", "option_values": ["Red"]}]),
                422,
                "validation-failed",
                "/variants/0/price",
            ),
            (
                "variants",
                json!([{"sku": "ORA-NET-1", "option_values": ["Red"], "price": naira("1")}]),
                409,
                "already-exists",
                "/variants/0/sku",
            ),
            ("variants", json!([{"sku": "A", "price": 5}]), 400, "wrong-type", "/variants/0/price"),
            ("cost", json!("1"), 400, "unknown-field", "/cost"),
            ("publish_at", json!("tomorrow"), 422, "validation-failed", "/publish_at"),
            ("version", json!(-1), 422, "validation-failed", "/version"),
        ] {
            let mut body = bowl();
            body[field] = value;
            let refused = admin.call(Method::POST, "/api/products/").json(&body).send().await;
            let at = refused.body["errors"][0]["pointer"].clone();
            assert_eq!(
                (refused.status, refused.code(), at),
                (status, code, json!(pointer)),
                "{field}: {}",
                refused.text
            );
        }
        for (from, until) in [("2040-01-02T00:00:00Z", "2040-01-01T00:00:00Z")] {
            let body = json!({"publish_at": from, "unpublish_at": until});
            let refused =
                admin.patch("adunni-adire-wrap-dress", &body).await.refused(422, "validation-failed");
            assert_eq!(refused["errors"][0]["pointer"], "/unpublish_at");
        }
        for query in
            ["status=sold", "deleted=maybe", "seller=7", "cursor=x", "brand=No%20Such", "page_size=101"]
        {
            let refused = server.admin(Method::GET, &format!("products/?{query}")).send().await;
            refused.refused(422, "validation-failed");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn what_is_due_comes_on_sale_by_itself() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let mut later = bowl();
        later["status"] = json!("draft");
        later["publish_at"] = json!("2020-01-01T00:00:00Z");
        let made = As::admin(&server).make(&later).await;
        assert_eq!(made["publish_at"], "2020-01-01T00:00:00.000000Z");
        // The job looks at once when a server starts.
        server.stop().await;
        server.restart().await;
        let begun = std::time::Instant::now();
        while server.get("/api/products/calabash-bowl/").send().await.status == 404 {
            assert!(begun.elapsed() < server::DEADLINE, "it never came on sale");
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        let full =
            As::admin(&server).call(Method::GET, "/api/products/calabash-bowl/").send().await.expect(200);
        assert_eq!((&full["status"], &full["publish_at"]), (&json!("published"), &Value::Null));
        server.stop().await;
    }
}
