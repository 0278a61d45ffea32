//! Imports that came over HTTP: taken up by a server, and gone on with by the next one when that ends.

use std::io::{self, Read};
use std::time::Duration;

use bytes::Bytes;
use commerce_core::bulk::{self, Chunks, Import, RefusedRow, Taken, Terms};
use commerce_core::catalog::CatalogError;
use commerce_core::{Engine, StoreError, StoreTrouble};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::batch::Batch;
use super::progress::Silent;
use super::record::Broken;
use super::run::{ImportError, ImportOptions, Keeper, Run, Stop, shop_currency};
use super::source::Mark;
use super::summary::{Refused, Summary};

/// The most characters that are kept of a handle or a reason.
const WORDS_MAX: usize = 500;
/// The most columns without a place whose names are kept.
const COLUMNS_MAX: usize = 100;

/// How far an import has come, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    mark: Mark,
    /// The header of the file.
    head: String,
    /// How many rows were refused.
    pub(crate) refused: u64,
    /// What became of the file so far.
    pub(crate) summary: Summary,
}

impl Kept {
    /// How far the import has come; `None`: it has not begun.
    pub(crate) fn of(import: &Import) -> Option<Self> {
        serde_json::from_value(import.progress.clone()).ok()
    }

    /// The header of a file of rows to mend.
    pub(crate) fn head(&self) -> &str {
        &self.head
    }
}

/// What keeps how far an import has come.
pub(super) struct Keeping {
    taken: Taken,
    kept: Option<Kept>,
    head: String,
}

impl Keeping {
    /// Behind what the import is to go on.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.kept.as_ref().map(|kept| kept.mark)
    }

    /// The header was read.
    pub(super) fn head(&mut self, text: String) {
        self.head = text;
    }

    /// What is written with the batch.
    pub(super) fn going_on(&self, batch: &Batch, summary: &Summary, refused: &[Refused]) -> bulk::Changes {
        let kept = self.next(batch, summary, refused);
        self.taken.going_on(value(&kept), self.rows(batch, refused))
    }

    /// It was written.
    pub(super) fn went_on(&mut self, batch: &Batch, summary: &Summary, refused: &[Refused]) {
        let kept = self.next(batch, summary, refused);
        self.taken.went_on(value(&kept));
        self.kept = Some(kept);
    }

    fn next(&self, batch: &Batch, summary: &Summary, refused: &[Refused]) -> Kept {
        let before = self.kept.as_ref().map_or(0, |kept| kept.refused);
        let mut summary = summary.clone();
        summary.columns_not_read.truncate(COLUMNS_MAX);
        summary.columns_not_read.iter_mut().for_each(|name| *name = shortened(name));
        for tally in summary.refused.values_mut().chain(summary.warnings.values_mut()) {
            tally.example = shortened(&tally.example);
        }
        let refused = before + refused.len() as u64;
        Kept { mark: batch.mark, head: self.head.clone(), refused, summary }
    }

    /// The refused rows, of which the first of each piece has the rows of all of it: what is taken already is taken again
    /// without harm, while a part of a product would be another product.
    fn rows(&self, batch: &Batch, refused: &[Refused]) -> Vec<RefusedRow> {
        let before = self.kept.as_ref().map_or(0, |kept| kept.refused);
        let mut given = None;
        let row = |(number, refused): (u64, &Refused)| {
            let Refused { line, handle, column, code, reason } = refused;
            let piece = batch.rows_of(*line).filter(|(begin, _)| given != Some(*begin));
            given = piece.map(|(begin, _)| begin).or(given);
            RefusedRow {
                number,
                line: *line,
                handle: shortened(handle),
                column: shortened(column),
                code: (*code).to_owned(),
                reason: shortened(reason),
                rows: piece.map_or_else(String::new, |(_, rows)| rows.to_owned()),
            }
        };
        (before + 1..).zip(refused).map(row).collect()
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(WORDS_MAX).collect()
}

fn value(kept: &Kept) -> Value {
    serde_json::to_value(kept).unwrap_or_default()
}

/// Takes one import further, for as long as it goes; `false`: there is none.
///
/// # Errors
/// When the store cannot be read or written: the import is taken up again once its lease has run out.
pub(crate) async fn take_one(
    engine: &Engine,
    lease: Duration,
    stopped: &watch::Receiver<bool>,
) -> Result<bool, StoreError> {
    let Some(taken) = engine.imports().take_up(lease).await? else { return Ok(false) };
    let import = taken.import().clone();
    tracing::info!(import = %import.id, kind = import.terms.kind.as_str(), bytes = import.bytes, "an import goes on");
    let options = options(engine, &import).await?;
    let kept = Kept::of(&import);
    let summary = kept.as_ref().map(|kept| kept.summary.clone());
    let head = kept.as_ref().map_or_else(String::new, |kept| kept.head.clone());
    let feed = Feed { chunks: taken.chunks(), store: Handle::current(), number: 0, rest: Bytes::new() };
    let options = match options.checked() {
        Ok(options) => options,
        Err(error) => {
            taken.fail(words(&error)).await?;
            return Ok(true);
        }
    };
    let keeping = Keeper::Job(Box::new(Keeping { taken, kept, head }));
    let mut run = Run::begin(engine, options, import.caller.clone(), keeping);
    if let Some(summary) = summary {
        run.summary = summary;
    }
    let outcome = run.all(feed, Some(import.bytes), &Silent, Some(stopped)).await;
    let Run { keeper, summary, .. } = run;
    let Keeper::Job(keeping) = keeper else { return Ok(true) };
    let Keeping { taken, kept, .. } = *keeping;
    match outcome {
        Ok(()) => {
            tracing::info!(import = %import.id, "an import has finished");
            taken.finish(kept.map_or(Value::Null, |kept| value(&kept))).await?;
        }
        Err(Stop::Told) => taken.put_back().await?,
        Err(Stop::Catalog(CatalogError::Store(error))) => return Err(error),
        // Another server has it now, or somebody ended it; or everybody writes at once: it is taken up again then.
        Err(Stop::Catalog(error)) => tracing::info!(import = %import.id, %error, "an import was left"),
        Err(Stop::File(Broken::Source(error))) => {
            return Err(StoreError::new(StoreTrouble::Unavailable, error));
        }
        Err(stop) => {
            let words = words(&stop.error(summary));
            tracing::info!(import = %import.id, reason = words, "an import has failed");
            taken.fail(words).await?;
        }
    }
    Ok(true)
}

async fn options(engine: &Engine, import: &Import) -> Result<ImportOptions, StoreError> {
    let Terms { kind, format, currency, location, stock } = import.terms.clone();
    let currency = match currency {
        Some(currency) => currency,
        None => match shop_currency(engine).await? {
            Some(currency) => currency,
            None => engine.rules().show().await?.rulebook.currency,
        },
    };
    let mut options = ImportOptions::new(currency);
    (options.kind, options.format, options.stock) = (kind, format, stock);
    options.actor = import.caller.actor();
    if let Some(location) = location {
        options.location = location;
    }
    Ok(options)
}

/// Why an import failed, and what to do.
fn words(error: &ImportError) -> String {
    let what = match error {
        ImportError::Malformed { line, reason, .. } => format!("line {line}: {reason}"),
        other => other.to_string(),
    };
    shortened(&what)
}

/// The file of an import, piece by piece out of the store. It is read in a thread that may wait.
struct Feed {
    chunks: Chunks,
    store: Handle,
    number: u64,
    rest: Bytes,
}

impl Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            let next = self.store.block_on(self.chunks.read(self.number)).map_err(io::Error::other)?;
            let Some(next) = next else { return Ok(0) };
            self.number += 1;
            self.rest = next;
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest.split_to(count));
        Ok(count)
    }
}
