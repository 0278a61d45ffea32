//! The engine's money and Paystack's: minor units here, hundredths there.

use commerce_core::{Currency, Money};

use crate::value::Amount;

/// An amount that one side can say and the other cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Untranslatable {
    #[error("the amount is negative")]
    Negative,
    #[error("the amount is too large")]
    TooLarge,
    #[error("the currency is unknown, or its minor unit is finer than a hundredth")]
    Currency,
    #[error("the amount is no whole number of the currency's minor unit")]
    Fraction,
}

/// How many hundredths a minor unit is: 1 where it is one itself, 100 where there is none.
fn hundredths(currency: Currency) -> Result<u64, Untranslatable> {
    match currency.decimals() {
        0 => Ok(100),
        2 => Ok(1),
        _ => Err(Untranslatable::Currency),
    }
}

/// Ours as Paystack's.
pub(super) fn amount(money: Money) -> Result<Amount, Untranslatable> {
    let minor = u64::try_from(money.minor).map_err(|_| Untranslatable::Negative)?;
    let subunits = minor.checked_mul(hundredths(money.currency)?).ok_or(Untranslatable::TooLarge)?;
    let currency = money.currency.code().parse().map_err(|_| Untranslatable::Currency)?;
    Ok(Amount { subunits, currency })
}

/// Paystack's as ours, exactly.
pub(super) fn money(amount: Amount) -> Result<Money, Untranslatable> {
    let currency = Currency::from_code(amount.currency.as_str()).ok_or(Untranslatable::Currency)?;
    let unit = hundredths(currency)?;
    if !amount.subunits.is_multiple_of(unit) {
        return Err(Untranslatable::Fraction);
    }
    let minor = i64::try_from(amount.subunits / unit).map_err(|_| Untranslatable::TooLarge)?;
    Ok(Money::from_minor(minor, currency))
}

/// A fee as ours. It is a share of the amount and so may have hundredths where the currency has none: it is rounded up,
/// as Paystack rounds its fees.
pub(super) fn fee(amount: Amount) -> Result<Money, Untranslatable> {
    let currency = Currency::from_code(amount.currency.as_str()).ok_or(Untranslatable::Currency)?;
    let minor = amount.subunits.div_ceil(hundredths(currency)?);
    Ok(Money::from_minor(i64::try_from(minor).map_err(|_| Untranslatable::TooLarge)?, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paystack(subunits: u64, code: &str) -> Amount {
        Amount::new(subunits, code.parse().unwrap())
    }

    #[test]
    fn hundredths_whatever_the_currency_has() {
        for (minor, currency, subunits, code) in [
            (12_345, Currency::NGN, 12_345, "NGN"),
            (12_345, Currency::XOF, 1_234_500, "XOF"),
            (0, Currency::XOF, 0, "XOF"),
            (700, Currency::from_code("RWF").unwrap(), 70_000, "RWF"),
        ] {
            let ours = Money::from_minor(minor, currency);
            assert_eq!(amount(ours), Ok(paystack(subunits, code)));
            assert_eq!(money(paystack(subunits, code)), Ok(ours));
        }
    }

    #[test]
    fn what_cannot_be_said_is_an_error() {
        assert_eq!(money(paystack(12_345, "XOF")), Err(Untranslatable::Fraction));
        assert_eq!(money(paystack(1, "QQQ")), Err(Untranslatable::Currency));
        assert_eq!(money(paystack(1, "KWD")), Err(Untranslatable::Currency));
        assert_eq!(money(paystack(u64::MAX, "NGN")), Err(Untranslatable::TooLarge));
        assert_eq!(amount(Money::from_minor(-1, Currency::NGN)), Err(Untranslatable::Negative));
        assert_eq!(amount(Money::from_minor(1, Currency::KWD)), Err(Untranslatable::Currency));
        assert_eq!(amount(Money::from_minor(i64::MAX, Currency::XOF)), Err(Untranslatable::TooLarge));
        assert_eq!(fee(paystack(12_301, "XOF")), Ok(Money::from_minor(124, Currency::XOF)));
        assert_eq!(fee(paystack(12_301, "NGN")), Ok(Money::from_minor(12_301, Currency::NGN)));
    }
}
