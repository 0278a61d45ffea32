//! The conventions by which a shop rounds.

use serde::{Deserialize, Serialize};

use super::wrong::Wrong;
use crate::money::{Allocation, Rounding};

/// The conventions by which a shop rounds, copied onto every order.
///
/// Tax offices and shop systems differ in small things that add up to cents. Each setting names one of these things and
/// says by a worked example what its values do. The default rounds half up, once per line item, and splits by the largest
/// remainder. [`RoundingProfile::preset`] names useful combinations.
///
/// ```
/// use commerce_core::pricing::{RoundingLevel, RoundingProfile};
/// let profile: RoundingProfile = serde_json::from_str(r#"{"mode": "half_even", "level": "rate"}"#)?;
/// assert_eq!(profile.level, RoundingLevel::Rate);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RoundingProfile {
    /// What happens to a quotient between two minor units.
    pub mode: Rounding,
    /// Where tax is rounded.
    pub level: RoundingLevel,
    /// Which of tax, net and gross is rounded and which follows.
    pub tax: TaxRounding,
    /// How several rates on one line item are rounded.
    pub several_rates: SeveralRates,
    /// How a discount on several line items becomes shares of them.
    pub allocation: Allocation,
    /// What of a line item weighs in that allocation.
    pub weights: Weights,
    /// On which amounts discounts are computed.
    pub discount_basis: DiscountBasis,
    /// How a percentage off single units is rounded.
    pub unit_percentage: UnitPercentage,
    /// What the second percentage of a scope is taken of.
    pub percentages: Percentages,
    /// In which order promotions are applied.
    pub promotion_order: PromotionOrder,
    /// What an exclusive promotion competes with.
    pub exclusive: Exclusive,
    /// Which amounts conditions look at, for promotions that do not say.
    pub conditions: Measure,
    /// What becomes of a discount that a floor price keeps off a line item.
    pub below_floor: BelowFloor,
    /// Whether line items that are reduced already take part, for promotions that do not say.
    pub discounted_lines: DiscountedLines,
    /// What a promotion on the order reaches, for promotions that do not say.
    pub order_discount: OrderDiscount,
    /// By which rate shipping is taxed.
    pub shipping_tax: ShippingTaxRate,
    /// Whether prices of shipping hold the tax.
    pub shipping_price: ShippingPrice,
    /// What becomes of prices that hold tax when the goods go where another rate is due.
    pub destination_change: DestinationChange,
    /// The total is a multiple of so many minor units, because the gateway takes no finer step: 10 for dinars, whose
    /// thousandths cards cannot charge. 0 and 1: every minor unit. The total 1.234 KWD becomes 1.230 at a step of 10.
    pub charge_step: u32,
    /// The total of an order that is paid in cash is a multiple of so many minor units: 5 where the smallest coin is 5
    /// cents. 0 and 1: every minor unit. The total 9.98 becomes 10.00 at an interval of 5.
    pub cash_interval: u32,
}

/// Where tax is rounded. The worked example has two line items of one unit at a net 1.10 and one of two units at 1.10,
/// taxed at 7.5 %: each unit's tax is 0.0825.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoundingLevel {
    /// Per unit, then times the units: 0.08 + 0.08 + 2 × 0.08 = 0.32.
    Unit,
    /// Per line item: 0.08 + 0.08 + 0.17 (0.165, half up) = 0.33.
    #[default]
    Line,
    /// Per tax rate, on the sum of its bases: 4.40 × 7.5 % = 0.33. The line items get shares of it.
    Rate,
    /// Once for the order: the taxes of all rates are added and then rounded.
    Order,
    /// Not at all before the amount is charged: prices, discounts and taxes are carried as exact ratios and only the
    /// total is rounded; what is shown of its parts adds up to it.
    Total,
}

/// Which of tax, net and gross is rounded and which follows. The worked example has 1.01 that holds 7.5 % of tax, half
/// up: the tax is 0.0704…, the net 0.9395….
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaxRounding {
    /// The tax is rounded: 0.07, and the net is what is left: 0.94.
    #[default]
    Tax,
    /// Net and gross are rounded, and the tax is their difference: 1.01 - 0.94 = 0.07. It differs where a tie of one is
    /// no tie of the other, and in modes that look at neighbours.
    NetAndGross,
}

/// How several rates on one line item are rounded. The worked example has two rates of 2.5 % side by side on 0.20: each
/// gives 0.005, both 0.01.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SeveralRates {
    /// Each by itself: 0.01 + 0.01 = 0.02, half up.
    #[default]
    Each,
    /// Added and then rounded: 0.01; the rates get shares of it by the largest remainder.
    Summed,
}

/// What of a line item weighs when an amount is split.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// What it costs, as the price was entered: with tax where prices hold it.
    #[default]
    Entered,
    /// What it costs without tax.
    Net,
    /// What it costs with tax.
    Gross,
}

/// On which amounts discounts are computed. The worked example takes 1.00 off a price of 10.75 that holds 7.5 % of tax.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiscountBasis {
    /// On prices as they were entered: 9.75 is left, whatever the tax.
    #[default]
    Entered,
    /// On prices without tax: 10.00 - 1.00 = 9.00, with tax 9.68 (half up); so 1.07 are off the price as entered.
    Net,
    /// On prices with tax: as entered here; for a price of 10.00 without tax, 10.75 - 1.00 = 9.75 are left with tax, so
    /// 0.93 are off the price as entered.
    Gross,
}

/// How a percentage off single units is rounded. The worked example takes 15 % off 3 units at 0.99: 0.1485 each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnitPercentage {
    /// Per unit: 3 × 0.15 = 0.45.
    #[default]
    PerUnit,
    /// Exact per unit, rounded per line item: 0.4455 becomes 0.45; for 5 units 0.7425 becomes 0.74 instead of 0.75.
    Exact,
}

/// What the second percentage of a scope is taken of. The worked example takes 10 % and 10 % off 100.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Percentages {
    /// Of what the first one left: 10 + 9 = 19.
    #[default]
    Compounding,
    /// Of the amount before the scope began: 10 + 10 = 20.
    Additive,
}

/// In which order promotions are applied. Those on shipping come after all others, once its price is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PromotionOrder {
    /// Those on units and line items, then those on the order; within each by priority, then as they stand.
    #[default]
    ByScope,
    /// By priority alone, then as they stand.
    ByPriority,
}

/// What an exclusive promotion competes with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Exclusive {
    /// Nothing: the first one that applies, by priority, stands alone.
    #[default]
    First,
    /// Every other exclusive one, and all others together: what takes most off stands.
    Best,
}

/// Which amounts a condition looks at. The worked example has goods for 100, of which an earlier promotion took 20, and a
/// promotion "from 90".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Amounts before any promotion: 100, so it applies.
    #[default]
    Original,
    /// What earlier promotions left: 80, so it does not.
    Running,
}

/// What becomes of a discount on several line items that a floor price keeps off one of them. The worked example takes 10
/// off two line items at 10 each, of which one may not fall below 8: 5 each, of which 3 do not fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BelowFloor {
    /// It moves to the others: 2 and 8.
    #[default]
    Move,
    /// It is dropped: 2 and 5.
    Drop,
}

/// Whether line items that are reduced already - by an earlier promotion, or by a sale price - take part in another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiscountedLines {
    /// They do.
    #[default]
    TakePart,
    /// They are left out.
    LeftOut,
}

/// What a promotion on the order reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderDiscount {
    /// The goods.
    #[default]
    Items,
    /// The goods and shipping, which gets a share.
    ItemsAndShipping,
}

/// By which rate shipping is taxed. The worked example ships 100 of goods at 20 % and 300 at 10 % for 8.00 net.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShippingTaxRate {
    /// By that of its own tax class.
    #[default]
    Own,
    /// By the highest of the goods' rates: 1.60.
    Highest,
    /// By each of the goods' rates, on a part of its price in proportion to their value: 2.00 at 20 % and 6.00 at 10 %
    /// make 1.00 (Article 78 of Directive 2006/112/EC makes transport a part of what is supplied).
    Weighted,
}

/// Whether prices of shipping hold the tax.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShippingPrice {
    /// As the shop's prices of goods do.
    #[default]
    LikeGoods,
    /// They hold it.
    WithTax,
    /// They do not.
    WithoutTax,
}

/// What becomes of prices that hold tax when the goods go where another rate is due. The worked example sells for 119.00
/// at home, which holds 19 %, to a country of 25 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DestinationChange {
    /// The shopper pays 119.00, of which 23.80 are tax.
    #[default]
    KeepGross,
    /// The net price stays: 100.00, rounded to a minor unit, and with 25 % the shopper pays 125.00.
    Rebase,
}

impl RoundingProfile {
    /// The names of the presets, in the order in which they are shown.
    pub const PRESETS: [&str; 6] =
        ["default", "per_unit", "per_rate", "whole_order", "exact", "cross_border"];

    /// A combination of settings by its name:
    ///
    /// | Name | For |
    /// |---|---|
    /// | `default` | half up per line item, largest remainder |
    /// | `per_unit` | tax and percentages per unit, as tills print it: each unit of a receipt can be returned at what it shows |
    /// | `per_rate` | tax per rate on the sum of its bases, as invoices of the European Union state it (Article 226 of Directive 2006/112/EC) |
    /// | `whole_order` | tax of all rates added and rounded once, rates of one line summed |
    /// | `exact` | nothing is rounded before the amount is charged |
    /// | `cross_border` | as `per_rate`, net prices stay when the rate changes with the destination, shipping is taxed in proportion to the goods |
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let default = Self::default();
        Some(match name {
            "default" => default,
            "per_unit" => Self { level: RoundingLevel::Unit, ..default },
            "per_rate" => Self { level: RoundingLevel::Rate, ..default },
            "whole_order" => {
                Self { level: RoundingLevel::Order, several_rates: SeveralRates::Summed, ..default }
            }
            "exact" => Self {
                level: RoundingLevel::Total,
                allocation: Allocation::Exact,
                unit_percentage: UnitPercentage::Exact,
                ..default
            },
            "cross_border" => Self {
                level: RoundingLevel::Rate,
                shipping_tax: ShippingTaxRate::Weighted,
                destination_change: DestinationChange::Rebase,
                ..default
            },
            _ => return None,
        })
    }

    /// The mode by which amounts are rounded before the total, or `None` when they are carried exactly.
    #[must_use]
    pub fn running_mode(&self) -> Option<Rounding> {
        (self.level != RoundingLevel::Total).then_some(self.mode)
    }

    pub(crate) fn check(&self, wrong: &mut Wrong<'_>) {
        if self.allocation == Allocation::Exact && self.level != RoundingLevel::Total {
            wrong.at(
                "allocation",
                "is `exact`, which needs the level `total`: else a share has nowhere to be rounded",
            );
        }
        for (field, step) in [("charge_step", self.charge_step), ("cash_interval", self.cash_interval)] {
            if step > 100_000 {
                wrong.at(field, "must be at most 100000 minor units");
            }
        }
    }
}
