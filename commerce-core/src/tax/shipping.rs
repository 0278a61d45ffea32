//! By which rates the price of shipping is taxed.

#![cfg_attr(not(test), expect(dead_code, reason = "wired with the new pipeline"))]

use super::rates::{RateSet, Untaxed};
use crate::money::{Allocation, Exact, MoneyError, Rounding, allocate};
use crate::pricing::{RoundingProfile, ShippingTaxRate};

/// The price of shipping in parts, each with the rates that it is taxed by. The parts sum to the price.
///
/// `goods` are the values of what is shipped, as entered, with their rate sets; goods that are not shipped are left out.
/// `own` is the rate set of shipping's own class. It also taxes shipping where the goods should say, but nothing is
/// shipped or nothing of it is taxed; and where shipping is not taxed, it is not by the rates of goods either.
///
/// # Errors
/// When an amount or a fraction does not fit.
pub(crate) fn shipping_taxables<'a>(
    price: &Exact,
    profile: &RoundingProfile,
    goods: &[(Exact, &'a RateSet)],
    own: &'a RateSet,
) -> Result<Vec<(Exact, &'a RateSet)>, MoneyError> {
    let all_by_own = || Ok(vec![(price.clone(), own)]);
    let untaxed = goods.iter().all(|(_, rates)| rates.is_empty());
    if untaxed || own.untaxed() == Some(Untaxed::ShippingNotTaxed) {
        return all_by_own();
    }
    match profile.shipping_tax {
        ShippingTaxRate::Own => all_by_own(),
        ShippingTaxRate::Highest => {
            let mut highest = goods[0].1;
            for (_, rates) in &goods[1..] {
                if rates.gross_factor().over(highest.gross_factor())?.exceeds_one() {
                    highest = rates;
                }
            }
            Ok(vec![(price.clone(), highest)])
        }
        ShippingTaxRate::Weighted => weighted(price, profile, goods, own),
    }
}

/// In proportion to the value of the goods of each rate set; those of no value have no part.
fn weighted<'a>(
    price: &Exact,
    profile: &RoundingProfile,
    goods: &[(Exact, &'a RateSet)],
    own: &'a RateSet,
) -> Result<Vec<(Exact, &'a RateSet)>, MoneyError> {
    let mut sets: Vec<&RateSet> = Vec::new();
    let mut values: Vec<Exact> = Vec::new();
    for (value, rates) in goods.iter().filter(|(value, _)| !value.is_zero()) {
        match sets.iter().position(|set| set.alike(rates)) {
            Some(known) => values[known] = values[known].plus(value)?,
            None => {
                sets.push(rates);
                values.push(value.clone());
            }
        }
    }
    if sets.iter().all(|rates| rates.is_empty()) {
        return Ok(vec![(price.clone(), own)]);
    }
    let parts = match profile.running_mode() {
        Some(mode) => allocate(price, &values, Allocation::LargestRemainder, mode)?,
        None => allocate(price, &values, Allocation::Exact, Rounding::default())?,
    };
    Ok(parts.into_iter().zip(sets).collect())
}

#[cfg(test)]
mod tests {
    use super::super::assess::{Taxable, assess};
    use super::super::rates::tests::set;
    use super::*;
    use crate::pricing::RoundingLevel;

    fn profile(shipping_tax: ShippingTaxRate) -> RoundingProfile {
        RoundingProfile { shipping_tax, ..RoundingProfile::default() }
    }

    #[test]
    fn the_worked_example_of_the_profile_holds() {
        // 100 of goods at 20 % and 300 at 10 %, shipped for 8.00 net.
        let (high, low, own) = (set(&["20"]), set(&["10"]), set(&["5"]));
        let goods = [(Exact::from(30_000), &low), (Exact::from(10_000), &high)];
        for (rate, parts, tax) in [
            (ShippingTaxRate::Own, vec![(800, &own)], 40),
            (ShippingTaxRate::Highest, vec![(800, &high)], 160),
            (ShippingTaxRate::Weighted, vec![(600, &low), (200, &high)], 100),
        ] {
            let found = shipping_taxables(&Exact::from(800), &profile(rate), &goods, &own).unwrap();
            let expected: Vec<_> =
                parts.into_iter().map(|(part, rates)| (Exact::from(part), rates)).collect();
            assert_eq!(found, expected);
            let items: Vec<_> = found
                .into_iter()
                .map(|(base, rates)| Taxable { base, units: 1, included: false, rates })
                .collect();
            assert_eq!(assess(&items, &profile(rate)).unwrap().added, Exact::from(tax));
        }
    }

    #[test]
    fn parts_sum_to_the_price_and_goods_of_one_set_share_a_part() {
        let (a, b, c, own) = (set(&["20"]), set(&["10"]), set(&["20"]), set(&["5"]));
        let goods = [(Exact::from(1), &a), (Exact::from(2), &b), (Exact::from(0), &b), (Exact::from(3), &c)];
        let weighted = profile(ShippingTaxRate::Weighted);
        let parts = shipping_taxables(&Exact::from(100), &weighted, &goods, &own).unwrap();
        assert_eq!(parts, [(Exact::from(67), &a), (Exact::from(33), &b)]);
        let exact = RoundingProfile { level: RoundingLevel::Total, ..weighted };
        let parts = shipping_taxables(&Exact::from(100), &exact, &goods, &own).unwrap();
        assert_eq!(parts[0].0.plus(&parts[1].0).unwrap(), Exact::from(100));
        assert!(matches!(parts[0].0, Exact::Ratio(_)));
    }

    #[test]
    fn goods_without_tax_leave_shipping_to_its_own_class() {
        let (own, untaxed) = (set(&["5"]), RateSet::none(Untaxed::ExemptClass));
        let not_taxed = RateSet::none(Untaxed::ShippingNotTaxed);
        let taxed = set(&["20"]);
        let price = Exact::from(100);
        for rate in [ShippingTaxRate::Own, ShippingTaxRate::Highest, ShippingTaxRate::Weighted] {
            let by_own = vec![(price.clone(), &own)];
            assert_eq!(shipping_taxables(&price, &profile(rate), &[], &own).unwrap(), by_own);
            let goods = [(Exact::from(5), &untaxed)];
            assert_eq!(shipping_taxables(&price, &profile(rate), &goods, &own).unwrap(), by_own);
            let goods = [(Exact::from(5), &taxed)];
            let parts = shipping_taxables(&price, &profile(rate), &goods, &not_taxed).unwrap();
            assert_eq!(parts, [(price.clone(), &not_taxed)]);
        }
        let goods = [(Exact::ZERO, &taxed)];
        let weighted = shipping_taxables(&price, &profile(ShippingTaxRate::Weighted), &goods, &own).unwrap();
        assert_eq!(weighted, [(price.clone(), &own)]);
        // Untaxed goods beside taxed ones carry their part of it without tax.
        let goods = [(Exact::from(1), &taxed), (Exact::from(1), &untaxed)];
        let weighted = shipping_taxables(&price, &profile(ShippingTaxRate::Weighted), &goods, &own).unwrap();
        assert_eq!(weighted, [(Exact::from(50), &taxed), (Exact::from(50), &untaxed)]);
    }
}
