//! A cart and its quote as documents: for `commerce quote`, for support staff, for other systems.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::input::{Buyer, Coupon, PricingInput, PricingLine, Usage};
use super::quote::{AdjustmentKind, PricingError, Quote};
use super::rulebook::{CompiledRulebook, RulebookError};
use super::trace::{Explanation, Step};
use super::wrong::Wrong;
use crate::catalog::{Dimensions, TaxClass, Weight, WeightUnit};
use crate::customer::Destination;
use crate::money::Percent;
use crate::shipping::{CarrierAnswers, DeliveryEstimate};
use crate::tax::LineRate;
use crate::{Currency, LineId, Money, Quantity, Timestamp, UnitPrice};

/// A cart to be priced, as a document.
///
/// ```
/// use commerce_core::pricing::{CartDocument, Rulebook};
/// use commerce_core::{Currency, Timestamp};
/// let cart: CartDocument = serde_json::from_str(r#"{"lines": [{"sku": "MUG", "quantity": 3, "unit_price": "9.99"}]}"#)?;
/// let rules = Rulebook::starter(Currency::EUR).compile().unwrap();
/// let quote = cart.quote(&rules, Timestamp::from_micros(0).unwrap(), false).unwrap();
/// assert_eq!(quote.summary.total, "29.97");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CartDocument {
    /// The currency; absent: the rulebook's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The time for which it is priced; absent: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Timestamp>,
    /// Where it is sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Who buys.
    #[serde(skip_serializing_if = "is_default")]
    pub customer: CustomerDocument,
    /// Where the goods go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
    /// The code of the chosen shipping method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
    /// The codes of promotions that coupons on the cart are for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<String>,
    /// How often limited promotions were used already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<UsageDocument>,
    /// Whether it is paid in cash.
    #[serde(skip_serializing_if = "is_default")]
    pub cash: bool,
    /// The line items: at most 1,000.
    pub lines: Vec<LineDocument>,
}

/// Who buys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CustomerDocument {
    /// The codes of their groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Whether they have ordered before; absent: nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_before: Option<bool>,
    /// Whether they pay no tax.
    #[serde(skip_serializing_if = "is_default")]
    pub exempt: bool,
    /// Their VAT identification number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<String>,
}

/// How often a promotion was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UsageDocument {
    /// The code of the promotion.
    pub promotion: String,
    /// By so many orders.
    #[serde(default)]
    pub uses: u64,
    /// By so many of this customer.
    #[serde(default)]
    pub customer_uses: u64,
    /// What it took off all of them, in major units of the currency; `"0"` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::AMOUNT)))]
    pub spent: Option<String>,
}

/// A line item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LineDocument {
    /// What the answer calls it by; absent: its place, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The SKU.
    pub sku: String,
    /// How many units: 1 to [`Quantity::MAX`].
    #[cfg_attr(feature = "schema", schemars(extend("minimum" = 1, "maximum" = Quantity::MAX)))]
    pub quantity: u32,
    /// The list price of a unit in major units, with up to four decimals more than the currency has.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::AMOUNT)))]
    pub unit_price: String,
    /// The price that it is shown to have been reduced from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::AMOUNT)))]
    pub compare_at: Option<String>,
    /// The slug of the product.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub product: String,
    /// The slugs of its category and the ones above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The slug of its brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Values of its attributes by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The weight of a unit in grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::AMOUNT)))]
    pub weight_grams: Option<String>,
    /// The size of a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Dimensions>,
    /// The tax class; `standard` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_class: Option<TaxClass>,
    /// Its own tax rates, instead of those of the rulebook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rates: Option<Vec<LineRate>>,
    /// Whether its price holds tax; absent: as the rulebook says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub includes_tax: Option<bool>,
    /// Whether nothing is shipped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub digital: bool,
    /// Which location ships how many units; absent: all from one place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceDocument>,
}

/// Units of a line item that come from one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SourceDocument {
    /// The number of the location.
    pub location: u32,
    /// How many units.
    pub units: u32,
}

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

/// Why a document cannot be priced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CartDocumentError {
    /// Something in it is wrong.
    #[error("the cart has {} error(s), the first at {}", .0.len(), .0.first().map_or_else(String::new, ToString::to_string))]
    Invalid(Vec<RulebookError>),
    /// It cannot be priced.
    #[error(transparent)]
    Pricing(#[from] PricingError),
}

/// The texts of a cart document, read.
struct Read {
    prices: Vec<(UnitPrice, Option<UnitPrice>)>,
    quantities: Vec<Quantity>,
    milligrams: Vec<u64>,
    classes: Vec<TaxClass>,
    attributes: Vec<Vec<(String, String)>>,
    sources: Vec<Vec<(u32, u32)>>,
    usage: Vec<Usage>,
}

impl CartDocument {
    /// The most line items of a document.
    pub const LINES_MAX: usize = 1_000;

    /// Prices the cart for `now`, unless it names a time; `explain` adds the steps.
    ///
    /// # Errors
    /// [`CartDocumentError::Invalid`] names every field that is wrong.
    pub fn quote(
        &self,
        rules: &CompiledRulebook,
        now: Timestamp,
        explain: bool,
    ) -> Result<QuoteDocument, CartDocumentError> {
        self.priced(rules, now, |rules, input| {
            Ok(if explain {
                let story = Quote::explain(rules, input)?;
                self.answer(&story.quote, Some(&story.steps))
            } else {
                self.answer(&super::quote(rules, input)?, None)
            })
        })
    }

    /// Prices the cart as [`quote`](Self::quote) does, and tells how as a [table](Explanation::table).
    ///
    /// # Errors
    /// As [`quote`](Self::quote).
    pub fn explain(
        &self,
        rules: &CompiledRulebook,
        now: Timestamp,
    ) -> Result<Explanation, CartDocumentError> {
        self.priced(rules, now, Quote::explain)
    }

    fn priced<T>(
        &self,
        rules: &CompiledRulebook,
        now: Timestamp,
        price: impl Fn(&CompiledRulebook, &PricingInput<'_>) -> Result<T, PricingError>,
    ) -> Result<T, CartDocumentError> {
        let currency = self.currency.unwrap_or_else(|| rules.currency());
        let read = self.read(currency).map_err(CartDocumentError::Invalid)?;
        let customer = &self.customer;
        let carriers = CarrierAnswers::default();
        let lines = self.lines.iter().enumerate().map(|(place, line)| {
            let (unit_price, compare_at) = read.prices[place];
            PricingLine {
                id: line_id(place),
                product: &line.product,
                sku: &line.sku,
                categories: &line.categories,
                brand: line.brand.as_deref(),
                tags: &line.tags,
                attributes: &read.attributes[place],
                unit_price,
                compare_at,
                quantity: read.quantities[place],
                milligrams: read.milligrams[place],
                millimetres: line.dimensions.map(|dimensions| dimensions.millimetres()),
                tax_class: &read.classes[place],
                tax_rates: line.tax_rates.as_deref(),
                includes_tax: line.includes_tax,
                digital: line.digital,
                sources: &read.sources[place],
            }
        });
        let input = PricingInput {
            now: self.now.unwrap_or(now),
            currency,
            channel: self.channel.as_deref(),
            customer: Buyer {
                groups: &customer.groups,
                ordered_before: customer.ordered_before,
                exempt: customer.exempt,
                vat_id: customer.vat_id.as_deref(),
            },
            lines: lines.collect(),
            destination: self.destination.clone(),
            shipping_method: self.shipping_method.as_deref(),
            coupons: self
                .coupons
                .iter()
                .map(|code| Coupon { code, promotion: code, refused: None })
                .collect(),
            usage: &read.usage,
            carriers: Some(&carriers),
            external_tax: None,
            cash: self.cash,
        };
        Ok(price(rules, &input)?)
    }

    fn read(&self, currency: Currency) -> Result<Read, Vec<RulebookError>> {
        let mut errors = Vec::new();
        let mut wrong = Wrong::root(&mut errors);
        if self.lines.len() > Self::LINES_MAX {
            wrong.at("lines", format!("has more than {} line items", Self::LINES_MAX));
            return Err(errors);
        }
        let mut read = Read {
            prices: Vec::new(),
            quantities: Vec::new(),
            milligrams: Vec::new(),
            classes: Vec::new(),
            attributes: Vec::new(),
            sources: Vec::new(),
            usage: Vec::new(),
        };
        for (place, line) in self.lines.iter().enumerate() {
            let mut wrong = wrong.below("lines");
            line.read(currency, &mut read, &mut wrong.below(place));
        }
        for (place, usage) in self.usage.iter().enumerate() {
            let spent = usage.spent.as_deref().unwrap_or("0");
            let spent =
                Money::parse_unsigned(spent, currency).map(|spent| spent.minor).unwrap_or_else(|error| {
                    wrong.below("usage").below(place).at("spent", error.to_string());
                    0
                });
            let UsageDocument { promotion, uses, customer_uses, .. } = usage;
            read.usage.push(Usage {
                promotion: promotion.clone(),
                uses: *uses,
                customer_uses: *customer_uses,
                spent,
            });
        }
        if errors.is_empty() { Ok(read) } else { Err(errors) }
    }

    fn name(&self, place: usize) -> String {
        self.lines[place].id.clone().unwrap_or_else(|| (place + 1).to_string())
    }

    fn answer(&self, quote: &Quote, steps: Option<&[Step]>) -> QuoteDocument {
        let name = |line: LineId| {
            let place = usize::try_from(line.0.as_u128()).ok();
            place.filter(|place| *place < self.lines.len()).map(|place| self.name(place))
        };
        let summary = quote.summary;
        QuoteDocument {
            currency: quote.currency,
            lines: quote
                .lines
                .iter()
                .enumerate()
                .map(|(place, line)| QuoteLineDocument {
                    id: self.name(place),
                    sku: self.lines[place].sku.clone(),
                    quantity: self.lines[place].quantity,
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

impl LineDocument {
    fn read(&self, currency: Currency, read: &mut Read, wrong: &mut Wrong<'_>) {
        let mut price = |text: &str, field: &str| {
            let price = UnitPrice::parse(text, currency).ok().filter(|price| price.ten_thousandths >= 0);
            price.unwrap_or_else(|| {
                wrong.at(field, format!("must be a price in {currency} from 0, such as \"12.50\""));
                UnitPrice { ten_thousandths: 0, currency }
            })
        };
        let unit_price = price(&self.unit_price, "unit_price");
        let compare_at = self.compare_at.as_deref().map(|text| price(text, "compare_at"));
        read.prices.push((unit_price, compare_at));
        let quantity = Quantity::new(self.quantity).unwrap_or_else(|| {
            wrong.at("quantity", format!("must be from 1 to {}", Quantity::MAX));
            Quantity::ONE
        });
        read.quantities.push(quantity);
        let weight = self.weight_grams.as_deref().map(|text| Weight::parse_grams(text, WeightUnit::Gram));
        if matches!(weight, Some(None)) {
            wrong.at("weight_grams", format!("must be grams from 0 to {}", Weight::GRAMS_MAX));
        }
        read.milligrams.push(weight.flatten().map_or(0, |weight| weight.milligrams()));
        if self.dimensions.is_some_and(|dimensions| !dimensions.fits()) {
            wrong.at("dimensions", "must be above 0 and at most 100 metres, with at most 6 decimals");
        }
        if self.sku.trim().is_empty() {
            wrong.at("sku", "must not be empty");
        }
        let units: u64 = self.sources.iter().map(|source| u64::from(source.units)).sum();
        if !self.sources.is_empty() && units != u64::from(self.quantity) {
            wrong.at("sources", format!("name {units} units of {}", self.quantity));
        }
        read.classes.push(self.tax_class.clone().unwrap_or_else(TaxClass::standard));
        read.attributes
            .push(self.attributes.iter().map(|(code, value)| (code.clone(), value.clone())).collect());
        read.sources.push(self.sources.iter().map(|source| (source.location, source.units)).collect());
    }
}

/// The id of the line item of this place, while it is priced.
fn line_id(place: usize) -> LineId {
    LineId(Uuid::from_u128(place as u128))
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
