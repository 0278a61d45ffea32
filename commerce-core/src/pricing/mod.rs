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

mod changes;
mod quote;
mod rulebook;
mod service;
mod trace;

pub use changes::Changes;
pub use quote::{
    Adjustment, AdjustmentKind, PricingError, PricingInput, PricingLine, Quote, QuoteLine, Summary, quote,
};
pub use rulebook::{Rulebook, RulebookError, StoredRulebook};
pub use service::{Rules, RulesError};
pub use trace::{Explanation, Step};

#[cfg(all(test, feature = "testkit"))]
mod tests;
