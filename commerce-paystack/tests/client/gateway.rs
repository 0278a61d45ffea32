//! The engine's gateway: what is sent for what the engine asks, and what the engine is told.

use std::time::Duration;

use commerce_core::order::OrderNumber;
use commerce_core::payment::{
    ChargeStatus, ChargeWindow, GatewayMode, GatewayTrouble, Instructions, Intent, MobileMoney, NextAction,
    Notice, NoticeError, PaymentMethod, PaymentReference, RefundRequest, RefundState,
};
use commerce_core::{Currency, Money, PaymentGateway, RefundId};
use commerce_paystack::Paystack;
use commerce_paystack::webhook::Event;
use serde_json::{Value, json};

use crate::double::{Double, KEY, Reply};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name, ".json"))
    };
}

async fn answering(status: u16, body: &str) -> (Paystack, Double) {
    let double = Double::start([Reply::json(status, body)]).await;
    (Paystack::new(double.client()), double)
}

fn reference() -> PaymentReference {
    PaymentReference("ord-1001".into())
}

fn naira(minor: i64) -> Money {
    Money::from_minor(minor, Currency::NGN)
}

fn intent(method: PaymentMethod, amount: Money) -> Intent {
    Intent {
        reference: reference(),
        amount,
        method,
        email: "ama@shop.example".parse().unwrap(),
        mobile_money: None,
        return_url: Some("https://shop.example/thanks".into()),
        order: OrderNumber("K7-1042".into()),
        now: "2026-03-04T10:00:00.123456Z".parse().unwrap(),
        pay_until: None,
    }
}

fn momo(amount: Money, phone: &str, provider: &str) -> Intent {
    let account = MobileMoney { phone: phone.parse().unwrap(), provider: provider.into() };
    Intent { mobile_money: Some(account), ..intent(PaymentMethod::MobileMoney, amount) }
}

fn refund_id() -> RefundId {
    "01934c5e-7f00-7000-8000-00000000002a".parse().unwrap()
}

fn sent(double: &Double) -> (String, Value) {
    let request = double.requests().pop().unwrap();
    (request.line, serde_json::from_str(&request.body).unwrap_or_default())
}

async fn started(intent: &Intent, body: &str) -> (NextAction, String, Value) {
    let (gateway, double) = answering(200, body).await;
    let action = gateway.start(intent).await.unwrap();
    let (line, body) = sent(&double);
    (action, line, body)
}

#[tokio::test]
async fn cards_are_paid_on_the_page() {
    let (action, line, body) =
        started(&intent(PaymentMethod::Card, naira(116_523)), fixture!("initialize")).await;
    let page = "https://checkout.paystack.com/q1w2e3r4t5y6u7i".to_owned();
    assert_eq!(
        action,
        NextAction::Redirect { authorization_url: page, access_code: Some("q1w2e3r4t5y6u7i".into()) }
    );
    assert_eq!(line, "POST /transaction/initialize");
    assert_eq!(
        (&body["amount"], &body["channels"], &body["callback_url"], &body["reference"]),
        (&json!(116_523), &json!(["card"]), &json!("https://shop.example/thanks"), &json!("ord-1001"))
    );
    assert!(body["metadata"].as_str().unwrap().contains("K7-1042"));
}

#[tokio::test]
async fn transfers_and_codes_are_shown() {
    let (action, line, body) =
        started(&intent(PaymentMethod::BankTransfer, naira(116_523)), fixture!("charge_bank_transfer")).await;
    let NextAction::Display(Instructions { bank, account_number, expires_at, .. }) = action else {
        panic!("display")
    };
    assert_eq!((bank.as_deref(), account_number.as_deref()), (Some("Test Bank"), Some("1230099887")));
    assert_eq!(expires_at.unwrap(), "2026-03-04T11:19:02Z".parse().unwrap());
    assert_eq!((line.as_str(), body["bank_transfer"].is_object()), ("POST /charge", true));

    let (action, _, body) =
        started(&intent(PaymentMethod::Ussd, naira(116_523)), fixture!("charge_pay_offline_ussd")).await;
    let NextAction::Display(Instructions { ussd_code, .. }) = action else { panic!("display") };
    assert_eq!(ussd_code.as_deref(), Some("*737*33*4*60606#"));
    assert_eq!(body["ussd"], json!({ "type": "737" }));

    let kenya = momo(Money::from_minor(90_000, Currency::KES), "+254710000000", "mpesa_offline");
    let (action, ..) = started(&kenya, fixture!("charge_pay_offline_paybill")).await;
    let NextAction::Display(Instructions { account_number, text, .. }) = action else { panic!("display") };
    assert_eq!(account_number.as_deref(), Some("4099001"));
    assert!(text.unwrap().contains("7654321"));
}

#[tokio::test]
async fn the_account_of_a_transfer_ends_with_the_orders_time() {
    let minutes = |count: u64| Duration::from_secs(60 * count);
    for (left, sent) in [
        (Some(minutes(90)), json!("2026-03-04T11:30:00.123Z")),
        (Some(minutes(15)), json!("2026-03-04T10:15:00.123Z")),
        // Paystack makes no account for less, and none for longer.
        (Some(minutes(3)), json!("2026-03-04T10:15:00.123Z")),
        (Some(Duration::ZERO), json!("2026-03-04T10:15:00.123Z")),
        (Some(minutes(480)), json!("2026-03-04T18:00:00.123Z")),
        (Some(minutes(1_440)), json!("2026-03-04T18:00:00.123Z")),
        (None, Value::Null),
    ] {
        let mut intent = intent(PaymentMethod::BankTransfer, naira(116_523));
        intent.pay_until = left.map(|left| intent.now.plus(left));
        let (_, _, body) = started(&intent, fixture!("charge_bank_transfer")).await;
        assert_eq!(body["bank_transfer"]["account_expires_at"], sent, "{left:?}");
    }
}

#[tokio::test]
async fn mobile_money_is_approved_on_the_phone() {
    let ghana = momo(Money::from_minor(5_000, Currency::GHS), "+233551234987", "MTN");
    let (action, line, body) = started(&ghana, fixture!("charge_pay_offline_momo")).await;
    assert_eq!(action, NextAction::Await { text: Some("Approve on your phone".into()), expires_at: None });
    assert_eq!(line, "POST /charge");
    assert_eq!(body["mobile_money"], json!({ "phone": "0551234987", "provider": "mtn" }));

    let ivory = momo(Money::from_minor(2_500, Currency::XOF), "+2250700000000", "orange");
    let (_, _, body) = started(&ivory, fixture!("charge_pending")).await;
    assert_eq!((&body["amount"], &body["currency"]), (&json!(250_000), &json!("XOF")), "always hundredths");

    assert_eq!(started(&ghana, fixture!("charge_success_card")).await.0, NextAction::None);
    // Dead, whatever `verify` will call it.
    for dead in [fixture!("charge_failed"), fixture!("charge_timeout")] {
        let error = answering(200, dead).await.0.start(&ghana).await.unwrap_err();
        assert_eq!(error.kind, GatewayTrouble::Refused);
        let said: Value = serde_json::from_str(dead).unwrap();
        assert_eq!(error.reason.as_deref(), said["data"]["message"].as_str());
    }
    // A voucher is asked for on the way, and the payer's page is the place for that.
    let telecel = momo(Money::from_minor(5_000, Currency::GHS), "+233201234987", "vod");
    let nobody = intent(PaymentMethod::MobileMoney, Money::from_minor(5_000, Currency::GHS));
    for page in [telecel, nobody] {
        let (action, line, body) = started(&page, fixture!("initialize")).await;
        assert!(matches!(action, NextAction::Redirect { .. }));
        assert_eq!(
            (line.as_str(), &body["channels"]),
            ("POST /transaction/initialize", &json!(["mobile_money"]))
        );
    }
}

#[tokio::test]
async fn what_cannot_be_started_is_refused_and_never_sent() {
    let (gateway, double) = answering(200, fixture!("initialize")).await;
    for wrong in [
        intent(PaymentMethod::CashOnDelivery, naira(5_000)),
        intent(PaymentMethod::Card, naira(-1)),
        intent(PaymentMethod::Card, naira(0)),
        intent(PaymentMethod::Card, Money::from_minor(5_000, Currency::KWD)),
        momo(Money::from_minor(5_000, Currency::GHS), "+233551234987", "carrier-pigeon"),
        Intent {
            reference: PaymentReference("../refund".into()),
            ..intent(PaymentMethod::Card, naira(5_000))
        },
    ] {
        assert_eq!(gateway.start(&wrong).await.unwrap_err().kind, GatewayTrouble::Refused, "{wrong:?}");
    }
    assert!(double.requests().is_empty());

    let (gateway, _double) = answering(200, fixture!("charge_send_otp")).await;
    let stuck = gateway.start(&intent(PaymentMethod::Ussd, naira(5_000))).await.unwrap_err();
    assert_eq!(stuck.kind, GatewayTrouble::Refused, "nobody can send the code");
}

#[tokio::test]
async fn trouble_means_what_the_engine_needs_to_know() {
    use GatewayTrouble::{Duplicate, Misconfigured, Refused, Unavailable, Unknown};
    let answer = Reply::json;
    for (reply, of_start, of_verify) in [
        (answer(400, fixture!("error_duplicate")), Duplicate, Some(Duplicate)),
        (answer(401, fixture!("error_key")), Misconfigured, Some(Misconfigured)),
        (answer(400, fixture!("error_currency")), Misconfigured, Some(Misconfigured)),
        (answer(400, fixture!("error_email")), Refused, Some(Refused)),
        (answer(429, fixture!("error_rate")), Unavailable, Some(Unavailable)),
        (answer(400, fixture!("error_unknown_reference")), Refused, None),
        (answer(404, fixture!("error_unknown_reference_old")), Refused, None),
        (answer(404, "<html>"), Refused, Some(Refused)),
        (answer(502, "<html>"), Unknown, Some(Unavailable)),
        (answer(200, "<html>"), Unknown, Some(Unavailable)),
        (Reply::Close, Unknown, Some(Unavailable)),
    ] {
        let double = Double::start([reply.clone()]).await;
        let gateway = Paystack::new(double.client());
        let error = gateway.start(&intent(PaymentMethod::Card, naira(5_000))).await.unwrap_err();
        assert_eq!(error.kind, of_start, "{reply:?}");
        assert_eq!(error.retry_after.is_some(), of_start == Unavailable, "{reply:?}");
        assert!(!error.to_string().contains(KEY));
        let verified = gateway.verify(&reference()).await;
        match of_verify {
            Some(kind) => assert_eq!(verified.unwrap_err().kind, kind, "{reply:?}"),
            None => assert_eq!(verified, Ok(None), "{reply:?}"),
        }
    }
}

#[tokio::test]
async fn verify_tells_the_charge() {
    let verify = async |body: &str| answering(200, body).await.0.verify(&reference()).await;
    let charge = verify(fixture!("verify_success")).await.unwrap().unwrap();
    assert_eq!((charge.reference.clone(), charge.id.as_str()), (reference(), "7300000001"));
    assert_eq!((charge.amount, charge.requested), (naira(128_450), Some(naira(116_523))));
    assert_eq!(charge.credited(), naira(116_523));
    assert_eq!((charge.status, charge.mode), (ChargeStatus::Succeeded, GatewayMode::Test));
    assert_eq!((charge.fee, charge.reason), (Some(naira(11_927)), None));
    assert_eq!(charge.paid_at, "2026-03-04T10:20:30Z".parse().ok());
    for (body, status) in [
        (fixture!("verify_abandoned"), ChargeStatus::Open),
        (fixture!("verify_new_word"), ChargeStatus::Open),
        (fixture!("verify_reversal_pending"), ChargeStatus::Reversing),
        (fixture!("verify_reversed"), ChargeStatus::Reversed),
        (fixture!("verify_failed"), ChargeStatus::Failed),
    ] {
        let charge = verify(body).await.unwrap().unwrap();
        assert_eq!(charge.status, status);
        assert_eq!(charge.reason.is_some(), status == ChargeStatus::Failed);
    }
    let live = fixture!("verify_success").replace("\"test\"", "\"live\"");
    assert_eq!(verify(&live).await.unwrap().unwrap().mode, GatewayMode::Live);

    let francs = fixture!("verify_success").replace("NGN", "XOF");
    let odd = verify(&francs).await.unwrap_err();
    assert_eq!(odd.kind, GatewayTrouble::Unavailable, "1165.23 francs are no amount of francs: {odd}");
    let francs = francs.replace("116523", "116500").replace("128450", "128400");
    let charge = verify(&francs).await.unwrap().unwrap();
    assert_eq!(charge.amount, Money::from_minor(1_284, Currency::XOF));
    assert_eq!(charge.fee, Some(Money::from_minor(120, Currency::XOF)), "119.27, rounded up");
    for body in
        [fixture!("verify_other_reference"), fixture!("verify_fractional_amount"), fixture!("verify_sparse")]
    {
        assert_eq!(verify(body).await.unwrap_err().kind, GatewayTrouble::Unavailable);
    }
}

#[tokio::test]
async fn a_refund_is_found_again_by_our_id() {
    let (gateway, double) = answering(200, fixture!("refund_create")).await;
    let mut request = RefundRequest {
        refund: refund_id(),
        reference: reference(),
        charge: Some("7300000001".into()),
        amount: naira(50_000),
        reason: "came back\nbroken".into(),
    };
    let refund = gateway.refund(&request).await.unwrap();
    assert_eq!((refund.id.as_str(), refund.refund), ("880001", Some(refund_id())));
    assert_eq!((refund.amount, refund.state), (naira(50_000), RefundState::Pending));
    let (line, body) = sent(&double);
    assert_eq!(line, "POST /refund");
    let note = format!("refund {} came backbroken", refund_id());
    assert_eq!(
        body,
        json!({ "transaction": 7_300_000_001_u64, "amount": 50_000, "currency": "NGN", "merchant_note": note })
    );
    request.charge = None;
    gateway.refund(&request).await.unwrap();
    assert_eq!(sent(&double).1["transaction"], "ord-1001");

    let body = fixture!("refund_list_meta").replace("refund 42", &note);
    let (gateway, double) = answering(200, &body).await;
    let refunds = gateway.refunds("7300000001").await.unwrap();
    assert_eq!((refunds[0].refund, refunds[0].state), (Some(refund_id()), RefundState::Processing));
    assert_eq!(sent(&double).0, "GET /refund?page=1&perPage=500&transaction=7300000001");
    let (gateway, _double) = answering(200, fixture!("refund_list_meta")).await;
    assert_eq!(gateway.refunds("7300000001").await.unwrap()[0].refund, None, "somebody else's note");
    assert_eq!(gateway.refunds("7300000002").await.unwrap(), [], "another charge's");

    let (gateway, _double) = answering(200, fixture!("refund_list")).await;
    let error = gateway.refunds("7300000001").await.unwrap_err();
    assert_eq!(error.kind, GatewayTrouble::Unavailable, "one of them cannot be read: none is certain");

    let (gateway, _double) = answering(200, r#"{"status":true,"message":"made","data":{}}"#).await;
    assert_eq!(gateway.refund(&request).await.unwrap_err().kind, GatewayTrouble::Unknown);
    let no_id = fixture!("refund_create").replace("\"id\": 880001", "\"id\": null");
    let (gateway, _double) = answering(200, &no_id).await;
    assert_eq!(gateway.refund(&request).await.unwrap_err().kind, GatewayTrouble::Unknown);
    let (gateway, _double) = answering(400, fixture!("error_refund_over")).await;
    assert_eq!(gateway.refund(&request).await.unwrap_err().kind, GatewayTrouble::Refused);
}

#[tokio::test]
async fn charges_of_a_span_of_time_come_page_by_page() {
    let (gateway, double) = answering(200, fixture!("list_cursor")).await;
    let from = "2026-03-04T10:19:02Z".parse().unwrap();
    let mut window = ChargeWindow { from, to: from.plus(Duration::from_micros(1_500)), after: None };
    let page = gateway.charges(&window).await.unwrap();
    assert_eq!(page.charges.len(), 2, "the third cannot be read");
    assert_eq!(page.next.as_deref(), Some("dW5kZWZpbmVkOjczMDAwMDAwMDE="));
    assert_eq!(
        sent(&double).0,
        "GET /transaction?use_cursor=true&perPage=50&from=2026-03-04T10%3A19%3A02.000Z&to=2026-03-04T10%3A19%3A02.002Z"
    );
    window.after = page.next;
    assert_eq!(gateway.charges(&window).await.unwrap().next, None, "a page that leads to itself is the last");
    let before = ChargeWindow { from: from.minus(Duration::from_secs(60)), to: from, after: None };
    assert_eq!(gateway.charges(&before).await.unwrap().charges, [], "the end does not count");
    let after = from.plus(Duration::from_millis(1));
    let after = ChargeWindow { from: after, to: after.plus(Duration::from_secs(60)), after: None };
    assert_eq!(gateway.charges(&after).await.unwrap().charges, [], "nor what was before the beginning");
}

#[tokio::test]
async fn messages_say_only_what_to_ask_about() {
    let (gateway, _double) = answering(200, fixture!("initialize")).await;
    let read = |body: &str| gateway.read_notice(body.as_bytes());
    let attention = |event: &str, reference| Ok(Notice::Attention { event: event.into(), reference });
    assert_eq!(read(fixture!("event_charge_card")), Ok(Notice::Charge(reference())));
    assert_eq!(read(fixture!("event_refund_processed")), Ok(Notice::Refund(reference())));
    assert_eq!(read(fixture!("event_transfer_rejected")), attention("bank.transfer.rejected", None));
    assert_eq!(read(fixture!("event_dispute_create")), attention("charge.dispute.create", Some(reference())));
    assert_eq!(read(fixture!("event_charge_unreadable")), attention("charge.success", None));
    for (body, expected) in [
        (
            r#"{"event":"charge.success","data":{"reference":"ord-1001","amount":"?"}}"#,
            Notice::Charge(reference()),
        ),
        (r#"{"event":"charge.failed","data":{"reference":"ord-1001"}}"#, Notice::Charge(reference())),
        (
            r#"{"event":"refund.odd","data":{"transaction_reference":"ord-1001"}}"#,
            Notice::Refund(reference()),
        ),
        (fixture!("event_subscription_expiring_cards"), Notice::Other("subscription.expiring_cards".into())),
    ] {
        assert_eq!(read(body), Ok(expected));
    }
    assert_eq!(read("noise"), Err(NoticeError::Unreadable));
    assert!(Event::read(b"noise").is_err());

    for signature in ["", "00", &*"0".repeat(128)] {
        let body = fixture!("event_charge_card").as_bytes();
        assert_eq!(gateway.notice(signature, body), Err(NoticeError::Signature));
    }
}

#[tokio::test]
async fn a_message_signed_with_this_key_or_the_one_before_is_taken() {
    let (gateway, _double) = answering(200, fixture!("initialize")).await;
    let body = fixture!("event_charge_card").as_bytes();
    let old_key = "sk_test_oldoldoldoldold";
    let (new, old) = (crate::double::sign(KEY, body), crate::double::sign(old_key, body));
    assert_eq!(gateway.notice(&new, body), Ok(Notice::Charge(reference())));
    assert_eq!(gateway.notice(&old, body), Err(NoticeError::Signature));
    let gateway = gateway.previous_keys([old_key.into()]);
    assert_eq!(gateway.notice(&new, body), Ok(Notice::Charge(reference())));
    assert_eq!(gateway.notice(&old, body), Ok(Notice::Charge(reference())));
    assert!(!format!("{gateway:?}").contains("oldold"));
    assert_eq!((gateway.name(), gateway.mode()), ("paystack", GatewayMode::Test));
}
