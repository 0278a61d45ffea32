//! What the owner of an account is told by mail, with links that work, and what nobody else is told.

use commerce_core::testkit::conformance::block_on;
use reqwest::Method;
use serde_json::{Value, json};

use crate::MailShop;
use crate::catcher::Caught;
use crate::server::reply::Reply;
use crate::server::{KINDS, Kind};

pub(crate) const SECRET: &str = "tr0mbone & oar 99";
pub(crate) const OTHER: &str = "saxoph0ne & sail 99";

#[test]
fn the_owner_of_an_account_is_told() {
    block_on(async { tokio::join!(story(KINDS[0]), story(KINDS[1])) });
}

async fn story(kind: Kind) {
    let mut shop = MailShop::open(kind).await;
    let ada = "ada@example.com";
    let mut said = Told { count: 0 };

    // Registering: the address is confirmed by the link, which is good once.
    register(&shop, ada).await;
    let verify = said.link(&shop, ada, "/account/verify#").await;
    log_in(&shop, ada, SECRET).await.refused(403, "email-not-verified");
    let pair = post(&shop, "email/verify/", json!({"token": verify})).await.expect(200);
    post(&shop, "email/verify/", json!({"token": verify})).await.refused(422, "link-invalid");
    assert_eq!(pair["user"]["email"], ada);

    // Somebody else tries the same address, and one that nobody has asks for a password: one answer, and one mail.
    register(&shop, "ADA@example.com").await;
    assert!(!said.next(&shop, ada).await.parts()[0].contains('#'), "there is nothing to confirm");
    for email in ["nobody@example.com", ada] {
        post(&shop, "password/reset/", json!({"email": email})).await.expect(202);
    }

    // A new password, by the link: every session is over.
    let reset = said.link(&shop, ada, "/account/reset#").await;
    let new = json!({"token": reset, "new_password": OTHER});
    post(&shop, "password/reset/confirm/", new.clone()).await.expect(204);
    post(&shop, "password/reset/confirm/", new).await.refused(422, "link-invalid");
    assert!(said.next(&shop, ada).await.header("Subject").contains("password"));
    let refresh = json!({"refresh_token": pair["refresh_token"]});
    post(&shop, "refresh/", refresh).await.refused(401, "unauthenticated");

    // A login from another device, and a token that comes back after it was spent.
    let known = log_in(&shop, ada, OTHER).await.expect(200);
    said.next(&shop, ada).await;
    let spent = json!({"refresh_token": known["refresh_token"]});
    let renewed = post(&shop, "refresh/", spent.clone()).await.expect(200);
    post(&shop, "refresh/", spent).await.refused(401, "unauthenticated");
    assert!(said.next(&shop, ada).await.header("Subject").contains("ended"));
    post(&shop, "refresh/", json!({"refresh_token": renewed["refresh_token"]}))
        .await
        .refused(401, "unauthenticated");

    // Another address: both agree, in either order.
    let here = log_in(&shop, ada, OTHER).await.expect(200);
    said.next(&shop, ada).await;
    let change = json!({"new_email": "ada@new.example", "password": OTHER});
    let bearer = format!("Bearer {}", here["access_token"].as_str().unwrap());
    let asked = shop.server.post("/api/users/email/change/").header("Authorization", &bearer).json(&change);
    asked.send().await.expect(202);
    let mails = shop.catcher.wait_for(said.count + 2).await;
    said.count += 2;
    let link_to = |to: &str| {
        let mail = mails.iter().rfind(|mail| mail.recipients == [to]).unwrap();
        token_in(mail, "/account/email#")
    };
    for to in ["ada@new.example", ada] {
        let confirm =
            shop.server.post("/api/users/email/change/confirm/").json(&json!({"token": link_to(to)}));
        confirm.send().await.expect(204);
    }
    assert_eq!(shop.catcher.wait_for(said.count + 2).await.len(), said.count + 2, "told at both");
    log_in(&shop, ada, OTHER).await.refused(401, "invalid-credentials");
    log_in(&shop, "ada@new.example", OTHER).await.expect(200);

    // Nothing that opens something is in a log, and no mail that was sent keeps it.
    shop.wait_for("waiting", 0).await;
    let log = shop.server.stop().await;
    for secret in [&verify, &reset, SECRET, OTHER] {
        assert!(!log.contains(secret), "a secret is in the log: {log}");
    }
}

/// The mails that came so far.
struct Told {
    count: usize,
}

impl Told {
    async fn next(&mut self, shop: &MailShop, to: &str) -> Caught {
        self.count += 1;
        let mail = shop.catcher.wait_for(self.count).await.swap_remove(self.count - 1);
        assert_eq!(mail.recipients, [to], "{}", mail.header("Subject"));
        mail
    }

    async fn link(&mut self, shop: &MailShop, to: &str, path: &str) -> String {
        token_in(&self.next(shop, to).await, path)
    }
}

/// The token in the link to this page of the shop.
pub(crate) fn token_in(mail: &Caught, path: &str) -> String {
    let text = mail.parts().swap_remove(0);
    let start = format!("https://shop.example{path}");
    let at = text.find(&start).unwrap_or_else(|| panic!("no link to {path}: {text}"));
    text[at + start.len()..].split_whitespace().next().unwrap().to_owned()
}

pub(crate) async fn post(shop: &MailShop, path: &str, body: Value) -> Reply {
    shop.server.call(Method::POST, &format!("/api/auth/{path}")).json(&body).send().await
}

pub(crate) async fn register(shop: &MailShop, email: &str) {
    let body = json!({"email": email, "password": SECRET, "first_name": "Ada", "last_name": "Obi"});
    post(shop, "register/", body).await.expect(202);
}

pub(crate) async fn log_in(shop: &MailShop, email: &str, password: &str) -> Reply {
    post(shop, "login/", json!({"email": email, "password": password})).await
}
