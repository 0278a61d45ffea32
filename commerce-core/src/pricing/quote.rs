//! What a cart costs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::input::PricingInput;
use super::rulebook::CompiledRulebook;
use super::run::run;
use super::settle::settle;
use crate::money::Percent;
use crate::promotion::Reason;
use crate::shipping::ShippingOption;
use crate::{Currency, LineId, Money, MoneyError, UnitPrice};

/// What a cart costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The line items, in the order of the input.
    pub lines: Vec<QuoteLine>,
    /// Where every amount beside the list prices comes from, in a short form: see [`Quote::adjustments`].
    pub(super) stated: Stated,
    /// The promotions that apply, in the order in which they did.
    pub promotions: Vec<AppliedPromotion>,
    /// What became of each coupon, in the order of the input.
    pub coupons: Vec<CouponOutcome>,
    /// The tax of each rate.
    pub taxes: Vec<TaxTotal>,
    /// The methods that serve the destination, priced before promotions; empty until there is one, and when nothing is
    /// shipped.
    pub shipping_options: Vec<ShippingOption>,
    /// The chosen method, when it serves the destination.
    pub shipping_method: Option<ShippingOption>,
    /// Whether anything is shipped.
    pub needs_shipping: bool,
    /// The amounts.
    pub summary: Summary,
}

/// What a line item costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuoteLine {
    /// The line item.
    pub id: LineId,
    /// The price of a unit that holds for it.
    pub unit_price: UnitPrice,
    /// The price that it is shown to have been reduced from.
    pub compare_at: Option<UnitPrice>,
    /// Unit price times quantity, rounded.
    pub total: Money,
    /// Its share of all discounts; at most the total.
    pub discount: Money,
    /// The tax added on top.
    pub tax_added: Money,
    /// The tax inside the price.
    pub tax_included: Money,
}

/// The amounts of a cart or an order. `total = subtotal - discount + shipping + tax_added + cash_rounding`; none but the
/// last of these is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The sum of the line totals.
    pub subtotal: Money,
    /// The sum of the line items' discounts.
    pub discount: Money,
    /// What shipping costs, after promotions on it.
    pub shipping: Money,
    /// The tax added on top of prices and shipping.
    pub tax_added: Money,
    /// The tax that is inside prices and shipping already.
    pub tax_included: Money,
    /// What rounding the total to a step of cash, or of the gateway, adds; below zero when it takes away.
    pub cash_rounding: Money,
    /// What the shopper pays.
    pub total: Money,
}

/// Where an amount comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// What it is.
    pub kind: AdjustmentKind,
    /// The rule that it comes from; the adjustments of one rule share it.
    #[serde(flatten)]
    pub origin: Arc<Origin>,
    /// The amount: a discount is negative. Tax that is inside prices is stated, but not added again.
    pub amount: Money,
    /// The line item that it belongs to; absent for shipping and what belongs to it.
    pub line: Option<LineId>,
}

/// The rule that an amount comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// What to call it before the shopper.
    pub label: Arc<str>,
    /// The rule: `promotion:welcome`, `shipping:standard`, `tax:ng-vat`, `cash_rounding`.
    pub source: Arc<str>,
}

/// What an adjustment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentKind {
    /// A discount.
    Promotion,
    /// The price of shipping.
    Shipping,
    /// Tax on top of the price.
    TaxAdded,
    /// Tax inside the price.
    TaxIncluded,
    /// What rounding the total to a step adds or takes.
    CashRounding,
}

/// A promotion that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedPromotion {
    /// Its code.
    pub code: Arc<str>,
    /// What to call it before the shopper.
    pub label: Arc<str>,
    /// The code of the coupon that it took.
    pub coupon: Option<String>,
    /// What it takes off, goods and shipping together; above zero.
    pub amount: Money,
    /// Whether it has limits, so that its use is counted.
    pub limited: bool,
}

/// What became of a coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponOutcome {
    /// Its code, as it was entered.
    pub code: String,
    /// The code of its promotion.
    pub promotion: String,
    /// Why it does not apply; absent when it does.
    pub refused: Option<Reason>,
}

/// The tax of one rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxTotal {
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Arc<Origin>,
    /// The rate; absent when a service outside did not say.
    pub rate: Option<Percent>,
    /// The net amount that it is on.
    pub base: Money,
    /// The tax.
    pub amount: Money,
    /// Whether it is inside prices.
    pub included: bool,
}

/// Why an input cannot be priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PricingError {
    /// An amount does not fit, or a line item has no price in the currency of the cart.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Prices the input by the rulebook.
///
/// # Errors
/// [`PricingError::Money`] when an amount does not fit or a line item has no price in the currency of the input.
///
/// ```
/// use commerce_core::pricing::{PricingInput, Rulebook, quote};
/// use commerce_core::{Currency, Timestamp};
/// let rulebook = Rulebook::starter(Currency::NGN).compile().unwrap();
/// let nothing = PricingInput::new(Currency::NGN, Timestamp::from_micros(0).unwrap());
/// assert_eq!(quote(&rulebook, &nothing)?.summary.total.minor, 0);
/// # Ok::<(), commerce_core::pricing::PricingError>(())
/// ```
pub fn quote(rulebook: &CompiledRulebook, input: &PricingInput<'_>) -> Result<Quote, PricingError> {
    settle(&run(rulebook, input, false)?)
}

/// Adjustments in a short form: a large cart with many promotions has a thousand of them, and most quotes are made for
/// their total.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stated {
    rules: Vec<(AdjustmentKind, Arc<Origin>)>,
    parts: Vec<Part>,
}

/// An amount, the place of its rule, and the place of its line item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    minor: i64,
    rule: u32,
    line: Option<u32>,
}

impl Stated {
    pub(super) fn with_capacity(parts: usize) -> Self {
        Self { rules: Vec::with_capacity(16), parts: Vec::with_capacity(parts) }
    }

    /// Names a rule, and answers its place.
    pub(super) fn rule(&mut self, kind: AdjustmentKind, origin: Arc<Origin>) -> u32 {
        self.rules.push((kind, origin));
        u32::try_from(self.rules.len() - 1).unwrap_or(u32::MAX)
    }

    /// States an amount; of what a rule came to nothing on, nothing is said, but that shipping is free is.
    pub(super) fn add(&mut self, rule: u32, line: Option<u32>, minor: i64) {
        if minor != 0 || self.rules[rule as usize].0 == AdjustmentKind::Shipping {
            self.parts.push(Part { minor, rule, line });
        }
    }
}

impl Quote {
    /// Where every amount beside the list prices comes from, in the order of the steps.
    pub fn adjustments(&self) -> impl ExactSizeIterator<Item = Adjustment> + '_ {
        self.stated.parts.iter().map(|part| {
            let (kind, origin) = &self.stated.rules[part.rule as usize];
            Adjustment {
                kind: *kind,
                origin: Arc::clone(origin),
                amount: Money::from_minor(part.minor, self.currency),
                line: part.line.map(|line| self.lines[line as usize].id),
            }
        })
    }
}

impl AdjustmentKind {
    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Promotion => "promotion",
            Self::Shipping => "shipping",
            Self::TaxAdded => "tax_added",
            Self::TaxIncluded => "tax_included",
            Self::CashRounding => "cash_rounding",
        }
    }
}

impl Adjustment {
    /// What to call it before the shopper.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.origin.label
    }

    /// The rule that it comes from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.origin.source
    }
}

impl QuoteLine {
    /// What is left to be paid for the line before tax on top: its total less its discount.
    ///
    /// # Errors
    /// Never, as the discount is at most the total; the type says so for the compiler's sake.
    pub fn net_of_discount(&self) -> Result<Money, MoneyError> {
        self.total.minus(self.discount)
    }
}
