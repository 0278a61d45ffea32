//! What others try by what is mailed: links that lead to a place of theirs, headers of their own making, links of somebody
//! else; and passwords that are meant to keep the server busy.

use std::time::{Duration, Instant};

use commerce_core::testkit::conformance::block_on;
use serde_json::{Value, json};

use crate::MailShop;
use crate::accounts::{OTHER, SECRET, log_in, post, register, token_in};
use crate::catcher::Caught;
use crate::server::reply::{Call, Reply};
use crate::server::{KINDS, Kind};

/// Headers by which a request calls the server somebody else.
const POISON: [(&str, &str); 9] = [
    ("Host", "evil.example"),
    ("Forwarded", "for=192.0.2.1;host=evil.example;proto=http"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Server", "evil.example"),
    ("X-Original-Host", "evil.example"),
    ("X-Host", "evil.example"),
    ("X-Forwarded-Proto", "http"),
    ("Origin", "http://evil.example"),
    ("Referer", "http://evil.example/"),
];

#[test]
fn links_lead_to_the_shop_whatever_a_request_calls_it() {
    block_on(async { tokio::join!(links_lead_home(KINDS[0]), links_lead_home(KINDS[1])) });
}

async fn links_lead_home(kind: Kind) {
    let mut shop = MailShop::open(kind).await;
    // Whoever asks is a proxy of ours, whose word counts for as much as it ever does.
    shop.server.set("COMMERCE_TRUSTED_PROXIES", "127.0.0.1");
    shop.server.restart().await;
    let ada = "ada@example.com";
    let who = json!({"email": ada, "password": SECRET, "first_name": "Ada", "last_name": "Obi"});
    for (count, path, body, link) in [
        (1, "register/", &who, "/account/verify#"),
        (2, "email/resend/", &json!({"email": ada}), "/account/verify#"),
        (3, "password/reset/", &json!({"email": ada}), "/account/reset#"),
    ] {
        let call = shop.server.post(&format!("/api/auth/{path}")).json(body);
        let poisoned = POISON.iter().fold(call, |call, (name, value)| call.header(name, value));
        poisoned.send().await.expect(202);
        let mail = shop.catcher.wait_for(count).await.swap_remove(count - 1);
        assert_eq!(mail.recipients, [ada]);
        token_in(&mail, link);
        assert!(!mail.readable().contains("evil.example"), "{}", mail.readable());
    }
    shop.server.stop().await;
}

#[test]
fn what_somebody_writes_becomes_no_header() {
    block_on(async { tokio::join!(no_header_is_added(KINDS[0]), no_header_is_added(KINDS[1])) });
}

async fn no_header_is_added(kind: Kind) {
    let mut shop = MailShop::open(kind).await;
    let named = |email: &str, first: &str, last: &str| json!({"email": email, "password": SECRET, "first_name": first, "last_name": last});
    for email in [
        "ada@example.com\r\nBcc: eve@evil.example",
        "ada@example.com\nBcc: eve@evil.example",
        "ada@example.com\r\n\r\nBuy this",
        "ada@example.com>\r\nRCPT TO:<eve@evil.example",
        "\"ada\r\nBcc: eve@evil.example\"@example.com",
        "ada@example.com, eve@evil.example",
        "ada@example.com,eve@evil.example",
        "Ada <ada@example.com>",
        "<eve@evil.example>ada@example.com",
    ] {
        let refused = post(&shop, "register/", named(email, "Ada", "Obi")).await;
        let refused = refused.refused(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "/email", "{email:?}");
        post(&shop, "password/reset/", json!({"email": email})).await.refused(422, "validation-failed");
    }
    for name in ["Ada\r\nBcc: eve@evil.example", "Ada\nSubject: You won", "Ada\rX: y", "Ada\u{85}X: y"] {
        for (first, last, pointer) in [(name, "Obi", "/first_name"), ("Ada", name, "/last_name")] {
            let refused = post(&shop, "register/", named("ada@example.com", first, last)).await;
            assert_eq!(
                refused.refused(422, "validation-failed")["errors"][0]["pointer"],
                pointer,
                "{name:?}"
            );
        }
    }
    // What is a name, if a strange one, is mailed, as a name.
    let mut heads = Vec::new();
    for (count, name) in (1..).zip([
        "Ada",
        "Bcc: eve@evil.example",
        "Ada%0d%0aBcc: eve@evil.example",
        "Ada\\r\\nBcc: eve@evil.example",
        "Ada\u{2028}Bcc: eve@evil.example",
        "=?utf-8?q?Ada=0d=0aBcc:_eve@evil.example?=",
        "\"Ada\" <eve@evil.example>, ",
        ".",
    ]) {
        let email = format!("ada{count}@example.com");
        post(&shop, "register/", named(&email, name.trim(), name.trim())).await.expect(202);
        let mail = shop.catcher.wait_for(count).await.swap_remove(count - 1);
        assert_eq!(mail.recipients, [email], "{name:?}");
        assert_eq!((mail.from.as_str(), mail.header("Bcc")), ("orders@shop.example", String::new()));
        heads.push(header_names(&mail));
    }
    assert!(heads.iter().all(|head| *head == heads[0]), "{heads:?}");
    shop.server.stop().await;
}

/// The names of its headers, in order.
fn header_names(mail: &Caught) -> Vec<String> {
    let head = mail.raw.split("\r\n\r\n").next().unwrap();
    let lines = head.lines().filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn a_link_changes_the_account_of_its_owner_whoever_is_logged_in() {
    block_on(async { tokio::join!(links_of_somebody_else(KINDS[0]), links_of_somebody_else(KINDS[1])) });
}

async fn links_of_somebody_else(kind: Kind) {
    let mut shop = MailShop::open(kind).await;
    let (ada, eve) = ("ada@example.com", "eve@example.com");
    register(&shop, eve).await;
    let link = link_to(&shop, eve, "/account/verify#").await;
    let pair = post(&shop, "email/verify/", json!({"token": link})).await.expect(200);
    let profile = async || as_bearer(shop.server.get("/api/users/profile/"), &pair).send().await.expect(200);
    let used =
        async |path: &str, body: Value| as_bearer(shop.server.post(path), &pair).json(&body).send().await;
    let before = profile().await;

    // Her own address is confirmed, and she is let in, not Eve.
    register(&shop, ada).await;
    let link = link_to(&shop, ada, "/account/verify#").await;
    let entered = used("/api/auth/email/verify/", json!({"token": link})).await.expect(200);
    assert_eq!(entered["user"]["email"], ada);
    assert_eq!(profile().await, before);

    // Her own password is set, and her sessions end.
    post(&shop, "password/reset/", json!({"email": ada})).await.expect(202);
    let link = link_to(&shop, ada, "/account/reset#").await;
    let reset = json!({"token": link, "new_password": OTHER});
    used("/api/auth/password/reset/confirm/", reset).await.expect(204);
    assert_eq!(profile().await, before);
    as_bearer(shop.server.get("/api/users/profile/"), &entered).send().await.refused(401, "unauthenticated");
    log_in(&shop, ada, SECRET).await.refused(401, "invalid-credentials");
    let hers = log_in(&shop, ada, OTHER).await.expect(200);

    // Her own address is another one.
    let change = json!({"new_email": "ada@new.example", "password": OTHER});
    let asked = as_bearer(shop.server.post("/api/users/email/change/"), &hers).json(&change);
    asked.send().await.expect(202);
    for to in [ada, "ada@new.example"] {
        let link = link_to(&shop, to, "/account/email#").await;
        used("/api/users/email/change/confirm/", json!({"token": link})).await.expect(204);
    }
    assert_eq!(profile().await, before);
    assert_eq!(log_in(&shop, "ada@new.example", OTHER).await.expect(200)["user"]["id"], hers["user"]["id"]);
    log_in(&shop, eve, OTHER).await.refused(401, "invalid-credentials");
    log_in(&shop, eve, SECRET).await.expect(200);
    shop.server.stop().await;
}

fn as_bearer<'s>(call: Call<'s>, pair: &Value) -> Call<'s> {
    call.header("Authorization", &format!("Bearer {}", pair["access_token"].as_str().unwrap()))
}

/// The token of the newest link to this page that was mailed to this address, once there is one.
async fn link_to(shop: &MailShop, to: &str, path: &str) -> String {
    let mut mails = shop.catcher.caught();
    loop {
        let found = mails.iter().rfind(|mail| mail.recipients == [to] && mail.parts()[0].contains(path));
        if let Some(mail) = found {
            return token_in(mail, path);
        }
        mails = shop.catcher.wait_for(mails.len() + 1).await;
    }
}

/// A megabyte is seen to be no password before it is worked on, wherever one is said: an answer takes a part of the time
/// that a hash takes.
#[test]
fn a_megabyte_is_no_password() {
    block_on(async {
        for kind in KINDS {
            no_password(kind).await;
        }
    });
}

async fn no_password(kind: Kind) {
    let mut shop = MailShop::open(kind).await;
    let ada = "ada@example.com";
    register(&shop, ada).await;
    let link = link_to(&shop, ada, "/account/verify#").await;
    let pair = post(&shop, "email/verify/", json!({"token": link})).await.expect(200);
    // From here on a hash takes its time.
    shop.server.set("COMMERCE_PASSWORD_PASSES", "5000");
    shop.server.restart().await;
    let (hashing, refused) =
        timed(shop.server.post("/api/auth/login/").json(&json!({"email": ada, "password": OTHER}))).await;
    refused.refused(401, "invalid-credentials");
    for (length, status, code) in [(1_000_000, 422, "validation-failed"), (2 << 20, 413, "too-large")] {
        let large = "x".repeat(length);
        for (path, body) in [
            ("auth/login/", json!({"email": ada, "password": large})),
            (
                "auth/register/",
                json!({"email": "new@example.com", "password": large, "first_name": "", "last_name": ""}),
            ),
            ("auth/password/reset/confirm/", json!({"token": "A".repeat(43), "new_password": large})),
            ("auth/password/change/", json!({"current_password": large, "new_password": OTHER})),
            ("auth/password/change/", json!({"current_password": SECRET, "new_password": large})),
            ("users/email/change/", json!({"new_email": "ada@new.example", "password": large})),
        ] {
            let call = as_bearer(shop.server.post(&format!("/api/{path}")), &pair).json(&body);
            let (taken, reply) = timed(call).await;
            reply.refused(status, code);
            assert!(taken < hashing / 2, "{path}: {taken:?} for {length} bytes, {hashing:?} for a hash");
        }
    }
    shop.server.stop().await;
}

async fn timed(call: Call<'_>) -> (Duration, Reply) {
    let begun = Instant::now();
    let reply = call.send().await;
    (begun.elapsed(), reply)
}
