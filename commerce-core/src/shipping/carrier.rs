//! What a carrier is asked, and what it answers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::estimate::Transit;
use super::parcel::Packing;
use crate::customer::Destination;
use crate::{Currency, Money};

/// What a carrier is asked: the price of some services for these parcels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierRequest {
    /// The currency of the answer.
    pub currency: Currency,
    /// Where the parcels go.
    pub destination: Destination,
    /// The services that are asked for, each once.
    pub services: Vec<Arc<str>>,
    /// The parcels; at least one.
    pub parcels: Vec<Parcel>,
}

/// A parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// The number of the location that it comes from; `None`: the shop ships from one place.
    pub location: Option<u32>,
    /// How many units are in it.
    pub units: u64,
    /// What it weighs on the scales, in milligrams.
    pub milligrams: u64,
    /// The greater of that and its volume weight, in milligrams; equal where volume does not count.
    pub chargeable_milligrams: u64,
    /// The volume of the units in it, in cubic millimetres, as far as their dimensions are known.
    pub cubic_millimetres: u64,
}

/// A carrier's price for a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierRate {
    /// The service, in the carrier's word for it, as it was asked for.
    pub service: Arc<str>,
    /// The price of all the parcels together, not negative, in the currency that was asked for.
    pub price: Money,
    /// Business days on the way; absent: the method's own estimate holds.
    pub transit: Option<Transit>,
}

/// Why a carrier named no prices.
#[derive(Debug, thiserror::Error)]
#[error("{kind}: {source}")]
pub struct CarrierError {
    /// What kind of trouble.
    pub kind: CarrierTrouble,
    /// What the carrier said; for the log, never for a client.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// What kind of trouble a carrier has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CarrierTrouble {
    /// It does not answer, or has no capacity. A later try may help.
    Unavailable,
    /// It did not answer before the deadline. A later try may help.
    Late,
    /// It does not accept the request: its credentials, the address, the parcels. The same request will not do better.
    Refused,
    /// It answered what the contract of the port forbids: another currency, a negative price, a service twice. A bug.
    Broken,
}

impl std::fmt::Display for CarrierTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the carrier is not available",
            Self::Late => "the carrier did not answer in time",
            Self::Refused => "the carrier refused the request",
            Self::Broken => "the carrier's answer cannot be used",
        })
    }
}

impl CarrierError {
    /// Trouble of this kind.
    pub fn new(kind: CarrierTrouble, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }
}

/// What carriers answered for an order, from all the requests that were made for it.
///
/// A service that was answered for without a price is not served; one that nobody answered for falls back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CarrierAnswers {
    answered: Vec<Arc<str>>,
    rates: Vec<CarrierRate>,
}

/// What is known of a service.
pub(crate) enum Known<'a> {
    /// Its price.
    Rate(&'a CarrierRate),
    /// The carrier answered, and has no price for it.
    NotServed,
    /// Nobody answered.
    Nothing,
}

impl CarrierAnswers {
    /// Adds what the carrier answered to the request.
    pub fn add(&mut self, request: &CarrierRequest, rates: Vec<CarrierRate>) {
        self.answered.extend(request.services.iter().cloned());
        self.rates.extend(rates);
    }

    pub(crate) fn of(&self, service: &str, currency: Currency) -> Known<'_> {
        let fits = |rate: &&CarrierRate| {
            *rate.service == *service && rate.price.currency == currency && rate.price.minor >= 0
        };
        match self.rates.iter().find(fits) {
            Some(rate) => Known::Rate(rate),
            None if self.answered.iter().any(|answered| **answered == *service) => Known::NotServed,
            None => Known::Nothing,
        }
    }
}

impl Packing {
    /// Every parcel by itself, for a carrier; what no number can hold is the largest one.
    pub(crate) fn parcels(&self, volumetric_divisor: Option<u32>) -> Vec<Parcel> {
        let small = |large: u128| u64::try_from(large).unwrap_or(u64::MAX);
        let mut parcels = Vec::with_capacity(self.parcels as usize);
        for run in &self.runs {
            let parcel = Parcel {
                location: run.location,
                units: run.load.units,
                milligrams: small(run.load.milligrams),
                chargeable_milligrams: small(run.load.chargeable_milligrams(volumetric_divisor)),
                cubic_millimetres: small(run.load.cubic_millimetres),
            };
            parcels.extend((0..run.count).map(|_| parcel));
        }
        parcels
    }
}
