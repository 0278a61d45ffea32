//! From worked amounts to a quote: whole minor units that add up.
//!
//! Where a profile rounds at each step, amounts are whole already and are copied. Where it carries them exactly, the total
//! is rounded once, and the parts - what each line item costs, shipping, each tax - get shares of it by the largest
//! remainder; discounts and the line totals before them follow from those.

use std::sync::Arc;

use super::profile::RoundingLevel;
use super::quote::{
    AdjustmentKind, AppliedPromotion, CouponOutcome, Origin, PricingError, Quote, QuoteLine, Stated, Summary,
    TaxTotal,
};
use super::run::Worked;
use super::taxes::Taxes;
use crate::Money;
use crate::money::{Exact, MoneyError, Rounding, divide, settle as shares_of};
use crate::promotion::{Place, Reason};

/// The whole amounts of a quote.
struct Whole {
    /// Of each line item: its total, and what is left of it after discounts.
    lines: Vec<(i64, i64)>,
    shipping: i64,
    /// What each promotion took where, in the order of the state.
    taken: Vec<Vec<i64>>,
    /// Each tax, in the order of the cells.
    taxes: Vec<i64>,
}

pub(super) fn settle(worked: &Worked<'_>) -> Result<Quote, PricingError> {
    let whole = match worked.rulebook.rounding.level {
        RoundingLevel::Total => Whole::of_exact(worked)?,
        _ => Whole::of_rounded(worked)?,
    };
    let currency = worked.input.currency;
    let money = |minor: i64| Money::from_minor(minor, currency);
    let mut stated = state_promotions(worked, &whole);
    if let Some(option) = worked.delivery.chosen() {
        let source = format!("shipping:{}", option.code).into();
        let origin = Arc::new(Origin { label: Arc::clone(&option.label), source });
        let rule = stated.rule(AdjustmentKind::Shipping, origin);
        stated.add(rule, None, option.price.minor);
    }
    let mut lines: Vec<QuoteLine> = Vec::with_capacity(whole.lines.len());
    for ((line, priced), (total, left)) in worked.input.lines.iter().zip(&worked.lines).zip(&whole.lines) {
        lines.push(QuoteLine {
            id: line.id,
            unit_price: priced.chosen.price,
            compare_at: priced.chosen.compare_at,
            total: money(*total),
            discount: money(total - left),
            tax_added: money(0),
            tax_included: money(0),
        });
    }
    let mut summary = Summary::nothing(currency);
    state_taxes(&worked.taxes, &whole.taxes, &mut lines, &mut summary, &mut stated)?;
    for line in &lines {
        summary.subtotal = summary.subtotal.plus(line.total)?;
        summary.discount = summary.discount.plus(line.discount)?;
    }
    summary.shipping = money(whole.shipping);
    summary.add_up()?;
    summary.round_to_step(worked, &mut stated)?;
    Ok(Quote {
        currency,
        lines,
        promotions: applied(worked, &whole)?,
        coupons: coupons(worked),
        taxes: tax_totals(worked, &whole)?,
        stated,
        shipping_options: worked.delivery.options().cloned().collect(),
        shipping_method: worked.delivery.chosen().cloned(),
        needs_shipping: worked.delivery.needed,
        summary,
    })
}

/// States what each promotion took off what.
fn state_promotions(worked: &Worked<'_>, whole: &Whole) -> Stated {
    let taken: usize = whole.taken.iter().map(Vec::len).sum();
    let mut stated = Stated::with_capacity(taken + worked.taxes.cells.len() + 2);
    for (taken, amounts) in worked.state.taken.iter().zip(&whole.taken) {
        let origin = &worked.state.promotions[taken.promotion as usize].origin;
        let rule = stated.rule(AdjustmentKind::Promotion, Arc::clone(origin));
        for ((place, _), amount) in taken.parts.iter().zip(amounts) {
            stated.add(rule, place.line(), -amount);
        }
    }
    stated
}

/// States each tax, and adds it to its line item and to the sums.
fn state_taxes(
    taxes: &Taxes,
    amounts: &[i64],
    lines: &mut [QuoteLine],
    summary: &mut Summary,
    stated: &mut Stated,
) -> Result<(), MoneyError> {
    let rules: Vec<u32> = taxes
        .rates
        .iter()
        .map(|rate| {
            let kind = if rate.included { AdjustmentKind::TaxIncluded } else { AdjustmentKind::TaxAdded };
            stated.rule(kind, Arc::clone(&rate.origin))
        })
        .collect();
    for (cell, amount) in taxes.cells.iter().zip(amounts) {
        stated.add(rules[cell.rate], cell.line, *amount);
        let amount = Money::from_minor(*amount, summary.total.currency);
        let included = taxes.rates[cell.rate].included;
        let sum = if included { &mut summary.tax_included } else { &mut summary.tax_added };
        *sum = sum.plus(amount)?;
        if let Some(line) = cell.line.and_then(|line| lines.get_mut(line as usize)) {
            let of_line = if included { &mut line.tax_included } else { &mut line.tax_added };
            *of_line = of_line.plus(amount)?;
        }
    }
    Ok(())
}

impl Whole {
    /// Of a profile that rounds at each step: the amounts are whole.
    fn of_rounded(worked: &Worked<'_>) -> Result<Self, MoneyError> {
        let whole = |exact: &Exact| match exact {
            Exact::Whole(minor) => Ok(*minor),
            // A service outside, or a price in parts of a unit: never after a profile's own rounding.
            Exact::Ratio(_) => exact.rounded(worked.rulebook.rounding.mode),
        };
        let state = &worked.state;
        let mut lines = Vec::with_capacity(state.items.len());
        for item in &state.items {
            lines.push((whole(&item.total)?, whole(&item.cost)?));
        }
        let mut taken = Vec::with_capacity(state.taken.len());
        for promotion in &state.taken {
            let mut amounts = Vec::with_capacity(promotion.parts.len());
            for (_, amount) in &promotion.parts {
                amounts.push(whole(amount)?);
            }
            taken.push(amounts);
        }
        let mut taxes = Vec::with_capacity(worked.taxes.cells.len());
        for cell in &worked.taxes.cells {
            taxes.push(whole(&cell.tax)?);
        }
        let shipping = state.shipping.as_ref().map_or(Ok(0), |(_, left)| whole(left))?;
        Ok(Self { lines, shipping, taken, taxes })
    }

    /// Of a profile that carries amounts exactly: the total is rounded, its parts share it.
    fn of_exact(worked: &Worked<'_>) -> Result<Self, MoneyError> {
        let state = &worked.state;
        let mode = worked.rulebook.rounding.mode;
        let is_added = |rate: usize| !worked.taxes.rates[rate].included;
        let mut paid: Vec<Exact> = state.items.iter().map(|item| item.cost.clone()).collect();
        paid.push(state.shipping.as_ref().map_or(Exact::ZERO, |(_, left)| left.clone()));
        let (mut added, mut included) = (Vec::new(), Vec::new());
        for cell in &worked.taxes.cells {
            if is_added(cell.rate) { &mut added } else { &mut included }.push(cell.tax.clone());
        }
        let payables = paid.len();
        paid.append(&mut added);
        let mut paid = rounded_shares(&paid, mode)?;
        let mut added = paid.split_off(payables).into_iter();
        let mut included = rounded_shares(&included, mode)?.into_iter();
        let shipping = paid.pop().unwrap_or(0);
        let cells = worked.taxes.cells.iter();
        let mut taxes: Vec<i64> = cells
            .map(|cell| if is_added(cell.rate) { added.next() } else { included.next() }.unwrap_or(0))
            .collect();
        hold(&worked.taxes, &mut taxes, &paid, shipping);
        let mut lines = Vec::with_capacity(paid.len());
        for (item, left) in state.items.iter().zip(&paid) {
            let total = if item.cost == item.total { *left } else { item.total.rounded(mode)?.max(*left) };
            lines.push((total, *left));
        }
        let mut taken: Vec<Vec<i64>> = state.taken.iter().map(|taken| vec![0; taken.parts.len()]).collect();
        let places = (0..state.items.len()).map(Place::of_line).chain([Place::Shipping]);
        for place in places {
            let (mut at, mut weights) = (Vec::new(), Vec::new());
            for (promotion, taken) in state.taken.iter().enumerate() {
                for (part, (_, amount)) in taken.parts.iter().enumerate().filter(|(_, part)| part.0 == place)
                {
                    at.push((promotion, part));
                    weights.push(amount.clone());
                }
            }
            let off = match place {
                Place::Line(index) => lines[index as usize].0 - lines[index as usize].1,
                Place::Shipping => {
                    let first = state.shipping.as_ref().map_or(Ok(0), |(first, _)| first.rounded(mode))?;
                    first - shipping
                }
            };
            for ((promotion, part), share) in at.into_iter().zip(spread(off, &weights)?) {
                taken[promotion][part] = share;
            }
        }
        Ok(Self { lines, shipping, taken, taxes })
    }
}

/// Moves a tax that is inside an amount to where there is room for it: of next to nothing, nothing is left once it is stated,
/// while the share of the tax may have been rounded up. What no other amount of the rate has room for is not stated.
fn hold(taxes: &Taxes, amounts: &mut [i64], lines: &[i64], shipping: i64) {
    let place = |line: Option<u32>| line.map_or(lines.len(), |line| line as usize);
    let mut rooms: Vec<i64> = lines.iter().copied().chain([shipping]).collect();
    let inside = |cell: usize| taxes.rates[taxes.cells[cell].rate].included;
    for (cell, amount) in amounts.iter().enumerate().filter(|(cell, _)| inside(*cell)) {
        rooms[place(taxes.cells[cell].line)] -= amount;
    }
    if rooms.iter().all(|room| *room >= 0) {
        return;
    }
    let mut homeless = vec![0; taxes.rates.len()];
    // First what is too much comes out, then it goes in elsewhere.
    for going_in in [false, true] {
        for (cell, amount) in amounts.iter_mut().enumerate().filter(|(cell, _)| inside(*cell)) {
            let homeless = &mut homeless[taxes.cells[cell].rate];
            let room = &mut rooms[place(taxes.cells[cell].line)];
            let moved = if going_in { (*homeless).min((*room).max(0)) } else { (*room).max(-*amount).min(0) };
            *amount += moved;
            *room -= moved;
            *homeless -= moved;
        }
    }
}

/// Whole shares of the rounded sum of these parts.
fn rounded_shares(parts: &[Exact], mode: Rounding) -> Result<Vec<i64>, MoneyError> {
    let sum = parts.iter().try_fold(Exact::ZERO, |sum, part| sum.plus(part))?;
    shares_of(sum.rounded(mode)?, parts)
}

/// Whole shares of a whole amount that is about the sum of the weights.
fn spread(whole: i64, weights: &[Exact]) -> Result<Vec<i64>, MoneyError> {
    let sum = weights.iter().try_fold(Exact::ZERO, |sum, weight| sum.plus(weight))?;
    if sum.is_zero() {
        return Ok(vec![0; weights.len()]);
    }
    let parts: Vec<Exact> = weights.iter().map(|weight| weight.share_of(&sum, &Exact::from(whole))).collect();
    shares_of(whole, &parts)
}

impl Summary {
    /// Nothing at all.
    fn nothing(currency: crate::Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            subtotal: zero,
            discount: zero,
            shipping: zero,
            tax_added: zero,
            tax_included: zero,
            cash_rounding: zero,
            total: zero,
        }
    }

    fn add_up(&mut self) -> Result<(), MoneyError> {
        let goods = self.subtotal.minus(self.discount)?;
        self.total = goods.plus(self.shipping)?.plus(self.tax_added)?.plus(self.cash_rounding)?;
        Ok(())
    }

    /// Rounds the total to what can be paid: a step of cash, or of the gateway.
    fn round_to_step(&mut self, worked: &Worked<'_>, stated: &mut Stated) -> Result<(), MoneyError> {
        let profile = &worked.rulebook.rounding;
        let step = if worked.input.cash { profile.cash_interval } else { profile.charge_step };
        if step <= 1 {
            return Ok(());
        }
        let step = i128::from(step);
        let rounded = divide(i128::from(self.total.minor), step, profile.mode) * step;
        let rounded = i64::try_from(rounded).map_err(|_| MoneyError::Overflow)?;
        self.cash_rounding = Money::from_minor(rounded - self.total.minor, self.total.currency);
        self.add_up()?;
        if self.cash_rounding.minor != 0 {
            let origin = Arc::new(Origin { label: "Rounding".into(), source: "cash_rounding".into() });
            let rule = stated.rule(AdjustmentKind::CashRounding, origin);
            stated.add(rule, None, self.cash_rounding.minor);
        }
        Ok(())
    }
}

fn applied(worked: &Worked<'_>, whole: &Whole) -> Result<Vec<AppliedPromotion>, MoneyError> {
    let mut applied: Vec<(u32, i64)> = Vec::with_capacity(whole.taken.len());
    for (taken, amounts) in worked.state.taken.iter().zip(&whole.taken) {
        let sum: i128 = amounts.iter().map(|amount| i128::from(*amount)).sum();
        applied.push((taken.promotion, i64::try_from(sum).map_err(|_| MoneyError::Overflow)?));
    }
    let one = |(number, amount): (u32, i64)| {
        let promotion = &worked.state.promotions[number as usize];
        let coupon = worked.input.coupon_for(&promotion.code);
        AppliedPromotion {
            code: Arc::clone(&promotion.code),
            label: Arc::clone(&promotion.origin.label),
            coupon: coupon.filter(|_| promotion.coupon).map(|coupon| coupon.code.to_owned()),
            amount: Money::from_minor(amount, worked.input.currency),
            limited: promotion.is_limited(),
        }
    };
    // What comes to nothing once amounts are whole uses nothing up: no adjustment names it, so nothing would give it back.
    Ok(applied.into_iter().filter(|(_, amount)| *amount > 0).map(one).collect())
}

fn coupons(worked: &Worked<'_>) -> Vec<CouponOutcome> {
    let state = &worked.state;
    let outcome = |coupon: &super::Coupon<'_>| {
        let number = worked.rulebook.index.for_coupon(coupon.promotion);
        let taking = worked.input.coupon_for(coupon.promotion);
        let refused = match number {
            None => Some(coupon.refused.unwrap_or(Reason::Unknown)),
            // Two coupons for one promotion: one of them takes it.
            Some(_) if !taking.is_some_and(|taking| std::ptr::eq(taking, coupon)) => {
                Some(coupon.refused.unwrap_or(Reason::NotCombinable))
            }
            Some(number) => {
                let applied = state.taken.iter().any(|taken| taken.promotion == number);
                let reason = state.refused.iter().find(|(refused, _)| *refused == number);
                (!applied).then(|| reason.map_or(Reason::NothingToReduce, |(_, reason)| *reason))
            }
        };
        CouponOutcome { code: coupon.code.to_owned(), promotion: coupon.promotion.to_owned(), refused }
    };
    worked.input.coupons.iter().map(outcome).collect()
}

/// The tax of each rate, as the sum of what the line items and shipping have of it.
fn tax_totals(worked: &Worked<'_>, whole: &Whole) -> Result<Vec<TaxTotal>, MoneyError> {
    let mode = worked.rulebook.rounding.mode;
    let mut totals = Vec::with_capacity(worked.taxes.rates.len());
    for rate in &worked.taxes.rates {
        totals.push(TaxTotal {
            origin: Arc::clone(&rate.origin),
            rate: rate.percent,
            base: Money::from_minor(rate.base.rounded(mode)?, worked.input.currency),
            amount: Money::zero(worked.input.currency),
            included: rate.included,
        });
    }
    for (cell, amount) in worked.taxes.cells.iter().zip(&whole.taxes) {
        let sum = &mut totals[cell.rate].amount;
        *sum = sum.plus(Money::from_minor(*amount, sum.currency))?;
    }
    Ok(totals)
}
