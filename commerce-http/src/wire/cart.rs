//! Carts on the wire.

use std::collections::{BTreeMap, HashMap};

use commerce_core::account::{Account, SavedAddress};
use commerce_core::cart::{AddItem, Delivery, PricedCart, PricedLine, VariantKey};
use commerce_core::catalog::Sku;
use commerce_core::customer::Email;
use commerce_core::pricing::{Adjustment, CouponOutcome, Explanation, QuoteLine, Step, Summary, TaxTotal};
use commerce_core::promotion::CouponCode;
use commerce_core::shipping::ShippingOption;
use commerce_core::{CartId, Currency, Money, Quantity, VariantId};
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::word::{AdjustmentName, Method, MethodName};
use super::{AddressBody, AddressDto, Check, MoneyDto, OrNull, Problem};
use crate::wire::product::OptionValueDto;

/// Puts units of a variant into the cart. Name it by `sku` or by `variant_id`.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "AddItem", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct AddItemBody {
    /// The variant's id.
    variant_id: Option<String>,
    /// The variant's code.
    sku: Option<String>,
    /// How many units.
    #[oai(validator(minimum(value = "1"), maximum(value = "10000")))]
    quantity: u32,
    /// The shopper's wishes, name by name: at most 10, of 500 characters each. They have no effect on the price.
    customizations: Option<BTreeMap<String, String>>,
    /// The currency in which a cart that is made by this request is priced; the shop's when left out. A cart keeps its
    /// currency.
    currency: Option<String>,
    /// Where a cart that is made by this request is made, in the shop's own word: `web`, `app`. Prices and promotions may
    /// depend on it.
    channel: Option<String>,
}

impl Example for AddItemBody {
    fn example() -> Self {
        Self {
            variant_id: None,
            sku: Some("OBL-AKW-M".to_owned()),
            quantity: 1,
            customizations: None,
            currency: None,
            channel: None,
        }
    }
}

impl AddItemBody {
    /// Which field names the variant.
    pub(crate) fn variant_pointer(&self) -> &'static str {
        if self.sku.is_some() { "/sku" } else { "/variant_id" }
    }

    pub(crate) fn command(self) -> Result<AddItem, Problem> {
        let mut check = Check::default();
        let variant = match (&self.variant_id, &self.sku) {
            (Some(id), None) => match id.parse::<VariantId>() {
                Ok(id) => Some(VariantKey::Id(id)),
                Err(_) => {
                    check.wrong("/variant_id", "invalid", "not a UUID");
                    None
                }
            },
            (None, Some(sku)) => check.parse::<Sku>("/sku", sku).map(VariantKey::Sku),
            (None, None) => {
                check.wrong("/sku", "required", "name the variant by sku or by variant_id");
                None
            }
            (Some(_), Some(_)) => {
                check.wrong("/sku", "invalid", "name the variant by sku or by variant_id, not by both");
                None
            }
        };
        let quantity = check.take("/quantity", Quantity::try_from(self.quantity));
        let customizations = self.customizations.unwrap_or_default();
        let currency = self.currency.as_deref().and_then(|code| {
            let currency = Currency::from_code(code);
            if currency.is_none() {
                check.wrong("/currency", "invalid", "not a currency code such as NGN");
            }
            currency
        });
        let channel = self.channel;
        let command = variant.zip(quantity).map(|(variant, quantity)| AddItem {
            variant,
            quantity,
            customizations,
            currency,
            channel,
        });
        check.finish(command)
    }
}

/// Sets how many units a line item holds.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SetQuantity", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct QuantityBody {
    /// How many units; 0 removes the line item.
    #[oai(validator(minimum(value = "0"), maximum(value = "10000")))]
    quantity: u32,
}

impl Example for QuantityBody {
    fn example() -> Self {
        Self { quantity: 2 }
    }
}

impl QuantityBody {
    /// The quantity; `None` removes the line item.
    pub(crate) fn check(&self) -> Result<Option<Quantity>, Problem> {
        if self.quantity == 0 {
            return Ok(None);
        }
        let mut check = Check::default();
        let quantity = check.take("/quantity", Quantity::try_from(self.quantity));
        check.finish(quantity).map(Some)
    }
}

/// Puts a coupon on the cart.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ApplyCoupon", deny_unknown_fields, example)]
pub(crate) struct CouponBody {
    /// The code of the coupon; case and spaces do not count.
    code: String,
}

impl Example for CouponBody {
    fn example() -> Self {
        Self { code: "WELCOME10".to_owned() }
    }
}

impl CouponBody {
    pub(crate) fn check(&self) -> Result<CouponCode, Problem> {
        let mut check = Check::default();
        let code = check.parse::<CouponCode>("/code", &self.code);
        check.finish(code)
    }
}

/// Says where the goods go, how, and who is told.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SetDelivery", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct DeliveryBody {
    /// Where the order confirmation goes; left out by whoever is logged in: the address of their account.
    #[serde(default)]
    #[oai(default)]
    email: String,
    /// Where the goods go; may be left out when nothing is shipped.
    address: Option<AddressBody>,
    /// The same, as one of the addresses of whoever is logged in.
    pub(crate) address_id: Option<String>,
    /// Where the bill goes, when elsewhere.
    billing_address: Option<AddressBody>,
    /// The code of one of the shipping options; may be left out when nothing is shipped.
    shipping_method: Option<String>,
}

impl Example for DeliveryBody {
    fn example() -> Self {
        Self {
            email: "ada@example.com".to_owned(),
            address: Some(AddressBody::example()),
            address_id: None,
            billing_address: None,
            shipping_method: Some("standard".to_owned()),
        }
    }
}

impl DeliveryBody {
    /// What a guest, or the owner of an account with these addresses, asks for.
    pub(crate) fn command(
        self,
        account: Option<&Account>,
        book: &[SavedAddress],
    ) -> Result<Delivery, Problem> {
        let mut check = Check::default();
        let email = match account {
            Some(account) if self.email.is_empty() => Some(account.email.clone()),
            _ => check.parse::<Email>("/email", &self.email),
        };
        let mut address = self.address.map(|address| address.check("/address", &mut check));
        if let Some(id) = self.address_id {
            let found = book.iter().find(|saved| saved.id.to_string() == id.to_ascii_lowercase());
            match found {
                Some(saved) if address.is_none() => address = Some(Some(saved.address.clone())),
                Some(_) => check.wrong("/address_id", "invalid", "leave it out, or the address"),
                None => check.wrong("/address_id", "unknown", "is none of your addresses"),
            }
        }
        let billing = self.billing_address.map(|address| address.check("/billing_address", &mut check));
        let delivery = email.map(|email| Delivery {
            email,
            address: address.flatten(),
            billing_address: billing.flatten(),
            shipping_method: self.shipping_method,
        });
        check.finish(delivery)
    }
}

/// Says how the shopper pays.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SetPayment", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct PaymentBody {
    /// How the shopper pays, as far as the shop takes it.
    pub(crate) method: MethodName,
    /// With `mobile_money`: the account to ask; absent: the shopper names it on the gateway's page.
    pub(crate) mobile_money: Option<super::MobileMoneyBody>,
}

impl Example for PaymentBody {
    fn example() -> Self {
        Self { method: MethodName("cash_on_delivery".to_owned()), mobile_money: None }
    }
}

/// A cart with what it costs now.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Cart", skip_serializing_if_is_none)]
pub(crate) struct CartDto {
    /// Its id; null while nothing was put into it.
    id: OrNull<Uuid>,
    /// The secret that reaches the cart: only in the answer that creates it. Send it as `X-Cart-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The currency of its amounts.
    currency: String,
    /// Grows with every change; 0 while nothing was put into it.
    version: u64,
    /// Its line items, in the order in which they were added.
    items: Vec<CartItemDto>,
    /// The coupons on it, in the order in which they were added.
    coupons: Vec<CouponDto>,
    /// Its amounts.
    summary: SummaryDto,
    /// The tax of each rate, with the net amount that it is on.
    taxes: Vec<TaxDto>,
    /// Where every amount beside the list prices comes from.
    adjustments: Vec<AdjustmentDto>,
    /// How far the checkout has got.
    checkout: CheckoutDto,
    /// What the shopper should know.
    messages: Vec<String>,
    /// With `explain=true`: how the amounts came about, step by step.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<StepDto>>,
}

/// A line item of a cart.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "CartItem")]
pub(crate) struct CartItemDto {
    /// Its id.
    id: Uuid,
    /// The variant's id.
    variant_id: Uuid,
    /// The product's name in addresses; null when the variant is gone, as for the other facts of the catalogue.
    product_slug: OrNull<String>,
    /// The variant's code.
    sku: OrNull<String>,
    /// The product's title.
    name: OrNull<String>,
    /// Name and value of each option.
    options: Vec<OptionValueDto>,
    /// The shopper's wishes.
    customizations: BTreeMap<String, String>,
    /// The address of its picture.
    image: OrNull<String>,
    /// How many units.
    quantity: u32,
    /// The price of one unit.
    unit_price: OrNull<MoneyDto>,
    /// Unit price times quantity; nothing for what is no longer sold.
    line_total: MoneyDto,
    /// Its share of all discounts.
    discount: MoneyDto,
    /// The tax on it or inside it.
    tax: MoneyDto,
    /// Whether so many can be bought now.
    in_stock: bool,
    /// Units of the variant that can be bought now; null when there is no limit.
    available_quantity: OrNull<u64>,
}

/// A coupon on a cart.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "CartCoupon", skip_serializing_if_is_none)]
pub(crate) struct CouponDto {
    /// Its code.
    code: String,
    /// Whether its promotion applies to the cart as it is now.
    applied: bool,
    /// Why not, by its stable name: `subtotal-too-low`, `ended`, `uses-spent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Why not, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl From<&CouponOutcome> for CouponDto {
    fn from(outcome: &CouponOutcome) -> Self {
        Self {
            code: outcome.code.clone(),
            applied: outcome.refused.is_none(),
            reason: outcome.refused.map(|reason| reason.code().to_owned()),
            message: outcome.refused.map(|reason| reason.to_string()),
        }
    }
}

/// The tax of one rate.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Tax", skip_serializing_if_is_none)]
pub(crate) struct TaxDto {
    /// What to call it.
    label: String,
    /// The rule that it comes from: `tax:ng-vat`.
    source: String,
    /// The rate in percent, as a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
    /// The net amount that it is on.
    base: MoneyDto,
    /// The tax.
    amount: MoneyDto,
    /// Whether it is inside prices; else it is on top of them.
    included: bool,
}

impl From<&TaxTotal> for TaxDto {
    fn from(tax: &TaxTotal) -> Self {
        Self {
            label: tax.origin.label.to_string(),
            source: tax.origin.source.to_string(),
            rate: tax.rate.map(|rate| rate.to_string()),
            base: tax.base.into(),
            amount: tax.amount.into(),
            included: tax.included,
        }
    }
}

/// The amounts of a cart or an order: `total = subtotal - discount + shipping + tax_added + cash_rounding`.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Summary")]
pub(crate) struct SummaryDto {
    /// The sum of the line totals.
    subtotal: MoneyDto,
    /// The sum of the line items' discounts.
    discount: MoneyDto,
    /// What shipping costs, after promotions on it.
    shipping: MoneyDto,
    /// The tax added on top of prices and shipping.
    tax_added: MoneyDto,
    /// The tax that is inside prices and shipping already.
    tax_included: MoneyDto,
    /// What rounding the total to a step of cash, or of the gateway, adds; below zero when it takes away.
    cash_rounding: MoneyDto,
    /// What the shopper pays.
    total: MoneyDto,
    /// The currency of all of them.
    currency: String,
}

impl From<&Summary> for SummaryDto {
    fn from(summary: &Summary) -> Self {
        let Summary { subtotal, discount, shipping, tax_added, tax_included, cash_rounding, total } =
            *summary;
        Self {
            subtotal: subtotal.into(),
            discount: discount.into(),
            shipping: shipping.into(),
            tax_added: tax_added.into(),
            tax_included: tax_included.into(),
            cash_rounding: cash_rounding.into(),
            total: total.into(),
            currency: total.currency.code().to_owned(),
        }
    }
}

/// Where an amount comes from.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Adjustment", skip_serializing_if_is_none)]
pub(crate) struct AdjustmentDto {
    /// What it is.
    kind: AdjustmentName,
    /// What to call it.
    label: String,
    /// The rule that it comes from: `promotion:welcome`, `shipping:standard`, `tax:ng-vat`.
    source: String,
    /// The amount; a discount is negative. Tax inside prices is stated, not added again.
    amount: MoneyDto,
    /// The line item that it belongs to; absent for shipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    line_id: Option<Uuid>,
}

impl From<&Adjustment> for AdjustmentDto {
    fn from(adjustment: &Adjustment) -> Self {
        Self {
            kind: adjustment.kind.into(),
            label: adjustment.label().to_owned(),
            source: adjustment.source().to_owned(),
            amount: adjustment.amount.into(),
            line_id: adjustment.line.map(|line| line.0),
        }
    }
}

/// How far the checkout has got.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "CheckoutState")]
pub(crate) struct CheckoutDto {
    /// Where the order confirmation goes.
    email: OrNull<String>,
    /// Where the goods go.
    shipping_address: OrNull<AddressDto>,
    /// Where the bill goes, when elsewhere.
    billing_address: OrNull<AddressDto>,
    /// The code of the chosen shipping method.
    shipping_method: OrNull<String>,
    /// The chosen way to pay.
    payment_method: OrNull<Method>,
    /// Whether the cart can be confirmed.
    ready: bool,
    /// What is missing before, of `items`, `email`, `shipping_address`, `shipping_method` and `payment_method`.
    missing: Vec<String>,
}

/// One step of how a total came about.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "TraceStep", skip_serializing_if_is_none)]
pub(crate) struct StepDto {
    /// Which step of the pipeline: `rounding`, `price`, `promotion`, `coupon`, `shipping`, `tax`, `total`.
    stage: String,
    /// Which rule.
    source: String,
    /// The line item that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    line_id: Option<Uuid>,
    /// Whether it changed anything.
    applied: bool,
    /// The amount that it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<MoneyDto>,
    /// Why it did nothing, by its stable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What it did with which numbers, or why it did nothing.
    detail: String,
}

impl From<Step> for StepDto {
    fn from(step: Step) -> Self {
        let Step { stage, source, line, applied, amount, reason, detail } = step;
        Self {
            stage: stage.to_owned(),
            source,
            line_id: line.map(|line| line.0),
            applied,
            amount: amount.map(Into::into),
            reason: reason.map(str::to_owned),
            detail,
        }
    }
}

/// A shipping method that serves the destination.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ShippingOption", skip_serializing_if_is_none)]
pub(crate) struct ShippingOptionDto {
    /// Its code, for `shipping_method`.
    code: String,
    /// What to call it.
    label: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// What it costs for this cart, before promotions on shipping.
    price: MoneyDto,
    /// How many parcels there are.
    parcels: u32,
    /// The first and the last day on which the goods may arrive, where that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<EstimateDto>,
}

/// When goods arrive.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "DeliveryEstimate")]
pub(crate) struct EstimateDto {
    /// The first day on which they may, as `2026-11-22`.
    earliest: String,
    /// The last.
    latest: String,
}

/// The shipping methods that serve the destination.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ShippingOptions")]
pub(crate) struct ShippingOptionsDto {
    /// The methods, in the shop's order.
    results: Vec<ShippingOptionDto>,
}

impl From<Vec<ShippingOption>> for ShippingOptionsDto {
    fn from(options: Vec<ShippingOption>) -> Self {
        let option = |option: ShippingOption| ShippingOptionDto {
            code: option.code.to_string(),
            label: option.label.to_string(),
            description: option.description.map(|description| description.to_string()),
            price: option.price.into(),
            parcels: option.parcels,
            estimate: option.estimate.map(|estimate| EstimateDto {
                earliest: estimate.earliest.to_string(),
                latest: estimate.latest.to_string(),
            }),
        };
        Self { results: options.into_iter().map(option).collect() }
    }
}

impl CartDto {
    pub(crate) fn new(priced: &PricedCart) -> Self {
        let currency = priced.quote.summary.total.currency;
        let quoted: HashMap<_, &QuoteLine> = priced.quote.lines.iter().map(|line| (line.id, line)).collect();
        let item = |line: &PricedLine| CartItemDto::new(line, quoted.get(&line.line.id).copied(), currency);
        let CartId(id) = priced.cart.id;
        Self {
            id: OrNull((!id.is_nil()).then_some(id)),
            token: None,
            currency: currency.code().to_owned(),
            version: priced.cart.version,
            items: priced.lines.iter().map(item).collect(),
            coupons: priced.quote.coupons.iter().map(Into::into).collect(),
            summary: (&priced.quote.summary).into(),
            taxes: priced.quote.taxes.iter().map(Into::into).collect(),
            adjustments: priced.quote.adjustments().map(|part| (&part).into()).collect(),
            checkout: CheckoutDto::new(priced),
            messages: priced.messages.clone(),
            trace: None,
        }
    }

    /// Shows the token, to whoever created the cart.
    pub(crate) fn token(mut self, token: Option<&str>) -> Self {
        self.token = token.map(str::to_owned);
        self
    }

    /// Tells how the amounts came about.
    pub(crate) fn trace(mut self, story: Explanation) -> Self {
        self.trace = Some(story.steps.into_iter().map(Into::into).collect());
        self
    }
}

impl CartItemDto {
    fn new(line: &PricedLine, quoted: Option<&QuoteLine>, currency: Currency) -> Self {
        let zero = Money::zero(currency);
        let offer = line.offer.as_ref();
        let quantity = line.line.quantity.get();
        // Prices of one line item hold tax or do not, so one of the two is nothing.
        let tax = |quoted: &QuoteLine| {
            if quoted.tax_added.minor == 0 { quoted.tax_included } else { quoted.tax_added }
        };
        Self {
            id: line.line.id.0,
            variant_id: line.line.variant.0,
            product_slug: OrNull(offer.map(|offer| offer.slug.to_string())),
            sku: OrNull(offer.map(|offer| offer.sku.to_string())),
            name: OrNull(offer.map(|offer| offer.name.clone())),
            options: offer.iter().flat_map(|offer| &offer.options).map(Into::into).collect(),
            customizations: line.line.customizations.clone(),
            image: OrNull(offer.and_then(|offer| offer.image.clone())),
            quantity,
            unit_price: OrNull::of(quoted.map(|quoted| quoted.unit_price).or(offer.map(|offer| offer.price))),
            line_total: quoted.map_or(zero, |quoted| quoted.total).into(),
            discount: quoted.map_or(zero, |quoted| quoted.discount).into(),
            tax: quoted.map_or(zero, tax).into(),
            in_stock: line.available.is_none_or(|left| left >= u64::from(quantity)),
            available_quantity: OrNull(line.available),
        }
    }
}

impl CheckoutDto {
    fn new(priced: &PricedCart) -> Self {
        let cart = &priced.cart;
        Self {
            email: OrNull(cart.email.as_ref().map(ToString::to_string)),
            shipping_address: OrNull::of(cart.shipping_address.as_ref()),
            billing_address: OrNull::of(cart.billing_address.as_ref()),
            shipping_method: OrNull(cart.shipping_method.clone()),
            payment_method: OrNull::of(cart.payment_method),
            ready: priced.ready(),
            missing: priced.missing.iter().map(ToString::to_string).collect(),
        }
    }
}
