//! The reconciler: what the gateway's own list says, against ours.

use std::time::Duration;

use serde::Serialize;

use super::Payments;
use crate::commit::StoreError;
use crate::job::Turn;
use crate::payment::{
    Charge, ChargeStatus, ChargeWindow, GatewayError, PaymentError, PaymentReference, Settlement,
};
use crate::{Money, Timestamp};

/// What a comparison with the gateway's list found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Reconciled {
    /// Charges on the gateway's list.
    pub charges: u64,
    /// Those of them that are paid.
    pub paid: u64,
    /// Those of the paid ones that we knew already.
    pub known: u64,
    /// What was settled just now, or could not be.
    pub findings: Vec<Finding>,
}

/// A charge that we did not know the whole truth of.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Its reference.
    pub reference: PaymentReference,
    /// How much.
    pub amount: String,
    /// Its currency.
    pub currency: String,
    /// What became of it: `paid`, `reopened`, `goes_back`, `unmatched: <reason>`, or why nothing did.
    pub outcome: String,
}

/// Why a comparison ended early. What was settled before stays settled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReconcileError {
    /// The shop has no payment gateway.
    #[error("the shop has no payment gateway")]
    NoGateway,
    /// The gateway cannot be asked.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Payments {
    /// The name of the reconciler's job.
    pub const RECONCILE_JOB: &str = "payments.reconcile";
    /// How far back each run looks beyond the end of the one before: a charge is listed by when it was made, and may be
    /// paid much later.
    const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);
    /// For how long a run has the job to itself.
    const LEASE: Duration = Duration::from_secs(10 * 60);

    /// Compares the gateway's list of charges made from `from` up to, not including, `to` with ours, and settles what we
    /// did not know. `progress` is told how many charges were looked at so far.
    ///
    /// # Errors
    /// As [`ReconcileError`] says.
    pub async fn reconcile(
        &self,
        from: Timestamp,
        to: Timestamp,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<Reconciled, ReconcileError> {
        let mut report = Reconciled::default();
        let mut window = Some(ChargeWindow { from, to, after: None });
        while let Some(unknown) = self.next_unknown(&mut window, &mut report).await? {
            for charge in &unknown {
                report.findings.push(self.find_out(charge).await?);
            }
            progress(report.charges);
        }
        Ok(report)
    }

    /// The charges on the gateway's list, made at `from` or later and paid before `paid_before`, of which the shop knows
    /// nothing; there must be none. Changes nothing. `progress` is told how many charges were looked at so far.
    ///
    /// What was paid since the reconciler ran last is not lost yet: `paid_before` leaves it out.
    ///
    /// # Errors
    /// As [`ReconcileError`] says.
    pub async fn lost_charges(
        &self,
        from: Timestamp,
        paid_before: Timestamp,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<Vec<Charge>, ReconcileError> {
        let mut compared = Reconciled::default();
        let mut lost = Vec::new();
        let mut window = Some(ChargeWindow { from, to: paid_before, after: None });
        while let Some(unknown) = self.next_unknown(&mut window, &mut compared).await? {
            lost.extend(
                unknown.into_iter().filter(|charge| charge.paid_at.is_none_or(|at| at < paid_before)),
            );
            progress(compared.charges);
        }
        Ok(lost)
    }

    /// Of the next page of the gateway's list, the charges that moved money which we do not know of; `None` behind the last
    /// page. The page is counted in `compared`.
    async fn next_unknown(
        &self,
        window: &mut Option<ChargeWindow>,
        compared: &mut Reconciled,
    ) -> Result<Option<Vec<Charge>>, ReconcileError> {
        let gateway = self.parts.gateway.as_ref().ok_or(ReconcileError::NoGateway)?;
        let Some(this) = window.take() else { return Ok(None) };
        let page = gateway.charges(&this).await?;
        *window = page.next.map(|next| ChargeWindow { after: Some(next), ..this });
        compared.charges += page.charges.len() as u64;
        let mut paid: Vec<Charge> = page.charges.into_iter().filter(moved_money).collect();
        compared.paid += paid.len() as u64;
        let references: Vec<PaymentReference> = paid.iter().map(|charge| charge.reference.clone()).collect();
        let known = self.parts.store.known_money(&references).await?;
        compared.known += known.len() as u64;
        paid.retain(|charge| !known.contains(&charge.reference));
        Ok(Some(paid))
    }

    async fn find_out(&self, charge: &Charge) -> Result<Finding, StoreError> {
        let outcome = match self.apply(&charge.reference, Some(charge)).await {
            Ok(Settlement::Paid) => "paid".to_owned(),
            Ok(Settlement::Reopened) => "reopened".to_owned(),
            Ok(Settlement::GoesBack) => "goes_back".to_owned(),
            Ok(Settlement::Unmatched(reason)) => format!("unmatched: {}", reason.as_str()),
            Ok(Settlement::Known | Settlement::Open | Settlement::Failed) => "known".to_owned(),
            Err(PaymentError::Store(error)) => return Err(error),
            Err(error) => error.to_string(),
        };
        let Money { currency, .. } = charge.amount;
        Ok(Finding {
            reference: charge.reference.clone(),
            amount: charge.amount.amount().to_string(),
            currency: currency.code().to_owned(),
            outcome,
        })
    }

    /// Runs the reconciler when `period` has passed since its last run, and nobody else runs it. `None`: not now.
    ///
    /// # Errors
    /// As [`reconcile`](Payments::reconcile).
    pub async fn reconcile_when_due(&self, period: Duration) -> Result<Option<Reconciled>, ReconcileError> {
        if self.parts.gateway.is_none() {
            return Ok(None);
        }
        let turn = Turn::take(&self.parts, Self::RECONCILE_JOB, period, Self::LEASE).await?;
        let Some(turn) = turn else { return Ok(None) };
        let from = turn.job.done_until.unwrap_or(turn.now).minus(Self::OVERLAP);
        let report = self.reconcile(from, turn.now, |_| {}).await?;
        turn.done(serde_json::to_value(&report).unwrap_or_default()).await?;
        Ok(Some(report))
    }
}

fn moved_money(charge: &Charge) -> bool {
    matches!(charge.status, ChargeStatus::Succeeded | ChargeStatus::Reversing | ChargeStatus::Reversed)
}
