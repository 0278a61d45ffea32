//! Rate sets: the rates that hold for one class of goods at one destination, ready to be multiplied with.

use std::sync::Arc;

use super::rules::LineRate;
use crate::UnitPrice;
use crate::money::{Exact, Fraction, MoneyError, Percent, Rounding};

/// The rates that hold for a class of goods at a destination, in the order in which they are taken; or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RateSet {
    rates: Vec<AppliedRate>,
    gross_factor: Fraction,
    common: Option<Common>,
    untaxed: Option<Untaxed>,
}

/// The shares of a set over one denominator: what is multiplied with where integers suffice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Common {
    /// Of each rate.
    pub(super) taxes: Vec<i128>,
    /// Of the net amount.
    pub(super) net: i128,
    /// Of the amount with all taxes.
    pub(super) gross: i128,
}

/// A rate in a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppliedRate {
    /// What shoppers read: `VAT 7.5 %`.
    pub(crate) label: Arc<str>,
    /// Where it comes from: `tax:ng-vat`.
    pub(crate) source: Arc<str>,
    /// The rate as the law states it.
    pub(crate) percent: Percent,
    /// What it is of the net amount: of compound rates, the taxes before it are counted in.
    pub(crate) share: Fraction,
    /// What it is of the amount with all taxes of the set.
    pub(crate) inside: Fraction,
}

/// A rate that is to become part of a set.
#[derive(Debug, Clone)]
pub(super) struct Ingredient {
    pub(super) label: Arc<str>,
    pub(super) source: Arc<str>,
    pub(super) percent: Percent,
    pub(super) compound: bool,
}

/// Why nothing is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Untaxed {
    /// The buyer pays no tax.
    ExemptCustomer,
    /// The goods are of the class `exempt`.
    ExemptClass,
    /// Nobody knows where the goods go.
    NoDestination,
    /// The buyer owes the tax.
    ReverseCharge,
    /// The rules have no rate.
    NoRate,
    /// The rules have no class for shipping.
    ShippingNotTaxed,
}

impl Untaxed {
    /// In words, for the story of a quote.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::ExemptCustomer => "the customer is exempt from tax",
            Self::ExemptClass => "goods of the class `exempt` are not taxed",
            Self::NoDestination => "there is no destination yet and the shop has no home country",
            Self::ReverseCharge => "reverse charge: the buyer has a VAT number and owes the tax",
            Self::NoRate => "the rules have no rate for the destination",
            Self::ShippingNotTaxed => "the rules name no class for shipping",
        }
    }
}

impl RateSet {
    /// No rate, and why.
    pub(crate) fn none(untaxed: Untaxed) -> Self {
        Self { rates: Vec::new(), gross_factor: Fraction::ONE, common: None, untaxed: Some(untaxed) }
    }

    /// The set of the rates, which stand in the order in which they are taken.
    ///
    /// # Errors
    /// When the fraction of a compound rate does not fit.
    pub(super) fn of(ingredients: impl IntoIterator<Item = Ingredient>) -> Result<Self, MoneyError> {
        let mut rates = Vec::new();
        let mut gross_factor = Fraction::ONE;
        for Ingredient { label, source, percent, compound } in ingredients {
            let rate = Fraction::from(percent);
            let share = if compound { rate.times(gross_factor)? } else { rate };
            gross_factor = gross_factor.plus(share)?;
            rates.push(AppliedRate { label, source, percent, share, inside: Fraction::ZERO });
        }
        for rate in &mut rates {
            rate.inside = rate.share.over(gross_factor)?;
        }
        let untaxed = rates.is_empty().then_some(Untaxed::NoRate);
        let shares: Vec<_> = rates.iter().map(|rate| rate.share).collect();
        let common = Fraction::over_one_denominator(&shares).and_then(|(taxes, net)| {
            let gross = taxes.iter().try_fold(net, |gross, tax| gross.checked_add(*tax))?;
            Some(Common { taxes, net, gross })
        });
        Ok(Self { rates, gross_factor, common, untaxed })
    }

    /// The set of rates that come with a line item. They are told apart by name, rate and whether they are compound.
    ///
    /// # Errors
    /// When the fraction of a compound rate does not fit.
    pub(crate) fn of_line(rates: &[LineRate]) -> Result<Self, MoneyError> {
        Self::of(rates.iter().enumerate().map(|(index, line_rate)| {
            let LineRate { name, rate, compound } = line_rate;
            let mut source = format!("line_tax:{name}:{rate}{}", if *compound { ":compound" } else { "" });
            let earlier = rates[..index].iter().filter(|earlier| *earlier == line_rate).count();
            if earlier > 0 {
                source.push_str(&format!(":{}", earlier + 1));
            }
            Ingredient {
                label: label(name, *rate),
                source: source.into(),
                percent: *rate,
                compound: *compound,
            }
        }))
    }

    /// The rates, in the order in which they are taken.
    pub(crate) fn rates(&self) -> &[AppliedRate] {
        &self.rates
    }

    /// What an amount with all taxes is of one without: 1 and the shares.
    pub(crate) fn gross_factor(&self) -> Fraction {
        self.gross_factor
    }

    /// The shares over one denominator, where they fit.
    pub(super) fn common(&self) -> Option<&Common> {
        self.common.as_ref()
    }

    /// Why there is no rate.
    pub(crate) fn untaxed(&self) -> Option<Untaxed> {
        self.untaxed
    }

    /// Whether there is no rate.
    pub(crate) fn is_empty(&self) -> bool {
        self.rates.is_empty()
    }

    /// Whether both have the same rates.
    pub(super) fn alike(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || (self.rates.len() == other.rates.len()
                && self.rates.iter().zip(&other.rates).all(|(one, another)| one.is(another)))
    }
}

impl AppliedRate {
    /// What it is of an amount that holds all taxes of the set, or of one that holds none.
    pub(super) fn fraction(&self, included: bool) -> Fraction {
        if included { self.inside } else { self.share }
    }

    /// Whether both are the same rate of the rules, in whatever set.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) || self.source == other.source
    }
}

/// What shoppers read of a rate.
pub(super) fn label(name: &str, rate: Percent) -> Arc<str> {
    format!("{name} {rate} %").into()
}

/// A price that holds the taxes of `from`, as one that holds those of `to`, with the same net price.
///
/// The net price is rounded to a minor unit, and so is what comes out: both are prices that people read. A price finer
/// than a minor unit is rounded to its own grain, 1/10,000 of one. Where both sets take the same, the price stays.
///
/// # Errors
/// When the price does not fit.
pub(crate) fn rebase(
    unit: UnitPrice,
    from: &RateSet,
    to: &RateSet,
    mode: Rounding,
) -> Result<UnitPrice, MoneyError> {
    if from.gross_factor == to.gross_factor {
        return Ok(unit);
    }
    let minor = UnitPrice::PER_MINOR;
    let grain = if unit.ten_thousandths % minor == 0 { minor } else { 1 };
    let net = Exact::from(unit.ten_thousandths / grain)
        .scaled(Fraction::ONE.over(from.gross_factor)?, Some(mode))?;
    let gross = net.scaled(to.gross_factor, Some(mode))?.rounded(mode)?;
    let ten_thousandths = gross.checked_mul(grain).ok_or(MoneyError::Overflow)?;
    Ok(UnitPrice { ten_thousandths, ..unit })
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    /// A set of rates in percent; those with `+` in front are compound.
    pub(in crate::tax) fn set(rates: &[&str]) -> RateSet {
        read(rates).unwrap()
    }

    fn read(rates: &[&str]) -> Result<RateSet, MoneyError> {
        let rate = |text: &&str| {
            let (compound, text) = text.strip_prefix('+').map_or((false, *text), |text| (true, text));
            LineRate { name: format!("T{text}"), rate: text.parse().unwrap(), compound }
        };
        RateSet::of_line(&rates.iter().map(rate).collect::<Vec<_>>())
    }

    fn fraction(numerator: i128, denominator: i128) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn a_compound_rate_is_taken_of_the_taxes_before_it() {
        // Ghana until the end of 2025: levies of 6 % and VAT of 15 % on the price with the levies, together 21.9 %.
        let ghana = set(&["2.5", "2.5", "1", "+15"]);
        let shares: Vec<_> = ghana.rates().iter().map(|rate| rate.share).collect();
        let expected = [fraction(25, 1000), fraction(25, 1000), fraction(1, 100), fraction(159, 1000)];
        assert_eq!(shares, expected);
        assert_eq!(ghana.gross_factor(), fraction(1219, 1000));
        assert_eq!(ghana.rates()[3].inside, fraction(159, 1219));
        assert_eq!(&*ghana.rates()[3].label, "T15 15 %");
        // A rate after it is taken of the net amount alone unless it is compound too.
        assert_eq!(set(&["10", "+10", "10"]).gross_factor(), fraction(131, 100));
        assert_eq!(set(&["10", "+10", "+10"]).gross_factor(), fraction(1331, 1000));
    }

    #[test]
    fn no_rate_has_its_reason() {
        assert_eq!(RateSet::of_line(&[]).unwrap().untaxed(), Some(Untaxed::NoRate));
        assert_eq!(set(&["0"]).untaxed(), None);
        assert!(RateSet::none(Untaxed::ReverseCharge).is_empty());
        assert!(Untaxed::ReverseCharge.words().starts_with("reverse charge"));
    }

    #[test]
    fn a_price_is_rebased_by_its_net() {
        let price = |text| UnitPrice::parse(text, Currency::EUR).unwrap();
        let (home, there) = (set(&["19"]), set(&["25"]));
        let rebased = |text| rebase(price(text), &home, &there, Rounding::HalfUp).unwrap().amount();
        // The worked example of the profile's `destination_change`.
        assert_eq!(rebased("119.00"), "125.00");
        // 9.99 / 1.19 = 8.3949..., so 8.39 net, which with 25 % is 10.4875.
        assert_eq!(rebased("9.99"), "10.49");
        assert_eq!(rebased("0.0119"), "0.0125");
        assert_eq!(rebase(price("9.99"), &home, &set(&["19"]), Rounding::HalfUp).unwrap(), price("9.99"));
        let exempt = RateSet::none(Untaxed::ExemptCustomer);
        assert_eq!(rebase(price("119.00"), &home, &exempt, Rounding::HalfUp).unwrap().amount(), "100.00");
    }

    proptest! {
        #[test]
        fn the_shares_of_a_set_are_all_that_gross_is_above_net(
            rates in prop::collection::vec((0_u32..=30_000, any::<bool>()), 0..=6),
            net in 0_i64..1_000_000_000,
        ) {
            let texts: Vec<String> = rates
                .iter()
                .map(|(thousandths, compound)| format!("{}{}.{:03}", if *compound { "+" } else { "" }, thousandths / 1000, thousandths % 1000))
                .collect();
            // Seven compound rates of three decimals have denominators beyond any integer.
            let Ok(set) = read(&texts.iter().map(String::as_str).collect::<Vec<_>>()) else { return Ok(()) };
            let net = Exact::from(net);
            let gross = net.times(set.gross_factor());
            let mut sum = net.clone();
            for rate in set.rates() {
                prop_assert_eq!(net.times(rate.share), gross.times(rate.inside), "both views of one tax");
                sum = sum.plus(&net.times(rate.share)).unwrap();
            }
            prop_assert_eq!(sum, gross);
        }
    }
}
