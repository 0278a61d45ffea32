//! What shipping costs: rates and handling, read and computed. Every price is a whole number of minor units.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use super::options::NotServed;
use super::parcel::{Load, Packing};
use super::rules::{Band, GoodsValue, Handling, Per, ShippingMethod, ShippingRate};
use crate::Currency;
use crate::money::Exact;
use crate::pricing::{Amounts, MinorAmounts, Wrong};

/// A rate, read.
#[derive(Debug, Clone)]
pub(crate) enum CompiledRate {
    Flat(MinorAmounts),
    ByWeight(Table<u128>),
    BySubtotal(GoodsValue, Table<MinorAmounts>),
    ByItems(Table<u128>),
    ByStep { base: MinorAmounts, included: u128, step: u128, per_step: MinorAmounts },
    PerUnit { base: MinorAmounts, per_unit: MinorAmounts },
    Carrier { service: Arc<str>, fallback: Option<MinorAmounts> },
}

/// Where bands end, and their prices. The last may be open.
#[derive(Debug, Clone)]
pub(crate) struct Table<T>(Vec<(Option<T>, MinorAmounts)>);

/// What is charged beside the rate, read.
#[derive(Debug, Clone, Default)]
pub(crate) struct CompiledHandling {
    per_order: Option<MinorAmounts>,
    per_parcel: Option<MinorAmounts>,
    per_unit: Option<MinorAmounts>,
}

impl CompiledHandling {
    /// Whether parcels are charged for.
    pub(super) fn counts_parcels(&self) -> bool {
        self.per_parcel.is_some()
    }
}

/// What an order is worth to shipping.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) before: Exact,
    pub(crate) after: Exact,
}

impl Value {
    pub(crate) fn measured(&self, measured: GoodsValue) -> &Exact {
        match measured {
            GoodsValue::BeforeDiscounts => &self.before,
            GoodsValue::AfterDiscounts => &self.after,
        }
    }
}

/// Reads amounts, all of which must name the same currencies: those that any price of the method names.
pub(super) struct Reader {
    shop: Currency,
    currencies: BTreeSet<Currency>,
}

impl Reader {
    pub(super) fn of(method: &ShippingMethod, shop: Currency) -> Self {
        let mut currencies = BTreeSet::new();
        let Handling { per_order, per_parcel, per_unit } = &method.handling;
        let handling = [per_order, per_parcel, per_unit].into_iter().flatten();
        for amounts in method.rate.amounts().into_iter().chain(handling) {
            match amounts {
                Amounts::Shop(_) => drop(currencies.insert(shop)),
                Amounts::Each(each) => currencies.extend(each.keys().copied()),
            }
        }
        Self { shop, currencies }
    }

    /// The price that stands in the field.
    fn read(&self, amounts: &Amounts, field: &str, wrong: &mut Wrong<'_>) -> MinorAmounts {
        let mut wrong = wrong.below(field);
        let read = amounts.compile(self.shop, &mut wrong);
        for currency in self.currencies.iter().filter(|currency| read.of(**currency).is_none()) {
            wrong.here(format!("has no amount of {currency}, in which the method has other prices"));
        }
        read
    }

    fn read_some(
        &self,
        amounts: Option<&Amounts>,
        field: &str,
        wrong: &mut Wrong<'_>,
    ) -> Option<MinorAmounts> {
        amounts.map(|amounts| self.read(amounts, field, wrong))
    }
}

impl ShippingRate {
    /// Every amount in it.
    fn amounts(&self) -> Vec<&Amounts> {
        match self {
            Self::Flat(price) => vec![price],
            Self::ByWeight(bands) | Self::ByItems(bands) => bands.iter().map(|band| &band.price).collect(),
            Self::BySubtotal { bands, .. } => {
                let bounds = bands.iter().flat_map(|band| band.from.iter().chain(&band.up_to));
                bounds.chain(bands.iter().map(|band| &band.price)).collect()
            }
            Self::ByStep { base, per_step: more, .. } | Self::PerUnit { base, per_unit: more } => {
                vec![base, more]
            }
            Self::Carrier { fallback, .. } => fallback.iter().collect(),
        }
    }

    /// Reads the rate; `wrong` stands at it.
    pub(super) fn compile(&self, reader: &Reader, wrong: &mut Wrong<'_>) -> CompiledRate {
        match self {
            Self::Flat(price) => CompiledRate::Flat(reader.read(price, "flat", wrong)),
            Self::ByWeight(bands) => {
                let table = counted(bands, 0, reader, &mut wrong.below("by_weight"));
                // Written in grams, compared in milligrams.
                let table = table.into_iter().map(|(end, price)| (end.map(|grams| grams * 1_000), price));
                CompiledRate::ByWeight(Table(table.collect()))
            }
            Self::ByItems(bands) => {
                CompiledRate::ByItems(Table(counted(bands, 1, reader, &mut wrong.below("by_items"))))
            }
            Self::BySubtotal { measured, bands } => {
                let mut wrong = wrong.below("by_subtotal");
                CompiledRate::BySubtotal(*measured, valued(bands, reader, &mut wrong.below("bands")))
            }
            Self::ByStep { base, included_grams, step_grams, per_step } => {
                let mut wrong = wrong.below("by_step");
                if *step_grams == 0 {
                    wrong.at("step_grams", "must be above 0");
                }
                CompiledRate::ByStep {
                    base: reader.read(base, "base", &mut wrong),
                    included: u128::from(*included_grams) * 1_000,
                    step: u128::from((*step_grams).max(1)) * 1_000,
                    per_step: reader.read(per_step, "per_step", &mut wrong),
                }
            }
            Self::PerUnit { base, per_unit } => {
                let mut wrong = wrong.below("per_unit");
                CompiledRate::PerUnit {
                    base: reader.read(base, "base", &mut wrong),
                    per_unit: reader.read(per_unit, "per_unit", &mut wrong),
                }
            }
            Self::Carrier { service, fallback } => {
                let mut wrong = wrong.below("carrier");
                if service.trim() != service || service.is_empty() || service.chars().count() > 100 {
                    wrong.at("service", "must have 1 to 100 characters and no space around it");
                }
                CompiledRate::Carrier {
                    service: service.as_str().into(),
                    fallback: reader.read_some(fallback.as_ref(), "fallback", &mut wrong),
                }
            }
        }
    }
}

impl Handling {
    pub(super) fn compile(&self, reader: &Reader, wrong: &mut Wrong<'_>) -> CompiledHandling {
        let mut wrong = wrong.below("handling");
        CompiledHandling {
            per_order: reader.read_some(self.per_order.as_ref(), "per_order", &mut wrong),
            per_parcel: reader.read_some(self.per_parcel.as_ref(), "per_parcel", &mut wrong),
            per_unit: reader.read_some(self.per_unit.as_ref(), "per_unit", &mut wrong),
        }
    }
}

/// Says so when there is no band, or there are too many.
fn count_bands<T>(bands: &[Band<T>], wrong: &mut Wrong<'_>) {
    match bands.len() {
        0 => wrong.here("must have a band"),
        count if count > ShippingRate::BANDS_MAX => {
            wrong.here(format!("has {count} bands, more than {}", ShippingRate::BANDS_MAX));
        }
        _ => {}
    }
}

/// Reads bands of a number. A band begins `apart` above the end of the one before: grams at it, units one above.
fn counted(
    bands: &[Band<u64>],
    apart: u64,
    reader: &Reader,
    wrong: &mut Wrong<'_>,
) -> Vec<(Option<u128>, MinorAmounts)> {
    count_bands(bands, wrong);
    let mut before = None;
    let mut read = Vec::with_capacity(bands.len());
    for (index, band) in bands.iter().enumerate() {
        let mut wrong = wrong.below(index);
        let starts = before.map_or(0, |end: u64| end.saturating_add(apart));
        // The first band of units may be said to begin at 0 or at 1.
        if let Some(from) = band.from.filter(|from| before.is_some() || *from != apart) {
            follows(from, starts, before, &mut wrong);
        }
        ends(band.up_to, before, index + 1 == bands.len(), &mut wrong);
        before = band.up_to.or(before);
        let price = reader.read(&band.price, "price", &mut wrong);
        read.push((band.up_to.map(u128::from), price));
    }
    read
}

/// Reads bands of a value, whose ends are compared in each currency.
fn valued(bands: &[Band<Amounts>], reader: &Reader, wrong: &mut Wrong<'_>) -> Table<MinorAmounts> {
    count_bands(bands, wrong);
    let mut before: Option<MinorAmounts> = None;
    let mut read = Vec::with_capacity(bands.len());
    for (index, band) in bands.iter().enumerate() {
        let mut wrong = wrong.below(index);
        let from = reader.read_some(band.from.as_ref(), "from", &mut wrong);
        let up_to = reader.read_some(band.up_to.as_ref(), "up_to", &mut wrong);
        let last = index + 1 == bands.len();
        if up_to.is_none() {
            ends::<Minor>(None, None, last, &mut wrong);
        }
        for currency in &reader.currencies {
            let of = |amounts: &Option<MinorAmounts>| {
                amounts
                    .as_ref()
                    .and_then(|amounts| amounts.of(*currency))
                    .map(|minor| Minor(minor, *currency))
            };
            if let Some(from) = of(&from) {
                follows(from, of(&before).unwrap_or(Minor(0, *currency)), of(&before), &mut wrong);
            }
            if let Some(up_to) = of(&up_to) {
                ends(Some(up_to), of(&before), last, &mut wrong);
            }
        }
        before = up_to.clone().or(before);
        read.push((up_to, reader.read(&band.price, "price", &mut wrong)));
    }
    Table(read)
}

/// An amount as a document has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Minor(i64, Currency);

impl Display for Minor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::Money::from_minor(self.0, self.1).fmt(f)
    }
}

/// Says so when a band does not begin where it has to.
fn follows<T: Copy + Ord + Display>(from: T, starts: T, before: Option<T>, wrong: &mut Wrong<'_>) {
    let what = match from.cmp(&starts) {
        std::cmp::Ordering::Less => "an overlap",
        std::cmp::Ordering::Equal => return,
        std::cmp::Ordering::Greater => "a gap",
    };
    let reason = match before {
        None => format!("is {from}, and must be {starts}: the first band begins at nothing"),
        Some(end) => {
            format!("is {from}, and must be {starts}: {what}, since the band before ends at {end}")
        }
    };
    wrong.at("from", reason);
}

/// Says so when a band does not end above the one before, or is open and not the last.
fn ends<T: Copy + Ord + Display>(up_to: Option<T>, before: Option<T>, last: bool, wrong: &mut Wrong<'_>) {
    match (up_to, before) {
        (None, _) if !last => wrong.at("up_to", "may be left out only in the last band"),
        (Some(up_to), Some(before)) if up_to <= before => {
            wrong.at("up_to", format!("is {up_to}, and must be above {before}, where the band before ends"));
        }
        _ => {}
    }
}

impl<T> Table<T> {
    /// The price of the band that holds what `lies_above` compares with the ends of bands, which ascend.
    fn price(&self, lies_above: impl Fn(&T) -> bool) -> Option<&MinorAmounts> {
        let above = |(end, _): &(Option<T>, MinorAmounts)| end.as_ref().is_some_and(&lies_above);
        self.0.get(self.0.partition_point(above)).map(|(_, price)| price)
    }
}

impl CompiledRate {
    /// Minor units for a load: that of the order or of a parcel. A carrier's rate has no table.
    fn of_load(
        &self,
        load: &Load,
        volumetric_divisor: Option<u32>,
        value: &Value,
        currency: Currency,
    ) -> Result<i128, NotServed> {
        let of = |amounts: &MinorAmounts| in_currency(amounts, currency);
        let weight = || load.chargeable_milligrams(volumetric_divisor);
        match self {
            Self::Flat(price) => of(price),
            Self::ByWeight(table) => {
                let milligrams = weight();
                let price = table.price(|end| *end < milligrams);
                price.ok_or(NotServed::TooHeavy { milligrams }).and_then(of)
            }
            Self::ByItems(table) => {
                let price = table.price(|end| *end < u128::from(load.units));
                price.ok_or(NotServed::TooManyUnits { units: load.units }).and_then(of)
            }
            Self::BySubtotal(measured, table) => {
                let value = value.measured(*measured);
                let above =
                    |end: &MinorAmounts| end.of(currency).is_some_and(|end| Exact::from(end) < *value);
                table.price(above).ok_or(NotServed::WorthTooMuch).and_then(of)
            }
            Self::ByStep { base, included, step, per_step } => {
                let steps = weight().saturating_sub(*included).div_ceil(*step);
                times(of(per_step)?, steps)?.checked_add(of(base)?).ok_or(NotServed::TooDear)
            }
            Self::PerUnit { base, per_unit } => {
                let units = times(of(per_unit)?, load.units.into())?;
                units.checked_add(of(base)?).ok_or(NotServed::TooDear)
            }
            Self::Carrier { service, .. } => {
                debug_assert!(false, "the carrier prices `{service}`");
                Err(NotServed::NoCarrierRate { service: Arc::clone(service) })
            }
        }
    }

    /// Minor units for an order and its parcels.
    pub(super) fn price(
        &self,
        per: Per,
        order: &Load,
        packing: &Packing,
        volumetric_divisor: Option<u32>,
        value: &Value,
        currency: Currency,
    ) -> Result<i128, NotServed> {
        match per {
            Per::Order => self.of_load(order, volumetric_divisor, value, currency),
            Per::Parcel => packing.runs.iter().try_fold(0_i128, |sum, run| {
                let each = self.of_load(&run.load, volumetric_divisor, value, currency)?;
                sum.checked_add(times(each, run.count.into())?).ok_or(NotServed::TooDear)
            }),
        }
    }
}

impl CompiledHandling {
    /// Minor units for an order.
    pub(super) fn price(
        &self,
        order: &Load,
        packing: &Packing,
        currency: Currency,
    ) -> Result<i128, NotServed> {
        let parts = [
            (&self.per_order, 1),
            (&self.per_parcel, packing.parcels.into()),
            (&self.per_unit, order.units.into()),
        ];
        parts.into_iter().try_fold(0_i128, |sum, (amounts, count)| {
            let Some(amounts) = amounts else { return Ok(sum) };
            sum.checked_add(times(in_currency(amounts, currency)?, count)?).ok_or(NotServed::TooDear)
        })
    }
}

pub(super) fn in_currency(amounts: &MinorAmounts, currency: Currency) -> Result<i128, NotServed> {
    amounts.of(currency).map(i128::from).ok_or(NotServed::NoAmount { currency })
}

fn times(minor: i128, count: u128) -> Result<i128, NotServed> {
    i128::try_from(count).ok().and_then(|count| minor.checked_mul(count)).ok_or(NotServed::TooDear)
}
