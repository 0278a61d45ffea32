//! A town where Ada owns one of everything and Mira sells, and calls about what is theirs.

use commerce_paystack::sandbox::{Currency, Running, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::paid::KEY;
use crate::server::reply::{Call, Reply};
use crate::server::{Kind, delivery};
use crate::{AKWETE, COTTON, NOWHERE, Operation, PEOPLE, TOWEL, Town};

/// A town where Ada owns one of everything.
pub(crate) struct World {
    pub(crate) town: Town,
    sandbox: Running,
    /// Orders: one that has arrived, one that may be called off, and one that is to be paid by card.
    order: String,
    open: String,
    unpaid: String,
    reference: String,
    item: String,
    /// An item of the cart that is saved for later, and its variant.
    later: (String, String),
    address: String,
    session: String,
    /// A review that the shop has taken out of sight, and one that everybody sees.
    review: String,
    pub(crate) shown_review: String,
    /// A guest's own cart and order.
    tokens: (String, String),
    calls: u32,
}

/// Goods of a merchant, and what they are called by.
#[derive(Debug, Clone)]
pub(crate) struct Goods {
    slug: String,
    sku: String,
    variant: String,
    image: String,
}

impl Goods {
    /// Names of the same form, of nothing.
    pub(crate) fn nothing(&self) -> Self {
        let Self { slug, sku, variant, image } = self;
        Self {
            slug: nothing_like(slug),
            sku: nothing_like(sku),
            variant: nothing_like(variant),
            image: nothing_like(image),
        }
    }

    /// In a product of these other goods.
    pub(crate) fn within(self, others: &Self) -> Self {
        Self { slug: others.slug.clone(), ..self }
    }

    /// Everything they are called by.
    pub(crate) fn names(&self) -> [&str; 4] {
        [&self.slug, &self.sku, &self.variant, &self.image]
    }
}

impl World {
    pub(crate) async fn build(kind: Kind) -> Self {
        let sandbox = Sandbox::builder().secret_key(KEY).currency(Currency::Ngn).rate_limit(None);
        let sandbox = sandbox.start().await.unwrap();
        let mut town = Town::open(kind).await;
        town.server.set("COMMERCE_MEDIA_FOLDER", "media");
        town.server.set("COMMERCE_ALLOW_SANDBOX", "true");
        town.server.set("COMMERCE_PAYSTACK_SECRET_KEY", KEY);
        town.server.set("COMMERCE_PAYSTACK_URL", &sandbox.url());
        town.server.restart().await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let placed = town.order("ada", &[(TOWEL, 1), (COTTON, 1)]).await;
        let order = text(&placed["order"]["id"]);
        for status in ["processing", "shipped", "delivered"] {
            let path = format!("/api/orders/{order}/status/");
            town.call("sam", Method::PUT, &path).json(&json!({"status": status})).send().await.expect(200);
        }
        let review = async |slug: &str| {
            let path = format!("/api/products/{slug}/reviews/");
            let made = town.call("ada", Method::POST, &path).json(&json!({"rating": 4})).send().await;
            text(&made.expect(201)["review"]["id"])
        };
        let (review, shown_review) = (review("long-net-bath-sponge").await, review(DRESS).await);
        let open = text(&town.order("ada", &[(TOWEL, 2)]).await["order"]["id"]);
        town.fill("ada", &[(TOWEL, 3)]).await;
        let post = |path: &str| town.call("ada", Method::POST, path);
        post("/api/cart/checkout/payment/").json(&json!({"method": "card"})).send().await.expect(200);
        let unpaid =
            post("/api/cart/checkout/confirm/").key("card").json(&json!({})).send().await.expect(201);
        let cart = town.fill("ada", &[(TOWEL, 2), (AKWETE, 1)]).await;
        for (name, _) in PEOPLE.iter().filter(|(name, _)| *name != "ada") {
            town.fill(name, &[(TOWEL, 1)]).await;
        }
        let home = post("/api/users/addresses/").json(&home()).send().await.expect(201);
        let login = json!({"email": "ada@example.com", "password": crate::SECRET});
        town.server.post("/api/auth/login/").json(&login).send().await.expect(200);
        let sessions = town.get("ada", "/api/users/sessions/").await.expect(200);
        let other =
            sessions["results"].as_array().unwrap().iter().find(|one| one["is_current"] == false).unwrap();
        let of_guest = town.server.ready_cart(&[(TOWEL, 1)]).await;
        let confirm = town.server.post("/api/cart/checkout/confirm/").cart(&of_guest).key("guest");
        let of_guest = text(&confirm.json(&json!({})).send().await.expect(201)["order_token"]);
        let tokens = (town.server.cart(&[(TOWEL, 1)]).await, of_guest);
        let abuja = json!({"code": "ABUJA", "name": "Abuja"});
        let abuja = town.call("boss", Method::POST, "/api/admin/warehouses/").json(&abuja);
        abuja.send().await.expect(201);
        Self {
            order,
            open,
            unpaid: text(&unpaid["order"]["id"]),
            reference: text(&placed["payment"]["reference"]),
            item: text(&cart["items"][0]["id"]),
            later: (text(&cart["items"][1]["id"]), text(&cart["items"][1]["variant_id"])),
            address: text(&home["id"]),
            session: text(&other["id"]),
            review,
            shown_review,
            town,
            sandbox,
            tokens,
            calls: 0,
        }
    }

    pub(crate) async fn end(mut self) {
        self.town.server.stop().await;
        self.sandbox.shutdown().await;
    }

    /// What of Ada's the operation names.
    pub(crate) fn named(&self, operation: &Operation) -> &str {
        match operation.name.as_str() {
            "setCartItem" | "removeCartItem" => &self.item,
            "getAddress" | "changeAddress" | "deleteAddress" | "setDelivery" => &self.address,
            "addToWishlist" => &self.later.0,
            "removeFromWishlist" => &self.later.1,
            "endSession" => &self.session,
            "cancelOrder" => &self.open,
            "initializePayment" => &self.unpaid,
            "getUser" | "changeUser" | "endUserSessions" => {
                self.town.pairs["ada"]["user"]["id"].as_str().unwrap()
            }
            _ if operation.path.starts_with("/api/reviews/") => &self.review,
            _ if operation.path.contains("{reference}") => &self.reference,
            _ => &self.order,
        }
    }

    /// The shop takes the review out of sight, whatever was decided before.
    pub(crate) async fn hide_review(&self) {
        let path = format!("/api/reviews/{}/moderate/", self.review);
        let hide = self.town.call("sam", Method::POST, &path).json(&json!({"decision": "reject"}));
        hide.send().await.expect(200);
    }

    /// Goods that are new and not on sale yet, of this merchant.
    pub(crate) async fn goods(&mut self, seller: &str) -> Goods {
        self.calls += 1;
        let sku = format!("{seller}-{}-goods", self.calls);
        let call = |method, path: &str| self.town.call(seller, method, path);
        let made = call(Method::POST, "/api/products/").json(&product(&sku)).send().await.expect(201);
        let lines = json!([{"sku": sku, "quantity": 5}]);
        let receipt = json!({"warehouse": "LAGOS", "lines": lines});
        call(Method::POST, "/api/admin/inventory/receipts/").json(&receipt).send().await.expect(201);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let of_sku = made["variants"].as_array().unwrap().iter().find(|variant| variant["sku"] == *sku);
        Goods {
            slug: text(&made["slug"]),
            variant: text(&of_sku.unwrap()["id"]),
            image: text(&made["images"][0]["id"]),
            sku,
        }
    }

    /// Calls an operation about what has this name.
    pub(crate) async fn call(&mut self, who: &str, operation: &Operation, named: &str) -> Reply {
        let part = |part| if str::starts_with(part, '{') { named } else { part };
        let path: Vec<_> = operation.path.split('/').map(part).collect();
        let body = match operation.name.as_str() {
            "setCartItem" => json!({"quantity": 1}),
            "changeAddress" => home(),
            "setDelivery" => json!({"address_id": named, "shipping_method": "standard"}),
            "initializePayment" => json!({"order_id": named}),
            "addToWishlist" => json!({"from_cart_item": named}),
            "writeReview" | "changeReview" => json!({"rating": 3}),
            "voteOnReview" => json!({"helpful": true}),
            "reportReview" => json!({"reason": "spam"}),
            _ => json!({}),
        };
        self.send(who, operation, &path.join("/"), &body).await
    }

    /// Calls an operation of those who sell, about these goods, as it is to be called.
    pub(crate) async fn sell(&mut self, who: &str, operation: &Operation, goods: &Goods) -> Reply {
        let part = |part| match part {
            "{slug}" => &goods.slug,
            "{sku}" => &goods.sku,
            "{id}" => &goods.image,
            "{variant_id}" => &goods.variant,
            "{warehouse}" => "LAGOS",
            part => part,
        };
        let path: Vec<_> = operation.path.split('/').map(part).collect();
        let sku = &goods.sku;
        let lines = json!([{"sku": sku, "quantity": 1}]);
        let body = match operation.name.as_str() {
            "replaceProduct" => product(sku),
            "changeProduct" => json!({"name": "Another name"}),
            "createVariant" => variant(&format!("{sku}-new"), "Green"),
            "replaceVariant" => variant(sku, "Red"),
            "changeVariant" => json!({"price": naira("1700.00")}),
            "changeProductImage" => json!({"alt": "The goods"}),
            "changeStockLevel" => json!({"safety_stock": 0}),
            "receiveStock" => json!({"warehouse": "LAGOS", "lines": lines}),
            "transferStock" => json!({"from": "LAGOS", "to": "ABUJA", "lines": lines}),
            "countStock" => json!({"warehouse": "LAGOS", "lines": [{"sku": sku, "on_hand": 6}]}),
            "adjustStock" => json!({"sku": sku, "warehouse": "LAGOS", "delta": 1, "reason": "found"}),
            "bulkStock" => json!({"rows": [{"sku": sku, "warehouse": "LAGOS", "on_hand": 7}]}),
            "bulkPrices" => json!({"rows": [{"sku": sku, "price": "1700.00"}]}),
            _ => json!({}),
        };
        self.send(who, operation, &path.join("/"), &body).await
    }

    async fn send(&mut self, who: &str, operation: &Operation, path: &str, body: &Value) -> Reply {
        self.calls += 1;
        let call = self.town.call(who, operation.method.clone(), path);
        let call = if who == "passer-by" { call.cart(&self.tokens.0).order(&self.tokens.1) } else { call };
        let call: Call<'_> = match operation.method {
            _ if operation.name == "addProductImage" => {
                call.header("Content-Type", "image/png").plain(picture())
            }
            Method::GET | Method::DELETE => call,
            _ => call.key(&format!("call-{}", self.calls)).json(body),
        };
        call.send().await
    }
}

/// A product of Mira's that is on sale, by its name in addresses.
pub(crate) const DRESS: &str = "adunni-adire-wrap-dress";

/// A name of the same form, of nothing.
pub(crate) fn nothing_like(named: &str) -> String {
    if named.len() == NOWHERE.len() { NOWHERE.to_owned() } else { "0".repeat(named.len()) }
}

fn home() -> Value {
    let mut home = delivery("standard")["address"].take();
    home["address_type"] = json!("home");
    home
}

fn naira(amount: &str) -> Value {
    json!({"amount": amount, "currency": "NGN"})
}

fn product(sku: &str) -> Value {
    json!({
        "name": sku,
        "status": "draft",
        "options": ["Colour"],
        "images": [{"url": "https://img.example.com/goods.png"}],
        "variants": [variant(sku, "Red"), variant(&format!("{sku}-brown"), "Brown")],
    })
}

fn variant(sku: &str, colour: &str) -> Value {
    json!({"sku": sku, "option_values": [colour], "price": naira("1500.00")})
}

fn picture() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(8, 8).write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}
