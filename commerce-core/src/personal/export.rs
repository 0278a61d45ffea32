//! What somebody is told of themselves.

use super::{KnownOrder, View};
use crate::account::{Account, SavedAddress, Session};
use crate::interest::{Viewed, Wished};
use crate::order::OrderView;
use crate::review::{Report, Shown};
use crate::{OrderId, ReviewId, Timestamp};

/// What the shop knows of somebody, beside their cart.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The store's time at which it was read.
    pub at: Timestamp,
    /// The account, with a change of address that waits to be confirmed.
    pub account: Account,
    /// Its addresses, by id.
    pub addresses: Vec<SavedAddress>,
    /// Its sessions that go on, by id.
    pub sessions: Vec<Session>,
    /// Its orders and those that a guest placed with its confirmed address, the newest first.
    pub orders: Vec<OrderView>,
    /// Its reviews, deleted ones too, the oldest first.
    pub reviews: Vec<Shown>,
    /// What it has voted on reviews: whether each was helpful.
    pub votes: Vec<(ReviewId, bool)>,
    /// What it has reported of reviews.
    pub reports: Vec<Report>,
    /// Its wishlist, the newest first.
    pub wishlist: Vec<Wished>,
    /// The products that it looked at, the last first.
    pub viewed: Vec<Viewed>,
}

/// Which orders tell of whoever has this account. Those of a guest do once somebody was seen to receive mail at the address.
pub(super) fn told(view: &View, account: &Account) -> Vec<OrderId> {
    let confirmed = account.email_verified_at.is_some();
    let theirs = |order: &&KnownOrder| order.customer.is_some() || confirmed;
    view.of(account).filter(theirs).map(|order| order.id).collect()
}
