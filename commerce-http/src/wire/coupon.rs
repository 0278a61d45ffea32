//! Coupons and trials of promotions on the wire.

use commerce_core::promotion::{CouponChange, CouponCode, CouponState, NewCoupon, Promotions, Trial};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use serde::{Deserialize, Serialize};

use super::time::Instant;
use super::{Check, MoneyDto, OrNull, Problem};

/// A coupon.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Coupon")]
pub(crate) struct CouponDto {
    /// Its code, unique in the shop.
    code: String,
    /// The code of the promotion that it is for.
    promotion: String,
    /// When it begins; null: at once.
    from: OrNull<Instant>,
    /// When it is over; null: never.
    until: OrNull<Instant>,
    /// How many orders may use it; null: as many as the promotion allows.
    uses_max: OrNull<u64>,
    /// How many orders of one customer may.
    customer_uses_max: OrNull<u64>,
    /// How many orders used it; those that were cancelled do not count.
    uses: u64,
    /// When the shop ended it.
    ended_at: OrNull<Instant>,
    /// When it was made.
    created_at: Instant,
    /// 1 at first, one more with each change; uses do not count as one.
    version: u64,
}

impl From<CouponState> for CouponDto {
    fn from(state: CouponState) -> Self {
        let CouponState { coupon, uses, .. } = state;
        Self {
            code: coupon.code.to_string(),
            promotion: coupon.promotion,
            from: OrNull::of(coupon.from),
            until: OrNull::of(coupon.until),
            uses_max: OrNull(coupon.uses_max),
            customer_uses_max: OrNull(coupon.customer_uses_max),
            uses,
            ended_at: OrNull::of(coupon.ended_at),
            created_at: coupon.created_at.into(),
            version: coupon.version,
        }
    }
}

/// Coupons by code.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "CouponPage")]
pub(crate) struct CouponPageDto {
    /// The coupons.
    pub(crate) results: Vec<CouponDto>,
    /// Where the rest is, as a relative link with the same filters; null when this is all.
    pub(crate) next: OrNull<String>,
}

/// Makes a coupon.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewCoupon", deny_unknown_fields)]
pub(crate) struct NewCouponBody {
    /// Its code: 3 to 64 letters, digits, hyphens, underscores and full stops; case and spaces do not count.
    code: String,
    /// The code of the promotion that it is for.
    promotion: String,
    /// When it begins; absent: at once.
    from: Option<Instant>,
    /// When it is over; absent: never.
    until: Option<Instant>,
    /// How many orders may use it; absent: as many as the promotion allows.
    uses_max: Option<u64>,
    /// How many orders of one customer may.
    customer_uses_max: Option<u64>,
}

impl NewCouponBody {
    pub(crate) fn command(self) -> Result<(CouponCode, NewCoupon), Problem> {
        let mut check = Check::default();
        let code = check.parse::<CouponCode>("/code", &self.code);
        let code = check.finish(code)?;
        let Self { promotion, from, until, uses_max, customer_uses_max, .. } = self;
        Ok((code, new(promotion, from, until, uses_max, customer_uses_max)))
    }
}

/// What is to be changed of a coupon; what is left out stays.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "CouponChange", deny_unknown_fields)]
pub(crate) struct CouponChangeBody {
    /// When it begins; null: at once.
    #[serde(default)]
    from: MaybeUndefined<Instant>,
    /// When it is over; null: never.
    #[serde(default)]
    until: MaybeUndefined<Instant>,
    /// How many orders may use it; null: as many as the promotion allows. Below `uses` no further order uses it.
    #[serde(default)]
    uses_max: MaybeUndefined<u64>,
    /// How many orders of one customer may; null: any number.
    #[serde(default)]
    customer_uses_max: MaybeUndefined<u64>,
    /// Only if the coupon is at this version.
    pub(crate) version: Option<u64>,
}

impl CouponChangeBody {
    pub(crate) fn command(self) -> CouponChange {
        fn change<T, U>(value: MaybeUndefined<T>, of: fn(T) -> U) -> Option<Option<U>> {
            match value {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(value) => Some(Some(of(value))),
            }
        }
        CouponChange {
            from: change(self.from, |instant| instant.0),
            until: change(self.until, |instant| instant.0),
            uses_max: change(self.uses_max, |most| most),
            customer_uses_max: change(self.customer_uses_max, |most| most),
        }
    }
}

/// Makes many coupons with codes that nobody can guess.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "GenerateCoupons", deny_unknown_fields)]
pub(crate) struct GenerateBody {
    /// The code of the promotion that they are for.
    promotion: String,
    /// How many: 1 to 10,000.
    #[oai(validator(minimum(value = "1"), maximum(value = "10000")))]
    count: u32,
    /// What their codes begin with.
    #[serde(default)]
    #[oai(default)]
    prefix: String,
    /// When they begin; absent: at once.
    from: Option<Instant>,
    /// When they are over; absent: never.
    until: Option<Instant>,
    /// How many orders may use each; absent: as many as the promotion allows.
    uses_max: Option<u64>,
    /// How many orders of one customer may use each.
    customer_uses_max: Option<u64>,
}

impl GenerateBody {
    pub(crate) fn command(self) -> Result<(u32, String, NewCoupon), Problem> {
        let Self { promotion, count, prefix, from, until, uses_max, customer_uses_max } = self;
        if !(1..=Promotions::ISSUE_MAX).contains(&count) {
            return Err(Problem::field("/count", "out-of-range", "must be from 1 to 10000"));
        }
        Ok((count, prefix, new(promotion, from, until, uses_max, customer_uses_max)))
    }
}

fn new(
    promotion: String,
    from: Option<Instant>,
    until: Option<Instant>,
    uses_max: Option<u64>,
    customer_uses_max: Option<u64>,
) -> NewCoupon {
    let at = |instant: Option<Instant>| instant.map(|instant| instant.0);
    NewCoupon { promotion, from: at(from), until: at(until), uses_max, customer_uses_max }
}

/// The coupons that were made.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "GeneratedCoupons")]
pub(crate) struct GeneratedDto {
    /// The code of the promotion that they are for.
    pub(crate) promotion: String,
    /// Their codes.
    pub(crate) codes: Vec<String>,
}

/// What a promotion would have done to the carts of the last days.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Trial")]
pub(crate) struct TrialDto {
    /// How many carts were looked at, those that became orders included.
    carts: u64,
    /// Whether there were more than were looked at.
    truncated: bool,
    /// To how many of them it would have applied.
    applied: u64,
    /// What it would have taken off, in all.
    discount: MoneyDto,
    /// What all those carts come to by the rules in force.
    total_before: MoneyDto,
    /// What they would have come to.
    total_after: MoneyDto,
    /// Why it would not have applied to the others, the most frequent reason first.
    reasons: Vec<ReasonCountDto>,
}

/// A reason, and how often it was one.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ReasonCount")]
pub(crate) struct ReasonCountDto {
    /// The reason by its stable name: `subtotal-too-low`.
    reason: String,
    /// To how many carts it applies.
    carts: u64,
}

impl From<Trial> for TrialDto {
    fn from(trial: Trial) -> Self {
        let Trial { carts, truncated, applied, discount, total_before, total_after, reasons } = trial;
        let reason = |(reason, carts): (&str, u64)| ReasonCountDto { reason: reason.to_owned(), carts };
        Self {
            carts,
            truncated,
            applied,
            discount: discount.into(),
            total_before: total_before.into(),
            total_after: total_after.into(),
            reasons: reasons.into_iter().map(reason).collect(),
        }
    }
}
