//! Which rates hold for whom, where, for what and when; and why none does.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Timestamp;
use crate::customer::Destination;
use crate::pricing::Wrong;
use crate::tax::compiled::{CompiledTax, TaxQuestion};
use crate::tax::rates::Untaxed;
use crate::tax::rules::TaxRules;

fn compiled(rules: Value, home: Option<&str>) -> CompiledTax {
    let rules: TaxRules = serde_json::from_value(rules).unwrap();
    let home = home.map(|country| Destination::in_country(country.parse().unwrap()));
    let mut errors = Vec::new();
    let compiled = rules.compile(home.as_ref(), &mut Wrong::root(&mut errors));
    assert_eq!(errors, []);
    compiled
}

fn to(country: &str, state: Option<&str>, postal: Option<&str>) -> Destination {
    Destination {
        country: country.parse().unwrap(),
        state_province: state.map(str::to_owned),
        postal_code: postal.map(str::to_owned),
    }
}

fn question(destination: Option<&Destination>) -> TaxQuestion<'_> {
    let now: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    TaxQuestion { destination, now, exempt: false, vat_country: None }
}

fn sources(tax: &CompiledTax, question: &TaxQuestion<'_>, class: &str) -> Vec<String> {
    let set = tax.rates(question, &class.parse().unwrap()).unwrap();
    set.rates().iter().map(|rate| rate.source.to_string()).collect()
}

fn rules() -> Value {
    json!({
        "zones": [
            {"code": "es", "areas": [{"country": "ES"}]},
            {"code": "canaries", "areas": [{"country": "ES", "postal": ["35*", "38*"]}]},
            {"code": "madrid", "areas": [{"country": "ES", "subdivisions": ["MD"]}]},
            {"code": "world"},
            {"code": "eu", "areas": [{"country": "ES"}, {"country": "DE"}, {"country": "FR"}]}
        ],
        "rates": [
            {"code": "late", "zone": "es", "name": "Levy", "rate": "1", "priority": 9, "compound": true},
            {"code": "es-21", "zone": "es", "name": "VAT", "rate": "21"},
            {"code": "es-10", "zone": "es", "name": "VAT", "rate": "10", "classes": ["reduced", "books"]},
            {"code": "canaries", "zone": "canaries", "name": "VAT", "rate": "0"},
            {"code": "madrid-books", "zone": "madrid", "name": "VAT", "rate": "3", "classes": ["books"]},
            {"code": "world", "zone": "world", "name": "World tax", "rate": "2"},
            {"code": "world-vat", "zone": "world", "name": "VAT", "rate": "5"},
            {"code": "old", "zone": "eu", "name": "Old", "rate": "1", "until": "2026-11-22T00:00:00Z"},
            {"code": "new", "zone": "eu", "name": "New", "rate": "1", "from": "2026-11-22T00:00:00Z"}
        ],
        "shipping_class": "reduced",
        "reverse_charge": {"zone": "eu"}
    })
}

#[test]
fn of_one_tax_the_closest_zone_applies_and_of_it_the_class_or_standard() {
    let tax = compiled(rules(), Some("DE"));
    let at = |state, postal, class| sources(&tax, &question(Some(&to("ES", state, postal))), class);
    assert_eq!(at(None, None, "standard"), ["tax:es-21", "tax:world", "tax:new", "tax:late"]);
    assert_eq!(at(None, None, "reduced")[0], "tax:es-10");
    assert_eq!(at(None, None, "toys")[0], "tax:es-21", "a class without a rate is standard");
    assert_eq!(at(Some("MD"), None, "books")[0], "tax:madrid-books");
    assert_eq!(
        at(Some("MD"), None, "standard")[0],
        "tax:es-21",
        "a zone without a rate for the class says nothing"
    );
    assert_eq!(at(Some("MD"), Some("35 001"), "books")[0], "tax:canaries");
    assert_eq!(
        at(None, Some("38999"), "reduced")[0],
        "tax:canaries",
        "the closest zone's standard before a farther one's class"
    );
    assert_eq!(
        sources(&tax, &question(Some(&to("NG", None, None))), "standard"),
        ["tax:world", "tax:world-vat"]
    );
}

#[test]
fn rates_begin_and_end_at_their_instant() {
    let tax = compiled(rules(), Some("DE"));
    let destination = to("DE", None, None);
    let mut question = question(Some(&destination));
    assert_eq!(sources(&tax, &question, "standard"), ["tax:world", "tax:world-vat", "tax:new"]);
    question.now = "2026-11-21T23:59:59.999999Z".parse().unwrap();
    assert_eq!(sources(&tax, &question, "standard"), ["tax:world", "tax:world-vat", "tax:old"]);
}

#[test]
fn what_is_not_taxed_has_its_reason() {
    let tax = compiled(rules(), Some("DE"));
    let standard = "standard".parse().unwrap();
    let spain = to("ES", None, None);
    let why = |tax: &CompiledTax, question: &TaxQuestion<'_>, class: &str| {
        tax.rates(question, &class.parse().unwrap()).unwrap().untaxed()
    };
    let asked = question(Some(&spain));
    assert_eq!(why(&tax, &asked, "standard"), None);
    assert_eq!(why(&tax, &asked, "exempt"), Some(Untaxed::ExemptClass));
    let exempt = TaxQuestion { exempt: true, vat_country: Some(spain.country), ..asked };
    assert_eq!(why(&tax, &exempt, "standard"), Some(Untaxed::ExemptCustomer));
    assert_eq!(why(&tax, &question(None), "standard"), None, "the home country is assumed");
    let nowhere = compiled(json!({}), None);
    assert_eq!(why(&nowhere, &question(None), "standard"), Some(Untaxed::NoDestination));
    assert_eq!(why(&nowhere, &asked, "standard"), Some(Untaxed::NoRate));
    assert_eq!(nowhere.shipping_rates(&asked).unwrap().untaxed(), Some(Untaxed::ShippingNotTaxed));
    assert_eq!(tax.shipping_rates(&asked).unwrap().rates()[0].source.as_ref(), "tax:es-10");
    let home = tax.home_rates(asked.now, &standard).unwrap();
    assert_eq!(home.rates()[0].source.as_ref(), "tax:world");
    assert!(!tax.prices_include_tax());
}

#[test]
fn buyers_with_a_vat_number_owe_the_tax_in_another_country_of_the_zone() {
    let tax = compiled(rules(), Some("DE"));
    let reverse = |country: &str, vat_country: Option<&str>| {
        let destination = to(country, None, None);
        let vat_country = vat_country.map(|country| country.parse().unwrap());
        let asked = TaxQuestion { vat_country, ..question(Some(&destination)) };
        let untaxed = tax.rates(&asked, &"standard".parse().unwrap()).unwrap().untaxed();
        assert_eq!(untaxed == Some(Untaxed::ReverseCharge), tax.is_reverse_charged(&asked));
        tax.is_reverse_charged(&asked)
    };
    assert!(reverse("ES", Some("ES")));
    assert!(reverse("ES", Some("FR")), "registered elsewhere in the zone");
    assert!(!reverse("ES", None));
    assert!(!reverse("ES", Some("DE")), "the shop's own authority knows the buyer");
    assert!(!reverse("ES", Some("NG")), "a number from outside the zone counts for nothing in it");
    assert!(!reverse("DE", Some("ES")), "at home the shop charges it");
    assert!(!reverse("NG", Some("ES")), "outside the zone the rules of the place hold");
    assert!(
        !tax.is_reverse_charged(&TaxQuestion { vat_country: Some("ES".parse().unwrap()), ..question(None) })
    );
}

/// Zones that overlap in every way.
fn zones() -> Value {
    json!([
        {"code": "0"},
        {"code": "1", "areas": [{"country": "US"}]},
        {"code": "2", "areas": [{"country": "US", "subdivisions": ["CA", "NY"]}]},
        {"code": "3", "areas": [{"country": "US", "subdivisions": ["NY"]}, {"country": "CA"}]},
        {"code": "4", "areas": [{"country": "US", "postal": ["1*", "20000-29999"]}]},
        {"code": "5", "areas": [{"country": "US", "subdivisions": ["CA"], "postal": ["?1*"]}, {"country": "US"}]},
        {"code": "6", "areas": [{"country": "CA", "postal": ["A1?"]}, {"country": "US", "postal": ["3*"]}]}
    ])
}

fn a_rate() -> impl Strategy<Value = Value> {
    let class = prop::sample::subsequence(vec!["standard", "books", "toys"], 0..=2);
    let day = || prop::option::of(1_u32..5);
    let percent = prop::sample::select(vec!["0", "2.5", "7.5", "1.000001", "3.000007"]);
    (0_usize..7, 0_usize..9, class, percent, any::<bool>(), 0_u32..2, day(), day()).prop_map(
        |(zone, tax, classes, percent, compound, priority, from, until)| {
            let day = |day: Option<u32>| day.map(|day| format!("2026-01-0{day}T00:00:00Z"));
            json!({
                "code": "", "zone": zone.to_string(), "name": format!("tax {tax}"), "classes": classes, "rate": percent,
                "compound": compound, "priority": priority, "from": day(from), "until": day(until)
            })
        },
    )
}

proptest! {
    /// A document that is read without a complaint has one answer to every question, whatever its order.
    #[test]
    fn what_is_not_refused_has_one_answer(
        rates in prop::collection::vec(a_rate(), 1..14),
        asked in prop::collection::vec(
            (prop::sample::select(vec!["US", "CA", "DE"]), prop::option::of("CA|NY|WA"), prop::option::of("[1-4][01]{4}|A1[0-9]"), 1_u32..5),
            1..10,
        ),
    ) {
        let mut rates = rates;
        for (index, rate) in rates.iter_mut().enumerate() {
            rate["code"] = json!(format!("r{index}"));
        }
        let read = |rates: &[Value]| {
            let rules: TaxRules = serde_json::from_value(json!({"zones": zones(), "rates": rates})).unwrap();
            let mut errors = Vec::new();
            let compiled = rules.compile(None, &mut Wrong::root(&mut errors));
            (compiled, errors)
        };
        // Rates that the document would be refused for are left out, one by one.
        let mut errors = read(&rates).1;
        while let Some(error) = errors.first() {
            let place: usize = error.pointer.split('/').nth(2).unwrap().parse().unwrap();
            rates.remove(place);
            errors = read(&rates).1;
        }
        let (forth, _) = read(&rates);
        rates.reverse();
        let (back, errors) = read(&rates);
        // Which of two rates of one priority comes first changes what a compound one is taken of, and so what fits.
        prop_assert!(errors.iter().all(|error| error.reason.contains("decimals")), "{errors:?}");
        for (country, state, postal, day) in &asked {
            let destination = to(country, state.as_deref(), postal.as_deref());
            let now: Timestamp = format!("2026-01-0{day}T12:00:00Z").parse().unwrap();
            let question = TaxQuestion { now, ..question(Some(&destination)) };
            for class in ["standard", "books", "toys", "other"] {
                let sources = |tax: &CompiledTax| {
                    let set = tax.rates(&question, &class.parse().unwrap()).map_err(|_| ());
                    set.map(|set| {
                        let mut sources: Vec<_> = set.rates().iter().map(|rate| rate.source.to_string()).collect();
                        sources.sort();
                        sources
                    })
                };
                let found = sources(&forth);
                prop_assert!(found.as_ref().is_ok_and(|sources| sources.len() <= TaxRules::RATES_AT_ONCE_MAX), "{found:?}");
                if errors.is_empty() {
                    prop_assert_eq!(found, sources(&back));
                }
            }
        }
    }
}
