//! Whether the conditions of a promotion are met.

use super::compile::{Compiled, When};
use super::reason::Reason;
use super::state::State;
use crate::money::{Exact, MoneyError};
use crate::pricing::{AnyOf, Measure};

/// What stands against the promotion before its action is looked at.
pub(crate) fn refusal(promotion: &Compiled, state: &State<'_>) -> Result<Option<Reason>, MoneyError> {
    let input = state.input;
    let (from, until) = promotion.window;
    let now = input.now.as_micros();
    if now >= until {
        return Ok(Some(Reason::Ended));
    }
    if now < from {
        return Ok(Some(crate::Timestamp::from_micros(from).map_or(Reason::Ended, Reason::NotStarted)));
    }
    if promotion.coupon {
        match input.coupon_for(&promotion.code) {
            None => return Ok(Some(Reason::NeedsCoupon)),
            Some(coupon) if coupon.refused.is_some() => return Ok(coupon.refused),
            Some(_) => {}
        }
    }
    if let Some(usage) = input.usage.iter().find(|usage| *usage.promotion == *promotion.code) {
        if promotion.total.is_some_and(|total| usage.uses >= total) {
            return Ok(Some(Reason::UsesSpent));
        }
        if promotion.per_customer.is_some_and(|most| usage.customer_uses >= most) {
            return Ok(Some(Reason::CustomerUsesSpent));
        }
    }
    match &promotion.when {
        Some(when) => refuse(when, promotion.measure, state),
        None => Ok(None),
    }
}

fn refuse(when: &When, measure: Measure, state: &State<'_>) -> Result<Option<Reason>, MoneyError> {
    let input = state.input;
    Ok(match when {
        When::All(all) => {
            for one in all {
                if let Some(reason) = refuse(one, measure, state)? {
                    return Ok(Some(reason));
                }
            }
            None
        }
        When::Any(any) => {
            let mut first = None;
            for one in any {
                match refuse(one, measure, state)? {
                    None => return Ok(None),
                    reason => first = first.or(reason),
                }
            }
            first
        }
        When::Not(inner) => refuse(inner, measure, state)?.is_none().then_some(Reason::Excluded),
        When::Subtotal { from, below, of } => {
            let least = match from {
                Some(from) => match from.of(input.currency) {
                    Some(least) => least,
                    None => return Ok(Some(Reason::Currency)),
                },
                None => 0,
            };
            let sum = subtotal(of, measure, state)?;
            if sum < Exact::from(least) {
                let missing = Exact::from(least).minus(&sum)?.rounded(crate::money::Rounding::Up)?;
                return Ok(Some(Reason::SubtotalTooLow { missing }));
            }
            match below.as_ref().map(|below| below.of(input.currency)) {
                Some(None) => Some(Reason::Currency),
                Some(Some(below)) if sum >= Exact::from(below) => Some(Reason::SubtotalTooHigh),
                _ => None,
            }
        }
        When::Quantity { from, up_to, of } => {
            let units: u64 = selected(of, state).map(|index| u64::from(state.items[index].units)).sum();
            let low = |missing| {
                if units == 0 { Reason::NoMatchingItems } else { Reason::QuantityTooLow { missing } }
            };
            match from.checked_sub(units) {
                Some(missing @ 1..) => Some(low(missing)),
                _ => (units > *up_to).then_some(Reason::QuantityTooHigh),
            }
        }
        When::DistinctItems { from, up_to, of } => {
            let mut skus: Vec<&str> = selected(of, state).map(|index| input.lines[index].sku).collect();
            skus.sort_unstable();
            skus.dedup();
            let items = skus.len() as u64;
            match from.checked_sub(items) {
                Some(missing @ 1..) => Some(Reason::TooFewItems { missing }),
                _ => (items > *up_to).then_some(Reason::QuantityTooHigh),
            }
        }
        When::CustomerGroup(groups) => {
            let member = input.customer.groups.iter().any(|group| groups.contains(group));
            (!member).then_some(Reason::CustomerGroup)
        }
        When::FirstOrder(first) => match input.customer.ordered_before {
            None => Some(Reason::CustomerUnknown),
            Some(before) if before == *first => {
                Some(if *first { Reason::FirstOrderOnly } else { Reason::ReturningOnly })
            }
            Some(_) => None,
        },
        When::Country(countries) => match &input.destination {
            None => Some(Reason::DestinationUnknown),
            Some(destination) => (!countries.contains(&destination.country)).then_some(Reason::Country),
        },
        When::Currency(currencies) => (!currencies.contains(&input.currency)).then_some(Reason::Currency),
        When::Channel(channels) => {
            let sold_here = input.channel.is_some_and(|here| channels.iter().any(|channel| channel == here));
            (!sold_here).then_some(Reason::Channel)
        }
        When::Applied(code) => (!state.applied(code)).then_some(Reason::NeedsAnother),
    })
}

fn selected<'s>(of: &'s AnyOf, state: &'s State<'_>) -> impl Iterator<Item = usize> + 's {
    (0..state.items.len()).filter(|index| of.holds(&state.symbols[*index]))
}

fn subtotal(of: &AnyOf, measure: Measure, state: &State<'_>) -> Result<Exact, MoneyError> {
    selected(of, state).try_fold(Exact::ZERO, |sum, index| {
        let item = &state.items[index];
        sum.plus(match measure {
            Measure::Original => &item.total,
            Measure::Running => &item.cost,
        })
    })
}
