//! Who did what: the actor of a change, the audit rows that keep it, and the seals that keep those from being changed.

mod chain;
mod service;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AuditId, CustomerId, KeyId, Timestamp};

pub use chain::{ChainHash, Seal};
pub use service::{AuditTrail, ExportPage};

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// A shopper without an account.
    Guest,
    /// A shopper with one.
    Customer(CustomerId),
    /// Somebody of the shop: the id of their account, or a name that the host knows.
    Staff(String),
    /// A program, by its key.
    Key(KeyId),
    /// The engine itself: expiry and other jobs.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guest => f.write_str("guest"),
            Self::Customer(id) => write!(f, "customer:{id}"),
            Self::Staff(name) => write!(f, "staff:{name}"),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::System => f.write_str("system"),
        }
    }
}

/// The text is no actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an actor: guest, customer:<id>, staff:<name>, key:<id> or system")]
pub struct ActorError;

impl FromStr for Actor {
    type Err = ActorError;

    fn from_str(text: &str) -> Result<Self, ActorError> {
        match text.split_once(':') {
            None if text == "guest" => Ok(Self::Guest),
            None if text == "system" => Ok(Self::System),
            Some(("customer", id)) => id.parse().map(Self::Customer).map_err(|_| ActorError),
            Some(("staff", name)) => Ok(Self::Staff(name.to_owned())),
            Some(("key", id)) => id.parse().map(Self::Key).map_err(|_| ActorError),
            _ => Err(ActorError),
        }
    }
}

impl TryFrom<String> for Actor {
    type Error = ActorError;

    fn try_from(text: String) -> Result<Self, ActorError> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> String {
        actor.to_string()
    }
}

/// Which audit rows to read: those for which all of this is so, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Who acted.
    pub actor: Option<Actor>,
    /// What it was done to: `promotion:summer`, to the letter.
    pub target: Option<String>,
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Behind this row, in the order of the answer.
    pub after: Option<AuditId>,
    /// This row.
    pub id: Option<AuditId>,
}

impl Search {
    /// Whether the row is one of those.
    #[must_use]
    pub fn finds(&self, entry: &Entry) -> bool {
        let Self { actor, target, from, until, after, id } = self;
        actor.as_ref().is_none_or(|actor| *actor == entry.actor)
            && target.as_ref().is_none_or(|target| *target == entry.target)
            && from.is_none_or(|from| entry.at >= from)
            && until.is_none_or(|until| entry.at < until)
            && after.is_none_or(|after| entry.id < after)
            && id.is_none_or(|id| entry.id == id)
    }
}

/// An audit row. Audit rows are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What was done: `rules.apply`, `order.cancel`.
    pub action: String,
    /// What it was done to: `order:<id>`.
    pub target: String,
    /// What else matters, without personal data or secrets.
    pub data: serde_json::Value,
}
