//! The cart: its form, and how it is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::QuoteDocument;
use crate::catalog::{Dimensions, TaxClass, Weight, WeightUnit};
use crate::customer::{Destination, VatId};
use crate::pricing::input::{Buyer, Coupon, PricingInput, PricingLine, Usage};
use crate::pricing::quote;
use crate::pricing::quote::{PricingError, Quote};
use crate::pricing::rulebook::{CompiledRulebook, RulebookError};
use crate::pricing::trace::Explanation;
use crate::pricing::wrong::Wrong;
use crate::shipping::CarrierAnswers;
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
    pub vat_id: Option<VatId>,
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
                QuoteDocument::of(self, &story.quote, Some(&story.steps))
            } else {
                QuoteDocument::of(self, &quote(rules, input)?, None)
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
                vat_id: customer.vat_id.as_ref(),
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

    /// What the line item of this place is called: by its id, else by its number.
    pub(super) fn name(&self, place: usize) -> String {
        self.lines[place].id.clone().unwrap_or_else(|| (place + 1).to_string())
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
