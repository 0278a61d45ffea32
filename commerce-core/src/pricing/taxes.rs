//! Tax in a quote: what each line item and each part of shipping bears of each rate.

use std::sync::Arc;

use super::input::PricingInput;
use super::profile::RoundingProfile;
use super::quote::Origin;
use super::run::{PricedLine, Rates};
use crate::money::{Exact, MoneyError, Percent};
use crate::promotion::State;
use crate::tax::external::{ExternalAmount, ExternalTax};
use crate::tax::{RateSet, Taxable, assess, shipping_taxables};

/// The tax on everything, not yet settled.
#[derive(Debug, Clone, Default)]
pub(super) struct Taxes {
    /// What each line item bears, in their order, then each part of shipping.
    pub(super) cells: Vec<Cell>,
    /// The rates.
    pub(super) rates: Vec<TaxedRate>,
}

/// One tax on one line item, or on a part of shipping.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// The place of the line item; absent for shipping.
    pub(super) line: Option<u32>,
    /// The place of the rate.
    pub(super) rate: usize,
    pub(super) tax: Exact,
}

/// A rate with what it is on.
#[derive(Debug, Clone)]
pub(super) struct TaxedRate {
    pub(super) origin: Arc<Origin>,
    pub(super) percent: Option<Percent>,
    pub(super) included: bool,
    pub(super) base: Exact,
}

/// Assesses the tax on what is left of the goods and of shipping.
pub(super) fn taxes(
    input: &PricingInput<'_>,
    lines: &[PricedLine],
    rates: &mut Rates<'_>,
    state: &State<'_>,
    shipping_included: bool,
    profile: &RoundingProfile,
) -> Result<Taxes, MoneyError> {
    if let Some(external) = input.external_tax {
        return Taxes::as_given(external, input);
    }
    let own = rates.shipping()?;
    let rates = &*rates;
    let mut items: Vec<Taxable<'_>> = lines
        .iter()
        .zip(&state.items)
        .map(|(line, item)| Taxable {
            base: item.cost.clone(),
            units: item.units,
            included: line.included,
            rates: rates.at(line.rates),
        })
        .collect();
    if let Some((_, price)) = state.shipping.as_ref().filter(|(_, price)| price.is_positive()) {
        let goods: Vec<(Exact, &RateSet)> = lines
            .iter()
            .zip(&state.items)
            .zip(&input.lines)
            .filter(|(_, line)| !line.digital)
            .map(|((line, item), _)| (item.cost.clone(), rates.at(line.rates)))
            .collect();
        for (base, rates) in shipping_taxables(price, profile, &goods, rates.at(own))? {
            items.push(Taxable { base, units: 1, included: shipping_included, rates });
        }
    }
    if items.iter().all(|item| item.rates.is_empty()) {
        return Ok(Taxes::default());
    }
    let assessed = assess(&items, profile)?;
    let place = |source: &Arc<str>, included: bool| {
        let same = |total: &crate::tax::RateTotal| {
            total.included == included && (Arc::ptr_eq(&total.source, source) || total.source == *source)
        };
        assessed.totals.iter().position(same).ok_or(MoneyError::NothingToSplitOver)
    };
    let mut cells = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let line = line_at(index, lines.len());
        for (rate, tax) in item.rates.rates().iter().zip(assessed.of_item(index)) {
            cells.push(Cell { line, rate: place(&rate.source, item.included)?, tax: tax.clone() });
        }
    }
    let totals = assessed.totals.into_iter().map(|total| TaxedRate {
        origin: Arc::new(Origin { label: total.label, source: total.source }),
        percent: Some(total.percent),
        included: total.included,
        base: total.base,
    });
    Ok(Taxes { cells, rates: totals.collect() })
}

fn line_at(index: usize, lines: usize) -> Option<u32> {
    u32::try_from(index).ok().filter(|_| index < lines)
}

impl Taxes {
    /// As a service outside assessed it: kept as given, and added up.
    fn as_given(external: &ExternalTax, input: &PricingInput<'_>) -> Result<Self, MoneyError> {
        let mut taxes = Self::default();
        for (index, line) in input.lines.iter().enumerate() {
            let of_line = external.lines.iter().filter(|tax| tax.line == line.id).map(|tax| &tax.tax);
            taxes.add(line_at(index, input.lines.len()), of_line)?;
        }
        taxes.add(None, external.shipping.iter().map(|tax| &tax.tax))?;
        Ok(taxes)
    }

    fn add<'t>(
        &mut self,
        line: Option<u32>,
        given: impl Iterator<Item = &'t ExternalAmount>,
    ) -> Result<(), MoneyError> {
        for ExternalAmount { name, rate, base, amount, included } in given {
            let same = |known: &TaxedRate| {
                known.included == *included && known.percent == *rate && *known.origin.label == **name
            };
            let place = self.rates.iter().position(same).unwrap_or_else(|| {
                self.rates.push(TaxedRate {
                    origin: Arc::new(Origin {
                        label: name.as_str().into(),
                        source: format!("tax:{name}").into(),
                    }),
                    percent: *rate,
                    included: *included,
                    base: Exact::ZERO,
                });
                self.rates.len() - 1
            });
            let known = &mut self.rates[place];
            known.base = known.base.plus(&Exact::from(base.minor))?;
            self.cells.push(Cell { line, rate: place, tax: Exact::from(amount.minor) });
        }
        Ok(())
    }
}
