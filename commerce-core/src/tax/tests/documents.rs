//! Every mistake of a document is refused, with its place.

use serde_json::{Value, json};

use crate::customer::Destination;
use crate::pricing::Wrong;
use crate::tax::rules::TaxRules;

/// Places and reasons of what is wrong.
fn wrong(rules: Value) -> Vec<(String, String)> {
    let home = Destination::in_country("DE".parse().unwrap());
    wrong_at(rules, Some(&home))
}

fn wrong_at(rules: Value, home: Option<&Destination>) -> Vec<(String, String)> {
    let rules: TaxRules = serde_json::from_value(rules).unwrap();
    let mut errors = Vec::new();
    rules.compile(home, &mut Wrong::root(&mut errors).below("tax"));
    errors.into_iter().map(|error| (error.pointer, error.reason)).collect()
}

fn places(rules: Value) -> Vec<String> {
    wrong(rules).into_iter().map(|(place, _)| place).collect()
}

/// Rules of two countries, a state in the first of them and some of its postal codes.
fn rules(rates: Value) -> Value {
    json!({
        "zones": [
            {"code": "de", "areas": [{"country": "DE"}]},
            {"code": "at", "areas": [{"country": "AT"}]},
            {"code": "by", "areas": [{"country": "DE", "subdivisions": ["BY"]}]},
            {"code": "be-by", "areas": [{"country": "DE", "subdivisions": ["BE", "BY"]}]},
            {"code": "postal", "areas": [{"country": "DE", "postal": ["80*"]}]},
            {"code": "both", "areas": [{"country": "DE"}, {"country": "AT"}]}
        ],
        "rates": rates
    })
}

fn rate(code: &str, zone: &str, name: &str, more: Value) -> Value {
    let mut rate = json!({"code": code, "zone": zone, "name": name, "rate": "10"});
    rate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rate
}

#[test]
fn rates_that_contradict_each_other_are_refused() {
    let pair = |one: (&str, Value), other: (&str, Value)| {
        places(rules(json!([rate("a", one.0, "VAT", one.1), rate("b", other.0, "VAT", other.1)])))
    };
    let (first, second) = ("2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z");
    for (one, other) in [
        (("de", json!({})), ("de", json!({}))),
        (("de", json!({})), ("de", json!({"classes": ["reduced", "standard"]}))),
        (("de", json!({"classes": ["reduced"]})), ("de", json!({"classes": ["reduced"]}))),
        (("de", json!({})), ("both", json!({}))),
        (("by", json!({})), ("be-by", json!({}))),
        (("de", json!({"until": second})), ("de", json!({"from": first}))),
        (("de", json!({"priority": 2})), ("de", json!({"priority": 1, "compound": true}))),
    ] {
        assert_eq!(pair(one.clone(), other.clone()), ["/tax/rates/1"], "{one:?} {other:?}");
    }
    for (one, other) in [
        (("de", json!({})), ("at", json!({}))),
        (("de", json!({})), ("by", json!({}))),
        (("by", json!({})), ("postal", json!({}))),
        (("de", json!({})), ("de", json!({"classes": ["reduced"]}))),
        (("de", json!({"until": first})), ("de", json!({"from": first}))),
        (("de", json!({"from": first, "until": second})), ("de", json!({"from": second}))),
    ] {
        assert_eq!(pair(one.clone(), other.clone()), [""; 0], "{one:?} {other:?}");
    }
}

#[test]
fn what_is_unknown_or_said_twice_is_refused() {
    let errors = |rates| places(rules(rates));
    assert_eq!(errors(json!([rate("a", "nowhere", "VAT", json!({}))])), ["/tax/rates/0/zone"]);
    let twice = json!([rate("a", "de", "VAT", json!({})), rate("a", "at", "VAT", json!({}))]);
    assert_eq!(errors(twice), ["/tax/rates/1/code"]);
    assert_eq!(errors(json!([rate("", "de", " ", json!({}))])), ["/tax/rates/0/code", "/tax/rates/0/name"]);
    let ends_first = json!({"from": "2026-07-01T00:00:00Z", "until": "2026-07-01T00:00:00Z"});
    assert_eq!(errors(json!([rate("a", "de", "VAT", ends_first)])), ["/tax/rates/0/until"]);
    let exempt = json!({"classes": ["reduced", "exempt"]});
    assert_eq!(errors(json!([rate("a", "de", "VAT", exempt)])), ["/tax/rates/0/classes/1"]);
    assert_eq!(places(json!({"zones": [{"code": "z"}, {"code": "z"}]})), ["/tax/zones/1/code"]);
    assert_eq!(
        places(json!({"zones": [{"code": "z", "areas": [{"country": "DE", "postal": ["2-1"]}]}]})),
        ["/tax/zones/0/areas/0/postal/0"]
    );
    assert_eq!(places(json!({"shipping_class": "exempt"})), ["/tax/shipping_class"]);
    assert_eq!(places(json!({"reverse_charge": {"zone": "eu"}})), ["/tax/reverse_charge/zone"]);
    let at_no_home = wrong_at(json!({"zones": [{"code": "eu"}], "reverse_charge": {"zone": "eu"}}), None);
    assert_eq!(at_no_home[0].0, "/tax/reverse_charge");
    for unknown in [
        json!({"zone": []}),
        json!({"rates": [{"code": "a", "zone": "z", "name": "n", "rate": "1", "class": "x"}]}),
    ] {
        assert!(serde_json::from_value::<TaxRules>(unknown).is_err());
    }
}

#[test]
fn more_than_six_rates_at_one_place_are_refused() {
    let name = |index: usize| format!("tax {index}");
    let all = |zone: &dyn Fn(usize) -> &'static str, more: &dyn Fn(usize) -> Value, count: usize| {
        let rates: Vec<_> =
            (0..count).map(|index| rate(&name(index), zone(index), &name(index), more(index))).collect();
        places(rules(json!(rates)))
    };
    let (in_de, nothing) = (|_: usize| "de", |_: usize| json!({}));
    assert_eq!(all(&in_de, &nothing, 6), [""; 0]);
    assert_eq!(all(&in_de, &nothing, 7), ["/tax/rates/6"]);
    // Each of these places has six.
    let in_turn = |index: usize| if index < 6 { "de" } else { "at" };
    assert_eq!(all(&in_turn, &nothing, 12), [""; 0]);
    let apart = |index: usize| json!({"classes": [if index < 4 { "one" } else { "other" }]});
    assert_eq!(all(&in_de, &apart, 8), [""; 0]);
    // `standard` stands in for a class that its tax has no rate for, whichever of both comes first.
    let one_first = |index: usize| json!({"classes": [if index < 3 { "one" } else { "standard" }]});
    let one_last = |index: usize| json!({"classes": [if index < 4 { "standard" } else { "one" }]});
    assert_eq!(all(&in_de, &one_first, 7), ["/tax/rates/6"]);
    assert_eq!(all(&in_de, &one_last, 7), ["/tax/rates/6"]);
    let in_time = |index: usize| {
        let change = "2026-01-01T00:00:00Z";
        if index < 4 { json!({"until": change}) } else { json!({"from": change}) }
    };
    assert_eq!(all(&in_de, &in_time, 8), [""; 0]);
    let mixed = |index: usize| ["de", "by", "postal"][index % 3];
    assert_eq!(all(&mixed, &nothing, 7), ["/tax/rates/6"]);
}

#[test]
fn compound_rates_that_cannot_be_computed_with_are_refused() {
    let compound = |rates: &[&str]| {
        let rates: Vec<_> = rates
            .iter()
            .enumerate()
            .map(|(index, percent)| {
                rate(
                    &format!("r{index}"),
                    "de",
                    &format!("tax {index}"),
                    json!({"rate": percent, "compound": true}),
                )
            })
            .collect();
        wrong(rules(json!(rates)))
    };
    assert_eq!(compound(&["2.5", "2.5", "1.375", "15", "7.5", "19"]), []);
    let errors = compound(&["1.000001", "2.000003", "3.000007", "4.000009", "5.000011"]);
    assert!(
        !errors.is_empty()
            && errors
                .iter()
                .all(|(place, reason)| place.starts_with("/tax/rates/") && reason.contains("decimals")),
        "{errors:?}"
    );
}

#[test]
fn a_document_of_many_overlapping_rates_is_answered_in_time() {
    // Six taxes with hundreds of rates each, of which any two of different taxes may meet.
    let zones: Vec<_> = (0..300)
        .map(|index| {
            let patterns: Vec<_> =
                (0..6).map(|place| format!("{}{:03}?", "?".repeat(place % 2), index)).collect();
            json!({"code": format!("z{index}"), "areas": [{"country": "DE", "postal": patterns}]})
        })
        .collect();
    let rates: Vec<_> = (0..1_800)
        .map(|index| {
            let zone = format!("z{}", index % 300);
            rate(
                &format!("r{index}"),
                &zone,
                &format!("tax {}", index % 6),
                json!({"classes": [format!("c{index}")]}),
            )
        })
        .collect();
    wrong(json!({"zones": zones, "rates": rates}));
    // The same for one class: everything meets, and that is said.
    let zones = json!([{"code": "all"}, {"code": "de", "areas": [{"country": "DE"}]}]);
    let rates: Vec<_> = (0..600)
        .map(|index| {
            rate(
                &format!("r{index}"),
                "all",
                &format!("tax {}", index / 100),
                json!({"classes": [format!("c{index}"), "standard"]}),
            )
        })
        .collect();
    let places: Vec<_> =
        wrong(json!({"zones": zones, "rates": rates})).into_iter().map(|(place, _)| place).collect();
    assert!(places.contains(&"/tax/rates".to_owned()));
}
