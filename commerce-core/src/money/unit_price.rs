//! The price of one unit, finer than a minor unit.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::amount::{read_scaled, write_scaled};
use super::{Currency, Money, MoneyError, Rounding, divide};
use crate::Quantity;

/// The price of one unit in ten-thousandths of a minor unit.
///
/// Screws and text messages cost less than a cent each; a line item's total is rounded once, after the multiplication.
///
/// ```
/// use commerce_core::{Currency, Quantity, money::{Rounding, UnitPrice}};
/// let screw = UnitPrice::parse("0.0035", Currency::EUR)?;
/// let line = screw.times(Quantity::new(1_000).unwrap(), Rounding::HalfUp)?;
/// assert_eq!(line.amount(), "3.50");
/// # Ok::<(), commerce_core::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitPrice {
    /// The price in 1/10,000 of a minor unit.
    pub ten_thousandths: i64,
    /// The currency.
    pub currency: Currency,
}

impl UnitPrice {
    /// Ten-thousandths in a minor unit.
    pub const PER_MINOR: i64 = 10_000;
    /// Decimals beyond those of the currency.
    const EXTRA_DECIMALS: u32 = 4;

    /// Reads a plain decimal number in major units, with at most four decimals more than the currency has.
    ///
    /// # Errors
    /// On anything else.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        read_scaled(text, currency.decimals() + Self::EXTRA_DECIMALS)
            .map(|ten_thousandths| Self { ten_thousandths, currency })
    }

    /// The price in major units: the currency's own number of decimals, and up to four more when the price has them.
    #[must_use]
    pub fn amount(self) -> String {
        let mut text = write_scaled(self.ten_thousandths, self.currency.decimals() + Self::EXTRA_DECIMALS);
        let shortest = text.len() - Self::EXTRA_DECIMALS as usize;
        let kept = text.trim_end_matches('0').len().max(shortest);
        text.truncate(kept);
        if text.ends_with('.') {
            text.pop();
        }
        text
    }

    /// The price of `quantity` units, rounded to a minor unit.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn times(self, quantity: Quantity, mode: Rounding) -> Result<Money, MoneyError> {
        let exact = i128::from(self.ten_thousandths) * i128::from(quantity.get());
        let minor =
            i64::try_from(divide(exact, Self::PER_MINOR.into(), mode)).map_err(|_| MoneyError::Overflow)?;
        Ok(Money::from_minor(minor, self.currency))
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

impl fmt::Debug for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_decimals_of_the_currency_and_more_only_when_there_are_more() {
        let shown = |text, currency| UnitPrice::parse(text, currency).unwrap().amount();
        assert_eq!(shown("12", Currency::NGN), "12.00");
        assert_eq!(shown("12.5", Currency::NGN), "12.50");
        assert_eq!(shown("0.0035", Currency::NGN), "0.0035");
        assert_eq!(shown("1500", Currency::XOF), "1500");
        assert_eq!(shown("1500.25", Currency::XOF), "1500.25");
        assert_eq!(shown("0", Currency::NGN), "0.00");
        assert_eq!(shown("0", Currency::XOF), "0");
    }
}
