//! Imports: receive, take up, go on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Changes, Chunk, Forget, Import, ImportError, Look, RefusedRow, Search, State, Terms, accept, cancel,
    open, take_up,
};
use crate::access::Caller;
use crate::attempts::Attempts;
use crate::audit;
use crate::commit::{ChangeSet, CommitError, StoreError};
use crate::engine::Parts;
use crate::idempotency::{KeyReused, Outcome, Request, Scope};
use crate::{AuditId, ImportId, Timestamp};

/// The imports of the shop; reached by [`Engine::imports`](crate::Engine::imports).
#[derive(Clone)]
pub struct Imports {
    pub(crate) parts: Arc<Parts>,
}

/// A file that is arriving. One that is dropped before it is [accepted](Self::accept) is forgotten later.
pub struct Receiving {
    parts: Arc<Parts>,
    import: Import,
    chunks: u64,
    bytes: u64,
    hash: Sha256,
}

/// An import whose file is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The import.
    pub import: Import,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

/// An import that this server takes in, as long as nobody else does.
pub struct Taken {
    parts: Arc<Parts>,
    import: Import,
    lease: Duration,
    /// The store's time when it was taken up, and that of the clock here.
    seen_at: Timestamp,
    begun: Timestamp,
}

/// The pieces of the file of an import.
#[derive(Clone)]
pub struct Chunks {
    parts: Arc<Parts>,
    import: ImportId,
}

impl Chunks {
    /// The piece of this number, from 0; `None` behind the last one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn read(&self, number: u64) -> Result<Option<Bytes>, StoreError> {
        self.parts.store.import_chunk(self.import, number).await
    }
}

impl Imports {
    /// Begins to receive a file.
    ///
    /// # Errors
    /// [`ImportError::TooMany`].
    pub async fn receive(&self, caller: &Caller, terms: Terms) -> Result<Receiving, ImportError> {
        let look = Look { seller: caller.seller(), ..Look::default() };
        let view = self.parts.store.bulk_import(&look).await?;
        let mut hash = Sha256::new();
        hash.update(serde_json::to_vec(&terms).unwrap_or_default());
        let import = open(&view, caller, terms, &mut self.parts.ids(view.now))?;
        let bulk = Changes { open: vec![import.clone()], ..Changes::default() };
        commit(&self.parts, ChangeSet { bulk, ..ChangeSet::default() }).await?;
        Ok(Receiving { parts: Arc::clone(&self.parts), import, chunks: 0, bytes: 0, hash })
    }

    /// An import that the caller may know of.
    ///
    /// # Errors
    /// [`ImportError::NotFound`].
    pub async fn show(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError> {
        let view = self.parts.store.bulk_import(&Look { id: Some(id), ..Look::default() }).await?;
        let known = view.import.filter(|import| import.concerns(caller));
        known.filter(|import| import.state != State::Receiving).ok_or(ImportError::NotFound)
    }

    /// Up to `limit` imports that the caller may know of, behind `before`, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(
        &self,
        caller: &Caller,
        before: Option<ImportId>,
        limit: u32,
    ) -> Result<Vec<Import>, StoreError> {
        self.parts.store.bulk_imports(&Search { seller: caller.seller(), before }, limit).await
    }

    /// Up to `limit` rows that were refused of an import, behind the one of this number, in the order of the file.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn refused(
        &self,
        id: ImportId,
        behind: u64,
        limit: u32,
    ) -> Result<Vec<RefusedRow>, StoreError> {
        self.parts.store.import_refusals(id, behind, limit).await
    }

    /// Ends an import. What it has taken stays.
    ///
    /// # Errors
    /// [`ImportError::NotFound`], [`ImportError::Ended`].
    pub async fn cancel(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError> {
        let look = Look { id: Some(id), ..Look::default() };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.bulk_import(&look).await?;
            let (import, row) = cancel(&view, caller, &mut self.parts.ids(view.now))?;
            let bulk = Changes { update: vec![import.clone()], clear: vec![id], ..Changes::default() };
            let changes = ChangeSet { bulk, audit: vec![row], ..ChangeSet::default() };
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(Import { version: import.version + 1, ..import }),
                // The server that takes it in got further meanwhile.
                Err(error) => attempts.even_so(error).await?,
            }
        }
    }

    /// Takes up the import that has waited longest, for `lease`; `None`: there is none.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn take_up(&self, lease: Duration) -> Result<Option<Taken>, StoreError> {
        loop {
            let begun = self.parts.clock.now();
            let Some((now, due)) = self.parts.store.due_import().await? else { return Ok(None) };
            let import = take_up(&due, now, lease);
            let given_up = import.state == State::Failed;
            let clear = if given_up { vec![import.id] } else { Vec::new() };
            let bulk = Changes { update: vec![import.clone()], clear, ..Changes::default() };
            match self.parts.store.commit(&ChangeSet { bulk, ..ChangeSet::default() }).await {
                Ok(()) if given_up => {}
                Ok(()) => {
                    let import = Import { version: import.version + 1, ..import };
                    let parts = Arc::clone(&self.parts);
                    return Ok(Some(Taken { parts, import, lease, seen_at: now, begun }));
                }
                // Another server was first: there may be a next one.
                Err(CommitError::Stale { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
    }

    /// Forgets imports that ended so long ago, and files that have not been there for as long as the other time says.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn forget(&self, forget: Forget) -> Result<(), StoreError> {
        let bulk = Changes { forget: Some(forget), ..Changes::default() };
        commit(&self.parts, ChangeSet { bulk, ..ChangeSet::default() }).await
    }
}

impl Receiving {
    /// Keeps the next piece of the file.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn push(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.hash.update(&bytes);
        self.bytes += bytes.len() as u64;
        let chunk = Chunk { import: self.import.id, number: self.chunks, bytes };
        self.chunks += 1;
        let bulk = Changes { chunk: Some(chunk), ..Changes::default() };
        commit(&self.parts, ChangeSet { bulk, ..ChangeSet::default() }).await
    }

    /// All of the file is there: it is taken in from now on. A request that was answered before is answered again, with
    /// the import of then.
    ///
    /// # Errors
    /// [`ImportError::Empty`], [`ImportError::KeyReused`].
    pub async fn accept(self, scope: Option<Scope>) -> Result<Accepted, ImportError> {
        let Self { parts, import, bytes, hash, .. } = self;
        let request = scope.map(|scope| Request { scope, fingerprint: hash.finalize().into() });
        let look = Look {
            id: Some(import.id),
            seller: None,
            repeated: request.as_ref().map(|request| request.scope.clone()),
        };
        let mut attempts = Attempts::new(&parts);
        loop {
            let view = parts.store.bulk_import(&look).await?;
            if let (Some(request), Some(record)) = (&request, &view.record) {
                let row = request.audited_by(record)?;
                give_up(&parts, import.id).await?;
                return Ok(Accepted { import: replayed(&parts, row).await?, replayed: true });
            }
            let mut ids = parts.ids(view.now);
            let (accepted, row) = match accept(&import, bytes, view.now, &mut ids) {
                Ok(accepted) => accepted,
                Err(refused) => {
                    give_up(&parts, import.id).await?;
                    return Err(refused);
                }
            };
            let record = request.as_ref().map(|request| request.record(Outcome::Audited(row.id), view.now));
            let bulk = Changes { update: vec![accepted.clone()], ..Changes::default() };
            let changes = ChangeSet { bulk, audit: vec![row], idempotency: record, ..ChangeSet::default() };
            match parts.store.commit(&changes).await {
                Ok(()) => {
                    let import = Import { version: accepted.version + 1, ..accepted };
                    return Ok(Accepted { import, replayed: false });
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// The file does not come any more, or is not wanted.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn discard(self) -> Result<(), StoreError> {
        give_up(&self.parts, self.import.id).await
    }
}

/// Lets go of a file that is not to be taken in. That it was sent at all is forgotten later.
async fn give_up(parts: &Parts, id: ImportId) -> Result<(), StoreError> {
    let bulk = Changes { clear: vec![id], ..Changes::default() };
    commit(parts, ChangeSet { bulk, ..ChangeSet::default() }).await
}

/// The import that a request made which was recorded, as its audit row tells.
async fn replayed(parts: &Parts, row: AuditId) -> Result<Import, ImportError> {
    let search = audit::Search { id: Some(row), ..audit::Search::default() };
    let entry = parts.store.audit(&search, 1).await?.into_iter().next();
    let target = entry.as_ref().and_then(|entry| entry.target.strip_prefix("import:"));
    let id: ImportId = target.and_then(|id| id.parse().ok()).ok_or(KeyReused)?;
    let view = parts.store.bulk_import(&Look { id: Some(id), ..Look::default() }).await?;
    view.import.ok_or(ImportError::NotFound)
}

impl Taken {
    /// The import as this server wrote it last.
    #[must_use]
    pub fn import(&self) -> &Import {
        &self.import
    }

    /// The pieces of its file.
    #[must_use]
    pub fn chunks(&self) -> Chunks {
        Chunks { parts: Arc::clone(&self.parts), import: self.import.id }
    }

    /// What is written with a batch: how far the import has come, and what was refused. It is for one commit; once that
    /// is done, it [went](Self::went_on) on.
    pub fn going_on(&self, progress: Value, refused: Vec<RefusedRow>) -> Changes {
        let id = self.import.id;
        let until = self.now().plus(self.lease);
        Changes {
            update: vec![self.import.gone_on(progress, until)],
            refuse: refused.into_iter().map(|row| (id, row)).collect(),
            ..Changes::default()
        }
    }

    /// That was written, with this progress.
    pub fn went_on(&mut self, progress: Value) {
        let until = self.now().plus(self.lease);
        let version = self.import.version + 1;
        self.import = Import { version, ..self.import.gone_on(progress, until) };
    }

    /// Writes down that all of it was read.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn finish(self, progress: Value) -> Result<(), StoreError> {
        let import = self.import.finished(progress, self.now());
        self.end(import).await
    }

    /// Writes down that it cannot be read to its end, and why.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn fail(self, failure: String) -> Result<(), StoreError> {
        let import = self.import.failed(failure, self.now());
        self.end(import).await
    }

    /// Leaves it to another server, which goes on where this one was.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn put_back(self) -> Result<(), StoreError> {
        let bulk = Changes { update: vec![self.import.put_back()], ..Changes::default() };
        unless_lost(self.parts.store.commit(&ChangeSet { bulk, ..ChangeSet::default() }).await)
    }

    async fn end(self, import: Import) -> Result<(), StoreError> {
        let bulk = Changes { clear: vec![import.id], update: vec![import], ..Changes::default() };
        unless_lost(self.parts.store.commit(&ChangeSet { bulk, ..ChangeSet::default() }).await)
    }

    /// The store's time, which goes on while batches are written.
    fn now(&self) -> Timestamp {
        self.seen_at.plus(self.parts.clock.now().since(self.begun))
    }
}

/// Who lost an import to another server, or to somebody who ended it, has nothing more to say of it.
fn unless_lost(done: Result<(), CommitError>) -> Result<(), StoreError> {
    match done {
        Ok(()) | Err(CommitError::Stale { .. }) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
    }
}

/// Writes what has no guard.
async fn commit(parts: &Parts, changes: ChangeSet) -> Result<(), StoreError> {
    unless_lost(parts.store.commit(&changes).await)
}
