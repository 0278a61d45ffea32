//! What becomes of an import.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Import, ImportError, State, Terms, View};
use crate::access::Caller;
use crate::audit::Entry;
use crate::{Ids, Timestamp};

/// The most imports of a merchant, or of the shop itself, that have not ended.
pub const WAITING_MAX: u64 = 20;
/// How often an import is taken up that gets no further, before it is given up.
pub const TRIES_MAX: u32 = 10;

/// An import whose file begins to arrive.
///
/// # Errors
/// [`ImportError::TooMany`].
pub fn open(view: &View, caller: &Caller, terms: Terms, ids: &mut Ids) -> Result<Import, ImportError> {
    if view.open >= WAITING_MAX {
        return Err(ImportError::TooMany(view.open));
    }
    Ok(Import {
        id: ids.fresh(),
        caller: caller.clone(),
        terms,
        state: State::Receiving,
        bytes: 0,
        progress: Value::Null,
        failure: None,
        tries: 0,
        leased_until: None,
        created_at: view.now,
        ended_at: None,
        version: 1,
    })
}

/// The file is there: from now on it is taken in, whatever happens.
///
/// # Errors
/// [`ImportError::Empty`].
pub fn accept(
    import: &Import,
    bytes: u64,
    now: Timestamp,
    ids: &mut Ids,
) -> Result<(Import, Entry), ImportError> {
    if bytes == 0 {
        return Err(ImportError::Empty);
    }
    let accepted = Import { state: State::Queued, bytes, ..import.clone() };
    let Terms { kind, format, currency, location, stock } = &import.terms;
    let told = json!({
        "kind": kind, "format": format, "currency": currency, "location": location, "stock": stock, "bytes": bytes,
    });
    Ok((accepted, entry(import, &import.caller, "import.create", told, now, ids)))
}

/// A server takes it up for `lease`. One that gets no further whoever takes it up is given up.
#[must_use]
pub fn take_up(import: &Import, now: Timestamp, lease: Duration) -> Import {
    if import.tries >= TRIES_MAX {
        let words = format!(
            "given up: it was begun {TRIES_MAX} times without getting any further. What it had taken before stays; the \
             server's log tells more"
        );
        return import.failed(words, now);
    }
    let tries = import.tries + 1;
    Import { state: State::Running, tries, leased_until: Some(now.plus(lease)), ..import.clone() }
}

/// Somebody ends it.
///
/// # Errors
/// [`ImportError::NotFound`], [`ImportError::Ended`].
pub fn cancel(view: &View, caller: &Caller, ids: &mut Ids) -> Result<(Import, Entry), ImportError> {
    let import = view.import.as_ref().filter(|import| import.concerns(caller));
    let import = import.filter(|import| import.state != State::Receiving).ok_or(ImportError::NotFound)?;
    if import.state.has_ended() {
        return Err(ImportError::Ended(import.state));
    }
    let told = json!({ "before": import.state, "after": State::Cancelled });
    let ended = import.ended(State::Cancelled, view.now);
    Ok((ended, entry(import, caller, "import.cancel", told, view.now, ids)))
}

impl Import {
    /// Whether the caller may know of it: a merchant of what merchants of the same name sent.
    #[must_use]
    pub fn concerns(&self, caller: &Caller) -> bool {
        caller.seller().is_none_or(|seller| self.caller.seller() == Some(seller))
    }

    /// It got further, and is held on to.
    #[must_use]
    pub fn gone_on(&self, progress: Value, leased_until: Timestamp) -> Self {
        Self { progress, tries: 0, leased_until: Some(leased_until), ..self.clone() }
    }

    /// All of it was read.
    #[must_use]
    pub fn finished(&self, progress: Value, now: Timestamp) -> Self {
        Self { progress, ..self.ended(State::Finished, now) }
    }

    /// It cannot be read to its end.
    #[must_use]
    pub fn failed(&self, failure: String, now: Timestamp) -> Self {
        Self { failure: Some(failure), ..self.ended(State::Failed, now) }
    }

    /// It is left to another server, before any of what follows was begun.
    #[must_use]
    pub fn put_back(&self) -> Self {
        let tries = self.tries.saturating_sub(1);
        Self { state: State::Queued, tries, leased_until: None, ..self.clone() }
    }

    fn ended(&self, state: State, now: Timestamp) -> Self {
        Self { state, leased_until: None, ended_at: Some(now), ..self.clone() }
    }
}

fn entry(
    import: &Import,
    caller: &Caller,
    action: &str,
    data: Value,
    now: Timestamp,
    ids: &mut Ids,
) -> Entry {
    Entry {
        id: ids.fresh(),
        at: now,
        actor: caller.actor(),
        action: action.to_owned(),
        target: format!("import:{}", import.id),
        data,
    }
}
