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
use super::refused::push_row;
use super::source::{Head, Mark, Piece, Reader, What};
use super::summary::Refused;

/// Reads the products of an export, one after the other.
pub(super) struct Products<R> {
    rows: Rows<R>,
    columns: Columns,
    currency: Currency,
    keep_rows: bool,
}

/// The rows that are not blank.
pub(super) struct Rows<R> {
    records: Records<R>,
    /// The row that was read and belongs to the next group.
    pending: Option<Record>,
    /// A record that is done with, to read the next one into.
    spare: Record,
    count: u64,
    blank: u64,
    head: String,
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
    /// The line of the first one.
    pub(super) line: u64,
    /// The rows themselves, when they are kept.
    pub(super) rows: String,
}

impl<R: Read> Products<R> {
    /// Reads the header.
    pub(super) fn open(source: R, currency: Currency, keep_rows: bool) -> Result<Self, Broken> {
        let mut rows = Rows::new(source);
        let columns = Columns::of(&rows.header()?)?;
        Ok(Self { rows, columns, currency, keep_rows })
    }

    /// Reads the rows of the next product; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Said>, Broken> {
        let Some(first) = self.rows.next()? else { return Ok(None) };
        let handle = handle(&self.columns, &first);
        let mut group = Group::new(&self.columns, self.currency, slug(&handle), first.line);
        group.keep_rows(self.keep_rows);
        group.row(&first);
        self.rows.done_with(first);
        while let Some(row) = self.rows.next()? {
            if self::handle(&self.columns, &row) != handle {
                self.rows.put_back(row);
                break;
            }
            group.row(&row);
            self.rows.done_with(row);
        }
        Ok(Some(group.finish(&handle)))
    }
}

impl<R: Read> Reader for Products<R> {
    fn head(&self) -> Head {
        Head { text: self.rows.head.clone(), columns_not_read: self.columns.not_read.clone() }
    }

    fn go_on(&mut self, mark: &Mark) -> Result<(), Broken> {
        self.rows.go_on(mark)
    }

    fn mark(&self) -> Mark {
        self.rows.mark()
    }

    fn next(&mut self) -> Result<Option<Piece>, Broken> {
        Ok(self.next()?.map(|Said { product, refused, bytes, line, rows }| {
            let what = product.map(|product| What::Product(Box::new(product)));
            Piece { line, what, refused, bytes, rows, skipped: None }
        }))
    }
}

impl<R: Read> Rows<R> {
    pub(super) fn new(source: R) -> Self {
        let (records, spare) = (Records::new(source), Record::default());
        Self { records, pending: None, spare, count: 0, blank: 0, head: String::new() }
    }

    /// Reads the names of the columns.
    pub(super) fn header(&mut self) -> Result<Vec<String>, Broken> {
        let header = self.records.header()?;
        self.head.clear();
        push_row(&mut self.head, &header.iter().map(String::as_str).collect::<Vec<_>>());
        Ok(header)
    }

    /// The header, as it would stand in a file.
    pub(super) fn head(&self) -> &str {
        &self.head
    }

    /// Passes over what was read before.
    pub(super) fn go_on(&mut self, mark: &Mark) -> Result<(), Broken> {
        (self.count, self.blank) = (mark.rows, mark.blank);
        self.records.skip_to(mark.offset, mark.line)
    }

    /// Up to where rows were read that were not put back.
    pub(super) fn mark(&self) -> Mark {
        let (rows, blank) = (self.count, self.blank);
        match &self.pending {
            Some(Record { offset, line, .. }) => Mark { offset: *offset, line: *line, rows: rows - 1, blank },
            None => Mark { offset: self.records.bytes_read(), line: self.records.line(), rows, blank },
        }
    }

    /// The row belongs to what comes next.
    pub(super) fn put_back(&mut self, row: Record) {
        self.pending = Some(row);
    }

    /// The row is done with: the next one may be read into it.
    pub(super) fn done_with(&mut self, row: Record) {
        self.spare = row;
    }

    /// Reads the next row that has something in it; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Broken> {
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
    if let Ok(mut products) = Products::open(source, currency, false) {
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
