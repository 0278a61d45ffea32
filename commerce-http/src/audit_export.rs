//! The audit trail as a file: CSV for people and their spreadsheets, JSON lines for programs.

use std::fmt;
use std::str::FromStr;

use commerce_core::audit::{AuditTrail, Entry, Seal, Search};
use commerce_core::{StoreError, Timestamp, hex};
use serde::Serialize;
use serde_json::Value;

use crate::import::{plain, write_row};

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Comma separated, with a head. A cell that a spreadsheet would take for a formula has an apostrophe before it.
    Csv,
    /// A JSON object a line, to the letter.
    Jsonl,
}

impl Format {
    pub(crate) const ALL: [Self; 2] = [Self::Csv, Self::Jsonl];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => "application/x-ndjson",
        }
    }

    /// What the file begins with.
    fn head(self) -> &'static str {
        match self {
            Self::Csv => "position,id,at,actor,action,target,data,hash\n",
            Self::Jsonl => "",
        }
    }

    fn write(self, seal: &Seal, entry: &Entry, file: &mut Vec<u8>) -> std::io::Result<()> {
        let Entry { id, at, actor, action, target, data } = entry;
        let (id, actor, hash) = (id.to_string(), actor.to_string(), seal.hash.to_string());
        match self {
            Self::Csv => {
                let (position, at, data) = (seal.position.to_string(), at.to_string(), data.to_string());
                let cells = [&position, &id, &at, &actor, action, target, &data, &hash];
                let cells = cells.map(|cell| plain(cell));
                write_row(file, &cells.each_ref().map(|cell| &**cell))
            }
            Self::Jsonl => {
                let line = Line { position: seal.position, id, at: *at, actor, action, target, data, hash };
                serde_json::to_writer(&mut *file, &line)?;
                file.push(b'\n');
                Ok(())
            }
        }
    }
}

/// A row of JSON lines.
#[derive(Serialize)]
struct Line<'a> {
    position: u64,
    id: String,
    at: Timestamp,
    actor: String,
    action: &'a str,
    target: &'a str,
    data: &'a Value,
    hash: String,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Format(#[from] std::io::Error),
}

/// An export under way: piece by piece, so that the trail may have any length.
pub(crate) struct Export {
    trail: AuditTrail,
    search: Search,
    format: Format,
    /// The head of the file, until it was given out.
    head: Option<&'static str>,
    /// The seal up to which the file is written.
    reached: u64,
}

impl Export {
    /// Seals what is not sealed yet, so that it is in the file.
    pub(crate) async fn begin(
        trail: AuditTrail,
        search: Search,
        format: Format,
    ) -> Result<Self, ExportError> {
        while trail.seal(1_000).await? > 0 {}
        Ok(Self { trail, search, format, head: Some(format.head()), reached: 0 })
    }

    /// The next piece of the file; `None` behind the last one.
    pub(crate) async fn piece(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        let head = self.head.take();
        let Some(page) = self.trail.export(&self.search, self.reached).await? else {
            return Ok(head.map(|head| head.as_bytes().to_vec()));
        };
        self.reached = page.reached;
        let mut piece = head.unwrap_or_default().as_bytes().to_vec();
        for (seal, entry) in &page.rows {
            self.format.write(seal, entry, &mut piece)?;
        }
        Ok(Some(piece))
    }
}

/// The place of a seal and its hash, as `position:hash`: what is kept elsewhere to compare with later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) position: u64,
    pub(crate) hash: [u8; 32],
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, commerce_core::audit::ChainHash(self.hash))
    }
}

impl From<Seal> for Mark {
    fn from(seal: Seal) -> Self {
        Self { position: seal.position, hash: seal.hash.0 }
    }
}

impl FromStr for Mark {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "write a position and a hash of 64 hexadecimal digits, as `commerce audit head` prints them: 42:9f86d0...";
        let (position, digits) = text.trim().split_once(':').ok_or(WRONG)?;
        let position = position.parse().ok().filter(|position| *position > 0).ok_or(WRONG)?;
        Ok(Self { position, hash: hex::read(digits).ok_or(WRONG)? })
    }
}
