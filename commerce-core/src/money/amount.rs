//! An amount of money.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Currency, UnitPrice};

/// An amount of money: whole minor units of its currency (kobo, cents, francs).
///
/// Arithmetic is checked: a sum that does not fit, or that mixes currencies, is an error and never a wrong number.
///
/// ```
/// use commerce_core::{Currency, Money};
/// let price = Money::parse("299.99", Currency::NGN)?;
/// assert_eq!(price.minor, 29_999);
/// assert_eq!(price.plus(price)?.amount(), "599.98");
/// assert!(price.plus(Money::zero(Currency::GHS)).is_err());
/// # Ok::<(), commerce_core::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Whole minor units.
    pub minor: i64,
    /// What they are units of.
    pub currency: Currency,
}

/// Why an amount could not be read or computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// The text is not a plain decimal number such as `299.99`.
    #[error("not a plain decimal number such as 299.99")]
    Malformed,
    /// More decimals than the currency, or the price per unit, has.
    #[error("more than {most} decimals")]
    TooManyDecimals {
        /// How many it may have.
        most: u32,
    },
    /// The result does not fit.
    #[error("amount too large")]
    Overflow,
    /// Two currencies met in one sum.
    #[error("{left} and {right} do not add up")]
    CurrencyMismatch {
        /// The currency on the left.
        left: Currency,
        /// The currency on the right.
        right: Currency,
    },
    /// A percentage below 0 or above 1000.
    #[error("a percentage lies between 0 and 1000")]
    PercentOutOfRange,
    /// An amount was to be split over nothing.
    #[error("nothing to split the amount over")]
    NothingToSplitOver,
}

impl Money {
    /// `minor` minor units of `currency`.
    #[must_use]
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads a plain decimal number in major units, with at most the currency's own number of decimals.
    ///
    /// # Errors
    /// On anything else, such as exponents, thousands separators or more decimals.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        read_scaled(text, currency.decimals()).map(|minor| Self { minor, currency })
    }

    /// Reads an amount as [`Money::parse`] does, and refuses one below zero: a price, a threshold.
    ///
    /// # Errors
    /// As [`Money::parse`], and on a minus sign.
    pub fn parse_unsigned(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        if text.starts_with('-') { Err(MoneyError::Malformed) } else { Self::parse(text, currency) }
    }

    /// The amount in major units with exactly the currency's own number of decimals: `"299.90"`, `"1500"`.
    #[must_use]
    pub fn amount(self) -> String {
        write_scaled(self.minor, self.currency.decimals())
    }

    /// The sum of both.
    ///
    /// # Errors
    /// When the currencies differ or the sum does not fit.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// What is left of this after `other`; below zero when that is more.
    ///
    /// # Errors
    /// When the currencies differ or the difference does not fit.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// This amount as a price per unit.
    ///
    /// # Errors
    /// When it does not fit in ten-thousandths of a minor unit.
    pub fn per_unit(self) -> Result<UnitPrice, MoneyError> {
        let ten_thousandths = self.minor.checked_mul(UnitPrice::PER_MINOR).ok_or(MoneyError::Overflow)?;
        Ok(UnitPrice { ten_thousandths, currency: self.currency })
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads `-?digits(.digits)?` with at most `decimals` decimals as an integer scaled by 10^decimals.
pub(super) fn read_scaled(text: &str, decimals: u32) -> Result<i64, MoneyError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return Err(MoneyError::Malformed);
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = (decimals as usize)
        .checked_sub(fraction.len())
        .ok_or(MoneyError::TooManyDecimals { most: decimals })?;
    let mut value: i64 = 0;
    for byte in whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', missing)) {
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i64::from(byte - b'0')))
            .ok_or(MoneyError::Overflow)?;
    }
    Ok(if negative { -value } else { value })
}

/// Writes an integer scaled by 10^decimals as a decimal number with exactly that many decimals.
pub(super) fn write_scaled(value: i64, decimals: u32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let scale = 10_u64.pow(decimals);
    let (whole, fraction) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    match decimals {
        0 => format!("{sign}{whole}"),
        width => format!("{sign}{whole}.{fraction:0width$}", width = width as usize),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_by_the_currency_and_nothing_else() {
        let minor = |text, currency| Money::parse(text, currency).map(|money| money.minor);
        assert_eq!(minor("1500", Currency::XOF), Ok(1_500));
        assert_eq!(minor("1500.00", Currency::XOF), Ok(1_500));
        assert_eq!(minor("1.5", Currency::KWD), Ok(1_500));
        assert_eq!(minor("-0.05", Currency::NGN), Ok(-5));
        assert_eq!(minor("19.905", Currency::NGN), Err(MoneyError::TooManyDecimals { most: 2 }));
        assert_eq!(minor("92233720368547758.08", Currency::NGN), Err(MoneyError::Overflow));
        for text in ["", ".", "1.", ".5", "1e3", "1,000", "+1", " 1", "١", "--1", "0x1", "1.-5"] {
            assert_eq!(minor(text, Currency::NGN), Err(MoneyError::Malformed), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(minor in -i64::MAX..i64::MAX, which in 0_usize..3) {
            let money = Money::from_minor(minor, [Currency::NGN, Currency::XOF, Currency::KWD][which]);
            prop_assert_eq!(Money::parse(&money.amount(), money.currency), Ok(money));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = Money::parse(&text, Currency::NGN);
        }
    }
}
