//! The cells of one row: a variant, a picture.

use commerce_core::catalog::{Cell, ImageInput, Sku, VariantInput, Weight, WeightUnit};
use commerce_core::{Currency, UnitPrice};

use super::column::{Column, Columns};
use super::record::Record;
use super::shopify::cell;

/// A cell that cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) column: Column,
    pub(super) code: &'static str,
    pub(super) reason: String,
}

/// Whether the row says something about a variant.
pub(super) fn names_variant(columns: &Columns, record: &Record, titled: bool) -> bool {
    let filled = |column: Column| !columns.trimmed(record, column).is_empty();
    Column::OF_VARIANT.into_iter().any(filled)
        || (titled || !filled(Column::ImageSrc)) && Column::OF_VARIANT_PERHAPS.into_iter().any(filled)
}

/// The variant of a row, but for its option values.
pub(super) fn variant(
    columns: &Columns,
    record: &Record,
    currency: Currency,
) -> Result<VariantInput, Unreadable> {
    let filled = |column| Some(columns.trimmed(record, column)).filter(|text| !text.is_empty());
    let text = |column| cell(columns, column, filled(column).map(str::to_owned));
    let price = |column| {
        let read = |text| {
            UnitPrice::parse(text, currency).map_err(|error| unreadable(column, "price-invalid", text, error))
        };
        filled(column).map(read).transpose().map(|price| cell(columns, column, price))
    };
    let sku =
        |text: &str| text.parse::<Sku>().map_err(|error| unreadable(Column::Sku, "sku-invalid", text, error));
    let weight = |text: &str| {
        let says = "not a plain decimal number of grams";
        Weight::parse_grams(text, WeightUnit::Gram)
            .ok_or_else(|| unreadable(Column::Grams, "weight-invalid", text, says))
    };
    let unit = |text: &str| {
        let says = "none of g, kg, oz and lb";
        text.parse::<WeightUnit>()
            .map_err(|()| unreadable(Column::WeightUnit, "weight-unit-invalid", text, says))
    };
    let quantity = |text: &str| {
        let says = "not a whole number";
        text.parse::<i64>().map_err(|_| unreadable(Column::Quantity, "stock-invalid", text, says))
    };
    Ok(VariantInput {
        line: record.line,
        sku: cell(columns, Column::Sku, filled(Column::Sku).map(sku).transpose()?),
        was: None,
        option_values: Vec::new(),
        price: price(Column::Price)?,
        compare_at_price: price(Column::CompareAt)?,
        cost: price(Column::Cost)?,
        grams: cell(
            columns,
            Column::Grams,
            filled(Column::Grams).map(weight).transpose()?.map(|weight| weight.grams),
        ),
        weight_unit: cell(columns, Column::WeightUnit, filled(Column::WeightUnit).map(unit).transpose()?),
        dimensions: Cell::Absent,
        barcode: text(Column::Barcode),
        image: text(Column::VariantImage),
        tax_class: Cell::Absent,
        taxable: boolean(columns, record, Column::Taxable)?,
        digital: match boolean(columns, record, Column::RequiresShipping)? {
            Cell::Is(ships) => Cell::Is(!ships),
            Cell::Empty => Cell::Empty,
            Cell::Absent => Cell::Absent,
        },
        // Whoever tracks it: what matters is whether anybody does.
        tracked: cell(columns, Column::Tracker, Some(filled(Column::Tracker).is_some())),
        backorder: match filled(Column::Policy).map(str::to_lowercase).as_deref() {
            None => cell(columns, Column::Policy, None),
            Some("continue") => Cell::Is(true),
            Some("deny") => Cell::Is(false),
            Some(other) => {
                return Err(unreadable(Column::Policy, "policy-invalid", other, "neither deny nor continue"));
            }
        },
        stock: cell(columns, Column::Quantity, filled(Column::Quantity).map(quantity).transpose()?),
    })
}

/// The picture of a row with its position; one without a position comes last.
pub(super) fn image(columns: &Columns, record: &Record) -> Option<(u64, ImageInput)> {
    let url = Some(columns.trimmed(record, Column::ImageSrc)).filter(|url| !url.is_empty())?;
    let alt =
        Some(columns.trimmed(record, Column::ImageAlt)).filter(|alt| !alt.is_empty()).map(str::to_owned);
    let position = columns.trimmed(record, Column::ImagePosition).parse().unwrap_or(u64::MAX);
    Some((position, ImageInput { url: url.to_owned(), alt: cell(columns, Column::ImageAlt, alt) }))
}

/// Yes or no, in the letters of any spreadsheet.
pub(super) fn boolean(columns: &Columns, record: &Record, column: Column) -> Result<Cell<bool>, Unreadable> {
    let text = columns.trimmed(record, column);
    match text.to_lowercase().as_str() {
        "" => Ok(cell(columns, column, None)),
        "true" => Ok(Cell::Is(true)),
        "false" => Ok(Cell::Is(false)),
        _ => Err(unreadable(column, "boolean-invalid", text, "neither true nor false")),
    }
}

fn unreadable(column: Column, code: &'static str, text: &str, says: impl std::fmt::Display) -> Unreadable {
    let shown: String = text.chars().take(60).collect();
    Unreadable { column, code, reason: format!("{shown:?} is {says}") }
}
