//! Payments: look, decide, commit - and, between two commits, ask the gateway.

mod inbox;
mod reconcile;
mod refunds;

use std::sync::Arc;
use std::time::Duration;

pub use inbox::ReceiveError;
pub use reconcile::{Finding, ReconcileError, Reconciled};
pub use refunds::RefundAnswer;

use super::start::advance;
use super::{
    Charge, ChargeStatus, Collect, GatewayError, GatewayTrouble, Initialize, Intent, NextAction, Payment,
    PaymentError, PaymentReference, PaymentState, Reopening, ReturnToSender, Settlement, Turn, answered,
    claim, collect, initialize, lapsed, return_to_sender, settle, stray, turn, unheard_of,
};
use crate::attempts::Attempts;
use crate::audit::Actor;
use crate::cart::{Look, VariantKey};
use crate::commit::{CommitError, Guard, StoreError};
use crate::engine::Parts;
use crate::idempotency::{KeyReused, Outcome, Request};
use crate::inventory::{allocate, demand};
use crate::order::{OrderKey, OrderView};
use crate::payment::UnmatchedKey;
use crate::ports::PaymentGateway;
use crate::promotion::Redemption;
use crate::{OrderId, crash};

/// The payments of the shop; reached by [`Engine::payments`](crate::Engine::payments).
#[derive(Clone)]
pub struct Payments {
    pub(crate) parts: Arc<Parts>,
}

/// An attempt with its order.
#[derive(Debug, Clone)]
pub struct PaymentAnswer {
    /// The order as it is now.
    pub order: OrderView,
    /// The attempt as it is now.
    pub payment: Payment,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

/// How long to wait between two looks for somebody else's answer of the gateway.
const GLANCE: Duration = Duration::from_millis(250);

impl Payments {
    /// Starts another attempt for an order that is not paid, and asks the gateway to collect.
    ///
    /// # Errors
    /// As [`initialize`](super::initialize()); [`PaymentError::Method`] also when the gateway cannot collect what is left in
    /// this way; [`PaymentError::Gateway`] when the attempt was opened but it is not known what the gateway made of it: the
    /// same request asks again. An attempt that the gateway refuses is no error; it has failed.
    pub async fn initialize(
        &self,
        order: OrderId,
        command: &Initialize,
    ) -> Result<PaymentAnswer, PaymentError> {
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.order(order.into(), repeated.clone()).await?;
            let view = view.ok_or(PaymentError::NotFound)?;
            if let Some(Outcome::PaymentOpened(id)) = answered_before(command.request.as_ref(), &view)? {
                let payment = view.payments.iter().find(|payment| payment.id == id);
                let reference = payment.ok_or(PaymentError::NotFound)?.reference.clone();
                let answer = self.resume(&reference).await?;
                return Ok(PaymentAnswer { replayed: true, ..answer });
            }
            let mut ids = self.parts.ids(view.now);
            let (payment, changes) = initialize(&view, command, &self.parts.terms, &mut ids)?;
            if self.parts.gateway.as_ref().is_some_and(|it| !it.supports(payment.method, payment.amount)) {
                return Err(PaymentError::Method(payment.method));
            }
            match self.parts.store.commit(&changes).await {
                Ok(()) => {
                    crash::point("initialize.opened");
                    let (view, payment) = self.find(&payment.reference).await?;
                    return self.ask(view, payment).await;
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Brings an attempt to where the payer can go on, or to its end: asks the gateway when nobody did, waits while somebody
    /// does, and never asks for what may have been done already. An attempt that never got an answer is given up once another
    /// one of its order was started: that one is gone on with.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], [`PaymentError::InProgress`], [`PaymentError::Gateway`].
    pub async fn resume(&self, reference: &PaymentReference) -> Result<PaymentAnswer, PaymentError> {
        let mut attempts = Attempts::new(&self.parts);
        let mut glances = 0;
        let mut reference = reference.clone();
        loop {
            let (view, payment) = self.find(&reference).await?;
            let Some(gateway) = self.parts.gateway.clone() else {
                return Ok(PaymentAnswer { order: view, payment, replayed: true });
            };
            match turn(&payment, view.now) {
                Turn::Over => return Ok(PaymentAnswer { order: view, payment, replayed: true }),
                Turn::Taken { .. } if glances >= 60 => return Err(PaymentError::InProgress(reference)),
                Turn::Taken { .. } => {
                    glances += 1;
                    self.parts.clock.sleep(GLANCE).await;
                }
                Turn::Free => {
                    if let Some(other) = view.current_payment().filter(|current| current.id != payment.id) {
                        reference = other.reference.clone();
                        continue;
                    }
                    match self.parts.store.commit(&claim(&payment, view.now)).await {
                        Ok(()) => return self.take_up(&gateway, &reference).await,
                        Err(error) => attempts.again(error).await?,
                    }
                }
            }
        }
    }

    /// Goes on with an attempt of which it is not known whether the gateway ever heard.
    async fn take_up(
        &self,
        gateway: &Arc<dyn PaymentGateway>,
        reference: &PaymentReference,
    ) -> Result<PaymentAnswer, PaymentError> {
        let trouble = |error| PaymentError::Gateway { reference: reference.clone(), error };
        match gateway.verify(reference).await.map_err(trouble)? {
            None => {
                let (view, payment) = self.find(reference).await?;
                self.ask(view, payment).await
            }
            // The gateway knows it, and its answer was lost: where the payer goes on cannot be asked for again.
            Some(charge) if charge.status == ChargeStatus::Open => {
                let (view, lost) = self.find(reference).await?;
                let command = Initialize {
                    method: Some(lost.method),
                    mobile_money: lost.mobile_money.clone(),
                    return_url: lost.return_url.clone(),
                    actor: Actor::System,
                    request: None,
                };
                let another = Box::pin(self.initialize(view.order.id, &command)).await;
                // Whoever repeats the request need not wait for us any more.
                let unanswered = GatewayError::new(GatewayTrouble::Unknown, "the answer was lost");
                self.record(view, lost, &Err(unanswered)).await?;
                another
            }
            Some(charge) => {
                self.apply(reference, Some(&charge)).await?;
                let (order, payment) = self.find(reference).await?;
                Ok(PaymentAnswer { order, payment, replayed: true })
            }
        }
    }

    /// Asks the gateway to start an attempt that nobody asked it for yet, and records the answer. Whoever calls this has the
    /// attempt to itself: it was opened or claimed just now.
    pub(crate) async fn ask(&self, view: OrderView, payment: Payment) -> Result<PaymentAnswer, PaymentError> {
        let Some(gateway) = &self.parts.gateway else {
            return Ok(PaymentAnswer { order: view, payment, replayed: false });
        };
        if payment.mode.is_none() || payment.state() != PaymentState::Pending {
            return Ok(PaymentAnswer { order: view, payment, replayed: false });
        }
        let answer = gateway.start(&Intent::of(&view, &payment)).await;
        crash::point("payment.answered");
        let (order, payment) = self.record(view, payment, &answer).await?;
        match answer {
            Ok(NextAction::None) => {
                // The gateway has decided. When it cannot be asked now, the attempt is asked about again at once.
                let _ = self.settle(&payment.reference).await;
                let (order, payment) = self.find(&payment.reference).await?;
                Ok(PaymentAnswer { order, payment, replayed: false })
            }
            Ok(_) => Ok(PaymentAnswer { order, payment, replayed: false }),
            // A refusal has ended the attempt; another may follow.
            Err(error) if matches!(error.kind, GatewayTrouble::Refused | GatewayTrouble::Misconfigured) => {
                Ok(PaymentAnswer { order, payment, replayed: false })
            }
            Err(error) => Err(PaymentError::Gateway { reference: payment.reference, error }),
        }
    }

    /// Records what the gateway answered, and answers with the order as it is then.
    async fn record(
        &self,
        mut view: OrderView,
        mut payment: Payment,
        answer: &Result<NextAction, GatewayError>,
    ) -> Result<(OrderView, Payment), PaymentError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let Some(progress) = answered(&payment, answer.as_ref(), view.now) else {
                return Ok((view, payment));
            };
            match self.parts.store.commit(&advance(&payment, progress.clone())).await {
                Ok(()) => {
                    payment = Payment { progress, version: payment.version + 1, ..payment };
                    for known in view.payments.iter_mut().filter(|known| known.id == payment.id) {
                        known.clone_from(&payment);
                    }
                    return Ok((view, payment));
                }
                Err(error) => attempts.again(error).await?,
            }
            (view, payment) = self.find(&payment.reference).await?;
        }
    }

    /// An attempt and its order, as they are stored.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`] when no attempt has the reference.
    pub async fn find(&self, reference: &PaymentReference) -> Result<(OrderView, Payment), PaymentError> {
        let view = self.parts.store.order(OrderKey::Payment(reference.clone()), None).await?;
        let view = view.ok_or(PaymentError::NotFound)?;
        let payment = view.payments.iter().find(|payment| payment.reference == *reference).cloned();
        payment.map(|payment| (view, payment)).ok_or(PaymentError::NotFound)
    }

    /// What became of an attempt: asks the gateway while that is not decided.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`] when no attempt has the reference. A gateway that cannot be asked is no error: the answer
    /// is what is stored.
    pub async fn verify(&self, reference: &PaymentReference) -> Result<(OrderView, Payment), PaymentError> {
        let (view, payment) = self.find(reference).await?;
        let open = payment.mode.is_some()
            && payment.progress.captured.minor == 0
            && payment.progress.check_at.is_some();
        if !open {
            return Ok((view, payment));
        }
        match self.settle(reference).await {
            Ok(_) => self.find(reference).await,
            Err(PaymentError::Gateway { .. }) => Ok((view, payment)),
            Err(error) => Err(error),
        }
    }

    /// Asks the gateway what became of a reference, and settles it: the step that every sign of a payment leads to.
    ///
    /// # Errors
    /// [`PaymentError::Gateway`] when the gateway cannot be asked, [`PaymentError::NoGateway`].
    pub async fn settle(&self, reference: &PaymentReference) -> Result<Settlement, PaymentError> {
        let gateway = self.parts.gateway.as_ref().ok_or(PaymentError::NoGateway)?;
        let trouble = |error| PaymentError::Gateway { reference: reference.clone(), error };
        let charge = gateway.verify(reference).await.map_err(trouble)?;
        if charge.as_ref().is_some_and(|charge| charge.reference != *reference) {
            let error = GatewayError::new(GatewayTrouble::Unknown, "the answer is about another reference");
            return Err(trouble(error));
        }
        self.apply(reference, charge.as_ref()).await
    }

    /// Settles a reference by what the gateway said of it.
    pub(crate) async fn apply(
        &self,
        reference: &PaymentReference,
        charge: Option<&Charge>,
    ) -> Result<Settlement, PaymentError> {
        let mut attempts = Attempts::new(&self.parts);
        let mut may_reopen = true;
        loop {
            let view = self.parts.store.order(OrderKey::Payment(reference.clone()), None).await?;
            let (settlement, changes) = match (&view, charge) {
                (None, Some(charge)) => return self.take_stray(charge).await,
                (None, None) => return Err(PaymentError::NotFound),
                (Some(view), None) => (Settlement::Open, unheard_of(view, reference)),
                (Some(view), Some(charge)) => {
                    let late = charge.status == ChargeStatus::Succeeded && lapsed(view) && may_reopen;
                    let reopening = if late { self.reopening(view).await? } else { None };
                    settle(view, charge, reopening.as_ref(), &mut self.parts.ids(view.now))?
                }
            };
            let Some(mut changes) = changes else { return Ok(settlement) };
            match self.parts.commit(&mut changes).await {
                Ok(()) => return Ok(settlement),
                Err(error) => {
                    // Its promotions have no use left for it: then its money goes back. Of the goods, another look tells.
                    if let CommitError::Stale { guard: Guard::PromotionUses(_) | Guard::CouponUses(_) } =
                        &error
                    {
                        may_reopen = false;
                    }
                    attempts.again(error).await?;
                }
            }
        }
    }

    /// Records a charge that no attempt of ours has asked for, once.
    async fn take_stray(&self, charge: &Charge) -> Result<Settlement, PaymentError> {
        if matches!(charge.status, ChargeStatus::Open | ChargeStatus::Failed) {
            return Ok(Settlement::Known);
        }
        let key = UnmatchedKey::Reference(charge.reference.clone());
        if self.parts.store.unmatched(&key).await?.is_some() {
            return Ok(Settlement::Known);
        }
        let now = self.parts.clock.now();
        let changes = stray(charge, now, &mut self.parts.ids(now));
        match self.parts.store.commit(&changes).await {
            Ok(()) => Ok(Settlement::Unmatched(super::UnmatchedReason::UnknownReference)),
            Err(CommitError::Stale { .. }) => Ok(Settlement::Known),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// What the order needs to be reopened, if all of it can still be had.
    async fn reopening(&self, view: &OrderView) -> Result<Option<Reopening>, StoreError> {
        let (mut offers, mut levels) = (Vec::new(), Vec::new());
        let mut version = 0;
        for line in &view.order.lines {
            if offers.iter().any(|offer: &crate::cart::Offer| offer.variant == line.variant) {
                continue;
            }
            let look = Look { variant: Some(VariantKey::Id(line.variant)), ..Look::default() };
            let seen = self.parts.store.cart(&look).await?;
            version = seen.rulebook_version;
            let Some(offer) = seen.offer(line.variant) else { return Ok(None) };
            offers.push(offer.clone());
            levels.extend(seen.levels);
        }
        let sold = view.order.lines.iter().filter_map(|line| {
            Some((line.id, offers.iter().find(|offer| offer.variant == line.variant)?, line.quantity))
        });
        let Ok(reserve) = allocate(&demand(sold), &levels) else { return Ok(None) };
        let rules = self.parts.rulebook(version).await?;
        let mut redeem = Vec::new();
        for used in &view.redemptions {
            let limits = rules.compiled.limits(&used.promotion);
            let coupon = match &used.coupon {
                Some(code) => {
                    let look = Look { coupon: Some(code.clone()), ..Look::default() };
                    let seen = self.parts.store.cart(&look).await?;
                    let Some(state) = seen.coupons.into_iter().find(|state| state.coupon.code == *code)
                    else {
                        return Ok(None);
                    };
                    Some(state.coupon)
                }
                None => None,
            };
            redeem.push(Redemption {
                at: view.now,
                uses_max: limits.total,
                customer_uses_max: limits.per_customer,
                budget: limits.budget,
                coupon_uses_max: coupon.as_ref().and_then(|coupon| coupon.uses_max),
                coupon_customer_uses_max: coupon.as_ref().and_then(|coupon| coupon.customer_uses_max),
                ..used.clone()
            });
        }
        Ok(Some(Reopening { reserve, redeem }))
    }

    /// Asks the gateway about up to `limit` attempts whose time has come, and answers how many were asked about. Any number
    /// of servers may do so at once.
    ///
    /// # Errors
    /// When the store cannot be read or written. A gateway that cannot be asked only puts an attempt off.
    pub async fn check_due(&self, limit: u32) -> Result<u32, StoreError> {
        let mut asked = 0;
        for reference in self.parts.store.due_payments(limit).await? {
            match self.settle(&reference).await {
                Ok(_) => asked += 1,
                Err(PaymentError::Store(error)) => return Err(error),
                // Put off as if the gateway had not decided, so that one reference never keeps the others waiting.
                Err(_) => match self.apply(&reference, None).await {
                    Err(PaymentError::Store(error)) => return Err(error),
                    _ => asked += 1,
                },
            }
        }
        Ok(asked)
    }

    /// Records money that was collected by hand.
    ///
    /// # Errors
    /// As [`collect`](super::collect()).
    pub async fn collect(&self, command: &Collect) -> Result<PaymentAnswer, PaymentError> {
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let key = OrderKey::Payment(command.reference.clone());
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.order(key.clone(), repeated.clone()).await?;
            let view = view.ok_or(PaymentError::NotFound)?;
            if answered_before(command.request.as_ref(), &view)?.is_some() {
                let (order, payment) = self.find(&command.reference).await?;
                return Ok(PaymentAnswer { order, payment, replayed: true });
            }
            let mut changes = collect(&view, command, &self.parts.terms, &mut self.parts.ids(view.now))?;
            match self.parts.commit(&mut changes).await {
                Ok(()) => {
                    let (order, payment) = self.find(&command.reference).await?;
                    return Ok(PaymentAnswer { order, payment, replayed: false });
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Records that goods which were to be paid at the door came back unpaid.
    ///
    /// # Errors
    /// As [`return_to_sender`](super::return_to_sender()).
    pub async fn return_to_sender(&self, command: &ReturnToSender) -> Result<PaymentAnswer, PaymentError> {
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let key = OrderKey::Payment(command.reference.clone());
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.order(key.clone(), repeated.clone()).await?;
            let view = view.ok_or(PaymentError::NotFound)?;
            if answered_before(command.request.as_ref(), &view)?.is_some() {
                let (order, payment) = self.find(&command.reference).await?;
                return Ok(PaymentAnswer { order, payment, replayed: true });
            }
            let changes = return_to_sender(&view, command, &mut self.parts.ids(view.now))?;
            match self.parts.store.commit(&changes).await {
                Ok(()) => {
                    let (order, payment) = self.find(&command.reference).await?;
                    return Ok(PaymentAnswer { order, payment, replayed: false });
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }
}

/// What the request did before, if it was recorded.
fn answered_before(request: Option<&Request>, view: &OrderView) -> Result<Option<Outcome>, KeyReused> {
    match (request, &view.record) {
        (Some(request), Some(record)) => {
            request.answered_by(record)?;
            Ok(Some(record.outcome))
        }
        _ => Ok(None),
    }
}
