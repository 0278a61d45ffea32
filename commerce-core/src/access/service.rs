//! Keys of programs: look, decide, commit.

use std::sync::Arc;

use super::decide::{self, NewKey};
use super::{ApiKey, ApiSecret, Caller, KeyError, Look, Unusable, View};
use crate::attempts::Attempts;
use crate::commit::StoreError;
use crate::engine::Parts;
use crate::idempotency::Request;
use crate::{KeyId, cart};

/// The keys of programs; reached by [`Engine::access`](crate::Engine::access).
#[derive(Clone)]
pub struct Access {
    pub(crate) parts: Arc<Parts>,
}

/// A key in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key.
    pub key: ApiKey,
    /// Why it lets nobody in; `None`: it is good.
    pub unusable: Option<Unusable>,
}

/// A key that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The key.
    pub key: ApiKey,
    /// What the program shows: show it once, it is stored nowhere. `None` when this repeats a request that made the key
    /// before: who lost that answer revokes the key and makes another.
    pub secret: Option<ApiSecret>,
}

impl Access {
    /// Who shows this key. A use is noted now and then.
    ///
    /// # Errors
    /// [`KeyError::NotFound`] when there is no such key, or it has ended.
    pub async fn admit(&self, secret: &ApiSecret) -> Result<Caller, KeyError> {
        let view = self.parts.store.api_key(Look::Shown(secret.hash())).await?;
        let (caller, note) = decide::admit(&view)?;
        if let Some(note) = note {
            // The note is worth less than the answer: a store that cannot write still reads.
            self.parts.store.commit(&note).await.ok();
        }
        Ok(caller)
    }

    /// Up to `limit` keys before `before`, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn keys(&self, before: Option<KeyId>, limit: u32) -> Result<Vec<Listed>, KeyError> {
        let rows = self.parts.store.api_keys(before, limit).await?;
        let listed = rows.into_iter().filter_map(|View { now, key, owner, live: _ }| {
            let key = key?;
            Some(Listed { unusable: decide::unusable(&key, owner, now), key })
        });
        Ok(listed.collect())
    }

    /// Makes a key. A request that was answered before makes no other.
    ///
    /// # Errors
    /// As [`create_key`](decide::create_key); [`KeyError::KeyReused`].
    pub async fn create(
        &self,
        by: &Caller,
        new: &NewKey,
        request: Option<&Request>,
    ) -> Result<Made, KeyError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            if let Some(key) = self.made(request).await? {
                return Ok(Made { key, secret: None });
            }
            let view = self.parts.store.api_key(Look::Count).await?;
            let decided = decide::create_key(&view, by, new, request, &mut self.parts.ids(view.now))?;
            match self.parts.store.commit(&decided.changes).await {
                Ok(()) => return Ok(Made { key: decided.key, secret: Some(decided.secret) }),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// The key that the request made before.
    async fn made(&self, request: Option<&Request>) -> Result<Option<ApiKey>, KeyError> {
        let Some(request) = request else { return Ok(None) };
        let look = cart::Look { repeated: Some(request.scope.clone()), ..cart::Look::default() };
        let Some(record) = self.parts.store.cart(&look).await?.record else { return Ok(None) };
        let row = request.audited_by(&record)?;
        // A key and the audit row of its making have one id.
        let made = self.parts.store.api_key(Look::Id(KeyId(row.0))).await?.key;
        made.map(Some).ok_or_else(|| {
            KeyError::Store(StoreError::invalid_row("audit", "id", row, "a key that was made is not there"))
        })
    }

    /// Revokes a key: it lets nobody in from now on. Doing so again changes nothing.
    ///
    /// # Errors
    /// As [`revoke_key`](decide::revoke_key).
    pub async fn revoke(&self, by: &Caller, id: KeyId) -> Result<(), KeyError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.api_key(Look::Id(id)).await?;
            let Some(changes) = decide::revoke_key(&view, by, &mut self.parts.ids(view.now))? else {
                return Ok(());
            };
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(()),
                Err(error) => attempts.again(error).await?,
            }
        }
    }
}
