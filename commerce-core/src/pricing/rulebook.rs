//! The rules by which a shop prices: one document, kept in the store, versioned.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::price_list::{PriceChoice, PriceList, PriceLists};
use super::profile::RoundingProfile;
use super::selection::Symbols;
use super::wrong::Wrong;
use crate::Currency;
use crate::customer::{Country, Destination};
use crate::promotion::{self, Promotion};
use crate::shipping::{CompiledShipping, ShippingMethod, ShippingRules};
use crate::tax::{CompiledTax, TaxRules};

/// The rules by which a shop prices.
///
/// It is immutable: a change is a new version, and an order keeps the number of the version that priced it. Before it
/// prices anything it is [compiled](Rulebook::compile), once for each version.
///
/// ```
/// use commerce_core::pricing::Rulebook;
/// let rulebook: Rulebook = serde_json::from_str(r#"{
///     "currency": "NGN",
///     "home_country": "NG",
///     "tax": {
///         "prices_include_tax": true,
///         "zones": [{"code": "ng", "name": "Nigeria", "areas": [{"country": "NG"}]}],
///         "rates": [{"code": "ng-vat", "zone": "ng", "name": "VAT", "rate": "7.5"}]
///     },
///     "shipping": {"methods": [{"code": "standard", "label": "Standard", "rate": {"flat": "1500.00"}}]},
///     "promotions": [{"code": "ten", "label": "10 % off", "action": {"percent": "10"}}]
/// }"#)?;
/// assert!(rulebook.compile().is_ok());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rulebook {
    /// The shop's currency: of its list prices, and of its carts and orders unless they ask for another.
    pub currency: Currency,
    /// The country where the shop is at home: assumed until the shopper gives an address, and the one whose tax prices
    /// hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_country: Option<Country>,
    /// How amounts are rounded.
    #[serde(default)]
    pub rounding: RoundingProfile,
    /// The groups that customers can be in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customer_groups: Vec<CustomerGroup>,
    /// Other prices for some customers, channels, currencies, quantities or times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub price_lists: Vec<PriceList>,
    /// Which of several prices holds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub price_choice: PriceChoice,
    /// Promotions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promotions: Vec<Promotion>,
    /// Tax.
    #[serde(default)]
    pub tax: TaxRules,
    /// Shipping.
    #[serde(default)]
    pub shipping: ShippingRules,
}

/// A group of customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CustomerGroup {
    /// Its code, unique among groups.
    pub code: String,
    /// What to call it.
    pub label: String,
    /// Whether its members pay no tax.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tax_exempt: bool,
}

/// A rulebook with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRulebook {
    /// 1 for the first, one more with each change.
    pub version: u64,
    /// The rules.
    pub rulebook: Rulebook,
}

/// A rulebook that was read and found right: texts are numbers, and what can be looked up is indexed. Requests share it.
#[derive(Debug, Clone)]
pub struct CompiledRulebook {
    pub(crate) currency: Currency,
    pub(crate) rounding: RoundingProfile,
    pub(crate) exempt_groups: Vec<String>,
    pub(crate) price_lists: PriceLists,
    pub(crate) promotions: Vec<promotion::Compiled>,
    pub(crate) index: promotion::Index,
    pub(crate) symbols: Symbols,
    pub(crate) tax: CompiledTax,
    pub(crate) shipping: CompiledShipping,
}

/// How often a promotion may be used, in numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UseLimits {
    pub(crate) total: Option<u64>,
    pub(crate) per_customer: Option<u64>,
    /// In minor units.
    pub(crate) budget: Option<i64>,
}

/// A version of the rulebook, as it is written and as it prices.
#[derive(Debug, Clone)]
pub struct RulesInForce {
    /// Its version; 0 for the starter, which is in force until the shop applies its own.
    pub version: u64,
    /// As it is written.
    pub rulebook: Rulebook,
    /// As it prices.
    pub compiled: CompiledRulebook,
}

/// What is wrong with a rulebook, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {reason}")]
pub struct RulebookError {
    /// Where, as a JSON pointer (RFC 6901): `/shipping/methods/0/code`.
    pub pointer: String,
    /// What is wrong.
    pub reason: String,
}

impl Rulebook {
    /// The rules of a new shop: no tax, and one method of shipping, everywhere and free of charge, so that it can sell
    /// at once. `commerce rules apply` puts the shop's own in place.
    #[must_use]
    pub fn starter(currency: Currency) -> Self {
        Self {
            currency,
            home_country: None,
            rounding: RoundingProfile::default(),
            customer_groups: Vec::new(),
            price_lists: Vec::new(),
            price_choice: PriceChoice::default(),
            promotions: Vec::new(),
            tax: TaxRules::default(),
            shipping: ShippingRules {
                methods: vec![ShippingMethod::free("standard", "Standard delivery")],
                ..ShippingRules::default()
            },
        }
    }

    /// Reads all texts and looks for everything that the types alone do not rule out.
    ///
    /// # Errors
    /// Names every place that is wrong: amounts that are none, codes that occur twice or are not known, percentages above
    /// 100, windows that end before they begin, tables with gaps, tax rates that overlap, conditions that wait for
    /// themselves, and what is beyond the bounds that the types name.
    pub fn compile(&self) -> Result<CompiledRulebook, Vec<RulebookError>> {
        let Self {
            currency,
            home_country,
            rounding,
            customer_groups,
            price_lists,
            price_choice,
            promotions,
            tax,
            shipping,
        } = self;
        let mut errors = Vec::new();
        let mut wrong = Wrong::root(&mut errors);
        let mut symbols = Symbols::default();
        rounding.check(&mut wrong.below("rounding"));
        let groups = group_codes(customer_groups, &mut wrong.below("customer_groups"));
        let price_lists = PriceList::compile_all(
            price_lists,
            *price_choice,
            *currency,
            &groups,
            &mut wrong.below("price_lists"),
        );
        let context = promotion::Context { currency: *currency, profile: rounding, groups: &groups };
        let promotions =
            promotion::compile(promotions, &context, &mut symbols, &mut wrong.below("promotions"));
        let home = home_country.map(Destination::in_country);
        let tax = tax.compile(home.as_ref(), &mut wrong.below("tax"));
        let shipping = shipping.compile(*currency, &mut symbols, &mut wrong.below("shipping"));
        if !errors.is_empty() {
            return Err(errors);
        }
        let exempt = customer_groups.iter().filter(|group| group.tax_exempt);
        Ok(CompiledRulebook {
            currency: *currency,
            rounding: *rounding,
            exempt_groups: exempt.map(|group| group.code.clone()).collect(),
            price_lists,
            index: promotion::Index::new(&promotions, &symbols),
            promotions,
            symbols,
            tax,
            shipping,
        })
    }
}

impl CompiledRulebook {
    /// The shop's currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The limits of the promotion, in numbers.
    pub(crate) fn limits(&self, code: &str) -> UseLimits {
        let promotion = self.promotions.iter().find(|promotion| *promotion.code == *code);
        promotion.map_or_else(UseLimits::default, |promotion| UseLimits {
            total: promotion.total,
            per_customer: promotion.per_customer,
            budget: promotion.budget,
        })
    }

    /// Whether any promotion has limits, so that its uses are counted.
    #[must_use]
    pub fn has_limited_promotions(&self) -> bool {
        self.promotions.iter().any(promotion::Compiled::is_limited)
    }

    /// How amounts are rounded.
    #[must_use]
    pub fn rounding(&self) -> RoundingProfile {
        self.rounding
    }
}

impl StoredRulebook {
    /// The rules, ready to price.
    ///
    /// # Errors
    /// As [`Rulebook::compile`].
    pub fn in_force(self) -> Result<Arc<RulesInForce>, Vec<RulebookError>> {
        let compiled = self.rulebook.compile()?;
        Ok(Arc::new(RulesInForce { version: self.version, rulebook: self.rulebook, compiled }))
    }
}

fn group_codes<'a>(groups: &'a [CustomerGroup], wrong: &mut Wrong<'_>) -> HashSet<&'a str> {
    let mut codes = HashSet::new();
    if groups.len() > 1_000 {
        wrong.here("has more than 1000 groups");
    }
    for (index, group) in groups.iter().enumerate() {
        let mut wrong = wrong.below(index);
        wrong.code(&group.code, &mut codes);
        wrong.label(&group.label);
    }
    groups.iter().map(|group| group.code.as_str()).collect()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
