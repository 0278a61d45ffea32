//! Zones: areas under one name, for which tax and shipping have rules.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::area::CompiledArea;
use super::{Area, Country, Destination, Specificity};
use crate::pricing::Wrong;

/// Areas under one name. Tax rates and shipping methods name a zone by its code.
///
/// ```
/// use commerce_core::customer::Zone;
/// let coast: Zone = serde_json::from_str(
///     r#"{"code": "coast", "areas": [{"country": "GH"}, {"country": "NG", "subdivisions": ["LA", "RI"]}]}"#,
/// )?;
/// assert_eq!(coast.areas.len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// What rules call it by: 1 to 100 characters, unique among the zones of a document.
    pub code: String,
    /// What staff read; at most 200 characters. Empty: the code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The areas that belong to it; empty: everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
}

/// A zone, read.
#[derive(Debug, Clone)]
pub(crate) struct CompiledZone {
    areas: Vec<CompiledArea>,
    everywhere: bool,
}

impl Zone {
    /// The most areas of one zone.
    pub const AREAS_MAX: usize = 1_000;

    /// Everywhere.
    #[must_use]
    pub fn everywhere(code: impl Into<String>) -> Self {
        Self { code: code.into(), name: String::new(), areas: Vec::new() }
    }

    /// Reads the zone. Whether the code occurs twice is for whoever holds several zones to say:
    /// [`compile_all`](Self::compile_all).
    pub(crate) fn compile(&self, wrong: &mut Wrong<'_>) -> CompiledZone {
        if self.name.chars().count() > 200 || crate::text::has_control(&self.name) {
            wrong.at("name", "must have at most 200 characters and no control characters");
        }
        if self.areas.len() > Self::AREAS_MAX {
            wrong.at("areas", format!("must have at most {}", Self::AREAS_MAX));
        }
        let mut wrong = wrong.below("areas");
        let read = |(index, area): (usize, &Area)| area.compile(&mut wrong.below(index));
        let areas: Vec<_> = self.areas.iter().enumerate().map(read).collect();
        CompiledZone { everywhere: areas.is_empty(), areas }
    }

    /// Reads the zones of a document, whose codes must differ; `wrong` stands at their list.
    pub(crate) fn compile_all(zones: &[Self], wrong: &mut Wrong<'_>) -> Vec<CompiledZone> {
        let mut codes = HashSet::new();
        let read = |(index, zone): (usize, &Self)| {
            let mut wrong = wrong.below(index);
            wrong.code(&zone.code, &mut codes);
            zone.compile(&mut wrong)
        };
        zones.iter().enumerate().map(read).collect()
    }
}

impl Zone {
    /// Names the subdivisions that are none in areas of which none is in force yet; `wrong` stands at the list of zones.
    pub(crate) fn check_new(zones: &[Self], in_force: &[Self], wrong: &mut Wrong<'_>) {
        let known: Vec<&Area> = in_force.iter().flat_map(|zone| &zone.areas).collect();
        for (index, zone) in zones.iter().enumerate() {
            for (place, area) in zone.areas.iter().enumerate().filter(|(_, area)| !known.contains(area)) {
                area.check_subdivisions(&mut wrong.below(index).below("areas").below(place));
            }
        }
    }
}

impl CompiledZone {
    /// How closely the zone describes the destination; `None` when that lies elsewhere.
    pub(crate) fn holds(&self, destination: &Destination) -> Option<Specificity> {
        if self.everywhere {
            return Some(Specificity::Everywhere);
        }
        self.areas.iter().filter(|area| area.holds(destination)).map(CompiledArea::specificity).max()
    }

    /// The countries that it has a part in; `None` when it is everywhere.
    pub(crate) fn countries(&self) -> Option<impl Iterator<Item = Country>> {
        (!self.everywhere).then(|| self.areas.iter().map(CompiledArea::country))
    }

    /// Whether some destination lies in both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.everywhere || other.everywhere || self.pairs(other).any(|(one, other)| one.overlaps(other))
    }

    /// Whether some destination may lie in both, described equally closely. It may be that each such destination is
    /// described more closely by another area of one of them: that is not looked into.
    pub(crate) fn may_rival(&self, other: &Self) -> bool {
        if self.everywhere || other.everywhere {
            return self.everywhere && other.everywhere;
        }
        self.pairs(other).any(|(one, other)| one.specificity() == other.specificity() && one.overlaps(other))
    }

    fn pairs<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a CompiledArea, &'a CompiledArea)> {
        self.areas.iter().flat_map(|one| other.areas.iter().map(move |another| (one, another)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(json: &str) -> CompiledZone {
        let mut errors = Vec::new();
        let zone = serde_json::from_str::<Zone>(json).unwrap().compile(&mut Wrong::root(&mut errors));
        assert!(errors.is_empty(), "{errors:?}");
        zone
    }

    #[test]
    fn the_closest_area_describes_a_destination() {
        let zone = zone(
            r#"{"code": "z", "areas": [{"country": "NG"}, {"country": "NG", "subdivisions": ["LA"]}, {"country": "NG", "postal": ["10*"]}]}"#,
        );
        let mut to = Destination::in_country(Country::NG);
        assert_eq!(zone.holds(&to), Some(Specificity::Country));
        to.state_province = Some("LA".to_owned());
        assert_eq!(zone.holds(&to), Some(Specificity::Subdivision));
        to.postal_code = Some("100 001".to_owned());
        assert_eq!(zone.holds(&to), Some(Specificity::Postal));
        assert_eq!(zone.holds(&Destination::in_country(Country::GH)), None);
        assert_eq!(zone.countries().unwrap().collect::<HashSet<_>>().len(), 1);
        let mut errors = Vec::new();
        let everywhere = Zone::everywhere("all").compile(&mut Wrong::root(&mut errors));
        assert_eq!(everywhere.holds(&to), Some(Specificity::Everywhere));
        assert!(everywhere.countries().is_none());
    }

    #[test]
    fn zones_are_rivals_only_where_both_are_as_close() {
        let country = zone(r#"{"code": "a", "areas": [{"country": "NG"}]}"#);
        let lagos = zone(r#"{"code": "b", "areas": [{"country": "NG", "subdivisions": ["LA"]}]}"#);
        let both = zone(r#"{"code": "c", "areas": [{"country": "NG", "subdivisions": ["LA", "OG"]}]}"#);
        let everywhere = zone(r#"{"code": "d"}"#);
        assert!(country.overlaps(&lagos) && !country.may_rival(&lagos));
        assert!(lagos.may_rival(&both) && country.may_rival(&country));
        assert!(
            everywhere.overlaps(&lagos) && !everywhere.may_rival(&lagos) && everywhere.may_rival(&everywhere)
        );
    }

    #[test]
    fn codes_differ_and_mistakes_are_named_with_their_place() {
        let zones: Vec<Zone> = serde_json::from_str(
            r#"[{"code": "a"}, {"code": "a", "areas": [{"country": "NG", "postal": ["*"]}]}, {"code": ""}]"#,
        )
        .unwrap();
        let mut errors = Vec::new();
        Zone::compile_all(&zones, &mut Wrong::root(&mut errors).below("zones"));
        let places: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(places, ["/zones/1/code", "/zones/1/areas/0/postal/0", "/zones/2/code"]);
    }

    #[test]
    fn subdivisions_that_come_into_force_are_ones_of_the_country() {
        let zones = |subdivision: &str| -> Vec<Zone> {
            let area = format!(r#"{{"country": "NG", "subdivisions": ["LA", "{subdivision}"]}}"#);
            serde_json::from_str(&format!(r#"[{{"code": "a"}}, {{"code": "b", "areas": [{area}]}}]"#))
                .unwrap()
        };
        let places = |new: &[Zone], before: &[Zone]| {
            let mut errors = Vec::new();
            Zone::check_new(new, before, &mut Wrong::root(&mut errors).below("zones"));
            errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        assert_eq!(places(&zones("ng-og"), &[]), none);
        assert_eq!(places(&zones("Ogun"), &[]), ["/zones/1/areas/0/subdivisions/1"]);
        assert_eq!(places(&zones("Ogun"), &zones("Ogun")), none, "what is in force stays in force");
    }
}
