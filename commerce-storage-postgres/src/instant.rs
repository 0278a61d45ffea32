//! Instants between the domain and `timestamptz`: the one place where they are converted.

use commerce_core::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};

/// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in microseconds since the Unix epoch.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

// Types that are built into the server have the same number everywhere.
const TIMESTAMPTZ: Oid = Oid(1184);
const TIMESTAMPTZ_ARRAY: Oid = Oid(1185);

/// An instant as a column keeps it: on the wire both are a 64-bit count of microseconds, so nothing is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) Timestamp);

impl Type<Postgres> for Instant {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ)
    }
}

impl PgHasArrayType for Instant {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ_ARRAY)
    }
}

impl Encode<'_, Postgres> for Instant {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = self
            .0
            .as_micros()
            .checked_sub(POSTGRES_EPOCH)
            .ok_or("the instant does not fit into a timestamptz")?;
        Encode::<Postgres>::encode(micros, buffer)
    }
}

impl Decode<'_, Postgres> for Instant {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        // Prepared statements answer in binary. Text only comes from statements without parameters sent as plain
        // queries, of which this crate has none that reads an instant.
        if value.format() != PgValueFormat::Binary {
            return Err("a timestamptz in text form".into());
        }
        let micros: i64 = Decode::<Postgres>::decode(value)?;
        let micros = micros.checked_add(POSTGRES_EPOCH).ok_or("a timestamptz out of range")?;
        Ok(Self(Timestamp::from_micros(micros)?))
    }
}

#[cfg(test)]
mod tests {
    use sqlx::types::Json;

    use super::*;
    use crate::statements::shop::in_shop;

    #[tokio::test]
    async fn an_instant_comes_back_to_the_microsecond() {
        in_shop(|store| async move {
            for text in [
                "1970-01-01T00:00:00Z",
                "1999-12-31T23:59:59.999999Z",
                "2000-01-01T00:00:00.000001Z",
                "2026-11-22T09:30:00.123456Z",
                "1887-06-01T12:00:00.5Z",
                "0001-01-01T00:00:00Z",
                "9999-12-30T21:59:59.999999Z",
            ] {
                let at: Timestamp = text.parse().unwrap();
                let row: (Instant, Vec<Instant>, Option<Instant>, Json<Timestamp>) = sqlx::query_as(
                    "select $1::timestamptz, array[$1, $2[1]]::timestamptz[], $3, to_json($1)",
                )
                .bind(Instant(at))
                .bind(vec![Instant(at)])
                .bind(None::<Instant>)
                .fetch_one(store.pool())
                .await
                .unwrap();
                assert_eq!(row, (Instant(at), vec![Instant(at); 2], None, Json(at)));
            }
        })
        .await;
    }
}
