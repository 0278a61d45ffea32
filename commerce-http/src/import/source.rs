//! A file that is read piece by piece, whatever it is about and however it is written.

use std::collections::HashMap;
use std::io::Read;

use commerce_core::Currency;
use commerce_core::bulk::{Format, Kind};
use commerce_core::catalog::{PriceInput, ProductInput};
use commerce_core::inventory::Move;
use serde::{Deserialize, Serialize};

use super::lines::Lines;
use super::record::Broken;
use super::shopify::Products;
use super::summary::Refused;
use super::table::Table;

/// What a file is about, and what its rows leave unsaid.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) kind: Kind,
    pub(super) format: Format,
    pub(super) currency: Currency,
    /// The code of the location of rows that name none.
    pub(super) location: String,
    /// The codes of locations by what they are called, for files that call them so.
    pub(super) locations: HashMap<String, String>,
    /// Whether the rows are kept, to give those back that are refused.
    pub(super) keep_rows: bool,
}

/// Something that is said.
#[derive(Debug)]
pub(super) enum What {
    /// Of a product.
    Product(Box<ProductInput>),
    /// Of the prices of a variant.
    Price(PriceInput),
    /// Of what lies of a variant at a location.
    Level(Move),
}

/// What belongs together in a file: the rows of a product, or a row.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Where it begins.
    pub(super) line: u64,
    /// What it says; nothing when it cannot be taken.
    pub(super) what: Option<What>,
    /// What of it cannot be taken.
    pub(super) refused: Vec<Refused>,
    /// Why it is passed over on purpose.
    pub(super) skipped: Option<&'static str>,
    /// How many bytes it has.
    pub(super) bytes: usize,
    /// The rows, when they are kept.
    pub(super) rows: String,
}

/// How far a file was read: up to where a piece begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    /// Bytes before it.
    pub(super) offset: u64,
    /// The line on which it begins.
    pub(super) line: u64,
    /// Rows before it.
    pub(super) rows: u64,
    /// How many of these had nothing in them.
    pub(super) blank: u64,
}

/// What stands before the pieces.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    /// The header, as it would stand in a file; empty where there is none.
    pub(super) text: String,
    /// The names of the columns that have no place in the catalogue.
    pub(super) columns_not_read: Vec<String>,
}

/// Reads a file.
pub(super) trait Reader {
    /// What stood before the pieces.
    fn head(&self) -> Head;

    /// Passes over what was read before.
    fn go_on(&mut self, mark: &Mark) -> Result<(), Broken>;

    /// Up to where it was read.
    fn mark(&self) -> Mark;

    /// Reads the next piece; `None` at the end.
    fn next(&mut self) -> Result<Option<Piece>, Broken>;
}

/// Reads what stands before the pieces.
pub(super) fn open<R: Read + 'static>(source: R, reading: &Reading) -> Result<Box<dyn Reader>, Broken> {
    Ok(match (reading.kind, reading.format) {
        (Kind::Products, Format::Csv) => {
            Box::new(Products::open(source, reading.currency, reading.keep_rows)?)
        }
        (Kind::Products, Format::JsonLines) => Box::new(Lines::open(source, reading.keep_rows)),
        (Kind::Prices | Kind::Inventory, _) => Box::new(Table::open(source, reading)?),
    })
}
