//! The pipeline.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rulebook::Rulebook;
use super::trace::Step;
use crate::catalog::TaxClass;
use crate::customer::Destination;
use crate::shipping::{self, ShippingOption};
use crate::{CategoryId, LineId, Money, MoneyError, ProductId, Quantity, UnitPrice, promotion, tax};

/// What is to be priced.
#[derive(Debug, Clone, PartialEq)]
pub struct PricingInput {
    /// The line items.
    pub lines: Vec<PricingLine>,
    /// Where the goods go; absent until the shopper says so.
    pub destination: Option<Destination>,
    /// The code of the chosen shipping method; absent until one is chosen.
    pub shipping_method: Option<String>,
}

/// A line item to be priced.
#[derive(Debug, Clone, PartialEq)]
pub struct PricingLine {
    /// Its id.
    pub id: LineId,
    /// Its product.
    pub product: ProductId,
    /// The product's category and its ancestors.
    pub categories: Vec<CategoryId>,
    /// The list price of one unit.
    pub unit_price: UnitPrice,
    /// How many units.
    pub quantity: Quantity,
    /// The weight of one unit in milligrams.
    pub milligrams: u64,
    /// Which tax rates apply.
    pub tax_class: TaxClass,
    /// Whether nothing is shipped.
    pub digital: bool,
}

/// What a cart costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The line items, in the order of the input.
    pub lines: Vec<QuoteLine>,
    /// Where every amount beside the list prices comes from.
    pub adjustments: Vec<Adjustment>,
    /// The methods that serve the destination, priced; empty until there is one, and when nothing is shipped.
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
    /// Unit price times quantity, rounded.
    pub total: Money,
    /// Its share of all discounts; at most the total.
    pub discount: Money,
    /// The tax added on top.
    pub tax_added: Money,
    /// The tax inside the price.
    pub tax_included: Money,
}

/// The amounts of a cart or an order. `total = subtotal - discount + shipping + tax_added`; none is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The sum of the line totals.
    pub subtotal: Money,
    /// The sum of all discounts.
    pub discount: Money,
    /// What shipping costs.
    pub shipping: Money,
    /// The tax added on top of prices and shipping.
    pub tax_added: Money,
    /// The tax that is inside prices and shipping already.
    pub tax_included: Money,
    /// What the shopper pays.
    pub total: Money,
}

/// Where an amount comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// What it is.
    pub kind: AdjustmentKind,
    /// What to call it before the shopper.
    pub label: Arc<str>,
    /// The rule that it comes from: `promotion:welcome`, `shipping:standard`, `tax:NG`.
    pub source: Arc<str>,
    /// The amount: a discount is negative. Tax that is inside prices is stated, but not added again.
    pub amount: Money,
    /// The line item that it belongs to; absent for shipping and what belongs to it.
    pub line: Option<LineId>,
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
        }
    }
}

/// Why an input cannot be priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PricingError {
    /// An amount does not fit, or a price is in another currency than the rulebook.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Prices the input by the rulebook.
///
/// # Errors
/// [`PricingError::Money`] when an amount does not fit or a price is not in the currency of the rulebook.
///
/// ```
/// use commerce_core::pricing::{PricingInput, Rulebook, quote};
/// let nothing = PricingInput { lines: vec![], destination: None, shipping_method: None };
/// let quote = quote(&Rulebook::starter(commerce_core::Currency::NGN), &nothing)?;
/// assert_eq!(quote.summary.total.minor, 0);
/// # Ok::<(), commerce_core::pricing::PricingError>(())
/// ```
pub fn quote(rulebook: &Rulebook, input: &PricingInput) -> Result<Quote, PricingError> {
    run(rulebook, input, &mut |_| {})
}

/// Takes a step of the story, which is only worded when somebody listens.
pub(super) type Listener<'a> = dyn FnMut(&dyn Fn() -> Step) + 'a;

pub(super) fn run(
    rulebook: &Rulebook,
    input: &PricingInput,
    tell: &mut Listener<'_>,
) -> Result<Quote, PricingError> {
    let mut adjustments = Vec::new();
    let mut lines = base_prices(rulebook, input, tell)?;
    promotion::apply(rulebook, input, &mut lines, &mut adjustments, tell)?;
    let delivery = shipping::price(rulebook, input, &lines, &mut adjustments, tell)?;
    let shipping_tax = tax::assess(rulebook, input, &mut lines, delivery.cost, &mut adjustments, tell)?;
    let summary = totals(rulebook, &lines, delivery.cost, shipping_tax)?;
    tell(&|| Step {
        stage: "total",
        source: "order".to_owned(),
        applied: true,
        detail: format!(
            "{} - {} discount + {} shipping + {} tax = {}",
            summary.subtotal, summary.discount, summary.shipping, summary.tax_added, summary.total
        ),
    });
    Ok(Quote {
        lines,
        adjustments,
        shipping_options: delivery.options,
        shipping_method: delivery.chosen,
        needs_shipping: delivery.needed,
        summary,
    })
}

fn base_prices(
    rulebook: &Rulebook,
    input: &PricingInput,
    tell: &mut Listener<'_>,
) -> Result<Vec<QuoteLine>, PricingError> {
    let zero = Money::zero(rulebook.currency);
    let mut lines = Vec::with_capacity(input.lines.len());
    for line in &input.lines {
        if line.unit_price.currency != rulebook.currency {
            let (left, right) = (line.unit_price.currency, rulebook.currency);
            return Err(MoneyError::CurrencyMismatch { left, right }.into());
        }
        let total = line.unit_price.times(line.quantity, rulebook.rounding.mode)?;
        tell(&|| Step {
            stage: "price",
            source: format!("line:{}", line.id),
            applied: true,
            detail: format!("{} x {} = {total}", line.quantity, line.unit_price),
        });
        lines.push(QuoteLine { id: line.id, total, discount: zero, tax_added: zero, tax_included: zero });
    }
    Ok(lines)
}

fn totals(
    rulebook: &Rulebook,
    lines: &[QuoteLine],
    shipping: Money,
    shipping_tax: tax::ShippingTax,
) -> Result<Summary, MoneyError> {
    let zero = Money::zero(rulebook.currency);
    let sum = |part: fn(&QuoteLine) -> Money| lines.iter().try_fold(zero, |sum, line| sum.plus(part(line)));
    let (subtotal, discount) = (sum(|line| line.total)?, sum(|line| line.discount)?);
    let tax_added = sum(|line| line.tax_added)?.plus(shipping_tax.added)?;
    let tax_included = sum(|line| line.tax_included)?.plus(shipping_tax.included)?;
    let total = subtotal.minus(discount)?.plus(shipping)?.plus(tax_added)?;
    Ok(Summary { subtotal, discount, shipping, tax_added, tax_included, total })
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
