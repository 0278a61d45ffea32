//! One token, shown by many at once: one of them gets what it is good for.

use commerce_core::testkit::conformance::block_on;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::MailShop;
use crate::accounts::token_in;
use crate::server::reply::Reply;
use crate::server::{KINDS, Kind};

const SECRET: &str = "tr0mbone & oar 99";
const AT_ONCE: usize = 20;

#[test]
fn a_token_is_good_once_however_many_show_it_at_once() {
    block_on(async { tokio::join!(story(KINDS[0]), story(KINDS[1])) });
}

async fn story(kind: Kind) {
    let mut shop = MailShop::open(kind).await;
    let register =
        json!({"email": "ada@example.com", "password": SECRET, "first_name": "Ada", "last_name": "Obi"});
    post(&shop, "register/", &register).await.expect(202);

    // The link that opens the account opens one session.
    let mails = shop.catcher.wait_for(1).await;
    let verify = json!({"token": token_in(&mails[0], "/account/verify#")});
    let pair = the_one(&shop, "email/verify/", &verify, 200, "link-invalid").await;
    let sessions = shop.server.get("/api/users/sessions/").header("Authorization", &bearer(&pair));
    assert_eq!(sessions.send().await.expect(200)["results"].as_array().unwrap().len(), 1);

    // A refresh token is exchanged once. Whoever else shows it has a copy, so the session is over, for the first as well.
    let spent = json!({"refresh_token": pair["refresh_token"]});
    let next = the_one(&shop, "refresh/", &spent, 200, "unauthenticated").await;
    post(&shop, "refresh/", &json!({"refresh_token": next["refresh_token"]}))
        .await
        .refused(401, "unauthenticated");
    for pair in [&pair, &next] {
        let profile = shop.server.get("/api/users/profile/").header("Authorization", &bearer(pair));
        profile.send().await.refused(401, "unauthenticated");
    }

    // A link to a new password sets one password, and that is the one that logs in.
    post(&shop, "password/reset/", &json!({"email": "ada@example.com"})).await.expect(202);
    let mails = shop.catcher.wait_for(3).await;
    let told: Vec<_> = mails.iter().map(|mail| mail.header("Subject")).collect();
    let reset = mails.iter().find(|mail| mail.parts()[0].contains("/account/reset#"));
    let reset = token_in(reset.unwrap_or_else(|| panic!("{told:?}")), "/account/reset#");
    let passwords: Vec<String> = (0..AT_ONCE).map(|at| format!("saxoph0ne & sail {at}")).collect();
    let set = join_all(passwords.iter().map(|new| {
        let body = json!({"token": reset, "new_password": new});
        let shop = &shop;
        async move { (new, post(shop, "password/reset/confirm/", &body).await) }
    }));
    let (done, refused): (Vec<_>, Vec<_>) = set.await.into_iter().partition(|(_, reply)| reply.status == 204);
    assert_eq!(done.len(), 1, "{kind:?}");
    for (new, reply) in refused {
        reply.refused(422, "link-invalid");
        log_in(&shop, new).await.refused(401, "invalid-credentials");
    }
    log_in(&shop, done[0].0).await.expect(200);
    shop.server.stop().await;
}

/// Shows the token so many times at once: what the one was answered who got something for it.
async fn the_one(shop: &MailShop, path: &str, body: &Value, status: u16, code: &str) -> Value {
    let replies = join_all((0..AT_ONCE).map(|_| post(shop, path, body))).await;
    let (mut done, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == status);
    for reply in refused {
        assert!([401, 422].contains(&reply.status));
        assert_eq!(reply.code(), code, "{path}: {}", reply.text);
    }
    assert_eq!(done.len(), 1, "{path} let in {}", done.len());
    done.remove(0).body
}

async fn post(shop: &MailShop, path: &str, body: &Value) -> Reply {
    shop.server.call(Method::POST, &format!("/api/auth/{path}")).json(body).send().await
}

async fn log_in(shop: &MailShop, password: &str) -> Reply {
    post(shop, "login/", &json!({"email": "ada@example.com", "password": password})).await
}

fn bearer(pair: &Value) -> String {
    format!("Bearer {}", pair["access_token"].as_str().unwrap())
}
