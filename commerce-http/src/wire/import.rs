//! Imports of files on the wire.

use commerce_core::bulk::{Import, RefusedRow};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::word::{FileFormat, ImportKind, ImportState};
use super::{Instant, OrNull};
use crate::import::{Kept, Tally};

/// A file that is taken in.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Import")]
pub(crate) struct ImportDto {
    /// Its id.
    id: Uuid,
    /// What it is about.
    kind: ImportKind,
    /// How it is written.
    format: FileFormat,
    /// How far it is: `queued` until a server is free, `running`, then `finished`, `failed` or `cancelled`.
    state: ImportState,
    /// Why it failed and what to do; null unless it did. What was taken before stays.
    failure: OrNull<String>,
    /// Who sent it.
    created_by: String,
    /// When.
    created_at: Instant,
    /// When it ended.
    ended_at: OrNull<Instant>,
    /// How many bytes the file has.
    bytes: u64,
    /// How many of them were taken in.
    bytes_read: u64,
    /// How many rows, without the header, that was.
    rows_read: u64,
    /// Products that are new.
    created: u64,
    /// Products, or of the other kinds prices or levels, that changed.
    updated: u64,
    /// Those that were like that already.
    unchanged: u64,
    /// Those that were refused as a whole.
    not_taken: u64,
    /// Variants whose stock was set.
    stock_set: u64,
    /// Rows that were passed over on purpose, by reason.
    skipped: Vec<SkippedDto>,
    /// How many refusals there are; `refused/` has them all.
    refused: u64,
    /// What was refused, by reason.
    refusals: Vec<TallyDto>,
    /// The first refusals. A list of imports leaves them out.
    refused_rows: Vec<RefusedLineDto>,
    /// What was taken, but not as it was said, by what was done instead.
    warnings: Vec<TallyDto>,
    /// The columns that have no place in the catalogue.
    columns_not_read: Vec<String>,
}

/// Rows that were passed over.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ImportSkipped")]
pub(crate) struct SkippedDto {
    /// Why.
    reason: String,
    /// How many.
    count: u64,
}

/// How often something happened.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ImportTally")]
pub(crate) struct TallyDto {
    /// What, by its stable name: `sku-taken`.
    code: String,
    /// How often.
    count: u64,
    /// The line where it happened first.
    first_line: u64,
    /// In words, there.
    example: String,
}

/// A row that was refused.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ImportRefusal")]
pub(crate) struct RefusedLineDto {
    /// The line of the file.
    line: u64,
    /// The handle of its product, or the SKU of its variant.
    handle: String,
    /// The column, or the field of a JSON line, that is to blame; empty when none alone is.
    column: String,
    /// Why, by its stable name.
    code: String,
    /// Why, in words, and what to do.
    reason: String,
}

/// Imports, the newest first.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ImportPage")]
pub(crate) struct ImportPageDto {
    /// The imports.
    pub(crate) results: Vec<ImportDto>,
    /// Where the older ones are, as a relative link; null when this is all.
    pub(crate) next: OrNull<String>,
}

impl ImportDto {
    /// The import, with these of its refused rows.
    pub(crate) fn new(import: &Import, refused: Vec<RefusedRow>) -> Self {
        let Kept { refused: count, summary, .. } = Kept::of(import).unwrap_or_default();
        let line = |row: RefusedRow| {
            let RefusedRow { number: _, line, handle, column, code, reason, rows: _ } = row;
            RefusedLineDto { line, handle, column, code, reason }
        };
        let tallies = |tallies: std::collections::BTreeMap<String, Tally>| {
            let told = tallies.into_iter().map(|(code, tally)| {
                let Tally { count, first_line, example } = tally;
                TallyDto { code, count, first_line, example }
            });
            told.collect()
        };
        let skipped = summary.skipped.into_iter().map(|(reason, count)| SkippedDto { reason, count });
        Self {
            id: import.id.0,
            kind: import.terms.kind.into(),
            format: import.terms.format.into(),
            state: import.state.into(),
            failure: OrNull(import.failure.clone()),
            created_by: import.caller.actor().to_string(),
            created_at: import.created_at.into(),
            ended_at: OrNull::of(import.ended_at),
            bytes: import.bytes,
            bytes_read: summary.bytes,
            rows_read: summary.rows,
            created: summary.created,
            updated: summary.updated,
            unchanged: summary.unchanged,
            not_taken: summary.refused_products,
            stock_set: summary.stock_set,
            skipped: skipped.collect(),
            refused: count,
            refusals: tallies(summary.refused),
            refused_rows: refused.into_iter().map(line).collect(),
            warnings: tallies(summary.warnings),
            columns_not_read: summary.columns_not_read,
        }
    }
}
