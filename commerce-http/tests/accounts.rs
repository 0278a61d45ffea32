//! Accounts over HTTP: logging in, going on, logging out, what is one's own, and who may do what; on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use std::time::{Duration, Instant};

use commerce_core::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use server::{ADMIN_TOKEN, KINDS, Kind, TestDatabase, TestServer};

const SECRET: &str = "tr0mbone & oar 99";
const OTHER: &str = "saxoph0ne & sail 99";

/// A server with an administrator, whom the command line made.
async fn with_admin(kind: Kind) -> TestServer {
    let database = TestDatabase::new(kind);
    let (made, said) = database.make_admin("boss@example.com", SECRET);
    assert!(made, "{said}");
    let (made, said) = database.make_admin("BOSS@example.com", SECRET);
    assert!(!made && said.contains("already"), "{said}");
    let (made, said) = database.make_admin("weak@example.com", "password");
    assert!(!made && said.contains("too many people"), "{said}");
    let mut server = TestServer::prepared(database, &["--port", "0"]);
    // What a password costs is measured elsewhere.
    server.set("COMMERCE_PASSWORD_MEMORY_KIB", "1024");
    server.restart().await;
    server
}

async fn log_in(server: &TestServer, email: &str, password: &str) -> Value {
    let body = json!({"email": email, "password": password});
    server.post("/api/auth/login/").json(&body).send().await.expect(200)
}

fn median(mut taken: Vec<Duration>) -> Duration {
    taken.sort();
    taken[taken.len() / 2]
}

/// A log without its colours.
fn plain(log: &str) -> String {
    log.split('\u{1b}').map(|part| part.split_once('m').map_or(part, |(_, text)| text)).collect()
}

fn bearer(pair: &Value) -> String {
    format!("Bearer {}", pair["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn somebody_logs_in_goes_on_and_logs_out() {
    for kind in KINDS {
        let mut server = with_admin(kind).await;
        let first = log_in(&server, "Boss@Example.com", SECRET).await;
        assert_eq!((&first["token_type"], &first["expires_in"]), (&json!("Bearer"), &json!(900)));
        assert_eq!(first["user"]["role"], "admin");
        let profile = |pair: &Value| server.get("/api/users/profile/").header("Authorization", &bearer(pair));
        profile(&first).send().await.expect(200);
        // A refresh token is no access token, and the other way round.
        let swapped = format!("Bearer {}", first["refresh_token"].as_str().unwrap());
        let refused = server.get("/api/users/profile/").header("Authorization", &swapped).send().await;
        refused.refused(401, "unauthenticated");
        let refresh =
            |token: &Value| server.post("/api/auth/refresh/").json(&json!({"refresh_token": token})).send();
        refresh(&first["access_token"]).await.refused(401, "unauthenticated");
        let second = refresh(&first["refresh_token"]).await.expect(200);
        profile(&first).send().await.expect(200);
        // The spent one comes back: the session is over at once, for everybody who is in it.
        refresh(&first["refresh_token"]).await.refused(401, "unauthenticated");
        refresh(&second["refresh_token"]).await.refused(401, "unauthenticated");
        for pair in [&first, &second] {
            profile(pair).send().await.refused(401, "unauthenticated");
        }
        let (here, there) = (
            log_in(&server, "boss@example.com", SECRET).await,
            log_in(&server, "boss@example.com", SECRET).await,
        );
        let logout =
            |pair: &Value, path: &str| server.post(path).header("Authorization", &bearer(pair)).send();
        logout(&here, "/api/auth/logout/").await.expect(204);
        profile(&here).send().await.refused(401, "unauthenticated");
        profile(&there).send().await.expect(200);
        let again = log_in(&server, "boss@example.com", SECRET).await;
        logout(&again, "/api/auth/logout/?all=true").await.expect(204);
        profile(&there).send().await.refused(401, "unauthenticated");
        server.stop().await;
    }
}

/// A shop whose tokens others are to check: it publishes what they need, and its own sessions survive the change.
#[tokio::test]
async fn tokens_may_be_checked_by_others() {
    let mut server = with_admin(Kind::Sqlite).await;
    let before = log_in(&server, "boss@example.com", SECRET).await;
    server.get("/.well-known/jwks.json").send().await.refused(404, "not-found");
    server.set("COMMERCE_TOKEN_ALGORITHM", "eddsa");
    server.restart().await;
    let keys = server.get("/.well-known/jwks.json").send().await;
    assert_eq!(keys.header("content-type"), "application/jwk-set+json");
    let keys: Value = serde_json::from_str(&keys.text).unwrap();
    assert_eq!((&keys["keys"][0]["alg"], &keys["keys"][0]["d"]), (&json!("EdDSA"), &Value::Null));
    let profile = async |pair: &Value| {
        server.get("/api/users/profile/").header("Authorization", &bearer(pair)).send().await
    };
    profile(&before).await.refused(401, "unauthenticated");
    let refresh = json!({"refresh_token": before["refresh_token"]});
    let after = server.post("/api/auth/refresh/").json(&refresh).send().await.expect(200);
    profile(&after).await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn a_login_does_not_tell_who_has_an_account() {
    let mut server = with_admin(Kind::Sqlite).await;
    let try_in = |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        server.post("/api/auth/login/").json(&body).send()
    };
    let mut said = Vec::new();
    for (email, password) in
        [("boss@example.com", OTHER), ("nobody@example.com", SECRET), ("bоss@example.com", OTHER)]
    {
        let refused = try_in(email, password).await;
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
        let mut body = refused.refused(401, "invalid-credentials");
        body["request_id"].take();
        said.push(body);
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:?}");
    try_in("boss@example.com", &"x".repeat(129)).await.refused(422, "validation-failed");
    try_in("nobody", SECRET).await.refused(422, "validation-failed");
    // Registering, asking for a link and for a new password answer alike.
    let ask = |path: &'static str, body: Value| {
        let call = server.post(path).json(&body);
        async move {
            let mut body = call.send().await.expect(202);
            body["request_id"].take();
            body
        }
    };
    let registering = |email: &str| json!({"email": email, "password": OTHER, "first_name": "Ada", "last_name": "Obi", "phone": "+2348031234567"});
    let known = ask("/api/auth/register/", registering("boss@example.com")).await;
    assert_eq!(known, ask("/api/auth/register/", registering("new@example.com")).await);
    for path in ["/api/auth/email/resend/", "/api/auth/password/reset/"] {
        let known = ask(path, json!({"email": "boss@example.com"})).await;
        assert_eq!(known, ask(path, json!({"email": "nobody@example.com"})).await);
    }
    try_in("new@example.com", OTHER).await.refused(403, "email-not-verified");
    try_in("new@example.com", SECRET).await.refused(401, "invalid-credentials");
    let weak = json!({"email": "x@example.com", "password": "password1"});
    let weak = server.post("/api/auth/register/").json(&weak).send().await.refused(422, "weak-password");
    assert_eq!(weak["errors"][0]["code"], "too-common");
    let link = json!({"token": "A".repeat(43)});
    server.post("/api/auth/email/verify/").json(&link).send().await.refused(422, "link-invalid");
    let role = json!({"email": "x@example.com", "password": OTHER, "role": "admin"});
    server.post("/api/auth/register/").json(&role).send().await.refused(400, "unknown-field");
    server.stop().await;
}

#[tokio::test]
async fn what_is_ones_own_is_seen_by_nobody_else() {
    for kind in KINDS {
        let mut server = with_admin(kind).await;
        let (made, said) = server.database.make_admin("eve@example.com", OTHER);
        assert!(made, "{said}");
        let boss = bearer(&log_in(&server, "boss@example.com", SECRET).await);
        let eve = bearer(&log_in(&server, "eve@example.com", OTHER).await);
        let call =
            |method: Method, path: &str, who: &str| server.call(method, path).header("Authorization", who);
        let home = json!({"address_type": "home", "contact_name": "Ada Obi", "street_line1": "12 Marina Road",
            "city": "Lagos", "state_province": "LA", "country_code": "NG", "phone": "+2348031234567"});
        let saved = call(Method::POST, "/api/users/addresses/", &boss).json(&home).send().await.expect(201);
        assert_eq!((&saved["is_default"], &saved["address_type"]), (&json!(true), &json!("home")));
        let path = format!("/api/users/addresses/{}/", saved["id"].as_str().unwrap());
        assert_eq!(call(Method::GET, &path, &boss).send().await.expect(200), saved);
        let nowhere = "/api/users/addresses/0190f3c2-0000-7000-8000-000000000000/";
        let mut alike = Vec::new();
        for path in [path.as_str(), nowhere] {
            for method in [Method::GET, Method::DELETE] {
                let mut body = call(method, path, &eve).send().await.refused(404, "not-found");
                body["request_id"].take();
                body["instance"].take();
                alike.push(body);
            }
            call(Method::PUT, path, &eve).json(&home).send().await.refused(404, "not-found");
        }
        assert!(alike.windows(2).all(|pair| pair[0] == pair[1]), "{alike:?}");
        let wrong = json!({"address_type": "castle", "country_code": "XX"});
        let wrong = call(Method::POST, "/api/users/addresses/", &boss).json(&wrong).send().await;
        let wrong = wrong.refused(422, "validation-failed");
        assert_eq!(wrong["errors"][0]["pointer"], "/address_type");
        // Where taxes look for a code, a name is none; whoever sends one is told which there are.
        let mut written = home.clone();
        written["state_province"] = json!("Lagos");
        let wrong =
            call(Method::PUT, &path, &boss).json(&written).send().await.refused(422, "validation-failed");
        assert_eq!(wrong["errors"][0]["pointer"], "/state_province");
        assert!(wrong["errors"][0]["message"].as_str().unwrap().contains("KW, LA, NA"), "{wrong}");
        written["state_province"] = json!("ng-la");
        let kept = call(Method::PUT, &path, &boss).json(&written).send().await.expect(200);
        assert_eq!(kept["state_province"], "LA");
        call(Method::DELETE, &path, &boss).send().await.expect(204);
        // Sessions.
        let sessions = call(Method::GET, "/api/users/sessions/", &boss).send().await.expect(200);
        assert_eq!(sessions["results"][0]["is_current"], true);
        let path = format!("/api/users/sessions/{}/", sessions["results"][0]["id"].as_str().unwrap());
        call(Method::DELETE, &path, &eve).send().await.refused(404, "not-found");
        // Profile.
        let named = json!({"first_name": "Ọlá", "phone": "+2348031234567"});
        let patched = call(Method::PATCH, "/api/users/profile/", &boss).json(&named).send().await.expect(200);
        assert_eq!((&patched["first_name"], &patched["phone"]), (&json!("Ọlá"), &json!("+2348031234567")));
        let whole = json!({"last_name": "Obi"});
        let replaced = call(Method::PUT, "/api/users/profile/", &boss).json(&whole).send().await.expect(200);
        assert_eq!((&replaced["first_name"], &replaced["phone"]), (&json!(""), &Value::Null));
        let stale = json!({"first_name": "x", "version": patched["version"]});
        let stale = call(Method::PATCH, "/api/users/profile/", &boss).json(&stale).send().await;
        stale.refused(412, "version-conflict");
        let role = json!({"role": "customer"});
        call(Method::PATCH, "/api/users/profile/", &boss)
            .json(&role)
            .send()
            .await
            .refused(400, "unknown-field");
        // A new password ends the other sessions and keeps this one.
        let other = bearer(&log_in(&server, "boss@example.com", SECRET).await);
        let change = |present: &str| {
            let body = json!({"current_password": present, "new_password": OTHER});
            call(Method::POST, "/api/auth/password/change/", &boss).json(&body).send()
        };
        change(OTHER).await.refused(401, "invalid-credentials");
        change(SECRET).await.expect(204);
        call(Method::GET, "/api/users/profile/", &other).send().await.refused(401, "unauthenticated");
        call(Method::GET, "/api/users/profile/", &boss).send().await.expect(200);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_role_counts_with_the_next_request() {
    for kind in KINDS {
        let mut server = with_admin(kind).await;
        let (made, said) = server.database.make_admin("eve@example.com", OTHER);
        assert!(made, "{said}");
        let boss = bearer(&log_in(&server, "boss@example.com", SECRET).await);
        let eve = log_in(&server, "eve@example.com", OTHER).await;
        let user = format!("/api/users/{}/", eve["user"]["id"].as_str().unwrap());
        let eve = bearer(&eve);
        let call =
            |method: Method, path: &str, who: &str| server.call(method, path).header("Authorization", who);
        let change = |body: Value, who: &str| call(Method::PATCH, &user, who).json(&body).send();
        change(json!({"role": "customer"}), &eve).await.refused(403, "forbidden");
        for (role, coupons, audit) in
            [("admin", 200, 200), ("staff", 200, 403), ("merchant", 403, 403), ("customer", 403, 403)]
        {
            let changed = change(json!({"role": role}), &boss).await.expect(200);
            assert_eq!(changed["role"], role);
            for (path, status) in [("/api/admin/coupons/", coupons), ("/api/admin/audit/", audit)] {
                let answer = call(Method::GET, path, &eve).send().await;
                assert_eq!(answer.status, status, "{role} {path}: {}", answer.text);
            }
        }
        let gone = call(Method::DELETE, &format!("{user}sessions/"), &boss).send().await;
        assert_eq!((gone.status, gone.text.as_str()), (204, ""));
        call(Method::GET, "/api/users/profile/", &eve).send().await.refused(401, "unauthenticated");
        let eve = bearer(&log_in(&server, "eve@example.com", OTHER).await);
        let every = call(Method::DELETE, &format!("{user}sessions/"), &eve).send().await;
        every.refused(403, "forbidden");
        change(json!({"is_active": false}), &boss).await.expect(200);
        call(Method::GET, "/api/users/profile/", &eve).send().await.refused(401, "unauthenticated");
        let login = json!({"email": "eve@example.com", "password": OTHER});
        server.post("/api/auth/login/").json(&login).send().await.refused(403, "account-inactive");
        change(json!({"role": "king"}), &boss).await.refused(422, "validation-failed");
        let found =
            call(Method::GET, "/api/users/all/?q=EVE&is_active=false", &boss).send().await.expect(200);
        assert_eq!(found["results"].as_array().unwrap().len(), 1);
        let rows =
            format!("/api/admin/audit/?target=account:{}", found["results"][0]["id"].as_str().unwrap());
        let rows = call(Method::GET, &rows, &boss).send().await.expect(200);
        let last = &rows["results"][0];
        assert_eq!((&last["action"], &last["data"]["after"]), (&json!("account.active"), &json!(false)));
        server.stop().await;
    }
}

#[tokio::test]
async fn everybody_logs_in_again() {
    for kind in KINDS {
        let mut server = with_admin(kind).await;
        let boss = bearer(&log_in(&server, "boss@example.com", SECRET).await);
        let profile = || server.get("/api/users/profile/").header("Authorization", &boss).send();
        profile().await.expect(200);
        let unsaid = server.database.run(&["admin", "end-sessions"]);
        assert_eq!(unsaid.status.code(), Some(2), "it is about everybody");
        profile().await.expect(200);
        let said = server.database.succeed(&["admin", "end-sessions", "--everybody"]);
        assert!(said.contains("log in again"), "{said}");
        profile().await.refused(401, "unauthenticated");
        let rows = server.admin(Method::GET, "audit/?action=account.sessions").send().await.expect(200);
        assert_eq!(rows["results"][0]["target"], "accounts", "{rows}");
        let boss = bearer(&log_in(&server, "boss@example.com", SECRET).await);
        server.get("/api/users/profile/").header("Authorization", &boss).send().await.expect(200);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_program_may_what_its_key_says() {
    for kind in KINDS {
        let mut server = with_admin(kind).await;
        let new = json!({"name": "sync", "permissions": ["coupons.read", "keys.write"]});
        let made = server.admin(Method::POST, "api-keys/").json(&new).send().await.expect(201);
        let program = format!("Bearer {}", made["key"].as_str().unwrap());
        let call = |method: Method, path: &str| {
            server.call(method, &format!("/api/admin/{path}")).header("Authorization", &program)
        };
        call(Method::GET, "coupons/").send().await.expect(200);
        call(Method::GET, "promotions/").send().await.refused(403, "forbidden");
        let profile = server.get("/api/users/profile/").header("Authorization", &program).send().await;
        profile.refused(403, "forbidden");
        let beyond = json!({"name": "mightier", "permissions": ["orders.refund"]});
        call(Method::POST, "api-keys/").json(&beyond).send().await.refused(403, "forbidden");
        let unknown = json!({"name": "x", "permissions": ["orders.*"]});
        call(Method::POST, "api-keys/").json(&unknown).send().await.refused(422, "validation-failed");
        let keys = server.admin(Method::GET, "api-keys/").send().await.expect(200);
        assert!(!keys.to_string().contains(made["key"].as_str().unwrap()));
        assert!(keys["results"][0]["last_used_at"].is_string());
        let id = made["api_key"]["id"].as_str().unwrap();
        server.admin(Method::DELETE, &format!("api-keys/{id}/")).send().await.expect(204);
        call(Method::GET, "coupons/").send().await.refused(401, "unauthenticated");
        server.stop().await;
    }
}

#[test]
fn the_permissions_are_listed() {
    let output = server::program().args(["routes", "--permissions"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.lines().any(|line| line.contains("/api/payments/refund/") && line.ends_with("orders.refund")),
        "{text}"
    );
    assert!(
        text.lines().any(|line| line.starts_with("orders.refund") && line.contains("staff admin")),
        "{text}"
    );
    for line in text.lines().filter(|line| line.contains(" /api/admin/")) {
        assert!(line.trim_end().rsplit(' ').next().unwrap().contains('.'), "no permission: {line}");
    }
}

#[tokio::test]
async fn tries_to_log_in_are_counted_by_account_and_by_address() {
    for kind in KINDS {
        let mut server = with_admin(kind).await;
        server.set("COMMERCE_RATE_LIMITS", "login_account=3/15m,login_address=8/15m,address_writes=off");
        server.restart().await;
        let attempt = async |email: &str, password: &str| {
            let body = json!({"email": email, "password": password});
            server.post("/api/auth/login/").json(&body).send().await
        };
        // Whoever knows the password has not guessed it: that takes nothing from the account.
        attempt("boss@example.com", SECRET).await.expect(200);
        let pair = attempt("boss@example.com", SECRET).await.expect(200);
        for email in ["boss@example.com", "BOSS@example.com", "boss@example.com"] {
            attempt(email, OTHER).await.refused(401, "invalid-credentials");
        }
        // Nor does whoever has one of its sessions try the password any further.
        let new = json!({"current_password": SECRET, "new_password": OTHER});
        let change =
            server.post("/api/auth/password/change/").header("Authorization", &bearer(&pair)).json(&new);
        change.send().await.refused(429, "rate-limited");
        let late = attempt("Boss@example.com", SECRET).await;
        assert!(late.header("retry-after").parse::<u32>().unwrap() > 0);
        late.refused(429, "rate-limited");
        // An account that nobody has is counted like any other; the address from which all of it comes runs out at last.
        attempt("nobody@example.com", OTHER).await.refused(401, "invalid-credentials");
        attempt("nobody@example.com", OTHER).await.refused(401, "invalid-credentials");
        attempt("somebody@example.com", OTHER).await.refused(429, "rate-limited");
        // What was tried, from where and at which account stands in the log, and whose address it is does not.
        let log = server.stop().await;
        for told in ["logged in", "invalid-credentials", "rate-limited", "from=127.0.0.1", "caller=login:"] {
            assert!(plain(&log).contains(told), "{told} is not in {log}");
        }
        assert!(!log.to_lowercase().contains("boss@example.com"), "{log}");
    }
}

/// What a store cannot do is no wrong password, and takes nothing from whoever tries.
#[tokio::test]
async fn a_store_that_fails_takes_no_try() {
    for kind in KINDS {
        let mut server = with_admin(kind).await;
        server.set("COMMERCE_RATE_LIMITS", "login_account=1/hour");
        server.restart().await;
        let attempt = async |password: &str| {
            let body = json!({"email": "boss@example.com", "password": password});
            server.post("/api/auth/login/").json(&body).send_in_trouble().await
        };
        server.database.execute("update {accounts} set phone = 'none'").await;
        for _ in 0..3 {
            assert!(attempt(SECRET).await.status >= 500);
        }
        server.database.execute("update {accounts} set phone = null").await;
        attempt(SECRET).await.expect(200);
        attempt(OTHER).await.refused(401, "invalid-credentials");
        attempt(SECRET).await.refused(429, "rate-limited");
        server.kill(); // what it logged is what it should
    }
}

/// Whoever is logged in mails nobody more often than somebody who registers does: each address has its own count, and so
/// has where it is asked from.
#[tokio::test]
async fn changes_of_address_are_counted_by_the_new_address() {
    for kind in KINDS {
        let mut server = with_admin(kind).await;
        server.set("COMMERCE_RATE_LIMITS", "verify_account=2/hour,verify_address=5/hour");
        server.restart().await;
        let pair = log_in(&server, "boss@example.com", SECRET).await;
        let ask = async |email: &str| {
            let body = json!({"new_email": email, "password": SECRET});
            let call = server.post("/api/users/email/change/").header("Authorization", &bearer(&pair));
            call.json(&body).send().await
        };
        ask("victim@example.com").await.expect(202);
        ask("Victim@example.com").await.expect(202);
        let late = ask("victim@example.com").await;
        assert!(late.header("retry-after").parse::<u32>().unwrap() > 0);
        late.refused(429, "rate-limited");
        ask("other@example.com").await.expect(202);
        ask("third@example.com").await.expect(202);
        ask("fourth@example.com").await.refused(429, "rate-limited");
        server.stop().await;
    }
}

#[tokio::test]
async fn who_is_logged_in_is_counted_apart_from_the_address() {
    for kind in KINDS {
        let mut server = with_admin(kind).await;
        server.set(
            "COMMERCE_RATE_LIMITS",
            "admin=3/hour,api_key=2/hour,address_reads=4/hour,address_writes=off",
        );
        server.restart().await;
        let pair = log_in(&server, "boss@example.com", SECRET).await;
        let new = json!({"name": "till", "permissions": ["audit.read"]});
        let made = server.post("/api/admin/api-keys/").header("Authorization", &bearer(&pair)).json(&new);
        let key = made.send().await.expect(201)["key"].as_str().unwrap().to_owned();
        let audit = async |token: &str| {
            let reply =
                server.get("/api/admin/audit/").header("Authorization", &format!("Bearer {token}")).send();
            let reply = reply.await;
            (reply.status, reply.header("ratelimit-remaining").to_owned())
        };
        let account = pair["access_token"].as_str().unwrap();
        let told = |status: u16, remaining: &str| (status, remaining.to_owned());
        assert_eq!(audit(&key).await, told(200, "1"));
        assert_eq!(audit(account).await, told(200, "1"), "one was taken by the key that was made");
        assert_eq!(audit(&key).await, told(200, "0"));
        assert_eq!(audit(&key).await.0, 429);
        assert_eq!(audit(account).await, told(200, "0"));
        assert_eq!(audit(account).await.0, 429);
        // What is no good is counted by address.
        assert_eq!(audit(&key.replace("ck_", "ck_x")).await, told(401, "3"));
        assert_eq!(audit(ADMIN_TOKEN).await.0, 200, "the token of the configuration is somebody else");
        server.stop().await;
    }
}

/// Nobody learns from the clock whether an address has an account.
#[tokio::test]
async fn an_answer_takes_as_long_for_nobody() {
    for kind in KINDS {
        let mut server = with_admin(kind).await;
        // The cost that the administrator's hash was made with.
        server.set("COMMERCE_PASSWORD_MEMORY_KIB", "19456");
        server.restart().await;
        for path in ["login/", "register/", "password/reset/"] {
            let ask = async |email: &str| {
                let body = match path {
                    "password/reset/" => json!({"email": email}),
                    _ => json!({"email": email, "password": OTHER}),
                };
                let begun = Instant::now();
                let reply = server.post(&format!("/api/auth/{path}")).json(&body).send().await;
                assert!(reply.status == 202 || reply.status == 401, "{}", reply.text);
                begun.elapsed()
            };
            let (mut nobody, mut somebody) = (Vec::new(), Vec::new());
            for round in 0..15 {
                nobody.push(ask(&format!("nobody{round}@example.com")).await);
                somebody.push(ask("boss@example.com").await);
            }
            let [nobody, somebody] = [nobody, somebody].map(median);
            let ratio = nobody.as_secs_f64() / somebody.as_secs_f64();
            println!("{path} on {kind:?}: {nobody:?} for nobody, {somebody:?} for somebody");
            assert!((0.4..2.5).contains(&ratio), "{path}: {nobody:?} for nobody, {somebody:?} for somebody");
        }
        server.stop().await;
    }
}

/// What the contract says each operation asks for, tried by everybody: who may not is refused, who may is not.
#[tokio::test]
async fn every_operation_opens_to_who_may_and_to_nobody_else() {
    for kind in KINDS {
        let server = with_admin(kind).await;
        let boss = log_in(&server, "boss@example.com", SECRET).await;
        let mut callers = Vec::new();
        // What merchants reach is in the tests of `access`.
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Merchant) {
            callers.push((role.as_str().to_owned(), token_of(&server, &boss, role).await, may_of(role)));
        }
        let new = json!({"name": "reader", "permissions": ["orders.read"]});
        let made = server.post("/api/admin/api-keys/").header("Authorization", &bearer(&boss)).json(&new);
        let key = made.send().await.expect(201)["key"].as_str().unwrap().to_owned();
        callers.push(("a key".to_owned(), key, vec!["orders.read"]));
        let mut asked = 0;
        for operation in
            operations().iter().filter(|operation| !operation.path.starts_with("/api/orders/sold/"))
        {
            let Operation { method, path, permission, also_others } = operation;
            let call = async |token: Option<&str>| {
                let call = server.call(method.clone(), path);
                let call = match token {
                    Some(token) => call.header("Authorization", &format!("Bearer {token}")),
                    None => call,
                };
                let call = if *method == Method::GET { call } else { call.key("k").json(&json!({})) };
                call.send_in_trouble().await
            };
            for nobody in [None, Some("nonsense"), Some("ck_nonsense"), Some("a.b.c")] {
                let reply = call(nobody).await;
                assert!(reply.status < 500, "{operation:?} for {nobody:?}: {}", reply.text);
                // Guests do some of it too. Whoever shows what is no good is nobody's guest, but still sees what is on sale.
                let on_sale = *also_others && *method == Method::GET && path.starts_with("/api/products/");
                if (nobody.is_some() || !also_others) && !on_sale {
                    assert_eq!(reply.status, 401, "{operation:?} for {nobody:?}: {}", reply.text);
                }
            }
            for (name, token, may) in &callers {
                let opens = permission.as_ref().is_none_or(|wanted| may.contains(&wanted.as_str()));
                let reply = call(Some(token)).await;
                assert!(reply.status < 500, "{operation:?} for {name}: {}", reply.text);
                let refused = matches!(reply.status, 401 | 403);
                let own = permission.is_none() && name == "a key";
                if !also_others {
                    assert_eq!(refused, !opens || own, "{operation:?} for {name}: {}", reply.text);
                }
                assert!(
                    opens || *also_others || reply.status >= 400,
                    "{operation:?} for {name}: {}",
                    reply.text
                );
                asked += 1;
            }
        }
        assert!(asked > 200, "only {asked} were asked");
        server.doctor().await;
    }
}

/// An operation for which somebody has to be logged in.
#[derive(Debug)]
struct Operation {
    method: Method,
    path: String,
    /// What it takes; absent: an account.
    permission: Option<String>,
    /// Whether it is for others too, who show something else.
    also_others: bool,
}

/// Those of the contract, but for the ones that end the session that asks.
fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(schemes) = operation["security"].as_array() else { continue };
            if ["/api/auth/logout/", "/api/users/profile/"].contains(&path.as_str()) && method != "get" {
                continue;
            }
            let permission = schemes.iter().find_map(|scheme| scheme["Bearer"][0].as_str());
            let others = operation["parameters"].as_array().is_some_and(|parameters| {
                parameters.iter().any(|parameter| parameter["name"] == "X-Order-Token")
            });
            let filled = path.split('/').map(|part| match part.starts_with('{') {
                true => "01a206dc-5dee-7000-b946-59061dd2ef1b",
                false => part,
            });
            found.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: filled.collect::<Vec<_>>().join("/"),
                permission: permission.map(str::to_owned),
                also_others: others || schemes.iter().any(|scheme| scheme.as_object().unwrap().is_empty()),
            });
        }
    }
    found
}

/// What somebody in the role may do.
fn may_of(role: Role) -> Vec<&'static str> {
    role.permissions().iter().map(|permission| permission.as_str()).collect()
}

/// The access token of somebody in this role.
async fn token_of(server: &TestServer, boss: &Value, role: Role) -> String {
    let email = format!("{}@example.com", role.as_str());
    let (made, said) = server.database.make_admin(&email, SECRET);
    assert!(made, "{said}");
    let user = log_in(server, &email, SECRET).await["user"].clone();
    let path = format!("/api/users/{}/", user["id"].as_str().unwrap());
    let change = server.call(Method::PATCH, &path).header("Authorization", &bearer(boss));
    change.json(&json!({"role": role.as_str()})).send().await.expect(200);
    log_in(server, &email, SECRET).await["access_token"].as_str().unwrap().to_owned()
}
