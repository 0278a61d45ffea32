//! What a decision about somebody's belongings looks at.

use crate::account::Account;
use crate::customer::{Address, Email};
use crate::order::OrderState;
use crate::promotion::CustomerKey;
use crate::review::{Report, Shown};
use crate::{CartId, CustomerId, OrderId, ReviewId, Timestamp};

/// What to read, in one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whose.
    pub account: CustomerId,
    /// The key of the address that guest orders may have been placed with.
    pub key: CustomerKey,
}

/// What a decision sees: all read in one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The store's time of the look.
    pub now: Timestamp,
    /// The account.
    pub account: Option<Account>,
    /// Its orders, and those of nobody that have the key, by id.
    pub orders: Vec<KnownOrder>,
    /// The carts of the account, those of nobody that have the key, and those of the orders, with the version of each, by id.
    pub carts: Vec<(CartId, u64)>,
    /// The reviews of the account, deleted ones too, by id.
    pub reviews: Vec<Shown>,
    /// What the account has voted on reviews: whether each was helpful, by review.
    pub votes: Vec<(ReviewId, bool)>,
    /// What it has reported, by review.
    pub reports: Vec<Report>,
}

/// What is to be known of an order here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownOrder {
    /// Its id.
    pub id: OrderId,
    /// How far it has got.
    pub status: OrderState,
    /// Whose it is.
    pub customer: Option<CustomerId>,
    /// Where its confirmation went.
    pub email: Email,
    /// Where its goods went.
    pub shipping_address: Option<Address>,
    /// Where its bill went.
    pub billing_address: Option<Address>,
}

impl View {
    /// The orders of the account, and those that a guest placed with its address, by id.
    pub(super) fn of<'v>(&'v self, account: &Account) -> impl Iterator<Item = &'v KnownOrder> {
        let (id, key) = (account.id, CustomerKey::of_email(&account.email));
        self.orders.iter().filter(move |order| match order.customer {
            Some(customer) => customer == id,
            None => CustomerKey::of_email(&order.email) == key,
        })
    }

    /// The orders that a guest placed with the address of the account. Stores find them by a hash; what counts is the
    /// address.
    pub(super) fn of_a_guest<'v>(&'v self, account: &Account) -> impl Iterator<Item = &'v KnownOrder> {
        self.of(account).filter(|order| order.customer.is_none())
    }
}
