//! What a decision changes about promotions and coupons.

use super::coupon::{Coupon, Redemption};
use crate::{OrderId, Timestamp};

/// Promotion changes of one change set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Coupons to insert. An existing code is [`Guard::Coupon`](crate::Guard::Coupon).
    pub issue: Vec<Coupon>,
    /// Coupons to write in place of those that were read, with the version that was. Another one, or none, is
    /// [`Guard::Coupon`](crate::Guard::Coupon). Code, promotion and making stay as they are.
    pub revise: Vec<(Coupon, u64)>,
    /// Uses to count, sorted by promotion: guarded deltas. A counter that is at its cap is
    /// [`Guard::PromotionUses`](crate::Guard::PromotionUses) or [`Guard::CouponUses`](crate::Guard::CouponUses).
    pub redeem: Vec<Redemption>,
    /// Orders whose uses are given back, with the time: once, however often it is asked for.
    pub release: Vec<(OrderId, Timestamp)>,
}
