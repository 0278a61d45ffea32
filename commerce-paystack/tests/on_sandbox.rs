//! The client and the gateway against the sandbox. Neither knows the other's code, so a misreading of the contract on
//! either side shows here; what really happened is asked of the sandbox, not of the client.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use commerce_core::order::OrderNumber;
use commerce_core::payment::{
    ChargeStatus as EngineStatus, ChargeWindow, GatewayTrouble, Intent, MobileMoney, NextAction, Notice,
    PaymentMethod, PaymentReference, RefundRequest, RefundState,
};
use commerce_core::{Currency as EngineCurrency, Money, PaymentGateway, RefundId, Timestamp};
use commerce_paystack::sandbox::{self, Builder, Call, Country, Effect, Fault as Trouble, Running, Sandbox};
use commerce_paystack::{
    Amount, AuthorizationCharge, ChargeAuthorization, ChargeRequest, ChargeStatus, Client, CreateRefund,
    Currency, ErrorKind, Initialize, Instrument, Mismatch, MobileMoneyProvider, Mode, Paging, Paystack,
    Reason, Reference, RefundFilter, RefundStatus, Step, TransactionFilter, TransactionStatus,
};

const EMAIL: &str = "ama@shop.example";

struct Shop {
    sandbox: Running,
    client: Client,
    gateway: Paystack,
}

async fn shop(builder: Builder) -> Shop {
    let sandbox = builder.rate_limit(None).start().await.unwrap();
    let client = Client::builder(sandbox.secret_key()).base_url(sandbox.url()).build().unwrap();
    let gateway = Paystack::new(client.clone());
    Shop { sandbox, client, gateway }
}

async fn nigeria() -> Shop {
    shop(Sandbox::builder()).await
}

fn naira(subunits: u64) -> Amount {
    Amount::new(subunits, Currency::NGN)
}

fn reference(text: &str) -> Reference {
    Reference::new(text).unwrap()
}

impl Shop {
    /// Paid by card on the page.
    async fn paid(&self, text: &str, subunits: u64) {
        self.client.initialize(&Initialize::new(EMAIL, naira(subunits), reference(text))).await.unwrap();
        self.sandbox.pay(text).unwrap();
    }
}

#[tokio::test]
async fn a_page_is_opened_paid_and_verified() {
    let shop = nigeria().await;
    let begin = Initialize::new(EMAIL, naira(250_000), reference("ord-1"))
        .metadata(serde_json::json!({ "cart": 42, "gift": true }))
        .callback_url("https://shop.example/thanks");
    let checkout = shop.client.initialize(&begin).await.unwrap();
    assert!(checkout.authorization_url.starts_with(&shop.sandbox.url()));
    let before = shop.client.verify(&reference("ord-1")).await.unwrap();
    assert_eq!(before.status, TransactionStatus::Abandoned);
    let pays = |it: &commerce_paystack::Transaction| it.pays(&reference("ord-1"), naira(250_000), Mode::Test);
    assert_eq!(pays(&before), Err(Mismatch::NotPaid));
    shop.sandbox.pay("ord-1").unwrap();
    let after = shop.client.verify(&reference("ord-1")).await.unwrap();
    assert_eq!(pays(&after), Ok(()));
    let truth = shop.sandbox.truth();
    let charge = truth.charge("ord-1").unwrap();
    assert_eq!((after.id, after.fee_subunits), (Some(charge.id), charge.fees));
    assert_eq!(after.metadata.as_ref().unwrap()["cart"], 42, "numbers stay numbers");
    assert_eq!(shop.client.transaction_by_id(charge.id).await.unwrap().reference, after.reference);
    let again = shop.client.initialize(&begin).await.unwrap_err();
    assert_eq!(again.refusal().unwrap().reason, Reason::DuplicateReference);
    let unknown = shop.client.verify(&reference("ord-9")).await.unwrap_err();
    assert_eq!(unknown.refusal().unwrap().reason, Reason::NotFound);
}

#[tokio::test]
async fn a_wrong_key_is_the_merchants_fault() {
    let shop = nigeria().await;
    let stranger = Client::builder("sk_test_somebody_else").base_url(shop.sandbox.url()).build().unwrap();
    let error = stranger.verify(&reference("ord-1")).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().reason, Reason::InvalidKey);
}

#[tokio::test]
async fn a_payer_who_bears_the_fee_still_pays_the_order() {
    let shop = shop(Sandbox::builder().payer_bears_fee()).await;
    shop.paid("ord-1", 250_000).await;
    let paid = shop.client.verify(&reference("ord-1")).await.unwrap();
    assert!(paid.amount.subunits > 250_000);
    assert_eq!(paid.pays(&reference("ord-1"), naira(250_000), Mode::Test), Ok(()));
    let charge = shop.gateway.verify(&PaymentReference("ord-1".into())).await.unwrap().unwrap();
    assert_eq!(charge.credited(), Money::from_minor(250_000, EngineCurrency::NGN));
}

#[tokio::test]
async fn what_an_answer_lies_about_does_not_pay() {
    let shop = nigeria().await;
    shop.paid("ord-1", 250_000).await;
    for (lie, mismatch) in
        [(Effect::currency("USD"), Mismatch::Currency), (Effect::status("failed"), Mismatch::NotPaid)]
    {
        shop.sandbox.script(Trouble::call(Call::Verify, lie));
        let told = shop.client.verify(&reference("ord-1")).await.unwrap();
        assert_eq!(told.pays(&reference("ord-1"), naira(250_000), Mode::Test), Err(mismatch));
    }
    shop.sandbox.script(Trouble::call(Call::Verify, Effect::amount(100)));
    let told = shop.client.verify(&reference("ord-1")).await.unwrap();
    assert_eq!(told.pays(&reference("ord-1"), naira(250_000), Mode::Test), Err(Mismatch::Amount));
}

#[tokio::test]
async fn a_write_that_was_carried_out_and_not_answered_is_found_by_reference() {
    for trouble in [Effect::DropAfter, Effect::StatusAfter(502), Effect::Garbage, Effect::Truncate] {
        let shop = nigeria().await;
        shop.sandbox.script(Trouble::call(Call::Initialize, trouble.clone()));
        let begin = Initialize::new(EMAIL, naira(250_000), reference("ord-1"));
        let error = shop.client.initialize(&begin).await.unwrap_err();
        assert!(error.outcome_unknown() && !error.may_retry(), "{trouble:?}: {error}");
        assert_eq!(shop.sandbox.truth().requests.len(), 1, "{trouble:?}: sent once");
        assert!(shop.client.verify(&reference("ord-1")).await.is_ok(), "{trouble:?}");

        shop.sandbox.pay("ord-1").unwrap();
        shop.sandbox.script(Trouble::call(Call::Refund, trouble.clone()));
        let refund = CreateRefund::new(reference("ord-1"), naira(100_000)).merchant_note("refund 7");
        assert!(shop.client.create_refund(&refund).await.unwrap_err().outcome_unknown(), "{trouble:?}");
        let id = shop.sandbox.truth().charge("ord-1").unwrap().id;
        let filter = RefundFilter { transaction: Some(id), ..RefundFilter::default() };
        let found = shop.client.refunds(&filter, 1, 50).await.unwrap().items;
        assert_eq!(found.len(), 1, "{trouble:?}");
        assert_eq!(found[0].merchant_note.as_deref(), Some("refund 7"));
        assert_eq!(shop.sandbox.truth().refunds.len(), 1, "{trouble:?}: money went back once");
    }
}

#[tokio::test]
async fn reads_outlive_short_trouble() {
    let shop = nigeria().await;
    shop.paid("ord-1", 250_000).await;
    for trouble in [Effect::DropBefore, Effect::Status(503), Effect::Garbage, Effect::Truncate] {
        shop.sandbox.script(Trouble::call(Call::Verify, trouble.clone()).times(2));
        assert!(shop.client.verify(&reference("ord-1")).await.is_ok(), "{trouble:?}");
    }
}

#[tokio::test]
async fn a_late_answer_to_a_write_leaves_its_outcome_open() {
    let shop = nigeria().await;
    let hasty = Client::builder(shop.sandbox.secret_key())
        .base_url(shop.sandbox.url())
        .deadline(Duration::from_millis(300))
        .build()
        .unwrap();
    shop.sandbox.script(Trouble::call(Call::Initialize, Effect::DelayMs(3_000)));
    let begin = Initialize::new(EMAIL, naira(250_000), reference("ord-1"));
    let error = hasty.initialize(&begin).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout);
    assert!(error.outcome_unknown());
    assert!(shop.client.verify(&reference("ord-1")).await.is_ok(), "it had happened");
}

#[tokio::test]
async fn saved_cards_are_charged_again_with_the_address_they_were_saved_with() {
    let shop = nigeria().await;
    shop.paid("ord-1", 250_000).await;
    let card = shop.client.verify(&reference("ord-1")).await.unwrap().authorization.unwrap();
    assert!(card.reusable && card.signature.is_some());
    let again = ChargeAuthorization::new(EMAIL, naira(90_000), reference("ord-2"), card.code.clone());
    let AuthorizationCharge::Attempted(charged) = shop.client.charge_authorization(&again).await.unwrap()
    else {
        panic!("attempted")
    };
    assert_eq!((charged.status, charged.amount), (TransactionStatus::Success, naira(90_000)));
    let stranger =
        ChargeAuthorization::new("kofi@shop.example", naira(90_000), reference("ord-3"), card.code);
    let error = shop.client.charge_authorization(&stranger).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().reason, Reason::InvalidAuthorization);
}

#[tokio::test]
async fn a_bank_account_is_charged_step_by_step() {
    let shop = nigeria().await;
    let account = || Instrument::Bank { code: "057".into(), account_number: "0000000000".into() };
    for (text, otp, expected) in
        [("ord-1", "123456", ChargeStatus::Success), ("ord-2", "000000", ChargeStatus::Failed)]
    {
        let charge = ChargeRequest::new(EMAIL, naira(90_000), reference(text), account());
        let mut charge = shop.client.charge(&charge).await.unwrap();
        for _ in 0..3 {
            let step = match charge.status {
                ChargeStatus::SendBirthday => Step::Birthday("2007-04-15".into()),
                ChargeStatus::SendOtp => Step::Otp(otp.into()),
                _ => break,
            };
            charge = shop.client.submit(&reference(text), &step).await.unwrap();
        }
        assert_eq!(charge.status, expected, "{text}: {charge:?}");
        let truth = shop.sandbox.truth();
        let paid = truth.charge(text).unwrap().paid_at.is_some();
        assert_eq!(paid, expected == ChargeStatus::Success);
    }
    let error = shop.client.submit(&reference("ord-9"), &Step::Otp("1".into())).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().reason, Reason::NotFound);
}

#[tokio::test]
async fn a_voucher_is_asked_for_and_sent() {
    let shop = shop(Sandbox::builder().country(Country::Ghana)).await;
    let telecel = Instrument::MobileMoney { phone: "0201234987".into(), provider: MobileMoneyProvider::Vod };
    let amount = Amount::new(5_000, Currency::GHS);
    let charge = ChargeRequest::new(EMAIL, amount, reference("ord-1"), telecel);
    let charge = shop.client.charge(&charge).await.unwrap();
    assert_eq!(charge.status, ChargeStatus::SendOtp);
    let charge = shop.client.submit(&charge.reference, &Step::Otp("123456".into())).await.unwrap();
    assert!(!matches!(charge.status, ChargeStatus::Failed), "{charge:?}");
}

#[tokio::test]
async fn refunds_go_on_and_stay_within_what_was_paid() {
    let shop = nigeria().await;
    shop.paid("ord-1", 250_000).await;
    let refund = |subunits| CreateRefund::new(reference("ord-1"), naira(subunits));
    let made = shop.client.create_refund(&refund(100_000)).await.unwrap();
    assert_eq!((made.status, made.transaction_reference), (RefundStatus::Pending, Some(reference("ord-1"))));
    for wrong in [refund(150_001), CreateRefund::whole(reference("ord-1"))] {
        let error = shop.client.create_refund(&wrong).await.unwrap_err();
        assert_eq!(error.refusal().unwrap().reason, Reason::RefundExceeds);
    }
    shop.sandbox.move_refund(made.id.unwrap(), sandbox::RefundStatus::Processed).unwrap();
    assert_eq!(shop.client.refund(made.id.unwrap()).await.unwrap().status, RefundStatus::Processed);
    assert_eq!(shop.sandbox.truth().refunds.len(), 1);
}

#[tokio::test]
async fn a_cursor_goes_through_everything_once() {
    let shop = nigeria().await;
    for number in 0..7 {
        shop.paid(&format!("ord-{number}"), 10_000 + number).await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let paging = Paging::Cursor { after, per_page: 3 };
        let page = shop.client.transactions(&TransactionFilter::default(), &paging).await.unwrap();
        assert_eq!(page.unreadable, 0);
        seen.extend(page.items.into_iter().map(|it| it.reference.to_string()));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, (0..7).map(|number| format!("ord-{number}")).collect::<Vec<_>>());
    let paging = Paging::Number { page: 3, per_page: 3 };
    let page = shop.client.transactions(&TransactionFilter::default(), &paging).await.unwrap();
    assert_eq!((page.items.len(), page.total, page.page_count), (1, Some(7), Some(3)));
    let none = TransactionFilter { status: Some(TransactionStatus::Failed), ..TransactionFilter::default() };
    assert_eq!(shop.client.transactions(&none, &paging).await.unwrap().items, []);
}

#[tokio::test]
async fn the_sandboxs_limit_holds_back_and_is_no_failure() {
    let shop = nigeria().await;
    shop.paid("ord-1", 250_000).await;
    shop.sandbox.set_rate_limit(Some(1));
    let mut limited = None;
    for _ in 0..3 {
        limited = shop.client.refund(1).await.err().filter(|error| error.retry_after().is_some()).or(limited);
    }
    let limited = limited.unwrap();
    assert!(matches!(limited.kind(), ErrorKind::RateLimited { .. }) && limited.may_retry());
    assert!(shop.client.verify(&reference("ord-1")).await.is_ok(), "another window");
}

fn intent(method: PaymentMethod, amount: Money) -> Intent {
    Intent {
        reference: PaymentReference("ord-1".into()),
        amount,
        method,
        email: EMAIL.parse().unwrap(),
        mobile_money: None,
        return_url: None,
        order: OrderNumber("K7-1042".into()),
        now: now(),
        pay_until: None,
    }
}

#[tokio::test]
async fn a_charge_that_is_declined_at_once_is_refused_and_another_may_follow() {
    let shop = shop(Sandbox::builder().country(Country::Ghana)).await;
    let account = |phone: &str| Some(MobileMoney { phone: phone.parse().unwrap(), provider: "mtn".into() });
    let amount = Money::from_minor(5_000, EngineCurrency::GHS);
    let declined =
        Intent { mobile_money: account("+2335512349"), ..intent(PaymentMethod::MobileMoney, amount) };
    let error = shop.gateway.start(&declined).await.unwrap_err();
    assert_eq!(
        (error.kind, error.reason.as_deref()),
        (GatewayTrouble::Refused, Some("Invalid phone number"))
    );
    let charge = shop.gateway.verify(&declined.reference).await.unwrap().unwrap();
    assert_eq!((charge.status, charge.reason), (EngineStatus::Failed, error.reason));
    let another = Intent {
        reference: PaymentReference("ord-2".into()),
        mobile_money: account("+233551234987"),
        ..declined
    };
    assert_eq!(shop.gateway.start(&another).await.unwrap(), NextAction::None);
    let charge = shop.gateway.verify(&another.reference).await.unwrap().unwrap();
    assert_eq!(charge.status, EngineStatus::Succeeded);
}

/// The wall's time, which the sandbox has too.
#[expect(clippy::disallowed_methods, reason = "the sandbox stands for other computers, which have a clock")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap()).unwrap()
}

#[tokio::test]
async fn the_account_of_a_transfer_lives_as_long_as_the_order_waits() {
    let minute = Duration::from_secs(60);
    for (left, lives) in [(90, 90), (3, 15), (1_000, 480)] {
        let shop = nigeria().await;
        let mut intent = intent(PaymentMethod::BankTransfer, Money::from_minor(250_000, EngineCurrency::NGN));
        intent.pay_until = Some(intent.now.plus(minute * left));
        let NextAction::Display(shown) = shop.gateway.start(&intent).await.unwrap() else {
            panic!("display")
        };
        let ends = shown.expires_at.unwrap();
        // Asking takes a moment, and the least counts from when Paystack is asked.
        let expected = intent.now.plus(minute * lives);
        assert!(
            ends.plus(minute) > expected && ends < expected.plus(minute),
            "{left}: {ends}, not {expected}"
        );

        shop.sandbox.advance(minute * lives + minute);
        let late = shop.sandbox.transfer("ord-1", 250_000).unwrap();
        assert_eq!(late.paid_at, None, "the money goes back");
        let charge = shop.gateway.verify(&intent.reference).await.unwrap().unwrap();
        assert_eq!(charge.status, EngineStatus::Failed);

        let again = Intent { reference: PaymentReference("ord-2".into()), ..intent };
        shop.gateway.start(&again).await.unwrap();
        shop.sandbox.advance(minute * lives - minute);
        assert!(shop.sandbox.transfer("ord-2", 250_000).unwrap().paid_at.is_some(), "in time");
    }
}

#[tokio::test]
async fn the_engine_collects_in_every_way_that_is_offered() {
    let momo = |country, amount, phone: &str, provider: &str| {
        let account = MobileMoney { phone: phone.parse().unwrap(), provider: provider.into() };
        let intent = Intent { mobile_money: Some(account), ..intent(PaymentMethod::MobileMoney, amount) };
        (country, intent)
    };
    let money = Money::from_minor;
    for (country, intent) in [
        (Country::Nigeria, intent(PaymentMethod::Card, money(250_000, EngineCurrency::NGN))),
        (Country::Nigeria, intent(PaymentMethod::BankTransfer, money(250_000, EngineCurrency::NGN))),
        (Country::Nigeria, intent(PaymentMethod::Ussd, money(250_000, EngineCurrency::NGN))),
        (Country::CoteDIvoire, intent(PaymentMethod::Card, money(2_500, EngineCurrency::XOF))),
        (Country::Ghana, intent(PaymentMethod::MobileMoney, money(5_000, EngineCurrency::GHS))),
        momo(Country::Ghana, money(5_000, EngineCurrency::GHS), "+233551234987", "mtn"),
        momo(Country::Ghana, money(5_000, EngineCurrency::GHS), "+233201234987", "vod"),
        momo(Country::Kenya, money(90_000, EngineCurrency::KES), "+254710000000", "mpesa"),
        momo(Country::CoteDIvoire, money(2_500, EngineCurrency::XOF), "+2250500000001", "mtn"),
    ] {
        let shop = shop(Sandbox::builder().country(country)).await;
        assert!(shop.gateway.supports(intent.method, intent.amount), "{intent:?}");
        let action = shop.gateway.start(&intent).await.unwrap_or_else(|error| panic!("{intent:?}: {error}"));
        match (intent.method, &action) {
            (PaymentMethod::Card, NextAction::Redirect { .. })
            | (PaymentMethod::BankTransfer | PaymentMethod::Ussd, NextAction::Display(_))
            | (PaymentMethod::MobileMoney, _) => {}
            _ => panic!("{intent:?}: {action:?}"),
        }
        if action != NextAction::None {
            let open = shop.gateway.verify(&intent.reference).await.unwrap().unwrap();
            assert_eq!(open.status, EngineStatus::Open, "{intent:?}");
            shop.sandbox.pay("ord-1").unwrap();
        }
        let charge = shop.gateway.verify(&intent.reference).await.unwrap().unwrap();
        assert_eq!(
            (charge.status, charge.credited()),
            (EngineStatus::Succeeded, intent.amount),
            "{intent:?}"
        );
        assert_eq!(charge.mode, shop.gateway.mode());
        assert!(charge.paid_at.is_some() && charge.fee.is_some(), "{charge:?}");
        assert_eq!(shop.gateway.start(&intent).await.unwrap_err().kind, GatewayTrouble::Duplicate);
    }
}

#[tokio::test]
async fn the_engine_gives_back_sweeps_and_is_told() {
    let shop = nigeria().await;
    shop.paid("ord-1", 250_000).await;
    let charge = shop.gateway.verify(&PaymentReference("ord-1".into())).await.unwrap().unwrap();
    let id: RefundId = "01934c5e-7f00-7000-8000-00000000002a".parse().unwrap();
    let request = RefundRequest {
        refund: id,
        reference: charge.reference.clone(),
        charge: Some(charge.id.clone()),
        amount: Money::from_minor(100_000, EngineCurrency::NGN),
        reason: "came back".into(),
    };
    shop.sandbox.script(Trouble::call(Call::Refund, Effect::DropAfter));
    assert_eq!(shop.gateway.refund(&request).await.unwrap_err().kind, GatewayTrouble::Unknown);
    let known = shop.gateway.refunds(&charge.id).await.unwrap();
    assert_eq!((known.len(), known[0].refund, known[0].amount), (1, Some(id), request.amount));
    assert_eq!(known[0].state, RefundState::Pending);

    let at = charge.paid_at.unwrap();
    let hour = Duration::from_secs(3600);
    let window = ChargeWindow { from: at.minus(hour), to: at.plus(hour), after: None };
    let page = shop.gateway.charges(&window).await.unwrap();
    assert_eq!((page.charges.len(), page.next), (1, None));
    assert_eq!(page.charges[0].id, charge.id);
    let earlier = ChargeWindow { from: at.minus(hour * 2), to: at.minus(hour), after: None };
    assert_eq!(shop.gateway.charges(&earlier).await.unwrap().charges, []);

    let key = shop.sandbox.secret_key();
    let refund = shop.sandbox.truth().refunds[0].id;
    shop.sandbox.move_refund(refund, sandbox::RefundStatus::Processed).unwrap();
    let deliveries = shop.sandbox.truth().deliveries;
    assert!(deliveries.len() >= 2);
    for delivery in deliveries {
        let body = delivery.body.as_bytes();
        let signature = sandbox::signature(&key, body);
        let about = PaymentReference("ord-1".into());
        let expected =
            if delivery.event == "charge.success" { Notice::Charge(about) } else { Notice::Refund(about) };
        assert_eq!(shop.gateway.notice(&signature, body), Ok(expected), "{}", delivery.event);
        assert!(shop.gateway.notice(&signature, &body[1..]).is_err());
    }
}
