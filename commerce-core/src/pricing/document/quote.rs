//! The quote: its form, and how it is told.

use serde::Serialize;

use super::CartDocument;
use crate::money::Percent;
use crate::pricing::quote::{AdjustmentKind, Quote};
use crate::pricing::trace::Step;
use crate::shipping::DeliveryEstimate;
use crate::{Currency, LineId, Money};

/// What a cart costs, as a document. Amounts are decimals in the currency.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuoteDocument {
    /// The currency of all amounts.
    pub currency: Currency,
    /// The line items.
    pub lines: Vec<QuoteLineDocument>,
    /// Where every amount beside the list prices comes from.
    pub adjustments: Vec<AdjustmentDocument>,
    /// The promotions that apply.
    pub promotions: Vec<PromotionDocument>,
    /// What became of the coupons.
    pub coupons: Vec<CouponDocument>,
    /// The tax of each rate.
    pub taxes: Vec<TaxDocument>,
    /// The shipping methods that serve the destination.
    pub shipping_options: Vec<ShippingDocument>,
    /// The code of the chosen one.
    pub shipping_method: Option<String>,
    /// The amounts.
    pub summary: SummaryDocument,
    /// How it came about, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<StepDocument>>,
}

/// A line item with what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuoteLineDocument {
    /// What it is called by.
    pub id: String,
    /// Its SKU.
    pub sku: String,
    /// How many units.
    pub quantity: u32,
    /// The price of a unit that holds.
    pub unit_price: String,
    /// Unit price times quantity.
    pub total: String,
    /// Its share of all discounts.
    pub discount: String,
    /// The tax on top.
    pub tax_added: String,
    /// The tax inside.
    pub tax_included: String,
}

/// An amount with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdjustmentDocument {
    /// What it is.
    pub kind: AdjustmentKind,
    /// What to call it.
    pub label: String,
    /// The rule.
    pub source: String,
    /// The amount; a discount is negative.
    pub amount: String,
    /// The line item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
}

/// A promotion that applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromotionDocument {
    /// Its code.
    pub code: String,
    /// What to call it.
    pub label: String,
    /// What it takes off.
    pub amount: String,
}

/// What became of a coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CouponDocument {
    /// The code of its promotion.
    pub promotion: String,
    /// Whether it applies.
    pub applied: bool,
    /// Why not, as a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Why not, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The tax of one rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaxDocument {
    /// What to call it.
    pub label: String,
    /// The rule.
    pub source: String,
    /// The rate in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Percent>,
    /// The net amount that it is on.
    pub base: String,
    /// The tax.
    pub amount: String,
    /// Whether it is inside prices.
    pub included: bool,
}

/// A shipping method that serves the destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShippingDocument {
    /// Its code.
    pub code: String,
    /// What to call it.
    pub label: String,
    /// What it costs before promotions.
    pub price: String,
    /// How many parcels there are.
    pub parcels: u32,
    /// When the goods arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<DeliveryEstimate>,
}

/// The amounts of a cart: `total = subtotal - discount + shipping + tax_added + cash_rounding`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SummaryDocument {
    /// The sum of the line totals.
    pub subtotal: String,
    /// The sum of the line items' discounts.
    pub discount: String,
    /// What shipping costs after promotions.
    pub shipping: String,
    /// The tax on top.
    pub tax_added: String,
    /// The tax inside.
    pub tax_included: String,
    /// What rounding the total to a step adds, or takes.
    pub cash_rounding: String,
    /// What is paid.
    pub total: String,
}

/// A step of how a quote came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepDocument {
    /// Which step of the pipeline.
    pub stage: &'static str,
    /// Which rule.
    pub source: String,
    /// The line item that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Whether it changed anything.
    pub applied: bool,
    /// The amount that it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Why it did nothing, as a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What it did with which numbers, in words.
    pub detail: String,
}

impl QuoteDocument {
    /// What the cart costs, with the steps if they are to be told.
    pub(super) fn of(cart: &CartDocument, quote: &Quote, steps: Option<&[Step]>) -> Self {
        let name = |line: LineId| {
            let place = usize::try_from(line.0.as_u128()).ok();
            place.filter(|place| *place < cart.lines.len()).map(|place| cart.name(place))
        };
        let summary = quote.summary;
        Self {
            currency: quote.currency,
            lines: quote
                .lines
                .iter()
                .enumerate()
                .map(|(place, line)| QuoteLineDocument {
                    id: cart.name(place),
                    sku: cart.lines[place].sku.clone(),
                    quantity: cart.lines[place].quantity,
                    unit_price: line.unit_price.amount(),
                    total: line.total.amount(),
                    discount: line.discount.amount(),
                    tax_added: line.tax_added.amount(),
                    tax_included: line.tax_included.amount(),
                })
                .collect(),
            adjustments: quote
                .adjustments()
                .map(|part| AdjustmentDocument {
                    kind: part.kind,
                    label: part.label().to_owned(),
                    source: part.source().to_owned(),
                    amount: part.amount.amount(),
                    line: part.line.and_then(name),
                })
                .collect(),
            promotions: quote
                .promotions
                .iter()
                .map(|promotion| PromotionDocument {
                    code: promotion.code.to_string(),
                    label: promotion.label.to_string(),
                    amount: promotion.amount.amount(),
                })
                .collect(),
            coupons: quote
                .coupons
                .iter()
                .map(|coupon| CouponDocument {
                    promotion: coupon.promotion.clone(),
                    applied: coupon.refused.is_none(),
                    reason: coupon.refused.map(crate::promotion::Reason::code),
                    message: coupon.refused.map(|reason| reason.to_string()),
                })
                .collect(),
            taxes: quote
                .taxes
                .iter()
                .map(|tax| TaxDocument {
                    label: tax.origin.label.to_string(),
                    source: tax.origin.source.to_string(),
                    rate: tax.rate,
                    base: tax.base.amount(),
                    amount: tax.amount.amount(),
                    included: tax.included,
                })
                .collect(),
            shipping_options: quote
                .shipping_options
                .iter()
                .map(|option| ShippingDocument {
                    code: option.code.to_string(),
                    label: option.label.to_string(),
                    price: option.price.amount(),
                    parcels: option.parcels,
                    estimate: option.estimate,
                })
                .collect(),
            shipping_method: quote.shipping_method.as_ref().map(|option| option.code.to_string()),
            summary: SummaryDocument {
                subtotal: summary.subtotal.amount(),
                discount: summary.discount.amount(),
                shipping: summary.shipping.amount(),
                tax_added: summary.tax_added.amount(),
                tax_included: summary.tax_included.amount(),
                cash_rounding: summary.cash_rounding.amount(),
                total: summary.total.amount(),
            },
            steps: steps.map(|steps| {
                let step = |step: &Step| StepDocument {
                    stage: step.stage,
                    source: step.source.clone(),
                    line: step.line.and_then(name),
                    applied: step.applied,
                    amount: step.amount.map(Money::amount),
                    reason: step.reason,
                    detail: step.detail.clone(),
                };
                steps.iter().map(step).collect()
            }),
        }
    }
}
