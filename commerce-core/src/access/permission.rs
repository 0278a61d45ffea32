//! What somebody may do in the back office, and what each role may.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)+) => {
        /// Something that not everybody may do. What shoppers do with what is their own needs none.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Permission {
            $($(#[doc = $doc])* $name,)+
        }

        impl Permission {
            /// Every permission, in the order in which they are listed.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name: `orders.refund`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// What it lets its holder do.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),*).trim_ascii(),)+
                }
            }
        }
    };
}

permissions! {
    /// See products that are not on sale, and what they cost the shop.
    CatalogRead = "catalog.read";
    /// Make, change, import and remove products.
    CatalogWrite = "catalog.write";
    /// See stock by location.
    InventoryRead = "inventory.read";
    /// Count, move and receive stock.
    InventoryWrite = "inventory.write";
    /// See orders of all shoppers.
    OrdersRead = "orders.read";
    /// Move orders on: accept, ship, deliver, note.
    OrdersWrite = "orders.write";
    /// Call orders off for a shopper.
    OrdersCancel = "orders.cancel";
    /// Pay money back.
    OrdersRefund = "orders.refund";
    /// See payment attempts, the money journal and what gateways told.
    PaymentsRead = "payments.read";
    /// Record money that was collected by hand.
    PaymentsCollect = "payments.collect";
    /// Say what becomes of money that counts towards no order.
    PaymentsResolve = "payments.resolve";
    /// See promotions, tax, shipping and prices as they are in force.
    RulesRead = "rules.read";
    /// Change promotions, tax, shipping and prices.
    RulesWrite = "rules.write";
    /// See coupons.
    CouponsRead = "coupons.read";
    /// Make and end coupons.
    CouponsWrite = "coupons.write";
    /// See accounts and their addresses.
    CustomersRead = "customers.read";
    /// Deactivate accounts of customers, and put them into customer groups.
    CustomersWrite = "customers.write";
    /// Say who is a merchant, staff or an administrator, and deactivate them.
    RolesWrite = "roles.write";
    /// See the keys of programs.
    KeysRead = "keys.read";
    /// Make and revoke keys of programs.
    KeysWrite = "keys.write";
    /// See who did what.
    AuditRead = "audit.read";
    /// See reviews that wait, and decide whether shoppers see a review.
    ReviewsModerate = "reviews.moderate";
    /// See figures and reports.
    AnalyticsRead = "analytics.read";
    /// See settings, jobs and the state of the store.
    SettingsRead = "settings.read";
    /// Change settings.
    SettingsWrite = "settings.write";
}

/// The text names no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a permission such as orders.read")]
pub struct PermissionError;

impl FromStr for Permission {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or(PermissionError)
    }
}

impl TryFrom<String> for Permission {
    type Error = PermissionError;

    fn try_from(text: String) -> Result<Self, PermissionError> {
        text.parse()
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.as_str().to_owned()
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an account is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Shops.
    #[default]
    Customer,
    /// Sells products of their own through the shop: what they may do concerns these alone.
    Merchant,
    /// Works for the shop.
    Staff,
    /// Runs the shop.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Merchant, Self::Staff, Self::Admin];

    /// Its name: `staff`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Merchant => "merchant",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }

    /// What the role may do: the table.
    #[must_use]
    pub fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Customer => &[],
            Self::Merchant => MERCHANT,
            Self::Staff => STAFF,
            Self::Admin => Permission::ALL,
        }
    }
}

const MERCHANT: &[Permission] = &[
    Permission::CatalogRead,
    Permission::CatalogWrite,
    Permission::InventoryRead,
    Permission::InventoryWrite,
    Permission::OrdersRead,
    Permission::AnalyticsRead,
];

const STAFF: &[Permission] = &[
    Permission::CatalogRead,
    Permission::CatalogWrite,
    Permission::InventoryRead,
    Permission::InventoryWrite,
    Permission::OrdersRead,
    Permission::OrdersWrite,
    Permission::OrdersCancel,
    Permission::OrdersRefund,
    Permission::PaymentsRead,
    Permission::PaymentsCollect,
    Permission::RulesRead,
    Permission::CouponsRead,
    Permission::CouponsWrite,
    Permission::CustomersRead,
    Permission::ReviewsModerate,
    Permission::AnalyticsRead,
    Permission::SettingsRead,
];

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role: customer, merchant, staff or admin")]
pub struct RoleError;

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(RoleError)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse::<Permission>(), Ok(*permission));
            assert!(permission.meaning().ends_with('.'), "{permission}");
            assert!(!permission.meaning().starts_with(' '), "{permission}");
        }
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>(), Ok(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{role}\""));
        }
        assert!("orders.".parse::<Permission>().is_err() && "root".parse::<Role>().is_err());
    }

    #[test]
    fn a_higher_role_may_all_that_a_lower_one_may() {
        for pair in Role::ALL.windows(2) {
            let (lower, higher) = (pair[0].permissions(), pair[1].permissions());
            assert!(lower.iter().all(|permission| higher.contains(permission)), "{} {}", pair[0], pair[1]);
            assert!(lower.len() < higher.len());
        }
    }

    #[test]
    fn staff_make_nobody_mightier() {
        for permission in [
            Permission::RolesWrite,
            Permission::KeysWrite,
            Permission::CustomersWrite,
            Permission::SettingsWrite,
        ] {
            assert!(!Role::Staff.permissions().contains(&permission), "{permission}");
        }
    }
}
