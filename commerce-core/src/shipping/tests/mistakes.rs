//! Every mistake in a document is named with its place.

use super::*;

fn mistakes(json: &str) -> Vec<(String, String)> {
    let (_, errors) = read(json, &mut Symbols::default());
    errors.into_iter().map(|error| (error.pointer, error.reason)).collect()
}

/// The mistakes of rules with one method that has these fields, below the method.
fn mistakes_in(fields: &str) -> Vec<(String, String)> {
    let all = mistakes(&format!(r#"{{"methods": [{{"code": "m", "label": "M", {fields}}}]}}"#));
    let below = |(pointer, reason): (String, String)| {
        let pointer = pointer.strip_prefix("/methods/0").expect("it is the method's").to_owned();
        (pointer, reason)
    };
    all.into_iter().map(below).collect()
}

/// There is one mistake, at this place below the method, and its reason has these words.
#[track_caller]
fn refused(fields: &str, pointer: &str, words: &str) {
    let found = mistakes_in(fields);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, pointer, "{found:?}");
    assert!(found[0].1.contains(words), "{found:?}");
}

#[test]
fn gaps_overlaps_and_ends_of_bands() {
    let weights = |bands: &str| format!(r#""rate": {{"by_weight": [{bands}]}}"#);
    refused(
        &weights(r#"{"up_to": 500, "price": "1"}, {"from": 600, "up_to": 900, "price": "2"}"#),
        "/rate/by_weight/1/from",
        "is 600, and must be 500: a gap, since the band before ends at 500",
    );
    refused(
        &weights(r#"{"up_to": 500, "price": "1"}, {"from": 400, "price": "2"}"#),
        "/rate/by_weight/1/from",
        "is 400, and must be 500: an overlap",
    );
    refused(
        &weights(r#"{"from": 100, "price": "1"}"#),
        "/rate/by_weight/0/from",
        "is 100, and must be 0: the first",
    );
    refused(
        &weights(r#"{"up_to": 500, "price": "1"}, {"up_to": 500, "price": "2"}"#),
        "/rate/by_weight/1/up_to",
        "is 500, and must be above 500",
    );
    refused(
        &weights(r#"{"price": "1"}, {"up_to": 500, "price": "2"}"#),
        "/rate/by_weight/0/up_to",
        "the last",
    );
    refused(&weights(""), "/rate/by_weight", "must have a band");
    refused(
        r#""rate": {"by_items": [{"up_to": 5, "price": "1"}, {"from": 5, "price": "2"}]}"#,
        "/rate/by_items/1/from",
        "is 5, and must be 6: an overlap, since the band before ends at 5",
    );
    refused(r#""rate": {"by_items": [{"from": 2, "price": "1"}]}"#, "/rate/by_items/0/from", "the first");
    refused(r#""rate": {"by_items": []}"#, "/rate/by_items", "must have a band");
}

#[test]
fn bands_of_values_are_compared_in_each_currency() {
    let values = |bands: &str| format!(r#""rate": {{"by_subtotal": {{"bands": [{bands}]}}}}"#);
    refused(
        &values(r#"{"up_to": "10.00", "price": "1"}, {"from": "10.01", "price": "0"}"#),
        "/rate/by_subtotal/bands/1/from",
        "is 10.01 NGN, and must be 10.00 NGN: a gap, since the band before ends at 10.00 NGN",
    );
    refused(
        &values(
            r#"{"up_to": "10", "price": "3"}, {"from": "10", "up_to": "20", "price": "2"}, {"from": "10", "price": "1"}"#,
        ),
        "/rate/by_subtotal/bands/2/from",
        "is 10.00 NGN, and must be 20.00 NGN: an overlap, since the band before ends at 20.00 NGN",
    );
    refused(
        &values(
            r#"{"up_to": {"NGN": "10", "GHS": "5"}, "price": {"NGN": "1", "GHS": "1"}},
               {"up_to": {"NGN": "20", "GHS": "4"}, "price": {"NGN": "2", "GHS": "2"}}"#,
        ),
        "/rate/by_subtotal/bands/1/up_to",
        "is 4.00 GHS, and must be above 5.00 GHS",
    );
    refused(
        &values(r#"{"from": "1", "price": "1"}"#),
        "/rate/by_subtotal/bands/0/from",
        "is 1.00 NGN, and must be 0.00 NGN",
    );
    refused(
        &values(r#"{"price": "1"}, {"price": "1"}"#),
        "/rate/by_subtotal/bands/0/up_to",
        "only in the last band",
    );
    refused(&values(""), "/rate/by_subtotal/bands", "must have a band");
}

#[test]
fn currencies_that_are_named_in_some_places_only() {
    refused(
        r#""rate": {"by_weight": [{"up_to": 500, "price": {"NGN": "1", "GHS": "1"}}, {"price": {"NGN": "2"}}]}"#,
        "/rate/by_weight/1/price",
        "has no amount of GHS",
    );
    refused(
        r#""rate": {"flat": {"NGN": "1", "GHS": "1"}}, "handling": {"per_parcel": "5"}"#,
        "/handling/per_parcel",
        "has no amount of GHS",
    );
    refused(
        r#""rate": {"per_unit": {"base": {"GHS": "1"}, "per_unit": {"GHS": "1", "NGN": "1"}}}"#,
        "/rate/per_unit/base",
        "has no amount of NGN",
    );
    refused(
        r#""rate": {"by_subtotal": {"bands": [{"up_to": "5", "price": {"NGN": "1", "GHS": "1"}},
                                              {"price": {"NGN": "1", "GHS": "1"}}]}}"#,
        "/rate/by_subtotal/bands/0/up_to",
        "has no amount of GHS",
    );
    refused(
        r#""rate": {"carrier": {"service": "s", "fallback": "5"}}, "handling": {"per_order": {"NGN": "1", "USD": "1"}}"#,
        "/rate/carrier/fallback",
        "has no amount of USD",
    );
}

#[test]
fn amounts_that_are_none() {
    for (fields, pointer) in [
        (r#""rate": {"flat": "-1"}"#, "/rate/flat"),
        (r#""rate": {"flat": "1.005"}"#, "/rate/flat"),
        (r#""rate": {"flat": {}}"#, "/rate/flat"),
        (r#""rate": {"by_weight": [{"price": "x"}]}"#, "/rate/by_weight/0/price"),
        (r#""rate": {"by_items": [{"price": "x"}]}"#, "/rate/by_items/0/price"),
        (r#""rate": {"by_step": {"base": "-1", "per_step": "1"}}"#, "/rate/by_step/base"),
        (r#""rate": {"by_step": {"base": "1", "per_step": "-1"}}"#, "/rate/by_step/per_step"),
        (r#""rate": {"per_unit": {"base": "1", "per_unit": ""}}"#, "/rate/per_unit/per_unit"),
        (r#""rate": {"carrier": {"service": "s", "fallback": "-5"}}"#, "/rate/carrier/fallback"),
        (r#""rate": {"flat": "1"}, "handling": {"per_order": "-1"}"#, "/handling/per_order"),
        (r#""rate": {"flat": "1"}, "handling": {"per_unit": "1,5"}"#, "/handling/per_unit"),
        (r#""rate": {"flat": "1"}, "free_from": {"amount": "-1"}"#, "/free_from/amount"),
    ] {
        // An object without an amount in it is wrong once.
        refused(fields, pointer, if fields.contains("{}") { "at least one" } else { "must be an amount" });
    }
    refused(
        r#""rate": {"by_step": {"base": "1", "step_grams": 0, "per_step": "1"}}"#,
        "/rate/by_step/step_grams",
        "above 0",
    );
}

#[test]
fn limits_labels_and_times() {
    for (fields, pointer, words) in [
        (r#""max_parcel_grams": 0"#, "/max_parcel_grams", "above 0"),
        (r#""max_millimetres": 0"#, "/max_millimetres", "above 0"),
        (r#""volumetric_divisor": 0"#, "/volumetric_divisor", "above 0"),
        (r#""excludes": [{"tags": ["a"]}, {}]"#, "/excludes/1", "name something"),
        (r#""excludes": [{"tags": [""]}]"#, "/excludes/0/tags/0", "1 to 255"),
        (r#""only": [{"skus": [""]}]"#, "/only/0/skus/0", "1 to 255"),
        (r#""zones": ["nowhere"]"#, "/zones/0", "`nowhere` is not the code of a zone"),
        (r#""excluded_zones": ["nowhere"]"#, "/excluded_zones/0", "`nowhere`"),
        (
            r#""from": "2026-11-22T00:00:00Z", "until": "2026-11-22T00:00:00Z""#,
            "/until",
            "must be after `from`",
        ),
        (r#""estimate": {"min_days": 3, "max_days": 2}"#, "/estimate/max_days", "is 2, below"),
        (r#""estimate": {"min_days": 1, "max_days": 366}"#, "/estimate/max_days", "more than 365"),
        (
            r#""estimate": {"handling_days": 400, "min_days": 1, "max_days": 2}"#,
            "/estimate/handling_days",
            "more than 365",
        ),
    ] {
        refused(&format!(r#""rate": {{"flat": "1"}}, {fields}"#), pointer, words);
    }
    for cutoff in ["24:00", "14", "2:00", "14:60", "14:00:00", "2 pm", "", "-1:00", "+1:00", "١٤:٠٠"] {
        let fields = format!(
            r#""rate": {{"flat": "1"}}, "estimate": {{"min_days": 1, "max_days": 1, "cutoff": "{cutoff}"}}"#
        );
        refused(&fields, "/estimate/cutoff", "must be a time of day");
    }
    let long = format!(r#""rate": {{"flat": "1"}}, "description": "{}""#, "x".repeat(2_001));
    refused(&long, "/description", "2000");
    refused(
        r#""per": "parcel", "rate": {"by_subtotal": {"bands": [{"price": "1"}]}}"#,
        "/per",
        "must be `order`",
    );
    refused(r#""per": "parcel", "rate": {"carrier": {"service": "s"}}"#, "/per", "must be `order`");
    refused(r#""rate": {"carrier": {"service": " s"}}"#, "/rate/carrier/service", "no space around it");
}

#[test]
fn the_shops_days_and_clocks() {
    let one = |json: &str| {
        let found = mistakes(json);
        assert_eq!(found.len(), 1, "{json}: {found:?}");
        found[0].clone()
    };
    for zone in ["", "+1", "01:00", "+14:01", "-12:01", "+01:60", "Africa/Lagos", "+0100", "é1:00", "+é:00"]
    {
        assert_eq!(one(&format!(r#"{{"time_zone": "{zone}"}}"#)).0, "/time_zone", "{zone}");
    }
    let (pointer, reason) = one(r#"{"holidays": ["2026-12-25", "2026-02-30"]}"#);
    assert_eq!(
        (pointer.as_str(), reason.as_str()),
        ("/holidays/1", "`2026-02-30` is not a date such as 2026-11-22")
    );
    let week = r#"["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]"#;
    assert_eq!(one(&format!(r#"{{"weekend": {week}}}"#)).0, "/weekend");
    let holidays = vec!["2026-12-25"; 10_001];
    assert_eq!(one(&serde_json::json!({ "holidays": holidays }).to_string()).0, "/holidays");
}

#[test]
fn codes_twice_and_too_many_of_anything() {
    let places = |json: &str| mistakes(json).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>();
    let flat =
        |code: usize| serde_json::json!({"code": code.to_string(), "label": "L", "rate": {"flat": "1"}});
    let methods = |codes: &mut dyn Iterator<Item = usize>| {
        serde_json::json!({ "methods": codes.map(flat).collect::<Vec<_>>() }).to_string()
    };
    assert_eq!(places(&methods(&mut [1, 2, 1].into_iter())), ["/methods/2/code"]);
    assert!(places(&methods(&mut (0..1_000))).is_empty());
    assert_eq!(places(&methods(&mut (0..1_001))), ["/methods"]);
    let zones = (0..1_001).map(|code| serde_json::json!({"code": code.to_string()})).collect::<Vec<_>>();
    assert_eq!(places(&serde_json::json!({ "zones": zones }).to_string()), ["/zones"]);
    assert_eq!(
        places(
            r#"{"zones": [{"code": "a"}, {"code": "a"}, {"code": "b", "areas": [{"country": "NG", "postal": ["*"]}]}]}"#
        ),
        ["/zones/1/code", "/zones/2/areas/0/postal/0"]
    );
    let bands = (1..=1_001).map(|end| serde_json::json!({"up_to": end, "price": "1"})).collect::<Vec<_>>();
    refused(
        &format!(r#""rate": {{"by_weight": {}}}"#, serde_json::json!(bands)),
        "/rate/by_weight",
        "1001 bands",
    );
    // All the mistakes of a document are named at once, in its order.
    assert_eq!(
        places(
            r#"{"holidays": ["x"], "methods": [
                {"code": " ", "label": "", "rate": {"flat": "x"}, "zones": ["z"]},
                {"code": "b", "label": "B", "rate": {"carrier": {"service": "s"}}},
                {"code": "c", "label": "C", "max_parcel_grams": 5, "rate": {"carrier": {"service": "s"}}}]}"#
        ),
        [
            "/holidays/0",
            "/methods/0/code",
            "/methods/0/label",
            "/methods/0/zones/0",
            "/methods/0/rate/flat",
            "/methods/2/rate/carrier/service",
        ]
    );
}

#[test]
fn fields_that_nobody_knows_are_refused() {
    for json in [
        r#"{"method": []}"#,
        r#"{"methods": [{"code": "m", "label": "M", "rate": {"flat": "1"}, "prize": 1}]}"#,
        r#"{"methods": [{"code": "m", "label": "M", "rate": {"flat": "1"}, "handling": {"per_box": "1"}}]}"#,
        r#"{"methods": [{"code": "m", "label": "M", "rate": {"by_weight": [{"upto": 1, "price": "1"}]}}]}"#,
        r#"{"methods": [{"code": "m", "label": "M", "rate": {"by_step": {"base": "1", "per_step": "1", "x": 1}}}]}"#,
        r#"{"methods": [{"code": "m", "label": "M", "rate": {"flat": "1", "by_items": []}}]}"#,
        r#"{"methods": [{"code": "m", "label": "M", "rate": {"by_weight": [{"up_to": -1, "price": "1"}]}}]}"#,
        r#"{"weekend": ["caturday"]}"#,
    ] {
        assert!(serde_json::from_str::<ShippingRules>(json).is_err(), "{json}");
    }
}
