//! Coupons, and what a promotion would have done: look, decide, commit.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::coupon::{Coupon, CouponCode, CouponCodeError, CouponState};
use super::types::Promotion;
use crate::attempts::Attempts;
use crate::audit::{Actor, Entry};
use crate::cart::{self, Look};
use crate::commit::{ChangeSet, Expect, StoreError};
use crate::engine::Parts;
use crate::idempotency::{KeyReused, Outcome, Record, Request};
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

/// What is to be changed of a coupon: nothing of what is absent; `Some(None)` lifts a bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CouponChange {
    /// When it begins.
    pub from: Option<Option<Timestamp>>,
    /// When it is over.
    pub until: Option<Option<Timestamp>>,
    /// How many orders may use it.
    pub uses_max: Option<Option<u64>>,
    /// How many orders of one customer may.
    pub customer_uses_max: Option<Option<u64>>,
}

/// A coupon that was made, changed or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponChanged {
    /// The coupon as it is now.
    pub coupon: CouponState,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

/// Coupons that were made together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The coupons as they are now, by code.
    pub coupons: Vec<Coupon>,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
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
    /// It has ended, for good.
    #[error("coupon {0} has ended")]
    Ended(CouponCode),
    /// It changed since the version that was named.
    #[error("the coupon changed meanwhile; it is at version {0} now")]
    Version(u64),
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
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Too many others changed the same at the same time.
    #[error("too many requests change the same at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Promotions {
    /// How many coupons [`generate`](Self::generate) makes in one commit.
    pub const BATCH: u32 = 1_000;
    /// The most coupons that [`issue`](Self::issue) makes.
    pub const ISSUE_MAX: u32 = 10_000;
    /// The most coupons that [`generate`](Self::generate) makes.
    pub const GENERATE_MAX: u32 = 100_000;
    /// The most carts that a trial looks at.
    pub const TRIAL_MAX: u64 = 20_000;

    /// Makes a coupon with a code of the shop's own. A request that was answered before is answered again.
    ///
    /// # Errors
    /// [`CouponError::UnknownPromotion`], [`CouponError::Exists`], [`CouponError::Invalid`], [`CouponError::KeyReused`].
    pub async fn create(
        &self,
        code: CouponCode,
        new: &NewCoupon,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<CouponChanged, CouponError> {
        new.check()?;
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.look(Some(&code), request).await?;
            let known = view.coupons.iter().find(|state| state.coupon.code == code);
            if let (Some(request), Some(record)) = (request, &view.record) {
                request.audited_by(record)?;
                let coupon = known.cloned().ok_or(CouponError::NotFound)?;
                return Ok(CouponChanged { coupon, replayed: true });
            }
            if known.is_some() {
                return Err(CouponError::Exists(code));
            }
            let making = self.making(&view, new, actor, request).await?;
            let coupon = new.coupon(code.clone(), &making.row);
            match self.parts.store.commit(&making.of(vec![coupon.clone()])).await {
                Ok(()) => {
                    let coupon = CouponState { coupon, uses: 0, customer_uses: 0 };
                    return Ok(CouponChanged { coupon, replayed: false });
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Makes so many coupons with codes that nobody can guess, all of them or none. A request that was answered before is
    /// answered again, with the coupons that it made.
    ///
    /// # Errors
    /// [`CouponError::UnknownPromotion`], [`CouponError::Invalid`], [`CouponError::Code`] for a prefix that cannot begin a
    /// code, [`CouponError::KeyReused`].
    pub async fn issue(
        &self,
        count: u32,
        prefix: &str,
        new: &NewCoupon,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<Issued, CouponError> {
        new.check()?;
        if count == 0 || count > Self::ISSUE_MAX {
            return Err(CouponError::Invalid { field: "count", reason: "must be from 1 to 10000" });
        }
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.look(None, request).await?;
            if let (Some(request), Some(record)) = (request, &view.record) {
                let made = self.parts.store.issued(&new.promotion, request.audited_by(record)?).await?;
                let coupons = made.into_iter().map(|state| state.coupon).collect();
                return Ok(Issued { coupons, replayed: true });
            }
            let making = self.making(&view, new, actor, request).await?;
            let mut ids = self.parts.ids(view.now);
            let mut coupons = (0..count)
                .map(|_| Ok(new.coupon(CouponCode::generate(prefix, &mut ids)?, &making.row)))
                .collect::<Result<Vec<_>, CouponCodeError>>()?;
            coupons.sort_by(|a, b| a.code.cmp(&b.code));
            match self.parts.store.commit(&making.of(coupons.clone())).await {
                Ok(()) => return Ok(Issued { coupons, replayed: false }),
                // A code that is taken already is drawn anew with all of them.
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
        let mut left = count;
        while left > 0 {
            let batch = left.min(Self::BATCH);
            made(&self.issue(batch, prefix, new, actor, None).await?.coupons);
            left -= batch;
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
        let view = self.look(Some(code), None).await?;
        view.coupons.into_iter().find(|state| state.coupon.code == *code).ok_or(CouponError::NotFound)
    }

    /// Changes a coupon, if it is at the version `expected`. A limit may fall below what was used already: then no further
    /// order uses it. An order that was decided before goes by the limits of before. A request that was answered before is
    /// answered again, with the coupon as it is now.
    ///
    /// # Errors
    /// [`CouponError::NotFound`], [`CouponError::Ended`], [`CouponError::Version`], [`CouponError::Invalid`],
    /// [`CouponError::KeyReused`].
    pub async fn revise(
        &self,
        code: &CouponCode,
        change: &CouponChange,
        expected: Option<u64>,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<CouponChanged, CouponError> {
        let after = |before: &Coupon, _| {
            if expected.is_some_and(|expected| expected != before.version) {
                return Err(CouponError::Version(before.version));
            }
            if before.ended_at.is_some() {
                return Err(CouponError::Ended(code.clone()));
            }
            change.of(before)
        };
        self.change(code, "coupon.update", after, actor, request).await
    }

    /// Ends a coupon: no order uses it from now on. One that has ended stays as it is, and nothing is recorded of the
    /// request. A request that was answered before is answered again.
    ///
    /// # Errors
    /// [`CouponError::NotFound`], [`CouponError::KeyReused`].
    pub async fn end(
        &self,
        code: &CouponCode,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<CouponChanged, CouponError> {
        let after = |before: &Coupon, now| {
            let ended_at = before.ended_at.or(Some(now));
            Ok(Coupon { ended_at, ..before.clone() })
        };
        self.change(code, "coupon.end", after, actor, request).await
    }

    /// Makes one coupon of another. When nothing changes, nothing is recorded.
    async fn change(
        &self,
        code: &CouponCode,
        action: &str,
        after: impl Fn(&Coupon, Timestamp) -> Result<Coupon, CouponError>,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<CouponChanged, CouponError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.look(Some(code), request).await?;
            let replayed = match (request, &view.record) {
                (Some(request), Some(record)) => request.audited_by(record).map(|_| true)?,
                _ => false,
            };
            let state = view.coupons.into_iter().find(|state| state.coupon.code == *code);
            let mut state = state.ok_or(CouponError::NotFound)?;
            if replayed {
                return Ok(CouponChanged { coupon: state, replayed });
            }
            let before = state.coupon.clone();
            state.coupon = after(&before, view.now)?;
            if state.coupon == before {
                return Ok(CouponChanged { coupon: state, replayed: false });
            }
            state.coupon.version = before.version + 1;
            let row = Entry {
                id: self.parts.ids(view.now).fresh(),
                at: view.now,
                actor: actor.clone(),
                action: action.to_owned(),
                target: format!("coupon:{code}"),
                data: told(&before, &state.coupon),
            };
            let mut changes = ChangeSet::default();
            changes.promotion.revise.push((state.coupon.clone(), before.version));
            changes.idempotency = request.map(|request| request.record(Outcome::Audited(row.id), view.now));
            changes.audit.push(row);
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(CouponChanged { coupon: state, replayed: false }),
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

    async fn look(
        &self,
        coupon: Option<&CouponCode>,
        request: Option<&Request>,
    ) -> Result<cart::View, StoreError> {
        let repeated = request.map(|request| request.scope.clone());
        self.parts.store.cart(&Look { coupon: coupon.cloned(), repeated, ..Look::default() }).await
    }

    /// What is written with coupons for a promotion that needs them.
    async fn making(
        &self,
        view: &cart::View,
        new: &NewCoupon,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<Making, CouponError> {
        let rules = self.parts.rulebook(view.rulebook_version).await?;
        let NewCoupon { promotion, .. } = new;
        if !rules.rulebook.promotions.iter().any(|known| known.code == *promotion && known.coupon) {
            return Err(CouponError::UnknownPromotion(promotion.clone()));
        }
        let row = Entry {
            id: self.parts.ids(view.now).fresh(),
            at: view.now,
            actor: actor.clone(),
            action: "coupon.create".to_owned(),
            target: format!("promotion:{promotion}"),
            data: Value::Null,
        };
        let record = request.map(|request| request.record(Outcome::Audited(row.id), view.now));
        Ok(Making { row, record, rules: rules.version })
    }
}

/// What is written with coupons that are made.
struct Making {
    row: Entry,
    record: Option<Record>,
    /// The version of the rulebook that has the promotion.
    rules: u64,
}

impl Making {
    fn of(mut self, coupons: Vec<Coupon>) -> ChangeSet {
        // The codes are worth money: the row says how many there are, and not which.
        self.row.data = json!({ "count": coupons.len() });
        let mut changes = ChangeSet::default();
        changes.promotion.issue = coupons;
        changes.idempotency = self.record;
        changes.audit.push(self.row);
        changes.expects.push(Expect::Rulebook(self.rules));
        changes
    }
}

/// What an audit row says of a change: the promotion, and what is other than before, each with both values.
fn told(before: &Coupon, after: &Coupon) -> Value {
    let value = |coupon: &Coupon| {
        json!({
            "from": coupon.from, "until": coupon.until, "uses_max": coupon.uses_max,
            "customer_uses_max": coupon.customer_uses_max
        })
    };
    let (before, after, promotion) = (value(before), value(after), &after.promotion);
    if before == after {
        json!({ "promotion": promotion })
    } else {
        json!({ "promotion": promotion, "before": before, "after": after })
    }
}

/// Whether a coupon may have this window and these limits.
fn check(
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    uses_max: Option<u64>,
    customer_uses_max: Option<u64>,
) -> Result<(), CouponError> {
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        return Err(CouponError::Invalid { field: "until", reason: "must be after `from`" });
    }
    for (field, limit) in [("uses_max", uses_max), ("customer_uses_max", customer_uses_max)] {
        if limit.is_some_and(|limit| limit == 0 || i64::try_from(limit).is_err()) {
            return Err(CouponError::Invalid { field, reason: "must be from 1 to 9223372036854775807" });
        }
    }
    Ok(())
}

impl CouponChange {
    fn of(&self, before: &Coupon) -> Result<Coupon, CouponError> {
        let Self { from, until, uses_max, customer_uses_max } = *self;
        let after = Coupon {
            from: from.unwrap_or(before.from),
            until: until.unwrap_or(before.until),
            uses_max: uses_max.unwrap_or(before.uses_max),
            customer_uses_max: customer_uses_max.unwrap_or(before.customer_uses_max),
            ..before.clone()
        };
        check(after.from, after.until, after.uses_max, after.customer_uses_max)?;
        Ok(after)
    }
}

impl NewCoupon {
    fn check(&self) -> Result<(), CouponError> {
        check(self.from, self.until, self.uses_max, self.customer_uses_max)
    }

    fn coupon(&self, code: CouponCode, row: &Entry) -> Coupon {
        Coupon {
            code,
            promotion: self.promotion.clone(),
            from: self.from,
            until: self.until,
            uses_max: self.uses_max,
            customer_uses_max: self.customer_uses_max,
            ended_at: None,
            created_at: row.at,
            issued_by: Some(row.id),
            version: 1,
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
        let input = cart::pricing_input(view, cart, cart.destination(), now);
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
