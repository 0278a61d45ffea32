//! Every known shape of an answer, through the whole client. The fixtures say the documented and the observed shapes in
//! values of our own.

use crate::double::{Double, Reply};
use commerce_paystack::{
    Amount, AuthorizationCharge, AuthorizationCode, Channel, Charge, ChargeAuthorization, ChargeRequest,
    ChargeStatus, Client, CreateRefund, Currency, Error, ErrorKind, Fault, Initialize, Instrument, Mismatch,
    MobileMoneyProvider, Mode, Paging, Reason, Reference, RefundFilter, RefundStatus, Step, Transaction,
    TransactionFilter, TransactionStatus, UssdBank,
};
use serde_json::{Value, json};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name, ".json"))
    };
}

fn reference() -> Reference {
    Reference::new("ord-1001").unwrap()
}

fn naira(subunits: u64) -> Amount {
    Amount::new(subunits, Currency::NGN)
}

async fn answering(status: u16, body: &str) -> (Client, Double) {
    let double = Double::start([Reply::json(status, body)]).await;
    (double.client(), double)
}

async fn verified(body: &str) -> Result<Transaction, Error> {
    answering(200, body).await.0.verify(&reference()).await
}

fn sent(double: &Double) -> (String, Value) {
    let request = double.requests().pop().unwrap();
    (request.line, serde_json::from_str(&request.body).unwrap_or_default())
}

#[tokio::test]
async fn initialize_gives_the_page_and_sends_what_was_asked() {
    let (client, double) = answering(200, fixture!("initialize")).await;
    let initialize = Initialize::new("ama@shop.example", naira(116_523), reference())
        .callback_url("https://shop.example/thanks?order=7")
        .channels([Channel::Card, Channel::MobileMoney])
        .metadata(json!({ "cart": 7 }));
    let checkout = client.initialize(&initialize).await.unwrap();
    assert_eq!(checkout.access_code, "q1w2e3r4t5y6u7i");
    assert!(checkout.authorization_url.starts_with("https://checkout.paystack.com/"));
    let (line, body) = sent(&double);
    assert_eq!(line, "POST /transaction/initialize");
    assert_eq!(
        body,
        json!({
            "email": "ama@shop.example",
            "amount": 116_523,
            "currency": "NGN",
            "reference": "ord-1001",
            "callback_url": "https://shop.example/thanks?order=7",
            "channels": ["card", "mobile_money"],
            "metadata": "{\"cart\":7}",
        })
    );
}

#[tokio::test]
async fn initialize_takes_no_other_reference_and_no_script() {
    for (from, to) in [("ord-1001", "ord-1002"), ("https://checkout", "javascript:checkout")] {
        let (client, _double) = answering(200, &fixture!("initialize").replace(from, to)).await;
        let initialize = Initialize::new("ama@shop.example", naira(1), reference());
        assert!(client.initialize(&initialize).await.unwrap_err().outcome_unknown(), "{to}");
    }
}

#[tokio::test]
async fn verify_reads_every_shape() {
    use TransactionStatus::*;
    for (body, status, subunits) in [
        (fixture!("verify_success"), Success, 128_450),
        (fixture!("verify_text_amounts"), Success, 116_523),
        (fixture!("verify_abandoned"), Abandoned, 116_523),
        (fixture!("verify_reversed"), Reversed, 116_523),
        (fixture!("verify_reversal_pending"), ReversalPending, 116_523),
        (fixture!("verify_failed"), Failed, 128_450),
        (fixture!("verify_new_word"), Unknown("under-review".into()), 128_450),
        (fixture!("verify_sparse"), Success, 116_523),
    ] {
        let transaction = verified(body).await.unwrap();
        assert_eq!((&transaction.status, transaction.amount), (&status, naira(subunits)));
        assert_eq!(transaction.status.to_string(), status.as_str());
        assert_eq!(status.is_open(), matches!(status, Abandoned | Unknown(_)), "{status}");
    }
}

#[tokio::test]
async fn verify_reads_the_details() {
    let transaction = verified(fixture!("verify_success")).await.unwrap();
    assert_eq!(transaction.id, Some(7_300_000_001));
    assert_eq!(transaction.requested_subunits, Some(116_523));
    assert_eq!(transaction.fee_subunits, Some(11_927));
    assert_eq!(transaction.mode, Some(Mode::Test));
    assert_eq!(transaction.channel.as_deref(), Some("card"));
    assert_eq!(transaction.paid_at.as_deref(), Some("2026-03-04T10:20:30.000Z"));
    assert_eq!(transaction.metadata, None);
    let card = transaction.authorization.unwrap();
    assert_eq!((card.reusable, card.exp_year, card.brand.as_deref()), (true, Some(2031), Some("visa")));
    assert_eq!(card.code.expose(), "AUTH_m3kq7v2x9d");
    assert!(!format!("{card:?}").contains("m3kq7v2x9d"), "the code of a saved card does not print");
    assert_eq!(transaction.customer.unwrap().email.as_deref(), Some("ama@shop.example"));

    let transaction = verified(fixture!("verify_text_amounts")).await.unwrap();
    assert_eq!((transaction.id, transaction.fee_subunits), (Some(7_300_000_001), Some(1_748)));
    assert_eq!(transaction.metadata, Some(json!({ "cart": 12, "gift": true })));

    let transaction = verified(fixture!("verify_abandoned")).await.unwrap();
    assert_eq!(
        (transaction.authorization, transaction.fee_subunits, transaction.paid_at),
        (None, None, None)
    );
}

#[tokio::test]
async fn verify_trusts_neither_a_fraction_nor_another_reference() {
    for body in [fixture!("verify_fractional_amount"), fixture!("verify_other_reference")] {
        let error = verified(body).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unreadable(_)), "{error}");
    }
}

#[tokio::test]
async fn a_transaction_pays_only_what_it_should() {
    let paid = verified(fixture!("verify_success")).await.unwrap();
    let pays = |amount, mode| paid.pays(&reference(), amount, mode);
    assert_eq!(pays(naira(116_523), Mode::Test), Ok(()), "the payer bears the fee");
    assert_eq!(pays(naira(116_524), Mode::Test), Err(Mismatch::Amount));
    assert_eq!(pays(Amount::new(116_523, Currency::GHS), Mode::Test), Err(Mismatch::Currency));
    assert_eq!(pays(naira(116_523), Mode::Live), Err(Mismatch::Mode));
    let other = Reference::new("ord-1002").unwrap();
    assert_eq!(paid.pays(&other, naira(116_523), Mode::Test), Err(Mismatch::Reference));
    for (body, expected) in [
        (fixture!("verify_abandoned"), Err(Mismatch::NotPaid)),
        (fixture!("verify_reversed"), Ok(())),
        (fixture!("verify_reversal_pending"), Ok(())),
        (fixture!("verify_failed"), Err(Mismatch::NotPaid)),
        (fixture!("verify_new_word"), Err(Mismatch::NotPaid)),
        (fixture!("verify_sparse"), Ok(())),
    ] {
        let transaction = verified(body).await.unwrap();
        assert_eq!(transaction.pays(&reference(), naira(116_523), Mode::Test), expected);
    }
    let mut short = paid.clone();
    short.amount = naira(50_000);
    assert_eq!(
        short.pays(&reference(), naira(116_523), Mode::Test),
        Err(Mismatch::Amount),
        "less than was asked for"
    );
}

#[tokio::test]
async fn one_transaction_by_number_and_many_by_page() {
    let (client, double) = answering(200, fixture!("fetch")).await;
    let transaction = client.transaction_by_id(7_300_000_001).await.unwrap();
    assert!(transaction.metadata.unwrap()["custom_fields"].is_array());
    assert_eq!(sent(&double).0, "GET /transaction/7300000001");

    let (client, double) = answering(200, fixture!("list_cursor")).await;
    let filter = TransactionFilter {
        customer: Some(60_212),
        status: Some(TransactionStatus::Success),
        from: Some("2026-03-01T00:00:00.000Z".into()),
        subunits: Some(5),
        ..Default::default()
    };
    let paging = Paging::Cursor { after: Some("a=b&c".into()), per_page: 50 };
    let page = client.transactions(&filter, &paging).await.unwrap();
    assert_eq!((page.items.len(), page.unreadable), (2, 1), "one bad row hides no other");
    assert_eq!(page.items[1].authorization, None, "an object of nulls is none");
    assert_eq!(page.next.as_deref(), Some("dW5kZWZpbmVkOjczMDAwMDAwMDE="));
    assert_eq!(
        sent(&double).0,
        "GET /transaction?use_cursor=true&next=a%3Db%26c&perPage=50&customer=60212&status=success\
         &from=2026-03-01T00%3A00%3A00.000Z&amount=5"
    );

    let (client, double) = answering(200, fixture!("list_pages")).await;
    let page = client
        .transactions(&TransactionFilter::default(), &Paging::Number { page: 2, per_page: 10 })
        .await
        .unwrap();
    assert_eq!((page.total, page.page_count, page.next), (Some(1), Some(1), None));
    assert_eq!(sent(&double).0, "GET /transaction?page=2&perPage=10");
    for wrong in [Paging::Number { page: 0, per_page: 10 }, Paging::Cursor { after: None, per_page: 1001 }] {
        let error = client.transactions(&TransactionFilter::default(), &wrong).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Invalid(_)));
    }
}

#[tokio::test]
async fn saved_cards_are_charged_or_paused() {
    let charge = ChargeAuthorization::new(
        "ama@shop.example",
        naira(128_450),
        reference(),
        AuthorizationCode::new("AUTH_m3kq7v2x9d"),
    );
    assert!(!format!("{charge:?}").contains("m3kq7v2x9d"));
    let (client, double) = answering(200, fixture!("charge_authorization")).await;
    let AuthorizationCharge::Attempted(transaction) = client.charge_authorization(&charge).await.unwrap()
    else {
        panic!("attempted")
    };
    assert_eq!(transaction.status, TransactionStatus::Success);
    let (line, body) = sent(&double);
    assert_eq!(line, "POST /transaction/charge_authorization");
    assert_eq!(body["authorization_code"], "AUTH_m3kq7v2x9d");

    let (client, _double) = answering(200, fixture!("charge_authorization_paused")).await;
    let paused = client.charge_authorization(&charge).await.unwrap();
    assert!(matches!(paused, AuthorizationCharge::Paused { .. }));
}

async fn charged(status: u16, body: &str) -> Result<Charge, Error> {
    let (client, _double) = answering(status, body).await;
    let instrument = Instrument::BankTransfer { expires_at: None };
    client.charge(&ChargeRequest::new("ama@shop.example", naira(9_900), reference(), instrument)).await
}

#[tokio::test]
async fn a_charge_reads_every_step() {
    use ChargeStatus::*;
    for (body, status) in [
        (fixture!("charge_send_pin"), SendPin),
        (fixture!("charge_send_otp"), SendOtp),
        (fixture!("charge_send_phone"), SendPhone),
        (fixture!("charge_send_birthday"), SendBirthday),
        (fixture!("charge_send_address"), SendAddress),
        (fixture!("charge_open_url"), OpenUrl),
        (fixture!("charge_pay_offline_momo"), PayOffline),
        (fixture!("charge_pay_offline_ussd"), PayOffline),
        (fixture!("charge_pay_offline_qr"), PayOffline),
        (fixture!("charge_pay_offline_paybill"), PayOffline),
        (fixture!("charge_bank_transfer"), PendingBankTransfer),
        (fixture!("charge_pesalink"), PendingBankTransfer),
        (fixture!("charge_pending"), Pending),
        (fixture!("charge_capitec"), Pending),
        (fixture!("charge_new_word"), Unknown("send_selfie".into())),
        (fixture!("charge_success_card"), Success),
        (fixture!("charge_success_momo"), Success),
        (fixture!("submit_otp_success"), Success),
        (fixture!("charge_failed"), Failed),
        (fixture!("charge_timeout"), Timeout),
    ] {
        let charge = charged(200, body).await.unwrap();
        assert_eq!((&charge.reference, &charge.status), (&reference(), &status));
        assert_eq!(charge.status.to_string(), status.as_str());
        assert_eq!(charge.transaction.is_some(), status == Success, "{status}");
        assert_eq!(status.is_final(), matches!(status, Success | Failed | Timeout), "{status}");
    }
}

#[tokio::test]
async fn a_charge_tells_what_the_payer_does() {
    let charge = charged(200, fixture!("charge_bank_transfer")).await.unwrap();
    let account = charge.account.unwrap();
    assert_eq!((account.number.as_str(), account.bank.as_deref()), ("1230099887", Some("Test Bank")));
    assert_eq!(account.expires_at.as_deref(), Some("2026-03-04T11:19:02.000Z"));
    let paybill = charged(200, fixture!("charge_pay_offline_paybill")).await.unwrap().account.unwrap();
    assert_eq!(paybill.reference.as_deref(), Some("7654321"), "a number there");
    let pesalink = charged(200, fixture!("charge_pesalink")).await.unwrap().account.unwrap();
    assert_eq!(pesalink.reference.as_deref(), Some("8800221"));
    let ussd = charged(200, fixture!("charge_pay_offline_ussd")).await.unwrap();
    assert_eq!(ussd.ussd_code.as_deref(), Some("*737*33*4*60606#"));
    let open = charged(200, fixture!("charge_open_url")).await.unwrap();
    assert_eq!(open.url.as_deref(), Some("https://bank.example/3ds/77"));
    let script = charged(200, &fixture!("charge_open_url").replace("https:", "javascript:")).await.unwrap();
    assert_eq!(script.url, None);
    let address = charged(200, fixture!("charge_send_address")).await.unwrap();
    assert_eq!(address.country_code.as_deref(), Some("CA"));
    let failed = charged(200, fixture!("charge_failed")).await.unwrap();
    assert_eq!(failed.message.as_deref(), Some("Insufficient funds"));
}

#[tokio::test]
async fn a_declined_step_is_an_answer_whatever_the_envelope_says() {
    for status in [200, 400] {
        let (client, double) = answering(status, fixture!("submit_declined")).await;
        let charge = client.submit(&reference(), &Step::Pin("1111".into())).await.unwrap();
        assert_eq!(charge.status, ChargeStatus::Failed);
        assert_eq!(charge.message.as_deref(), Some("Incorrect PIN"));
        let (line, body) = sent(&double);
        assert_eq!(line, "POST /charge/submit_pin");
        assert_eq!(body, json!({ "pin": "1111", "reference": "ord-1001" }));
    }
    // A refusal that claims anything but a failure proves nothing.
    let lie = fixture!("charge_success_card").replacen("\"status\": true", "\"status\": false", 1);
    assert!(charged(400, &lie).await.unwrap_err().refusal().is_some());
}

#[tokio::test]
async fn each_step_and_instrument_has_its_shape_on_the_wire() {
    let step = |path: &'static str, step, body| (path, step, body);
    for (path, step, expected) in [
        step("submit_otp", Step::Otp("123456".into()), json!({ "otp": "123456" })),
        step("submit_phone", Step::Phone("0551234987".into()), json!({ "phone": "0551234987" })),
        step("submit_birthday", Step::Birthday("1990-02-03".into()), json!({ "birthday": "1990-02-03" })),
        step(
            "submit_address",
            Step::Address {
                address: "1 Road".into(),
                city: "Accra".into(),
                state: "GA".into(),
                zip_code: "00233".into(),
            },
            json!({ "address": "1 Road", "city": "Accra", "state": "GA", "zip_code": "00233" }),
        ),
    ] {
        assert!(!format!("{step:?}").contains("123456"));
        let (client, double) = answering(200, fixture!("charge_pending")).await;
        assert_eq!(client.submit(&reference(), &step).await.unwrap().status, ChargeStatus::Pending);
        let (line, mut body) = sent(&double);
        assert_eq!(line, format!("POST /charge/{path}"));
        assert_eq!(body.as_object_mut().unwrap().remove("reference"), Some(json!("ord-1001")));
        assert_eq!(body, expected);
    }
    let code = || AuthorizationCode::new("AUTH_m3kq7v2x9d");
    for (instrument, expected) in [
        (
            Instrument::BankTransfer { expires_at: Some("2026-03-04T11:19:02Z".into()) },
            json!({ "bank_transfer": { "account_expires_at": "2026-03-04T11:19:02Z" } }),
        ),
        (
            Instrument::MobileMoney { phone: "0551234987".into(), provider: MobileMoneyProvider::Mtn },
            json!({ "mobile_money": { "phone": "0551234987", "provider": "mtn" } }),
        ),
        (Instrument::Ussd { bank: UssdBank::GuarantyTrust }, json!({ "ussd": { "type": "737" } })),
        (
            Instrument::Bank { code: "057".into(), account_number: "0000000000".into() },
            json!({ "bank": { "code": "057", "account_number": "0000000000" } }),
        ),
        (Instrument::Qr, json!({ "qr": { "provider": "scan-to-pay" } })),
        (Instrument::Eft, json!({ "eft": { "provider": "ozow" } })),
        (
            Instrument::Authorization { code: code(), pin: Some("1234".into()) },
            json!({ "authorization_code": "AUTH_m3kq7v2x9d", "pin": "1234" }),
        ),
    ] {
        let (client, double) = answering(200, fixture!("charge_pending")).await;
        let request = ChargeRequest::new("ama@shop.example", naira(9_900), reference(), instrument);
        let shown = format!("{request:?}");
        assert!(!shown.contains("m3kq7v2x9d") && !shown.contains("1234\""), "{shown}");
        client.charge(&request).await.unwrap();
        let (line, mut body) = sent(&double);
        assert_eq!(line, "POST /charge");
        for name in ["email", "amount", "currency", "reference"] {
            assert!(body.as_object_mut().unwrap().remove(name).is_some(), "{name}");
        }
        assert_eq!(body, expected);
    }
    let (client, double) = answering(200, fixture!("charge_pending")).await;
    assert_eq!(client.check_charge(&reference()).await.unwrap().status, ChargeStatus::Pending);
    assert_eq!(sent(&double).0, "GET /charge/ord-1001");
}

#[tokio::test]
async fn refunds_read_every_shape() {
    let (client, double) = answering(200, fixture!("refund_create")).await;
    let refund = CreateRefund::new(reference(), naira(50_000)).merchant_note("refund 42").customer_note("n1");
    let refund = client.create_refund(&refund).await.unwrap();
    assert_eq!((refund.id, refund.transaction_id), (Some(880_001), Some(7_300_000_001)));
    assert_eq!(refund.transaction_reference, Some(reference()));
    assert_eq!((refund.status, refund.amount), (RefundStatus::Pending, naira(50_000)));
    let (line, body) = sent(&double);
    assert_eq!(line, "POST /refund");
    let expected = json!({
        "transaction": "ord-1001", "amount": 50_000, "currency": "NGN",
        "merchant_note": "refund 42", "customer_note": "n1",
    });
    assert_eq!(body, expected);

    client.create_refund(&CreateRefund::whole(7_300_000_001)).await.unwrap();
    assert_eq!(sent(&double).1, json!({ "transaction": 7_300_000_001_u64 }));

    let (client, double) = answering(200, fixture!("refund_fetch")).await;
    let refund = client.refund(880_001).await.unwrap();
    assert_eq!((refund.status, refund.transaction_id), (RefundStatus::Processed, Some(7_300_000_001)));
    assert_eq!(refund.refunded_at.as_deref(), Some("2026-03-07T10:20:30.000Z"));
    assert_eq!(sent(&double).0, "GET /refund/880001");

    let (client, double) = answering(200, fixture!("refund_list")).await;
    let filter = RefundFilter { transaction: Some(7_300_000_001), ..Default::default() };
    let page = client.refunds(&filter, 1, 100).await.unwrap();
    assert_eq!((page.items.len(), page.unreadable), (3, 1));
    assert_eq!((page.items[1].id, page.items[1].amount), (Some(880_002), naira(2_500)), "numbers as text");
    assert_eq!(page.items[2].status, RefundStatus::NeedsAttention);
    assert!(!page.items[2].status.is_final());
    assert_eq!(sent(&double).0, "GET /refund?page=1&perPage=100&transaction=7300000001");

    let (client, _double) = answering(200, fixture!("refund_list_meta")).await;
    let page = client.refunds(&RefundFilter::default(), 1, 50).await.unwrap();
    assert_eq!((page.total, page.page_count), (Some(1), Some(1)));
    assert_eq!(page.items[0].transaction_reference, Some(reference()));
}

#[tokio::test]
async fn refusals_say_why_and_whose_fault_it_is() {
    for (status, body, reason, fault) in [
        (401, fixture!("error_key"), Reason::InvalidKey, Fault::Merchant),
        (400, fixture!("error_duplicate"), Reason::DuplicateReference, Fault::Caller),
        (400, fixture!("error_unknown_reference"), Reason::NotFound, Fault::Caller),
        (404, fixture!("error_unknown_reference"), Reason::NotFound, Fault::Caller),
        (400, fixture!("error_unknown_reference_old"), Reason::NotFound, Fault::Caller),
        (400, fixture!("error_charge_reference"), Reason::NotFound, Fault::Caller),
        (400, fixture!("error_amount"), Reason::InvalidAmount, Fault::Caller),
        (400, fixture!("error_email"), Reason::InvalidEmail, Fault::Payer),
        (400, fixture!("error_params"), Reason::InvalidEmail, Fault::Payer),
        (400, fixture!("error_currency"), Reason::CurrencyUnsupported, Fault::Merchant),
        (403, fixture!("error_currency_code"), Reason::CurrencyUnsupported, Fault::Merchant),
        (400, fixture!("error_authorization"), Reason::InvalidAuthorization, Fault::Payer),
        (400, fixture!("error_authorization_email"), Reason::InvalidAuthorization, Fault::Payer),
        (400, fixture!("error_refund_over"), Reason::RefundExceeds, Fault::Caller),
        (400, fixture!("error_refund_reversed"), Reason::RefundExceeds, Fault::Caller),
        (400, fixture!("error_refund_small"), Reason::RefundTooSmall, Fault::Caller),
        (422, fixture!("error_refund_state"), Reason::Other, Fault::Caller),
        (404, "<html>not here</html>", Reason::Other, Fault::Caller),
        (404, r#"{"status":false,"message":"No refund here"}"#, Reason::NotFound, Fault::Caller),
        (418, "", Reason::Other, Fault::Caller),
        (200, fixture!("error_currency"), Reason::CurrencyUnsupported, Fault::Merchant),
    ] {
        let (client, double) = answering(status, body).await;
        let error = client.create_refund(&CreateRefund::whole(1)).await.unwrap_err();
        let refusal = error.refusal().unwrap_or_else(|| panic!("{body}: {error}"));
        assert_eq!((refusal.reason, refusal.status), (reason, status), "{body}");
        assert_eq!(error.fault(), fault, "{body}");
        assert!(!error.may_retry() && !error.outcome_unknown(), "{body}");
        assert_eq!(double.requests().len(), 1);
    }
    let (client, _double) = answering(400, fixture!("error_params")).await;
    let error = client.verify(&reference()).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().next_step.as_deref(), Some("Send everything"));
    assert_eq!(
        error.to_string(),
        "paystack verify: refused with 400 missing_params: Email Address is required"
    );
}
