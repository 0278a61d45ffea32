//! The rules of tax: a document.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::catalog::TaxClass;
use crate::customer::Zone;
use crate::money::Percent;

/// How a shop taxes.
///
/// All rates that hold at a destination apply, each to the same net amount unless it is `compound`; of one tax (rates of
/// the same `name`) the one of the closest zone applies: by postal code before by subdivision before by country before
/// everywhere. Goods of a class that a tax has no rate for in that zone are taxed as `standard`; goods of the class
/// `exempt` are never taxed. Where no rate holds, nothing is taxed.
///
/// ```
/// use commerce_core::tax::TaxRules;
/// let rules: TaxRules = serde_json::from_str(r#"{
///     "prices_include_tax": true,
///     "zones": [{"code": "ng", "areas": [{"country": "NG"}]}],
///     "rates": [
///         {"code": "ng-vat", "zone": "ng", "name": "VAT", "rate": "7.5"},
///         {"code": "ng-vat-zero", "zone": "ng", "name": "VAT", "classes": ["zero"], "rate": "0"}
///     ],
///     "shipping_class": "standard"
/// }"#)?;
/// assert_eq!(rules.rates[0].name, "VAT");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TaxRules {
    /// Whether list prices hold the tax already. A price of 10.75 at 7.5 % is 10.00 and 0.75 of tax where it is set, and
    /// 11.56 are paid where it is not.
    pub prices_include_tax: bool,
    /// Where rates hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
    /// The rates, at most [`TaxRules::RATES_MAX`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<TaxRate>,
    /// The class as which shipping is taxed; absent: shipping is not taxed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_class: Option<TaxClass>,
    /// Which buyers owe the tax themselves; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reverse_charge: Option<ReverseCharge>,
}

/// A rate of a tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TaxRate {
    /// What orders refer to it by: `tax:` and this is the source of an adjustment. 1 to 100 characters, unique.
    pub code: String,
    /// The code of the zone in which it holds: where the goods go.
    pub zone: String,
    /// What the tax is called before the shopper: `VAT`. Rates of the same name are one tax. 1 to 100 characters.
    pub name: String,
    /// The classes of goods that it is for; empty: `standard`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<TaxClass>,
    /// The rate in percent.
    pub rate: Percent,
    /// Whether it is taken of the net amount and the taxes before it. At 6 % of levies and a compound 15 % of VAT,
    /// 100.00 net give 6.00 and 15.90.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compound: bool,
    /// The lower ones come before the higher, equal ones as they stand: it says which taxes a compound one is taken of,
    /// and in which order they are shown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: u32,
    /// When it begins; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When it has ended: from this instant on it does not hold. Absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Buyers with a checked VAT identification number owe the tax themselves when the goods go to the zone, but to another
/// country than the shop's home country (Article 138 of Directive 2006/112/EC exempts such supplies of goods, Article 196
/// leaves the tax on services to the buyer).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReverseCharge {
    /// The code of the zone.
    pub zone: String,
}

/// A rate that comes with a line item, from another system, in place of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LineRate {
    /// What the tax is called.
    pub name: String,
    /// The rate in percent.
    pub rate: Percent,
    /// Whether it is taken of the net amount and the rates before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compound: bool,
}

impl TaxRules {
    /// The most rates of a document. Who needs more asks a service: see [`external`](super::external).
    pub const RATES_MAX: usize = 2_000;
    /// The most rates that may hold for one class of goods at one destination.
    pub const RATES_AT_ONCE_MAX: usize = 6;
}

fn is_zero(priority: &u32) -> bool {
    *priority == 0
}
