//! Weights, as the merchant entered them.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// The weight of one unit: exact grams, and the unit in which the merchant likes to see them.
///
/// The grams are kept as entered, fractions included; nothing is lost by turning pounds into grams and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// Grams: 0 to 100,000,000, with at most 18 decimals: real exports hold ounces turned into grams with eleven.
    pub grams: Decimal,
    /// The unit to show.
    pub unit: WeightUnit,
}

/// A unit of weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeightUnit {
    /// Gram.
    #[serde(rename = "g")]
    Gram,
    /// Kilogram.
    #[serde(rename = "kg")]
    Kilogram,
    /// Avoirdupois ounce.
    #[serde(rename = "oz")]
    Ounce,
    /// Avoirdupois pound.
    #[serde(rename = "lb")]
    Pound,
}

impl Weight {
    /// The heaviest a unit may be, in grams.
    pub const GRAMS_MAX: u32 = 100_000_000;

    /// Reads a number of grams; `None` when it is no plain decimal number from 0 to [`Weight::GRAMS_MAX`].
    #[must_use]
    pub fn parse_grams(text: &str, unit: WeightUnit) -> Option<Self> {
        let grams = Decimal::from_str_exact(text).ok()?.normalize();
        let fits =
            !grams.is_sign_negative() && grams <= Decimal::from(Self::GRAMS_MAX) && grams.scale() <= 18;
        fits.then_some(Self { grams, unit })
    }

    /// The weight in milligrams, rounded up: what shipping is priced by.
    #[must_use]
    pub fn milligrams(&self) -> u64 {
        (self.grams * Decimal::ONE_THOUSAND).ceil().to_u64().unwrap_or(0)
    }
}

impl FromStr for WeightUnit {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "g" => Ok(Self::Gram),
            "kg" => Ok(Self::Kilogram),
            "oz" => Ok(Self::Ounce),
            "lb" => Ok(Self::Pound),
            _ => Err(()),
        }
    }
}

impl fmt::Display for WeightUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gram => "g",
            Self::Kilogram => "kg",
            Self::Ounce => "oz",
            Self::Pound => "lb",
        })
    }
}
