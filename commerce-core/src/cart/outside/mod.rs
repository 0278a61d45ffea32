//! What a price depends on beyond the look: uses of limited promotions, carriers, a tax service. Each is asked only when
//! the cart meets it.

mod service;

pub(crate) use service::learn;

use crate::commit::StoreError;
use crate::pricing::{PricingError, Usage};
use crate::shipping::CarrierAnswers;
use crate::tax::{ExternalTax, TaxProviderError};

/// What was learned beyond the look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outside {
    /// How often limited promotions were used, of those that apply.
    pub usage: Vec<Usage>,
    /// What carriers ask.
    pub carriers: CarrierAnswers,
    /// The tax as a service outside assessed it.
    pub tax: Option<ExternalTax>,
}

/// Why it was not learned.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The cart cannot be priced.
    #[error(transparent)]
    Pricing(#[from] PricingError),
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tax service has no answer.
    #[error(transparent)]
    Tax(#[from] TaxProviderError),
}
