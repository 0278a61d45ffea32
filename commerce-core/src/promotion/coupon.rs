//! Coupons: codes by which shoppers take promotions.

use sha2::{Digest, Sha256};

use super::reason::Reason;
use crate::customer::Email;
use crate::text::{has_control, text_type};
use crate::{AuditId, Ids, Money, OrderId, Timestamp};

/// Why a text is not a coupon code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a coupon code has 3 to 64 letters, digits, hyphens, underscores or full stops")]
pub struct CouponCodeError;

text_type! {
    /// The code of a coupon: 3 to 64 letters, digits, hyphens, underscores and full stops.
    ///
    /// Shoppers type codes as they please, so case and white space do not count: `" welcome 10"` is `WELCOME10`.
    CouponCode, CouponCodeError, |text| {
        let kept: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
        let right = kept.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if right && (3..=64).contains(&kept.chars().count()) && !has_control(text) { Ok(kept) } else { Err(CouponCodeError) }
    }
}

impl CouponCode {
    /// Random characters of a generated code, each one of 32: 60 bits. Where 10,000 codes are live, whoever tries a
    /// thousand a second for a year, 3.15 × 10^10 in all, finds one with a probability of about
    /// 3.15 × 10^10 × 10^4 / 32^12, or 1 in 3,700; with ten tries a second, 1 in 370,000.
    pub const RANDOM_LENGTH: usize = 12;

    /// A fresh code that nobody can guess, after the prefix: `EASTER-7H2K-9QWD-M3XR`.
    ///
    /// # Errors
    /// When the prefix is no part of a code, or too long.
    pub fn generate(prefix: &str, ids: &mut Ids) -> Result<Self, CouponCodeError> {
        let random = ids.code(Self::RANDOM_LENGTH);
        let (first, rest) = random.split_at(4);
        let (second, third) = rest.split_at(4);
        let separator = if prefix.is_empty() { "" } else { "-" };
        format!("{prefix}{separator}{first}-{second}-{third}").parse()
    }
}

/// A coupon.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Coupon {
    /// Its code, unique in the shop.
    pub code: CouponCode,
    /// The code of the promotion that it is for.
    pub promotion: String,
    /// When it begins; absent: at once.
    pub from: Option<Timestamp>,
    /// When it is over; absent: never.
    pub until: Option<Timestamp>,
    /// How many orders may use it; absent: as many as the promotion allows.
    pub uses_max: Option<u64>,
    /// How many orders of one customer may.
    pub customer_uses_max: Option<u64>,
    /// When the shop ended it.
    pub ended_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The audit row that tells of its making; those that were made together have the same.
    pub issued_by: Option<AuditId>,
    /// 1 at first, one more with each change; uses do not count as one.
    pub version: u64,
}

/// A coupon with how often it was used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CouponState {
    /// The coupon.
    pub coupon: Coupon,
    /// How many orders used it; those that were cancelled do not count.
    pub uses: u64,
    /// How many orders of the customer in question did.
    pub customer_uses: u64,
}

impl CouponState {
    /// Why the coupon cannot be used now, whatever is in the cart.
    #[must_use]
    pub fn refusal(&self, now: Timestamp) -> Option<Reason> {
        let Coupon { from, until, uses_max, customer_uses_max, ended_at, .. } = &self.coupon;
        if ended_at.is_some() || until.is_some_and(|until| now >= until) {
            return Some(Reason::Ended);
        }
        if let Some(from) = from.filter(|from| now < *from) {
            return Some(Reason::NotStarted(from));
        }
        if uses_max.is_some_and(|most| self.uses >= most) {
            return Some(Reason::UsesSpent);
        }
        customer_uses_max.is_some_and(|most| self.customer_uses >= most).then_some(Reason::CustomerUsesSpent)
    }
}

/// Whom the uses of a promotion are counted for: the hash of an e-mail address, without regard to case, or of a customer's
/// id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerKey(pub [u8; 32]);

impl CustomerKey {
    /// The key of a guest.
    #[must_use]
    pub fn of_email(email: &Email) -> Self {
        Self(Sha256::digest(format!("email:{}", crate::fold(email.as_str()))).into())
    }
}

/// The use of a promotion by an order, counted in the commit that places it.
///
/// The caps are those that the decision knew; each is a guarded delta: the use counts only while the counter is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// Which order.
    pub order: OrderId,
    /// The code of the promotion.
    pub promotion: String,
    /// The coupon that was taken.
    pub coupon: Option<CouponCode>,
    /// By whom.
    pub customer: CustomerKey,
    /// What the promotion took off the order; not negative.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// At most so many orders use the promotion.
    pub uses_max: Option<u64>,
    /// At most so many orders of the customer do.
    pub customer_uses_max: Option<u64>,
    /// At most so much, in minor units, does it take off all orders.
    pub budget: Option<i64>,
    /// At most so many orders use the coupon.
    pub coupon_uses_max: Option<u64>,
    /// At most so many orders of the customer do.
    pub coupon_customer_uses_max: Option<u64>,
}

impl Redemption {
    /// The use as stores tell of it: the limits are those of the decision and are not kept.
    #[must_use]
    pub fn without_limits(self) -> Self {
        Self {
            uses_max: None,
            customer_uses_max: None,
            budget: None,
            coupon_uses_max: None,
            coupon_customer_uses_max: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_compared_without_case_and_space() {
        for text in ["welcome10", " WELCOME 10 ", "WelCome10"] {
            assert_eq!(text.parse::<CouponCode>().unwrap().as_str(), "WELCOME10");
        }
        for text in ["", "AB", "A B", "CODE%", "a\0bc", &"X".repeat(65)] {
            assert!(text.parse::<CouponCode>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_generated_code_is_one_and_never_the_same() {
        let mut ids = Ids::new([1; 32], Timestamp::from_micros(0).unwrap());
        let code = CouponCode::generate("EASTER", &mut ids).unwrap();
        assert!(code.as_str().starts_with("EASTER-") && code.as_str().len() == 7 + 14, "{code}");
        assert_ne!(code, CouponCode::generate("EASTER", &mut ids).unwrap());
        assert!(CouponCode::generate("no spaces?", &mut ids).is_err());
    }
}
