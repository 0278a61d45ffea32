//! Why what products share was not changed.

use crate::commit::StoreError;
use crate::idempotency::KeyReused;

/// Why a brand, a category, an attribute or a tag was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaxonomyError {
    /// There is no such thing.
    #[error("there is no such thing")]
    NotFound,
    /// Something else has this name, slug or code; it may be deleted and can be restored then.
    #[error("{field} `{value}` is taken{}", if *.deleted { " by one that is deleted: restore that" } else { "" })]
    Exists {
        /// Which field.
        field: &'static str,
        /// What is taken.
        value: String,
        /// Whether what has it is deleted.
        deleted: bool,
    },
    /// There is no category to hang it on.
    #[error("there is no category `{0}` to hang it on")]
    Parent(String),
    /// A category cannot hang on itself, or on what grows on it.
    #[error("a category cannot hang on itself or on what grows on it")]
    Cycle,
    /// The branch would grow too high.
    #[error("{0} levels of categories are more than {max}", max = crate::catalog::Category::LEVELS_MAX)]
    TooDeep(usize),
    /// The slugs on the way to the end of a branch are too long together.
    #[error("the slugs from the root down have {0} bytes, more than {max}", max = crate::catalog::Category::PATH_BYTES_MAX)]
    PathTooLong(usize),
    /// Products have it.
    #[error("{0} product(s) have it: change them first")]
    InUse(u64),
    /// Other categories grow on it.
    #[error("{0} categories grow on it: move or delete them first")]
    HasBranches(u64),
    /// Values that products have would be none any more.
    #[error("products have values that would be none any more: {0}")]
    Values(String),
    /// Its products have too many different values to look at all of them.
    #[error("its products have more than {max} different values: change its kind or rules before it is used", max = super::VALUES_MAX)]
    TooManyValues,
    /// It is deleted.
    #[error("it is deleted: restore it first")]
    Deleted,
    /// It changed since the version that was named.
    #[error("it changed meanwhile; it is at version {0} now")]
    Version(u64),
    /// A field is no good.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// Why: stable.
        code: &'static str,
        /// Why, in words.
        reason: String,
    },
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Too many others changed the same at the same time.
    #[error("the catalogue is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TaxonomyError {
    pub(super) fn invalid(field: &'static str, code: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, code, reason: reason.into() }
    }
}
