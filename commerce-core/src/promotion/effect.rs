//! What a promotion would take off, given what everything costs at the moment.

use super::buy_get;
use super::compile::{Act, Compiled, Cut, Reached};
use super::condition::refusal;
use super::reason::Reason;
use super::state::{Effect, Item, Place, State};
use super::types::{Scope, TierMeasure};
use crate::Currency;
use crate::money::{Allocation, Exact, Fraction, MoneyError, Rounding, allocate};
use crate::pricing::{
    BelowFloor, DiscountBasis, DiscountedLines, Measure, Percentages, UnitPercentage, Weights,
};

/// A reduction with the amount in the currency of the cart.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Off {
    Percent(Fraction),
    Amount(i64),
    FixedPrice(i64),
}

impl Cut {
    /// The amount in the currency; `None` when there is none in it.
    pub(crate) fn in_currency(&self, currency: Currency) -> Option<Off> {
        match self {
            Self::Percent(percent) => Some(Off::Percent(*percent)),
            Self::Amount(amounts) => amounts.of(currency).map(Off::Amount),
            Self::FixedPrice(amounts) => amounts.of(currency).map(Off::FixedPrice),
        }
    }
}

/// What the promotion would do, or why it does nothing.
pub(crate) fn effect(promotion: &Compiled, state: &State<'_>) -> Result<Result<Effect, Reason>, MoneyError> {
    if let Some(reason) = refusal(promotion, state)? {
        return Ok(Err(reason));
    }
    let goods = match goods(promotion, state) {
        Ok(goods) => goods,
        Err(reason) => return Ok(Err(reason)),
    };
    let effect = match &promotion.action {
        Act::BuyGet { buy, of, get, cut, sets_max } => {
            let Some(off) = cut.in_currency(state.input.currency) else { return Ok(Err(Reason::Currency)) };
            let sets = buy_get::Sets { buy: *buy, of, get: *get, sets_max: *sets_max };
            match buy_get::effect(&sets, off, promotion, &goods, state)? {
                Ok(effect) => effect,
                Err(reason) => return Ok(Err(reason)),
            }
        }
        Act::Reduce(cut) => {
            let Some(off) = cut.in_currency(state.input.currency) else { return Ok(Err(Reason::Currency)) };
            Effect { cuts: reduce(off, promotion, &goods, state)?, used: Vec::new() }
        }
        Act::Tiers { by, steps } => match tier(*by, steps, promotion, &goods, state)? {
            Ok(off) => Effect { cuts: reduce(off, promotion, &goods, state)?, used: Vec::new() },
            Err(reason) => return Ok(Err(reason)),
        },
    };
    within_limits(effect, promotion, state)
}

/// The line items that the promotion reduces.
fn goods(promotion: &Compiled, state: &State<'_>) -> Result<Vec<usize>, Reason> {
    if promotion.scope == Scope::Shipping {
        return if state.shipping.is_some() { Ok(Vec::new()) } else { Err(Reason::NoShipping) };
    }
    let (mut goods, mut meant, mut reduced) = (Vec::with_capacity(state.items.len()), 0, 0);
    for (index, item) in state.items.iter().enumerate() {
        if !promotion.targets.holds(&state.symbols[index]) {
            continue;
        }
        meant += 1;
        if item.reduced && promotion.discounted_lines == DiscountedLines::LeftOut {
            reduced += 1;
        } else if item.left.is_positive() {
            goods.push(index);
        }
    }
    // Goods that cost nothing any more leave shipping to be reduced.
    let shipping = promotion.scope == Scope::ItemsAndShipping && state.shipping.is_some();
    match (goods.is_empty() && !shipping, meant, reduced) {
        (_, 0, _) => Err(Reason::NoMatchingItems),
        (false, ..) => Ok(goods),
        (true, _, 0) => Err(Reason::NothingToReduce),
        (true, ..) => Err(Reason::AlreadyDiscounted),
    }
}

/// The reduction of the highest tier that is reached.
fn tier(
    by: TierMeasure,
    steps: &[(Reached, Cut)],
    promotion: &Compiled,
    goods: &[usize],
    state: &State<'_>,
) -> Result<Result<Off, Reason>, MoneyError> {
    let currency = state.input.currency;
    let counted: Vec<usize> = match promotion.scope {
        Scope::Shipping => (0..state.items.len()).collect(),
        _ => goods.to_vec(),
    };
    let units: u64 = counted.iter().map(|index| u64::from(state.items[*index].units)).sum();
    let amount = counted.iter().try_fold(Exact::ZERO, |sum, index| {
        let item = &state.items[*index];
        sum.plus(if promotion.measure == Measure::Original { &item.total } else { &item.cost })
    })?;
    let reached = |least: &Reached| match least {
        Reached::Units(least) => units >= *least,
        Reached::Amount(least) => least.of(currency).is_some_and(|least| amount >= Exact::from(least)),
    };
    if let Some((_, cut)) = steps.iter().rev().find(|(least, _)| reached(least)) {
        return Ok(cut.in_currency(currency).ok_or(Reason::Currency));
    }
    Ok(Err(match (by, steps.first()) {
        (TierMeasure::Quantity, Some((Reached::Units(least), _))) => {
            Reason::QuantityTooLow { missing: least.saturating_sub(units) }
        }
        (TierMeasure::Amount, Some((Reached::Amount(least), _))) => match least.of(currency) {
            Some(least) => {
                Reason::SubtotalTooLow { missing: Exact::from(least).minus(&amount)?.rounded(Rounding::Up)? }
            }
            None => Reason::Currency,
        },
        _ => Reason::NothingToReduce,
    }))
}

/// What the reduction takes off the goods, off shipping, or both.
fn reduce(
    off: Off,
    promotion: &Compiled,
    goods: &[usize],
    state: &State<'_>,
) -> Result<Vec<(Place, Exact)>, MoneyError> {
    let mode = state.mode();
    let additive = state.profile.percentages == Percentages::Additive;
    match promotion.scope {
        Scope::Unit | Scope::Line => {
            let mut cuts = Vec::with_capacity(goods.len());
            for index in goods {
                let item = &state.items[*index];
                let base = if additive { &item.at_scope } else { &item.left };
                let mut cut = if promotion.scope == Scope::Unit {
                    off_units(off, item, base, state)?
                } else {
                    off_whole(off, &item.left, base, mode)?
                };
                if promotion.floor.is_some() {
                    cut = cut.min(room(item, promotion, state)?);
                }
                if cut.is_positive() {
                    cuts.push((Place::of_line(*index), cut));
                }
            }
            Ok(cuts)
        }
        Scope::Shipping => {
            let Some((first, left)) = &state.shipping else { return Ok(Vec::new()) };
            let base = if additive { first } else { left };
            Ok(vec![(Place::Shipping, off_whole(off, left, base, mode)?)])
        }
        Scope::Order | Scope::ItemsAndShipping => together(off, promotion, goods, state),
    }
}

/// What is taken off all goods together, and off shipping where the scope says so, in shares.
fn together(
    off: Off,
    promotion: &Compiled,
    goods: &[usize],
    state: &State<'_>,
) -> Result<Vec<(Place, Exact)>, MoneyError> {
    let additive = state.profile.percentages == Percentages::Additive;
    let mode = state.mode();
    let mut places = Vec::with_capacity(goods.len() + 1);
    let mut weights = Vec::with_capacity(goods.len() + 1);
    let (mut left, mut base) = (Exact::ZERO, Exact::ZERO);
    let mut add = |place, left_here: &Exact, base_here: Exact, weight| {
        places.push(place);
        left = left.plus(left_here)?;
        base = base.plus(&base_here)?;
        weights.push(base_here.scaled(weight, mode)?);
        Ok::<_, MoneyError>(())
    };
    // Where percentages add up, a place gives its own percentage as long as that much is left of it: what it cannot give
    // is not asked of others.
    let base_of = |first: &Exact, left: &Exact| match (off, additive) {
        (Off::Percent(percent), true) if !percent.is_zero() => {
            Ok(first.clone().min(left.scaled(Fraction::ONE.over(percent)?, None)?))
        }
        _ => Ok::<_, MoneyError>(left.clone()),
    };
    for index in goods {
        let item = &state.items[*index];
        let base = base_of(&item.at_scope, &item.left)?;
        add(Place::of_line(*index), &item.left, base, item.weight)?;
    }
    if promotion.scope == Scope::ItemsAndShipping
        && let Some((first, shipping)) = &state.shipping
    {
        add(Place::Shipping, shipping, base_of(first, shipping)?, Fraction::ONE)?;
    }
    let mut whole = off_whole(off, &left, &base, mode)?;
    if let Some(most) = &promotion.max_discount {
        whole = whole.min(most.of(state.input.currency).map_or(Exact::ZERO, Exact::from));
    }
    let mut shares = allocate(&whole, &weights, state.profile.allocation, state.profile.mode)?;
    // A share by the largest remainder is at most its weight, and that is mostly what is left.
    let weighs_what_is_left = !additive
        && state.profile.weights == Weights::Entered
        && state.profile.discount_basis == DiscountBasis::Entered
        && state.profile.allocation == Allocation::LargestRemainder;
    if !weighs_what_is_left || promotion.floor.is_some() {
        let lefts: Vec<Exact> = places.iter().map(|place| left_at(*place, state)).collect();
        // What rounding gave too much to one always moves to others.
        fit(&mut shares, &lefts, true, state)?;
        let mut rooms = Vec::with_capacity(places.len());
        for (place, left) in places.iter().zip(lefts) {
            rooms.push(match place {
                Place::Line(index) => room(&state.items[*index as usize], promotion, state)?,
                Place::Shipping => left,
            });
        }
        fit(&mut shares, &rooms, state.profile.below_floor == BelowFloor::Move, state)?;
    }
    Ok(places.into_iter().zip(shares).filter(|(_, share)| share.is_positive()).collect())
}

fn left_at(place: Place, state: &State<'_>) -> Exact {
    match (place, &state.shipping) {
        (Place::Line(index), _) => state.items[index as usize].left.clone(),
        (Place::Shipping, Some((_, left))) => left.clone(),
        (Place::Shipping, None) => Exact::ZERO,
    }
}

/// Brings every share down to the room that it has; what did not fit moves to where there is room, or is dropped.
fn fit(shares: &mut [Exact], rooms: &[Exact], moves: bool, state: &State<'_>) -> Result<(), MoneyError> {
    let mut excess = Exact::ZERO;
    let mut free = Vec::with_capacity(shares.len());
    for (share, room) in shares.iter_mut().zip(rooms) {
        if *share > *room {
            excess = excess.plus(&share.minus(room)?)?;
            *share = room.clone();
        }
        free.push(room.minus(share)?);
    }
    if !moves || excess.is_zero() {
        return Ok(());
    }
    let space = free.iter().try_fold(Exact::ZERO, |sum, free| sum.plus(free))?;
    if !space.is_positive() {
        return Ok(());
    }
    let moved = portions(&excess.min(space), &free, state)?;
    for (share, more) in shares.iter_mut().zip(moved) {
        *share = share.plus(&more)?;
    }
    Ok(())
}

/// Splits an amount so that no share is above its weight: exactly where nothing is rounded, else by the largest remainder.
fn portions(amount: &Exact, weights: &[Exact], state: &State<'_>) -> Result<Vec<Exact>, MoneyError> {
    let method = match state.profile.allocation {
        Allocation::Exact => Allocation::Exact,
        _ => Allocation::LargestRemainder,
    };
    allocate(amount, weights, method, Rounding::Down)
}

/// The most that may be taken off the line item: down to its floor price.
fn room(item: &Item, promotion: &Compiled, state: &State<'_>) -> Result<Exact, MoneyError> {
    room_of_units(item.units, &item.left, promotion, state)
}

/// The most that may be taken off so many units that cost `left` together.
pub(crate) fn room_of_units(
    units: u32,
    left: &Exact,
    promotion: &Compiled,
    state: &State<'_>,
) -> Result<Exact, MoneyError> {
    let floor = promotion.floor.as_ref().and_then(|floor| floor.of(state.input.currency));
    match floor {
        None => Ok(left.clone()),
        Some(floor) => {
            let floor = floor.checked_mul(i64::from(units)).ok_or(MoneyError::Overflow)?;
            Ok(left.minus(&Exact::from(floor))?.or_zero())
        }
    }
}

/// The reduction of a whole amount: at most what is left of it. A percentage is taken of `base`.
fn off_whole(off: Off, left: &Exact, base: &Exact, mode: Option<Rounding>) -> Result<Exact, MoneyError> {
    Ok(match off {
        Off::Percent(percent) => base.scaled(percent, mode)?.min(left.clone()),
        Off::Amount(amount) => Exact::from(amount).min(left.clone()),
        Off::FixedPrice(price) => left.minus(&Exact::from(price))?.or_zero(),
    })
}

/// The same reduction of each unit of the line item.
fn off_units(off: Off, item: &Item, base: &Exact, state: &State<'_>) -> Result<Exact, MoneyError> {
    let units = i64::from(item.units);
    let times = |amount: i64| amount.checked_mul(units).map(Exact::from).ok_or(MoneyError::Overflow);
    match off {
        Off::Percent(percent) => {
            let per_unit = state.profile.unit_percentage == UnitPercentage::PerUnit && item.whole_units;
            match (base, state.mode()) {
                (Exact::Whole(base), Some(mode)) if per_unit => {
                    // The units share the line evenly, the first ones a minor unit more.
                    let (low, dearer) = (base.div_euclid(units), base.rem_euclid(units));
                    let one = |unit: i64| Exact::from(unit).scaled(percent, Some(mode))?.rounded(mode);
                    let cut = one(low)?.checked_mul(units - dearer);
                    let dearer = one(low + 1)?.checked_mul(dearer);
                    let cut = cut.zip(dearer).and_then(|(low, high)| low.checked_add(high));
                    Ok(Exact::from(cut.ok_or(MoneyError::Overflow)?).min(item.left.clone()))
                }
                (base, mode) => Ok(base.scaled(percent, mode)?.min(item.left.clone())),
            }
        }
        Off::Amount(amount) => Ok(times(amount)?.min(item.left.clone())),
        Off::FixedPrice(price) => Ok(item.left.minus(&times(price)?)?.or_zero()),
    }
}

/// The reduction of some units of a line item that cost `worth` together.
pub(crate) fn off_some_units(
    off: Off,
    units: u32,
    worth: &Exact,
    mode: Option<Rounding>,
) -> Result<Exact, MoneyError> {
    let times = |amount: i64| amount.checked_mul(i64::from(units)).ok_or(MoneyError::Overflow);
    let off = match off {
        Off::Percent(percent) => Off::Percent(percent),
        Off::Amount(amount) => Off::Amount(times(amount)?),
        Off::FixedPrice(price) => Off::FixedPrice(times(price)?),
    };
    off_whole(off, worth, worth, mode)
}

/// Brings the effect down to the most that the promotion takes off, and refuses what its budget does not hold.
fn within_limits(
    mut effect: Effect,
    promotion: &Compiled,
    state: &State<'_>,
) -> Result<Result<Effect, Reason>, MoneyError> {
    let mut total = effect.total()?;
    if let Some(most) = &promotion.max_discount {
        let Some(most) = most.of(state.input.currency) else { return Ok(Err(Reason::Currency)) };
        let most = Exact::from(most);
        if total > most {
            let weights: Vec<Exact> = effect.cuts.iter().map(|(_, cut)| cut.clone()).collect();
            let shares = portions(&most, &weights, state)?;
            for ((place, cut), share) in effect.cuts.iter_mut().zip(shares) {
                for (_, _, off) in effect.used.iter_mut().filter(|(line, ..)| Place::of_line(*line) == *place)
                {
                    *off = off.clone().min(share.clone());
                }
                *cut = share;
            }
            total = most;
        }
    }
    if !total.is_positive() {
        return Ok(Err(Reason::NothingToReduce));
    }
    if let Some(budget) = promotion.budget {
        if state.input.currency != state.shop {
            return Ok(Err(Reason::Currency));
        }
        let spent = state.input.usage.iter().find(|usage| *usage.promotion == *promotion.code);
        let left = budget.saturating_sub(spent.map_or(0, |usage| usage.spent));
        if total > Exact::from(left) {
            return Ok(Err(Reason::BudgetSpent));
        }
    }
    Ok(Ok(effect))
}
