//! What of a file is written in one transaction.

use std::io::Read;

use commerce_core::catalog::{Outcome, Plan, PriceInput, PricesSet, ProductInput, Refusal};
use commerce_core::inventory::{Move, MovedStock};
use tokio::sync::mpsc;

use super::record::Broken;
use super::source::{Head, Mark, Piece, Reader, Reading, What, open};
use super::summary::{Refused, Summary};
use super::{column, table};

/// How many products are written in one transaction.
const PRODUCTS: usize = 200;
/// How many variants end a batch early: of files of rows, how many rows.
const VARIANTS: usize = 2_000;
/// How many bytes of rows end a batch early.
const BYTES: usize = 4 << 20;

/// What is written together.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) products: Vec<ProductInput>,
    pub(super) prices: Vec<PriceInput>,
    pub(super) moves: Vec<Move>,
    /// The lines of prices and moves, and what they are about.
    said: Vec<(u64, String)>,
    refused: Vec<Refused>,
    /// Products, or rows, of which nothing can be taken.
    refused_whole: u64,
    skipped: Vec<&'static str>,
    variants: usize,
    bytes: usize,
    /// The rows by the line where each piece begins, when they are kept.
    rows: Vec<(u64, String)>,
    /// Up to where the file was read.
    pub(super) mark: Mark,
    /// Whether that is its end.
    pub(super) ended: bool,
}

/// What comes of reading.
pub(super) enum Heard {
    /// What stands before the pieces.
    Head(Head),
    /// A batch.
    Batch(Box<Batch>),
}

/// What the engine took of a batch.
#[derive(Clone, Copy)]
pub(super) enum Took<'t> {
    /// It was not asked.
    Nothing,
    /// Products, of which so many were named.
    Products {
        plan: &'t Plan,
        named: usize,
    },
    Prices(&'t PricesSet),
    Levels(&'t MovedStock),
}

/// Reads the file in a thread of its own, behind the mark if there is one, no more than a batch ahead.
pub(super) fn read_on(
    source: impl Read + Send + 'static,
    reading: Reading,
    from: Option<Mark>,
) -> mpsc::Receiver<Result<Heard, Broken>> {
    let (tell, heard) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        let told = read_all(source, &reading, from, &tell);
        if let Err(broken) = told {
            // Who does not listen any more has nothing to hear.
            tell.blocking_send(Err(broken)).ok();
        }
    });
    heard
}

fn read_all(
    source: impl Read + 'static,
    reading: &Reading,
    from: Option<Mark>,
    tell: &mpsc::Sender<Result<Heard, Broken>>,
) -> Result<(), Broken> {
    let mut reader = open(source, reading)?;
    let mut listening = tell.blocking_send(Ok(Heard::Head(reader.head()))).is_ok();
    if let Some(mark) = &from {
        reader.go_on(mark)?;
    }
    while listening {
        // A file that breaks in the middle of a batch takes the batch with it: nothing of it is written.
        let batch = Batch::fill(&mut *reader)?;
        let ended = batch.ended;
        listening = tell.blocking_send(Ok(Heard::Batch(Box::new(batch)))).is_ok() && !ended;
    }
    Ok(())
}

impl Batch {
    /// Reads until there is enough for a transaction, or the file ends.
    fn fill(reader: &mut dyn Reader) -> Result<Self, Broken> {
        let mut batch = Self::default();
        while batch.products.len() < PRODUCTS && batch.variants < VARIANTS && batch.bytes < BYTES {
            let Some(piece) = reader.next()? else {
                batch.ended = true;
                break;
            };
            batch.add(piece);
        }
        batch.mark = reader.mark();
        Ok(batch)
    }

    fn add(&mut self, piece: Piece) {
        let Piece { line, what, refused, skipped, bytes, rows } = piece;
        self.bytes += bytes;
        self.refused.extend(refused);
        self.skipped.extend(skipped);
        if !rows.is_empty() {
            self.rows.push((line, rows));
        }
        match what {
            Some(What::Product(product)) => {
                self.variants += product.variants.len();
                self.products.push(*product);
                return;
            }
            Some(What::Price(price)) => {
                self.said.push((line, price.sku.clone()));
                self.prices.push(price);
            }
            Some(What::Level(level)) => {
                let index = self.moves.len();
                self.said.push((line, level.sku.clone()));
                self.moves.push(Move { index, ..level });
            }
            None if skipped.is_none() => self.refused_whole += 1,
            None => {}
        }
        self.variants += 1;
    }

    /// What became of the file with this batch, and what of the batch was refused, by line.
    pub(super) fn counted(&self, before: &Summary, took: Took<'_>) -> (Summary, Vec<Refused>) {
        let mut summary = before.clone();
        let mut refused = self.refused.clone();
        let Mark { offset, rows, blank, .. } = self.mark;
        (summary.bytes, summary.rows) = (offset, rows);
        if blank > 0 {
            summary.skipped.insert("blank".to_owned(), blank);
        }
        for reason in &self.skipped {
            *summary.skipped.entry((*reason).to_owned()).or_default() += 1;
        }
        summary.refused_products += self.refused_whole;
        let at = |index: usize| self.said.get(index).cloned().unwrap_or_default();
        match took {
            Took::Nothing => {}
            Took::Products { plan, named } => {
                summary.variants += self.variants as u64;
                summary.refused_products += named.saturating_sub(plan.outcomes.len()) as u64;
                count(&mut summary, plan);
                refused.extend(plan.refusals.iter().map(of_plan));
            }
            Took::Prices(PricesSet { written, unchanged, refusals, .. }) => {
                summary.updated += written;
                summary.unchanged += unchanged;
                summary.refused_products += refusals.len() as u64;
                refused.extend(refusals.iter().map(|refused| {
                    let (line, handle) = at(refused.index);
                    let column = table::of_price(refused.field).to_owned();
                    Refused { line, handle, column, code: refused.code, reason: refused.reason.clone() }
                }));
            }
            Took::Levels(MovedStock { written, unchanged, refusals, .. }) => {
                summary.updated += written;
                summary.stock_set += written;
                summary.unchanged += unchanged;
                summary.refused_products += refusals.len() as u64;
                refused.extend(refusals.iter().map(|refused| {
                    let (line, handle) = at(refused.index);
                    let column = table::of_level(refused.part).to_owned();
                    Refused { line, handle, column, code: refused.code, reason: refused.reason.clone() }
                }));
            }
        }
        refused.sort_by_key(|refused| refused.line);
        for refused in &refused {
            summary.refuse(refused);
        }
        (summary, refused)
    }

    /// The rows of the piece that has this line: where it begins, and what they are.
    pub(super) fn rows_of(&self, line: u64) -> Option<(u64, &str)> {
        let behind = self.rows.partition_point(|(begin, _)| *begin <= line);
        self.rows.get(behind.checked_sub(1)?).map(|(begin, rows)| (*begin, rows.as_str()))
    }
}

fn count(summary: &mut Summary, plan: &Plan) {
    for (_, outcome) in &plan.outcomes {
        match outcome {
            Outcome::Created => summary.created += 1,
            Outcome::Updated => summary.updated += 1,
            Outcome::Unchanged => summary.unchanged += 1,
        }
    }
    summary.stock_set += plan.batch.inventory.adjust.len() as u64;
    for warning in &plan.warnings {
        summary.warn(warning.code, warning.line, &warning.reason);
    }
}

fn of_plan(refusal: &Refusal) -> Refused {
    let Refusal { line, slug, field, code, reason } = refusal;
    let column = column::of_field(field).to_owned();
    Refused { line: *line, handle: slug.clone(), column, code, reason: reason.clone() }
}
