//! When goods arrive.

use super::*;

fn dates(rules: &str, estimate: &str, now: &str) -> [String; 2] {
    let rules = compiled(&format!(
        r#"{{{rules} "methods": [{{"code": "m", "label": "M", "rate": {{"flat": "1"}}, "estimate": {estimate}}}]}}"#
    ));
    let one = [item(1, 1)];
    let now = now.parse().unwrap();
    let carriers = CarrierAnswers::default();
    let considered = options(&rules, &nigeria(), now, Currency::NGN, &goods(&one), &carriers).unwrap();
    let estimate = considered[0].outcome.as_ref().unwrap().estimate.unwrap();
    [estimate.earliest, estimate.latest].map(|date| date.to_string())
}

const LAGOS: &str = r#""time_zone": "+01:00","#;
const ONE_TO_TWO: &str = r#"{"handling_days": 1, "min_days": 1, "max_days": 2, "cutoff": "14:00"}"#;

#[test]
fn over_a_weekend() {
    // Thursday before the cut-off: leaves on Friday, arrives on Monday or Tuesday.
    assert_eq!(dates(LAGOS, ONE_TO_TWO, "2026-11-19T10:00:00Z"), ["2026-11-23", "2026-11-24"]);
    // On a Saturday and a Sunday it counts as of Monday, whatever the time.
    for at in ["2026-11-21T08:00:00Z", "2026-11-22T20:00:00Z", "2026-11-23T08:00:00Z"] {
        assert_eq!(dates(LAGOS, ONE_TO_TWO, at), ["2026-11-25", "2026-11-26"], "{at}");
    }
}

#[test]
fn after_the_cut_off_by_the_shops_clocks() {
    assert_eq!(dates(LAGOS, ONE_TO_TWO, "2026-11-16T12:59:59.999999Z"), ["2026-11-18", "2026-11-19"]);
    assert_eq!(dates(LAGOS, ONE_TO_TWO, "2026-11-16T13:00:00Z"), ["2026-11-19", "2026-11-20"]);
    assert_eq!(dates("", ONE_TO_TWO, "2026-11-16T13:00:00Z"), ["2026-11-18", "2026-11-19"], "by UTC");
    // Late in the evening by UTC it is tomorrow in Lagos, and today in St. John's.
    let same_day = r#"{"min_days": 0, "max_days": 0}"#;
    assert_eq!(dates(LAGOS, same_day, "2026-11-16T23:30:00Z"), ["2026-11-17", "2026-11-17"]);
    assert_eq!(
        dates(r#""time_zone": "-03:30","#, same_day, "2026-11-17T03:29:00Z"),
        ["2026-11-16", "2026-11-16"]
    );
}

#[test]
fn over_holidays() {
    let rules = r#""time_zone": "Z", "holidays": ["2026-12-28", "2027-01-01", "2026-12-25"],"#;
    // Thursday 24 December, then a holiday, a weekend, a holiday: Tuesday is the next business day.
    let next_day = r#"{"min_days": 1, "max_days": 1}"#;
    assert_eq!(dates(rules, next_day, "2026-12-24T10:00:00Z"), ["2026-12-29", "2026-12-29"]);
    assert_eq!(dates(rules, next_day, "2026-12-25T10:00:00Z"), ["2026-12-30", "2026-12-30"]);
}

#[test]
fn the_weekend_is_the_shops_own() {
    let next_day = r#"{"min_days": 1, "max_days": 1}"#;
    let friday_and_saturday = r#""weekend": ["friday", "saturday"],"#;
    assert_eq!(dates(friday_and_saturday, next_day, "2026-11-19T10:00:00Z")[0], "2026-11-22");
    assert_eq!(dates(r#""weekend": [],"#, next_day, "2026-11-20T10:00:00Z")[0], "2026-11-21");
}

#[test]
fn no_panic_at_the_ends_of_time() {
    let long = r#"{"handling_days": 365, "min_days": 365, "max_days": 365, "cutoff": "00:00"}"#;
    // The last day of all is a Friday: where that is a day of rest there is no next one to wait for.
    for (zone, rest) in [("+14:00", "sunday"), ("-12:00", "sunday"), ("Z", "friday")] {
        let rules = format!(r#""time_zone": "{zone}", "weekend": ["{rest}"],"#);
        let last = jiff::Timestamp::MAX.to_string();
        assert_eq!(dates(&rules, long, &last), ["9999-12-31", "9999-12-31"]);
        let first = jiff::Timestamp::MIN.to_string();
        assert!(dates(&rules, long, &first)[0].starts_with("-00999"));
    }
}

#[test]
fn dates_are_written_in_one_way() {
    for bad in ["20261122", "2026-11-22T10:00:00", "2026-11-31", "2026-1-2", "", " 2026-11-22", "26-11-22"] {
        assert!(bad.parse::<crate::shipping::Date>().is_err(), "{bad}");
    }
    let date: crate::shipping::Date = serde_json::from_str("\"2028-02-29\"").unwrap();
    assert_eq!(serde_json::to_string(&date).unwrap(), "\"2028-02-29\"");
}
