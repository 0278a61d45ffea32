//! The rules, read: which rates hold where, for what and when.

use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::combine;
use super::rates::{Ingredient, RateSet, Untaxed, label};
use super::rules::{ReverseCharge, TaxRate, TaxRules};
use crate::Timestamp;
use crate::catalog::TaxClass;
use crate::customer::{CompiledZone, Country, Destination, Specificity, Zone};
use crate::money::{MoneyError, Percent};
use crate::pricing::Wrong;

/// The rules of tax, read.
#[derive(Debug, Clone)]
pub(crate) struct CompiledTax {
    prices_include_tax: bool,
    zones: Vec<CompiledZone>,
    /// Those of one country beside those that hold everywhere.
    by_country: FxHashMap<Country, Vec<usize>>,
    everywhere: Vec<usize>,
    /// By priority, then as they stand in the document.
    rates: Vec<CompiledRate>,
    shipping_class: Option<TaxClass>,
    reverse_charge: Option<usize>,
    home: Option<Destination>,
}

/// A rate, read.
#[derive(Debug, Clone)]
pub(super) struct CompiledRate {
    /// Its place in the document.
    pub(super) place: usize,
    /// The number of its zone.
    pub(super) zone: usize,
    /// A number for the name of the tax.
    pub(super) tax: usize,
    /// Never empty.
    pub(super) classes: Vec<TaxClass>,
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) code: String,
    percent: Percent,
    compound: bool,
    label: Arc<str>,
    source: Arc<str>,
}

/// What is asked of the rules: for whom, where and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TaxQuestion<'a> {
    /// Where the goods go; absent: the shop's home country is assumed.
    pub(crate) destination: Option<&'a Destination>,
    /// When.
    pub(crate) now: Timestamp,
    /// Whether the buyer pays no tax.
    pub(crate) exempt: bool,
    /// The country of the buyer's VAT identification number.
    pub(crate) vat_country: Option<Country>,
}

impl TaxRules {
    /// Reads the rules; what is wrong is said below the place where `wrong` stands. `home` is where the shop is.
    pub(crate) fn compile(&self, home: Option<&Destination>, wrong: &mut Wrong<'_>) -> CompiledTax {
        let mut zones = Zone::compile_all(&self.zones, &mut wrong.below("zones"));
        let numbers: FxHashMap<&str, usize> =
            self.zones.iter().enumerate().map(|(number, zone)| (zone.code.as_str(), number)).collect();
        if self.rates.len() > Self::RATES_MAX {
            wrong.at("rates", format!("must have at most {}", Self::RATES_MAX));
        }
        let mut codes = HashSet::new();
        let mut names = FxHashMap::default();
        let mut rates = Vec::with_capacity(self.rates.len().min(Self::RATES_MAX));
        for (place, rate) in self.rates.iter().enumerate().take(Self::RATES_MAX) {
            let mut wrong = wrong.below("rates");
            let mut wrong = wrong.below(place);
            wrong.code(&rate.code, &mut codes);
            let zone = numbers.get(rate.zone.as_str()).copied();
            if zone.is_none() {
                wrong.at("zone", format!("there is no zone `{}`", rate.zone));
            }
            let count = names.len();
            let tax = *names.entry(rate.name.as_str()).or_insert(count);
            // A rate of no known zone has said so; it is looked at no further.
            rates.extend(zone.and_then(|zone| rate.compile(place, zone, tax, &mut wrong)));
        }
        rates.sort_by_key(|rate| (self.rates[rate.place].priority, rate.place));
        combine::check(&rates, &zones, &mut wrong.below("rates"));
        if self.shipping_class == Some(TaxClass::exempt()) {
            wrong.at("shipping_class", "is left out where shipping is not taxed");
        }
        let reverse_charge = self.reverse_charge.as_ref().and_then(|ReverseCharge { zone }| {
            let mut wrong = wrong.below("reverse_charge");
            if home.is_none() {
                wrong.here("needs the home country of the shop: `home_country`");
            }
            let number = numbers.get(zone.as_str()).copied();
            if number.is_none() {
                wrong.at("zone", format!("there is no zone `{zone}`"));
            }
            number
        });
        let mut by_country: FxHashMap<Country, Vec<usize>> = FxHashMap::default();
        let mut everywhere = Vec::new();
        for (index, rate) in rates.iter().enumerate() {
            match zones[rate.zone].countries() {
                None => everywhere.push(index),
                Some(countries) => {
                    for country in countries {
                        let rates = by_country.entry(country).or_default();
                        if rates.last() != Some(&index) {
                            rates.push(index);
                        }
                    }
                }
            }
        }
        zones.shrink_to_fit();
        CompiledTax {
            prices_include_tax: self.prices_include_tax,
            zones,
            by_country,
            everywhere,
            rates,
            shipping_class: self.shipping_class.clone(),
            reverse_charge,
            home: home.cloned(),
        }
    }
}

impl TaxRate {
    fn compile(&self, place: usize, zone: usize, tax: usize, wrong: &mut Wrong<'_>) -> Option<CompiledRate> {
        if self.name.trim().is_empty()
            || self.name.chars().count() > 100
            || crate::text::has_control(&self.name)
        {
            wrong.at("name", "must have 1 to 100 characters and no control characters");
        }
        wrong.window(self.from, self.until);
        let mut classes = self.classes.clone();
        for (index, class) in classes.iter().enumerate() {
            if *class == TaxClass::exempt() {
                wrong.below("classes").at(index, "goods of the class `exempt` are never taxed");
            }
        }
        if classes.is_empty() {
            classes.push(TaxClass::standard());
        }
        let ended_before_it_began = self.from.zip(self.until).is_some_and(|(from, until)| until <= from);
        (!ended_before_it_began).then(|| CompiledRate {
            place,
            zone,
            tax,
            classes,
            from: self.from,
            until: self.until,
            code: self.code.clone(),
            percent: self.rate,
            compound: self.compound,
            label: label(&self.name, self.rate),
            source: format!("tax:{}", self.code).into(),
        })
    }
}

impl CompiledRate {
    fn in_force(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    pub(super) fn ingredient(&self) -> Ingredient {
        Ingredient {
            label: Arc::clone(&self.label),
            source: Arc::clone(&self.source),
            percent: self.percent,
            compound: self.compound,
        }
    }

    pub(super) fn is_compound(&self) -> bool {
        self.compound
    }
}

impl CompiledTax {
    /// Whether list prices hold the tax.
    pub(crate) fn prices_include_tax(&self) -> bool {
        self.prices_include_tax
    }

    /// The rates for goods of the class, or why there is none. It is worth keeping by class while the question stays.
    ///
    /// # Errors
    /// When the fraction of a compound rate does not fit, which reading the rules rules out.
    pub(crate) fn rates(&self, question: &TaxQuestion<'_>, class: &TaxClass) -> Result<RateSet, MoneyError> {
        if question.exempt {
            return Ok(RateSet::none(Untaxed::ExemptCustomer));
        }
        if *class == TaxClass::exempt() {
            return Ok(RateSet::none(Untaxed::ExemptClass));
        }
        let Some(destination) = question.destination.or(self.home.as_ref()) else {
            return Ok(RateSet::none(Untaxed::NoDestination));
        };
        if self.is_reverse_charged(question) {
            return Ok(RateSet::none(Untaxed::ReverseCharge));
        }
        self.rates_at(destination, question.now, class)
    }

    /// The rates for shipping by its own class, or why there is none.
    ///
    /// # Errors
    /// As [`rates`](Self::rates).
    pub(crate) fn shipping_rates(&self, question: &TaxQuestion<'_>) -> Result<RateSet, MoneyError> {
        match &self.shipping_class {
            Some(class) => self.rates(question, class),
            None => Ok(RateSet::none(Untaxed::ShippingNotTaxed)),
        }
    }

    /// The rates that prices with tax were made with: those of the shop's home country, whoever buys.
    ///
    /// # Errors
    /// As [`rates`](Self::rates).
    pub(crate) fn home_rates(&self, now: Timestamp, class: &TaxClass) -> Result<RateSet, MoneyError> {
        self.rates(&TaxQuestion { destination: None, now, exempt: false, vat_country: None }, class)
    }

    /// Whether the buyer owes the tax: it has a VAT number of the zone, and the goods go to the zone, and neither is the home
    /// country's. The number may be of another country than where the goods go.
    pub(crate) fn is_reverse_charged(&self, question: &TaxQuestion<'_>) -> bool {
        let Some(((zone, destination), home)) =
            self.reverse_charge.zip(question.destination).zip(self.home.as_ref())
        else {
            return false;
        };
        let zone = &self.zones[zone];
        let registered = question.vat_country.is_some_and(|country| {
            country != home.country
                && zone.countries().is_none_or(|mut known| known.any(|known| known == country))
        });
        registered && destination.country != home.country && zone.holds(destination).is_some()
    }

    fn rates_at(
        &self,
        destination: &Destination,
        now: Timestamp,
        class: &TaxClass,
    ) -> Result<RateSet, MoneyError> {
        let standard = TaxClass::standard();
        let of_country = self.by_country.get(&destination.country).map_or(&[][..], Vec::as_slice);
        // Of each tax the closest; in one zone, a rate for the class itself before the one for `standard`.
        let mut chosen: Vec<(usize, (Specificity, bool))> = Vec::new();
        let mut last_zone = None;
        for index in of_country.iter().chain(&self.everywhere).copied() {
            let rate = &self.rates[index];
            let own = rate.classes.contains(class);
            if !rate.in_force(now) || !(own || rate.classes.contains(&standard)) {
                continue;
            }
            // Rates of one zone mostly stand together.
            let held = match last_zone {
                Some((zone, held)) if zone == rate.zone => held,
                _ => self.zones[rate.zone].holds(destination),
            };
            last_zone = Some((rate.zone, held));
            let Some(specificity) = held else { continue };
            let rank = (specificity, own);
            match chosen.iter_mut().find(|(earlier, _)| self.rates[*earlier].tax == rate.tax) {
                Some(earlier) if earlier.1 < rank => *earlier = (index, rank),
                Some(_) => {}
                None => chosen.push((index, rank)),
            }
        }
        // The number of a rate grows with its priority and place.
        chosen.sort_unstable_by_key(|(index, _)| *index);
        RateSet::of(chosen.into_iter().map(|(index, _)| self.rates[index].ingredient()))
    }
}
