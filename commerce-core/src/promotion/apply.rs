//! Applying promotions: in which order, and which of them suffer each other.

use super::compile::Phase;
use super::effect::effect;
use super::reason::Reason;
use super::state::{Effect, State};
use crate::money::{Exact, MoneyError};
use crate::pricing::Exclusive;

/// Applies those of the candidates that have their turn in the phases, in order.
pub(crate) fn apply(state: &mut State<'_>, candidates: &[u32], phases: &[Phase]) -> Result<(), MoneyError> {
    let promotions = state.promotions;
    let mut lanes_done: Vec<u32> = Vec::new();
    let mut phase = None;
    for (at, number) in candidates.iter().enumerate() {
        let promotion = &promotions[*number as usize];
        if !phases.contains(&promotion.phase) {
            continue;
        }
        if phase.replace(promotion.phase) != Some(promotion.phase) {
            state.begin_scope();
        }
        let Some(lane) = promotion.lane else {
            match effect(promotion, state)? {
                Ok(effect) => state.take(*number, effect)?,
                Err(reason) => state.refused.push((*number, reason)),
            }
            continue;
        };
        if lanes_done.contains(&lane) {
            continue;
        }
        lanes_done.push(lane);
        let of_lane = candidates[at..]
            .iter()
            .copied()
            .filter(|other| promotions[*other as usize].lane == Some(lane))
            .filter(|other| phases.contains(&promotions[*other as usize].phase));
        let of_lane: Vec<u32> = of_lane.collect();
        take_best(state, &of_lane)?;
    }
    Ok(())
}

/// Applies the promotion of a lane that takes most off; among equals the first.
fn take_best(state: &mut State<'_>, lane: &[u32]) -> Result<(), MoneyError> {
    let mut best: Option<(u32, Effect, Exact)> = None;
    for number in lane {
        match effect(&state.promotions[*number as usize], state)? {
            Err(reason) => state.refused.push((*number, reason)),
            Ok(effect) => {
                let off = effect.cuts.iter().try_fold(Exact::ZERO, |sum, (_, cut)| sum.plus(cut))?;
                if best.as_ref().is_none_or(|(_, _, most)| off > *most) {
                    if let Some((beaten, ..)) = best.replace((*number, effect, off)) {
                        state.refused.push((beaten, Reason::BetterInLane));
                    }
                } else {
                    state.refused.push((*number, Reason::BetterInLane));
                }
            }
        }
    }
    match best {
        Some((number, effect, _)) => state.take(number, effect),
        None => Ok(()),
    }
}

/// Applies the candidates to a fresh state with `run`, so that an exclusive promotion that applies stands alone.
///
/// `run` takes a state from the first phase to the last, with some of the candidates: what shipping costs may depend on
/// what was taken off before.
pub(crate) fn settle_exclusive<'a, D>(
    candidates: &[u32],
    fresh: State<'a>,
    run: impl Fn(&mut State<'a>, &[u32]) -> Result<D, MoneyError>,
) -> Result<(State<'a>, D), MoneyError> {
    let promotions = fresh.promotions;
    let (alone, others): (Vec<u32>, Vec<u32>) =
        candidates.iter().partition(|number| promotions[**number as usize].exclusive);
    let with = |mut state: State<'a>, some: &[u32]| {
        let done = run(&mut state, some)?;
        Ok((state, done))
    };
    if alone.is_empty() {
        return with(fresh, candidates);
    }
    let mut refused = Vec::new();
    let mut best: Option<((State<'a>, D), Exact, Option<u32>)> = None;
    for number in &alone {
        let (state, done) = with(fresh.clone(), &[*number])?;
        let off = state.total_taken()?;
        if !off.is_positive() {
            refused.extend_from_slice(&state.refused);
            continue;
        }
        if best.as_ref().is_none_or(|(_, most, _)| off > *most) {
            best = Some(((state, done), off, Some(*number)));
        }
        if fresh.profile.exclusive == Exclusive::First {
            break;
        }
    }
    if best.is_none() || fresh.profile.exclusive == Exclusive::Best {
        let (state, done) = with(fresh.clone(), &others)?;
        let off = state.total_taken()?;
        if best.as_ref().is_none_or(|(_, most, _)| off > *most) {
            best = Some(((state, done), off, None));
        }
    }
    let Some(((mut state, done), _, winner)) = best else { return with(fresh, &others) };
    let beaten = if winner.is_some() { candidates } else { &alone };
    for number in beaten.iter().filter(|number| Some(**number) != winner) {
        let own = refused.iter().find(|(told, _)| told == number);
        state.refused.push((*number, own.map_or(Reason::NotCombinable, |(_, reason)| *reason)));
    }
    Ok((state, done))
}
