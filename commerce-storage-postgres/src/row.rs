//! From what a row says to what the domain knows: the one way, which names the row when a value is not valid.

use std::fmt::Display;

use commerce_core::{Currency, Money, Quantity, StoreError, Timestamp, hex};
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_json::Value;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Decode, Row as _, Type};
use uuid::Uuid;

use crate::error::store_error;
use crate::instant::Instant;

/// A column of a row.
pub(crate) fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    column: &str,
) -> Result<T, StoreError> {
    row.try_get(column).map_err(store_error)
}

/// What waits, and the time of the look. Every row tells the time, and one tells nothing else when nothing waits.
pub(crate) fn waiting<T>(
    rows: &[PgRow],
    read: impl Fn(&PgRow) -> Result<T, StoreError>,
) -> Result<(Timestamp, Vec<T>), StoreError> {
    let first = rows.first().ok_or_else(|| store_error(sqlx::Error::RowNotFound))?;
    let now: Instant = get(first, "now")?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        if get::<Option<Uuid>>(row, "id")?.is_some() {
            found.push(read(row)?);
        }
    }
    Ok((now.0, found))
}

/// A row on its way into the domain.
#[derive(Clone, Copy)]
pub(crate) struct Row<'r> {
    table: &'static str,
    id: &'r dyn Display,
}

impl<'r> Row<'r> {
    pub(crate) fn new(table: &'static str, id: &'r dyn Display) -> Self {
        Self { table, id }
    }

    /// The error that this column of the row is no valid value.
    pub(crate) fn invalid(&self, column: &str, reason: impl Display) -> StoreError {
        StoreError::invalid_row(self.table, column, self.id, reason)
    }

    /// A value that the domain writes as text: a code, a state, an instant.
    pub(crate) fn text<T: DeserializeOwned>(&self, column: &str, text: &str) -> Result<T, StoreError> {
        let text: StrDeserializer<'_, ValueError> = text.into_deserializer();
        T::deserialize(text).map_err(|error| self.invalid(column, error))
    }

    pub(crate) fn optional_text<T: DeserializeOwned>(
        &self,
        column: &str,
        text: Option<&str>,
    ) -> Result<Option<T>, StoreError> {
        text.map(|text| self.text(column, text)).transpose()
    }

    /// A value that the domain writes as JSON: an address, a document.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str, value: Value) -> Result<T, StoreError> {
        serde_json::from_value(value).map_err(|error| self.invalid(column, error))
    }

    pub(crate) fn optional_json<T: DeserializeOwned>(
        &self,
        column: &str,
        value: Option<Value>,
    ) -> Result<Option<T>, StoreError> {
        value.map(|value| self.json(column, value)).transpose()
    }

    /// A count or version.
    pub(crate) fn count(&self, column: &str, number: i64) -> Result<u64, StoreError> {
        u64::try_from(number).map_err(|error| self.invalid(column, error))
    }

    pub(crate) fn quantity(&self, column: &str, number: i64) -> Result<Quantity, StoreError> {
        u32::try_from(number)
            .ok()
            .and_then(Quantity::new)
            .ok_or_else(|| self.invalid(column, "not a quantity"))
    }

    pub(crate) fn money(&self, column: &str, minor: i64, currency: Currency) -> Result<Money, StoreError> {
        if minor < 0 {
            Err(self.invalid(column, "below zero"))
        } else {
            Ok(Money::from_minor(minor, currency))
        }
    }

    /// 32 bytes as JSON has them: `\x`, then hexadecimal.
    pub(crate) fn bytes(&self, column: &str, text: &str) -> Result<[u8; 32], StoreError> {
        self.hash(column, text.strip_prefix("\\x").unwrap_or_default())
    }

    /// 32 bytes in hexadecimal: a hash.
    pub(crate) fn hash(&self, column: &str, digits: &str) -> Result<[u8; 32], StoreError> {
        hex::read(digits).ok_or_else(|| self.invalid(column, "not 32 bytes"))
    }
}
