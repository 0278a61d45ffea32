//! How much tax there is: amounts and their rate sets in, taxes out, rounded where the profile says.
//!
//! Every tax is a *cell*: one rate on one item. Per unit and per line item, cells are rounded as they stand. Per rate and
//! for the whole order, cells are summed without loss, the sum is rounded once, and the cells get whole shares of it by
//! the largest remainder - first the rates, where several are rounded as one sum, then the items of each. A cell whose
//! exact tax is nothing gets nothing, and a share is less than a minor unit away from the exact tax. At level `total`
//! nothing is rounded. Whatever is done, the parts add up: totals are sums of cells and nothing else.

use std::sync::Arc;

use super::rates::RateSet;
use super::rounded::{rounded_sum, rounded_taxes, settle_parts, sum};
use crate::money::{Exact, Fraction, MoneyError, Percent, Rounding, settle};
use crate::pricing::{RoundingLevel, RoundingProfile, SeveralRates, TaxRounding};

/// An amount that is taxed: what is left of a line item, or a part of the price of shipping.
#[derive(Debug, Clone)]
pub(crate) struct Taxable<'a> {
    /// What is left after discounts, as prices were entered: with the tax where `included`. From 0; a whole number of
    /// minor units unless the profile carries amounts exactly.
    pub(crate) base: Exact,
    /// How many units it is for; from 1.
    pub(crate) units: u32,
    /// Whether the tax is inside.
    pub(crate) included: bool,
    /// The rates.
    pub(crate) rates: &'a RateSet,
}

/// Taxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assessed {
    taxes: Vec<Exact>,
    /// Where the taxes of each item begin, and where those of the last end.
    starts: Vec<usize>,
    /// What each rate comes to, in the order in which items have them; what is inside prices and what is on top of them
    /// apart.
    pub(crate) totals: Vec<RateTotal>,
    /// All tax inside prices.
    pub(crate) included: Exact,
    /// All tax on top of them.
    pub(crate) added: Exact,
}

/// What a rate comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RateTotal {
    /// What shoppers read: `VAT 7.5 %`.
    pub(crate) label: Arc<str>,
    /// Where it comes from: `tax:ng-vat`.
    pub(crate) source: Arc<str>,
    /// The rate as the law states it.
    pub(crate) percent: Percent,
    /// Whether it is inside prices.
    pub(crate) included: bool,
    /// What is taxed, without any tax. The base of a compound rate is this and the taxes before it.
    pub(crate) base: Exact,
    /// The tax.
    pub(crate) amount: Exact,
}

impl Assessed {
    /// The taxes of an item, in the order of its rate set.
    pub(crate) fn of_item(&self, index: usize) -> &[Exact] {
        &self.taxes[self.starts[index]..self.starts[index + 1]]
    }
}

/// Assesses the tax on all items together.
///
/// Inside prices, several rates that are rounded each by itself never take more than the price: the later ones take what
/// is left. It takes an amount of a few minor units and rates near 100 % to see it.
///
/// # Errors
/// When an amount does not fit.
pub(crate) fn assess(items: &[Taxable<'_>], profile: &RoundingProfile) -> Result<Assessed, MoneyError> {
    let mut sheet = Sheet::of(items);
    match (profile.running_mode(), profile.level) {
        (None, _) => sheet.carry(),
        (Some(mode), RoundingLevel::Rate) => {
            let clusters = match profile.several_rates {
                SeveralRates::Each => sheet.by_rate(),
                SeveralRates::Summed => sheet.by_set(),
            };
            sheet.share(clusters, profile.tax, mode)?;
        }
        (Some(mode), RoundingLevel::Order) => sheet.share(sheet.inside_and_on_top(), profile.tax, mode)?,
        (Some(mode), RoundingLevel::Unit) => sheet.round_items(profile, mode, true)?,
        (Some(mode), RoundingLevel::Line | RoundingLevel::Total) => {
            sheet.round_items(profile, mode, false)?
        }
    }
    sheet.total()
}

/// One rate on one item.
#[derive(Debug, Clone, Copy)]
struct Cell {
    item: usize,
    /// The number of the rate among the totals.
    total: usize,
    /// What the tax is of the item's base.
    fraction: Fraction,
}

/// Cells that are rounded as one sum: those of each of its rates.
type Cluster = Vec<Vec<usize>>;

struct Sheet<'a> {
    items: &'a [Taxable<'a>],
    cells: Vec<Cell>,
    taxes: Vec<Exact>,
    starts: Vec<usize>,
    totals: Vec<RateTotal>,
}

impl<'a> Sheet<'a> {
    fn of(items: &'a [Taxable<'a>]) -> Self {
        let mut totals: Vec<RateTotal> = Vec::new();
        let mut cells = Vec::with_capacity(items.len());
        let mut starts = Vec::with_capacity(items.len() + 1);
        for (item, Taxable { included, rates, .. }) in items.iter().enumerate() {
            starts.push(cells.len());
            for rate in rates.rates() {
                let known = totals.iter().position(|total| {
                    total.included == *included
                        && (Arc::ptr_eq(&total.source, &rate.source) || total.source == rate.source)
                });
                let total = known.unwrap_or_else(|| {
                    totals.push(RateTotal {
                        label: Arc::clone(&rate.label),
                        source: Arc::clone(&rate.source),
                        percent: rate.percent,
                        included: *included,
                        base: Exact::ZERO,
                        amount: Exact::ZERO,
                    });
                    totals.len() - 1
                });
                let fraction = rate.fraction(*included);
                cells.push(Cell { item, total, fraction });
            }
        }
        starts.push(cells.len());
        Self { items, taxes: vec![Exact::ZERO; cells.len()], cells, starts, totals }
    }

    /// Nothing is rounded.
    fn carry(&mut self) {
        for (tax, cell) in self.taxes.iter_mut().zip(&self.cells) {
            *tax = self.items[cell.item].base.times(cell.fraction);
        }
    }

    /// Item by item, or unit by unit.
    fn round_items(
        &mut self,
        profile: &RoundingProfile,
        mode: Rounding,
        per_unit: bool,
    ) -> Result<(), MoneyError> {
        let mut rounded = Vec::new();
        for (item, taxable) in self.items.iter().enumerate() {
            let range = self.starts[item]..self.starts[item + 1];
            let taxes = &mut self.taxes[range];
            let parts =
                if per_unit { unit_values(taxable)? } else { [(taxable.base.clone(), 1), (Exact::ZERO, 0)] };
            for (value, count) in parts {
                if count == 0 {
                    continue;
                }
                rounded_taxes(&value, taxable, profile, mode, &mut rounded)?;
                for (tax, rounded) in taxes.iter_mut().zip(&rounded) {
                    let all = rounded.checked_mul(i64::from(count)).ok_or(MoneyError::Overflow)?;
                    *tax = tax.plus(&Exact::from(all))?;
                }
            }
        }
        Ok(())
    }

    /// One cluster for each rate.
    fn by_rate(&self) -> Vec<Cluster> {
        let mut clusters = vec![vec![Vec::new()]; self.totals.len()];
        for (index, cell) in self.cells.iter().enumerate() {
            clusters[cell.total][0].push(index);
        }
        clusters
    }

    /// One cluster for each set of rates, inside prices or on top of them.
    fn by_set(&self) -> Vec<Cluster> {
        let mut sets: Vec<&Taxable<'_>> = Vec::new();
        let mut clusters: Vec<Cluster> = Vec::new();
        for (item, taxable) in self.items.iter().enumerate() {
            let alike =
                |set: &&Taxable<'_>| set.included == taxable.included && set.rates.alike(taxable.rates);
            let number = sets.iter().position(alike).unwrap_or_else(|| {
                sets.push(taxable);
                clusters.push(vec![Vec::new(); taxable.rates.rates().len()]);
                sets.len() - 1
            });
            for (row, index) in clusters[number].iter_mut().zip(self.starts[item]..) {
                row.push(index);
            }
        }
        clusters
    }

    /// One cluster for all taxes inside prices and one for all on top of them.
    fn inside_and_on_top(&self) -> Vec<Cluster> {
        let (mut inside, mut on_top) = (Cluster::new(), Cluster::new());
        for (rows, total) in self.by_rate().into_iter().zip(&self.totals) {
            (if total.included { &mut inside } else { &mut on_top }).extend(rows);
        }
        vec![inside, on_top]
    }

    /// Rounds the sum of each cluster and gives its cells their shares.
    fn share(
        &mut self,
        clusters: Vec<Cluster>,
        rounding: TaxRounding,
        mode: Rounding,
    ) -> Result<(), MoneyError> {
        // What prices with tax have left for taxes.
        let room = |item: &Taxable<'_>| if item.included { item.base.floor() } else { Ok(i64::MAX) };
        let mut rooms = self.items.iter().map(room).collect::<Result<Vec<_>, _>>()?;
        for cluster in clusters {
            let sums = cluster.iter().map(|row| self.exact(row)).collect::<Result<Vec<_>, _>>()?;
            let tax = sum(&sums)?;
            let Some(first) = cluster.iter().flatten().next() else { continue };
            let included = self.items[self.cells[*first].item].included;
            let base = if rounding == TaxRounding::Tax { Exact::ZERO } else { self.base(&cluster)? };
            let whole = rounded_sum(&base, &tax, included, rounding, mode)?;
            let wholes = if sums.len() == 1 { vec![whole] } else { settle(whole, &sums)? };
            for (row, whole) in cluster.iter().zip(wholes) {
                let mut shares = self.shares(row, whole)?;
                if included {
                    self.keep_to_rooms(row, &mut shares, &mut rooms);
                }
                for (cell, share) in row.iter().zip(shares) {
                    self.taxes[*cell] = Exact::from(share);
                }
            }
        }
        Ok(())
    }

    /// The exact tax of the cells.
    fn exact(&self, row: &[usize]) -> Result<Exact, MoneyError> {
        if let Some((fraction, bases)) = self.uniform(row) {
            let base = bases.iter().map(|base| i128::from(*base)).sum::<i128>();
            let base = i64::try_from(base).map_err(|_| MoneyError::Overflow)?;
            return Ok(Exact::from(base).times(fraction));
        }
        row.iter().try_fold(Exact::ZERO, |sum, cell| sum.plus(&self.exact_cell(*cell)))
    }

    fn exact_cell(&self, cell: usize) -> Exact {
        let Cell { item, fraction, .. } = self.cells[cell];
        self.items[item].base.times(fraction)
    }

    /// What the items of a cluster cost together, each of them once.
    fn base(&self, cluster: &Cluster) -> Result<Exact, MoneyError> {
        let mut items: Vec<usize> = cluster.iter().flatten().map(|cell| self.cells[*cell].item).collect();
        items.sort_unstable();
        items.dedup();
        items.iter().try_fold(Exact::ZERO, |sum, item| sum.plus(&self.items[*item].base))
    }

    /// Whole shares of `whole` for the cells, by the largest remainder of their exact taxes.
    fn shares(&self, row: &[usize], whole: i64) -> Result<Vec<i64>, MoneyError> {
        // As a rule one fraction is taken of whole amounts, and remainders over one denominator compare as integers.
        let parts = self.uniform(row).and_then(|(fraction, bases)| {
            bases.iter().map(|base| fraction.part_of(*base)).collect::<Option<Vec<_>>>()
        });
        let Some(parts) = parts else {
            let exact: Vec<_> = row.iter().map(|cell| self.exact_cell(*cell)).collect();
            return settle(whole, &exact);
        };
        settle_parts(whole, &parts)
    }

    /// The fraction and the bases of the cells, when there is one fraction and the bases are whole.
    fn uniform(&self, row: &[usize]) -> Option<(Fraction, Vec<i64>)> {
        let fraction = self.cells[*row.first()?].fraction;
        let whole = |cell: &usize| {
            let cell = self.cells[*cell];
            match &self.items[cell.item].base {
                Exact::Whole(base) if cell.fraction == fraction => Some(*base),
                _ => None,
            }
        };
        row.iter().map(whole).collect::<Option<Vec<_>>>().map(|bases| (fraction, bases))
    }

    /// Moves what does not fit into the price of an item to others that are taxed.
    fn keep_to_rooms(&self, row: &[usize], shares: &mut [i64], rooms: &mut [i64]) {
        let item = |index: usize| self.cells[row[index]].item;
        let mut excess = 0;
        for (index, share) in shares.iter_mut().enumerate() {
            let room = rooms[item(index)];
            excess += (*share - room).max(0);
            *share = (*share).min(room);
        }
        for (index, share) in shares.iter_mut().enumerate() {
            if excess > 0 && *share < rooms[item(index)] && !self.exact_cell(row[index]).is_zero() {
                let moved = excess.min(rooms[item(index)] - *share).min(1);
                *share += moved;
                excess -= moved;
            }
            rooms[item(index)] -= *share;
        }
    }

    fn total(mut self) -> Result<Assessed, MoneyError> {
        for (item, taxable) in self.items.iter().enumerate() {
            let range = self.starts[item]..self.starts[item + 1];
            let taxes = &self.taxes[range.clone()];
            let net = if taxable.included { taxable.base.minus(&sum(taxes)?)? } else { taxable.base.clone() };
            for (tax, cell) in taxes.iter().zip(&self.cells[range]) {
                let total = &mut self.totals[cell.total];
                total.base = total.base.plus(&net)?;
                total.amount = total.amount.plus(tax)?;
            }
        }
        let of = |included: bool| {
            let mut amounts = self.totals.iter().filter(|total| total.included == included);
            amounts.try_fold(Exact::ZERO, |sum, total| sum.plus(&total.amount))
        };
        let (included, added) = (of(true)?, of(false)?);
        Ok(Assessed { taxes: self.taxes, starts: self.starts, totals: self.totals, included, added })
    }
}

/// The values of an item's units and how many units have them: split evenly, what is left over is on the first units.
fn unit_values(taxable: &Taxable<'_>) -> Result<[(Exact, u32); 2], MoneyError> {
    let units = taxable.units.max(1);
    match &taxable.base {
        Exact::Whole(base) => {
            let (value, rest) = (base.div_euclid(i64::from(units)), base.rem_euclid(i64::from(units)));
            let rest = u32::try_from(rest).map_err(|_| MoneyError::Overflow)?;
            Ok([(Exact::from(value + i64::from(rest > 0)), rest), (Exact::from(value), units - rest)])
        }
        ratio => Ok([(ratio.times(Fraction::new(1, i128::from(units))?), units), (Exact::ZERO, 0)]),
    }
}
