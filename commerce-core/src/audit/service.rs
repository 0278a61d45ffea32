//! The audit trail: read, sealed, and checked.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::{Entry, Seal, Search};
use crate::commit::{ChangeSet, CommitError, StoreError};
use crate::engine::Parts;
use crate::{AuditId, Invariant, Timestamp, Violation, id};

/// The audit trail of the shop; reached by [`Engine::audit_trail`](crate::Engine::audit_trail).
#[derive(Clone)]
pub struct AuditTrail {
    pub(crate) parts: Arc<Parts>,
}

/// A part of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPage {
    /// The rows, by position.
    pub rows: Vec<(Seal, Entry)>,
    /// Up to where the trail was read.
    pub reached: u64,
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
        let from = self.window(last.as_ref());
        self.seal_from(from, last, limit).await
    }

    /// The same, of all rows however old: for those that [`seal`](Self::seal) does not find any more. It reads the whole
    /// trail, so now and then is often enough.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn seal_left_behind(&self, limit: u32) -> Result<u32, StoreError> {
        let last = self.parts.store.last_seal().await?;
        self.seal_from(AuditId(Uuid::nil()), last, limit).await
    }

    /// The first row that is looked for to be sealed. The last sealed row may be of a clock that was ahead: what came
    /// before and after it is not late for that.
    fn window(&self, last: Option<&(Seal, Timestamp)>) -> AuditId {
        let from = last.map(|(_, at)| (*at).min(self.parts.clock.now()).minus(Self::LATE));
        AuditId(from.map_or(Uuid::nil(), id::earliest))
    }

    async fn seal_from(
        &self,
        from: AuditId,
        last: Option<(Seal, Timestamp)>,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let rows = self.parts.store.unsealed_audit(from, limit).await?;
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

    /// The next of the sealed rows behind a position that the search finds, the oldest first, for an export: and the position
    /// behind which to go on. `None`: there are no more.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn export(&self, search: &Search, behind: u64) -> Result<Option<ExportPage>, StoreError> {
        let page = self.parts.store.sealed_audit(behind, Self::PAGE).await?;
        let Some(reached) = page.last().map(|(seal, _)| seal.position) else { return Ok(None) };
        let found = page.into_iter().filter_map(|(seal, entry)| Some((seal, entry?)));
        let rows = found.filter(|(_, entry)| search.finds(entry)).collect();
        Ok(Some(ExportPage { rows, reached }))
    }

    /// Every seal that does not fit to its row or to the seal before it, and rows that were left behind without one, up to a
    /// thousand. Reads the whole trail.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn faults(&self) -> Result<Vec<Violation>, StoreError> {
        let mut found = self.left_behind().await?;
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

    /// Rows without a seal that [`seal`](Self::seal) does not find any more.
    async fn left_behind(&self) -> Result<Vec<Violation>, StoreError> {
        let window = self.window(self.parts.store.last_seal().await?.as_ref());
        let unsealed = self.parts.store.unsealed_audit(AuditId(Uuid::nil()), Self::PAGE).await?;
        let left = unsealed.into_iter().take_while(|entry| entry.id < window);
        let violation = |entry: Entry| Violation {
            invariant: Invariant::AuditChain,
            row: format!("audit={}", entry.id),
            detail: "the row was never sealed: a server seals it within an hour".to_owned(),
        };
        Ok(left.map(violation).collect())
    }
}
