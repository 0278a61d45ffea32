//! The matrix of owners: every operation of the document that names something, met by its owner, a stranger, guests, a
//! merchant, staff and an administrator.

use commerce_core::access::{Permission, Role};
use reqwest::Method;

use crate::server::KINDS;
use crate::world::{DRESS, World, nothing_like};
use crate::{Operation, PEOPLE, operations, told};

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
    /// Of the merchant who sent the file, and of those of the shop who have the permission; to other merchants it is not there.
    Sent,
    /// Of all who keep a part of the catalogue: where goods lie, and what products have in common.
    Shared,
    /// Everybody's: what is on sale, and codes that open nothing.
    Everybodys,
    /// Of everybody but its writer, once it is shown; before, it is not there.
    Opinions,
    /// Of whoever has it: a secret that cannot be guessed.
    Holders,
    /// Of whoever makes it: it names what is not there yet.
    New,
    /// The shop's: of those who have the permission that the operation names.
    Shops,
}

/// What asks for a permission, and is for nobody else, is the shop's. All the rest has to be here.
const WHOSE: &[(&str, Whose)] = &[
    ("getCategory", Whose::Everybodys),
    ("getProduct", Whose::Everybodys),
    ("listRelatedProducts", Whose::Everybodys),
    ("listReviews", Whose::Everybodys),
    ("writeReview", Whose::Everybodys),
    ("getReview", Whose::Own),
    ("changeReview", Whose::Own),
    ("deleteReview", Whose::Own),
    ("voteOnReview", Whose::Opinions),
    ("reportReview", Whose::Opinions),
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
    ("getImport", Whose::Sent),
    ("getRefusedRows", Whose::Sent),
    ("cancelImport", Whose::Sent),
    ("getWarehouse", Whose::Shared),
    ("getBrand", Whose::Shared),
    ("getManagedCategory", Whose::Shared),
    ("getAttribute", Whose::Shared),
    ("changeStockLevel", Whose::Sellers),
    ("createProduct", Whose::New),
    ("adjustStock", Whose::Sellers),
    ("countStock", Whose::Sellers),
    ("bulkPrices", Whose::Sellers),
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

/// Whether something stands in its path, or its body has an id, a reference, a token or a SKU in it.
fn names_something(operation: &Operation) -> bool {
    let in_path = operation.path.contains('{');
    in_path
        || operation.named.iter().filter(|name| *name != "vat_id").any(|name| {
            matches!(name.as_str(), "id" | "ids" | "reference" | "token" | "sku")
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
                Whose::Sent => world.sent(operation).await,
                Whose::Shared => world.shared(operation).await,
                Whose::Opinions => world.opinions(operation).await,
                Whose::Everybodys => world.everybodys(operation).await,
                Whose::Shops => world.shops(operation).await,
                Whose::Holders | Whose::New => continue,
            }
            met += 1;
        }
        assert!(met > 50, "{met} operations");
        world.end().await;
    }
}

/// Everybody who has no part in what Ada owns: a guest without anything, and one with a cart and an order of their own.
const OTHERS: [&str; 7] = ["nobody", "passer-by", "eve", "mira", "max", "sam", "boss"];

impl World {
    /// Asserts that somebody learns no more about this than about what is nowhere; how that was answered.
    async fn learns_nothing(&mut self, who: &str, operation: &Operation, named: &str) -> u16 {
        let nowhere = nothing_like(named);
        let there = told(&self.call(who, operation, named).await, &[named]);
        let elsewhere = told(&self.call(who, operation, &nowhere).await, &[&nowhere]);
        assert_eq!(there, elsewhere, "{} tells {who} that it is there", operation.name);
        there.0
    }

    async fn own(&mut self, operation: &Operation) {
        if operation.path.starts_with("/api/reviews/") {
            self.hide_review().await;
        }
        let named = self.named(operation).to_owned();
        let of_shop = |who: &&str| permission(operation).is_some_and(|permission| may(who, permission));
        let (shops, strangers): (Vec<&str>, Vec<&str>) = OTHERS.into_iter().partition(of_shop);
        for who in strangers {
            let status = self.learns_nothing(who, operation, &named).await;
            assert!([401, 404, 422].contains(&status), "{} {who}: {status}", operation.name);
        }
        let seen = self.call("ada", operation, &named).await;
        assert!((200..300).contains(&seen.status), "{} ada: {}", operation.name, seen.text);
        for who in shops {
            let seen = self.call(who, operation, &named).await;
            assert!(![401, 403, 404].contains(&seen.status), "{} {who}: {}", operation.name, seen.text);
        }
    }

    async fn sold(&mut self, operation: &Operation) {
        let named = self.named(operation).to_owned();
        for who in OTHERS.iter().filter(|who| **who != "mira").chain(&["ada"]) {
            let status = self.learns_nothing(who, operation, &named).await;
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
        let (goods, others) = (self.goods("mira").await, self.goods("max").await);
        let nothing = goods.nothing();
        if operation.name == "restoreProduct" {
            let path = format!("/api/products/{}/", goods.names()[0]);
            self.town.call("mira", Method::DELETE, &path).send().await.expect(204);
        }
        for (who, right) in [("nobody", &[401][..]), ("ada", &[403]), ("max", &[404, 422])] {
            let there = told(&self.sell(who, operation, &goods).await, &goods.names());
            let nowhere = told(&self.sell(who, operation, &nothing).await, &nothing.names());
            assert_eq!(there, nowhere, "{} tells {who} that it is there", operation.name);
            assert!(right.contains(&there.0), "{} {who}: {there:?}", operation.name);
        }
        if operation.path.contains("{sku}") || operation.path.contains("{id}") {
            // Nor do they get at it by way of a product of their own.
            let (hers, nothing) = (goods.clone().within(&others), nothing.clone().within(&others));
            let there = told(&self.sell("max", operation, &hers).await, &hers.names());
            let nowhere = told(&self.sell("max", operation, &nothing).await, &nothing.names());
            assert_eq!((there.0, &there), (404, &nowhere), "{}", operation.name);
        }
        for who in ["mira", "max", "sam", "boss"] {
            let seen = self.sell(who, operation, &nothing).await;
            assert!([404, 422].contains(&seen.status), "{} {who}: {}", operation.name, seen.text);
        }
        let done = self.sell("mira", operation, &goods).await;
        assert!((200..300).contains(&done.status), "{} mira: {}", operation.name, done.text);
    }

    async fn sent(&mut self, operation: &Operation) {
        let path = "/api/products/bulk-import/";
        let file = self.town.call("mira", Method::POST, path).header("Content-Type", "text/csv");
        let file = file.plain("Handle,Title\n").send().await.expect(202);
        let named = file["id"].as_str().unwrap();
        for (who, expected) in [("nobody", 401), ("ada", 403), ("max", 404)] {
            let status = self.learns_nothing(who, operation, named).await;
            assert_eq!(status, expected, "{} {who}", operation.name);
        }
        for who in ["mira", "sam", "boss"] {
            let seen = self.call(who, operation, named).await;
            assert!(![401, 403, 404].contains(&seen.status), "{} {who}: {}", operation.name, seen.text);
        }
    }

    async fn shared(&mut self, operation: &Operation) {
        let (list, _) = operation.path.split_once('{').unwrap();
        let listed = self.town.get("boss", list).await.expect(200);
        let first = &listed["results"][0];
        let named = first["slug"].as_str().or(first["code"].as_str()).unwrap();
        for (who, expected) in [("nobody", 401), ("ada", 403)] {
            let status = self.learns_nothing(who, operation, named).await;
            assert_eq!(status, expected, "{} {who}", operation.name);
        }
        for who in ["mira", "max", "sam", "boss"] {
            self.call(who, operation, named).await.expect(200);
        }
    }

    async fn everybodys(&mut self, operation: &Operation) {
        let tree = self.town.get("nobody", "/api/products/categories/").await.expect(200);
        let named = match operation.name.as_str() {
            "getCategory" => tree["results"][0]["slug"].as_str().unwrap(),
            _ => DRESS,
        };
        // What is not on sale yet is there for those who keep the catalogue alone.
        let draft = self.goods("mira").await.names()[0].to_owned();
        let mut seen = Vec::new();
        for who in ["nobody", "passer-by", "eve", "ada"] {
            match operation.name.as_str() {
                "removeCoupon" => {
                    let status = self.learns_nothing(who, operation, &draft).await;
                    assert!([200, 401, 404].contains(&status), "{who}");
                }
                // Everybody adds what is on sale, each to their own cart.
                "addCartItem" => {}
                "writeReview" => {
                    let status = self.learns_nothing(who, operation, &draft).await;
                    assert_eq!(status, if role(who).is_some() { 404 } else { 401 }, "{who}");
                }
                name => {
                    seen.push(self.call(who, operation, named).await.expect(200));
                    if operation.path.contains("{slug}") && name != "getCategory" {
                        assert_eq!(self.learns_nothing(who, operation, &draft).await, 404, "{name} {who}");
                    }
                }
            }
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{} differs", operation.name);
    }

    async fn opinions(&mut self, operation: &Operation) {
        self.hide_review().await;
        let hidden = self.named(operation).to_owned();
        let shown = self.shown_review.clone();
        for who in OTHERS {
            let expected = if role(who).is_some() { 404 } else { 401 };
            let status = self.learns_nothing(who, operation, &hidden).await;
            assert_eq!(status, expected, "{} {who}", operation.name);
        }
        // Everybody who has an account is heard, until enough of them have taken it out of sight.
        let heard = self.call("eve", operation, &shown).await;
        assert!((200..300).contains(&heard.status), "{} eve: {}", operation.name, heard.text);
        self.call("nobody", operation, &shown).await.refused(401, "unauthenticated");
        self.call("ada", operation, &shown).await.refused(403, "forbidden");
    }

    async fn shops(&mut self, operation: &Operation) {
        let permission = operation.permission.unwrap();
        let named = self.named(operation).to_owned();
        for who in ["nobody", "ada", "mira", "sam", "boss"] {
            if may(who, permission) {
                // What is there they might change: what is not shows as well that they are let in.
                let seen = self.call(who, operation, &nothing_like(&named)).await;
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
            assert_eq!(
                self.learns_nothing(who, operation, &named).await,
                expected,
                "{} {who}",
                operation.name
            );
        }
    }
}

/// The permission of those for whom it is there beside its owner.
fn permission(operation: &Operation) -> Option<Permission> {
    match operation.name.as_str() {
        // Those who moderate see what they have taken out of sight.
        "getReview" => Some(Permission::ReviewsModerate),
        _ => operation.permission,
    }
}

fn role(who: &str) -> Option<Role> {
    PEOPLE.iter().find(|(name, _)| *name == who).map(|(_, role)| *role)
}

/// Whether their role lets them; a merchant's does with what is their own, which nothing here is.
fn may(who: &str, permission: Permission) -> bool {
    role(who).is_some_and(|role| role != Role::Merchant && role.permissions().contains(&permission))
}
