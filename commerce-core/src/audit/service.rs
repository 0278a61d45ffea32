//! The audit trail: read, sealed, and checked.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::{Entry, Seal, Search};
use crate::commit::{ChangeSet, CommitError, StoreError};
use crate::engine::Parts;
use crate::{AuditId, Invariant, Violation, id};

/// The audit trail of the shop; reached by [`Engine::audit_trail`](crate::Engine::audit_trail).
#[derive(Clone)]
pub struct AuditTrail {
    pub(crate) parts: Arc<Parts>,
}

impl AuditTrail {
    /// How much later than its id says a row may be committed, and still be found to be sealed.
    const LATE: Duration = Duration::from_secs(60 * 60);
    /// Seals that are checked in one go.
    const PAGE: u32 = 1_000;

    /// Up to `limit` audit rows, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn search(&self, search: &Search, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.parts.store.audit(search, limit).await
    }

    /// Seals up to `limit` rows that have no seal yet, and answers how many those were. Any number of servers may do so at
    /// once: who finds that another was faster has sealed none.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn seal(&self, limit: u32) -> Result<u32, StoreError> {
        let last = self.parts.store.last_seal().await?;
        let from = last.as_ref().map_or(Uuid::nil(), |(_, at)| id::earliest(at.minus(Self::LATE)));
        let rows = self.parts.store.unsealed_audit(AuditId(from), limit).await?;
        let seals = Seal::all(last.as_ref().map(|(seal, _)| seal), &rows);
        if seals.is_empty() {
            return Ok(0);
        }
        let sealed = seals.len() as u32;
        match self.parts.store.commit(&ChangeSet { seals, ..ChangeSet::default() }).await {
            Ok(()) => Ok(sealed),
            Err(CommitError::Stale { .. }) => Ok(0),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// The last seal: kept somewhere else, its hash proves that nothing before it was changed, its end cut off included.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn last_seal(&self) -> Result<Option<Seal>, StoreError> {
        Ok(self.parts.store.last_seal().await?.map(|(seal, _)| seal))
    }

    /// Every seal that does not fit to its row or to the seal before it. Reads the whole trail.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn faults(&self) -> Result<Vec<Violation>, StoreError> {
        let mut found = Vec::new();
        let mut before: Option<Seal> = None;
        loop {
            let behind = before.as_ref().map_or(0, |seal| seal.position);
            let page = self.parts.store.sealed_audit(behind, Self::PAGE).await?;
            for (seal, entry) in &page {
                found.extend(seal.fault(before.as_ref(), entry.as_ref()).map(|fault| Violation {
                    invariant: Invariant::AuditChain,
                    row: format!("audit_seals position={} audit={}", seal.position, seal.entry),
                    detail: fault.to_owned(),
                }));
                before = Some(*seal);
            }
            if page.len() < Self::PAGE as usize {
                return Ok(found);
            }
        }
    }
}
