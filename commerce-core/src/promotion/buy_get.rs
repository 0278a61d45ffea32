//! Units that are reduced for others that are bought.
//!
//! How many sets there are is a matching of units: each set takes `buy` units of one selection and `get` of another, and
//! no unit serves twice. With two selections it is enough to count those in the first, those in the second, and those in
//! either. The cheapest units are reduced - of those that are in both selections only as many as the sets can spare - and
//! the dearest of what remains are bought. Units are counted by line item and never one by one: a million cost as much as
//! one.

use std::cmp::Ordering;

use super::compile::Compiled;
use super::effect::{Off, off_some_units, room_of_units};
use super::reason::Reason;
use super::state::{Effect, Place, State};
use crate::money::{Exact, Fraction, MoneyError};
use crate::pricing::AnyOf;

/// What a set takes.
pub(crate) struct Sets<'a> {
    pub(crate) buy: u32,
    pub(crate) of: &'a AnyOf,
    pub(crate) get: u32,
    pub(crate) sets_max: u32,
}

/// A line item with units that are free.
struct Pile {
    line: usize,
    units: u64,
    /// What one unit costs.
    price: Exact,
    bought: bool,
    reduced: bool,
    /// How many of its units are reduced and bought.
    gets: u64,
    buys: u64,
}

/// What the sets take off; `targets` are the line items whose units may be reduced.
pub(crate) fn effect(
    sets: &Sets<'_>,
    off: Off,
    promotion: &Compiled,
    targets: &[usize],
    state: &State<'_>,
) -> Result<Result<Effect, Reason>, MoneyError> {
    let mut piles = piles(sets.of, targets, state)?;
    let sum = |piles: &[Pile], which: fn(&Pile) -> bool| -> u64 {
        piles.iter().filter(|pile| which(pile)).map(|pile| pile.units).sum()
    };
    let (buy, get) = (u64::from(sets.buy), u64::from(sets.get));
    let bought = sum(&piles, |pile| pile.bought);
    let reduced = sum(&piles, |pile| pile.reduced);
    let either = sum(&piles, |_| true);
    let count = (bought / buy).min(reduced / get).min(either / (buy + get)).min(u64::from(sets.sets_max));
    if count == 0 {
        let missing = buy.saturating_sub(bought).max(get.saturating_sub(reduced));
        return Ok(Err(Reason::QuantityTooLow { missing: missing.max((buy + get).saturating_sub(either)) }));
    }
    piles.sort_by(|a, b| a.price.cmp(&b.price).then(b.line.cmp(&a.line)));
    choose(&mut piles, count * get, bought - count * buy, count * buy);

    let mut effect = Effect::default();
    for pile in &piles {
        let item = &state.items[pile.line];
        let (gets, buys) = (units(pile.gets)?, units(pile.buys)?);
        let mut cut = Exact::ZERO;
        if gets > 0 {
            let worth = item.unused_share(gets, &item.left, state.mode())?;
            let room = room_of_units(gets, &worth, promotion, state)?;
            cut = off_some_units(off, gets, &worth, state.mode())?.min(room);
        }
        if gets + buys > 0 {
            effect.cuts.push((Place::of_line(pile.line), cut.clone()));
            effect.used.push((pile.line, gets + buys, cut));
        }
    }
    Ok(Ok(effect))
}

/// The line items of which units are free and meant, with what one of their units costs.
fn piles(of: &AnyOf, targets: &[usize], state: &State<'_>) -> Result<Vec<Pile>, MoneyError> {
    let mut piles = Vec::new();
    for (line, item) in state.items.iter().enumerate() {
        let (bought, reduced) = (of.holds(&state.symbols[line]), targets.contains(&line));
        if item.unused() > 0 && (bought || reduced) {
            let free = item.left.minus(&item.used.1)?.or_zero();
            let price = free.times(Fraction::new(1, i128::from(item.unused()))?);
            let units = u64::from(item.unused());
            piles.push(Pile { line, units, price, bought, reduced, gets: 0, buys: 0 });
        }
    }
    Ok(piles)
}

/// Chooses which units are reduced and which are bought. The piles are sorted by price, the cheapest first; of those that
/// could be bought too, at most `spare` are reduced.
fn choose(piles: &mut [Pile], mut gets: u64, mut spare: u64, mut buys: u64) {
    for pile in piles.iter_mut().filter(|pile| pile.reduced) {
        let most = if pile.bought { pile.units.min(spare) } else { pile.units };
        pile.gets = most.min(gets);
        gets -= pile.gets;
        if pile.bought {
            spare -= pile.gets;
        }
    }
    for pile in piles.iter_mut().rev().filter(|pile| pile.bought) {
        pile.buys = (pile.units - pile.gets).min(buys);
        buys -= pile.buys;
    }
    debug_assert_eq!((gets, buys).cmp(&(0, 0)), Ordering::Equal, "there are units enough for every set");
}

fn units(count: u64) -> Result<u32, MoneyError> {
    u32::try_from(count).map_err(|_| MoneyError::Overflow)
}
