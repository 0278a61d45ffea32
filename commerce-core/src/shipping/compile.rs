//! Reading the shipping rules: texts become numbers, codes become places, and everything that is wrong is named.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::estimate::{Calendar, CompiledEstimate};
use super::rate::{CompiledHandling, CompiledRate, Reader};
use super::rules::{FreeFrom, GoodsValue, Per, ShippingMethod, ShippingRate, ShippingRules};
use crate::customer::{CompiledZone, Zone};
use crate::pricing::{AnyOf, MinorAmounts, Selection, Symbols, Wrong};
use crate::{Currency, Timestamp};

/// The shipping rules, read.
#[derive(Debug, Clone)]
pub(crate) struct CompiledShipping {
    pub(super) zones: Vec<CompiledZone>,
    /// In the order of the document.
    pub(super) methods: Vec<CompiledMethod>,
    pub(super) calendar: Calendar,
}

/// A method, read.
#[derive(Debug, Clone)]
pub(crate) struct CompiledMethod {
    pub(super) code: Arc<str>,
    pub(super) label: Arc<str>,
    pub(super) description: Option<Arc<str>>,
    /// Which of the zones; `None`: everywhere.
    pub(super) zones: Option<Vec<usize>>,
    pub(super) excluded_zones: Vec<usize>,
    pub(super) rate: CompiledRate,
    pub(super) per: Per,
    pub(super) free_from: Option<(GoodsValue, MinorAmounts)>,
    pub(super) handling: CompiledHandling,
    pub(super) excludes: Option<AnyOf>,
    pub(super) only: AnyOf,
    pub(super) max_parcel_grams: Option<u64>,
    pub(super) max_millimetres: Option<u32>,
    pub(super) volumetric_divisor: Option<u32>,
    pub(super) estimate: CompiledEstimate,
    pub(super) enabled: bool,
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

impl CompiledShipping {
    /// Whether the price of a method depends on how many parcels there are, and so on where goods come from.
    pub(crate) fn counts_parcels(&self) -> bool {
        self.methods.iter().any(|method| {
            method.per == Per::Parcel
                || method.handling.counts_parcels()
                || matches!(method.rate, CompiledRate::Carrier { .. })
        })
    }

    /// Whether a method has a carrier's price.
    pub(crate) fn asks_carriers(&self) -> bool {
        self.methods.iter().any(|method| matches!(method.rate, CompiledRate::Carrier { .. }))
    }
}

impl ShippingRules {
    /// Reads the rules; `wrong` stands at them. Amounts in plain text are in the currency `shop`; the values that
    /// selections name are added to `symbols`.
    pub(crate) fn compile(
        &self,
        shop: Currency,
        symbols: &mut Symbols,
        wrong: &mut Wrong<'_>,
    ) -> CompiledShipping {
        for (field, count) in [("zones", self.zones.len()), ("methods", self.methods.len())] {
            if count > Self::METHODS_MAX {
                wrong.at(field, format!("has {count}, more than {}", Self::METHODS_MAX));
            }
        }
        let zones = Zone::compile_all(&self.zones, &mut wrong.below("zones"));
        let calendar = Calendar::compile(self, wrong);
        let places: HashMap<&str, usize> =
            self.zones.iter().enumerate().map(|(index, zone)| (zone.code.as_str(), index)).collect();
        let mut codes = HashSet::new();
        let mut packings = HashMap::new();
        let mut methods = Vec::with_capacity(self.methods.len());
        let mut wrong = wrong.below("methods");
        for (index, method) in self.methods.iter().enumerate() {
            let mut wrong = wrong.below(index);
            wrong.code(&method.code, &mut codes);
            method.compare_packing(&mut packings, &mut wrong);
            methods.push(method.compile(shop, &places, symbols, &mut wrong));
        }
        CompiledShipping { zones, methods, calendar }
    }
}

impl ShippingMethod {
    fn compile(
        &self,
        shop: Currency,
        places: &HashMap<&str, usize>,
        symbols: &mut Symbols,
        wrong: &mut Wrong<'_>,
    ) -> CompiledMethod {
        wrong.label(&self.label);
        if self.description.as_ref().is_some_and(|text| text.chars().count() > 2_000) {
            wrong.at("description", "must have at most 2000 characters");
        }
        wrong.window(self.from, self.until);
        self.check_limits(wrong);
        let mut zones = |codes: &[String], field: &str| -> Vec<usize> {
            let mut wrong = wrong.below(field);
            let known = codes.iter().enumerate().filter_map(|(index, code)| {
                let place = places.get(code.as_str()).copied();
                if place.is_none() {
                    wrong.at(index, format!("`{code}` is not the code of a zone"));
                }
                place
            });
            known.collect()
        };
        let excluded_zones = zones(&self.excluded_zones, "excluded_zones");
        let zones = (!self.zones.is_empty()).then(|| zones(&self.zones, "zones"));
        let reader = Reader::of(self, shop);
        let rate = self.rate.compile(&reader, &mut wrong.below("rate"));
        CompiledMethod {
            code: self.code.as_str().into(),
            label: self.label.as_str().into(),
            description: self.description.as_deref().map(Arc::from),
            zones,
            excluded_zones,
            rate,
            per: self.per,
            free_from: self.free_from.as_ref().map(|FreeFrom { amount, measured }| {
                (*measured, amount.compile(shop, &mut wrong.below("free_from").below("amount")))
            }),
            handling: self.handling.compile(&reader, wrong),
            excludes: (!self.excludes.is_empty())
                .then(|| Selection::compile_all(&self.excludes, "excludes", symbols, wrong)),
            only: Selection::compile_all(&self.only, "only", symbols, wrong),
            max_parcel_grams: self.max_parcel_grams,
            max_millimetres: self.max_millimetres,
            volumetric_divisor: self.volumetric_divisor,
            estimate: self
                .estimate
                .as_ref()
                .map(|estimate| estimate.compile(&mut wrong.below("estimate")))
                .unwrap_or_default(),
            enabled: self.enabled,
            from: self.from,
            until: self.until,
        }
    }

    fn check_limits(&self, wrong: &mut Wrong<'_>) {
        for (field, is_zero) in [
            ("max_parcel_grams", self.max_parcel_grams == Some(0)),
            ("max_millimetres", self.max_millimetres == Some(0)),
            ("volumetric_divisor", self.volumetric_divisor == Some(0)),
        ] {
            if is_zero {
                wrong.at(field, "must be above 0");
            }
        }
        let why_not_per_parcel = match self.rate {
            ShippingRate::BySubtotal { .. } => "the value of goods is not known by parcel",
            ShippingRate::Carrier { .. } => "a carrier prices all the parcels together",
            _ => "",
        };
        if self.per == Per::Parcel && !why_not_per_parcel.is_empty() {
            wrong.at("per", format!("must be `order`: {why_not_per_parcel}"));
        }
        for (index, excluded) in self.excludes.iter().enumerate() {
            if *excluded == Selection::default() {
                wrong.below("excludes").at(index, "must name something: else nothing would go this way");
            }
        }
    }

    /// Says so when an earlier method has the same service of a carrier and packs otherwise: the carrier is asked about a
    /// service once.
    fn compare_packing<'a>(
        &'a self,
        packings: &mut HashMap<&'a str, (Option<u64>, Option<u32>)>,
        wrong: &mut Wrong<'_>,
    ) {
        let ShippingRate::Carrier { service, .. } = &self.rate else { return };
        let packing = (self.max_parcel_grams, self.volumetric_divisor);
        if *packings.entry(service).or_insert(packing) != packing {
            wrong.below("rate").below("carrier").at(
                "service",
                format!("`{service}` must be packed as in the method before: by the same `max_parcel_grams` and `volumetric_divisor`"),
            );
        }
    }
}
