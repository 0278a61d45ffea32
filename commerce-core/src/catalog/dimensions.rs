//! How large things are, as the merchant entered it.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// Length, width and height of one unit, in the unit in which the merchant entered them.
///
/// ```
/// use commerce_core::catalog::{Dimensions, LengthUnit};
/// let parcel = Dimensions::parse("60", "40", "30.5", LengthUnit::Centimetre).unwrap();
/// assert_eq!(parcel.millimetres(), [600, 400, 305]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Dimensions {
    /// The length: above 0 and at most 100 metres, with at most 6 decimals.
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = crate::schema::AMOUNT)))]
    pub length: Decimal,
    /// The width, likewise.
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = crate::schema::AMOUNT)))]
    pub width: Decimal,
    /// The height, likewise.
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = crate::schema::AMOUNT)))]
    pub height: Decimal,
    /// The unit of all three.
    pub unit: LengthUnit,
}

/// A unit of length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LengthUnit {
    /// Millimetre.
    #[serde(rename = "mm")]
    Millimetre,
    /// Centimetre.
    #[serde(rename = "cm")]
    Centimetre,
    /// Metre.
    #[serde(rename = "m")]
    Metre,
    /// Inch: 25.4 millimetres.
    #[serde(rename = "in")]
    Inch,
}

impl Dimensions {
    /// The longest that a side may be, in millimetres: 100 metres.
    pub const MILLIMETRES_MAX: u32 = 100_000;

    /// Reads three plain decimal numbers; `None` when one is none, or out of range.
    #[must_use]
    pub fn parse(length: &str, width: &str, height: &str, unit: LengthUnit) -> Option<Self> {
        let read = |text: &str| Decimal::from_str_exact(text).ok().map(|side| side.normalize());
        let dimensions = Self { length: read(length)?, width: read(width)?, height: read(height)?, unit };
        dimensions.fits().then_some(dimensions)
    }

    /// Whether every side is above 0, at most 100 metres, and has at most 6 decimals.
    #[must_use]
    pub fn fits(&self) -> bool {
        [self.length, self.width, self.height].into_iter().all(|side| {
            let positive = !side.is_sign_negative() && !side.is_zero();
            let millimetres = side.checked_mul(self.unit.millimetres());
            positive
                && side.scale() <= 6
                && millimetres.is_some_and(|side| side <= Self::MILLIMETRES_MAX.into())
        })
    }

    /// The sides in millimetres, each rounded up: what shipping is priced by.
    #[must_use]
    pub fn millimetres(&self) -> [u32; 3] {
        [self.length, self.width, self.height].map(|side| {
            let millimetres = side.checked_mul(self.unit.millimetres()).map(|side| side.ceil());
            millimetres.and_then(|side| side.to_u32()).unwrap_or(Self::MILLIMETRES_MAX)
        })
    }
}

impl LengthUnit {
    fn millimetres(self) -> Decimal {
        match self {
            Self::Millimetre => Decimal::ONE,
            Self::Centimetre => Decimal::TEN,
            Self::Metre => Decimal::ONE_THOUSAND,
            Self::Inch => Decimal::new(254, 1),
        }
    }
}

impl FromStr for LengthUnit {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "mm" => Ok(Self::Millimetre),
            "cm" => Ok(Self::Centimetre),
            "m" => Ok(Self::Metre),
            "in" => Ok(Self::Inch),
            _ => Err(()),
        }
    }
}

impl fmt::Display for LengthUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Millimetre => "mm",
            Self::Centimetre => "cm",
            Self::Metre => "m",
            Self::Inch => "in",
        })
    }
}
