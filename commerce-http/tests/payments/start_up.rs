//! Which gateway a shop starts with, what it refuses to start with, and the commands around it.

use std::process::{Command, Output};

use commerce_paystack::sandbox::{Currency, Effect, Fault};
use serde_json::{Value, json};

use crate::server::paid::{KEY, PaidShop, on_both};
use crate::server::{ADMIN_TOKEN, Folder, Kind, Process, SECRET, TestDatabase, TestServer, program};

const LIVE_KEY: &str = "sk_live_never_a_real_one_0123456789abcdef";

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn run(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), said(&output))
}

#[test]
fn serve_refuses_a_gateway_by_which_nobody_pays() {
    let folder = Folder::new();
    let key = |key| ("COMMERCE_PAYSTACK_SECRET_KEY", key);
    let methods = |methods| ("COMMERCE_PAYMENT_METHODS", methods);
    let url = |url| ("COMMERCE_PAYSTACK_URL", url);
    for (set, args, advice) in [
        (vec![key(KEY)], vec![], "--allow-sandbox"),
        (vec![key(KEY), ("COMMERCE_ALLOW_SANDBOX", "false")], vec![], "sk_live_"),
        (vec![key(KEY), ("COMMERCE_ALLOW_SANDBOX", "perhaps")], vec![], "COMMERCE_ALLOW_SANDBOX"),
        (vec![key(LIVE_KEY), url("https://paystack.evil.example")], vec![], "--allow-sandbox"),
        (vec![key(LIVE_KEY), url("http://127.0.0.1:9")], vec!["--allow-sandbox"], "http"),
        (vec![key("hello")], vec!["--allow-sandbox"], "secret key"),
        (vec![key("pk_test_the_public_one")], vec!["--allow-sandbox"], "secret key"),
        (vec![key(KEY), url("not an address")], vec!["--allow-sandbox"], "address"),
        (vec![methods("card,cash_on_delivery")], vec![], "COMMERCE_PAYSTACK_SECRET_KEY"),
        (vec![methods("ussd")], vec!["--allow-sandbox"], "COMMERCE_PAYSTACK_SECRET_KEY"),
        (vec![methods("cheque")], vec![], "cash_on_delivery"),
        (vec![key(KEY), methods("card,card!")], vec!["--allow-sandbox"], "card!"),
        (vec![("COMMERCE_PAYMENT_WINDOWS", "card")], vec![], "card=30"),
        (vec![("COMMERCE_PAYMENT_WINDOWS", "card=soon")], vec![], "card=30"),
        (vec![("COMMERCE_PAYMENT_WINDOWS", "card=0")], vec![], "1 to 43200 minutes"),
        (vec![("COMMERCE_PAYMENT_WINDOWS", "manual=43201")], vec![], "1 to 43200 minutes"),
        (vec![("COMMERCE_PAYMENT_WINDOWS", "cash_on_delivery=9")], vec![], "goods are held for"),
        (vec![("COMMERCE_MESSAGE_SOURCES", "localhost")], vec![], "COMMERCE_MESSAGE_SOURCES"),
    ] {
        let mut command = program();
        command.args(["serve", "--port", "0", "--database-url", "sqlite:shop.db"]).args(&args);
        command.env("COMMERCE_SECRET", SECRET).envs(set.iter().copied()).current_dir(folder.path());
        let (code, said) = run(&mut command);
        assert_eq!(code, Some(2), "{set:?} {args:?}: {said}");
        assert!(said.contains(advice), "{set:?} {args:?}: {said}");
        assert!(!said.contains(KEY) && !said.contains(LIVE_KEY), "it tells the key: {said}");
    }
    assert!(!folder.join("shop.db").exists(), "nothing was made");
}

#[tokio::test]
async fn the_environment_may_allow_the_sandbox() {
    let mut server = TestServer::prepared(TestDatabase::new(Kind::Sqlite), &["--port", "0"]);
    server.set("COMMERCE_PAYSTACK_SECRET_KEY", KEY);
    server.set("COMMERCE_PAYSTACK_URL", "http://127.0.0.1:9");
    server.set("COMMERCE_ALLOW_SANDBOX", "true");
    server.restart().await;
    server.get("/health/ready").send().await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn a_shop_takes_the_methods_that_it_names() {
    let variables = [("COMMERCE_PAYMENT_METHODS", " card, manual ")];
    let shop = PaidShop::open_with(Kind::Sqlite, Currency::Ngn, |gateway| gateway, &variables).await;
    let cart = shop.cart(1, &json!({"method": "card"})).await;
    for method in ["cash_on_delivery", "bank_transfer", "ussd"] {
        let call =
            shop.server.post("/api/cart/checkout/payment/").cart(&cart).json(&json!({"method": method}));
        call.send().await.refused(422, "validation-failed");
    }
    shop.confirm(&cart).send().await.expect(201);
    shop.place(1, &json!({"method": "manual"})).await;
    shop.close().await;
}

/// Goods are held for as long as the shop says, by the way in which they are to be paid.
#[tokio::test]
async fn goods_are_held_for_as_long_as_the_shop_says() {
    let variables = [("COMMERCE_PAYMENT_WINDOWS", "card=7, manual=2880")];
    let shop = PaidShop::open_with(Kind::Sqlite, Currency::Ngn, |gateway| gateway, &variables).await;
    for (method, minutes) in [("card", 7), ("bank_transfer", 60)] {
        let order = shop.place(1, &json!({"method": method})).await.order;
        let at = |name: &str| order[name].as_str().unwrap().parse::<commerce_core::Timestamp>().unwrap();
        let held = at("pay_until").as_micros() - at("placed_at").as_micros();
        assert_eq!(held, minutes * 60_000_000, "{method}: {order}");
    }
    shop.close().await;
}

fn reconcile(shop: &PaidShop, more: &[&str]) -> Command {
    with_gateway(shop, &["payments", "reconcile", "--from", "2020-01-01", "--to", "2100-01-01"], more)
}

fn doctor(shop: &PaidShop, more: &[&str]) -> Command {
    with_gateway(shop, &["doctor", "--charges-from", "2020-01-01", "--allow-sandbox"], more)
}

fn with_gateway(shop: &PaidShop, command: &[&str], more: &[&str]) -> Command {
    let mut command = shop.server.database.command(&[command, more].concat());
    command.env("COMMERCE_PAYSTACK_SECRET_KEY", KEY).env("COMMERCE_PAYSTACK_URL", shop.sandbox.url());
    command
}

/// Runs it while the sandbox, which lives in this process, answers.
async fn run_beside(mut command: Command) -> (Option<i32>, String) {
    tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
}

#[tokio::test]
async fn reconcile_finds_the_charge_whose_message_was_lost() {
    on_both(async |kind| {
        let mut shop = PaidShop::open(kind).await;
        shop.paid_by_card(1).await;
        shop.sandbox.script(Fault::webhook(Effect::Lose).times(10));
        let (lost, unpaid) = (shop.place_by_card(2).await, shop.place_by_card(1).await);
        shop.sandbox.pay(&lost.reference).unwrap();
        shop.server.kill();
        let (code, said) = run_beside(doctor(&shop, &["--charges-until", "2100-01-01"])).await;
        assert_eq!(code, Some(5), "{said}");
        let row = said.lines().find(|line| line.starts_with("NO_LOST_CHARGE ")).expect(&said);
        assert!(row.contains(&lost.reference) && row.contains("3000.00 NGN"), "{row}");
        assert!(said.contains("invariants hold in the store") && said.contains("1 violations"), "{said}");
        // What was paid just now is left to the server.
        let (code, said) = run_beside(doctor(&shop, &[])).await;
        assert!(code == Some(0) && said.contains("NO_LOST_CHARGE holds"), "{said}");
        let (code, said) = run_beside(reconcile(&shop, &["--allow-sandbox"])).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(
            said.contains("3 charges on the gateway's list, 2 of them paid, 1 of those known before"),
            "{said}"
        );
        let row = said.lines().find(|line| line.starts_with(&lost.reference)).expect(&said);
        assert!(row.contains("3000.00 NGN") && row.ends_with("paid"), "{row}");
        assert!(said.contains("REFERENCE") && !said.contains(&unpaid.reference), "{said}");
        let (code, said) = run_beside(reconcile(&shop, &["--allow-sandbox", "--json"])).await;
        assert_eq!(code, Some(0));
        let report: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(
            (&report["paid"], &report["known"], &report["findings"]),
            (&json!(2), &json!(2), &json!([]))
        );
        let (_, said) = run_beside(reconcile(&shop, &["--allow-sandbox"])).await;
        assert!(said.contains("Nothing was missing."), "{said}");
        let (code, said) = run_beside(doctor(&shop, &["--charges-until", "2100-01-01"])).await;
        assert!(code == Some(0) && said.contains("NO_LOST_CHARGE holds for the 3 charges"), "{said}");
        shop.restart().await;
        assert_eq!(shop.order(&lost).await["payment_status"], "paid");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn reconcile_and_the_doctor_say_what_is_wrong_with_it() {
    let shop = PaidShop::open(Kind::Sqlite).await;
    let mut alone = doctor(&shop, &[]);
    alone.env("COMMERCE_PAYSTACK_URL", "http://127.0.0.1:1");
    let (code, said) = run_beside(alone).await;
    assert!(code == Some(1) && said.contains("NO_LOST_CHARGE is not checked"), "{said}");
    let mut keyless = doctor(&shop, &[]);
    keyless.env_remove("COMMERCE_PAYSTACK_SECRET_KEY").env_remove("COMMERCE_PAYSTACK_URL");
    let (code, said) = run_beside(keyless).await;
    assert!(code == Some(0) && said.contains("NO_LOST_CHARGE is not checked: no payment gateway"), "{said}");
    let (code, said) = run_beside(reconcile(&shop, &[])).await;
    assert!(code == Some(2) && said.contains("--allow-sandbox"), "{said}");
    let mut keyless = reconcile(&shop, &["--allow-sandbox"]);
    keyless.env_remove("COMMERCE_PAYSTACK_SECRET_KEY");
    let (code, said) = run_beside(keyless).await;
    assert!(code == Some(2) && said.contains("COMMERCE_PAYSTACK_SECRET_KEY"), "{said}");
    let mut alone = reconcile(&shop, &["--allow-sandbox"]);
    alone.env("COMMERCE_PAYSTACK_URL", "http://127.0.0.1:9");
    let (code, said) = run_beside(alone).await;
    assert!(code == Some(1) && said.contains("cannot be asked"), "{said}");
    let mut other_key = reconcile(&shop, &["--allow-sandbox"]);
    other_key.env("COMMERCE_PAYSTACK_SECRET_KEY", "sk_test_of_somebody_else");
    let (code, said) = run_beside(other_key).await;
    assert!(code == Some(1) && !said.contains("sk_test_of_somebody_else"), "{said}");
    for days in [["2026-02-01", "2026-01-01"], ["yesterday", "2026-01-01"], ["2026-02-30", "2026-03-01"]] {
        let args = ["payments", "reconcile", "--from", days[0], "--to", days[1]];
        let (code, said) = run(&mut shop.server.database.command(&args));
        assert_eq!(code, Some(2), "{days:?}: {said}");
    }
    shop.close().await;
}

#[tokio::test]
async fn the_sandbox_is_a_command() {
    let (code, said) = run(program().args(["sandbox", "paystack", "--help"]));
    assert_eq!(code, Some(0));
    assert!(said.contains("Examples:\n  commerce sandbox paystack --port 9191"), "{said}");
    let (code, said) = run(program().args(["sandbox", "paystack", "--port", "0", "--secret-key", LIVE_KEY]));
    assert!(code == Some(2) && said.contains("sk_test_") && !said.contains(LIVE_KEY), "{said}");
    let (code, said) = run(program().args(["sandbox", "paystack", "--currency", "EUR"]));
    assert!(code == Some(2) && said.contains("GHS"), "{said}");
    let folder = Folder::new();
    let mut command = program();
    command.args(["sandbox", "paystack", "--port", "0", "--secret-key", KEY, "--currency", "ghs"]);
    let running = Process::start(command, &folder, "listens on ");
    let body = r#"{"email": "ada@example.com", "amount": "20000"}"#;
    let call =
        reqwest::Client::new().post(format!("{}/transaction/initialize", running.base)).bearer_auth(KEY);
    let answer = call.header("content-type", "application/json").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let truth = reqwest::get(format!("{}/_sandbox/truth", running.base)).await.unwrap();
    let truth: Value = truth.json().await.unwrap();
    assert_eq!(truth["charges"][0]["currency"], "GHS", "{truth}");
    running.stop();
}

#[tokio::test]
async fn the_log_tells_no_secret_however_much_it_says() {
    let variables = [("COMMERCE_LOG", "trace"), ("COMMERCE_LOG_FORMAT", "json")];
    let mut shop = PaidShop::open_with(Kind::Sqlite, Currency::Ngn, |gateway| gateway, &variables).await;
    let placed = shop.paid_by_card(1).await;
    let body = json!({"order_id": placed.id, "reason": "it was broken"});
    shop.refund("log", &body).send().await.expect(201);
    shop.message_signed(b"{}", "sk_test_another").send().await.refused(401, "invalid-signature");
    shop.agrees_with_the_truth().await;
    let log = shop.server.stop().await;
    assert!(log.len() > 10_000, "it says much: {log}");
    let access_code = placed.action["access_code"].as_str().unwrap();
    for secret in [KEY, SECRET, ADMIN_TOKEN, &placed.token, access_code, "ada@example.com", "12 Marina Road"]
    {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "it tells {secret}");
    }
}
