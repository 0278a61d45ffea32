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
    /// What of it is weaker than OWASP advises, in words for whoever set it; the shop runs all the same.
    #[must_use]
    pub fn weaknesses(&self) -> Vec<String> {
        let PasswordCost { memory_kib, passes, .. } = self.cost;
        let strength = self.terms.passwords.strength_min;
        let mut found = Vec::new();
        // From 7 MiB in 5 passes to 46 MiB in one: each takes a guesser as long.
        if u64::from(memory_kib) * u64::from(passes) < 7_168 * 5 {
            found.push(format!(
                "password_memory_kib = {memory_kib} and password_passes = {passes} make passwords cheap to guess for whoever \
                 steals the database: 19456 and 2 are the least that OWASP advises"
            ));
        }
        if strength < 2 {
            found.push(format!(
                "password_strength_min = {strength} takes passwords that are among the first that are tried: 2 refuses them"
            ));
        }
        found
    }

    /// Puts it into the engine.
    ///
    /// # Errors
    /// When passwords cannot be hashed at this cost.
    pub fn apply(&self, builder: Builder) -> Result<Builder, PasswordCostError> {
        let hasher = Argon2Hasher::new(&self.cost)?;
        Ok(builder.password_hasher(Arc::new(hasher)).account_terms(self.terms.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_weak_is_said() {
        let with = |memory_kib, passes, strength_min| {
            let mut accounts = Accounts::default();
            (accounts.cost.memory_kib, accounts.cost.passes) = (memory_kib, passes);
            accounts.terms.passwords.strength_min = strength_min;
            accounts.weaknesses().len()
        };
        assert_eq!(Accounts::default().weaknesses(), Vec::<String>::new());
        assert_eq!(
            (with(7_168, 5, 2), with(47_104, 1, 4), with(1_024, 2, 2), with(1_024, 2, 1)),
            (0, 0, 1, 2)
        );
    }
}
