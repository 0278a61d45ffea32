//! The taxes on one amount, rounded.

use super::assess::Taxable;
use super::rates::Common;
use crate::money::{Exact, MoneyError, Rounding, divide, settle};
use crate::pricing::{RoundingProfile, SeveralRates, TaxRounding};

/// The rounded taxes on one amount, into `rounded`: by integers where they suffice.
pub(super) fn rounded_taxes(
    value: &Exact,
    taxable: &Taxable<'_>,
    profile: &RoundingProfile,
    mode: Rounding,
    rounded: &mut Vec<i64>,
) -> Result<(), MoneyError> {
    rounded.clear();
    let Taxable { included, rates, .. } = *taxable;
    let summed = rates.rates().len() > 1 && profile.several_rates == SeveralRates::Summed;
    if let (Exact::Whole(value), Some(common)) = (value, rates.common())
        && value.unsigned_abs().leading_zeros() + common.gross.leading_zeros() > 65
    {
        let integers = Integers { value: i128::from(*value), common, included, rounding: profile.tax, mode };
        return if summed { integers.summed(rounded) } else { integers.each(rounded) };
    }
    let exact: Vec<_> = rates.rates().iter().map(|rate| value.times(rate.fraction(included))).collect();
    rounded_exact(value, &exact, included, summed, profile.tax, mode, rounded)
}

/// The exact taxes on one amount, rounded.
fn rounded_exact(
    value: &Exact,
    exact: &[Exact],
    included: bool,
    summed: bool,
    rounding: TaxRounding,
    mode: Rounding,
    rounded: &mut Vec<i64>,
) -> Result<(), MoneyError> {
    if summed {
        let whole = rounded_sum(value, &sum(exact)?, included, rounding, mode)?;
        rounded.extend(settle(whole, exact)?);
        return Ok(());
    }
    let mut room = if included { value.floor()? } else { i64::MAX };
    for tax in exact {
        let tax = rounded_sum(value, tax, included, rounding, mode)?.min(room);
        room -= tax;
        rounded.push(tax);
    }
    Ok(())
}

/// The taxes on one whole amount, whose products fit integers: nearly every amount.
struct Integers<'a> {
    value: i128,
    common: &'a Common,
    included: bool,
    rounding: TaxRounding,
    mode: Rounding,
}

impl Integers<'_> {
    fn denominator(&self) -> i128 {
        if self.included { self.common.gross } else { self.common.net }
    }

    /// The rounded tax that is `tax` parts of the amount.
    fn rounded(&self, tax: i128) -> Result<i64, MoneyError> {
        let all = self.denominator();
        let part = |parts: i128| divide(self.value * parts, all, self.mode);
        let tax = match (self.rounding, self.included) {
            (TaxRounding::Tax, _) => part(tax),
            (TaxRounding::NetAndGross, true) => self.value - part(all - tax),
            (TaxRounding::NetAndGross, false) => part(all + tax) - self.value,
        };
        i64::try_from(tax).map_err(|_| MoneyError::Overflow)
    }

    fn each(&self, rounded: &mut Vec<i64>) -> Result<(), MoneyError> {
        let mut room = if self.included { self.value } else { i128::from(i64::MAX) };
        for tax in &self.common.taxes {
            let tax = self.rounded(*tax)?.min(i64::try_from(room).map_err(|_| MoneyError::Overflow)?);
            room -= i128::from(tax);
            rounded.push(tax);
        }
        Ok(())
    }

    fn summed(&self, rounded: &mut Vec<i64>) -> Result<(), MoneyError> {
        let whole = self.rounded(self.common.gross - self.common.net)?;
        let all = self.denominator();
        let part = |tax: &i128| {
            let product = self.value * tax;
            let floor = i64::try_from(product.div_euclid(all)).map_err(|_| MoneyError::Overflow)?;
            Ok((floor, product.rem_euclid(all)))
        };
        let parts = self.common.taxes.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        rounded.extend(settle_parts(whole, &parts)?);
        Ok(())
    }
}

/// Whole shares of `whole` by the largest remainder: `parts` are rounded-down exact shares with what is beyond, over one
/// denominator.
pub(super) fn settle_parts(whole: i64, parts: &[(i64, i128)]) -> Result<Vec<i64>, MoneyError> {
    let mut shares: Vec<i64> = parts.iter().map(|(floor, _)| *floor).collect();
    let floors: i128 = shares.iter().map(|share| i128::from(*share)).sum();
    let left = usize::try_from(i128::from(whole) - floors).map_err(|_| MoneyError::Overflow)?;
    if left == 0 {
        return Ok(shares);
    }
    let mut remainders: Vec<(i128, usize)> =
        parts.iter().enumerate().map(|(index, (_, remainder))| (*remainder, index)).collect();
    if left < remainders.len() {
        remainders.select_nth_unstable_by(left - 1, |a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    }
    for (_, index) in remainders.into_iter().take(left) {
        shares[index] += 1;
    }
    Ok(shares)
}

/// The exact tax on `base`, rounded: as it is, or as the difference of the rounded net and gross. A base that is no whole
/// number of minor units has no rounded end to measure from; the tax itself is rounded then.
pub(super) fn rounded_sum(
    base: &Exact,
    tax: &Exact,
    included: bool,
    rounding: TaxRounding,
    mode: Rounding,
) -> Result<i64, MoneyError> {
    let (TaxRounding::NetAndGross, Exact::Whole(base_minor)) = (rounding, base) else {
        return tax.rounded(mode);
    };
    let tax = if included {
        base_minor.checked_sub(base.minus(tax)?.rounded(mode)?)
    } else {
        base.plus(tax)?.rounded(mode)?.checked_sub(*base_minor)
    };
    tax.ok_or(MoneyError::Overflow)
}

pub(super) fn sum(amounts: &[Exact]) -> Result<Exact, MoneyError> {
    amounts.iter().try_fold(Exact::ZERO, |sum, amount| sum.plus(amount))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::rates::tests::set;
    use super::*;

    proptest! {
        #[test]
        fn integers_and_ratios_agree(
            value in prop_oneof![0_i64..100, 0_i64..1_000_000_000_000],
            index in 0_usize..5,
            included in any::<bool>(),
            summed in any::<bool>(),
            mode in prop::sample::select(&Rounding::ALL[..]),
            rounding in prop::sample::select(vec![TaxRounding::Tax, TaxRounding::NetAndGross]),
        ) {
            let all: [&[&str]; 5] = [&["7.5"], &["2.5", "2.5", "1", "+15"], &["+30", "+30.001"], &["100"], &["0", "50"]];
            let rates = set(all[index]);
            let exact: Vec<_> = rates.rates().iter().map(|rate| Exact::from(value).times(rate.fraction(included))).collect();
            let (mut by_ratios, mut by_integers) = (Vec::new(), Vec::new());
            rounded_exact(&Exact::from(value), &exact, included, summed, rounding, mode, &mut by_ratios).unwrap();
            let common = rates.common().unwrap();
            let integers = Integers { value: value.into(), common, included, rounding, mode };
            if summed { integers.summed(&mut by_integers) } else { integers.each(&mut by_integers) }.unwrap();
            prop_assert_eq!(by_integers, by_ratios);
        }
    }
}
