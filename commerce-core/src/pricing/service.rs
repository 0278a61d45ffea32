//! The rulebook: look, decide, commit.

use std::sync::Arc;

use serde_json::json;

use super::{Rulebook, RulebookError, RulesInForce, StoredRulebook};
use crate::attempts::{Attempts, Unsettled};
use crate::audit::{Actor, Entry};
use crate::cart::Look;
use crate::commit::{ChangeSet, StoreError};
use crate::engine::Parts;

/// The rulebook of the shop; reached by [`Engine::rules`](crate::Engine::rules).
#[derive(Clone)]
pub struct Rules {
    pub(crate) parts: Arc<Parts>,
}

/// Why a rulebook was not applied. The one before stays in force.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// Something in it is wrong.
    #[error("the rulebook has {} error(s), the first at {}", .0.len(), .0.first().map_or_else(String::new, ToString::to_string))]
    Invalid(Vec<RulebookError>),
    /// The catalogue has prices in another currency.
    #[error("the catalogue is priced in {catalog}, so the rulebook cannot be in {rulebook}")]
    Currency {
        /// The currency of the catalogue.
        catalog: crate::Currency,
        /// The currency of the rulebook.
        rulebook: crate::Currency,
    },
    /// Too many others changed the same at the same time.
    #[error("the rulebook is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Rules {
    /// The rulebook in force; before the shop applied one, the starter with version 0.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn show(&self) -> Result<Arc<RulesInForce>, StoreError> {
        let view = self.parts.store.cart(&Look::default()).await?;
        self.parts.rulebook(view.rulebook_version).await
    }

    /// Puts the rulebook in force: carts are priced by it from now on, orders placed before keep their prices.
    ///
    /// # Errors
    /// [`RulesError::Invalid`] names what is wrong; [`RulesError::Currency`].
    pub async fn apply(&self, rulebook: Rulebook, actor: &Actor) -> Result<StoredRulebook, RulesError> {
        rulebook.compile().map_err(RulesError::Invalid)?;
        let priced = self.parts.store.export(None, 1).await?.products;
        let catalog =
            priced.iter().find_map(|product| product.cheapest()).map(|variant| variant.price.currency);
        if let Some(catalog) = catalog.filter(|catalog| *catalog != rulebook.currency) {
            return Err(RulesError::Currency { catalog, rulebook: rulebook.currency });
        }
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.cart(&Look::default()).await?;
            let stored = StoredRulebook { version: view.rulebook_version + 1, rulebook: rulebook.clone() };
            let mut changes = ChangeSet::default();
            changes.pricing.rulebook = Some(stored.clone());
            changes.audit.push(Entry {
                id: self.parts.ids(view.now).fresh(),
                at: view.now,
                actor: actor.clone(),
                action: "rules.apply".to_owned(),
                target: format!("rulebook:{}", stored.version),
                data: json!({"currency": stored.rulebook.currency}),
            });
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(stored),
                Err(error) => attempts.again(error).await?,
            }
        }
    }
}

impl From<Unsettled> for RulesError {
    fn from(unsettled: Unsettled) -> Self {
        match unsettled {
            Unsettled::Busy => Self::Busy,
            Unsettled::Store(error) => Self::Store(error),
        }
    }
}
