//! What the client does when the other side, or the way there, misbehaves.

use std::time::{Duration, Instant};

use crate::double::{Double, KEY, Reply};
use commerce_paystack::{
    Amount, BreakerOptions, Client, CreateRefund, Currency, Error, ErrorKind, Fault, Initialize, Reason,
    Reference,
};

const VERIFIED: &str = include_str!("../fixtures/verify_success.json");

fn reference() -> Reference {
    Reference::new("ord-1001").unwrap()
}

fn refund() -> CreateRefund {
    CreateRefund::new(reference(), Amount::new(5_000, Currency::NGN))
}

async fn read(client: &Client) -> Error {
    client.verify(&reference()).await.unwrap_err()
}

async fn write(client: &Client) -> Error {
    client.create_refund(&refund()).await.unwrap_err()
}

fn short(double: &Double) -> Client {
    double.client_with(|builder| builder.deadline(Duration::from_millis(400)))
}

/// Every way in which an answer can fail to come: a write is sent once and its outcome is unknown; a read is sent again.
#[tokio::test]
async fn a_write_is_never_sent_twice() {
    let html = "<html><title>Bad gateway</title></html>".to_owned();
    for (reply, expected) in [
        (Reply::Answer(502, vec![], html.clone()), ErrorKind::Server { status: 502 }),
        (Reply::json(500, r#"["an array"]"#), ErrorKind::Server { status: 500 }),
        (Reply::Close, ErrorKind::Interrupted),
        (Reply::Reset, ErrorKind::Interrupted),
        (Reply::Half, ErrorKind::Interrupted),
    ] {
        let double = Double::start([reply.clone()]).await;
        let error = write(&double.client()).await;
        assert_eq!(*error.kind(), expected, "{reply:?}");
        assert!(error.outcome_unknown() && !error.may_retry(), "{reply:?}");
        assert_eq!(double.requests().len(), 1, "{reply:?}");

        let double = Double::start([reply.clone()]).await;
        let error = read(&double.client()).await;
        assert_eq!(*error.kind(), expected, "{reply:?}");
        assert!(!error.outcome_unknown() && error.may_retry(), "{reply:?}");
        assert_eq!(double.requests().len(), 3, "{reply:?}");

        let double = Double::start([reply.clone(), reply.clone(), Reply::json(200, VERIFIED)]).await;
        assert!(double.client().verify(&reference()).await.is_ok(), "{reply:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_none_leaves_the_outcome_open() {
    let huge = format!("{}{}", include_str!("../fixtures/refund_create.json"), " ".repeat(2 << 20));
    for body in
        ["", "<html>", "[]", "{}", r#"{"status":true"#, r#"{"status":true}"#, r#"{"status":true,"data":7}"#]
            .map(str::to_owned)
            .into_iter()
            .chain([huge])
    {
        let double = Double::start([Reply::json(200, &body)]).await;
        let error = write(&double.client()).await;
        let shown = &body[..body.len().min(40)];
        assert!(matches!(error.kind(), ErrorKind::Unreadable(_)), "{shown}: {error}");
        assert!(error.outcome_unknown() && !error.may_retry(), "{shown}");
        assert_eq!(error.fault(), Fault::Paystack, "{shown}");
        assert_eq!(double.requests().len(), 1, "{shown}");
    }
}

#[tokio::test]
async fn the_deadline_holds_for_silence_and_for_slow_drips() {
    for reply in [Reply::Hang, Reply::Drip] {
        let double = Double::start([reply.clone()]).await;
        let client = short(&double);
        let start = Instant::now();
        let error = write(&client).await;
        assert!((400..2_000).contains(&start.elapsed().as_millis()), "{reply:?}");
        assert_eq!(*error.kind(), ErrorKind::Timeout, "{reply:?}");
        assert!(error.outcome_unknown(), "{reply:?}");

        let start = Instant::now();
        assert_eq!(*read(&client).await.kind(), ErrorKind::Timeout, "{reply:?}");
        assert!(start.elapsed() < Duration::from_secs(2), "{reply:?}");
    }
}

#[tokio::test]
async fn a_read_that_hangs_leaves_time_for_another() {
    let double = Double::start([Reply::Hang, Reply::json(200, VERIFIED)]).await;
    let client = double.client_with(|builder| builder.deadline(Duration::from_secs(2)));
    assert!(client.verify(&reference()).await.is_ok());
    assert_eq!(double.requests().len(), 2);
}

#[tokio::test]
async fn what_was_not_reached_was_not_sent() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let client = Client::builder(KEY).base_url(format!("http://{gone}")).build().unwrap();
    let error = write(&client).await;
    assert!(matches!(error.kind(), ErrorKind::Unreachable { .. }), "{error}");
    assert!(error.may_retry() && !error.outcome_unknown());
    assert_eq!(error.fault(), Fault::Network);
}

#[tokio::test]
async fn too_many_calls_wait_for_a_slot_and_then_give_up_unsent() {
    let double = Double::start([Reply::Hang]).await;
    let client =
        double.client_with(|builder| builder.concurrency_max(1).deadline(Duration::from_millis(600)));
    let (first, second) = tokio::join!(write(&client), write(&client));
    assert_eq!(*first.kind(), ErrorKind::Timeout);
    assert_eq!(*second.kind(), ErrorKind::Busy);
    assert!(second.may_retry() && !second.outcome_unknown());
    assert_eq!(double.requests().len(), 1);
}

#[tokio::test]
async fn an_open_circuit_sends_nothing_until_one_call_has_tried() {
    let down = Reply::Answer(503, vec![], String::new());
    let double = Double::start([down.clone(), down, Reply::json(200, VERIFIED)]).await;
    let breaker = BreakerOptions { failures_max: 2, open_for: Duration::from_millis(300) };
    let client = double.client_with(|builder| builder.breaker(breaker));
    for _ in 0..2 {
        assert!(write(&client).await.outcome_unknown());
    }
    let error = write(&client).await;
    let ErrorKind::CircuitOpen { retry_after } = *error.kind() else { panic!("{error}") };
    assert!(error.may_retry() && !error.outcome_unknown() && retry_after <= Duration::from_millis(300));
    assert_eq!(double.requests().len(), 2);
    // The wait is what is tested: the circuit says itself how long.
    tokio::time::sleep(retry_after).await;
    assert!(client.verify(&reference()).await.is_ok());
    assert_eq!(double.requests().len(), 3);
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_opens_no_circuit() {
    let double = Double::start([Reply::json(400, include_str!("../fixtures/error_refund_over.json"))]).await;
    let breaker = BreakerOptions { failures_max: 1, ..Default::default() };
    let client = double.client_with(|builder| builder.breaker(breaker));
    for _ in 0..3 {
        assert_eq!(write(&client).await.refusal().map(|refusal| refusal.reason), Some(Reason::RefundExceeds));
    }
}

#[tokio::test]
async fn a_429_answer_holds_back_its_own_calls_only() {
    let limited = |reset: &str| {
        let headers = vec![("x-ratelimit-reset", reset.to_owned())];
        Reply::Answer(429, headers, include_str!("../fixtures/error_rate.json").to_owned())
    };
    let double = Double::start([limited("40"), Reply::json(200, VERIFIED)]).await;
    let breaker = BreakerOptions { failures_max: 1, ..Default::default() };
    let client = double.client_with(|builder| builder.breaker(breaker));
    let error = write(&client).await;
    assert!(error.may_retry() && !error.outcome_unknown());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(40)));
    assert!(matches!(write(&client).await.kind(), ErrorKind::RateLimited { .. }), "held back");
    assert_eq!(double.requests().len(), 1);
    assert!(client.verify(&reference()).await.is_ok(), "another window, and no reason to open the circuit");

    let double = Double::start([limited("1"), Reply::json(200, VERIFIED)]).await;
    let start = Instant::now();
    assert!(double.client().verify(&reference()).await.is_ok(), "a read waits if there is time");
    assert!(start.elapsed() >= Duration::from_secs(1));

    let double = Double::start([limited("30")]).await;
    assert_eq!(read(&double.client()).await.retry_after(), Some(Duration::from_secs(30)));
    assert_eq!(double.requests().len(), 1, "and gives up at once if there is none");
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let other = Double::start([Reply::json(200, VERIFIED)]).await;
    let headers = vec![("location", other.url.clone())];
    let double = Double::start([Reply::Answer(307, headers, String::new())]).await;
    assert!(write(&double.client()).await.outcome_unknown());
    assert!(matches!(read(&double.client()).await.kind(), ErrorKind::Unreadable(_)));
    assert!(other.requests().is_empty(), "and the key goes nowhere else");
}

#[tokio::test]
async fn a_call_that_was_given_up_frees_its_slot() {
    let double = Double::start([Reply::Hang, Reply::json(200, VERIFIED)]).await;
    let client = double.client_with(|builder| builder.concurrency_max(1));
    let hanging = tokio::spawn({
        let client = client.clone();
        async move { client.create_refund(&refund()).await.map(|_| ()) }
    });
    while double.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    hanging.abort();
    assert!(client.verify(&reference()).await.is_ok());
}

#[tokio::test]
async fn nothing_prints_a_secret() {
    let echo = format!(r#"{{"status":false,"message":"no such key {KEY}\n\u0007","code":"{KEY}"}}"#);
    let double = Double::start([Reply::json(401, &echo)]).await;
    let client = double.client();
    let error = write(&client).await;
    assert_eq!(error.fault(), Fault::Merchant);
    for shown in
        [format!("{error}"), format!("{error:?}"), format!("{client:?}"), format!("{:?}", error.refusal())]
    {
        assert!(!shown.contains(KEY) && !shown.contains('\n') && !shown.contains('\u{7}'), "{shown}");
    }
    let sent = &double.requests()[0];
    assert!(sent.headers.contains(&format!("authorization: Bearer {KEY}")), "but it is sent");
    assert!(!sent.line.contains(KEY) && !sent.body.contains(KEY));
}

#[tokio::test]
async fn what_is_wrong_is_not_sent() {
    let double = Double::start([Reply::json(200, VERIFIED)]).await;
    let client = double.client();
    let begin =
        |email: &str, subunits| Initialize::new(email, Amount::new(subunits, Currency::NGN), reference());
    for wrong in [
        begin("nobody", 100),
        begin("a b@shop.example", 100),
        begin("@shop.example", 100),
        begin("ama@shop.example", 0),
        begin("ama@shop.example", 100).callback_url("javascript:alert(1)"),
        begin("ama@shop.example", 100).callback_url("/relative"),
    ] {
        let error = client.initialize(&wrong).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Invalid(_)), "{wrong:?}");
        assert!(!error.may_retry() && !error.outcome_unknown());
        assert_eq!(error.fault(), Fault::Caller);
    }
    assert!(double.requests().is_empty());
}
