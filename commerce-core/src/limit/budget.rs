//! Which budgets there are, and what each of them allows.

use std::fmt;
use std::str::FromStr;

use super::Quota;

macro_rules! budgets {
    ($($(#[$doc:meta])* $name:ident $text:literal $quota:literal;)+) => {
        /// A budget that callers draw on: what is counted, and by what. In the configuration each has the name that
        /// [`as_str`](Self::as_str) gives.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Budget {
            $($(#[$doc])* #[doc = concat!("By default ", $quota, ".")] $name,)+
        }

        impl Budget {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            const fn default_text(self) -> &'static str {
                match self { $(Self::$name => $quota),+ }
            }
        }
    };
}

budgets! {
    /// What an address reads without a login.
    AddressReads "address_reads" "6000/hour";
    /// What an address changes without a login.
    AddressWrites "address_writes" "100/hour";
    /// What a customer does, reading and changing.
    Customer "customer" "1000/hour";
    /// What a member of staff does, reading and changing.
    Admin "admin" "5000/hour";
    /// What is done with an API key, reading and changing.
    ApiKey "api_key" "5000/hour";
    /// Tries to log in to one account, from anywhere.
    LoginAccount "login_account" "10/15m";
    /// Tries to log in from one address, to any account: several people may share it.
    LoginAddress "login_address" "50/15m";
    /// Requests to reset the password of one account.
    ResetAccount "reset_account" "3/hour";
    /// Requests to reset a password from one address.
    ResetAddress "reset_address" "20/hour";
    /// Tries to verify the e-mail address of one account, or to have the mail sent again.
    VerifyAccount "verify_account" "5/hour";
    /// Tries to verify an e-mail address from one address.
    VerifyAddress "verify_address" "30/hour";
    /// Coupon codes that one account tries, or the holder of one cart.
    CouponAccount "coupon_account" "10/10m";
    /// Coupon codes that are tried from one address.
    CouponAddress "coupon_address" "30/hour";
    /// Pictures that a merchant sends, whoever does it for them: each takes room for good.
    SellerPictures "seller_pictures" "500/day";
}

impl Budget {
    /// What a limiter counts for `subject` in this budget. The subject is an id or an address of at most 200 bytes,
    /// never free text of a request: of that there is no end.
    #[must_use]
    pub fn key(self, subject: &str) -> String {
        format!("{}:{subject}", self.as_str())
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No budget has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no budget {0:?}; the budgets are {known}", known = names())]
pub struct UnknownBudget(
    /// The name.
    pub String,
);

fn names() -> String {
    Budget::ALL.iter().map(|budget| budget.as_str()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Budget {
    type Err = UnknownBudget;

    fn from_str(text: &str) -> Result<Self, UnknownBudget> {
        let found = Self::ALL.iter().copied().find(|budget| budget.as_str() == text);
        found.ok_or_else(|| UnknownBudget(text.to_owned()))
    }
}

/// What each budget allows; `None`: it is not counted.
///
/// ```
/// use commerce_core::limit::{Budget, Budgets};
/// let mut budgets = Budgets::default();
/// assert_eq!(budgets.quota(Budget::AddressWrites).map(|quota| quota.limit()), Some(100));
/// budgets.set(Budget::AddressWrites, Some("500/hour".parse()?));
/// # Ok::<(), commerce_core::limit::QuotaError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgets(Vec<Option<Quota>>);

impl Budgets {
    /// What the budget allows.
    #[must_use]
    pub fn quota(&self, budget: Budget) -> Option<Quota> {
        self.0.get(budget as usize).copied().flatten()
    }

    /// Sets what a budget allows; `None`: it is not counted.
    pub fn set(&mut self, budget: Budget, quota: Option<Quota>) {
        if let Some(place) = self.0.get_mut(budget as usize) {
            *place = quota;
        }
    }
}

impl Default for Budgets {
    fn default() -> Self {
        Self(Budget::ALL.iter().map(|budget| budget.default_text().parse().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_budget_has_a_name_and_a_quota() {
        let budgets = Budgets::default();
        for budget in Budget::ALL {
            assert_eq!(budget.as_str().parse(), Ok(*budget));
            let quota = budgets.quota(*budget).unwrap_or_else(|| panic!("{budget} allows nothing"));
            assert_eq!(Ok(quota), budget.default_text().parse());
        }
        let said = "adress_reads".parse::<Budget>().unwrap_err().to_string();
        assert!(said.contains("adress_reads") && said.contains("address_reads, address_writes"), "{said}");
    }

    #[test]
    fn one_budget_is_set_without_the_others() {
        let mut budgets = Budgets::default();
        budgets.set(Budget::Admin, None);
        assert_eq!(budgets.quota(Budget::Admin), None);
        budgets.set(Budget::Admin, "5000/h".parse().ok());
        assert_eq!(budgets, Budgets::default());
    }

    #[test]
    fn no_two_budgets_share_a_key() {
        assert_eq!(Budget::LoginAddress.key("192.0.2.1"), "login_address:192.0.2.1");
        let keys: std::collections::BTreeSet<String> =
            Budget::ALL.iter().map(|budget| budget.key("x")).collect();
        assert_eq!(keys.len(), Budget::ALL.len());
    }
}
