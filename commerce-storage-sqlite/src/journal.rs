//! The money journal: rows that are only ever added.

use commerce_core::payment::PaymentReference;
use commerce_core::payment::journal::{Balance, Entry, Leg};
use commerce_core::{Money, OrderId, StoreError, Timestamp};
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;

use crate::row::Fields;
use crate::script::Script;
use crate::trouble::trouble;

pub(crate) fn add(script: &mut Script, entries: &[Entry]) {
    for Entry { id, at, kind, order, reference, legs } in entries {
        script
            .add(INSERT)
            .bind(id.0)
            .bind(at.as_micros())
            .bind(kind.as_str())
            .bind(order.map(|order| order.0))
            .bind(reference.0.as_str());
        script.add(INSERT_LEGS).bind(id.0).bind(Json(legs));
    }
}

const INSERT: &str = "
INSERT INTO journal_entries (id, at, kind, order_id, reference) VALUES (?1, ?2, ?3, ?4, ?5)
";

const INSERT_LEGS: &str = "
INSERT INTO journal_legs (entry_id, position, account, amount, currency)
SELECT ?1, key, value ->> '$.account', value ->> '$.amount.minor', value ->> '$.amount.currency'
  FROM json_each(?2)
";

/// Reads the entries for an order, the oldest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub(crate) async fn of_order(conn: &mut SqliteConnection, order: OrderId) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query(OF_ORDER).bind(order.0).fetch_all(conn).await.map_err(trouble)?;
    rows.iter()
        .map(|row| {
            let fields = Fields::new("journal_entries", "id", row);
            Ok(Entry {
                id: fields.id("id")?,
                at: fields.at("at")?,
                kind: fields.named("kind")?,
                order: fields.id_if("order_id")?,
                reference: PaymentReference(fields.get("reference")?),
                legs: fields.json::<Vec<Leg>>("legs")?,
            })
        })
        .collect()
}

const OF_ORDER: &str = "
SELECT e.id, e.at, e.kind, e.order_id, e.reference,
       (SELECT json_group_array(
                   json_object('account', l.account,
                               'amount', json_object('minor', l.amount, 'currency', l.currency))
                   ORDER BY l.position)
          FROM journal_legs AS l
         WHERE l.entry_id = e.id) AS legs
  FROM journal_entries AS e
 WHERE e.order_id = ?1
 ORDER BY e.at, e.id
";

/// Reads what each account gained on each day from `from` up to, not including, `to`, by day, account and currency.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub(crate) async fn balances(
    conn: &mut SqliteConnection,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Balance>, StoreError> {
    let rows = sqlx::query(BALANCES)
        .bind(from.as_micros())
        .bind(to.as_micros())
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    let read = |row| {
        let fields = Fields::new("journal_legs", "account", row);
        let amount = Money::from_minor(fields.get("amount")?, fields.currency("currency")?);
        Ok(Balance { day: fields.at("day")?, account: fields.named("account")?, amount })
    };
    let mut balances: Vec<Balance> = rows.iter().map(read).collect::<Result<_, StoreError>>()?;
    balances.sort_by_key(|balance| (balance.day, balance.account, balance.amount.currency.code()));
    Ok(balances)
}

const BALANCES: &str = "
SELECT e.at - ((e.at % 86400000000) + 86400000000) % 86400000000 AS day, l.account, l.currency, sum(l.amount) AS amount
  FROM journal_entries AS e
  JOIN journal_legs AS l ON l.entry_id = e.id
 WHERE e.at >= ?1 AND e.at < ?2
 GROUP BY 1, l.account, l.currency
";
