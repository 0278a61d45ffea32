//! What a decision about imports changes.

use bytes::Bytes;

use super::{Import, RefusedRow};
use crate::{ImportId, Timestamp};

/// Changes of imports, of a change set or of a batch of the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Imports whose files begin to arrive.
    pub open: Vec<Import>,
    /// A piece of a file.
    pub chunk: Option<Chunk>,
    /// Imports that get further: each is written over the version that it names, which then grows by one. One that is not
    /// at that version is [`Guard::Import`](crate::Guard::Import). Who sent it and how it is to be taken in never change.
    pub update: Vec<Import>,
    /// What was refused of an import.
    pub refuse: Vec<(ImportId, RefusedRow)>,
    /// Imports whose files go: nobody reads them any more.
    pub clear: Vec<ImportId>,
    /// What is forgotten.
    pub forget: Option<Forget>,
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Of which import.
    pub import: ImportId,
    /// Which piece, from 0 without a gap.
    pub number: u64,
    /// What is in it.
    pub bytes: Bytes,
}

/// Imports that are forgotten with all that belongs to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forget {
    /// Those that ended before this.
    pub ended_before: Timestamp,
    /// Those that began to arrive before this and are not there yet.
    pub begun_before: Timestamp,
}

impl Changes {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}
