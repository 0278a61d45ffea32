//! Percentages: tax rates and discounts.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{MoneyError, Rounding, divide};

/// A percentage from 0 to 1000 with at most six decimals: `"7.5"` is 7.5 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = crate::schema::AMOUNT)))]
pub struct Percent(#[cfg_attr(feature = "schema", schemars(with = "String"))] Decimal);

impl Percent {
    /// 0 %.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// 100 %.
    pub const HUNDRED: Self = Self(Decimal::ONE_HUNDRED);

    /// Whether this is 0 %.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// This percentage of `minor`: what is added on top of a net amount, or taken off a price.
    ///
    /// # Errors
    /// When the result does not fit.
    pub fn of(self, minor: i64, mode: Rounding) -> Result<i64, MoneyError> {
        let (numerator, denominator) = self.fraction();
        let part = divide(i128::from(minor) * numerator, denominator, mode);
        i64::try_from(part).map_err(|_| MoneyError::Overflow)
    }

    /// The part of the gross amount `minor` that is this percentage of its net: gross × rate / (100 + rate).
    ///
    /// # Errors
    /// When the result does not fit.
    pub fn within(self, minor: i64, mode: Rounding) -> Result<i64, MoneyError> {
        let (numerator, denominator) = self.fraction();
        let part = divide(i128::from(minor) * numerator, denominator + numerator, mode);
        i64::try_from(part).map_err(|_| MoneyError::Overflow)
    }

    /// Numerator and denominator of the rate as a fraction of one.
    pub(super) fn fraction(self) -> (i128, i128) {
        (self.0.mantissa(), 100 * i128::from(10_i64.pow(self.0.scale())))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Percent {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let rate = Decimal::from_str_exact(text).map_err(|_| MoneyError::Malformed)?.normalize();
        if rate.scale() > 6 {
            return Err(MoneyError::TooManyDecimals { most: 6 });
        }
        if rate.is_sign_negative() || rate > Decimal::ONE_THOUSAND {
            return Err(MoneyError::PercentOutOfRange);
        }
        Ok(Self(rate))
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nigerian_vat_on_top_and_inside() {
        let vat: Percent = "7.5".parse().unwrap();
        assert_eq!(vat.of(10_000, Rounding::HalfUp).unwrap(), 750);
        assert_eq!(vat.within(10_750, Rounding::HalfUp).unwrap(), 750);
    }

    #[test]
    fn refuses_what_is_no_percentage() {
        for text in ["-1", "1000.1", "7.1234567", "", "7,5", "NaN"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }
}
