//! What a decision changes about what belongs to whom.

use crate::customer::{Address, Email};
use crate::{CartId, CustomerId, OrderId};

/// Changes of one change set to what belongs to somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Orders that become somebody's.
    pub claim: Option<Claim>,
    /// Somebody who leaves.
    pub erase: Option<Erasure>,
}

/// Orders of guests that become those of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose they become.
    pub account: CustomerId,
    /// Which. One that is somebody's already is [`Guard::Order`](crate::Guard::Order).
    pub orders: Vec<OrderId>,
}

/// Somebody who leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The account, which is deleted with its sessions, links, addresses and what it likes.
    pub account: CustomerId,
    /// The version that was read. An account that is not at it, or has carts beside those that are named here, is
    /// [`Guard::Account`](crate::Guard::Account).
    pub version: u64,
    /// Carts with the version that each had: all that they say of a person goes, and their line items. One that is not at it
    /// is [`Guard::Cart`](crate::Guard::Cart).
    pub carts: Vec<(CartId, u64)>,
    /// Orders that become nobody's. Their payments lose the phone numbers, their line items the wishes.
    pub orders: Vec<Anonymised>,
    /// Mails to these addresses, sent or not, are deleted.
    pub mailed_to: Vec<Email>,
}

/// An order as it is when it is nobody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anonymised {
    /// Which order.
    pub id: OrderId,
    /// What stands in place of the e-mail address.
    pub email: Email,
    /// What stands in place of the shipping address.
    pub shipping_address: Option<Address>,
    /// What stands in place of the billing address.
    pub billing_address: Option<Address>,
}
