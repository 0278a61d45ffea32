//! The worked examples of the rounding profile.

use super::*;
use crate::money::Rounding;
use crate::pricing::{SeveralRates, TaxRounding};
use crate::tax::rates::Untaxed;
use crate::tax::rates::tests::set;

#[test]
fn tax_is_rounded_where_the_level_says() {
    let vat = set(&["7.5"]);
    let items = [on_top(110, 1, &vat), on_top(110, 1, &vat), on_top(220, 2, &vat)];
    for (at, cells, sum) in [
        (RoundingLevel::Unit, [[8], [8], [16]], 32),
        (RoundingLevel::Line, [[8], [8], [17]], 33),
        (RoundingLevel::Rate, [[8], [8], [17]], 33),
        (RoundingLevel::Order, [[8], [8], [17]], 33),
    ] {
        assert_eq!(taxes(&items, &level(at)), cells, "{at:?}");
        assert_eq!(minor(&assess(&items, &level(at)).unwrap().added), sum, "{at:?}");
    }
    let exact = assess(&items, &level(RoundingLevel::Total)).unwrap();
    assert_eq!(exact.of_item(0)[0].plus(&exact.of_item(1)[0]).unwrap(), exact.of_item(2)[0]);
    assert_eq!(minor(&exact.added), 33);
}

#[test]
fn units_have_two_values_at_most() {
    let vat = set(&["50"]);
    // 103 over 4 units: three of 26 with 13 of tax, one of 25 with 12.5, which is 13.
    let four = [on_top(103, 4, &vat)];
    assert_eq!(taxes(&four, &level(RoundingLevel::Unit)), [[52]]);
    let down = RoundingProfile { mode: Rounding::Down, ..level(RoundingLevel::Unit) };
    assert_eq!(taxes(&four, &down), [[51]]);
    // Less than a minor unit each: one unit has all of it.
    assert_eq!(taxes(&[on_top(1, 10_000, &vat)], &level(RoundingLevel::Unit)), [[1]]);
    let many = [on_top(i64::MAX / 2, 10_000, &vat), on_top(1, 1, &vat)];
    assert!(assess(&many, &level(RoundingLevel::Unit)).is_ok());
    assert!(assess(&[on_top(i64::MAX, 1, &set(&["200"]))], &level(RoundingLevel::Unit)).is_err());
}

#[test]
fn net_and_gross_are_rounded_or_the_tax_is() {
    let (vat, all) = (set(&["7.5"]), set(&["100"]));
    let apart = RoundingProfile { tax: TaxRounding::NetAndGross, ..RoundingProfile::default() };
    assert_eq!(taxes(&[inside(101, 1, &vat)], &RoundingProfile::default()), [[7]]);
    assert_eq!(taxes(&[inside(101, 1, &vat)], &apart), [[7]]);
    // 0.03 that holds 100 %: both net and tax are 0.015, and which of them is rounded up shows.
    assert_eq!(taxes(&[inside(3, 1, &all)], &RoundingProfile::default()), [[2]]);
    assert_eq!(taxes(&[inside(3, 1, &all)], &apart), [[1]]);
    // A mode that looks at neighbours. 0.11 at 50 %: the tax of 0.055 goes to 0.06, the gross of 0.165 to 0.16.
    let even = RoundingProfile { mode: Rounding::HalfEven, ..apart };
    let tax_even = RoundingProfile { mode: Rounding::HalfEven, ..RoundingProfile::default() };
    let half = set(&["50"]);
    assert_eq!(taxes(&[on_top(11, 1, &half)], &tax_even), [[6]]);
    assert_eq!(taxes(&[on_top(11, 1, &half)], &even), [[5]]);
    for at in [RoundingLevel::Unit, RoundingLevel::Rate, RoundingLevel::Order] {
        assert_eq!(taxes(&[inside(3, 1, &all)], &RoundingProfile { level: at, ..apart }), [[1]], "{at:?}");
        assert_eq!(taxes(&[on_top(11, 1, &half)], &RoundingProfile { level: at, ..even }), [[5]], "{at:?}");
    }
}

#[test]
fn several_rates_are_rounded_each_or_summed() {
    // Two rates of 2.5 % on 0.20: 0.005 each.
    let both = set(&["2.5", "2.50001"]);
    let two = set(&["2.5", "+0", "2.500"]);
    let summed = RoundingProfile { several_rates: SeveralRates::Summed, ..RoundingProfile::default() };
    assert_eq!(taxes(&[on_top(20, 1, &two)], &RoundingProfile::default()), [[1, 0, 1]]);
    assert_eq!(taxes(&[on_top(20, 1, &two)], &summed), [[1, 0, 0]]);
    assert_eq!(taxes(&[on_top(20, 1, &both)], &summed), [[0, 1]], "the largest remainder gets the unit");
    let per_unit = RoundingProfile { level: RoundingLevel::Unit, ..summed };
    assert_eq!(taxes(&[on_top(60, 3, &two)], &per_unit), [[3, 0, 0]]);
    // Per rate, lines of one set of rates are summed together; 0.015 + 0.015 = 0.03.
    let items = [on_top(20, 1, &two), on_top(20, 1, &two), on_top(20, 1, &two)];
    let (per_rate, rates_summed) =
        (level(RoundingLevel::Rate), RoundingProfile { level: RoundingLevel::Rate, ..summed });
    assert_eq!(taxes(&items, &per_rate), [[1, 0, 1], [1, 0, 1], [0, 0, 0]]);
    assert_eq!(minor(&assess(&items, &rates_summed).unwrap().added), 3);
    let amounts: Vec<_> =
        assess(&items, &rates_summed).unwrap().totals.iter().map(|total| minor(&total.amount)).collect();
    assert_eq!(amounts, [2, 0, 1]);
}

#[test]
fn the_order_rounds_taxes_inside_and_on_top_each_once() {
    let (a, b) = (set(&["2.5"]), set(&["7.5"]));
    // On top 0.275 + 0.825 = 1.10; inside 0.2439... + 0.7674... = 1.0114.
    let items = [on_top(11, 1, &a), inside(10, 1, &a), on_top(11, 1, &b), inside(11, 1, &b)];
    let order = assess(&items, &level(RoundingLevel::Order)).unwrap();
    assert_eq!((minor(&order.added), minor(&order.included)), (1, 1));
    assert_eq!(cells(&order, &items), [[0], [0], [1], [1]]);
    let lines = assess(&items, &RoundingProfile::default()).unwrap();
    assert_eq!(cells(&lines, &items), [[0], [0], [1], [1]]);
    let totals: Vec<_> = order
        .totals
        .iter()
        .map(|total| (&*total.label, total.included, minor(&total.base), minor(&total.amount)))
        .collect();
    assert_eq!(
        totals,
        [
            ("T2.5 2.5 %", false, 11, 0),
            ("T2.5 2.5 %", true, 10, 0),
            ("T7.5 7.5 %", false, 11, 1),
            ("T7.5 7.5 %", true, 10, 1)
        ]
    );
}

#[test]
fn an_item_without_tax_gets_no_share() {
    let (vat, zero, none) = (set(&["19"]), set(&["0"]), RateSet::none(Untaxed::ExemptClass));
    let items = [
        on_top(0, 1, &vat),
        on_top(7, 1, &zero),
        on_top(9, 1, &none),
        on_top(1, 1, &vat),
        on_top(1, 1, &vat),
    ];
    let up = |level| RoundingProfile { level, mode: Rounding::Up, ..RoundingProfile::default() };
    for (at, cells) in [
        (RoundingLevel::Line, vec![vec![0], vec![0], vec![], vec![1], vec![1]]),
        (RoundingLevel::Rate, vec![vec![0], vec![0], vec![], vec![1], vec![0]]),
        (RoundingLevel::Order, vec![vec![0], vec![0], vec![], vec![1], vec![0]]),
    ] {
        assert_eq!(taxes(&items, &up(at)), cells, "{at:?}");
    }
    assert_eq!(assess(&[], &RoundingProfile::default()).unwrap().totals, []);
}

#[test]
fn one_rate_in_two_sets_is_one_total() {
    // The second rate is compound: in the first set it is 15.9 % of the net, in the other 15 %.
    let (with_levies, alone) = (set(&["6", "+15"]), set(&["+15"]));
    let items = [on_top(1_000, 1, &with_levies), on_top(1_000, 1, &alone)];
    let assessed = assess(&items, &level(RoundingLevel::Rate)).unwrap();
    assert_eq!(cells(&assessed, &items), [vec![60, 159], vec![150]]);
    let vat = &assessed.totals[1];
    assert_eq!((minor(&vat.base), minor(&vat.amount)), (2_000, 309));
}

#[test]
fn taxes_inside_never_take_more_than_the_price() {
    let many = set(&["80", "90", "100"]);
    for at in [RoundingLevel::Unit, RoundingLevel::Line, RoundingLevel::Rate, RoundingLevel::Order] {
        for mode in Rounding::ALL {
            let profile = RoundingProfile { mode, ..level(at) };
            let items: Vec<_> = (0..5).map(|base| inside(base, 1, &many)).collect();
            for (index, taxes) in taxes(&items, &profile).iter().enumerate() {
                assert!(
                    taxes.iter().sum::<i64>() <= i64::try_from(index).unwrap(),
                    "{at:?} {mode:?} {taxes:?}"
                );
            }
        }
    }
}
