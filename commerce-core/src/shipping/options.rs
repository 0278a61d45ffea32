//! What the methods cost for an order, and why those that do not serve it do not.

use std::sync::Arc;

use super::carrier::{CarrierAnswers, CarrierRequest, Known};
use super::compile::{CompiledMethod, CompiledShipping};
use super::estimate::{DeliveryEstimate, Transit};
use super::parcel::{Load, Packing, pack, shipped};
use super::rate::{CompiledRate, Value, in_currency};
use crate::customer::Destination;
use crate::money::Exact;
use crate::pricing::{MinorAmounts, Symbol};
use crate::{Currency, Money, MoneyError, Timestamp};

/// Goods to be shipped: a line item, as far as shipping depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goods<'a> {
    /// How many units.
    pub(crate) units: u32,
    /// The weight of one unit in milligrams.
    pub(crate) milligrams: u64,
    /// Length, width and height of one unit in millimetres.
    pub(crate) millimetres: Option<[u32; 3]>,
    /// Whether nothing is shipped.
    pub(crate) digital: bool,
    /// What all the units cost before discounts.
    pub(crate) value_before: &'a Exact,
    /// And after them.
    pub(crate) value_after: &'a Exact,
    /// What selections know them by, sorted.
    pub(crate) symbols: &'a [Symbol],
    /// Which location ships how many units, by the location's number; empty: all from one place.
    pub(crate) sources: &'a [(u32, u32)],
}

impl Goods<'_> {
    /// Whether they go into a parcel.
    pub(super) fn is_shipped(&self) -> bool {
        !self.digital && self.units > 0
    }
}

/// A method that serves an order, with its price before promotions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingOption {
    /// The code of the method.
    pub code: Arc<str>,
    /// What to call it before the shopper.
    pub label: Arc<str>,
    /// More about it for the shopper.
    pub description: Option<Arc<str>>,
    /// What it costs, handling included.
    pub price: Money,
    /// How much of that is handling.
    pub handling: Money,
    /// Whether it costs nothing because the goods are worth so much.
    pub free: bool,
    /// How many parcels there are.
    pub parcels: u32,
    /// When the goods arrive, where that can be said.
    pub estimate: Option<DeliveryEstimate>,
    /// Whether the price is the one for when the carrier does not answer.
    pub from_fallback: bool,
}

/// A method that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Considered {
    /// Its code.
    pub(crate) code: Arc<str>,
    /// What it costs, or why it does not serve the order.
    pub(crate) outcome: Result<ShippingOption, NotServed>,
}

/// Why a method does not serve an order, in words for whoever asks how a price came about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotServed {
    #[error("is switched off")]
    Disabled,
    #[error("is offered from {0}")]
    NotYet(Timestamp),
    #[error("was offered until {0}")]
    NoLonger(Timestamp),
    #[error("does not go there")]
    Elsewhere,
    #[error("does not go there: the destination is in an excluded zone")]
    ExcludedZone,
    #[error("does not take item {} of the goods", .index + 1)]
    GoodsNotTaken {
        /// Which of the goods that were passed, from 0.
        index: usize,
    },
    #[error("takes sides of at most {max} mm, and one has {millimetres} mm")]
    TooLong { millimetres: u32, max: u32 },
    #[error("takes parcels of at most {max_grams} g, and one unit weighs {} g", .milligrams.div_ceil(1_000))]
    UnitTooHeavy { milligrams: u64, max_grams: u64 },
    #[error("would need more than {} parcels", super::parcel::PARCELS_MAX)]
    TooManyParcels,
    #[error("has no price for {} g", .milligrams.div_ceil(1_000))]
    TooHeavy {
        /// The chargeable weight.
        milligrams: u128,
    },
    #[error("has no price for {units} units")]
    TooManyUnits { units: u64 },
    #[error("has no price for goods of this value")]
    WorthTooMuch,
    #[error("has no price in {currency}")]
    NoAmount { currency: Currency },
    #[error("the carrier does not offer `{service}` for it")]
    CarrierDeclines { service: Arc<str> },
    #[error("the carrier named no price for `{service}`, and there is none to fall back to")]
    NoCarrierRate { service: Arc<str> },
    #[error("its price is too large for an amount")]
    TooDear,
}

/// Whether anything is shipped at all.
pub(crate) fn is_needed(goods: &[Goods<'_>]) -> bool {
    shipped(goods).next().is_some()
}

/// Every method in the order of the document, priced or with the reason why it does not serve the order. Nothing at all
/// when [nothing is shipped](is_needed).
///
/// # Errors
/// When the value of the goods does not fit.
pub(crate) fn options(
    rules: &CompiledShipping,
    destination: &Destination,
    now: Timestamp,
    currency: Currency,
    goods: &[Goods<'_>],
    carriers: &CarrierAnswers,
) -> Result<Vec<Considered>, MoneyError> {
    if !is_needed(goods) {
        return Ok(Vec::new());
    }
    let mut order = Order::of(rules, destination, now, currency, goods)?;
    let considered = rules
        .methods
        .iter()
        .map(|method| Considered { code: Arc::clone(&method.code), outcome: order.option(method, carriers) });
    Ok(considered.collect())
}

/// What carriers have to be asked, before [`options`], for the methods that may serve the order: one request for each way
/// of packing. Nothing when no method has a carrier's rate.
///
/// # Errors
/// When the value of the goods does not fit.
pub(crate) fn carrier_requests(
    rules: &CompiledShipping,
    destination: &Destination,
    now: Timestamp,
    currency: Currency,
    goods: &[Goods<'_>],
) -> Result<Vec<CarrierRequest>, MoneyError> {
    let asks = |method: &CompiledMethod| matches!(method.rate, CompiledRate::Carrier { .. });
    if !is_needed(goods) || !rules.methods.iter().any(asks) {
        return Ok(Vec::new());
    }
    let mut order = Order::of(rules, destination, now, currency, goods)?;
    let mut ways = Vec::new();
    let mut requests: Vec<CarrierRequest> = Vec::new();
    for method in &rules.methods {
        let CompiledRate::Carrier { service, .. } = &method.rate else { continue };
        let Ok(packing) = order.serves(method) else { continue };
        let way = (method.max_parcel_grams, method.volumetric_divisor);
        if let Some(known) = ways.iter().position(|known| *known == way) {
            let services = &mut requests[known].services;
            if !services.contains(service) {
                services.push(Arc::clone(service));
            }
            continue;
        }
        ways.push(way);
        requests.push(CarrierRequest {
            currency,
            destination: destination.clone(),
            services: vec![Arc::clone(service)],
            parcels: packing.parcels(method.volumetric_divisor),
        });
    }
    Ok(requests)
}

/// Parcels that methods which pack alike share, or why there are none.
type Packed = Result<Arc<Packing>, NotServed>;

/// An order, as far as all methods look at the same of it.
struct Order<'a> {
    rules: &'a CompiledShipping,
    now: Timestamp,
    currency: Currency,
    goods: &'a [Goods<'a>],
    /// Whether each of the zones holds the destination.
    inside: Vec<bool>,
    load: Load,
    value: Value,
    longest: u32,
    /// By the greatest weight of a parcel.
    packings: Vec<(Option<u64>, Packed)>,
}

impl<'a> Order<'a> {
    fn of(
        rules: &'a CompiledShipping,
        destination: &Destination,
        now: Timestamp,
        currency: Currency,
        goods: &'a [Goods<'a>],
    ) -> Result<Self, MoneyError> {
        let mut value = Value { before: Exact::ZERO, after: Exact::ZERO };
        for goods in shipped(goods) {
            value.before = value.before.plus(goods.value_before)?;
            value.after = value.after.plus(goods.value_after)?;
        }
        let longest = shipped(goods).filter_map(|goods| goods.millimetres?.into_iter().max()).max();
        Ok(Self {
            rules,
            now,
            currency,
            goods,
            inside: rules.zones.iter().map(|zone| zone.holds(destination).is_some()).collect(),
            load: Load::of_all(goods),
            value,
            longest: longest.unwrap_or(0),
            packings: Vec::new(),
        })
    }

    /// The parcels, when the method serves the order as far as its price is not concerned.
    fn serves(&mut self, method: &CompiledMethod) -> Packed {
        if !method.enabled {
            return Err(NotServed::Disabled);
        }
        if let Some(from) = method.from.filter(|from| self.now < *from) {
            return Err(NotServed::NotYet(from));
        }
        if let Some(until) = method.until.filter(|until| self.now >= *until) {
            return Err(NotServed::NoLonger(until));
        }
        let inside = |zones: &Vec<usize>| zones.iter().any(|zone| self.inside[*zone]);
        if !method.zones.as_ref().is_none_or(inside) {
            return Err(NotServed::Elsewhere);
        }
        if inside(&method.excluded_zones) {
            return Err(NotServed::ExcludedZone);
        }
        let taken = |goods: &Goods<'_>| {
            let excluded = method.excludes.as_ref().is_some_and(|excludes| excludes.holds(goods.symbols));
            !excluded && method.only.holds(goods.symbols)
        };
        if let Some(index) = self.goods.iter().position(|goods| goods.is_shipped() && !taken(goods)) {
            return Err(NotServed::GoodsNotTaken { index });
        }
        if let Some(max) = method.max_millimetres.filter(|max| self.longest > *max) {
            return Err(NotServed::TooLong { millimetres: self.longest, max });
        }
        self.packing(method.max_parcel_grams)
    }

    fn packing(&mut self, max_grams: Option<u64>) -> Packed {
        if let Some((_, known)) = self.packings.iter().find(|(known, _)| *known == max_grams) {
            return known.clone();
        }
        let packing = pack(self.goods, max_grams).map(Arc::new);
        self.packings.push((max_grams, packing.clone()));
        packing
    }

    fn option(
        &mut self,
        method: &CompiledMethod,
        carriers: &CarrierAnswers,
    ) -> Result<ShippingOption, NotServed> {
        let packing = self.serves(method)?;
        let Self { currency, load, value, .. } = self;
        let rate = match &method.rate {
            CompiledRate::Carrier { service, fallback } => {
                carrier_rate(carriers, service, fallback.as_ref(), *currency)?
            }
            table => {
                let price =
                    table.price(method.per, load, &packing, method.volumetric_divisor, value, *currency)?;
                Rate { minor: price, transit: None, from_fallback: false }
            }
        };
        let free = method.free_from.as_ref().is_some_and(|(measured, amounts)| {
            amounts.of(*currency).is_some_and(|from| *value.measured(*measured) >= Exact::from(from))
        });
        let handling = method.handling.price(load, &packing, *currency)?;
        let price = rate.minor.checked_add(handling).ok_or(NotServed::TooDear)?;
        let money = |minor: i128| {
            let minor = i64::try_from(if free { 0 } else { minor }).map_err(|_| NotServed::TooDear)?;
            Ok(Money::from_minor(minor, *currency))
        };
        Ok(ShippingOption {
            code: Arc::clone(&method.code),
            label: Arc::clone(&method.label),
            description: method.description.clone(),
            price: money(price)?,
            handling: money(handling)?,
            free,
            parcels: packing.parcels,
            estimate: method.estimate.at(self.now, &self.rules.calendar, rate.transit),
            from_fallback: rate.from_fallback,
        })
    }
}

/// The price of a method before handling.
struct Rate {
    minor: i128,
    transit: Option<Transit>,
    from_fallback: bool,
}

fn carrier_rate(
    carriers: &CarrierAnswers,
    service: &Arc<str>,
    fallback: Option<&MinorAmounts>,
    currency: Currency,
) -> Result<Rate, NotServed> {
    match (carriers.of(service, currency), fallback) {
        (Known::Rate(rate), _) => {
            Ok(Rate { minor: rate.price.minor.into(), transit: rate.transit, from_fallback: false })
        }
        (Known::NotServed, _) => Err(NotServed::CarrierDeclines { service: Arc::clone(service) }),
        (Known::Nothing, Some(fallback)) => {
            Ok(Rate { minor: in_currency(fallback, currency)?, transit: None, from_fallback: true })
        }
        (Known::Nothing, None) => Err(NotServed::NoCarrierRate { service: Arc::clone(service) }),
    }
}
