//! The pipeline: each step on what the one before left, in amounts that are not yet settled.

use super::RoundingProfile;
use super::delivery::{Delivery, deliver};
use super::input::{Coupon, PricingInput, PricingLine};
use super::price_list::{Chosen, no_price, units_by_sku};
use super::profile::{DestinationChange, DiscountBasis, ShippingPrice, Weights};
use super::quote::PricingError;
use super::rulebook::CompiledRulebook;
use super::selection::Symbol;
use super::taxes::{Taxes, taxes};
use crate::UnitPrice;
use crate::customer::{Destination, VatId};
use crate::money::{Exact, Fraction, MoneyError, Rounding};
use crate::promotion::{Item, Phase, State, apply, settle_exclusive};
use crate::tax::{self, RateSet, TaxQuestion, Untaxed};

/// Everything that pricing an input came to.
pub(super) struct Worked<'a> {
    pub(super) rulebook: &'a CompiledRulebook,
    pub(super) input: &'a PricingInput<'a>,
    pub(super) lines: Vec<PricedLine>,
    pub(super) rates: Rates<'a>,
    pub(super) state: State<'a>,
    pub(super) delivery: Delivery,
    pub(super) taxes: Taxes,
}

/// The price of a line item, and how it is taxed.
#[derive(Debug, Clone)]
pub(super) struct PricedLine {
    pub(super) chosen: Chosen,
    /// The price before it was re-based on the tax of the destination.
    pub(super) rebased_from: Option<UnitPrice>,
    pub(super) included: bool,
    /// The place of its rates.
    pub(super) rates: usize,
}

/// The sets of tax rates that a quote needs, each once.
pub(super) struct Rates<'a> {
    rulebook: &'a CompiledRulebook,
    question: TaxQuestion<'a>,
    classes: Vec<(Key<'a>, RateSet)>,
}

/// What a set of rates is for.
#[derive(Clone, Copy, PartialEq)]
enum Key<'a> {
    Class(&'a crate::catalog::TaxClass),
    Own(&'a [tax::LineRate]),
    Shipping,
}

pub(super) fn run<'a>(
    rulebook: &'a CompiledRulebook,
    input: &'a PricingInput<'a>,
    every_promotion: bool,
) -> Result<Worked<'a>, PricingError> {
    let profile = &rulebook.rounding;
    let mut rates = Rates::new(rulebook, input);
    let mut lines = Vec::with_capacity(input.lines.len());
    let mut items = Vec::with_capacity(input.lines.len());
    let mode = profile.running_mode();
    // Line items of one class share their rates, and so what amounts are without tax and with it.
    let mut views: Vec<((usize, bool), Views)> = Vec::with_capacity(4);
    let units = (!rulebook.price_lists.is_empty()).then(|| units_by_sku(&input.lines));
    for line in &input.lines {
        let units = units.as_ref().and_then(|units| units.get(line.sku)).copied().unwrap_or(0);
        let chosen = rulebook.price_lists.choose(input, line, units).ok_or_else(|| no_price(input, line))?;
        let priced = rates.price(line, chosen)?;
        let key = (priced.rates, priced.included);
        let place = match views.iter().position(|(known, _)| *known == key) {
            Some(place) => place,
            None => {
                views.push((key, Views::of(rates.at(priced.rates), priced.included, profile)?));
                views.len() - 1
            }
        };
        items.push(item(line, &priced, views[place].1, mode)?);
        lines.push(priced);
    }
    let symbols: Vec<Vec<Symbol>> = input
        .lines
        .iter()
        .map(|line| {
            let mut found = Vec::new();
            rulebook.symbols.of(line, &mut found);
            found
        })
        .collect();
    let candidates = candidates(rulebook, input, &items, &symbols, every_promotion)?;
    let fresh = State {
        input,
        shop: rulebook.currency,
        profile,
        promotions: &rulebook.promotions,
        items,
        symbols: symbols.into(),
        shipping: None,
        taken: Vec::new(),
        refused: Vec::new(),
    };
    let (state, delivery) = settle_exclusive(&candidates, fresh, |state, candidates| {
        apply(state, candidates, &[Phase::Goods, Phase::Order])?;
        let delivery = deliver(&rulebook.shipping, input, state)?;
        state.shipping = delivery.chosen().map(|option| {
            let price = Exact::from(option.price.minor);
            (price.clone(), price)
        });
        apply(state, candidates, &[Phase::Shipping])?;
        Ok(delivery)
    })?;
    let shipping_included = match profile.shipping_price {
        ShippingPrice::LikeGoods => rulebook.tax.prices_include_tax(),
        ShippingPrice::WithTax => true,
        ShippingPrice::WithoutTax => false,
    };
    let taxes = taxes(input, &lines, &mut rates, &state, shipping_included, profile)?;
    Ok(Worked { rulebook, input, lines, rates, state, delivery, taxes })
}

fn candidates(
    rulebook: &CompiledRulebook,
    input: &PricingInput<'_>,
    items: &[Item],
    symbols: &[Vec<Symbol>],
    every_promotion: bool,
) -> Result<Vec<u32>, MoneyError> {
    if every_promotion {
        return Ok((0..).zip(&rulebook.promotions).map(|(number, _)| number).collect());
    }
    if rulebook.promotions.is_empty() {
        return Ok(Vec::new());
    }
    let subtotal = items.iter().try_fold(Exact::ZERO, |sum, item| sum.plus(&item.total))?;
    let mut all: Vec<Symbol> = symbols.iter().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    Ok(rulebook.index.candidates(input, &all, subtotal.floor()?))
}

/// The line item before any promotion.
fn item(
    line: &PricingLine<'_>,
    priced: &PricedLine,
    views: Views,
    mode: Option<Rounding>,
) -> Result<Item, MoneyError> {
    let price = priced.chosen.price;
    let total = match mode {
        Some(mode) => Exact::from(price.times(line.quantity, mode)?.minor),
        None => Exact::of_units(price, line.quantity)?,
    };
    let value = total.scaled(views.basis, mode)?;
    Ok(Item {
        units: line.quantity.get(),
        left: value.clone(),
        at_scope: value,
        cost: total.clone(),
        total,
        entered: views.entered,
        weight: views.weight,
        reduced: priced
            .chosen
            .compare_at
            .is_some_and(|before| before.ten_thousandths > price.ten_thousandths),
        whole_units: price.ten_thousandths % UnitPrice::PER_MINOR == 0,
        used: (0, Exact::ZERO),
    })
}

/// What an amount as entered is times these: in the basis of discounts; and what one in that basis is times these: as
/// entered, and as a weight.
#[derive(Debug, Clone, Copy)]
struct Views {
    basis: Fraction,
    entered: Fraction,
    weight: Fraction,
}

impl Views {
    fn of(rates: &RateSet, included: bool, profile: &RoundingProfile) -> Result<Self, MoneyError> {
        let gross = rates.gross_factor();
        let (net, gross) = match included {
            true => (Fraction::ONE.over(gross)?, Fraction::ONE),
            false => (Fraction::ONE, gross),
        };
        let basis = match profile.discount_basis {
            DiscountBasis::Entered => Fraction::ONE,
            DiscountBasis::Net => net,
            DiscountBasis::Gross => gross,
        };
        let weight = match profile.weights {
            Weights::Entered => Fraction::ONE,
            Weights::Net => net,
            Weights::Gross => gross,
        };
        Ok(Self { basis, entered: Fraction::ONE.over(basis)?, weight: weight.over(basis)? })
    }
}

impl<'a> Rates<'a> {
    fn new(rulebook: &'a CompiledRulebook, input: &'a PricingInput<'a>) -> Self {
        let exempt = input.customer.exempt
            || input.customer.groups.iter().any(|group| rulebook.exempt_groups.contains(group));
        let question = TaxQuestion {
            destination: input.destination.as_ref(),
            now: input.now,
            exempt,
            vat_country: input.customer.vat_id.map(VatId::country),
        };
        Self { rulebook, question, classes: Vec::with_capacity(4) }
    }

    /// The set of rates at this place.
    pub(super) fn at(&self, place: usize) -> &RateSet {
        &self.classes[place].1
    }

    /// How a line item at this price is taxed, and what its price becomes by that.
    ///
    /// A price that holds tax is re-based on the tax of the destination where the profile says so; and for buyers who do
    /// not pay the tax, always: they pay the net price.
    fn price(&mut self, line: &PricingLine<'a>, mut chosen: Chosen) -> Result<PricedLine, MoneyError> {
        let key = match line.tax_rates {
            Some(own) => Key::Own(own),
            None => Key::Class(line.tax_class),
        };
        let rates = self.place(key)?;
        let tax = &self.rulebook.tax;
        let profile = &self.rulebook.rounding;
        let included = line.includes_tax.or(chosen.includes_tax).unwrap_or_else(|| tax.prices_include_tax());
        let mut rebased_from = None;
        let relieved =
            matches!(self.at(rates).untaxed(), Some(Untaxed::ExemptCustomer | Untaxed::ReverseCharge));
        if included && (relieved || profile.destination_change == DestinationChange::Rebase) {
            let home = match line.tax_rates {
                Some(own) => RateSet::of_line(own)?,
                None => tax.home_rates(self.question.now, line.tax_class)?,
            };
            let rebase = |price| tax::rebase(price, &home, self.at(rates), profile.mode);
            let price = rebase(chosen.price)?;
            if price != chosen.price {
                rebased_from = Some(std::mem::replace(&mut chosen.price, price));
                chosen.compare_at = chosen.compare_at.map(rebase).transpose()?;
            }
        }
        Ok(PricedLine { chosen, rebased_from, included, rates })
    }

    /// The place of the rates by which shipping is taxed when goods do not say.
    pub(super) fn shipping(&mut self) -> Result<usize, MoneyError> {
        self.place(Key::Shipping)
    }

    fn place(&mut self, key: Key<'a>) -> Result<usize, MoneyError> {
        if let Some(known) = self.classes.iter().position(|(known, _)| *known == key) {
            return Ok(known);
        }
        let tax = &self.rulebook.tax;
        let rates = match key {
            Key::Class(class) => tax.rates(&self.question, class)?,
            Key::Own(_) if self.question.exempt => RateSet::none(Untaxed::ExemptCustomer),
            Key::Own(_) if tax.is_reverse_charged(&self.question) => RateSet::none(Untaxed::ReverseCharge),
            Key::Own(own) => RateSet::of_line(own)?,
            Key::Shipping => tax.shipping_rates(&self.question)?,
        };
        self.classes.push((key, rates));
        Ok(self.classes.len() - 1)
    }
}

impl<'a> PricingInput<'a> {
    /// Nothing yet, in this currency at this time.
    #[must_use]
    pub fn new(currency: crate::Currency, now: crate::Timestamp) -> Self {
        Self {
            now,
            currency,
            channel: None,
            customer: super::Buyer::default(),
            lines: Vec::new(),
            destination: None,
            shipping_method: None,
            coupons: Vec::new(),
            usage: &[],
            carriers: None,
            external_tax: None,
            cash: false,
        }
    }

    /// The coupon by which the promotion is taken: the first on the cart that can be used, else the first.
    pub(crate) fn coupon_for(&self, promotion: &str) -> Option<&Coupon<'a>> {
        let mut coupons = self.coupons.iter().filter(|coupon| coupon.promotion == promotion);
        let first = coupons.clone().next();
        coupons.find(|coupon| coupon.refused.is_none()).or(first)
    }

    /// The same, going to this destination.
    #[must_use]
    pub fn to(mut self, destination: Destination) -> Self {
        self.destination = Some(destination);
        self
    }
}
