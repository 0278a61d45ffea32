//! The one retry loop of the engine: look and decide again when a commit was stale.

use std::sync::Arc;
use std::time::Duration;

use crate::commit::{CommitError, Guard, StoreError};
use crate::engine::Parts;

/// Counts how often a service looks and decides, and waits a little longer each time.
pub(crate) struct Attempts {
    parts: Arc<Parts>,
    made: u32,
}

/// Why a decision was not committed in the end.
pub(crate) enum Unsettled {
    /// Every attempt was stale: too many others change the same rows.
    Busy,
    /// The store could not do its work.
    Store(StoreError),
}

/// Says how a service's own error words it.
macro_rules! unsettled {
    ($($error:path),+ $(,)?) => {$(
        impl From<Unsettled> for $error {
            fn from(unsettled: Unsettled) -> Self {
                match unsettled {
                    Unsettled::Busy => Self::Busy,
                    Unsettled::Store(error) => Self::Store(error),
                }
            }
        }
    )+};
}

unsettled! {
    crate::access::KeyError,
    crate::bulk::ImportError,
    crate::account::AccountError,
    crate::cart::CartError,
    crate::catalog::CatalogError,
    crate::catalog::TaxonomyError,
    crate::catalog::EditError,
    crate::checkout::ConfirmError,
    crate::interest::WishlistError,
    crate::inventory::InventoryError,
    crate::mail::MailError,
    crate::order::CancelError,
    crate::order::MoveOnError,
    crate::order::NoteError,
    crate::payment::PaymentError,
    crate::pricing::RulesError,
    crate::promotion::CouponError,
    crate::review::ReviewError,
}

impl Attempts {
    /// How often a service looks and decides before it gives up.
    const MOST: u32 = 50;
    const LONGEST_WAIT_MICROS: u64 = 40_000;

    pub(crate) fn new(parts: &Arc<Parts>) -> Self {
        Self { parts: Arc::clone(parts), made: 0 }
    }

    /// Waits for the next attempt after a stale commit. Who lost an import has no next one.
    pub(crate) async fn again(&mut self, error: CommitError) -> Result<(), Unsettled> {
        match error {
            CommitError::Stale { guard: Guard::Import(_) } => Err(Unsettled::Busy),
            error => self.even_so(error).await,
        }
    }

    /// The same, also when it was an import that changed.
    pub(crate) async fn even_so(&mut self, error: CommitError) -> Result<(), Unsettled> {
        match error {
            CommitError::Store(error) => return Err(Unsettled::Store(error)),
            CommitError::Stale { .. } => self.made += 1,
        }
        if self.made >= Self::MOST {
            return Err(Unsettled::Busy);
        }
        // The first repetition is at once: whoever was first has committed already. After that a random wait, up to a
        // bound that doubles, parts those who keep meeting.
        if self.made > 1 {
            let bound = (500_u64 << self.made.min(7)).min(Self::LONGEST_WAIT_MICROS);
            let [low, high, ..] = self.parts.random.seed();
            let share = u64::from(u16::from_be_bytes([high, low]));
            self.parts.clock.sleep(Duration::from_micros(bound * share / u64::from(u16::MAX))).await;
        }
        Ok(())
    }
}
