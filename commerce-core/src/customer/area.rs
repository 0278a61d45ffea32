//! Areas: parts of the world in which a rule holds.

use serde::{Deserialize, Serialize};

use super::postal::PostalPattern;
use super::subdivision::{bare, subdivision};
use super::{Country, Destination};
use crate::pricing::Wrong;

/// A part of the world: a country, some of its subdivisions, some of its postal codes.
///
/// A postal pattern is a code in which `?` stands for one character, a pattern with `*` at its end for all codes that
/// begin so, or a range of codes of digits alone: `"9021?"`, `"SW1*"`, `"35000-35999"`. Case, spaces and hyphens of codes
/// are not looked at, so a code of digits that is usually written with a hyphen is written without it: `"1000001"`, as
/// `"100-0001"` would be a range. Of codes of the United States only the first five digits are looked at.
///
/// Where both subdivisions and postal patterns are given, a destination must have one of each.
///
/// ```
/// use commerce_core::customer::{Area, Destination};
/// let lagos: Area = serde_json::from_str(r#"{"country": "NG", "subdivisions": ["LA"]}"#)?;
/// let ikeja = Destination { state_province: Some("la".into()), ..Destination::in_country("NG".parse().unwrap()) };
/// assert!(lagos.holds(&ikeja));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// The country.
    pub country: Country,
    /// Codes of its subdivisions (ISO 3166-2, with or without the country's prefix: `LA`, `NG-LA`), in any case; empty:
    /// all of it. Of a country without such codes they are names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subdivisions: Vec<String>,
    /// Postal patterns; empty: all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postal: Vec<String>,
}

/// How closely an area or a zone describes the destinations in it. What is closer goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Specificity {
    /// Everywhere.
    Everywhere,
    /// By the country.
    Country,
    /// By the subdivision of the country.
    Subdivision,
    /// By the postal code, with or without the subdivision.
    Postal,
}

/// An area, read.
#[derive(Debug, Clone)]
pub(crate) struct CompiledArea {
    country: Country,
    /// In upper case, without the country's prefix; sorted.
    subdivisions: Vec<String>,
    postal: Vec<PostalPattern>,
}

impl Area {
    /// The most subdivisions that one area may name.
    pub const SUBDIVISIONS_MAX: usize = 1_000;
    /// The most postal patterns that one area may name.
    pub const POSTAL_MAX: usize = 2_000;

    /// All of a country.
    #[must_use]
    pub fn country(country: Country) -> Self {
        Self { country, subdivisions: Vec::new(), postal: Vec::new() }
    }

    /// Whether the destination lies in it. What cannot be read - see the errors of a rulebook - holds nowhere.
    #[must_use]
    pub fn holds(&self, destination: &Destination) -> bool {
        let mut errors = Vec::new();
        let area = self.compile(&mut Wrong::root(&mut errors));
        errors.is_empty() && area.holds(destination)
    }

    /// Names the subdivisions that are none, of the place where `wrong` stands. This is asked of what comes into force, and
    /// not of what is: codes are withdrawn.
    pub(crate) fn check_subdivisions(&self, wrong: &mut Wrong<'_>) {
        for (index, code) in self.subdivisions.iter().enumerate() {
            if let Err(error) = subdivision(self.country, code) {
                wrong.below("subdivisions").at(index, error.to_string());
            }
        }
    }

    /// Reads the area; what is wrong is said of the place where `wrong` stands.
    pub(crate) fn compile(&self, wrong: &mut Wrong<'_>) -> CompiledArea {
        if self.subdivisions.len() > Self::SUBDIVISIONS_MAX {
            wrong.at("subdivisions", format!("must have at most {}", Self::SUBDIVISIONS_MAX));
        }
        if self.postal.len() > Self::POSTAL_MAX {
            wrong.at("postal", format!("must have at most {}", Self::POSTAL_MAX));
        }
        let mut subdivisions = Vec::with_capacity(self.subdivisions.len());
        for (index, subdivision) in self.subdivisions.iter().enumerate() {
            let bare = bare(subdivision, self.country);
            if bare.is_empty() || bare.chars().count() > 100 {
                wrong.below("subdivisions").at(index, "must have 1 to 100 characters");
            } else if let Some(other) = prefix_of_another(subdivision, self.country) {
                wrong.below("subdivisions").at(
                    index,
                    format!(
                        "`{subdivision}` is a subdivision of {other}, and the area's country is {}",
                        self.country
                    ),
                );
            }
            subdivisions.push(bare.to_uppercase());
        }
        subdivisions.sort_unstable();
        subdivisions.dedup();
        let read = |(index, text): (usize, &String)| {
            PostalPattern::read(text, self.country)
                .map_err(|reason| wrong.below("postal").at(index, reason))
                .ok()
        };
        let mut postal: Vec<_> = self.postal.iter().enumerate().filter_map(read).collect();
        if postal.is_empty() && !self.postal.is_empty() {
            // Nothing that is wrong makes an area wider.
            postal.push(PostalPattern::NONE);
        }
        CompiledArea { country: self.country, subdivisions, postal }
    }
}

impl CompiledArea {
    /// Its country.
    pub(crate) fn country(&self) -> Country {
        self.country
    }

    pub(crate) fn specificity(&self) -> Specificity {
        match (self.subdivisions.is_empty(), self.postal.is_empty()) {
            (_, false) => Specificity::Postal,
            (false, true) => Specificity::Subdivision,
            (true, true) => Specificity::Country,
        }
    }

    /// Whether the destination lies in it. Without a subdivision or a postal code it lies in none that asks for one.
    pub(crate) fn holds(&self, destination: &Destination) -> bool {
        self.country == destination.country
            && self.holds_subdivision(destination.state_province.as_deref())
            && self.holds_postal(destination.postal_code.as_deref())
    }

    fn holds_subdivision(&self, subdivision: Option<&str>) -> bool {
        if self.subdivisions.is_empty() {
            return true;
        }
        let Some(subdivision) = subdivision else { return false };
        let bare = bare(subdivision, self.country).to_uppercase();
        self.subdivisions.binary_search(&bare).is_ok()
    }

    fn holds_postal(&self, code: Option<&str>) -> bool {
        if self.postal.is_empty() {
            return true;
        }
        code.is_some_and(|code| self.postal.iter().any(|pattern| pattern.holds(code, self.country)))
    }

    /// Whether some destination lies in both. Exact: subdivisions and postal codes are free texts to us, so that each
    /// subdivision may go with each code.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let subdivisions = || {
            self.subdivisions.is_empty()
                || other.subdivisions.is_empty()
                || self.subdivisions.iter().any(|code| other.subdivisions.binary_search(code).is_ok())
        };
        let postal = || {
            self.postal.is_empty()
                || other.postal.is_empty()
                || self.postal.iter().any(|one| other.postal.iter().any(|another| one.overlaps(another)))
        };
        self.country == other.country && subdivisions() && postal()
    }
}

/// The other country whose prefix the code has, when it has the form of ISO 3166-2.
fn prefix_of_another(text: &str, country: Country) -> Option<Country> {
    let (prefix, bare) = text.trim().split_once('-')?;
    let code = (1..=3).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let other: Country = prefix.to_ascii_uppercase().parse().ok()?;
    (code && other != country).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(json: &str) -> Area {
        serde_json::from_str(json).unwrap()
    }

    fn compiled(json: &str) -> CompiledArea {
        let mut errors = Vec::new();
        let area = area(json).compile(&mut Wrong::root(&mut errors));
        assert!(errors.is_empty(), "{errors:?}");
        area
    }

    fn to(country: &str, state: &str, postal: &str) -> Destination {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Destination {
            country: country.parse().unwrap(),
            state_province: some(state),
            postal_code: some(postal),
        }
    }

    #[test]
    fn a_subdivision_is_known_with_and_without_prefix_and_in_any_case() {
        for written in ["LA", "la", "NG-LA", "ng-la", " LA "] {
            let area = compiled(&format!(r#"{{"country": "NG", "subdivisions": ["{written}", "OG"]}}"#));
            for state in ["LA", "la", "NG-LA", "ng-La", " la "] {
                assert!(area.holds(&to("NG", state, "")), "{written} {state}");
            }
            for state in ["AB", "", "GH-LA", "L"] {
                assert!(!area.holds(&to("NG", state, "")), "{written} {state}");
            }
            assert!(!area.holds(&to("GH", "LA", "")));
            assert_eq!(area.specificity(), Specificity::Subdivision);
        }
        let named = compiled(r#"{"country": "GB", "subdivisions": ["Stoke-on-Trent", "Ynys Môn"]}"#);
        assert!(named.holds(&to("GB", "stoke-on-trent", "")) && named.holds(&to("GB", "YNYS MÔN", "")));
    }

    #[test]
    fn a_destination_must_have_one_of_each() {
        let area =
            compiled(r#"{"country": "US", "subdivisions": ["CA"], "postal": ["9021?", "35000-35999"]}"#);
        assert!(area.holds(&to("US", "CA", "90210")) && area.holds(&to("US", "CA", "35042-1234")));
        assert!(!area.holds(&to("US", "NY", "90210")));
        assert!(!area.holds(&to("US", "CA", "")));
        assert!(!area.holds(&to("US", "", "90210")));
        assert_eq!(area.specificity(), Specificity::Postal);
        assert!(
            Specificity::Postal > Specificity::Subdivision && Specificity::Subdivision > Specificity::Country
        );
    }

    #[test]
    fn areas_overlap_where_a_destination_lies_in_both() {
        let all = [
            (r#"{"country": "US"}"#, r#"{"country": "US", "postal": ["9*"]}"#, true),
            (r#"{"country": "US"}"#, r#"{"country": "CA"}"#, false),
            (
                r#"{"country": "US", "subdivisions": ["CA", "NY"]}"#,
                r#"{"country": "US", "subdivisions": ["US-NY"]}"#,
                true,
            ),
            (
                r#"{"country": "US", "subdivisions": ["CA"]}"#,
                r#"{"country": "US", "subdivisions": ["NY"]}"#,
                false,
            ),
            (r#"{"country": "US", "subdivisions": ["CA"]}"#, r#"{"country": "US", "postal": ["1*"]}"#, true),
            (
                r#"{"country": "US", "postal": ["1*", "3*"]}"#,
                r#"{"country": "US", "postal": ["2*", "30000"]}"#,
                true,
            ),
            (r#"{"country": "US", "postal": ["1*"]}"#, r#"{"country": "US", "postal": ["2*"]}"#, false),
        ];
        for (one, other, overlap) in all {
            assert_eq!(compiled(one).overlaps(&compiled(other)), overlap, "{one} {other}");
            assert_eq!(compiled(other).overlaps(&compiled(one)), overlap, "{other} {one}");
        }
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let mut errors = Vec::new();
        let wrong = area(
            r#"{"country": "NG", "subdivisions": ["LA", "", "GH-AA"], "postal": ["*", "10*1", "200-100", "1-22", "a_b"]}"#,
        );
        let compiled = wrong.compile(&mut Wrong::root(&mut errors));
        let places: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        let expected = [
            "/subdivisions/1",
            "/subdivisions/2",
            "/postal/0",
            "/postal/1",
            "/postal/2",
            "/postal/3",
            "/postal/4",
        ];
        assert_eq!(places, expected, "{errors:?}");
        assert!(!compiled.holds(&to("NG", "LA", "100")), "what is wrong holds nowhere");
        assert!(!wrong.holds(&to("NG", "LA", "100")));
    }
}
