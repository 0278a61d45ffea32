//! What a cart costs: one pure function from a rulebook and an input to a quote, exact and explained.
//!
//! Integers go in and come out; the same input gives the same quote on every machine. The order of the steps is fixed:
//!
//! 1. **base price**: unit price times quantity, rounded per line;
//! 2. **promotions** on lines, then on the order. A discount on the order becomes shares of its lines at once, so that
//!    whatever comes later - tax, refunds - knows what each line is worth;
//! 3. **shipping** to the destination, by the chosen method;
//! 4. **tax** on what is left after discounts, on top of prices or inside them, as the rulebook says;
//! 5. **totals**, which are sums of the amounts above and are never computed a second way.
//!
//! Every amount beside the list prices has an [`Adjustment`] that says where it comes from. [`Quote::explain`] tells the
//! whole story, including why a rule did *not* apply; it is built only when asked for.

mod amounts;
mod ask;
mod changes;
mod delivery;
mod document;
mod input;
mod price_list;
mod profile;
mod quote;
mod rulebook;
mod run;
mod selection;
mod service;
mod settle;
mod targets;
mod taxes;
mod trace;
mod wrong;

pub use amounts::Amounts;
pub use changes::Changes;
pub use document::{
    AdjustmentDocument, CartDocument, CartDocumentError, CouponDocument, CustomerDocument, LineDocument,
    PromotionDocument, QuoteDocument, QuoteLineDocument, ShippingDocument, SourceDocument, StepDocument,
    SummaryDocument, TaxDocument, UsageDocument,
};
pub use input::{Buyer, Coupon, PricingInput, PricingLine, Usage};
pub use price_list::{ListedPrice, PriceChoice, PriceList};
pub use profile::{
    BelowFloor, DestinationChange, DiscountBasis, DiscountedLines, Exclusive, Measure, OrderDiscount,
    Percentages, PromotionOrder, RoundingLevel, RoundingProfile, SeveralRates, ShippingPrice,
    ShippingTaxRate, TaxRounding, UnitPercentage, Weights,
};
pub use quote::{
    Adjustment, AdjustmentKind, AppliedPromotion, CouponOutcome, Origin, PricingError, Quote, QuoteLine,
    Summary, TaxTotal, quote,
};
pub use rulebook::{CompiledRulebook, CustomerGroup, Rulebook, RulebookError, RulesInForce, StoredRulebook};
pub use selection::Selection;
pub use service::{RuleChange, Rules, RulesError};
pub use trace::{Explanation, Step};

pub(crate) use amounts::MinorAmounts;
pub(crate) use selection::{AnyOf, Symbol, Symbols};
pub(crate) use wrong::Wrong;

#[cfg(all(test, feature = "testkit"))]
mod tests;
