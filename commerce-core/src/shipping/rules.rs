//! The shipping part of a rulebook, as the shop writes it.

use serde::{Deserialize, Serialize};

use super::date::Weekday;
use crate::Timestamp;
use crate::customer::Zone;
use crate::pricing::{Amounts, Selection};

/// How a shop ships: where to, by which methods, and on which days it works.
///
/// ```
/// use commerce_core::shipping::ShippingRules;
/// let rules: ShippingRules = serde_json::from_str(r#"{
///     "zones": [{"code": "lagos", "name": "Lagos", "areas": [{"country": "NG", "subdivisions": ["LA"]}]}],
///     "time_zone": "+01:00",
///     "holidays": ["2026-12-25", "2026-12-26"],
///     "methods": [
///         {"code": "courier", "label": "Courier", "zones": ["lagos"], "rate": {"flat": "1500.00"},
///          "free_from": {"amount": "50000.00"},
///          "estimate": {"cutoff": "14:00", "handling_days": 1, "min_days": 1, "max_days": 2}},
///         {"code": "post", "label": "Post", "max_parcel_grams": 20000, "per": "parcel", "rate": {"by_weight": [
///             {"up_to": 500, "price": "800.00"}, {"up_to": 20000, "price": "2400.00"}]}}
///     ]
/// }"#)?;
/// assert_eq!(rules.methods.len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ShippingRules {
    /// Parts of the world that methods name by their codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
    /// The methods, offered in this order; at most [`ShippingRules::METHODS_MAX`].
    pub methods: Vec<ShippingMethod>,
    /// How far the shop's clocks are ahead of UTC: `"+01:00"`, `"-03:30"`, `"Z"`. Absent: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^(Z|[+-][0-9]{2}:[0-9]{2})$")))]
    pub time_zone: Option<String>,
    /// The days of the week on which nothing is handled or delivered: Saturday and Sunday when it is absent. A shop that
    /// rests on Friday and Saturday writes `["friday", "saturday"]`; one that never does, `[]`.
    pub weekend: Vec<Weekday>,
    /// The dates on which nothing is handled or delivered: `["2026-12-25"]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))))]
    pub holidays: Vec<String>,
}

/// A way in which goods go to some zones, and what it costs.
///
/// ```
/// use commerce_core::shipping::ShippingMethod;
/// // 1000.00 up to 2 kg, and 250.00 for each further kilogram that is begun; bulky goods count by their volume.
/// let method: ShippingMethod = serde_json::from_str(r#"{
///     "code": "express", "label": "Express", "volumetric_divisor": 5000,
///     "rate": {"by_step": {"base": "1000.00", "included_grams": 2000, "step_grams": 1000, "per_step": "250.00"}},
///     "handling": {"per_order": "100.00"}
/// }"#)?;
/// assert!(method.enabled);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ShippingMethod {
    /// Its code, unique among the methods: 1 to 100 characters.
    pub code: String,
    /// What to call it before the shopper: 1 to 200 characters.
    pub label: String,
    /// More about it for the shopper; at most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The codes of the zones that it goes to; empty: everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// The codes of zones that it does not go to after all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_zones: Vec<String>,
    /// What it costs.
    pub rate: ShippingRate,
    /// Whether that is the price of the order or of each of its parcels.
    #[serde(default)]
    pub per: Per,
    /// The value of the goods from which it costs nothing, handling included. In a currency without an amount it is
    /// never free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_from: Option<FreeFrom>,
    /// What is charged beside the rate.
    #[serde(default, skip_serializing_if = "Handling::is_none")]
    pub handling: Handling,
    /// Goods that do not go this way: an order with one of them is not served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<Selection>,
    /// The goods that go this way: an order with any other is not served. Empty: all goods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Selection>,
    /// The most that a parcel may weigh, in grams, on the scales: volume does not count. Goods are packed into as many
    /// parcels as that takes; a single unit that is heavier cannot go. Absent: one parcel for each location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parcel_grams: Option<u64>,
    /// The longest side that a unit may have, in millimetres. Goods without dimensions pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_millimetres: Option<u32>,
    /// Cubic centimetres that count as a kilogram, often 5000: the *chargeable weight* is the greater of the weight and
    /// the volume over this. A box of 60 x 40 x 30 cm counts as at least 14.4 kg. Absent: volume does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volumetric_divisor: Option<u32>,
    /// How long it takes. Absent: nothing is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// Whether it is offered at all: `true` when it is absent.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// From when on it is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When it ceases to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What shipping costs, before handling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ShippingRate {
    /// Always the same: `{"flat": "1500.00"}`.
    Flat(Amounts),
    /// By the chargeable weight in grams: `{"by_weight": [{"up_to": 500, "price": "800.00"}, {"price": "1500.00"}]}`.
    /// 500 g cost 800.00 and 500.001 g cost 1500.00.
    ByWeight(Vec<Band<u64>>),
    /// By the value of the goods that are shipped.
    BySubtotal {
        /// Which value is looked at.
        #[serde(default)]
        measured: GoodsValue,
        /// The bands: `[{"up_to": "10000.00", "price": "1500.00"}, {"price": "0"}]`.
        bands: Vec<Band<Amounts>>,
    },
    /// By the number of units: `{"by_items": [{"up_to": 5, "price": "800.00"}, {"from": 6, "price": "1500.00"}]}`.
    ByItems(Vec<Band<u64>>),
    /// A base price, and more for every step of chargeable weight that is begun beyond the included weight. At a base of
    /// 1000.00, 2000 g included and 250.00 for each 1000 g, an order of 4.2 kg costs 1000.00 + 3 x 250.00.
    ByStep {
        /// What is charged in any case.
        base: Amounts,
        /// The weight that is in the base, in grams.
        #[serde(default)]
        included_grams: u64,
        /// The weight of a step, in grams, above 0.
        #[serde(default = "kilogram")]
        step_grams: u64,
        /// The price of each step that is begun.
        per_step: Amounts,
    },
    /// A base price, and more for every unit, the first included: at 500.00 and 100.00, three units cost 800.00.
    PerUnit {
        /// What is charged in any case.
        base: Amounts,
        /// The price of each unit.
        per_unit: Amounts,
    },
    /// What a carrier asks for, through the port [`ShippingRates`](crate::ShippingRates).
    Carrier {
        /// The carrier's word for the service: `dhl.express`.
        service: String,
        /// The price when the carrier does not answer in time. Absent: the method is not offered then. A carrier that
        /// answers, but names no price for the service, does not serve the order, fallback or not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fallback: Option<Amounts>,
    },
}

impl ShippingRate {
    /// The most bands that a table may have.
    pub const BANDS_MAX: usize = 1_000;
}

/// A band of a table and its price. The first begins at nothing and each where the one before ends; what lies beyond the
/// last is not served, unless the last is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Band<T> {
    /// Where it begins, for the reader: it may be left out, and must agree with the band before. Weights and values begin
    /// just above the end of the band before, which is what stands here (`500` after `500`); units one above (`6` after
    /// `5`).
    #[serde(default = "nowhere::<T>", skip_serializing_if = "Option::is_none")]
    pub from: Option<T>,
    /// Where it ends, inclusive. Absent, in the last band only: nowhere.
    #[serde(default = "nowhere::<T>", skip_serializing_if = "Option::is_none")]
    pub up_to: Option<T>,
    /// What it costs.
    pub price: Amounts,
}

/// Whether a rate is the price of the order or of each parcel. The worked example ships two parcels of 3 kg at a flat
/// rate of 1500.00.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// The order as a whole is weighed, counted and priced: 1500.00, and in a weight table 6 kg.
    #[default]
    Order,
    /// Each parcel is: 3000.00, and in a weight table twice the price of 3 kg.
    Parcel,
}

/// A value of the goods from which shipping is free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FreeFrom {
    /// The value, inclusive.
    pub amount: Amounts,
    /// Which value is looked at.
    #[serde(default)]
    pub measured: GoodsValue,
}

/// Which value of the goods is looked at; goods that are not shipped never count. The worked example has goods of 100.00
/// with 20.00 off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GoodsValue {
    /// Before discounts: 100.00.
    BeforeDiscounts,
    /// After them: 80.00.
    #[default]
    AfterDiscounts,
}

/// What is charged beside the rate; the parts add up. Two parcels with five units at 100.00 per order, 50.00 per parcel
/// and 10.00 per unit cost 250.00.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Handling {
    /// For the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_order: Option<Amounts>,
    /// For each parcel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_parcel: Option<Amounts>,
    /// For each unit that is shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_unit: Option<Amounts>,
}

/// How long it takes, in business days. With one day of handling and 1 to 2 days on the way, what is ordered on a Thursday
/// before the cut-off leaves on Friday and arrives on Monday or Tuesday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// Days until the goods leave the shop, 0 to [`Estimate::DAYS_MAX`]; 0: on the day of the order.
    #[serde(default)]
    pub handling_days: u16,
    /// Days on the way at least, 0 to [`Estimate::DAYS_MAX`].
    pub min_days: u16,
    /// Days on the way at most, from `min_days` to [`Estimate::DAYS_MAX`].
    pub max_days: u16,
    /// The time of day, by the shop's clocks, from which on an order counts as one of the next business day: `"14:00"`.
    /// Absent: midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^([01][0-9]|2[0-3]):[0-5][0-9]$")))]
    pub cutoff: Option<String>,
}

impl Estimate {
    /// The most days of each kind.
    pub const DAYS_MAX: u16 = 365;
}

impl ShippingRules {
    /// The most methods, and the most zones.
    pub const METHODS_MAX: usize = 1_000;
    /// The most holidays.
    pub const HOLIDAYS_MAX: usize = 10_000;
}

impl Default for ShippingRules {
    /// No method, UTC, and rest on Saturday and Sunday.
    fn default() -> Self {
        Self {
            zones: Vec::new(),
            methods: Vec::new(),
            time_zone: None,
            weekend: vec![Weekday::Saturday, Weekday::Sunday],
            holidays: Vec::new(),
        }
    }
}

impl ShippingMethod {
    /// A method that goes everywhere and costs nothing.
    #[must_use]
    pub fn free(code: &str, label: &str) -> Self {
        Self::flat(code, label, "0")
    }

    /// A method that goes everywhere and costs the same for every order: `price` in major units of the shop's currency.
    #[must_use]
    pub fn flat(code: &str, label: &str, price: &str) -> Self {
        Self::rated(code, label, ShippingRate::Flat(price.into()))
    }

    /// A method that goes everywhere at this rate.
    #[must_use]
    pub fn rated(code: &str, label: &str, rate: ShippingRate) -> Self {
        Self {
            code: code.to_owned(),
            label: label.to_owned(),
            description: None,
            zones: Vec::new(),
            excluded_zones: Vec::new(),
            rate,
            per: Per::Order,
            free_from: None,
            handling: Handling::default(),
            excludes: Vec::new(),
            only: Vec::new(),
            max_parcel_grams: None,
            max_millimetres: None,
            volumetric_divisor: None,
            estimate: None,
            enabled: true,
            from: None,
            until: None,
        }
    }
}

impl Handling {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

fn yes() -> bool {
    true
}

fn kilogram() -> u64 {
    1_000
}

/// The absence of any type: a derived default would ask for one of `T`.
fn nowhere<T>() -> Option<T> {
    None
}
