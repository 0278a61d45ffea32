//! What the shop knows of somebody, on the wire.

use commerce_core::account::{Account, SavedAddress, Session};
use commerce_core::cart::PricedCart;
use commerce_core::{SessionId, Timestamp};
use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account::SessionDto;
use super::{CartDto, Instant, OrderDto, SavedAddressDto, SessionsDto, UserDto};

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

/// All that the shop knows of somebody.
#[derive(Serialize, Object)]
#[oai(rename = "OwnData")]
pub(crate) struct OwnDataDto {
    /// When it was put together.
    exported_at: Instant,
    /// The account.
    profile: UserDto,
    /// Its addresses, the oldest first.
    addresses: Vec<SavedAddressDto>,
    /// Its sessions that go on, the oldest first.
    sessions: Vec<SessionDto>,
    /// Its orders with their line items and payments, the newest first.
    orders: Vec<OrderDto>,
    /// Its cart.
    cart: CartDto,
}

impl OwnDataDto {
    /// Of this account, as it is asked for in one of its sessions.
    pub(crate) fn new(
        account: &Account,
        now: Timestamp,
        (addresses, sessions, current): (&[SavedAddress], &[Session], SessionId),
        orders: Vec<OrderDto>,
        cart: &PricedCart,
    ) -> Self {
        Self {
            exported_at: now.into(),
            profile: account.into(),
            addresses: addresses.iter().map(Into::into).collect(),
            sessions: SessionsDto::new(sessions, current).results,
            orders,
            cart: CartDto::new(cart),
        }
    }
}
