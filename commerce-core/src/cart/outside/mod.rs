//! What a price depends on beyond the look: uses of limited promotions, carriers, a tax service. Each is asked only when
//! the cart meets it.

mod service;

pub(crate) use service::learn;

use crate::LineId;
use crate::commit::StoreError;
use crate::pricing::{PricingError, Usage};
use crate::shipping::CarrierAnswers;
use crate::tax::{ExternalTax, TaxProviderError};

/// What was learned beyond the look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outside {
    /// The customer groups of whoever asks.
    pub groups: Vec<String>,
    /// How often limited promotions were used, of those that apply.
    pub usage: Vec<Usage>,
    /// What carriers ask.
    pub carriers: CarrierAnswers,
    /// Which location ships how many units of which line item, where shipping is priced by parcels: locations by number.
    pub sources: Vec<(LineId, Vec<(u32, u32)>)>,
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

impl Outside {
    /// Which location ships how many units of the line item; nothing where that is not known.
    pub(crate) fn sources_of(&self, line: LineId) -> &[(u32, u32)] {
        let of_line = self.sources.iter().find(|(known, _)| *known == line);
        of_line.map_or(&[], |(_, sources)| sources)
    }
}
