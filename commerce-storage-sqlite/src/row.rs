//! From rows to values of the domain.

use std::fmt::Display;
use std::str::FromStr;

use commerce_core::{Currency, StoreError, Timestamp, hex};
use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};
use uuid::Uuid;

/// A row that is read column by column. What is no valid value names the table, the column and the row.
pub(crate) struct Fields<'r> {
    table: &'static str,
    key: &'static str,
    row: &'r SqliteRow,
}

impl<'r> Fields<'r> {
    /// The row of `table` whose column `key` says which one it is.
    pub(crate) fn new(table: &'static str, key: &'static str, row: &'r SqliteRow) -> Self {
        Self { table, key, row }
    }

    /// The plain value of a column.
    pub(crate) fn get<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        self.row.try_get(column).map_err(|error| self.invalid(column, error))
    }

    /// An id.
    pub(crate) fn id<T: From<Uuid>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.get::<Uuid>(column).map(T::from)
    }

    /// An id, or none.
    pub(crate) fn id_if<T: From<Uuid>>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        Ok(self.get::<Option<Uuid>>(column)?.map(T::from))
    }

    /// An instant.
    pub(crate) fn at(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        Timestamp::from_micros(self.get(column)?).map_err(|error| self.invalid(column, error))
    }

    /// An instant, or none.
    pub(crate) fn at_if(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let micros: Option<i64> = self.get(column)?;
        micros
            .map(|micros| Timestamp::from_micros(micros).map_err(|error| self.invalid(column, error)))
            .transpose()
    }

    /// A version or another count.
    pub(crate) fn count(&self, column: &'static str) -> Result<u64, StoreError> {
        u64::try_from(self.get::<i64>(column)?).map_err(|error| self.invalid(column, error))
    }

    /// 32 bytes: a hash.
    pub(crate) fn hash(&self, column: &'static str) -> Result<[u8; 32], StoreError> {
        self.get::<&[u8]>(column)?.try_into().map_err(|error| self.invalid(column, error))
    }

    /// A count, or none.
    pub(crate) fn count_if(&self, column: &'static str) -> Result<Option<u64>, StoreError> {
        let count: Option<i64> = self.get(column)?;
        count.map(|count| u64::try_from(count).map_err(|error| self.invalid(column, error))).transpose()
    }

    /// A currency.
    pub(crate) fn currency(&self, column: &'static str) -> Result<Currency, StoreError> {
        let code: &str = self.get(column)?;
        Currency::from_code(code).ok_or_else(|| self.invalid(column, "not a currency"))
    }

    /// A value that is written as text.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.get::<&str>(column)?.parse().map_err(|error| self.invalid(column, error))
    }

    /// A value that is written as text, or none.
    pub(crate) fn parse_if<T: FromStr<Err: Display>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let text: Option<&str> = self.get(column)?;
        text.map(|text| text.parse().map_err(|error| self.invalid(column, error))).transpose()
    }

    /// One of a closed list, by its name.
    pub(crate) fn named<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        let name = StrDeserializer::<serde::de::value::Error>::new(self.get(column)?);
        T::deserialize(name).map_err(|error| self.invalid(column, error))
    }

    /// A value that is written as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(self.get(column)?).map_err(|error| self.invalid(column, error))
    }

    /// A value that is written as JSON, or none.
    pub(crate) fn json_if<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let text: Option<&str> = self.get(column)?;
        text.map(|text| serde_json::from_str(text).map_err(|error| self.invalid(column, error))).transpose()
    }

    /// The column holds no valid value.
    pub(crate) fn invalid(&self, column: &str, reason: impl Display) -> StoreError {
        let named = self.row.try_get::<Uuid, _>(self.key).map(|id| id.to_string());
        let named = named.or_else(|_| self.row.try_get::<String, _>(self.key));
        let named = named.or_else(|_| self.row.try_get::<i64, _>(self.key).map(|number| number.to_string()));
        StoreError::invalid_row(self.table, column, named.unwrap_or_default(), reason)
    }
}

/// An instant as it is stored: microseconds since 1970.
pub(crate) fn instant<'de, D: serde::Deserializer<'de>>(micros: D) -> Result<Timestamp, D::Error> {
    let micros: i64 = serde::Deserialize::deserialize(micros)?;
    Timestamp::from_micros(micros).map_err(serde::de::Error::custom)
}

/// An instant as it is stored, or none.
pub(crate) fn instant_if<'de, D: serde::Deserializer<'de>>(micros: D) -> Result<Option<Timestamp>, D::Error> {
    let micros: Option<i64> = serde::Deserialize::deserialize(micros)?;
    micros.map(Timestamp::from_micros).transpose().map_err(serde::de::Error::custom)
}

/// 32 bytes as JSON has them: in hexadecimal.
pub(crate) fn hash<'de, D: serde::Deserializer<'de>>(digits: D) -> Result<[u8; 32], D::Error> {
    let digits: String = serde::Deserialize::deserialize(digits)?;
    hex::read(&digits).ok_or_else(|| serde::de::Error::custom("not 32 bytes"))
}

/// Where a listing goes on that shows the newest first; every id comes before seventeen bytes of the highest.
pub(crate) fn before(id: Option<Uuid>) -> Vec<u8> {
    id.map_or_else(|| vec![0xff; 17], |id| id.as_bytes().to_vec())
}

/// A version or another count as SQLite keeps it: it has no unsigned integers. None of ours comes near the limit.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
