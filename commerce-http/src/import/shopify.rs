//! From rows of a Shopify product export to what is said about products.
//!
//! Rows of one handle that follow each other are one product. A row with a title says what the product is; any row may
//! name a variant, a picture, or both. A group of rows without a title goes on about a product of which others said the
//! rest, and so adds pictures instead of replacing them.

use std::io::Read;

use commerce_core::Currency;
use commerce_core::catalog::{Cell, ProductInput, Slug, SlugError};

use super::column::{Column, Columns};
use super::group::Group;
use super::record::{Broken, Record, Records};
use super::summary::Refused;

/// Reads the products of an export, one after the other.
pub(super) struct Products<R> {
    rows: Rows<R>,
    columns: Columns,
    currency: Currency,
}

/// The rows that are not blank.
struct Rows<R> {
    records: Records<R>,
    /// The row that was read and belongs to the next group.
    pending: Option<Record>,
    /// A record that is done with, to read the next one into.
    spare: Record,
    count: u64,
    blank: u64,
}

/// What a group of rows says.
#[derive(Debug)]
pub(super) struct Said {
    /// About a product; none when the rows cannot be taken.
    pub(super) product: Option<ProductInput>,
    /// What cannot be taken.
    pub(super) refused: Vec<Refused>,
    /// Bytes of the rows.
    pub(super) bytes: usize,
}

impl<R: Read> Products<R> {
    /// Reads the header.
    pub(super) fn open(source: R, currency: Currency) -> Result<Self, Broken> {
        let mut records = Records::new(source);
        let columns = Columns::of(&records.header()?)?;
        let rows = Rows { records, pending: None, spare: Record::default(), count: 0, blank: 0 };
        Ok(Self { rows, columns, currency })
    }

    /// The names of the columns that have no place in the catalogue.
    pub(super) fn columns_not_read(&self) -> &[String] {
        &self.columns.not_read
    }

    /// Bytes read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.rows.records.bytes_read()
    }

    /// Rows read so far, and how many of them had nothing in them.
    pub(super) fn rows_read(&self) -> (u64, u64) {
        (self.rows.count, self.rows.blank)
    }

    /// Reads the rows of the next product; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Said>, Broken> {
        let Some(first) = self.rows.next()? else { return Ok(None) };
        let handle = handle(&self.columns, &first);
        let mut group = Group::new(&self.columns, self.currency, slug(&handle), first.line);
        group.row(&first);
        self.rows.spare = first;
        while let Some(row) = self.rows.next()? {
            if self::handle(&self.columns, &row) != handle {
                self.rows.pending = Some(row);
                break;
            }
            group.row(&row);
            self.rows.spare = row;
        }
        Ok(Some(group.finish(&handle)))
    }
}

impl<R: Read> Rows<R> {
    fn next(&mut self) -> Result<Option<Record>, Broken> {
        if let Some(pending) = self.pending.take() {
            return Ok(Some(pending));
        }
        let mut record = std::mem::take(&mut self.spare);
        while self.records.next(&mut record)? {
            self.count += 1;
            if !record.is_blank() {
                return Ok(Some(record));
            }
            self.blank += 1;
        }
        Ok(None)
    }
}

/// The handle of a row as groups compare it: the slug where it is one, else as it is written.
fn handle(columns: &Columns, row: &Record) -> String {
    let text = columns.trimmed(row, Column::Handle);
    slug(text).map_or_else(|_| text.to_owned(), String::from)
}

/// The slug of a handle, in lower case if need be.
fn slug(handle: &str) -> Result<Slug, SlugError> {
    handle.parse().or_else(|_| handle.to_lowercase().parse())
}

/// Reads all of it, and tells only how many products were said something about before its end, or before it broke.
#[cfg(any(fuzzing, test))]
pub(crate) fn read_through(source: impl Read, currency: Currency) -> usize {
    let mut read = 0;
    if let Ok(mut products) = Products::open(source, currency) {
        while let Ok(Some(_)) = products.next() {
            read += 1;
        }
    }
    read
}

/// What is said in a cell that is blank when it says that there is nothing.
pub(super) fn cell<T>(columns: &Columns, column: Column, value: Option<T>) -> Cell<T> {
    if columns.has(column) { Cell::from_option(value) } else { Cell::Absent }
}
