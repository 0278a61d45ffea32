//! Why a file was not kept, found or removed.

use std::fmt;

/// Trouble of whoever keeps files.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct MediaError {
    /// What it means for us.
    pub kind: MediaTrouble,
    /// What happened, for the log: without secrets.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// What the trouble means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaTrouble {
    /// It does not answer, or not in time. A later try may help.
    Unavailable,
    /// There is no room left to write. What is there can be read.
    Full,
    /// It may not be written or read, or is not there: somebody has to look after it.
    Broken,
}

impl MediaError {
    /// Trouble of this kind.
    pub fn new(kind: MediaTrouble, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }
}

impl fmt::Display for MediaTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the place where pictures are kept does not answer",
            Self::Full => "the place where pictures are kept is full",
            Self::Broken => "the place where pictures are kept does not work",
        })
    }
}
