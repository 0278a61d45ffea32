//! What a cart costs: one pure function from a rulebook and an input to a quote, exact and explained.
//!
//! The same input gives the same quote on every machine. What a shop writes, a [`Rulebook`], is
//! [compiled](Rulebook::compile) once for each version and shared; everything wrong in it is found then, and nothing at
//! the checkout. The order of the steps is fixed (`run`), each works on what the one before left:
//!
//! 1. **base price**: the list price, or that of a price list (`price_list`); re-based where the tax of the destination
//!    says so; times the quantity;
//! 2. **promotions** on goods, in their order ([`crate::promotion`]). A discount on the order becomes shares of its lines
//!    at once, so that whatever comes later - tax, refunds - knows what each line is worth;
//! 3. **shipping** ([`crate::shipping`]): every method for what is left of the goods, and the chosen one;
//! 4. **promotions** on shipping, and on goods and shipping together;
//! 5. **tax** ([`crate::tax`]) on what is left, on top of prices or inside them;
//! 6. **totals** (`settle`), which are sums of the amounts above and are never computed a second way.
//!
//! Where and how anything is rounded is the shop's [`RoundingProfile`]. Amounts are [`Exact`](crate::money::Exact): whole
//! minor units where the profile rounds at each step, as nearly every shop does, else exact ratios until the total.
//!
//! Every amount beside the list prices has an [`Adjustment`] that says where it comes from. [`Quote::explain`] tells the
//! whole story, including why a promotion did *not* apply. The story is told from the finished work (`trace`), so that it
//! cannot differ from it and costs nothing when nobody asks.
//!
//! Nothing here waits for anybody. What a price needs from outside - uses of limited promotions, carriers' prices, a tax
//! service - is learned before (`cart::outside`) and is part of the input.

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
pub use changes::{Changes, Gone};
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
pub use service::{RuleChange, Rules, RulesChanged, RulesError};
pub use trace::{Explanation, Step};

pub(crate) use amounts::MinorAmounts;
pub(crate) use selection::{AnyOf, Symbol, Symbols};
pub(crate) use wrong::Wrong;

#[cfg(all(test, feature = "testkit"))]
mod tests;
