//! How the shop keeps its accounts, as the configuration says.

use std::sync::Arc;

use commerce_core::Builder;
use commerce_core::account::AccountTerms;

use crate::password::{Argon2Hasher, PasswordCost, PasswordCostError};

/// What passwords the shop takes and what it spends on them, and how long sessions and links are good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// What a hash costs.
    pub cost: PasswordCost,
    /// What passwords are taken, and how long sessions and links are good.
    pub terms: AccountTerms,
}

impl Accounts {
    /// Puts it into the engine.
    ///
    /// # Errors
    /// When passwords cannot be hashed at this cost.
    pub fn apply(&self, builder: Builder) -> Result<Builder, PasswordCostError> {
        let hasher = Argon2Hasher::new(&self.cost)?;
        Ok(builder.password_hasher(Arc::new(hasher)).account_terms(self.terms.clone()))
    }
}
