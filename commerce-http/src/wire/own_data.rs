//! What the shop knows of somebody, on the wire.

use commerce_core::SessionId;
use commerce_core::account::EmailChange;
use commerce_core::cart::PricedCart;
use commerce_core::personal::Export;
use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account::SessionDto;
use super::{
    CartDto, Instant, OrNull, OrderDto, OwnReportDto, OwnVoteDto, ReviewDto, SavedAddressDto, SessionsDto,
    UserDto, ViewedDto, WishDto,
};

/// The password of whoever leaves.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "EraseAccount", deny_unknown_fields)]
pub(crate) struct EraseBody {
    /// The present password.
    pub(crate) password: String,
}

/// Orders that became somebody's.
#[derive(Serialize, Object)]
#[oai(rename = "ClaimedOrders")]
pub(crate) struct ClaimedDto {
    /// Which; none when there was nothing left to claim.
    pub(crate) orders: Vec<Uuid>,
}

/// A change of an e-mail address that waits to be confirmed at both.
#[derive(Serialize, Object)]
#[oai(rename = "EmailChangeWaiting")]
pub(crate) struct EmailChangeDto {
    /// The new address.
    new_email: String,
    /// When it was asked for.
    asked_at: Instant,
    /// Until when it can be confirmed.
    expires_at: Instant,
    /// Whether it was confirmed at the address of before.
    old_confirmed: bool,
    /// Whether it was confirmed at the new one.
    new_confirmed: bool,
}

impl From<&EmailChange> for EmailChangeDto {
    fn from(change: &EmailChange) -> Self {
        let EmailChange { email, asked_at, expires_at, old_confirmed, new_confirmed } = change;
        Self {
            new_email: email.to_string(),
            asked_at: (*asked_at).into(),
            expires_at: (*expires_at).into(),
            old_confirmed: *old_confirmed,
            new_confirmed: *new_confirmed,
        }
    }
}

/// All that the shop knows of somebody.
#[derive(Serialize, Object)]
#[oai(rename = "OwnData")]
pub(crate) struct OwnDataDto {
    /// When it was put together.
    exported_at: Instant,
    /// The account.
    profile: UserDto,
    /// A change of its e-mail address that waits to be confirmed.
    email_change: OrNull<EmailChangeDto>,
    /// Its addresses, the oldest first.
    addresses: Vec<SavedAddressDto>,
    /// Its sessions that go on, the oldest first.
    sessions: Vec<SessionDto>,
    /// Its orders, and those that a guest placed with its confirmed address, with their line items and payments, the newest
    /// first.
    orders: Vec<OrderDto>,
    /// Its reviews, those that it deleted too, the oldest first.
    reviews: Vec<ReviewDto>,
    /// What it has voted on reviews.
    review_votes: Vec<OwnVoteDto>,
    /// What it has reported of reviews.
    review_reports: Vec<OwnReportDto>,
    /// Its cart.
    cart: CartDto,
    /// Its wishlist, the newest first.
    wishlist: Vec<WishDto>,
    /// The products that it looked at, the last first.
    recently_viewed: Vec<ViewedDto>,
}

impl OwnDataDto {
    /// As it is asked for in one of the sessions of the account.
    pub(crate) fn new(export: &Export, current: SessionId, cart: &PricedCart) -> Self {
        let Export { at, account, addresses, sessions, orders, reviews, votes, reports, wishlist, viewed } =
            export;
        Self {
            exported_at: (*at).into(),
            profile: account.into(),
            email_change: OrNull::of(account.email_change.as_ref()),
            addresses: addresses.iter().map(Into::into).collect(),
            sessions: SessionsDto::new(sessions, current).results,
            orders: orders.iter().map(OrderDto::new).collect(),
            reviews: reviews.iter().map(ReviewDto::new).collect(),
            review_votes: votes.iter().map(Into::into).collect(),
            review_reports: reports.iter().map(Into::into).collect(),
            cart: CartDto::new(cart),
            wishlist: wishlist.iter().map(Into::into).collect(),
            recently_viewed: viewed.iter().map(Into::into).collect(),
        }
    }
}
