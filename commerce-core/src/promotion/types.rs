//! Promotions as a shop writes them.

use serde::{Deserialize, Serialize};

use crate::customer::Country;
use crate::money::Percent;
use crate::pricing::{Amounts, DiscountedLines, Measure, Selection};
use crate::{Currency, Timestamp};

/// A reduction that the shop gives by rule: to every cart that meets its conditions, or to those with a coupon for it.
///
/// ```
/// use commerce_core::promotion::Promotion;
/// let sale: Promotion = serde_json::from_str(r#"{
///     "code": "shoes-20", "label": "20 % off shoes",
///     "when": {"subtotal": {"from": "10000.00"}},
///     "targets": [{"categories": ["shoes"]}],
///     "action": {"percent": "20"},
///     "limits": {"per_customer": 1}
/// }"#)?;
/// assert_eq!(sale.priority, 0);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// Its code, unique among promotions.
    pub code: String,
    /// What to call it before the shopper.
    pub label: String,
    /// Whether it needs a coupon; else every cart gets it that meets the conditions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub coupon: bool,
    /// When it begins; absent: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When it is over: at this instant no longer. Absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What must be so; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// Which goods are reduced; empty: all. It may be narrower than the conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Selection>,
    /// What it gives.
    pub action: Action,
    /// What the action is computed on; absent: on units for `buy_get`, on shipping for `free_shipping`, else on lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The most that it takes off an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_discount: Option<Amounts>,
    /// No unit becomes cheaper than this by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_price: Option<Amounts>,
    /// Whether goods that are reduced already take part; absent: as the rounding profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discounted_lines: Option<DiscountedLines>,
    /// Which amounts the conditions look at; absent: as the rounding profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions_on: Option<Measure>,
    /// Promotions of higher priority come first; among equals the earlier one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: i32,
    /// Whether it suffers no other beside it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub exclusive: bool,
    /// Its lane: of the promotions in a lane one at most applies, the one that takes most off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// How often it can be used.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: Limits,
}

/// How often a promotion can be used. Orders count from their placement; one that is cancelled, or not paid in time, gives
/// its use back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// By so many orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// By so many orders of one customer; guests are told apart by their e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_customer: Option<u64>,
    /// Until it took off so much, in the shop's currency. An order whose discount does not fit in what is left of the
    /// budget does not get it, and neither does one in another currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::AMOUNT)))]
    pub budget: Option<String>,
}

/// What an action is computed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each unit of the targets.
    Unit,
    /// Each line item of the targets.
    Line,
    /// All targets together. What is taken off becomes shares of them.
    Order,
    /// Shipping.
    Shipping,
    /// All targets and shipping together.
    ItemsAndShipping,
}

/// What a promotion gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A percentage off.
    Percent(Percent),
    /// An amount off: each unit, each line item, or all together, as the scope says; at most what it costs.
    Amount(Amounts),
    /// Another price: of each unit, each line item, or all together. It never makes anything dearer.
    FixedPrice(Amounts),
    /// Shipping costs nothing.
    FreeShipping,
    /// Some units are reduced for others that are bought.
    BuyGet(BuyGet),
    /// More off the more is bought.
    Tiers(Tiers),
}

/// Units that are reduced for others that are bought: "buy two shirts, get a tie".
///
/// The dearest units are bought and the cheapest are reduced. A bought unit is never reduced, and a unit serves one
/// promotion of this kind only. Only whole sets count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BuyGet {
    /// How many units are bought for a set: at least 1.
    pub buy: u32,
    /// Of which goods; empty: of any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<Selection>,
    /// How many units of the targets are reduced in a set: at least 1.
    pub get: u32,
    /// How they are reduced.
    pub reduction: Reduction,
    /// How many sets an order may have; absent: as many as there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sets_max: Option<u32>,
}

/// A reduction of a unit or an amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// By a percentage: 100 is free of charge.
    Percent(Percent),
    /// By an amount.
    Amount(Amounts),
    /// To a price.
    FixedPrice(Amounts),
}

/// More off the more is bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    /// What is counted, over all targets.
    pub by: TierMeasure,
    /// From the lowest to the highest; the highest that is reached applies, to all targets.
    pub steps: Vec<Tier>,
}

/// What tiers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TierMeasure {
    /// Units.
    Quantity,
    /// What they cost, in the currency of the cart.
    Amount,
}

/// A tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// From how much on: units as a whole number, or an amount.
    pub from: Amounts,
    /// What is given.
    pub reduction: Reduction,
}

/// What must be so for a promotion to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// Every one of these.
    All(Vec<Condition>),
    /// One of these.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// What goods cost.
    Subtotal(Subtotal),
    /// How many units there are of some goods.
    Quantity(Units),
    /// How many different SKUs there are of some goods.
    DistinctItems(Units),
    /// The customer is in one of these groups.
    CustomerGroup(Vec<String>),
    /// Whether this is the customer's first order. Of somebody unknown neither is so.
    FirstOrder(bool),
    /// The goods go to one of these countries.
    Country(Vec<Country>),
    /// The cart is in one of these currencies.
    Currency(Vec<Currency>),
    /// It is sold in one of these channels.
    Channel(Vec<String>),
    /// The promotion of this code was applied before.
    Applied(String),
}

/// A condition on what goods cost, before shipping and before tax on top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Subtotal {
    /// At least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Amounts>,
    /// Less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Amounts>,
    /// Of which goods; empty: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<Selection>,
}

/// A condition on a number of units or SKUs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// At least so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<u64>,
    /// Of which goods; empty: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<Selection>,
}

impl Promotion {
    /// The most promotions that a rulebook may have.
    pub const COUNT_MAX: usize = 10_000;
    /// The most conditions in one promotion, those inside others counted.
    pub const CONDITIONS_MAX: usize = 200;
    /// How deep conditions may be inside each other.
    pub const DEPTH_MAX: usize = 8;
    /// The most tiers in one promotion.
    pub const TIERS_MAX: usize = 100;

    /// A promotion for every cart, without conditions.
    #[must_use]
    pub fn new(code: &str, label: &str, action: Action) -> Self {
        Self {
            code: code.to_owned(),
            label: label.to_owned(),
            coupon: false,
            from: None,
            until: None,
            when: None,
            targets: Vec::new(),
            action,
            scope: None,
            max_discount: None,
            floor_price: None,
            discounted_lines: None,
            conditions_on: None,
            priority: 0,
            exclusive: false,
            lane: None,
            limits: Limits::default(),
        }
    }

    /// What the action is computed on, said or not.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope.unwrap_or(match &self.action {
            Action::BuyGet(_) => Scope::Unit,
            Action::FreeShipping => Scope::Shipping,
            _ => Scope::Line,
        })
    }
}

impl Limits {
    /// Whether there is any.
    #[must_use]
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

impl Scope {
    /// Whether it reaches shipping.
    #[must_use]
    pub fn reaches_shipping(self) -> bool {
        matches!(self, Self::Shipping | Self::ItemsAndShipping)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
