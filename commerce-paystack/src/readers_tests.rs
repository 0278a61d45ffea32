//! Whatever JSON comes: the readers give a value or an error, and never panic.

use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::charge::Charge;
use crate::envelope::Envelope;
use crate::refund::Refund;
use crate::transaction::{Page, Transaction};
use crate::value::Reference;
use crate::webhook::Event;

/// Names that the readers look for, so that what is made gets past the first field.
const NAMES: [&str; 22] = [
    "status",
    "reference",
    "amount",
    "currency",
    "data",
    "meta",
    "event",
    "transaction",
    "authorization",
    "customer",
    "metadata",
    "fees",
    "requested_amount",
    "domain",
    "id",
    "bank",
    "account_number",
    "next",
    "type",
    "message",
    "code",
    "bank_transfer",
];
const WORDS: [&str; 12] = [
    "success",
    "pending",
    "NGN",
    "ord-1",
    "charge.success",
    "refund.processed",
    "charge.dispute.create",
    "bank.transfer.rejected",
    "test",
    "12",
    "12.5",
    "",
];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // What a server may send; no amount is read through it.
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        proptest::sample::select(&WORDS[..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 12, |inner| {
        let name = prop_oneof![proptest::sample::select(&NAMES[..]).prop_map(str::to_owned), ".{0,6}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name, inner), 0..12)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        // `PROPTEST_CASES` may ask for more.
        cases: ProptestConfig::default().cases.max(2_000),
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn no_reader_panics(value in json(), status in 200_u16..600) {
        let asked = Reference::new("ord-1").unwrap();
        let text = value.to_string();
        let _ = Transaction::read(&value);
        let _ = Charge::read(&value, Some(&asked));
        let _ = Charge::read(&value, None);
        let _ = Refund::read(&value);
        let _ = Page::read(&value, Transaction::read);
        let _ = Event::read(text.as_bytes());
        if let Ok(envelope) = Envelope::read(status, text.as_bytes()) {
            let _ = envelope.into_accepted("sk_test_1");
        }
    }

    #[test]
    fn noise_is_no_event_and_no_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200), status in 200_u16..600) {
        let _ = Event::read(&bytes);
        let _ = Envelope::read(status, &bytes);
    }

    /// What is read as an amount is exactly what was written.
    #[test]
    fn amounts_survive(subunits in any::<u64>(), zeros in 0_usize..3) {
        let fraction = if zeros == 0 { String::new() } else { format!(".{}", "0".repeat(zeros)) };
        for amount in [Value::from(subunits), Value::from(format!("{subunits}{fraction}"))] {
            let value = serde_json::json!({
                "status": "success", "reference": "ord-1", "currency": "NGN", "amount": amount,
            });
            prop_assert_eq!(Transaction::read(&value).map(|it| it.amount.subunits), Ok(subunits));
        }
    }

    /// An amount with a decimal point is read as it was written, or not at all where the parser of JSON may have rounded it.
    #[test]
    fn amounts_with_a_point_are_never_rounded(
        subunits in prop_oneof![any::<u64>(), 0..1_u64 << 54, 0..2_000_000_000_000_u64], zeros in 1_usize..8,
    ) {
        let fields = r#""status": "success", "reference": "r", "currency": "NGN""#;
        let text = format!(r#"{{{fields}, "amount": {subunits}.{}}}"#, "0".repeat(zeros));
        let value: Value = serde_json::from_str(&text).unwrap();
        match Transaction::read(&value) {
            Ok(it) => prop_assert_eq!(it.amount.subunits, subunits),
            Err(_) => prop_assert!(subunits > 10_000_000_000, "{}", subunits),
        }
    }
}
