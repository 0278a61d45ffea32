//! Rules of some countries to begin with. `docs/tax-presets.md` names the law behind each rate.
//!
//! They say what the rates are, not which goods belong to which class: that is for the shop, or for who advises it, to
//! decide. They are as of November 2026, and rates change: check before use.

use super::rules::{ReverseCharge, TaxRate, TaxRules};
use crate::catalog::TaxClass;
use crate::customer::{Area, Zone};

/// The names of the presets.
pub const NAMES: [&str; 10] = ["ng", "gh", "ke", "za", "ci", "eg", "rw", "eu", "gb", "us-example"];

/// Rules by the name of the preset: the country's two letters in lower case, `eu` for the member states of the European
/// Union, and `us-example` for a made-up state with taxes of state, county and city. Prices hold the tax, except in
/// `us-example`. Shipping is taxed as `standard`.
///
/// ```
/// use commerce_core::tax::presets;
/// let nigeria = presets::preset("ng").unwrap();
/// assert_eq!(nigeria.rates[0].rate.to_string(), "7.5");
/// assert!(presets::preset("atlantis").is_none());
/// ```
#[must_use]
pub fn preset(name: &str) -> Option<TaxRules> {
    if !NAMES.contains(&name) {
        return None;
    }
    let mut rules = TaxRules {
        prices_include_tax: true,
        shipping_class: Some(TaxClass::standard()),
        ..TaxRules::default()
    };
    match name {
        "gh" => ghana(&mut rules)?,
        "us-example" => example_state(&mut rules)?,
        "eu" => {
            for (country, rates) in MEMBER_STATES {
                one_tax(&mut rules, country, rates)?;
            }
            outside_the_vat_territory(&mut rules)?;
            let all = MEMBER_STATES.iter().map(|(country, _)| country.parse().map(Area::country));
            let areas = all.collect::<Result<_, _>>().ok()?;
            rules.zones.push(Zone { code: "eu".to_owned(), name: "European Union".to_owned(), areas });
            rules.reverse_charge = Some(ReverseCharge { zone: "eu".to_owned() });
        }
        name => {
            let (country, rates) =
                COUNTRIES.iter().find(|(country, _)| country.eq_ignore_ascii_case(name))?;
            one_tax(&mut rules, country, rates)?;
        }
    }
    Some(rules)
}

/// Class and rate in percent.
type Rates = &'static [(&'static str, &'static str)];

/// Countries that have one tax, called VAT.
const COUNTRIES: [(&str, Rates); 7] = [
    ("NG", &[("standard", "7.5"), ("zero", "0")]),
    ("KE", &[("standard", "16"), ("zero", "0")]),
    ("ZA", &[("standard", "15"), ("zero", "0")]),
    ("CI", &[("standard", "18"), ("reduced", "9")]),
    ("EG", &[("standard", "14"), ("zero", "0")]),
    ("RW", &[("standard", "18"), ("zero", "0")]),
    ("GB", &[("standard", "20"), ("reduced", "5"), ("zero", "0")]),
];

/// The member states of the European Union. Of two reduced rates from 5 %, `reduced` is the lower and `reduced2` the
/// higher; `super_reduced` lies below 5 %.
const MEMBER_STATES: [(&str, Rates); 27] = [
    ("AT", &[("standard", "20"), ("reduced", "10"), ("reduced2", "13")]),
    ("BE", &[("standard", "21"), ("reduced", "6"), ("reduced2", "12")]),
    ("BG", &[("standard", "20"), ("reduced", "9")]),
    ("CY", &[("standard", "19"), ("reduced", "5"), ("reduced2", "9"), ("super_reduced", "3")]),
    ("CZ", &[("standard", "21"), ("reduced", "12")]),
    ("DE", &[("standard", "19"), ("reduced", "7")]),
    ("DK", &[("standard", "25")]),
    ("EE", &[("standard", "24"), ("reduced", "9"), ("reduced2", "13")]),
    ("ES", &[("standard", "21"), ("reduced", "10"), ("super_reduced", "4")]),
    ("FI", &[("standard", "25.5"), ("reduced", "10"), ("reduced2", "13.5")]),
    ("FR", &[("standard", "20"), ("reduced", "5.5"), ("reduced2", "10"), ("super_reduced", "2.1")]),
    ("GR", &[("standard", "24"), ("reduced", "6"), ("reduced2", "13")]),
    ("HR", &[("standard", "25"), ("reduced", "5"), ("reduced2", "13")]),
    ("HU", &[("standard", "27"), ("reduced", "5"), ("reduced2", "18")]),
    (
        "IE",
        &[
            ("standard", "23"),
            ("reduced", "9"),
            ("reduced2", "13.5"),
            ("super_reduced", "4.8"),
            ("zero", "0"),
        ],
    ),
    ("IT", &[("standard", "22"), ("reduced", "5"), ("reduced2", "10"), ("super_reduced", "4")]),
    ("LT", &[("standard", "21"), ("reduced", "5"), ("reduced2", "12")]),
    ("LU", &[("standard", "17"), ("reduced", "8"), ("reduced2", "14"), ("super_reduced", "3")]),
    ("LV", &[("standard", "21"), ("reduced", "5"), ("reduced2", "12")]),
    ("MT", &[("standard", "18"), ("reduced", "5"), ("reduced2", "7"), ("zero", "0")]),
    ("NL", &[("standard", "21"), ("reduced", "9")]),
    ("PL", &[("standard", "23"), ("reduced", "5"), ("reduced2", "8")]),
    ("PT", &[("standard", "23"), ("reduced", "6"), ("reduced2", "13")]),
    ("RO", &[("standard", "21"), ("reduced", "11")]),
    ("SE", &[("standard", "25"), ("reduced", "6"), ("reduced2", "12")]),
    ("SI", &[("standard", "22"), ("reduced", "5"), ("reduced2", "9.5")]),
    ("SK", &[("standard", "23"), ("reduced", "5"), ("reduced2", "19")]),
];

/// Parts of member states where the common VAT is not charged (Article 6 of Directive 2006/112/EC), by postal code.
const OUTSIDE: [(&str, &[&str]); 4] = [
    // Büsingen and Heligoland.
    ("DE", &["78266", "27498"]),
    // The Canary Islands, Ceuta and Melilla.
    ("ES", &["35*", "38*", "51*", "52*"]),
    // Mount Athos.
    ("GR", &["63086"]),
    // Livigno and Campione d'Italia.
    ("IT", &["23041", "22061"]),
];

/// A zone of the country and its rates of VAT.
fn one_tax(rules: &mut TaxRules, country: &str, rates: Rates) -> Option<()> {
    let zone = country.to_lowercase();
    add_zone(rules, &zone, Area::country(country.parse().ok()?));
    for (class, percent) in rates {
        let class: TaxClass = class.parse().ok()?;
        let standard = class == TaxClass::standard();
        let code = if standard { format!("{zone}-vat") } else { format!("{zone}-vat-{class}") };
        let rate = rate(code, &zone, "VAT", percent)?;
        rules.rates.push(TaxRate { classes: if standard { Vec::new() } else { vec![class] }, ..rate });
    }
    Some(())
}

fn outside_the_vat_territory(rules: &mut TaxRules) -> Option<()> {
    let area = |(country, postal): &(&str, &[&str])| {
        let postal = postal.iter().map(|pattern| (*pattern).to_owned()).collect();
        Some(Area { postal, ..Area::country(country.parse().ok()?) })
    };
    let areas = OUTSIDE.iter().map(area).collect::<Option<_>>()?;
    let name = "Outside the common VAT".to_owned();
    rules.zones.push(Zone { code: "eu-outside".to_owned(), name, areas });
    rules.rates.push(rate("eu-outside".to_owned(), "eu-outside", "VAT", "0")?);
    Some(())
}

/// Until the end of 2025 VAT was taken of the price and three levies; since then VAT and two levies stand side by side.
fn ghana(rules: &mut TaxRules) -> Option<()> {
    let change = Some("2026-01-01T00:00:00Z".parse().ok()?);
    add_zone(rules, "gh", Area::country("GH".parse().ok()?));
    let before = |rate: TaxRate| TaxRate { until: change, ..rate };
    let since = |rate: TaxRate| TaxRate { from: change, ..rate };
    let rate = |code: &str, name: &str, percent: &str| rate(code.to_owned(), "gh", name, percent);
    rules.rates.extend([
        before(rate("gh-nhil-2025", "NHIL", "2.5")?),
        before(rate("gh-getfund-2025", "GETFund", "2.5")?),
        before(rate("gh-covid-2025", "COVID-19 HRL", "1")?),
        before(TaxRate { compound: true, priority: 1, ..rate("gh-vat-2025", "VAT", "15")? }),
        since(rate("gh-nhil", "NHIL", "2.5")?),
        since(rate("gh-getfund", "GETFund", "2.5")?),
        since(TaxRate { priority: 1, ..rate("gh-vat", "VAT", "15")? }),
    ]);
    Some(())
}

/// A state that does not exist, with codes that the postal service does not use.
fn example_state(rules: &mut TaxRules) -> Option<()> {
    rules.prices_include_tax = false;
    let of_us = |subdivisions: &[&str], postal: &[&str]| {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        Some(Area { country: "US".parse().ok()?, subdivisions: texts(subdivisions), postal: texts(postal) })
    };
    for (zone, area) in [
        ("example-state", of_us(&["XE"], &[])?),
        ("example-county", of_us(&["XE"], &["000*"])?),
        ("example-city", of_us(&["XE"], &["00012", "00020-00029"])?),
    ] {
        add_zone(rules, zone, area);
    }
    let groceries: TaxClass = "groceries".parse().ok()?;
    let rate = |code: &str, zone, name, percent| rate(code.to_owned(), zone, name, percent);
    rules.rates.extend([
        rate("example-state", "example-state", "Example state tax", "5.125")?,
        TaxRate {
            classes: vec![groceries],
            ..rate("example-state-groceries", "example-state", "Example state tax", "1")?
        },
        TaxRate { priority: 1, ..rate("example-county", "example-county", "Example county tax", "1.375")? },
        TaxRate { priority: 2, ..rate("example-city", "example-city", "Example city tax", "0.5")? },
    ]);
    Some(())
}

fn add_zone(rules: &mut TaxRules, code: &str, area: Area) {
    rules.zones.push(Zone { code: code.to_owned(), name: String::new(), areas: vec![area] });
}

fn rate(code: String, zone: &str, name: &str, percent: &str) -> Option<TaxRate> {
    Some(TaxRate {
        code,
        zone: zone.to_owned(),
        name: name.to_owned(),
        classes: Vec::new(),
        rate: percent.parse().ok()?,
        compound: false,
        priority: 0,
        from: None,
        until: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::customer::Destination;
    use crate::pricing::Wrong;
    use crate::tax::compiled::TaxQuestion;

    /// `VAT 7.5 %` and so on, at the place and time.
    fn labels(preset: &str, to: (&str, &str, &str), now: &str, class: &str) -> Vec<String> {
        let mut errors = Vec::new();
        let rules = super::preset(preset).unwrap();
        let home = Destination::in_country("DE".parse().unwrap());
        let compiled = rules.compile(Some(&home), &mut Wrong::root(&mut errors));
        assert!(errors.is_empty(), "{errors:?}");
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let destination = Destination {
            country: to.0.parse().unwrap(),
            state_province: some(to.1),
            postal_code: some(to.2),
        };
        let now: Timestamp = now.parse().unwrap();
        let question = TaxQuestion { destination: Some(&destination), now, exempt: false, vat_country: None };
        let set = compiled.rates(&question, &class.parse().unwrap()).unwrap();
        set.rates().iter().map(|rate| rate.label.to_string()).collect()
    }

    const TODAY: &str = "2026-11-22T12:00:00Z";

    #[test]
    fn every_preset_can_be_read_and_written() {
        for name in NAMES {
            let rules = preset(name).unwrap();
            let json = serde_json::to_string(&rules).unwrap();
            assert_eq!(serde_json::from_str::<TaxRules>(&json).unwrap(), rules, "{name}");
            let mut errors = Vec::new();
            rules.compile(
                Some(&Destination::in_country("NG".parse().unwrap())),
                &mut Wrong::root(&mut errors),
            );
            assert!(errors.is_empty(), "{name}: {errors:?}");
            assert_eq!(rules.prices_include_tax, name != "us-example");
        }
    }

    #[test]
    fn the_document_names_every_rate() {
        let document = include_str!("../../../docs/tax-presets.md");
        for name in NAMES {
            for rate in preset(name).unwrap().rates {
                let class = rate.classes.first().map_or("standard", TaxClass::as_str);
                let row = format!("| `{}` | {} | `{class}` | {} |", rate.code, rate.name, rate.rate);
                assert!(document.contains(&row), "{row}");
            }
        }
        let rows = document.lines().filter(|line| line.starts_with("| `")).count();
        let rates: usize = NAMES.iter().map(|name| preset(name).unwrap().rates.len()).sum();
        assert_eq!(rows, rates, "a row of the document is no rate");
    }

    #[test]
    fn rates_hold_where_and_when_they_should() {
        assert_eq!(labels("ng", ("NG", "LA", ""), TODAY, "standard"), ["VAT 7.5 %"]);
        assert_eq!(labels("ng", ("NG", "LA", ""), TODAY, "zero"), ["VAT 0 %"]);
        assert!(labels("ng", ("GH", "", ""), TODAY, "standard").is_empty());
        assert_eq!(labels("gb", ("GB", "", "SW1A 1AA"), TODAY, "reduced"), ["VAT 5 %"]);
        assert_eq!(labels("ci", ("CI", "", ""), TODAY, "reduced"), ["VAT 9 %"]);
        let ghana = |now| labels("gh", ("GH", "", ""), now, "standard");
        let before = ["NHIL 2.5 %", "GETFund 2.5 %", "COVID-19 HRL 1 %", "VAT 15 %"];
        assert_eq!(ghana("2025-12-31T23:59:59Z"), before);
        assert_eq!(ghana("2026-01-01T00:00:00Z"), ["NHIL 2.5 %", "GETFund 2.5 %", "VAT 15 %"]);
    }

    #[test]
    fn the_union_has_a_standard_rate_in_every_state() {
        assert_eq!(labels("eu", ("EE", "", ""), TODAY, "standard"), ["VAT 24 %"]);
        assert_eq!(labels("eu", ("DE", "", "10115"), TODAY, "reduced"), ["VAT 7 %"]);
        // A class that the country has no rate for is taxed in full rather than too little.
        assert_eq!(labels("eu", ("DE", "", "10115"), TODAY, "reduced2"), ["VAT 19 %"]);
        assert_eq!(labels("eu", ("ES", "", "35001"), TODAY, "reduced"), ["VAT 0 %"]);
        assert_eq!(labels("eu", ("ES", "", "28001"), TODAY, "reduced"), ["VAT 10 %"]);
        for (country, _) in MEMBER_STATES {
            assert_eq!(labels("eu", (country, "", ""), TODAY, "standard").len(), 1, "{country}");
        }
    }

    #[test]
    fn the_example_adds_state_county_and_city() {
        let at = |postal| labels("us-example", ("US", "US-XE", postal), TODAY, "standard");
        let (state, county, city) =
            ("Example state tax 5.125 %", "Example county tax 1.375 %", "Example city tax 0.5 %");
        assert_eq!(at("99999"), [state]);
        assert_eq!(at("00099-0001"), [state, county]);
        assert_eq!(at("00012"), [state, county, city]);
        assert_eq!(
            labels("us-example", ("US", "XE", "00099"), TODAY, "groceries")[0],
            "Example state tax 1 %"
        );
    }
}
