//! Checkout: a cart becomes an order.
//!
//! Confirming is one look, one decision and one commit: the order with its frozen lines, the reservation of stock, the
//! payment attempt with our own reference, the closed cart, the record of the request and the event, all or none.
//!
//! What keeps it right when many confirm at once is in the change set, not in a lock held meanwhile:
//!
//! - the cart's version, and the unique key of the request: thirty repetitions of one confirm place one order, and the
//!   twenty-nine others find its record when they look again;
//! - for each variant and location a guarded delta: `reserved` rises while enough is free, so the last unit goes to
//!   whoever commits first and the next one is told that it is gone;
//! - the versions of the rulebook and of every product that was priced: a price that changed since the look makes the
//!   commit stale, the service prices anew, and the shopper is asked if the total is no longer the expected one.

mod error;
mod place;
mod service;

pub use error::ConfirmError;
pub use place::{Confirm, Placed, place_order};
pub use service::{Checkout, Confirmed};

#[cfg(all(test, feature = "testkit"))]
mod tests;
