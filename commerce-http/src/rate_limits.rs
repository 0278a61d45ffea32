//! The budgets as the configuration writes them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use commerce_core::limit::{Budget, Budgets, Quota};
use serde::{Deserialize, Deserializer};

/// What some budgets allow: `address_writes = "500/hour"` in the table `rate_limits`, or
/// `address_writes=500/hour,admin=off` in `COMMERCE_RATE_LIMITS`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateLimits(Vec<(Budget, Option<Quota>)>);

impl RateLimits {
    /// These budgets where `above` says nothing.
    pub(crate) fn under(mut self, above: Self) -> Self {
        // What comes later counts.
        self.0.extend(above.0);
        self
    }

    /// The default budgets with these in their place.
    #[must_use]
    pub fn budgets(&self) -> Budgets {
        let mut budgets = Budgets::default();
        for (budget, quota) in &self.0 {
            budgets.set(*budget, *quota);
        }
        budgets
    }
}

/// Why something is no budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RateLimitsError(String);

fn entry(name: &str, quota: &str) -> Result<(Budget, Option<Quota>), RateLimitsError> {
    let wrong = |error: &dyn Display| RateLimitsError(format!("{name}: {error}"));
    let budget = name.trim().parse::<Budget>().map_err(|error| RateLimitsError(error.to_string()))?;
    let quota = match quota.trim() {
        "off" => None,
        quota => Some(quota.parse::<Quota>().map_err(|error| wrong(&error))?),
    };
    Ok((budget, quota))
}

impl FromStr for RateLimits {
    type Err = RateLimitsError;

    fn from_str(text: &str) -> Result<Self, RateLimitsError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let read = |part: &str| {
            let (name, quota) = part.split_once('=').ok_or_else(|| {
                RateLimitsError(format!("{part:?} has no `=`; write it like address_writes=500/hour"))
            })?;
            entry(name, quota)
        };
        parts.map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl<'de> Deserialize<'de> for RateLimits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = BTreeMap::<String, String>::deserialize(deserializer)?;
        let entries = table.iter().map(|(name, quota)| entry(name, quota));
        entries.collect::<Result<_, _>>().map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays_as_it_is() {
        let file: RateLimits = toml::from_str("address_writes = \"500/hour\"\nadmin = \"off\"").unwrap();
        let variable: RateLimits = "address_writes=7/m, login_account = 3/15m".parse().unwrap();
        let budgets = file.under(variable).budgets();
        let quota = |budget| budgets.quota(budget).map(|quota| quota.to_string());
        assert_eq!(quota(Budget::AddressWrites).as_deref(), Some("7/m"));
        assert_eq!(quota(Budget::LoginAccount).as_deref(), Some("3/15m"));
        assert_eq!(quota(Budget::Admin), None);
        assert_eq!(budgets.quota(Budget::AddressReads), Budgets::default().quota(Budget::AddressReads));
        assert_eq!("".parse::<RateLimits>(), Ok(RateLimits::default()));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (text, named) in [
            ("address_writes", "address_writes"),
            ("adress_writes=1/h", "adress_writes"),
            ("admin=lots", "admin"),
            ("admin=0/h", "admin"),
        ] {
            let said = text.parse::<RateLimits>().unwrap_err().to_string();
            assert!(said.contains(named), "{said}");
        }
        assert!(toml::from_str::<RateLimits>("admin = \"often\"").is_err());
    }
}
