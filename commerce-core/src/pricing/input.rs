//! What is to be priced.

use crate::catalog::TaxClass;
use crate::customer::{Destination, VatId};
use crate::shipping::CarrierAnswers;
use crate::tax::{ExternalTax, LineRate};
use crate::{Currency, LineId, Quantity, Timestamp, UnitPrice};

/// What is to be priced. It borrows from the view that it was read into: pricing copies no catalogue data.
#[derive(Debug, Clone, PartialEq)]
pub struct PricingInput<'a> {
    /// The time for which it is priced: time windows are compared with it.
    pub now: Timestamp,
    /// The currency in which it is priced.
    pub currency: Currency,
    /// Where it is sold: `web`, `app`, a shop's own word.
    pub channel: Option<&'a str>,
    /// Who buys.
    pub customer: Buyer<'a>,
    /// The line items.
    pub lines: Vec<PricingLine<'a>>,
    /// Where the goods go; absent until the shopper says so.
    pub destination: Option<Destination>,
    /// The code of the chosen shipping method; absent until one is chosen.
    pub shipping_method: Option<&'a str>,
    /// The coupons on the cart, in the order in which they were added.
    pub coupons: Vec<Coupon<'a>>,
    /// How often limited promotions were used already, as far as it is known; what is not named is unused.
    pub usage: &'a [Usage],
    /// What carriers ask, as far as they were asked.
    pub carriers: Option<&'a CarrierAnswers>,
    /// The tax as a service outside assessed it; it is kept as given.
    pub external_tax: Option<&'a ExternalTax>,
    /// Whether it is paid in cash.
    pub cash: bool,
}

/// Who buys, as far as prices depend on it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Buyer<'a> {
    /// The codes of their customer groups.
    pub groups: &'a [String],
    /// Whether they have ordered before; absent when nobody knows who they are.
    pub ordered_before: Option<bool>,
    /// Whether they pay no tax.
    pub exempt: bool,
    /// Their VAT identification number. One of another country of the shop's tax union lets them owe the tax there.
    pub vat_id: Option<&'a VatId>,
}

/// A line item to be priced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PricingLine<'a> {
    /// Its id.
    pub id: LineId,
    /// The slug of its product.
    pub product: &'a str,
    /// The SKU of its variant.
    pub sku: &'a str,
    /// The slugs of the product's category and its ancestors, the root first.
    pub categories: &'a [String],
    /// The slug of its brand.
    pub brand: Option<&'a str>,
    /// Its tags.
    pub tags: &'a [String],
    /// Codes and values of its attributes, options that are linked to one included.
    pub attributes: &'a [(String, String)],
    /// The list price of one unit.
    pub unit_price: UnitPrice,
    /// The price that it is shown to have been reduced from.
    pub compare_at: Option<UnitPrice>,
    /// How many units.
    pub quantity: Quantity,
    /// The weight of one unit in milligrams.
    pub milligrams: u64,
    /// Length, width and height of one unit in millimetres.
    pub millimetres: Option<[u32; 3]>,
    /// Which tax rates apply.
    pub tax_class: &'a TaxClass,
    /// Its own tax rates, instead of those of its class.
    pub tax_rates: Option<&'a [LineRate]>,
    /// Whether its price holds tax, where that is not as the rulebook says.
    pub includes_tax: Option<bool>,
    /// Whether nothing is shipped.
    pub digital: bool,
    /// Which location ships how many units, by the location's number; empty: all from one place.
    pub sources: &'a [(u32, u32)],
}

/// A coupon on a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coupon<'a> {
    /// Its code, as the shopper reads it.
    pub code: &'a str,
    /// The code of the promotion that it is for.
    pub promotion: &'a str,
    /// Why it cannot be used, when that is known before pricing: it has ended, or its uses are spent.
    pub refused: Option<crate::promotion::Reason>,
}

/// How often a promotion was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The code of the promotion.
    pub promotion: String,
    /// How many orders used it.
    pub uses: u64,
    /// How many orders of this customer did.
    pub customer_uses: u64,
    /// How much it took off all of them, in minor units.
    pub spent: i64,
}
