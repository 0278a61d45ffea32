//! The matrix of owners: every operation of the document that names something, met by its owner, a stranger, guests, a
//! merchant, staff and an administrator.

use commerce_core::access::{Permission, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::reply::Reply;
use crate::server::{KINDS, Kind};
use crate::{AKWETE, COTTON, NOWHERE, Operation, PEOPLE, TOWEL, Town, operations, told};

/// Whose it is what an operation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Its owner's, and of those who have the permission that the operation names, if it names one. To anybody else it is not
    /// there.
    Own,
    /// Of the merchant who sold it; to other merchants it is not there.
    Sold,
    /// Of the merchant who sells it, and of those of the shop who have the permission that the operation names; to other
    /// merchants it is not there.
    Sellers,
    /// Everybody's: what is on sale, and codes that open nothing.
    Everybodys,
    /// Of whoever has it: a secret that cannot be guessed.
    Holders,
    /// Its writer's once it is shown to everybody, which the tests of reviews show.
    Elsewhere,
    /// The shop's: of those who have the permission that the operation names.
    Shops,
}

/// What asks for a permission, and is for nobody else, is the shop's. All the rest has to be here.
const WHOSE: &[(&str, Whose)] = &[
    ("getCategory", Whose::Everybodys),
    ("getProduct", Whose::Everybodys),
    ("listRelatedProducts", Whose::Everybodys),
    ("listReviews", Whose::Everybodys),
    ("writeReview", Whose::Elsewhere),
    ("getReview", Whose::Elsewhere),
    ("changeReview", Whose::Elsewhere),
    ("deleteReview", Whose::Elsewhere),
    ("voteOnReview", Whose::Elsewhere),
    ("reportReview", Whose::Elsewhere),
    ("addCartItem", Whose::Everybodys),
    ("removeCoupon", Whose::Everybodys),
    ("setCartItem", Whose::Own),
    ("removeCartItem", Whose::Own),
    ("setDelivery", Whose::Own),
    ("getOrder", Whose::Own),
    ("cancelOrder", Whose::Own),
    ("initializePayment", Whose::Own),
    ("getAddress", Whose::Own),
    ("changeAddress", Whose::Own),
    ("deleteAddress", Whose::Own),
    ("endSession", Whose::Own),
    ("addToWishlist", Whose::Own),
    ("removeFromWishlist", Whose::Own),
    ("getSoldOrder", Whose::Sold),
    ("replaceProduct", Whose::Sellers),
    ("changeProduct", Whose::Sellers),
    ("deleteProduct", Whose::Sellers),
    ("restoreProduct", Whose::Sellers),
    ("createVariant", Whose::Sellers),
    ("replaceVariant", Whose::Sellers),
    ("changeVariant", Whose::Sellers),
    ("deleteVariant", Whose::Sellers),
    ("addProductImage", Whose::Sellers),
    ("changeProductImage", Whose::Sellers),
    ("removeProductImage", Whose::Sellers),
    ("getPriceHistory", Whose::Sellers),
    ("getImport", Whose::Sellers),
    ("getRefusedRows", Whose::Sellers),
    ("cancelImport", Whose::Sellers),
    ("getWarehouse", Whose::Sellers),
    ("getBrand", Whose::Sellers),
    ("getManagedCategory", Whose::Sellers),
    ("getAttribute", Whose::Sellers),
    ("changeStockLevel", Whose::Sellers),
    ("receiveStock", Whose::Sellers),
    ("transferStock", Whose::Sellers),
    ("bulkStock", Whose::Sellers),
    ("verifyPayment", Whose::Holders),
    ("verifyEmail", Whose::Holders),
    ("resetPassword", Whose::Holders),
    ("confirmEmailChange", Whose::Holders),
    ("login", Whose::Holders),
    ("refresh", Whose::Holders),
    ("logout", Whose::Holders),
];

#[test]
fn every_operation_that_names_something_says_whose_it_is() {
    let operations = operations();
    for operation in operations.iter().filter(|operation| names_something(operation)) {
        whose(operation);
    }
    for (name, _) in WHOSE {
        let known = operations.iter().find(|operation| operation.name == *name);
        assert!(known.is_some_and(names_something), "{name} names nothing any more");
    }
}

/// Whether something stands in its path, or its body has an id, a reference or a token in it.
fn names_something(operation: &Operation) -> bool {
    let in_path = operation.path.contains('{');
    in_path
        || operation.named.iter().filter(|name| *name != "vat_id").any(|name| {
            matches!(name.as_str(), "id" | "ids" | "reference" | "token")
                || ["_id", "_ids", "_reference", "_token"].iter().any(|end| name.ends_with(end))
        })
}

fn whose(operation: &Operation) -> Whose {
    if let Some((_, whose)) = WHOSE.iter().find(|(name, _)| *name == operation.name) {
        return *whose;
    }
    let Operation { name, permission, for_others, named, .. } = operation;
    assert!(permission.is_some() && !for_others, "say in WHOSE whose it is what {name} names: {named:?}");
    Whose::Shops
}

#[tokio::test]
async fn what_is_not_theirs_is_not_there() {
    for kind in KINDS {
        let mut world = World::build(kind).await;
        let mut met = 0;
        let mut operations = operations();
        // What is to be deleted is asked for first.
        operations.sort_by_key(|operation| operation.method == Method::DELETE);
        for operation in operations.iter().filter(|operation| names_something(operation)) {
            match whose(operation) {
                Whose::Own => world.own(operation).await,
                Whose::Sold => world.sold(operation).await,
                Whose::Sellers => world.sellers(operation).await,
                Whose::Everybodys => world.everybodys(operation).await,
                Whose::Shops => world.shops(operation).await,
                Whose::Holders | Whose::Elsewhere => continue,
            }
            met += 1;
        }
        assert!(met > 50, "{met} operations");
        world.town.server.stop().await;
    }
}

/// A town where Ada owns one of everything.
struct World {
    town: Town,
    order: String,
    reference: String,
    item: String,
    /// An item of the cart that is saved for later, and its variant.
    later: (String, String),
    /// The variant that Mira sells.
    dress: String,
    address: String,
    session: String,
    /// A file that Mira sent.
    import: String,
    /// A guest's own cart and order.
    tokens: (String, String),
    calls: u32,
}

/// What Mira sells, by its name in addresses.
const DRESS: &str = "adunni-adire-wrap-dress";

/// Everybody who has no part in what Ada owns: a guest without anything, and one with a cart and an order of their own.
const OTHERS: [&str; 7] = ["nobody", "passer-by", "eve", "mira", "max", "sam", "boss"];

impl World {
    async fn build(kind: Kind) -> Self {
        let town = Town::open(kind).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let placed = town.order("ada", &[(TOWEL, 1), (COTTON, 1)]).await;
        let cart = town.fill("ada", &[(TOWEL, 2), (AKWETE, 1)]).await;
        let ordered = placed["order"]["items"].as_array().unwrap();
        let dress = ordered.iter().find(|item| item["sku"] == COTTON).unwrap();
        for (name, _) in PEOPLE.iter().filter(|(name, _)| *name != "ada") {
            town.fill(name, &[(TOWEL, 1)]).await;
        }
        let home =
            town.call("ada", Method::POST, "/api/users/addresses/").json(&home()).send().await.expect(201);
        let login = json!({"email": "ada@example.com", "password": crate::SECRET});
        town.server.post("/api/auth/login/").json(&login).send().await.expect(200);
        let sessions = town.get("ada", "/api/users/sessions/").await.expect(200);
        let other =
            sessions["results"].as_array().unwrap().iter().find(|one| one["is_current"] == false).unwrap();
        let of_guest = town.server.ready_cart(&[(TOWEL, 1)]).await;
        let confirm = town.server.post("/api/cart/checkout/confirm/").cart(&of_guest).key("guest");
        let of_guest = text(&confirm.json(&json!({})).send().await.expect(201)["order_token"]);
        let tokens = (town.server.cart(&[(TOWEL, 1)]).await, of_guest);
        let file =
            town.call("mira", Method::POST, "/api/products/bulk-import/").header("Content-Type", "text/csv");
        let file = file.plain("Handle,Title\n").send().await.expect(202);
        Self {
            import: text(&file["id"]),
            order: text(&placed["order"]["id"]),
            reference: text(&placed["payment"]["reference"]),
            item: text(&cart["items"][0]["id"]),
            later: (text(&cart["items"][1]["id"]), text(&cart["items"][1]["variant_id"])),
            dress: text(&dress["variant_id"]),
            address: text(&home["id"]),
            session: text(&other["id"]),
            town,
            tokens,
            calls: 0,
        }
    }

    /// What of Ada's the operation names.
    fn named(&self, operation: &Operation) -> &str {
        match operation.name.as_str() {
            "setCartItem" | "removeCartItem" => &self.item,
            "getAddress" | "changeAddress" | "deleteAddress" | "setDelivery" => &self.address,
            "addToWishlist" => &self.later.0,
            "removeFromWishlist" => &self.later.1,
            "changeStockLevel" => &self.dress,
            "endSession" => &self.session,
            "getImport" | "getRefusedRows" | "cancelImport" => &self.import,
            "getUser" | "changeUser" | "endUserSessions" => {
                self.town.pairs["ada"]["user"]["id"].as_str().unwrap()
            }
            _ if operation.path.contains("{slug}") => DRESS,
            _ if operation.path.contains("{reference}") => &self.reference,
            _ => &self.order,
        }
    }

    /// Calls an operation about what has this name.
    async fn call(&mut self, who: &str, operation: &Operation, named: &str) -> Reply {
        self.calls += 1;
        let part = |part| match part {
            "{warehouse}" => "LAGOS",
            "{sku}" => COTTON,
            part if part.starts_with('{') => named,
            part => part,
        };
        let path: Vec<_> = operation.path.split('/').map(part).collect();
        let mut call = self.town.call(who, operation.method.clone(), &path.join("/"));
        if who == "passer-by" {
            call = call.cart(&self.tokens.0).order(&self.tokens.1);
        }
        let body = match operation.name.as_str() {
            "setCartItem" => json!({"quantity": 1}),
            "changeAddress" => home(),
            "setDelivery" => json!({"address_id": named, "shipping_method": "standard"}),
            "initializePayment" => json!({"order_id": named}),
            "addToWishlist" => json!({"from_cart_item": named}),
            "changeStockLevel" => json!({"safety_stock": 0}),
            "cancelOrder" => json!({}),
            _ if matches!(operation.method, Method::GET | Method::DELETE) => {
                return call.send().await;
            }
            _ => json!({}),
        };
        call.key(&format!("call-{}", self.calls)).json(&body).send().await
    }

    /// Asserts that somebody learns no more about this than about what is nowhere; how that was answered.
    async fn learns_nothing(&mut self, who: &str, operation: &Operation) -> u16 {
        let named = self.named(operation).to_owned();
        let nowhere = nothing_like(&named);
        let there = told(&self.call(who, operation, &named).await, &named);
        let elsewhere = told(&self.call(who, operation, &nowhere).await, &nowhere);
        assert_eq!(there, elsewhere, "{} tells {who} that it is there", operation.name);
        there.0
    }

    async fn own(&mut self, operation: &Operation) {
        let named = self.named(operation).to_owned();
        for who in OTHERS {
            if operation.permission.is_some_and(|permission| may(who, permission)) {
                let seen = self.call(who, operation, &named).await;
                assert!(![401, 403, 404].contains(&seen.status), "{} {who}: {}", operation.name, seen.text);
                continue;
            }
            let status = self.learns_nothing(who, operation).await;
            assert!([401, 404, 422].contains(&status), "{} {who}: {status}", operation.name);
        }
        let seen = self.call("ada", operation, &named).await;
        assert!(![401, 403, 404].contains(&seen.status), "{} ada: {}", operation.name, seen.text);
        if operation.name == "setDelivery" {
            assert_eq!(seen.status, 200, "{}", seen.text);
        }
    }

    async fn sold(&mut self, operation: &Operation) {
        let named = self.named(operation).to_owned();
        for who in OTHERS.iter().filter(|who| **who != "mira").chain(&["ada"]) {
            let status = self.learns_nothing(who, operation).await;
            let expected = match role(who) {
                Some(Role::Merchant) => 404,
                Some(_) => 403,
                None => 401,
            };
            assert_eq!(status, expected, "{} {who}", operation.name);
        }
        self.call("mira", operation, &named).await.expect(200);
    }

    async fn sellers(&mut self, operation: &Operation) {
        for who in ["nobody", "ada"] {
            let expected = if role(who).is_some() { 403 } else { 401 };
            assert_eq!(self.learns_nothing(who, operation).await, expected, "{} {who}", operation.name);
        }
        for who in ["mira", "max", "sam", "boss"] {
            let seen = self.call(who, operation, &nothing_like(self.named(operation))).await;
            assert!(![401, 403].contains(&seen.status), "{} {who}: {}", operation.name, seen.text);
        }
        // What it names is Mira's.
        let status = self.learns_nothing("max", operation).await;
        if operation.name == "changeStockLevel" {
            assert_eq!(status, 404);
            let dress = self.dress.clone();
            self.call("mira", operation, &dress).await.expect(200);
        }
    }

    async fn everybodys(&mut self, operation: &Operation) {
        let tree = self.town.get("nobody", "/api/products/categories/").await.expect(200);
        let named = match operation.name.as_str() {
            "getCategory" => tree["results"][0]["slug"].as_str().unwrap(),
            _ => DRESS,
        };
        let mut seen = Vec::new();
        // Those who keep the catalogue see more of it.
        for who in ["nobody", "passer-by", "eve", "ada"] {
            match operation.name.as_str() {
                "removeCoupon" => {
                    assert!([200, 401, 404].contains(&self.learns_nothing(who, operation).await), "{who}");
                }
                // Everybody adds what is on sale, each to their own cart.
                "addCartItem" => {}
                _ => seen.push(self.call(who, operation, named).await.expect(200)),
            }
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{} differs", operation.name);
    }

    async fn shops(&mut self, operation: &Operation) {
        let permission = operation.permission.unwrap();
        for who in ["nobody", "ada", "mira", "sam", "boss"] {
            if may(who, permission) {
                // What is there they might change: what is not shows as well that they are let in.
                let seen = self.call(who, operation, &nothing_like(self.named(operation))).await;
                let further = seen.body["detail"].as_str().is_some_and(|detail| detail.contains("it takes "));
                assert!(
                    ![401, 403].contains(&seen.status) || further,
                    "{} {who}: {}",
                    operation.name,
                    seen.text
                );
                continue;
            }
            let expected = if role(who).is_some() { 403 } else { 401 };
            assert_eq!(self.learns_nothing(who, operation).await, expected, "{} {who}", operation.name);
        }
    }
}

/// A name of the same form, of nothing.
fn nothing_like(named: &str) -> String {
    if named.len() == NOWHERE.len() { NOWHERE.to_owned() } else { "0".repeat(named.len()) }
}

fn role(who: &str) -> Option<Role> {
    PEOPLE.iter().find(|(name, _)| *name == who).map(|(_, role)| *role)
}

/// Whether their role lets them; a merchant's does with what is their own, which nothing here is.
fn may(who: &str, permission: Permission) -> bool {
    role(who).is_some_and(|role| role != Role::Merchant && role.permissions().contains(&permission))
}

fn home() -> Value {
    json!({"address_type": "home", "contact_name": "Ada Obi", "street_line1": "12 Marina Road", "city": "Lagos",
        "state_province": "LA", "country_code": "NG"})
}
