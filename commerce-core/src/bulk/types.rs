//! An import, and what is asked about imports.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::Caller;
use crate::catalog::StockRule;
use crate::commit::StoreError;
use crate::idempotency::{KeyReused, Record, Scope};
use crate::{Currency, ImportId, SellerId, Timestamp};

/// A file that is taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Who sent it, with what they might do then.
    pub caller: Caller,
    /// How it is to be taken in.
    pub terms: Terms,
    /// How far it is.
    pub state: State,
    /// How many bytes the file has; 0 until it is all there.
    pub bytes: u64,
    /// How far whoever reads it has come, in their own words; null until the first batch is written.
    pub progress: Value,
    /// Why it failed, and what to do.
    pub failure: Option<String>,
    /// How often it was taken up since it last got further.
    pub tries: u32,
    /// Until when a server has it.
    pub leased_until: Option<Timestamp>,
    /// When the file began to arrive.
    pub created_at: Timestamp,
    /// When it ended, well or not.
    pub ended_at: Option<Timestamp>,
    /// 1 at first, one more with each change.
    pub version: u64,
}

/// How a file is to be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What it is about.
    pub kind: Kind,
    /// How it is written.
    pub format: Format,
    /// The currency of its prices; `None`: that of the shop.
    pub currency: Option<Currency>,
    /// The code of the location where its stock lies; `None`: `main`.
    pub location: Option<String>,
    /// For which variants a file of products sets stock.
    pub stock: StockRule,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$word_doc])* #[serde(rename = $text)] $word,)+ }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$word),+];

            /// The word for it, in stores and on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }
        }
    };
}

words! {
    /// What a file is about.
    #[derive(Default)]
    Kind {
        /// Products with all that is said of them.
        #[default]
        Products = "products",
        /// What lies of variants that are there.
        Inventory = "inventory",
        /// Prices of variants that are there.
        Prices = "prices",
    }
}

words! {
    /// How a file is written.
    Format {
        /// Rows with a header.
        Csv = "csv",
        /// A JSON object on each line.
        JsonLines = "jsonl",
    }
}

words! {
    /// How far an import is.
    State {
        /// The file is arriving.
        Receiving = "receiving",
        /// It waits for a server.
        Queued = "queued",
        /// A server takes it in.
        Running = "running",
        /// All of it was read; what of it was refused is told.
        Finished = "finished",
        /// It ended before the file did. What was taken before stays.
        Failed = "failed",
        /// Somebody ended it. What was taken before stays.
        Cancelled = "cancelled",
    }
}

impl State {
    /// Whether nothing happens to it any more.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Cancelled)
    }
}

/// A row of the file that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// Its place among those that were refused, from 1.
    pub number: u64,
    /// The line of the file.
    pub line: u64,
    /// The handle of its product, or the SKU of its variant.
    pub handle: String,
    /// The column that is to blame; empty when none alone is.
    pub column: String,
    /// Why: stable, to count by.
    pub code: String,
    /// Why, in words, and what to do.
    pub reason: String,
    /// The rows of the file that it is about, to mend and send again; empty when another refusal has them.
    pub rows: String,
}

/// What a decision about an import looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// The import.
    pub id: Option<ImportId>,
    /// Whose imports that have not ended are counted; `None`: those of the shop itself.
    pub seller: Option<SellerId>,
    /// The record of a request that may be a repetition.
    pub repeated: Option<Scope>,
}

/// What a decision about an import sees, in one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The store's time of the look.
    pub now: Timestamp,
    /// The import, if there is one.
    pub import: Option<Import>,
    /// How many imports of the seller have not ended.
    pub open: u64,
    /// The record of the request.
    pub record: Option<Record>,
}

/// Which imports to list: those for which all of this is so, the newest first, without those whose file is arriving.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Search {
    /// Sent by this merchant.
    pub seller: Option<SellerId>,
    /// Behind this one, in the order of the answer.
    pub before: Option<ImportId>,
}

/// Why nothing was done about an import.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// There is none, or it is somebody else's.
    #[error("there is no such import")]
    NotFound,
    /// The file has nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Too many wait already.
    #[error("{0} imports have not ended yet: wait until one has, or cancel one")]
    TooMany(u64),
    /// It has ended.
    #[error("the import is {} already", .0.as_str())]
    Ended(State),
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Too many others changed it at the same time.
    #[error("the import is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}
