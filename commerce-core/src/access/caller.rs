//! Who asks for something, and whether they may.

use serde::{Deserialize, Serialize};

use super::{ApiKey, Permission, Role};
use crate::account::{Account, Session};
use crate::audit::Actor;
use crate::{CustomerId, KeyId, SellerId, SessionId};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// Nobody that we know: a shopper without an account.
    Guest,
    /// Somebody with an account who is logged in.
    Account {
        /// Their account.
        id: CustomerId,
        /// What they are.
        role: Role,
        /// As whom they sell, when they are a merchant.
        seller: Option<SellerId>,
        /// The session that they ask in.
        session: SessionId,
    },
    /// A program.
    Program {
        /// Its key.
        id: KeyId,
        /// What the key lets it do.
        permissions: Vec<Permission>,
        /// The account that answers for it.
        account: Option<CustomerId>,
    },
    /// Whoever holds the token of the configuration: the way in when no administrator can log in. May do everything.
    Operator {
        /// By which name audit rows call them.
        name: String,
    },
}

impl Caller {
    /// Whoever asks in this session, as the account is now.
    #[must_use]
    pub fn of(account: &Account, session: &Session) -> Self {
        let seller = account.seller.filter(|_| account.role == Role::Merchant);
        Self::Account { id: account.id, role: account.role, seller, session: session.id }
    }

    /// The program that has this key, with all that the key says.
    #[must_use]
    pub fn with_key(key: &ApiKey) -> Self {
        Self::Program { id: key.id, permissions: key.permissions.clone(), account: key.account }
    }

    /// Whether they may do this. A merchant may with what is their own: see [`seller`](Self::seller).
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::Guest => false,
            Self::Account { role, .. } => role.permissions().contains(&permission),
            Self::Program { permissions, .. } => permissions.contains(&permission),
            Self::Operator { .. } => true,
        }
    }

    /// To whose products, stock and order lines all that they may do is limited; `None`: to nobody's.
    #[must_use]
    pub fn seller(&self) -> Option<SellerId> {
        match self {
            Self::Account { role: Role::Merchant, seller, .. } => {
                // A merchant who sells as nobody is limited to what nobody sells.
                Some(seller.unwrap_or(SellerId(uuid::Uuid::nil())))
            }
            _ => None,
        }
    }

    /// Their account, when they have one.
    #[must_use]
    pub fn account(&self) -> Option<CustomerId> {
        match self {
            Self::Account { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The account that answers for what they set up: their own, or the one that answers for their key.
    #[must_use]
    pub fn answered_for_by(&self) -> Option<CustomerId> {
        match self {
            Self::Program { account, .. } => *account,
            _ => self.account(),
        }
    }

    /// As whom they act on what is not their own; a customer acts as one.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Guest => Actor::Guest,
            Self::Account { id, role: Role::Customer, .. } => Actor::Customer(*id),
            Self::Account { id, .. } => Actor::Staff(id.to_string()),
            Self::Program { id, .. } => Actor::Key(*id),
            Self::Operator { name } => Actor::Staff(name.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(role: Role, seller: Option<SellerId>) -> Caller {
        let id = CustomerId(uuid::Uuid::from_u128(1));
        Caller::Account { id, role, seller, session: SessionId(uuid::Uuid::from_u128(2)) }
    }

    #[test]
    fn only_a_merchant_is_limited_to_what_is_their_own() {
        let seller = SellerId(uuid::Uuid::from_u128(3));
        assert_eq!(account(Role::Merchant, Some(seller)).seller(), Some(seller));
        assert_eq!(account(Role::Merchant, None).seller(), Some(SellerId(uuid::Uuid::nil())));
        assert_eq!(account(Role::Staff, Some(seller)).seller(), None);
        assert_eq!(Caller::Operator { name: "admin".to_owned() }.seller(), None);
    }

    #[test]
    fn a_program_may_what_its_key_says_and_nothing_else() {
        let id = KeyId(uuid::Uuid::from_u128(4));
        let program = Caller::Program { id, permissions: vec![Permission::OrdersRead], account: None };
        for permission in Permission::ALL {
            assert_eq!(program.may(*permission), *permission == Permission::OrdersRead);
            assert!(!Caller::Guest.may(*permission) && !account(Role::Customer, None).may(*permission));
        }
        assert_eq!(program.actor().to_string(), format!("key:{id}"));
        assert_eq!(program.actor().to_string().parse(), Ok(program.actor()));
    }
}
