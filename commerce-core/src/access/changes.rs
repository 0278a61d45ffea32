//! What a decision changes about keys of programs.

use super::ApiKey;
use crate::{KeyId, Timestamp};

/// Changes of keys of one change set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Keys to insert.
    pub create: Vec<ApiKey>,
    /// Keys to revoke, with the time. One that is not there, or was revoked already, is [`Guard::ApiKey`](crate::Guard::ApiKey).
    pub revoke: Vec<(KeyId, Timestamp)>,
    /// Keys that were used, with the time: notes without a guard.
    pub used: Vec<(KeyId, Timestamp)>,
}
