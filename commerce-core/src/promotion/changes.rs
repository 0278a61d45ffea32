//! What a decision changes about promotions and coupons.

use super::coupon::{Coupon, CouponCode, Redemption};
use crate::{OrderId, Timestamp};

/// Promotion changes of one change set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Coupons to insert. An existing code is [`Guard::Coupon`](crate::Guard::Coupon).
    pub issue: Vec<Coupon>,
    /// Coupons to end, with the time. One that is not there, or has ended already, is left as it is.
    pub end: Vec<(CouponCode, Timestamp)>,
    /// Uses to count, sorted by promotion: guarded deltas. A counter that is at its cap is
    /// [`Guard::PromotionUses`](crate::Guard::PromotionUses) or [`Guard::CouponUses`](crate::Guard::CouponUses).
    pub redeem: Vec<Redemption>,
    /// Orders whose uses are given back, with the time: once, however often it is asked for.
    pub release: Vec<(OrderId, Timestamp)>,
}
