//! Keys of programs: look, decide, commit.

use std::sync::Arc;

use super::decide::{self, NewKey};
use super::{ApiKey, ApiSecret, Caller, KeyError, Look, Unusable, View};
use crate::KeyId;
use crate::attempts::Attempts;
use crate::engine::Parts;

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

/// A key that was made just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The key.
    pub key: ApiKey,
    /// What the program shows: show it once, it is stored nowhere.
    pub secret: ApiSecret,
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

    /// Makes a key.
    ///
    /// # Errors
    /// As [`create_key`](decide::create_key).
    pub async fn create(&self, by: &Caller, new: &NewKey) -> Result<Made, KeyError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.api_key(Look::Count).await?;
            let decided = decide::create_key(&view, by, new, &mut self.parts.ids(view.now))?;
            match self.parts.store.commit(&decided.changes).await {
                Ok(()) => return Ok(Made { key: decided.key, secret: decided.secret }),
                Err(error) => attempts.again(error).await?,
            }
        }
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
