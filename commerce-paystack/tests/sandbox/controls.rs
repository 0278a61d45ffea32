//! The controls of the sandbox over HTTP, and the sandbox inside another server.

use commerce_paystack::sandbox::Sandbox;
use poem::Route;
use poem::listener::TcpAcceptor;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::{Reply, Shop, reply, start};
use crate::shop::Receiver;

async fn control(shop: &Shop, path: &str, body: Value) -> Reply {
    let request = shop.visit(Method::POST, &format!("/_sandbox/{path}")).json(&body);
    reply(request.send().await.unwrap()).await
}

async fn truth(shop: &Shop) -> Value {
    reply(shop.visit(Method::GET, "/_sandbox/truth").send().await.unwrap()).await.body
}

#[tokio::test]
async fn another_process_can_do_what_a_handle_can() {
    let mut receiver = Receiver::start().await;
    let shop = start().await;
    let settings = json!({"webhook_url": receiver.url, "rate_limit": null});
    assert_eq!(control(&shop, "settings", settings).await.status, 200);
    for reference in ["paid", "gone", "dead", "sent"] {
        shop.initialize(reference, 50_000).await;
    }
    let hold = json!({"on": "webhook", "effect": "hold", "only": "paid"});
    assert_eq!(control(&shop, "faults", hold).await.status, 200);
    let charge = control(&shop, "transactions/paid/pay", json!({})).await;
    assert_eq!((charge.status, &charge.body["status"]), (200, &json!("success")));
    assert_eq!(control(&shop, "transactions/paid/pay", json!({})).await.status, 409);
    assert_eq!(control(&shop, "transactions/none/pay", json!({})).await.status, 404);
    assert_eq!(control(&shop, "webhooks/release", json!({})).await.body["released"], 1);
    assert_eq!(receiver.next().await.event(), "charge.success");
    assert_eq!(control(&shop, "webhooks/0/resend", json!({})).await.body["resent"], true);
    receiver.next().await;
    control(&shop, "transactions/gone/abandon", json!({})).await;
    control(&shop, "transactions/dead/fail", json!({"reason": "Pickup card (lost card)"})).await;
    let transfer = control(&shop, "transactions/sent/transfer", json!({"amount": 1})).await;
    assert_eq!(transfer.body["status"], "abandoned");

    let refund = shop.post("/refund", json!({"transaction": "paid"})).await.ok()["data"]["id"].clone();
    assert_eq!(control(&shop, &format!("refunds/{refund}/processed"), json!({})).await.status, 200);
    assert_eq!(control(&shop, &format!("refunds/{refund}/gone"), json!({})).await.status, 400);

    let truth = truth(&shop).await;
    let statuses: Vec<&Value> =
        truth["charges"].as_array().unwrap().iter().map(|charge| &charge["status"]).collect();
    assert_eq!(statuses, ["reversed", "abandoned", "failed", "abandoned"]);
    assert_eq!(truth["refunds"][0]["status"], "processed");
    assert_eq!(truth["requests"][0]["call"], "initialize");
    assert_eq!(truth["deliveries"][0]["event"], "charge.success");
}

#[tokio::test]
async fn faults_and_time_are_set_over_http() {
    let mut receiver = Receiver::start().await;
    let shop = Shop::with(Sandbox::builder().webhook_url(&receiver.url)).await;
    let fault = json!({"on": {"call": "verify"}, "effect": {"status": 502}, "times": 2});
    control(&shop, "faults", fault.clone()).await;
    let waiting = shop.visit(Method::GET, "/_sandbox/faults").send().await.unwrap();
    assert_eq!(reply(waiting).await.body[0]["effect"], fault["effect"]);
    assert_eq!(shop.get("/transaction/verify/r").await.status, 502);
    shop.visit(Method::DELETE, "/_sandbox/faults").send().await.unwrap();
    assert_eq!(shop.get("/transaction/verify/r").await.status, 400);
    let wrong = control(&shop, "faults", json!({"on": "webhook", "effect": "explode"})).await;
    assert_eq!(wrong.status, 400);

    receiver.answer(500);
    shop.paid("r", 50_000).await;
    receiver.next().await;
    shop.until(|truth| truth.deliveries[0].attempts.len() == 1).await;
    control(&shop, "time/advance", json!({"seconds": 3600})).await;
    receiver.next().await;
    control(&shop, "time/scale", json!({"scale": 36_000})).await;
    receiver.next().await;
    assert_eq!(control(&shop, "time/advance", json!({})).await.status, 400);
    assert_eq!(control(&shop, "nothing", json!({})).await.status, 404);
}

#[tokio::test]
async fn the_sandbox_can_live_inside_another_server() {
    let mut receiver = Receiver::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/sandbox/paystack", listener.local_addr().unwrap());
    let sandbox = Sandbox::builder().public_url(&base).webhook_url(&receiver.url).build().unwrap();
    let app = Route::new().nest("/sandbox/paystack", sandbox.route());
    let server = poem::Server::new_with_acceptor(TcpAcceptor::from_tokio(listener).unwrap());
    let serving = tokio::spawn(server.run(app));
    let sending = tokio::spawn({
        let sandbox = sandbox.clone();
        async move { sandbox.run().await }
    });

    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let body = json!({"email": "a@b.test", "amount": 5000, "reference": "r"});
    let request =
        http.post(format!("{base}/transaction/initialize")).bearer_auth(sandbox.secret_key()).json(&body);
    let data = reply(request.send().await.unwrap()).await.ok()["data"].clone();
    let url = data["authorization_url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{base}/checkout/")));
    let html = http.get(url).send().await.unwrap().text().await.unwrap();
    let action =
        format!("action=\"/sandbox/paystack/checkout/{}/pay\"", data["access_code"].as_str().unwrap());
    assert!(html.contains(&action), "{html}");
    let form = "channel=card&number=4084084084084081&expiry=12%2F40&cvv=408";
    let paid = http.post(format!("{url}/pay")).body(form).send().await.unwrap();
    assert_eq!(paid.status(), 303);
    assert_eq!(receiver.next().await.event(), "charge.success");
    let controls = http.get(format!("{base}/_sandbox/truth")).send().await.unwrap();
    assert_eq!(controls.status(), 404, "the controls are off unless they are asked for");
    serving.abort();
    sending.abort();
}

#[tokio::test]
async fn a_seed_gives_the_same_codes_again() {
    let mut codes = Vec::new();
    for _ in 0..2 {
        let shop = Shop::with(Sandbox::builder().seed(7)).await;
        codes.push(shop.initialize("r", 100).await["access_code"].clone());
        shop.sandbox.shutdown().await;
    }
    assert_eq!(codes[0], codes[1]);
}
