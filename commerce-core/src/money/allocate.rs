//! Splitting an amount into shares that add up to it.

use serde::{Deserialize, Serialize};

use super::{Exact, Money, MoneyError, Rounding, divide as rounded_quotient};

/// How an amount becomes shares in proportion to weights. The worked example of each splits 100 over weights 1, 1, 1
/// and, where that shows nothing, 5 over 1, 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Allocation {
    /// Every share is rounded down; what is left goes one unit each to the largest remainders, the first one among
    /// equals (Hamilton's method): 34, 33, 33.
    #[default]
    LargestRemainder,
    /// Every share is rounded half down; what is left or too much is settled one unit each from the first share on:
    /// 34, 33, 33; and 5 becomes 3, 2.
    HalfDownResidueFirst,
    /// Every share but the last is rounded as the profile says, and the last takes what is left: 33, 33, 34; and 5
    /// becomes 3, 2 half up, 2, 3 half down.
    LastTakesRest,
    /// From the last share backwards each is cut off to a whole unit, and the first takes what is left: 34, 33, 33; and
    /// 5 becomes 3, 2.
    TruncatedBackwards,
    /// No share is rounded: 33 1/3 each. What is charged is rounded once, at the end.
    Exact,
}

impl Allocation {
    /// Every method.
    pub const ALL: [Self; 5] = [
        Self::LargestRemainder,
        Self::HalfDownResidueFirst,
        Self::LastTakesRest,
        Self::TruncatedBackwards,
        Self::Exact,
    ];
}

/// Splits `amount`, which is not negative, in proportion to `weights`, none of which is negative. The shares sum to the
/// amount exactly. When all weights are nothing, the whole amount goes to the first share.
///
/// An amount that is no whole number of minor units is split exactly, whatever the method: there is nothing to round to.
///
/// # Errors
/// [`MoneyError::NothingToSplitOver`] when there is no weight at all and the amount is not nothing.
///
/// ```
/// use commerce_core::money::{Allocation, Exact, Rounding, allocate};
/// let weights = [Exact::from(1), Exact::from(1), Exact::from(1)];
/// let shares = allocate(&Exact::from(100), &weights, Allocation::LastTakesRest, Rounding::HalfUp)?;
/// assert_eq!(shares, [Exact::from(33), Exact::from(33), Exact::from(34)]);
/// # Ok::<(), commerce_core::MoneyError>(())
/// ```
pub fn allocate(
    amount: &Exact,
    weights: &[Exact],
    method: Allocation,
    mode: Rounding,
) -> Result<Vec<Exact>, MoneyError> {
    if weights.is_empty() {
        return if amount.is_zero() { Ok(Vec::new()) } else { Err(MoneyError::NothingToSplitOver) };
    }
    if weights.iter().all(Exact::is_zero) {
        let mut shares = vec![Exact::ZERO; weights.len()];
        shares[0] = amount.clone();
        return Ok(shares);
    }
    let whole: Option<Vec<u64>> = weights
        .iter()
        .map(|weight| match weight {
            Exact::Whole(weight) => u64::try_from(*weight).ok(),
            Exact::Ratio(_) => None,
        })
        .collect();
    match (amount, whole, method) {
        (Exact::Whole(amount), Some(weights), method) if method != Allocation::Exact => {
            let shares = whole_shares(*amount, &weights, method, mode)?;
            Ok(shares.into_iter().map(Exact::from).collect())
        }
        (Exact::Whole(amount), None, method) if method != Allocation::Exact => {
            // Weights that are ratios have a common denominator: over it they are whole.
            let exact = exact_shares(&Exact::from(*amount), weights)?;
            settle(*amount, &exact).map(|shares| shares.into_iter().map(Exact::from).collect())
        }
        _ => exact_shares(amount, weights),
    }
}

/// Whole amounts for exact ones which sum to `whole` or less than a unit per part away from it: each is rounded down, and
/// what is left goes one unit each to the largest remainders, the first one among equals. A part that is nothing stays
/// nothing.
///
/// # Errors
/// When an amount does not fit.
pub(crate) fn settle(whole: i64, parts: &[Exact]) -> Result<Vec<i64>, MoneyError> {
    let mut settled = parts.iter().map(Exact::floor).collect::<Result<Vec<_>, _>>()?;
    let mut remainders = Vec::with_capacity(parts.len());
    for (index, (part, floor)) in parts.iter().zip(&settled).enumerate() {
        remainders.push((part.minus(&Exact::from(*floor))?, index));
    }
    let sum: i128 = settled.iter().map(|part| i128::from(*part)).sum();
    let left = usize::try_from(i128::from(whole) - sum).map_err(|_| MoneyError::Overflow)?;
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in remainders.into_iter().take(left) {
        settled[index] += 1;
    }
    Ok(settled)
}

/// Unrounded shares; the last takes the rest only of what ratios cannot lose, which is nothing.
fn exact_shares(amount: &Exact, weights: &[Exact]) -> Result<Vec<Exact>, MoneyError> {
    let total = weights.iter().try_fold(Exact::ZERO, |sum, weight| sum.plus(weight))?;
    Ok(weights.iter().map(|weight| weight.share_of(&total, amount)).collect())
}

fn whole_shares(
    amount: i64,
    weights: &[u64],
    method: Allocation,
    mode: Rounding,
) -> Result<Vec<i64>, MoneyError> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let share = |weight: u64, mode| {
        let product = i128::from(amount) * i128::from(weight); // below 2^63 * 2^64
        i64::try_from(rounded_quotient(product, total, mode)).map_err(|_| MoneyError::Overflow)
    };
    let each = |mode| weights.iter().map(|weight| share(*weight, mode)).collect::<Result<Vec<_>, _>>();
    let rest_of = |others: &[i64]| {
        let others: i128 = others.iter().map(|share| i128::from(*share)).sum();
        i64::try_from(i128::from(amount) - others).map_err(|_| MoneyError::Overflow)
    };
    match method {
        Allocation::LargestRemainder | Allocation::Exact => {
            if let Some(shares) = u64::try_from(amount).ok().and_then(|amount| small_shares(amount, weights))
            {
                return shares
                    .into_iter()
                    .map(|share| i64::try_from(share).map_err(|_| MoneyError::Overflow))
                    .collect();
            }
            let amount = Money::from_minor(amount, super::Currency::NGN);
            Ok(largest_remainder(amount, weights)?.into_iter().map(|share| share.minor).collect())
        }
        Allocation::HalfDownResidueFirst => {
            let mut shares = each(Rounding::HalfDown)?;
            let mut residue = rest_of(&shares)?;
            let step = residue.signum();
            // Fewer units are out of place than there are shares; one that has nothing gives nothing.
            while residue != 0 {
                for (share, weight) in shares.iter_mut().zip(weights) {
                    if residue != 0 && *weight > 0 && *share + step >= 0 {
                        *share += step;
                        residue -= step;
                    }
                }
            }
            Ok(shares)
        }
        Allocation::LastTakesRest => {
            let mut shares = each(mode)?;
            // Rounded up, the first ones may take more than there is: they stop at what is left.
            let mut left = amount;
            let last = shares.len() - 1;
            for share in &mut shares[..last] {
                *share = (*share).min(left);
                left -= *share;
            }
            shares[last] = left;
            Ok(shares)
        }
        Allocation::TruncatedBackwards => {
            let mut shares = each(Rounding::Down)?;
            shares[0] = rest_of(&shares[1..])?;
            Ok(shares)
        }
    }
}

/// Splits `amount` in proportion to `weights` by the method of the largest remainder (Hamilton's method).
///
/// Every share is rounded down, then the units left over go one each to the shares with the largest remainders, the
/// earlier one first among equals. Shares sum to the amount exactly and none has another sign than the amount. When all
/// weights are zero, the whole amount goes to the first share.
///
/// # Errors
/// [`MoneyError::NothingToSplitOver`] when there is no weight at all and the amount is not zero.
///
/// ```
/// use commerce_core::{Currency, Money, money::largest_remainder};
/// let shares = largest_remainder(Money::from_minor(100, Currency::NGN), &[1, 1, 1])?;
/// assert_eq!(shares.iter().map(|share| share.minor).collect::<Vec<_>>(), [34, 33, 33]);
/// # Ok::<(), commerce_core::MoneyError>(())
/// ```
pub fn largest_remainder(amount: Money, weights: &[u64]) -> Result<Vec<Money>, MoneyError> {
    if weights.is_empty() {
        return if amount.minor == 0 { Ok(Vec::new()) } else { Err(MoneyError::NothingToSplitOver) };
    }
    if let Some(shares) = small_shares(amount.minor.unsigned_abs(), weights) {
        let sign = amount.minor.signum();
        return shares
            .into_iter()
            .map(|share| {
                let minor = i64::try_from(share).map_err(|_| MoneyError::Overflow)?;
                Ok(Money::from_minor(sign * minor, amount.currency))
            })
            .collect();
    }
    let whole = u128::from(amount.minor.unsigned_abs());
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let mut shares = vec![0_u128; weights.len()];
    if weights.iter().all(|weight| *weight == 0) {
        shares[0] = whole;
    } else {
        let mut remainders: Vec<(u128, usize)> = Vec::with_capacity(weights.len());
        for (index, weight) in weights.iter().enumerate() {
            let product = whole * u128::from(*weight); // below 2^63 * 2^64
            shares[index] = product / total;
            remainders.push((product % total, index));
        }
        let left = whole - shares.iter().sum::<u128>();
        // Fewer units are left over than there are shares, so only those that get one need to be told from the rest.
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        if left > 0 && left < remainders.len() {
            remainders.select_nth_unstable_by(left - 1, |a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        }
        for (_, index) in remainders.into_iter().take(left) {
            shares[index] += 1;
        }
    }
    let sign = amount.minor.signum();
    shares
        .into_iter()
        .map(|share| {
            let minor = i64::try_from(share).map_err(|_| MoneyError::Overflow)?;
            Ok(Money::from_minor(sign * minor, amount.currency))
        })
        .collect()
}

/// The shares by the largest remainder where all products fit a machine word, as nearly all do: many times faster.
fn small_shares(whole: u64, weights: &[u64]) -> Option<Vec<u64>> {
    let heaviest = weights.iter().copied().max().filter(|heaviest| *heaviest > 0)?;
    whole.checked_mul(heaviest)?;
    let total = weights.iter().try_fold(0_u64, |sum, weight| sum.checked_add(*weight))?;
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = whole;
    for (index, weight) in weights.iter().enumerate() {
        let product = whole * weight;
        let share = product / total;
        left -= share;
        shares.push(share);
        remainders.push((product - share * total, index));
    }
    let left = usize::try_from(left).ok()?;
    if left > 0 && left < remainders.len() {
        remainders.select_nth_unstable_by(left - 1, |a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    }
    for (_, index) in remainders.into_iter().take(left) {
        shares[index] += 1;
    }
    Some(shares)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    #[test]
    fn the_worked_examples_hold() {
        let split = |amount: i64, parts: usize, method, mode| {
            let shares = allocate(&Exact::from(amount), &vec![Exact::from(1); parts], method, mode).unwrap();
            shares.iter().map(|share| share.rounded(Rounding::Down).unwrap()).collect::<Vec<_>>()
        };
        for (method, hundred, five) in [
            (Allocation::LargestRemainder, [34, 33, 33], [3, 2]),
            (Allocation::HalfDownResidueFirst, [34, 33, 33], [3, 2]),
            (Allocation::LastTakesRest, [33, 33, 34], [3, 2]),
            (Allocation::TruncatedBackwards, [34, 33, 33], [3, 2]),
        ] {
            assert_eq!(split(100, 3, method, Rounding::HalfUp), hundred, "{method:?}");
            assert_eq!(split(5, 2, method, Rounding::HalfUp), five, "{method:?}");
        }
        assert_eq!(split(5, 2, Allocation::LastTakesRest, Rounding::HalfDown), [2, 3]);
    }

    proptest! {
        #[test]
        fn every_method_splits_without_loss_and_in_proportion(
            minor in 0..1_000_000_000_000_i64,
            weights in prop::collection::vec(0_i64..1_000_000_000_000, 1..40),
            method in prop::sample::select(&Allocation::ALL[..]),
            mode in prop::sample::select(&Rounding::ALL[..]),
        ) {
            let exact: Vec<Exact> = weights.iter().copied().map(Exact::from).collect();
            let shares = allocate(&Exact::from(minor), &exact, method, mode).unwrap();
            let sum = shares.iter().try_fold(Exact::ZERO, |sum, share| sum.plus(share)).unwrap();
            prop_assert_eq!(sum, Exact::from(minor));
            prop_assert!(shares.iter().all(|share| *share >= Exact::ZERO));
            let total: i128 = weights.iter().copied().map(i128::from).sum();
            // One share takes the residue of all others in two of the methods; in a third a rounded share takes one unit
            // of it.
            let bound = match method {
                Allocation::LastTakesRest | Allocation::TruncatedBackwards => i128::try_from(weights.len()).unwrap(),
                Allocation::HalfDownResidueFirst => 2,
                Allocation::LargestRemainder | Allocation::Exact => 1,
            };
            for (share, weight) in shares.iter().zip(&weights) {
                let off = i128::from(share.floor().unwrap()) * total - i128::from(minor) * i128::from(*weight);
                prop_assert!(total == 0 || off.abs() <= total * bound, "{shares:?}");
            }
        }


        #[test]
        fn shares_add_up_and_keep_to_their_proportion(
            minor in -i64::MAX..i64::MAX,
            weights in prop::collection::vec(0_u64..1_000_000_000_000, 1..40),
        ) {
            let shares = largest_remainder(Money::from_minor(minor, Currency::NGN), &weights).unwrap();
            let sum: i128 = shares.iter().map(|share| i128::from(share.minor)).sum();
            prop_assert_eq!(sum, i128::from(minor));
            let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(share.minor.signum() * minor.signum() >= 0);
                if total > 0 {
                    let exact = u128::from(minor.unsigned_abs()) * u128::from(*weight);
                    let given = u128::from(share.minor.unsigned_abs()) * total;
                    prop_assert!(given.abs_diff(exact) < total, "a share is less than one unit off");
                }
            }
        }
    }
}
