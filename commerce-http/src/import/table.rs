//! Files of rows that each say something of one variant: prices, and what lies where.
//!
//! Both take the columns under the names that they have in what Shopify exports, whatever else stands beside them.
//!
//! | About | Columns |
//! | --- | --- |
//! | prices | `Variant SKU` or `SKU`, `Variant Price` or `Price`, `Variant Compare At Price` or `Compare At Price`, `Cost per item` |
//! | inventory | `SKU` or `Variant SKU`, `Location` (its code or its name), `On hand (new)`, `On hand` or `Variant Inventory Qty`, `On hand (current)` |
//!
//! A row of prices sets the price; where the file has the column, a blank cell takes the higher price, or the cost, away. A
//! row of inventory says how many units are there. It is passed over where the cell is blank or says `not stocked`; and it
//! is refused where `On hand (current)` is not what is there.

use std::collections::HashMap;
use std::io::Read;

use commerce_core::bulk::Kind;
use commerce_core::catalog::{Cell, PriceInput};
use commerce_core::fold;
use commerce_core::inventory::{Asked, Move, MovementReason};

use super::record::{Broken, Record};
use super::shopify::Rows;
use super::source::{Head, Mark, Piece, Reader, Reading, What};
use super::summary::Refused;

const SKU: &[&str] = &["Variant SKU", "SKU"];
const PRICE: &[&str] = &["Variant Price", "Price"];
const COMPARE_AT: &[&str] = &["Variant Compare At Price", "Compare At Price"];
const COST: &[&str] = &["Cost per item"];
const LOCATION: &[&str] = &["Location"];
const ON_HAND: &[&str] = &["On hand (new)", "On hand", "Variant Inventory Qty"];
const ON_HAND_BEFORE: &[&str] = &["On hand (current)"];
/// What Shopify writes of a variant that a location does not have.
const NOT_STOCKED: &str = "not stocked";

/// A file of such rows.
pub(super) struct Table<R> {
    rows: Rows<R>,
    about: About,
    not_read: Vec<String>,
    keep_rows: bool,
}

/// Where the cells are.
enum About {
    Prices {
        sku: Place,
        price: Place,
        compare_at: Option<Place>,
        cost: Option<Place>,
    },
    Levels {
        sku: Place,
        on_hand: Place,
        before: Option<Place>,
        location: Option<Place>,
        /// The code of the location of rows that name none.
        usual: String,
        /// Codes by what locations are called.
        named: HashMap<String, String>,
    },
}

/// A column of the file: its number and its name.
#[derive(Debug, Clone, Copy)]
struct Place {
    number: usize,
    name: &'static str,
}

/// The columns of a header as they are asked for.
struct Found<'h> {
    header: &'h [String],
    asked: Vec<usize>,
}

impl Found<'_> {
    fn maybe(&mut self, names: &[&'static str]) -> Option<Place> {
        let find = |name: &&'static str| {
            let number = self.header.iter().position(|column| column.eq_ignore_ascii_case(name))?;
            Some(Place { number, name })
        };
        let found = names.iter().find_map(find);
        self.asked.extend(found.map(|place| place.number));
        found
    }

    /// No column that is read may be there twice: which one counts would be a guess.
    fn once(&self) -> Result<(), Broken> {
        for number in &self.asked {
            let name = &self.header[*number];
            let is_twin =
                |(other, column): (usize, &String)| other != *number && column.eq_ignore_ascii_case(name);
            if self.header.iter().enumerate().any(is_twin) {
                let reason = format!("the column {name} is there twice: remove one of them");
                return Err(Broken::Malformed { line: 1, reason });
            }
        }
        Ok(())
    }

    fn needed(&mut self, names: &[&'static str], kind: Kind) -> Result<Place, Broken> {
        self.maybe(names).ok_or_else(|| {
            let names = names.join(" or ");
            let reason = format!("the header lacks {names}: it is no file of {}", kind.as_str());
            Broken::Malformed { line: 1, reason }
        })
    }
}

impl<R: Read> Table<R> {
    /// Reads the header.
    pub(super) fn open(source: R, reading: &Reading) -> Result<Self, Broken> {
        let mut rows = Rows::new(source);
        let header = rows.header()?;
        let mut found = Found { header: &header, asked: Vec::new() };
        let sku = found.needed(SKU, reading.kind)?;
        let about = match reading.kind {
            Kind::Inventory => About::Levels {
                sku,
                on_hand: found.needed(ON_HAND, reading.kind)?,
                before: found.maybe(ON_HAND_BEFORE),
                location: found.maybe(LOCATION),
                usual: reading.location.clone(),
                named: reading.locations.clone(),
            },
            Kind::Prices | Kind::Products => About::Prices {
                sku,
                price: found.needed(PRICE, reading.kind)?,
                compare_at: found.maybe(COMPARE_AT),
                cost: found.maybe(COST),
            },
        };
        found.once()?;
        let asked = found.asked;
        let not_read = header.into_iter().enumerate();
        let not_read = not_read.filter(|(number, name)| !asked.contains(number) && !name.is_empty());
        let not_read = not_read.map(|(_, name)| name).collect();
        Ok(Self { rows, about, not_read, keep_rows: reading.keep_rows })
    }
}

impl<R: Read> Reader for Table<R> {
    fn head(&self) -> Head {
        Head { text: self.rows.head().to_owned(), columns_not_read: self.not_read.clone() }
    }

    fn go_on(&mut self, mark: &Mark) -> Result<(), Broken> {
        self.rows.go_on(mark)
    }

    fn mark(&self) -> Mark {
        self.rows.mark()
    }

    fn next(&mut self) -> Result<Option<Piece>, Broken> {
        let Some(row) = self.rows.next()? else { return Ok(None) };
        let mut piece = Piece { line: row.line, bytes: row.bytes(), ..Piece::default() };
        match self.about.read(&row) {
            Ok(what) => (piece.what, piece.skipped) = (what, None),
            Err(refused) => piece.refused.push(refused),
        }
        if piece.what.is_none() && piece.refused.is_empty() {
            piece.skipped = Some("no quantity");
        }
        if self.keep_rows {
            row.write(&mut piece.rows);
        }
        self.rows.done_with(row);
        Ok(Some(piece))
    }
}

impl About {
    /// What the row says; `None`: nothing.
    fn read(&self, row: &Record) -> Result<Option<What>, Refused> {
        let text = |place: Place| row.get(place.number).trim();
        let (Self::Prices { sku, .. } | Self::Levels { sku, .. }) = self;
        let code = text(*sku);
        let refuse = |place: Place, code_of: &'static str, reason: String| Refused {
            line: row.line,
            handle: code.to_owned(),
            column: place.name.to_owned(),
            code: code_of,
            reason,
        };
        if code.is_empty() {
            return Err(refuse(*sku, "sku-missing", "the row has no SKU: it tells no variant".to_owned()));
        }
        match self {
            Self::Prices { price, compare_at, cost, .. } => {
                if text(*price).is_empty() {
                    return Err(refuse(*price, "price-missing", "the row has no price".to_owned()));
                }
                let cell = |place: &Option<Place>| match place.map(text) {
                    None => Cell::Absent,
                    Some("") => Cell::Empty,
                    Some(text) => Cell::Is(text.to_owned()),
                };
                Ok(Some(What::Price(PriceInput {
                    sku: code.to_owned(),
                    price: text(*price).to_owned(),
                    compare_at_price: cell(compare_at),
                    cost: cell(cost),
                })))
            }
            Self::Levels { on_hand, before, location, usual, named, .. } => {
                let units = |place: Place| match text(place) {
                    "" => Ok(None),
                    text if text.eq_ignore_ascii_case(NOT_STOCKED) => Ok(None),
                    text => text.parse::<i64>().map(Some).map_err(|_| {
                        let shown: String = text.chars().take(60).collect();
                        refuse(place, "stock-invalid", format!("{shown:?} is not a whole number"))
                    }),
                };
                let Some(wanted) = units(*on_hand)? else { return Ok(None) };
                let expected = before.map(units).transpose()?.flatten();
                let said = location.map_or("", text);
                let location =
                    if said.is_empty() { usual } else { named.get(&fold(said)).map_or(said, |code| code) };
                Ok(Some(What::Level(Move {
                    index: 0,
                    sku: code.to_owned(),
                    location: location.to_owned(),
                    asked: Asked::To { on_hand: wanted, expected },
                    reason: MovementReason::Import,
                })))
            }
        }
    }
}

/// The column of a field of a price that was refused.
pub(super) fn of_price(field: &str) -> &'static str {
    match field {
        "price" => PRICE[0],
        "compare_at_price" => COMPARE_AT[0],
        "cost" => COST[0],
        _ => SKU[0],
    }
}

/// The column of a part of a level that was refused.
pub(super) fn of_level(part: commerce_core::inventory::Part) -> &'static str {
    use commerce_core::inventory::Part;
    match part {
        Part::Sku => SKU[1],
        Part::Location | Part::Destination => LOCATION[0],
        Part::Units => ON_HAND[1],
    }
}

/// Locations by code and by name, as a file may call them.
pub(super) fn named(locations: &[commerce_core::inventory::Location]) -> HashMap<String, String> {
    let names = locations.iter().map(|location| (fold(&location.name), location.code.clone()));
    // A code goes before a name that reads the same.
    names.chain(locations.iter().map(|location| (fold(&location.code), location.code.clone()))).collect()
}
