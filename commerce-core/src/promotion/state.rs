//! What promotions work on: what each line item and shipping still cost while they are applied.

use std::rc::Rc;

use super::compile::Compiled;
use super::reason::Reason;
use crate::Currency;
use crate::money::{Exact, Fraction, MoneyError, Rounding};
use crate::pricing::{PricingInput, RoundingProfile, Symbol};

/// A line item while promotions are applied.
///
/// `left` is in the basis in which discounts are computed; `total` and `cost` are as the price was entered.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) units: u32,
    /// What promotions left of it, in the basis of discounts.
    pub(crate) left: Exact,
    /// Before any promotion, as entered.
    pub(crate) total: Exact,
    /// What promotions left of it, as entered.
    pub(crate) cost: Exact,
    /// What an amount in the basis of discounts is times this, as entered.
    pub(crate) entered: Fraction,
    /// What weighs when an amount is split: `left` times this.
    pub(crate) weight: Fraction,
    /// Whether it has a sale price, or an earlier promotion reduced it.
    pub(crate) reduced: bool,
    /// Whether its price is whole minor units, so that a unit's share can be rounded to one.
    pub(crate) whole_units: bool,
    /// Units that served a promotion of units for units, and what they still cost.
    pub(crate) used: (u32, Exact),
    /// What was left when the present scope began: what additive percentages are taken of.
    pub(crate) at_scope: Exact,
}

/// Where a reduction lands: a line item's place, or shipping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Line(u32),
    Shipping,
}

impl Place {
    /// The line item of this place in the cart.
    pub(crate) fn of_line(index: usize) -> Self {
        Self::Line(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The place of the line item; absent for shipping.
    pub(crate) fn line(self) -> Option<u32> {
        match self {
            Self::Line(index) => Some(index),
            Self::Shipping => None,
        }
    }
}

/// What a promotion took off, as entered.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    /// The promotion's place in the list.
    pub(crate) promotion: u32,
    /// Where, and how much.
    pub(crate) parts: Vec<(Place, Exact)>,
}

/// What a promotion would do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effect {
    /// What it takes off, in the basis of discounts.
    pub(crate) cuts: Vec<(Place, Exact)>,
    /// Units that it uses: of which line item, how many, and what is taken off them.
    pub(crate) used: Vec<(usize, u32, Exact)>,
}

impl Effect {
    /// What it takes off in all, in the basis of discounts.
    pub(crate) fn total(&self) -> Result<Exact, MoneyError> {
        self.cuts.iter().try_fold(Exact::ZERO, |sum, (_, cut)| sum.plus(cut))
    }
}

/// The state in which promotions are applied.
#[derive(Debug, Clone)]
pub(crate) struct State<'a> {
    pub(crate) input: &'a PricingInput<'a>,
    /// The currency of the shop, in which budgets are.
    pub(crate) shop: Currency,
    pub(crate) profile: &'a RoundingProfile,
    pub(crate) promotions: &'a [Compiled],
    /// The symbols of each line item, sorted.
    pub(crate) symbols: Rc<[Vec<Symbol>]>,
    pub(crate) items: Vec<Item>,
    /// What shipping cost at first and what is left of it, once that is known.
    pub(crate) shipping: Option<(Exact, Exact)>,
    /// What was taken off, in order.
    pub(crate) taken: Vec<Taken>,
    /// What became of the promotions that did not apply.
    pub(crate) refused: Vec<(u32, Reason)>,
}

impl State<'_> {
    /// The mode in which amounts are rounded, or `None` when they are carried exactly.
    pub(crate) fn mode(&self) -> Option<Rounding> {
        self.profile.running_mode()
    }

    /// A new scope begins: additive percentages are taken of what is left now.
    pub(crate) fn begin_scope(&mut self) {
        for item in &mut self.items {
            item.at_scope = item.left.clone();
        }
    }

    /// Whether the promotion was applied.
    pub(crate) fn applied(&self, code: &str) -> bool {
        self.taken.iter().any(|taken| &*self.promotions[taken.promotion as usize].code == code)
    }

    /// Takes off what a promotion does.
    pub(crate) fn take(&mut self, promotion: u32, effect: Effect) -> Result<(), MoneyError> {
        let mode = self.mode();
        let Effect { cuts: mut parts, used } = effect;
        for (place, cut) in &mut parts {
            match place {
                Place::Shipping => {
                    if let Some((_, left)) = &mut self.shipping {
                        *left = left.minus(cut)?;
                    }
                }
                Place::Line(index) => {
                    let index = *index as usize;
                    let own = used.iter().any(|(line, ..)| *line == index);
                    // From here on the amount is as the price was entered.
                    self.items[index].cut(cut, own, mode)?;
                }
            }
        }
        for (index, units, off) in used {
            self.items[index].use_units(units, &off, mode)?;
        }
        parts.retain(|(_, amount)| amount.is_positive());
        if !parts.is_empty() {
            self.taken.push(Taken { promotion, parts });
        }
        Ok(())
    }

    /// What all promotions took off.
    pub(crate) fn total_taken(&self) -> Result<Exact, MoneyError> {
        let parts = self.taken.iter().flat_map(|taken| &taken.parts);
        parts.map(|(_, amount)| amount).try_fold(Exact::ZERO, |sum, amount| sum.plus(amount))
    }
}

impl Item {
    /// Takes the cut off, and turns it into the amount that it is as the price was entered.
    fn cut(&mut self, cut: &mut Exact, on_own_units: bool, mode: Option<Rounding>) -> Result<(), MoneyError> {
        let (used, used_left) = &mut self.used;
        if *used > 0 && !on_own_units {
            // What the used units cost falls in proportion, so that the others keep their price.
            let part = used_left.share_of(&self.left, cut);
            let part = if mode.is_some() { part.round(Rounding::Down)? } else { part };
            *used_left = used_left.minus(&part)?;
        }
        self.left = self.left.minus(cut)?;
        self.reduced = true;
        if self.entered == Fraction::ONE {
            self.cost = self.left.clone();
            return Ok(());
        }
        let cost = if self.left.is_zero() { Exact::ZERO } else { self.left.scaled(self.entered, mode)? };
        // Rounding from one basis to the other never makes anything dearer.
        let cost = cost.min(self.cost.clone());
        *cut = self.cost.minus(&cost)?;
        self.cost = cost;
        Ok(())
    }

    fn use_units(&mut self, units: u32, off: &Exact, mode: Option<Rounding>) -> Result<(), MoneyError> {
        // `left` has lost what was taken off them already.
        let before = self.left.plus(off)?;
        let worth = self.unused_share(units, &before, mode)?;
        let (used, used_left) = &mut self.used;
        *used_left = used_left.plus(&worth.minus(off)?)?;
        *used += units;
        Ok(())
    }

    /// How many units are free to serve a promotion of units for units.
    pub(crate) fn unused(&self) -> u32 {
        self.units - self.used.0
    }

    /// What so many of the units that are free cost, when the whole line costs `left`: the cheaper ones where they differ
    /// by a minor unit.
    pub(crate) fn unused_share(
        &self,
        units: u32,
        left: &Exact,
        mode: Option<Rounding>,
    ) -> Result<Exact, MoneyError> {
        let free = left.minus(&self.used.1)?.or_zero();
        if units == self.unused() {
            return Ok(free);
        }
        let share = Fraction::new(i128::from(units), i128::from(self.unused()))?;
        free.scaled(share, mode.map(|_| Rounding::Down))
    }
}
