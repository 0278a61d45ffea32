//! Rates, zones and conditions by worked examples.

use super::*;
use crate::customer::Destination;

#[test]
fn a_base_price_and_more_for_every_kilogram_that_is_begun() {
    let rules = method(
        r#""rate": {"by_step": {"base": "1000.00", "included_grams": 2000, "step_grams": 1000, "per_step": "250.00"}}"#,
    );
    for (grams, minor) in [
        (0, 100_000),
        (2_000, 100_000),
        (2_001, 125_000),
        (3_000, 125_000),
        (3_001, 150_000),
        (4_200, 175_000),
    ] {
        assert_eq!(price(&rules, &[item(1, grams)]), Ok((minor, 0)), "{grams} g");
    }
    // Half a gram more than what is included begins a step.
    let mut heavier = item(1, 2_000);
    heavier.milligrams += 500;
    assert_eq!(price(&rules, &[heavier]), Ok((125_000, 0)));
}

#[test]
fn volume_counts_as_weight() {
    let table = r#""rate": {"by_weight": [{"up_to": 14399, "price": "1"}, {"up_to": 14400, "price": "2"}, {"price": "3"}]}"#;
    let box_of = |sides| [item(1, 3_000).sized(sides)];
    let rules = method(&format!(r#""volumetric_divisor": 5000, {table}"#));
    assert_eq!(price(&rules, &box_of([600, 400, 300])), Ok((200, 0)), "60 x 40 x 30 cm are 14.4 kg");
    assert_eq!(price(&rules, &box_of([600, 400, 301])), Ok((300, 0)), "a little more is");
    assert_eq!(price(&rules, &box_of([600, 400, 299])), Ok((100, 0)), "a little less is less");
    assert_eq!(
        price(&rules, &[item(1, 15_000).sized([600, 400, 300])]),
        Ok((300, 0)),
        "what is heavy stays so"
    );
    assert_eq!(price(&method(table), &box_of([600, 400, 300])), Ok((100, 0)), "where volume counts at all");
    // The smallest box there is counts as something: a fifth of a milligram, rounded up.
    let rules = method(
        r#""volumetric_divisor": 5000, "rate": {"by_step": {"base": "0", "step_grams": 1, "per_step": "1"}}"#,
    );
    assert_eq!(price(&rules, &[item(1, 0).sized([1, 1, 1])]), Ok((100, 0)));
}

#[test]
fn bands_end_inclusively_and_what_lies_beyond_is_not_served() {
    let rules = method(
        r#""rate": {"by_weight": [{"from": 0, "up_to": 500, "price": "8"}, {"from": 500, "up_to": 1000, "price": "15"}]}"#,
    );
    assert_eq!(price(&rules, &[item(1, 0)]), Ok((800, 0)));
    assert_eq!(price(&rules, &[item(1, 500)]), Ok((800, 0)));
    let mut above = item(1, 500);
    above.milligrams += 1;
    assert_eq!(price(&rules, &[above]), Ok((1_500, 0)));
    assert_eq!(price(&rules, &[item(2, 500)]), Ok((1_500, 0)));
    assert_eq!(price(&rules, &[item(2, 501)]), Err(NotServed::TooHeavy { milligrams: 1_002_000 }));
    let rules = method(
        r#""rate": {"by_items": [{"from": 1, "up_to": 5, "price": "8"}, {"from": 6, "up_to": 9, "price": "15"}]}"#,
    );
    assert_eq!(price(&rules, &[item(2, 1), item(3, 1)]), Ok((800, 0)));
    assert_eq!(price(&rules, &[item(6, 1)]), Ok((1_500, 0)));
    assert_eq!(price(&rules, &[item(10, 1)]), Err(NotServed::TooManyUnits { units: 10 }));
}

#[test]
fn bands_of_the_value_before_or_after_discounts() {
    let bands = r#""bands": [{"up_to": "100.00", "price": "15"}, {"from": "100.00", "up_to": "200.00", "price": "5"}]"#;
    let after = method(&format!(r#""rate": {{"by_subtotal": {{{bands}}}}}"#));
    let before =
        method(&format!(r#""rate": {{"by_subtotal": {{"measured": "before_discounts", {bands}}}}}"#));
    let reduced = [item(1, 1).worth(12_000, 10_000)];
    assert_eq!(price(&after, &reduced), Ok((1_500, 0)));
    assert_eq!(price(&before, &reduced), Ok((500, 0)));
    assert_eq!(price(&after, &[item(1, 1).worth(20_001, 20_001)]), Err(NotServed::WorthTooMuch));
    // An exact value between two minor units lies above the lower one.
    let third = Exact::from(100).times(crate::money::Fraction::new(1, 3).unwrap());
    let mut between = item(1, 1).worth(10_000, 10_000);
    between.after = between.after.plus(&third).unwrap();
    assert_eq!(price(&after, &[between]), Ok((500, 0)));
}

#[test]
fn free_from_a_value_before_or_after_discounts() {
    let free = |measured: &str| {
        method(&format!(
            r#""rate": {{"flat": "15"}}, "handling": {{"per_order": "2"}},
               "free_from": {{"amount": "100.00", "measured": "{measured}"}}"#
        ))
    };
    let reduced = [item(1, 1).worth(10_000, 9_999)];
    assert_eq!(price(&free("after_discounts"), &reduced), Ok((1_700, 200)));
    assert_eq!(price(&free("before_discounts"), &reduced), Ok((0, 0)), "handling is free as well");
    assert!(outcome(&free("before_discounts"), &reduced).unwrap().free);
    let mut download = item(1, 0).worth(50_000, 50_000);
    download.digital = true;
    assert_eq!(price(&free("after_discounts"), &[reduced[0].clone(), download]), Ok((1_700, 200)));
}

#[test]
fn handling_and_prices_per_unit_and_per_parcel() {
    let handling = r#""handling": {"per_order": "100", "per_parcel": "50", "per_unit": "10"}"#;
    let five = [item(5, 1_000)];
    let rules = method(&format!(r#""rate": {{"flat": "1500"}}, "max_parcel_grams": 3000, {handling}"#));
    assert_eq!(price(&rules, &five), Ok((175_000, 25_000)), "two parcels, five units");
    let rules = method(r#""rate": {"flat": "1500"}, "per": "parcel", "max_parcel_grams": 3000"#);
    assert_eq!(price(&rules, &five), Ok((300_000, 0)));
    assert_eq!(outcome(&rules, &five).unwrap().parcels, 2);
    assert_eq!(price(&rules, &[item(7, 1_000)]), Ok((450_000, 0)), "two of them alike");
    let rules = method(r#""rate": {"per_unit": {"base": "500", "per_unit": "100"}}"#);
    assert_eq!(price(&rules, &[item(3, 1)]), Ok((80_000, 0)));
    // 3 kg and 2 kg, each by itself; together they are 5 kg.
    let table = r#""rate": {"by_weight": [{"up_to": 2000, "price": "2"}, {"up_to": 3000, "price": "3"}, {"price": "9"}]}"#;
    let each = method(&format!(r#"{table}, "per": "parcel", "max_parcel_grams": 3000"#));
    assert_eq!(price(&each, &five), Ok((500, 0)));
    assert_eq!(price(&method(table), &five), Ok((900, 0)));
}

#[test]
fn some_goods_do_not_go_this_way() {
    let mut symbols = Symbols::default();
    let (rules, errors) = read(
        r#"{"methods": [
            {"code": "air", "label": "Air", "rate": {"flat": "1"}, "excludes": [{"tags": ["battery"]}]},
            {"code": "van", "label": "Van", "rate": {"flat": "1"}, "only": [{"categories": ["sofas"]}]},
            {"code": "post", "label": "Post", "rate": {"flat": "1"}, "max_millimetres": 1200}
        ]}"#,
        &mut symbols,
    );
    assert!(errors.is_empty(), "{errors:?}");
    // The values that selections name are numbered as they are read.
    let (battery, sofas) = (1, 2);
    assert_eq!(symbols.count(), 2);
    let mut lamp = item(1, 100);
    lamp.symbols = vec![battery];
    let mut sofa = item(1, 100).sized([2_000, 900, 1_000]);
    sofa.symbols = vec![sofas];
    let refused = |items: &[Item]| {
        outcomes(&rules, items).into_iter().map(Result::err).collect::<Vec<Option<NotServed>>>()
    };
    let too_long = Some(NotServed::TooLong { millimetres: 2_000, max: 1_200 });
    let not_taken = |index| Some(NotServed::GoodsNotTaken { index });
    assert_eq!(refused(&[lamp.clone()]), [not_taken(0), not_taken(0), None]);
    assert_eq!(refused(&[sofa.clone()]), [None, None, too_long.clone()]);
    assert_eq!(refused(&[sofa.clone(), lamp.clone()]), [not_taken(1), not_taken(1), too_long]);
    // What is not shipped is taken by every method.
    lamp.digital = true;
    assert_eq!(refused(&[item(1, 1), lamp]), [None, not_taken(0), None]);
    sofa.digital = true;
    assert_eq!(refused(&[item(1, 1), sofa]), [None, not_taken(0), None]);
}

#[test]
fn every_method_whose_zones_hold_the_destination_is_offered_in_the_order_of_the_document() {
    let rules = compiled(
        r#"{"zones": [{"code": "ng", "areas": [{"country": "NG"}]},
                      {"code": "lagos", "areas": [{"country": "NG", "subdivisions": ["LA"]}]}],
            "methods": [
                {"code": "country", "label": "A", "zones": ["ng"], "rate": {"flat": "1"}},
                {"code": "lagos", "label": "B", "zones": ["lagos"], "rate": {"flat": "2"}},
                {"code": "outside", "label": "C", "excluded_zones": ["lagos"], "rate": {"flat": "3"}},
                {"code": "off", "label": "D", "enabled": false, "rate": {"flat": "4"}},
                {"code": "past", "label": "E", "until": "2026-11-22T09:30:00.123456Z", "rate": {"flat": "5"}},
                {"code": "future", "label": "F", "from": "2026-11-22T09:30:00.123457Z", "rate": {"flat": "6"}},
                {"code": "present", "label": "G", "from": "2026-11-22T09:30:00.123456Z",
                 "until": "2026-11-22T09:30:00.123457Z", "rate": {"flat": "7"}}
            ]}"#,
    );
    let offered = |destination: &Destination| -> Vec<String> {
        let carriers = CarrierAnswers::default();
        let one = [item(1, 1)];
        let considered = options(&rules, destination, now(), Currency::NGN, &goods(&one), &carriers).unwrap();
        assert_eq!(considered.len(), 7);
        considered.iter().filter(|c| c.outcome.is_ok()).map(|c| c.code.to_string()).collect()
    };
    let lagos = Destination { state_province: Some("LA".to_owned()), ..nigeria() };
    assert_eq!(offered(&nigeria()), ["country", "outside", "present"]);
    assert_eq!(offered(&lagos), ["country", "lagos", "present"]);
    assert_eq!(offered(&Destination::in_country(Country::GH)), ["outside", "present"]);
    let refused: Vec<_> = outcomes(&rules, &[item(1, 1)]).into_iter().filter_map(Result::err).collect();
    let words: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "does not go there",
            "is switched off",
            "was offered until 2026-11-22T09:30:00.123456Z",
            "is offered from 2026-11-22T09:30:00.123457Z",
        ]
    );
}

#[test]
fn prices_in_the_currency_of_the_cart() {
    let rules = method(
        r#""rate": {"flat": {"NGN": "1500.00", "GHS": "12.00"}}, "free_from": {"amount": "900.00"},
           "handling": {"per_order": {"NGN": "1.00", "GHS": "0.50"}}"#,
    );
    let one = [item(1, 1)];
    let minor =
        |currency| outcomes_in(&rules, &one, currency).pop().unwrap().map(|option| option.price.minor);
    assert_eq!(minor(Currency::NGN), Ok(0));
    assert_eq!(minor(Currency::GHS), Ok(1_250), "never free where no amount is named");
    assert_eq!(minor(Currency::USD), Err(NotServed::NoAmount { currency: Currency::USD }));
}

#[test]
fn nothing_is_offered_when_nothing_is_shipped() {
    let rules = method(r#""rate": {"flat": "1"}"#);
    let mut download = item(3, 0);
    download.digital = true;
    assert!(!super::super::options::is_needed(&goods(std::slice::from_ref(&download))));
    assert!(outcomes(&rules, &[download.clone()]).is_empty());
    assert!(outcomes(&rules, &[]).is_empty());
    assert_eq!(outcomes(&rules, &[download, item(1, 1)]).len(), 1);
}

#[test]
fn a_price_that_does_not_fit_is_a_reason_and_no_wrong_number() {
    let rules = method(r#""rate": {"per_unit": {"base": "0", "per_unit": "90000000000000000.00"}}"#);
    assert_eq!(price(&rules, &[item(1, 1)]), Ok((9_000_000_000_000_000_000, 0)));
    assert_eq!(price(&rules, &[item(2, 1)]), Err(NotServed::TooDear));
    let heavy = Item { milligrams: u64::MAX, ..item(u32::MAX, 0) }.sized([u32::MAX; 3]);
    let rules = method(r#""volumetric_divisor": 1, "rate": {"by_step": {"base": "0", "per_step": "1"}}"#);
    assert_eq!(price(&rules, &[heavy.clone(), heavy]), Err(NotServed::TooDear));
    let most = item(1, 1).worth(i64::MAX, i64::MAX);
    let sum = options(
        &rules,
        &nigeria(),
        now(),
        Currency::NGN,
        &goods(&[most.clone(), most]),
        &CarrierAnswers::default(),
    );
    assert!(sum.is_err());
}
