//! The story of a quote.

use serde::Serialize;

use super::quote::{PricingError, PricingInput, Quote, run};
use super::rulebook::Rulebook;

/// One step of the story: which rule did what, or why it did nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which step of the pipeline: `price`, `promotion`, `shipping`, `tax`, `total`.
    pub stage: &'static str,
    /// Which rule or line.
    pub source: String,
    /// Whether it changed anything.
    pub applied: bool,
    /// What it did with which numbers, or why it did nothing.
    pub detail: String,
}

/// A quote with its story.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The quote: the same that [`quote`](super::quote()) gives.
    pub quote: Quote,
    /// How it came about, in order.
    pub steps: Vec<Step>,
}

impl Quote {
    /// Prices the input and tells how: every rule, rounding and allocation, and why each promotion did not apply.
    ///
    /// # Errors
    /// As [`quote`](super::quote()).
    pub fn explain(rulebook: &Rulebook, input: &PricingInput) -> Result<Explanation, PricingError> {
        let mut steps = Vec::new();
        let quote = run(rulebook, input, &mut |step: &dyn Fn() -> Step| steps.push(step()))?;
        Ok(Explanation { quote, steps })
    }
}
