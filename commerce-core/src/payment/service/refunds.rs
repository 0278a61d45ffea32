//! Refunds: asked for, sent, and watched until the money is gone.

use super::{Payments, answered_before};
use crate::attempts::Attempts;
use crate::audit::Actor;
use crate::commit::{ChangeSet, StoreError};
use crate::idempotency::Outcome;
use crate::order::{OrderKey, OrderView};
use crate::payment::journal::Account;
use crate::payment::pay_back::{self, Owner, patience, pay_back as decide, refund_told};
use crate::payment::{
    GatewayError, GatewayRefund, GatewayTrouble, PayBack, PaymentError, PaymentReference, PaymentTerms,
    Refund, RefundProgress, RefundRequest, RefundSource, RefundState, RefundView, UnmatchedKey,
    UnmatchedView,
};
use crate::{Ids, OrderId, RefundId, Timestamp, UnmatchedId, crash};

/// How often the refunds of a charge are looked at again when they moved meanwhile.
const REFUND_LOOKS_MAX: u32 = 8;

/// What a request for a refund did.
#[derive(Debug, Clone)]
pub struct RefundAnswer {
    /// The order as it is now.
    pub order: OrderView,
    /// The refunds of the request, as they are now.
    pub refunds: Vec<Refund>,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

/// Whose money a refund is taken from, as it was read.
enum Held {
    Order(Box<OrderView>),
    Unmatched(UnmatchedView),
}

impl Held {
    fn owner(&self) -> Owner<'_> {
        match self {
            Self::Order(view) => Owner::Order(view),
            Self::Unmatched(view) => Owner::Unmatched(view),
        }
    }
}

impl Payments {
    /// Asks for money of an order to go back, and asks the gateway to send it.
    ///
    /// # Errors
    /// As [`pay_back`](super::super::pay_back()). A gateway that does not do its part is no error: the refund is wanted, and
    /// is asked for again until it is done or refused.
    pub async fn refund(&self, order: &OrderKey, command: &PayBack) -> Result<RefundAnswer, PaymentError> {
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.order(order.clone(), repeated.clone()).await?;
            let view = view.ok_or(PaymentError::NotFound)?;
            if let Some(Outcome::RefundRequested(request)) = answered_before(command.request.as_ref(), &view)?
            {
                return Ok(of_request(view, request, true));
            }
            let (refunds, mut changes) = decide(&view, command, &mut self.parts.ids(view.now))?;
            match self.parts.commit(&mut changes).await {
                Ok(()) => {
                    crash::point("refund.requested");
                    for refund in &refunds {
                        // What does not go through now is taken up again when its time comes.
                        let _ = self.advance_refund(refund.id).await;
                    }
                    let order = self.order(view.order.id).await?;
                    let request = refunds.first().map_or(RefundId(uuid::Uuid::nil()), |first| first.request);
                    return Ok(of_request(order, request, false));
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Takes a refund one step further: asks the gateway to send it when it never did, else what became of it.
    ///
    /// Before it is asked for a second time, the gateway's own list is read: a refund is never sent twice.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], [`PaymentError::Gateway`].
    pub async fn advance_refund(&self, id: RefundId) -> Result<Refund, PaymentError> {
        let RefundView { now, refund, .. } = self.look_refund(id).await?;
        let Some(gateway) = self.parts.gateway.as_ref().filter(|_| goes_through_gateway(&refund)) else {
            return Ok(refund);
        };
        let held = self.held(&refund).await?;
        let charge = charge_of(&held, &refund);
        let trouble = |error| PaymentError::Gateway { reference: refund.reference.clone(), error };
        let told = match (&refund.progress.asked_at, &charge) {
            // Somebody is asking now, as far as can be known.
            (Some(asked), _) if asked.plus(PaymentTerms::ASKING) > now => return Ok(refund),
            (Some(_), Some(charge)) => {
                let listed = gateway.refunds(charge).await.map_err(trouble)?;
                let ours = listed.into_iter().find(|told| {
                    told.refund == Some(refund.id) || refund.progress.gateway_id.as_ref() == Some(&told.id)
                });
                match ours {
                    Some(told) => Ok(told),
                    None if refund.progress.gateway_id.is_some() => return self.put_off(&refund, now).await,
                    None => self.send(&refund, Some(charge.clone()), now).await?,
                }
            }
            (Some(_), None) => return self.put_off(&refund, now).await,
            (None, charge) => self.send(&refund, charge.clone(), now).await?,
        };
        match told {
            Ok(told) => match self.told(id, refund.progress.state, &told).await? {
                Some(refund) => Ok(refund),
                // Somebody else was told more just now.
                None => Ok(self.look_refund(id).await?.refund),
            },
            Err(error) if error.kind == GatewayTrouble::Refused => self.refused(id, &error).await,
            Err(error) => {
                let refund = self.look_refund(id).await?.refund;
                self.put_off(&refund, now).await?;
                Err(trouble(error))
            }
        }
    }

    /// Sends the refund to the gateway, after it is written down that this happens.
    async fn send(
        &self,
        refund: &Refund,
        charge: Option<String>,
        now: Timestamp,
    ) -> Result<Result<GatewayRefund, GatewayError>, PaymentError> {
        let gateway = self.parts.gateway.as_ref().ok_or(PaymentError::NoGateway)?;
        let asked = RefundProgress {
            asked_at: Some(now),
            check_at: Some(now.plus(4 * PaymentTerms::ASKING)),
            checks: refund.progress.checks + 1,
            ..refund.progress.clone()
        };
        match self.parts.store.commit(&pay_back::advance(refund, asked)).await {
            Ok(()) => {}
            // Somebody else is at it.
            Err(crate::CommitError::Stale { .. }) => return Err(PaymentError::Busy),
            Err(crate::CommitError::Store(error)) => return Err(error.into()),
        }
        let request = RefundRequest {
            refund: refund.id,
            reference: refund.reference.clone(),
            charge,
            amount: refund.amount,
            reason: refund.reason.clone(),
        };
        crash::point("refund.asked");
        let answer = gateway.refund(&request).await;
        crash::point("refund.answered");
        Ok(answer)
    }

    /// Records what the gateway said of a refund that was in the state `asked_in` when it was asked. When the refund has moved
    /// meanwhile, this is yesterday's news: `None`, and the gateway is to be asked again.
    async fn told(
        &self,
        id: RefundId,
        asked_in: RefundState,
        told: &GatewayRefund,
    ) -> Result<Option<Refund>, PaymentError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let RefundView { now, refund, .. } = self.look_refund(id).await?;
            if refund.progress.state != asked_in {
                return Ok(None);
            }
            let held = self.held(&refund).await?;
            let mut ids = self.parts.ids(now);
            let Some(mut changes) = refund_told(&held.owner(), &refund, told, now, &mut ids)? else {
                return Ok(Some(refund));
            };
            match self.parts.commit(&mut changes).await {
                Ok(()) => return Ok(Some(self.look_refund(id).await?.refund)),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn refused(&self, id: RefundId, error: &GatewayError) -> Result<Refund, PaymentError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let RefundView { refund, .. } = self.look_refund(id).await?;
            if refund.progress.state.is_final() {
                return Ok(refund);
            }
            let held = self.held(&refund).await?;
            let progress = RefundProgress { note: Some(error.kind.to_string()), ..refund.progress.clone() };
            match self.parts.store.commit(&pay_back::failed(&held.owner(), &refund, progress)).await {
                Ok(()) => return Ok(self.look_refund(id).await?.refund),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Nothing new: it is asked about again later.
    async fn put_off(&self, refund: &Refund, now: Timestamp) -> Result<Refund, PaymentError> {
        let progress = RefundProgress {
            check_at: Some(now.plus(patience(refund.progress.checks))),
            checks: refund.progress.checks + 1,
            ..refund.progress.clone()
        };
        match self.parts.store.commit(&pay_back::advance(refund, progress)).await {
            Ok(()) | Err(crate::CommitError::Stale { .. }) => Ok(self.look_refund(refund.id).await?.refund),
            Err(crate::CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Says that staff has paid a refund back by hand, which waits for that.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], [`PaymentError::State`] when it does not wait for staff.
    pub async fn refund_paid_by_hand(&self, id: RefundId, actor: &Actor) -> Result<Refund, PaymentError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let RefundView { now, refund, .. } = self.look_refund(id).await?;
            let to = RefundState::Processed;
            crate::order::check(
                crate::payment::REFUND_MOVES,
                refund.progress.state,
                to,
                RefundState::as_str,
            )?;
            if refund.progress.state != RefundState::NeedsAttention {
                let from = refund.progress.state.as_str();
                return Err(crate::order::InvalidTransition { from, to: to.as_str() }.into());
            }
            let held = self.held(&refund).await?;
            let place = match (&held, refund.source) {
                (Held::Order(view), RefundSource::Payment(id)) => {
                    let payment = view.payments.iter().find(|payment| payment.id == id);
                    payment.map_or(Account::Bank, |payment| Account::of(payment.method))
                }
                _ => Account::Bank,
            };
            let note = Some(format!("paid back by hand by {actor}"));
            let progress = RefundProgress { state: to, note, ..refund.progress.clone() };
            let mut ids = self.parts.ids(now);
            let mut changes = pay_back::processed(&held.owner(), &refund, progress, place, now, &mut ids)?;
            match self.parts.commit(&mut changes).await {
                Ok(()) => return Ok(self.look_refund(id).await?.refund),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Takes up to `limit` refunds whose time has come one step further, and answers how many.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn advance_refunds(&self, limit: u32) -> Result<u32, StoreError> {
        let mut advanced = 0;
        for id in self.parts.store.due_refunds(limit).await? {
            match self.advance_refund(id).await {
                Err(PaymentError::Store(error)) => return Err(error),
                _ => advanced += 1,
            }
        }
        Ok(advanced)
    }

    /// Takes the refunds of a charge further, and learns of those that were asked for at the gateway itself.
    pub(crate) async fn refunds_of(&self, reference: &PaymentReference) -> Result<(), PaymentError> {
        // Several messages about one charge come at once: who finds that another was faster asks again.
        for _ in 0..REFUND_LOOKS_MAX {
            if self.look_at_refunds(reference).await? {
                return Ok(());
            }
        }
        Err(PaymentError::Busy)
    }

    /// One look at the refunds of a charge; whether nothing moved meanwhile.
    async fn look_at_refunds(&self, reference: &PaymentReference) -> Result<bool, PaymentError> {
        let mut settled = true;
        let gateway = self.parts.gateway.as_ref().ok_or(PaymentError::NoGateway)?;
        let trouble = |error| PaymentError::Gateway { reference: reference.clone(), error };
        let order = self.parts.store.order(OrderKey::Payment(reference.clone()), None).await?;
        let (charge, known): (Option<String>, Vec<Refund>) = match order {
            Some(view) => {
                let payment = view.payments.iter().find(|payment| payment.reference == *reference);
                let unmatched = view.unmatched.iter().find(|row| row.reference == *reference);
                let charge = payment.and_then(|payment| payment.progress.charge.clone());
                let charge = charge.or_else(|| unmatched.and_then(|row| row.charge.clone()));
                (charge, view.refunds.into_iter().filter(|refund| refund.reference == *reference).collect())
            }
            None => match self.parts.store.unmatched(&UnmatchedKey::Reference(reference.clone())).await? {
                Some(view) => (view.unmatched.charge, view.refunds),
                None => return Ok(true),
            },
        };
        let Some(charge) = charge else { return Ok(true) };
        for told in gateway.refunds(&charge).await.map_err(trouble)? {
            let ours = known.iter().find(|refund| {
                told.refund == Some(refund.id) || refund.progress.gateway_id.as_ref() == Some(&told.id)
            });
            match ours {
                Some(refund) => {
                    settled &= self.told(refund.id, refund.progress.state, &told).await?.is_some();
                }
                None if told.refund.is_none() => self.adopt(reference, &told).await?,
                None => {}
            }
        }
        Ok(settled)
    }

    /// Learns of a refund that somebody asked the gateway for without us.
    async fn adopt(&self, reference: &PaymentReference, told: &GatewayRefund) -> Result<(), PaymentError> {
        if told.state == RefundState::Failed {
            return Ok(());
        }
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let key = OrderKey::Payment(reference.clone());
            let Some(view) = self.parts.store.order(key, None).await? else { return Ok(()) };
            if view.refunds.iter().any(|refund| refund.progress.gateway_id.as_ref() == Some(&told.id)) {
                return Ok(());
            }
            let command = PayBack {
                what: crate::payment::What::Amount(told.amount),
                reference: Some(reference.clone()),
                reason: "refunded at the gateway".to_owned(),
                restock: None,
                actor: Actor::System,
                request: None,
            };
            let (refunds, mut changes) = match decide(&view, &command, &mut self.parts.ids(view.now)) {
                Ok(decided) => decided,
                // Money that does not count towards the order, or more of it than came: staff sees it at the gateway.
                Err(_) => return Ok(()),
            };
            for refund in &mut changes.payment.refund {
                refund.progress.gateway_id = Some(told.id.clone());
                refund.progress.asked_at = Some(view.now);
            }
            match self.parts.commit(&mut changes).await {
                Ok(()) => {
                    for refund in &refunds {
                        self.told(refund.id, refund.progress.state, told).await?;
                    }
                    return Ok(());
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Asks for money that counts towards no order to go back.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], [`PaymentError::Settled`], [`PaymentError::Reason`].
    pub async fn refund_unmatched(
        &self,
        id: UnmatchedId,
        reason: &str,
        actor: &Actor,
    ) -> Result<UnmatchedView, PaymentError> {
        let refund = self
            .decide_unmatched(id, |view, ids| pay_back::pay_back_unmatched(view, reason, actor, ids))
            .await?;
        // What does not go through now is taken up again when its time comes.
        let _ = self.advance_refund(refund).await;
        self.look_unmatched(id).await
    }

    /// Records that staff has dealt with money that counts towards no order in another way.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], [`PaymentError::Settled`], [`PaymentError::Reason`].
    pub async fn resolve_unmatched(
        &self,
        id: UnmatchedId,
        note: &str,
        actor: &Actor,
    ) -> Result<UnmatchedView, PaymentError> {
        self.decide_unmatched(id, |view, ids| {
            pay_back::resolve_unmatched(view, note, actor, ids).map(|changes| ((), changes))
        })
        .await?;
        self.look_unmatched(id).await
    }

    /// Looks at money that counts towards no order, decides, and commits.
    async fn decide_unmatched<T>(
        &self,
        id: UnmatchedId,
        decide: impl Fn(&UnmatchedView, &mut Ids) -> Result<(T, ChangeSet), PaymentError> + Send + Sync,
    ) -> Result<T, PaymentError>
    where
        T: Send,
    {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.look_unmatched(id).await?;
            let (decided, changes) = decide(&view, &mut self.parts.ids(view.now))?;
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(decided),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn look_unmatched(&self, id: UnmatchedId) -> Result<UnmatchedView, PaymentError> {
        self.parts.store.unmatched(&UnmatchedKey::Id(id)).await?.ok_or(PaymentError::NotFound)
    }

    async fn look_refund(&self, id: RefundId) -> Result<RefundView, PaymentError> {
        self.parts.store.refund(id).await?.ok_or(PaymentError::NotFound)
    }

    async fn order(&self, id: OrderId) -> Result<OrderView, PaymentError> {
        self.parts.store.order(id.into(), None).await?.ok_or(PaymentError::NotFound)
    }

    async fn held(&self, refund: &Refund) -> Result<Held, PaymentError> {
        match (refund.source, refund.order) {
            (RefundSource::Payment(_), Some(order)) => {
                self.order(order).await.map(|view| Held::Order(Box::new(view)))
            }
            (RefundSource::Payment(_), None) => Err(PaymentError::NotFound),
            (RefundSource::Unmatched(id), _) => self.look_unmatched(id).await.map(Held::Unmatched),
        }
    }
}

/// Whether the gateway has anything to do with it (still).
fn goes_through_gateway(refund: &Refund) -> bool {
    !refund.progress.state.is_final() && refund.progress.check_at.is_some()
}

fn charge_of(held: &Held, refund: &Refund) -> Option<String> {
    match held {
        Held::Order(view) => {
            let payment =
                view.payments.iter().find(|payment| refund.source == RefundSource::Payment(payment.id));
            payment.and_then(|payment| payment.progress.charge.clone())
        }
        Held::Unmatched(view) => view.unmatched.charge.clone(),
    }
}

fn of_request(order: OrderView, request: RefundId, replayed: bool) -> RefundAnswer {
    let refunds = order.refunds.iter().filter(|refund| refund.request == request).cloned().collect();
    RefundAnswer { order, refunds, replayed }
}
