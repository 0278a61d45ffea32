//! Prices of many variants at once on the wire.

use commerce_core::catalog::{Cell, PriceInput, PricesSet};
use commerce_core::inventory::Mode;
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use serde::Deserialize;

use super::stock::{BulkDto, RefusedRowDto, mode_of};
use super::{Check, OrNull, Problem};

/// The prices of a variant: decimal strings in the shop's currency.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "BulkPriceRow", deny_unknown_fields)]
pub(crate) struct BulkPriceRowBody {
    /// The variant's code.
    sku: String,
    /// The price of one unit: `"299.99"`.
    price: String,
    /// The higher price that it is compared at; null takes it away. One that is not above the new price any more goes too.
    #[serde(default)]
    compare_at_price: MaybeUndefined<String>,
    /// What one unit costs the shop; null takes it away.
    #[serde(default)]
    cost: MaybeUndefined<String>,
}

/// Sets many prices in one commit.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "BulkPrices", deny_unknown_fields)]
pub(crate) struct BulkPricesBody {
    /// `all`: nothing is written when a row cannot be taken. `valid`: the others are.
    #[serde(default)]
    #[oai(default)]
    mode: Option<String>,
    /// The prices, each SKU once: up to 10,000.
    rows: Vec<BulkPriceRowBody>,
}

impl BulkPricesBody {
    pub(crate) fn command(self) -> Result<(Vec<PriceInput>, Mode), Problem> {
        let mut check = Check::default();
        let mode = mode_of(self.mode.as_deref(), &mut check);
        let mode = check.finish(mode)?;
        let input = |row: BulkPriceRowBody| PriceInput {
            sku: row.sku,
            price: row.price,
            compare_at_price: cell(row.compare_at_price),
            cost: cell(row.cost),
        };
        Ok((self.rows.into_iter().map(input).collect(), mode))
    }
}

fn cell(said: MaybeUndefined<String>) -> Cell<String> {
    match said {
        MaybeUndefined::Undefined => Cell::Absent,
        MaybeUndefined::Null => Cell::Empty,
        MaybeUndefined::Value(text) => Cell::Is(text),
    }
}

impl From<PricesSet> for BulkDto {
    fn from(set: PricesSet) -> Self {
        let PricesSet { audit, written, unchanged, refusals, replayed: _ } = set;
        let refused = refusals.into_iter().map(|refused| RefusedRowDto {
            index: refused.index,
            field: refused.field.to_owned(),
            code: refused.code.to_owned(),
            reason: refused.reason,
        });
        Self { change_id: OrNull(audit.map(|row| row.0)), written, unchanged, refused: refused.collect() }
    }
}
