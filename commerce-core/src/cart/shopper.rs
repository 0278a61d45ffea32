//! Whose cart it is.

use super::{Cart, CartToken, TokenHash};
use crate::account::Account;
use crate::customer::Email;
use crate::promotion::CustomerKey;
use crate::{CustomerId, Ids, Timestamp};

/// Who asks for a cart, and so which one.
///
/// A guest has the cart of the token that they show. Somebody with an account has one cart, whatever they ask with: it is
/// reached by the account alone, and no token opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shopper {
    /// Somebody who shows nothing: the first thing that they put into a cart makes one, and a token for it.
    Newcomer,
    /// A guest, by the token of their cart.
    Guest(TokenHash),
    /// Somebody with an account.
    Member(Box<Member>),
}

/// Somebody with an account, as far as their cart depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Their account.
    pub account: CustomerId,
    /// The address that they were seen to receive mail at: the confirmations of their orders go there, and the uses of
    /// promotions are counted for it, those of the time before they had an account included.
    pub email: Email,
    /// The customer group that they are in.
    pub groups: Vec<String>,
}

impl Shopper {
    /// The hash by which their cart is found; `None`: they have none yet.
    #[must_use]
    pub fn key(&self) -> Option<TokenHash> {
        match self {
            Self::Newcomer => None,
            Self::Guest(token) => Some(*token),
            Self::Member(member) => Some(member.key()),
        }
    }

    /// Whose uses and orders count for what the cart costs, where that is not for the cart to say.
    #[must_use]
    pub fn customer(&self) -> Option<CustomerKey> {
        match self {
            Self::Newcomer | Self::Guest(_) => None,
            Self::Member(member) => Some(CustomerKey::of_email(&member.email)),
        }
    }

    pub(super) fn groups(&self) -> Vec<String> {
        match self {
            Self::Newcomer | Self::Guest(_) => Vec::new(),
            Self::Member(member) => member.groups.clone(),
        }
    }

    /// A cart for them, and the token of it when they have nothing else to show.
    pub(super) fn new_cart(&self, now: Timestamp, ids: &mut Ids) -> (Cart, Option<CartToken>) {
        match self {
            Self::Newcomer => {
                let token = CartToken::from_bytes(ids.bytes());
                (Cart::new(ids.fresh(), token.hash(), now), Some(token))
            }
            Self::Guest(token) => (Cart::new(ids.fresh(), *token, now), None),
            Self::Member(member) => (member.new_cart(now, ids), None),
        }
    }
}

impl Member {
    /// The hash by which the cart of the account is found. What it is made of is longer than any token, so none has it.
    #[must_use]
    pub fn key(&self) -> TokenHash {
        TokenHash::of(format!("the cart of account {}", self.account).as_bytes())
    }

    /// The cart as it is theirs: with their present address; emptied when it was forgotten for too long.
    pub(super) fn own(&self, cart: &Cart, now: Timestamp) -> Cart {
        let kept = if cart.expires_at > now {
            cart.clone()
        } else {
            let Cart { id, token, created_at, updated_at, expires_at, version, .. } = *cart;
            Cart { id, created_at, updated_at, expires_at, version, ..Cart::new(id, token, now) }
        };
        self.named(kept)
    }

    pub(super) fn new_cart(&self, now: Timestamp, ids: &mut Ids) -> Cart {
        self.named(Cart::new(ids.fresh(), self.key(), now))
    }

    fn named(&self, cart: Cart) -> Cart {
        Cart { customer: Some(self.account), email: Some(self.email.clone()), ..cart }
    }
}

impl From<&Account> for Member {
    fn from(account: &Account) -> Self {
        Self {
            account: account.id,
            email: account.email.clone(),
            groups: account.customer_group.iter().cloned().collect(),
        }
    }
}

impl From<Member> for Shopper {
    fn from(member: Member) -> Self {
        Self::Member(Box::new(member))
    }
}

impl From<&Account> for Shopper {
    fn from(account: &Account) -> Self {
        Member::from(account).into()
    }
}

impl From<TokenHash> for Shopper {
    fn from(token: TokenHash) -> Self {
        Self::Guest(token)
    }
}

impl From<&CartToken> for Shopper {
    fn from(token: &CartToken) -> Self {
        Self::Guest(token.hash())
    }
}

impl From<Option<&CartToken>> for Shopper {
    fn from(token: Option<&CartToken>) -> Self {
        token.map_or(Self::Newcomer, Self::from)
    }
}
