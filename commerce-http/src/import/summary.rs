//! What became of an import: for people, for scripts, for the file of refused rows.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use commerce_core::bulk::Kind;
use serde::{Deserialize, Serialize};

use super::ImportError;

/// What became of an import.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// What the file is about: what the numbers below count.
    pub kind: Kind,
    /// Rows read, without the header.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Products that are new.
    pub created: u64,
    /// Products that changed.
    pub updated: u64,
    /// Products that were like that already.
    pub unchanged: u64,
    /// Products that were refused as a whole.
    pub refused_products: u64,
    /// Variants that were read.
    pub variants: u64,
    /// Variants whose stock was set.
    pub stock_set: u64,
    /// Rows that were passed over on purpose, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// What was refused, by reason.
    pub refused: BTreeMap<String, Tally>,
    /// What was taken, but not as it was said, by what was done instead.
    pub warnings: BTreeMap<String, Tally>,
    /// The columns that have no place in the catalogue.
    pub columns_not_read: Vec<String>,
    /// Where the refused rows were written.
    #[serde(skip)]
    pub refused_file: Option<PathBuf>,
    /// How long it took.
    #[serde(skip)]
    pub elapsed: Duration,
}

/// How often something happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// The line where it happened first.
    pub first_line: u64,
    /// The reason given there.
    pub example: String,
}

/// A row that was refused, or the first row of a product that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The line of the file.
    pub line: u64,
    /// The handle of its product.
    pub handle: String,
    /// The column that is to blame; empty when none alone is.
    pub column: String,
    /// Why: stable, to count by.
    pub code: &'static str,
    /// Why, in words, and what to do.
    pub reason: String,
}

/// Everything was taken, or passed over on purpose.
pub const EXIT_TAKEN: u8 = 0;
/// The store or the disk could not do its work.
pub const EXIT_TROUBLE: u8 = 1;
/// The command was not understood.
pub const EXIT_USAGE: u8 = 2;
/// The file is not what it should be. What was taken before the bad place stays.
pub const EXIT_MALFORMED: u8 = 3;
/// Some rows were refused; the others were taken.
pub const EXIT_REFUSED: u8 = 4;

/// The exit code of a command that imported.
#[must_use]
pub fn exit_code(result: &Result<Summary, ImportError>) -> u8 {
    match result {
        Ok(summary) if summary.refused.is_empty() => EXIT_TAKEN,
        Ok(_) => EXIT_REFUSED,
        Err(ImportError::Malformed { .. }) => EXIT_MALFORMED,
        Err(ImportError::Location(_) | ImportError::Currency { .. } | ImportError::Format(_)) => EXIT_USAGE,
        Err(ImportError::Source { .. } | ImportError::RefusedFile { .. } | ImportError::Catalog { .. }) => {
            EXIT_TROUBLE
        }
    }
}

impl Summary {
    /// Products that were taken.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.created + self.updated + self.unchanged
    }

    /// What is counted.
    pub(super) fn what(&self) -> &'static str {
        match self.kind {
            Kind::Products => "products",
            Kind::Inventory => "levels",
            Kind::Prices => "prices",
        }
    }

    /// Products per second.
    #[must_use]
    #[expect(clippy::float_arithmetic, reason = "a rate to show, no money")]
    #[expect(clippy::cast_precision_loss, reason = "a rate to show")]
    pub fn rate(&self) -> f64 {
        (self.taken() + self.refused_products) as f64 / self.elapsed.as_secs_f64().max(0.001)
    }

    pub(super) fn refuse(&mut self, refused: &Refused) {
        tally(&mut self.refused, refused.code, refused.line, &refused.reason);
    }

    pub(super) fn warn(&mut self, code: &'static str, line: u64, reason: &str) {
        tally(&mut self.warnings, code, line, reason);
    }
}

fn tally(tallies: &mut BTreeMap<String, Tally>, code: &str, line: u64, reason: &str) {
    let first = || Tally { count: 0, first_line: line, example: reason.to_owned() };
    tallies.entry(code.to_owned()).or_insert_with(first).count += 1;
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let products = self.taken() + self.refused_products;
        let (seconds, rate, what) = (self.elapsed.as_secs_f64(), self.rate(), self.what());
        writeln!(
            f,
            "{} {what} in {} rows ({}) in {seconds:.1} s: {rate:.0} {what}/s",
            grouped(products),
            grouped(self.rows),
            size(self.bytes)
        )?;
        for (name, count) in
            [("created", self.created), ("updated", self.updated), ("unchanged", self.unchanged)]
        {
            writeln!(f, "  {name:<10}{:>9} {what}", grouped(count))?;
        }
        writeln!(f, "  {:<10}{:>9} {what}", "refused", grouped(self.refused_products))?;
        let skipped: u64 = self.skipped.values().sum();
        writeln!(f, "  {:<10}{:>9} rows{}", "skipped", grouped(skipped), counts(&self.skipped))?;
        if self.kind == Kind::Products {
            writeln!(
                f,
                "  {:<10}{:>9} variants, the stock of {} set",
                "read",
                grouped(self.variants),
                grouped(self.stock_set)
            )?;
        }
        tallies(f, "Refused", &self.refused)?;
        if let Some(path) = &self.refused_file {
            writeln!(f, "  every refused row, with its column and reason: {}", path.display())?;
        }
        tallies(f, "Taken otherwise than written", &self.warnings)?;
        if !self.columns_not_read.is_empty() {
            writeln!(f, "Columns without a place in the catalogue, not read:")?;
            writeln!(f, "  {}", self.columns_not_read.join(", "))?;
        }
        Ok(())
    }
}

fn tallies(f: &mut fmt::Formatter<'_>, title: &str, tallies: &BTreeMap<String, Tally>) -> fmt::Result {
    if tallies.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}:")?;
    for (code, Tally { count, first_line, example }) in tallies {
        writeln!(f, "  {:>9} {code}, first on line {first_line}: {example}", grouped(*count))?;
    }
    Ok(())
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{} {name}", grouped(*count)))
        .collect();
    if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) }
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes to a tenth of its unit.
pub(crate) fn size(bytes: u64) -> String {
    let (unit, one) = match bytes {
        0..1_000 => return format!("{bytes} bytes"),
        1_000..1_000_000 => ("kB", 1_000),
        1_000_000..1_000_000_000 => ("MB", 1_000_000),
        _ => ("GB", 1_000_000_000),
    };
    format!("{}.{} {unit}", bytes / one, bytes % one * 10 / one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([999, 1_000, 3_728_853].map(size), ["999 bytes", "1.0 kB", "3.7 MB"]);
    }

    #[test]
    fn a_summary_says_what_happened() {
        let mut summary =
            Summary { rows: 5_328, bytes: 3_728_853, created: 2_000, variants: 4_000, ..Summary::default() };
        summary.elapsed = Duration::from_secs(2);
        summary.skipped.insert("blank".to_owned(), 3);
        summary.warn("compare-at-dropped", 12, "8 is not above the price of 8");
        summary.columns_not_read = vec!["Gift Card".to_owned()];
        let text = summary.to_string();
        for says in [
            "2,000 products in 5,328 rows (3.7 MB) in 2.0 s: 1000 products/s",
            "3 rows (3 blank)",
            "1 compare-at-dropped, first on line 12",
            "Gift Card",
        ] {
            assert!(text.contains(says), "{text} says {says}");
        }
        assert_eq!(exit_code(&Ok(summary.clone())), EXIT_TAKEN);
        summary.refuse(&Refused {
            line: 2,
            handle: "a".into(),
            column: String::new(),
            code: "sku-taken",
            reason: "x".into(),
        });
        assert_eq!(exit_code(&Ok(summary)), EXIT_REFUSED);
    }
}
