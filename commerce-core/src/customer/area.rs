//! Areas: parts of the world in which a rule holds.

use serde::{Deserialize, Serialize};

use super::{Country, Destination};

/// A part of the world: a country, some of its subdivisions, some of its postal codes.
///
/// A postal pattern is a code in which `?` stands for one character, a pattern with `*` at its end for all codes that
/// begin so, or a range of codes of digits alone: `"9021?"`, `"SW1*"`, `"35000-35999"`. Case, spaces and hyphens of codes
/// are not looked at.
///
/// ```
/// use commerce_core::customer::{Area, Destination};
/// let lagos: Area = serde_json::from_str(r#"{"country": "NG", "subdivisions": ["LA"]}"#)?;
/// let ikeja = Destination { state_province: Some("la".into()), ..Destination::in_country("NG".parse().unwrap()) };
/// assert!(lagos.holds(&ikeja));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// The country.
    pub country: Country,
    /// Codes of its subdivisions (ISO 3166-2, with or without the country's prefix: `LA`, `NG-LA`); empty: all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subdivisions: Vec<String>,
    /// Postal patterns; empty: all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postal: Vec<String>,
}
