//! Promotions: reductions that the shop gives by rule, to everybody or for a coupon.
//!
//! What a shop writes is a [`Promotion`]: conditions, targets, an action with its scope, limits. It is read once for each
//! version of the rulebook (`compile`), filed under what it cannot do without (`index`), and applied in turn (`apply`): is
//! it due (`condition`), what would it take off (`effect`, `buy_get`), and what does that leave (`state`). Whatever does
//! not apply has a [`Reason`].

mod apply;
mod buy_get;
mod changes;
mod compile;
mod condition;
mod coupon;
mod effect;
mod index;
mod reason;
mod service;
mod state;
mod tally;
mod types;

pub use changes::Changes;
pub use coupon::{Coupon, CouponCode, CouponCodeError, CouponState, CustomerKey, Redemption};
pub use reason::Reason;
pub use service::{CouponChange, CouponChanged, CouponError, Issued, NewCoupon, Promotions, Trial};
pub use tally::{Counter, Tally};
pub use types::{
    Action, BuyGet, Condition, Limits, Promotion, Reduction, Scope, Subtotal, Tier, TierMeasure, Tiers, Units,
};

pub(crate) use apply::{apply, settle_exclusive};
pub(crate) use compile::{Compiled, Context, Phase, compile};
pub(crate) use index::Index;
pub(crate) use state::{Item, Place, State};
