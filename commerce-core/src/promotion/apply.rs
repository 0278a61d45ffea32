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
        if promotion.lane.is_some_and(|lane| lanes_done.contains(&lane)) {
            continue;
        }
        let effect = match effect(promotion, state)? {
            Ok(effect) => effect,
            Err(reason) => {
                state.refused.push((*number, reason));
                continue;
            }
        };
        let Some(lane) = promotion.lane else {
            state.take(*number, effect)?;
            continue;
        };
        // A lane has its turn with the first of its promotions that would apply; those that would not have had theirs.
        lanes_done.push(lane);
        let rivals: Vec<u32> = candidates[at + 1..]
            .iter()
            .copied()
            .filter(|other| promotions[*other as usize].lane == Some(lane))
            .filter(|other| phases.contains(&promotions[*other as usize].phase))
            .collect();
        take_best(state, (*number, effect), &rivals)?;
    }
    Ok(())
}

/// Applies the promotion of a lane that takes most off; among equals the first.
fn take_best(state: &mut State<'_>, first: (u32, Effect), rivals: &[u32]) -> Result<(), MoneyError> {
    let mut most = first.1.total()?;
    let (mut best, mut taking) = first;
    for number in rivals {
        let reason = match effect(&state.promotions[*number as usize], state)? {
            Err(reason) => Some((*number, reason)),
            Ok(effect) => {
                let off = effect.total()?;
                let beaten = if off > most {
                    most = off;
                    taking = effect;
                    std::mem::replace(&mut best, *number)
                } else {
                    *number
                };
                Some((beaten, Reason::BetterInLane))
            }
        };
        state.refused.extend(reason);
    }
    state.take(best, taking)
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
    let (mut alone, others): (Vec<u32>, Vec<u32>) =
        candidates.iter().partition(|number| promotions[**number as usize].exclusive);
    // Whichever reaches what: among those that stand alone, priority counts before the scope.
    alone.sort_by_key(|number| promotions[*number as usize].rank);
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
