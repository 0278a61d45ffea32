//! Signatures and events.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use commerce_paystack::webhook::{Event, OpenError, SignatureError, Verifier};
use commerce_paystack::{Amount, Currency, Reference, RefundStatus, TransactionStatus};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::Sha512;

const KEY: &str = "sk_live_0a9b8c7d6e5f4a3b2c1d";
const OLD_KEY: &str = "sk_live_11111111111111111111";

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/", $name, ".json")).as_bytes()
    };
}

fn sign(key: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn verifier(keys: &[&str]) -> Verifier {
    Verifier::new(keys.iter().map(|key| SecretString::from(*key)))
}

#[test]
fn only_the_very_bytes_signed_with_a_key_are_taken() {
    let body = fixture!("event_charge_card");
    let good = sign(KEY, body);
    let check = |keys: &[&str], body: &[u8], signature: Option<&str>| verifier(keys).verify(body, signature);
    assert_eq!(check(&[KEY], body, Some(&good)), Ok(()));
    assert_eq!(check(&[KEY], body, Some(&good.to_uppercase())), Ok(()));
    assert_eq!(check(&[KEY], body, Some(&format!(" {good} "))), Ok(()));
    assert_eq!(check(&[KEY, OLD_KEY], body, Some(&good)), Ok(()), "the new of two");
    assert_eq!(check(&[OLD_KEY, KEY], body, Some(&good)), Ok(()), "the old of two");
    assert_eq!(check(&[OLD_KEY], body, Some(&good)), Err(SignatureError::Wrong));
    assert_eq!(check(&[], body, Some(&good)), Err(SignatureError::Wrong));
    assert_eq!(check(&[""], body, Some(&sign("", body))), Err(SignatureError::Wrong), "an empty key is none");
    for missing in [None, Some(""), Some("  ")] {
        assert_eq!(check(&[KEY], body, missing), Err(SignatureError::Missing));
    }
    let one_off = format!("{}g", &good[..127]);
    for malformed in [&good[..126], &good[..127], &format!("{good}00"), &one_off, "é", &"é".repeat(64)] {
        assert_eq!(check(&[KEY], body, Some(malformed)), Err(SignatureError::Malformed), "{malformed}");
    }
    let mut altered = body.to_vec();
    for index in [0, body.len() / 2, body.len() - 1] {
        altered[index] ^= 1;
        assert_eq!(check(&[KEY], &altered, Some(&good)), Err(SignatureError::Wrong), "byte {index}");
        altered[index] ^= 1;
    }
    let rewritten = serde_json::from_slice::<serde_json::Value>(body).unwrap().to_string();
    assert_eq!(check(&[KEY], rewritten.as_bytes(), Some(&good)), Err(SignatureError::Wrong));
    let mut other = good.clone().into_bytes();
    other[127] = if other[127] == b'0' { b'1' } else { b'0' };
    assert_eq!(check(&[KEY], body, std::str::from_utf8(&other).ok()), Err(SignatureError::Wrong));
}

#[test]
fn a_known_signature_is_made_again() {
    // HMAC-SHA512 of "what do ya want for nothing?" under "Jefe": RFC 4231, case 2.
    let signature = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
                     caeab1a34d4a6b4b636e070a38bce737";
    let body = b"what do ya want for nothing?";
    assert_eq!(verifier(&["Jefe"]).verify(body, Some(signature)), Ok(()));
    assert_eq!(
        verifier(&["Jefe"])
            .open(body, Some(signature))
            .map_err(|error| matches!(error, OpenError::Unreadable(_))),
        Err(true),
        "signed, and no event"
    );
}

#[test]
fn a_verifier_prints_no_key() {
    assert!(!format!("{:?}", verifier(&[KEY])).contains("0a9b8c7d"));
}

#[test]
fn who_paid_is_read_from_every_shape() {
    for body in [
        fixture!("event_charge_card"),
        fixture!("event_charge_old"),
        fixture!("event_charge_transfer"),
        fixture!("event_charge_ussd"),
        fixture!("event_charge_momo"),
        fixture!("event_charge_pesalink"),
        fixture!("event_charge_fee_on_payer"),
        fixture!("event_charge_split"),
    ] {
        let event = verifier(&[KEY]).open(body, Some(&sign(KEY, body))).unwrap();
        let Event::ChargeSuccess(transaction) = &event else { panic!("{event:?}") };
        assert_eq!(transaction.status, TransactionStatus::Success);
        assert_eq!(transaction.reference.as_str(), "ord-1001");
        assert_eq!(event.transaction_reference(), Some(&transaction.reference));
        assert_eq!(transaction.id, Some(7_300_000_001));
    }
}

#[test]
fn refunds_are_read_from_every_shape() {
    for (body, status, id) in [
        (fixture!("event_refund_pending"), RefundStatus::Pending, None),
        (fixture!("event_refund_processing"), RefundStatus::Processing, None),
        (fixture!("event_refund_processed"), RefundStatus::Processed, None),
        (fixture!("event_refund_failed"), RefundStatus::Failed, None),
        (fixture!("event_refund_needs_attention"), RefundStatus::NeedsAttention, Some(880_001)),
    ] {
        let event = Event::read(body).unwrap();
        let Event::Refund(refund) = &event else { panic!("{event:?}") };
        assert_eq!((&refund.status, refund.id), (&status, id));
        assert_eq!(refund.amount, Amount::new(50_000, Currency::NGN));
        assert_eq!(event.transaction_reference().map(Reference::as_str), Some("ord-1001"));
    }
}

#[test]
fn disputes_and_rejected_transfers_are_told_apart() {
    for (body, step, resolution) in [
        (fixture!("event_dispute_create"), "create", None),
        (fixture!("event_dispute_remind"), "remind", None),
        (fixture!("event_dispute_resolve"), "resolve", Some("auto-accepted")),
    ] {
        let event = Event::read(body).unwrap();
        let Event::Dispute(dispute) = &event else { panic!("{event:?}") };
        assert_eq!((dispute.step.as_str(), dispute.resolution.as_deref()), (step, resolution));
        assert_eq!((dispute.id, dispute.refund_subunits), (Some(440_001), Some(50_000)));
        assert_eq!(event.transaction_reference().map(Reference::as_str), Some("ord-1001"));
    }
    let Event::TransferRejected(rejected) = Event::read(fixture!("event_transfer_rejected")).unwrap() else {
        panic!("rejected")
    };
    assert_eq!((rejected.transaction_id, rejected.subunits), (Some(7_300_000_001), Some(30_000)));
    assert_eq!(rejected.reason.as_deref(), Some("INCORRECT_AMOUNT"));
}

#[test]
fn what_means_nothing_to_us_is_no_error() {
    for (body, name) in [
        (fixture!("event_transfer_success"), "transfer.success"),
        (fixture!("event_transfer_failed"), "transfer.failed"),
        (fixture!("event_transfer_reversed"), "transfer.reversed"),
        (fixture!("event_subscription_create"), "subscription.create"),
        (fixture!("event_subscription_disable"), "subscription.disable"),
        (fixture!("event_subscription_not_renew"), "subscription.not_renew"),
        (fixture!("event_subscription_expiring_cards"), "subscription.expiring_cards"),
        (fixture!("event_invoice_create"), "invoice.create"),
        (fixture!("event_invoice_update"), "invoice.update"),
        (fixture!("event_invoice_payment_failed"), "invoice.payment_failed"),
        (fixture!("event_paymentrequest_pending"), "paymentrequest.pending"),
        (fixture!("event_paymentrequest_success"), "paymentrequest.success"),
        (fixture!("event_customeridentification_success"), "customeridentification.success"),
        (fixture!("event_customeridentification_failed"), "customeridentification.failed"),
        (fixture!("event_dedicatedaccount_assign_success"), "dedicatedaccount.assign.success"),
        (fixture!("event_dedicatedaccount_assign_failed"), "dedicatedaccount.assign.failed"),
        (fixture!("event_product_create"), "product.create"),
        (fixture!("event_charge_unreadable"), "charge.success"),
        (br#"{"event":"something.new"}"#.as_slice(), "something.new"),
        (br#"{"event":"refund.new","data":[1]}"#.as_slice(), "refund.new"),
        (br#"{"event":"charge.dispute.create","data":"x"}"#.as_slice(), "charge.dispute.create"),
    ] {
        let event = Event::read(body).unwrap();
        let Event::Other { name: read, .. } = &event else { panic!("{event:?}") };
        assert_eq!(read, name);
        assert_eq!(event.transaction_reference(), None);
    }
    for noise in [b"".as_slice(), b"{}", b"[]", b"{\"event\":null}", b"{\"event\":{}}", b"\xff\xfe"] {
        assert!(Event::read(noise).is_err());
    }
}
