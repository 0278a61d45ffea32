//! Properties of assessing, against a model that computes with ratios only.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use proptest::prelude::*;

use super::*;
use crate::money::{Rounding, divide};
use crate::pricing::{SeveralRates, TaxRounding};
use crate::tax::rates::Untaxed;
use crate::tax::rates::tests::set;

/// Rates in thousandths of a percent, and whether they are compound.
type Model = Vec<(i64, bool)>;

/// Rate sets that share some of their rates.
fn sets() -> Vec<(Model, RateSet)> {
    let models: [&[(i64, bool)]; 7] = [
        &[],
        &[(7_500, false)],
        &[(0, false)],
        &[(2_500, false), (2_500, true), (1_000, false), (15_000, true)],
        &[(7_500, false), (1_375, false)],
        &[(15_000, true), (7_500, false)],
        &[(30_000, true), (30_001, true)],
    ];
    let read = |model: &&[(i64, bool)]| {
        let texts: Vec<String> = model
            .iter()
            .map(|(rate, compound)| {
                let (whole, rest) = (rate / 1_000, rate % 1_000);
                format!("{}{whole}.{rest:03}", if *compound { "+" } else { "" })
            })
            .collect();
        let rates = if model.is_empty() {
            RateSet::none(Untaxed::NoRate)
        } else {
            set(&texts.iter().map(String::as_str).collect::<Vec<_>>())
        };
        (model.to_vec(), rates)
    };
    models.iter().map(read).collect()
}

fn ratio(numerator: i64, denominator: i64) -> BigRational {
    BigRational::new(BigInt::from(numerator), BigInt::from(denominator))
}

fn of(exact: &Exact) -> BigRational {
    match exact {
        Exact::Whole(minor) => ratio(*minor, 1),
        Exact::Ratio(ratio) => ratio.as_ref().clone(),
    }
}

/// The exact taxes on a base.
fn model_taxes(model: &Model, base: i64, included: bool) -> Vec<BigRational> {
    let (mut shares, mut gross) = (Vec::new(), ratio(1, 1));
    for (rate, compound) in model {
        let rate = ratio(*rate, 100_000);
        let share = if *compound { &rate * &gross } else { rate };
        gross += &share;
        shares.push(share);
    }
    let net = if included { ratio(base, 1) / gross } else { ratio(base, 1) };
    shares.into_iter().map(|share| share * &net).collect()
}

fn rounded(amount: &BigRational, mode: Rounding) -> i64 {
    let part = |part: &BigInt| i128::try_from(part.clone()).unwrap();
    i64::try_from(divide(part(amount.numer()), part(amount.denom()), mode)).unwrap()
}

fn profiles() -> impl Strategy<Value = RoundingProfile> {
    use RoundingLevel::{Line, Order, Rate, Total, Unit};
    (
        prop::sample::select(&Rounding::ALL[..]),
        prop::sample::select(vec![Unit, Line, Rate, Order, Total]),
        prop::sample::select(vec![TaxRounding::Tax, TaxRounding::NetAndGross]),
        prop::sample::select(vec![SeveralRates::Each, SeveralRates::Summed]),
    )
        .prop_map(|(mode, level, tax, several_rates)| RoundingProfile {
            mode,
            level,
            tax,
            several_rates,
            ..RoundingProfile::default()
        })
}

/// Base, units, whether the tax is inside, and which set.
type Drawn = (i64, u32, bool, usize);

fn drawn(base: impl Strategy<Value = i64>) -> impl Strategy<Value = Drawn> {
    (base, 1_u32..40, any::<bool>(), 0_usize..7)
}

fn taxables<'a>(drawn: &[Drawn], sets: &'a [(Model, RateSet)]) -> Vec<Taxable<'a>> {
    drawn
        .iter()
        .map(|(base, units, included, index)| Taxable {
            base: Exact::from(*base),
            units: *units,
            included: *included,
            rates: &sets[*index].1,
        })
        .collect()
}

proptest! {
    #[test]
    fn parts_sum_to_every_total_and_none_is_negative(
        drawn in prop::collection::vec(drawn(0_i64..2_000), 0..12), profile in profiles(),
    ) {
        let sets = sets();
        let items = taxables(&drawn, &sets);
        let assessed = assess(&items, &profile).unwrap();
        let mut whole = [BigRational::zero(), BigRational::zero()];
        let mut totals = vec![(BigRational::zero(), BigRational::zero()); assessed.totals.len()];
        for (index, item) in items.iter().enumerate() {
            let taxes = assessed.of_item(index);
            prop_assert_eq!(taxes.len(), item.rates.rates().len());
            let sum: BigRational = taxes.iter().map(of).sum();
            prop_assert!(taxes.iter().all(|tax| *tax >= Exact::ZERO));
            prop_assert!(!item.included || sum <= of(&item.base), "{:?}", item.base);
            prop_assert!(!item.base.is_zero() || sum.is_zero(), "nothing is taxed with something");
            let net = if item.included { of(&item.base) - &sum } else { of(&item.base) };
            whole[usize::from(item.included)] += &sum;
            for (tax, rate) in taxes.iter().zip(item.rates.rates()) {
                let total = assessed.totals.iter().position(|total| {
                    total.source == rate.source && total.included == item.included
                }).unwrap();
                totals[total].0 += &net;
                totals[total].1 += of(tax);
                prop_assert!(rate.share.is_zero() <= tax.is_zero());
            }
        }
        prop_assert_eq!(whole, [of(&assessed.added), of(&assessed.included)]);
        for (total, (base, amount)) in assessed.totals.iter().zip(totals) {
            prop_assert_eq!((of(&total.base), of(&total.amount)), (base, amount));
        }
    }

    /// What each level may differ from the exact tax, and what it rounds exactly.
    #[test]
    fn every_level_keeps_to_the_exact_model(
        drawn in prop::collection::vec(drawn(prop_oneof![1 => Just(0_i64), 9 => 1_000_i64..1_000_000_000]), 1..12),
        profile in profiles(),
    ) {
        let sets = sets();
        let items = taxables(&drawn, &sets);
        let assessed = assess(&items, &profile).unwrap();
        let nearest = !matches!(profile.mode, Rounding::Up | Rounding::Down);
        // Where the tax is the rest of two rounded amounts, it is as far off.
        let one_rounding = if nearest { ratio(1, 2) } else { ratio(1, 1) };
        let mut per_rate = std::collections::BTreeMap::new();
        let mut whole = [BigRational::zero(), BigRational::zero()];
        for (index, (base, units, included, set)) in drawn.iter().enumerate() {
            let exact = model_taxes(&sets[*set].0, *base, *included);
            let several = exact.len() > 1 && profile.several_rates == SeveralRates::Summed;
            for ((tax, exact), rate) in assessed.of_item(index).iter().zip(&exact).zip(sets[*set].1.rates()) {
                let off = (of(tax) - exact).abs();
                match profile.level {
                    RoundingLevel::Total => prop_assert!(off.is_zero()),
                    RoundingLevel::Line if several => prop_assert!(off < ratio(1, 1)),
                    RoundingLevel::Line => prop_assert!(off <= one_rounding),
                    RoundingLevel::Unit if several => prop_assert!(off < ratio(i64::from(*units), 1)),
                    RoundingLevel::Unit => prop_assert!(off <= &one_rounding * ratio(i64::from(*units), 1)),
                    RoundingLevel::Rate | RoundingLevel::Order => {
                        // A share is the rounded-down exact tax or one more.
                        prop_assert!(off < ratio(1, 1), "{off}");
                    }
                }
                *per_rate.entry((rate.source.clone(), *included)).or_insert_with(BigRational::zero) += exact;
                whole[usize::from(*included)] += exact;
            }
            if several && profile.level == RoundingLevel::Line {
                let sum: BigRational = assessed.of_item(index).iter().map(of).sum();
                prop_assert!((sum - exact.iter().sum::<BigRational>()).abs() <= one_rounding);
            }
        }
        let plain = profile.tax == TaxRounding::Tax;
        for total in &assessed.totals {
            let exact = &per_rate[&(total.source.clone(), total.included)];
            if profile.level == RoundingLevel::Rate && profile.several_rates == SeveralRates::Each {
                prop_assert!((of(&total.amount) - exact).abs() <= one_rounding);
                prop_assert!(!plain || minor(&total.amount) == rounded(exact, profile.mode));
            }
        }
        if profile.level == RoundingLevel::Order {
            for (found, exact) in [(&assessed.added, &whole[0]), (&assessed.included, &whole[1])] {
                prop_assert!((of(found) - exact).abs() <= one_rounding);
                prop_assert!(!plain || minor(found) == rounded(exact, profile.mode));
            }
        }
    }

    /// At level rate, what is on an invoice can be checked by hand: the base times the rate, rounded.
    #[test]
    fn per_rate_totals_are_the_rounded_product_of_base_and_rate(
        bases in prop::collection::vec(0_i64..1_000_000_000, 1..12), mode in prop::sample::select(&Rounding::ALL[..]),
    ) {
        let vat = set(&["7.5"]);
        let profile = RoundingProfile { mode, ..level(RoundingLevel::Rate) };
        let items: Vec<_> = bases.iter().map(|base| on_top(*base, 1, &vat)).collect();
        let total = &assess(&items, &profile).unwrap().totals[0];
        let product = ratio(minor(&total.base) * 75, 1_000);
        prop_assert_eq!(minor(&total.base), bases.iter().sum::<i64>());
        prop_assert_eq!(minor(&total.amount), rounded(&product, mode));
        let items: Vec<_> = bases.iter().map(|base| inside(*base, 1, &vat)).collect();
        let total = &assess(&items, &profile).unwrap().totals[0];
        prop_assert_eq!(minor(&total.base) + minor(&total.amount), bases.iter().sum::<i64>());
        let off = ratio(minor(&total.base) * 75, 1_000) - of(&total.amount);
        prop_assert!(off.abs() <= ratio(1_075, 1_000));
    }

    /// A net price with its tax on top, sold as a gross price, holds that tax within a unit.
    #[test]
    fn both_views_of_a_price_agree(net in 0_i64..1_000_000_000_000, index in 1_usize..7) {
        let sets = sets();
        let rates = &sets[index].1;
        let added = taxes(&[on_top(net, 1, rates)], &RoundingProfile::default())[0].clone();
        let gross = net + added.iter().sum::<i64>();
        let held = taxes(&[inside(gross, 1, rates)], &RoundingProfile::default())[0].clone();
        for (added, held) in added.iter().zip(&held) {
            prop_assert!((added - held).abs() <= 1, "{added} {held}");
        }
        let count = i64::try_from(added.len()).unwrap();
        prop_assert!((gross - held.iter().sum::<i64>() - net).abs() <= count);
    }

    /// The order of the items says who gets a left-over unit, and nothing else.
    #[test]
    fn totals_do_not_depend_on_the_order_of_items(
        drawn in prop::collection::vec(drawn(1_000_i64..1_000_000), 1..8), profile in profiles(),
    ) {
        let sets = sets();
        let forth = assess(&taxables(&drawn, &sets), &profile).unwrap();
        let mut turned = drawn;
        turned.reverse();
        let back = assess(&taxables(&turned, &sets), &profile).unwrap();
        prop_assert_eq!((forth.added, forth.included), (back.added, back.included));
    }
}
