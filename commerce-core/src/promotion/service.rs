//! Coupons, and what a promotion would have done: look, decide, commit.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::coupon::{Coupon, CouponCode, CouponCodeError, CouponState};
use super::types::Promotion;
use crate::attempts::{Attempts, Unsettled};
use crate::audit::{Actor, Entry};
use crate::cart::{self, Look};
use crate::commit::{ChangeSet, CommitError, Expect, Guard, StoreError};
use crate::engine::Parts;
use crate::pricing::{PricingError, RulebookError, RulesInForce, StoredRulebook, quote};
use crate::{CartId, Currency, Money, Timestamp};

/// The coupons of the shop, and trials of promotions; reached by [`Engine::promotions`](crate::Engine::promotions).
#[derive(Clone)]
pub struct Promotions {
    pub(crate) parts: Arc<Parts>,
}

/// Coupons to be made: all but their codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewCoupon {
    /// The code of the promotion that they are for.
    pub promotion: String,
    /// When they begin; absent: at once.
    pub from: Option<Timestamp>,
    /// When they are over; absent: never.
    pub until: Option<Timestamp>,
    /// How many orders may use each; absent: as many as the promotion allows.
    pub uses_max: Option<u64>,
    /// How many orders of one customer may.
    pub customer_uses_max: Option<u64>,
}

/// What a promotion would have done to the carts of some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// How many carts were looked at, those that became orders included; empty ones are not.
    pub carts: u64,
    /// Whether there were more than were looked at.
    pub truncated: bool,
    /// To how many of them it would have applied.
    pub applied: u64,
    /// What it would have taken off, in all.
    pub discount: Money,
    /// What all those carts come to by the rules in force.
    pub total_before: Money,
    /// What they would have come to.
    pub total_after: Money,
    /// Why it would not have applied to the others: each reason with how often, the most frequent first.
    pub reasons: Vec<(&'static str, u64)>,
}

/// Why coupons were not made, or a trial was not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CouponError {
    /// No promotion has this code, or it needs no coupon.
    #[error("there is no promotion `{0}` that needs a coupon")]
    UnknownPromotion(String),
    /// A code is taken.
    #[error("there is a coupon {0} already")]
    Exists(CouponCode),
    /// There is no such coupon.
    #[error("there is no such coupon")]
    NotFound,
    /// The prefix cannot begin a code.
    #[error(transparent)]
    Code(#[from] CouponCodeError),
    /// The time ends before it begins, or a limit is 0.
    #[error("{field} {reason}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The promotion that was to be tried is wrong.
    #[error("the promotion has {} error(s), the first at {}", .0.len(), .0.first().map_or_else(String::new, ToString::to_string))]
    Promotion(Vec<RulebookError>),
    /// Too many others changed the same at the same time.
    #[error("too many requests change the same at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Promotions {
    /// The most coupons that are made in one commit.
    pub const BATCH: usize = 1_000;
    /// The most coupons that one call makes.
    pub const GENERATE_MAX: u32 = 100_000;
    /// The most carts that a trial looks at.
    pub const TRIAL_MAX: u64 = 20_000;

    /// Makes a coupon with a code of the shop's own.
    ///
    /// # Errors
    /// [`CouponError::UnknownPromotion`], [`CouponError::Exists`], [`CouponError::Invalid`].
    pub async fn create(
        &self,
        code: CouponCode,
        new: &NewCoupon,
        actor: &Actor,
    ) -> Result<Coupon, CouponError> {
        new.check()?;
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let seen = self.known(&new.promotion).await?;
            let coupon = new.coupon(code.clone(), seen.now);
            let changes = self.issue(vec![coupon.clone()], actor, &seen);
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(coupon),
                Err(CommitError::Stale { guard: Guard::Coupon(code) }) => {
                    return Err(CouponError::Exists(code));
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Makes so many coupons with codes that nobody can guess, a thousand in each commit, and hands each thousand to
    /// `made`. When it stops half-way, what was handed out is there.
    ///
    /// # Errors
    /// [`CouponError::UnknownPromotion`], [`CouponError::Invalid`], [`CouponError::Code`] for a prefix that cannot begin a
    /// code.
    pub async fn generate(
        &self,
        count: u32,
        prefix: &str,
        new: &NewCoupon,
        actor: &Actor,
        mut made: impl FnMut(&[Coupon]) + Send,
    ) -> Result<(), CouponError> {
        new.check()?;
        if count == 0 || count > Self::GENERATE_MAX {
            return Err(CouponError::Invalid { field: "count", reason: "must be from 1 to 100000" });
        }
        let mut left = count as usize;
        let mut attempts = Attempts::new(&self.parts);
        while left > 0 {
            let seen = self.known(&new.promotion).await?;
            let mut ids = self.parts.ids(seen.now);
            let batch = (0..left.min(Self::BATCH))
                .map(|_| Ok(new.coupon(CouponCode::generate(prefix, &mut ids)?, seen.now)))
                .collect::<Result<Vec<_>, CouponCodeError>>()?;
            match self.parts.store.commit(&self.issue(batch.clone(), actor, &seen)).await {
                Ok(()) => {
                    left -= batch.len();
                    made(&batch);
                    attempts = Attempts::new(&self.parts);
                }
                // A code that is taken already is drawn anew with all of its batch.
                Err(error) => attempts.again(error).await?,
            }
        }
        Ok(())
    }

    /// Up to `limit` coupons after `after`, by code; of one promotion, or of all.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn coupons(
        &self,
        promotion: Option<String>,
        after: Option<CouponCode>,
        limit: u32,
    ) -> Result<Vec<CouponState>, StoreError> {
        self.parts.store.coupons(promotion, after, limit).await
    }

    /// A coupon.
    ///
    /// # Errors
    /// [`CouponError::NotFound`].
    pub async fn coupon(&self, code: &CouponCode) -> Result<CouponState, CouponError> {
        let look = Look { coupon: Some(code.clone()), ..Look::default() };
        let view = self.parts.store.cart(&look).await?;
        view.coupons.into_iter().find(|state| state.coupon.code == *code).ok_or(CouponError::NotFound)
    }

    /// Ends a coupon: no order uses it from now on. One that has ended stays as it is.
    ///
    /// # Errors
    /// [`CouponError::NotFound`].
    pub async fn end(&self, code: &CouponCode, actor: &Actor) -> Result<Coupon, CouponError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let look = Look { coupon: Some(code.clone()), ..Look::default() };
            let view = self.parts.store.cart(&look).await?;
            let state = view.coupons.into_iter().find(|state| state.coupon.code == *code);
            let mut coupon = state.ok_or(CouponError::NotFound)?.coupon;
            if coupon.ended_at.is_some() {
                return Ok(coupon);
            }
            coupon.ended_at = Some(view.now);
            let mut changes = ChangeSet::default();
            changes.promotion.end.push((code.clone(), view.now));
            changes.audit.push(Entry {
                id: self.parts.ids(view.now).fresh(),
                at: view.now,
                actor: actor.clone(),
                action: "coupon.end".to_owned(),
                target: format!("coupon:{code}"),
                data: json!({"promotion": coupon.promotion}),
            });
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(coupon),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// What the promotion would have done to the carts that changed since `since`, with everything else as it is in force.
    /// It takes the place of one of the same code. Nothing is changed by it; coupons and limits are not looked at.
    ///
    /// # Errors
    /// [`CouponError::Promotion`] names what is wrong with it.
    pub async fn try_out(&self, promotion: &Promotion, since: Duration) -> Result<Trial, CouponError> {
        let view = self.parts.store.cart(&Look::default()).await?;
        let now = self.parts.rulebook(view.rulebook_version).await?;
        let mut then = now.rulebook.clone();
        then.promotions.retain(|known| known.code != promotion.code);
        let mut tried = promotion.clone();
        tried.coupon = false;
        tried.limits = super::Limits::default();
        then.promotions.push(tried);
        let then = StoredRulebook { version: now.version, rulebook: then };
        let then = then.in_force().map_err(CouponError::Promotion)?;
        let mut trial = Trial::nothing(now.compiled.currency());
        let (since, mut after) = (view.now.minus(since), None::<CartId>);
        loop {
            let carts = self.parts.store.recent_carts(since, after, Self::PAGE).await?;
            let full = carts.len() == Self::PAGE as usize;
            after = carts.iter().filter_map(|view| view.cart.as_ref()).map(|cart| cart.id).max();
            for view in &carts {
                if trial.carts >= Self::TRIAL_MAX {
                    trial.truncated = true;
                    return Ok(trial.sorted());
                }
                // A cart whose amounts do not fit tells nothing.
                trial.add(view, &now, &then, &promotion.code).ok();
            }
            if !full || after.is_none() {
                return Ok(trial.sorted());
            }
        }
    }

    const PAGE: u32 = 500;

    /// Whether there is a promotion of this code that needs a coupon.
    async fn known(&self, promotion: &str) -> Result<Seen, CouponError> {
        let view = self.parts.store.cart(&Look::default()).await?;
        let rules = self.parts.rulebook(view.rulebook_version).await?;
        let known = rules.rulebook.promotions.iter().any(|known| known.code == promotion && known.coupon);
        if known {
            Ok(Seen { now: view.now, version: rules.version })
        } else {
            Err(CouponError::UnknownPromotion(promotion.to_owned()))
        }
    }

    fn issue(&self, coupons: Vec<Coupon>, actor: &Actor, seen: &Seen) -> ChangeSet {
        let Seen { now, version } = *seen;
        let mut changes = ChangeSet::default();
        let (first, count) = (coupons.first(), coupons.len());
        changes.audit.push(Entry {
            id: self.parts.ids(now).fresh(),
            at: now,
            actor: actor.clone(),
            action: "coupon.create".to_owned(),
            target: first.map_or_else(String::new, |coupon| format!("promotion:{}", coupon.promotion)),
            // The codes are worth money: the row says how many there are, and not which.
            data: json!({ "count": count }),
        });
        changes.promotion.issue = coupons;
        changes.expects.push(Expect::Rulebook(version));
        changes
    }
}

/// What the making of coupons relies on.
struct Seen {
    now: Timestamp,
    /// Of the rulebook that has the promotion.
    version: u64,
}

impl NewCoupon {
    fn check(&self) -> Result<(), CouponError> {
        if self.from.zip(self.until).is_some_and(|(from, until)| until <= from) {
            return Err(CouponError::Invalid { field: "until", reason: "must be after `from`" });
        }
        for (field, limit) in [("uses_max", self.uses_max), ("customer_uses_max", self.customer_uses_max)] {
            if limit.is_some_and(|limit| limit == 0 || i64::try_from(limit).is_err()) {
                return Err(CouponError::Invalid { field, reason: "must be from 1 to 9223372036854775807" });
            }
        }
        Ok(())
    }

    fn coupon(&self, code: CouponCode, now: Timestamp) -> Coupon {
        Coupon {
            code,
            promotion: self.promotion.clone(),
            from: self.from,
            until: self.until,
            uses_max: self.uses_max,
            customer_uses_max: self.customer_uses_max,
            ended_at: None,
            created_at: now,
        }
    }
}

impl Trial {
    fn nothing(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            carts: 0,
            truncated: false,
            applied: 0,
            discount: zero,
            total_before: zero,
            total_after: zero,
            reasons: Vec::new(),
        }
    }

    fn add(
        &mut self,
        view: &cart::View,
        now: &RulesInForce,
        then: &RulesInForce,
        code: &str,
    ) -> Result<(), PricingError> {
        let Some(cart) = view.cart.as_ref().filter(|cart| !cart.lines.is_empty()) else { return Ok(()) };
        if cart.currency.is_some_and(|currency| currency != self.discount.currency) {
            return Ok(());
        }
        let destination = cart.shipping_address.as_ref().map(crate::customer::Address::destination);
        let input = cart::pricing_input(view, cart, destination.clone(), now);
        let before = quote(&now.compiled, &input)?;
        let after = crate::pricing::Quote::explain(&then.compiled, &input)?;
        self.carts += 1;
        self.total_before = self.total_before.plus(before.summary.total)?;
        self.total_after = self.total_after.plus(after.quote.summary.total)?;
        match after.quote.promotions.iter().find(|applied| *applied.code == *code) {
            Some(applied) => {
                self.applied += 1;
                self.discount = self.discount.plus(applied.amount)?;
            }
            None => {
                let step = after.steps.iter().find(|step| step.stage == "promotion" && step.source == code);
                let reason = step.and_then(|step| step.reason).unwrap_or("nothing-to-reduce");
                match self.reasons.iter_mut().find(|(known, _)| *known == reason) {
                    Some((_, count)) => *count += 1,
                    None => self.reasons.push((reason, 1)),
                }
            }
        }
        Ok(())
    }

    fn sorted(mut self) -> Self {
        self.reasons.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        self
    }
}

impl From<Unsettled> for CouponError {
    fn from(unsettled: Unsettled) -> Self {
        match unsettled {
            Unsettled::Busy => Self::Busy,
            Unsettled::Store(error) => Self::Store(error),
        }
    }
}
