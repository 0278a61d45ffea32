//! Money: attempts to pay; and, beside them, what goes back, what counts towards no order, the journal and the inbox.

use commerce_core::payment::{
    Advance, Changes, GatewayMode, MobileMoney, NextAction, Payment, PaymentMethod, PaymentReference,
    PaymentState, Progress,
};
use commerce_core::{CommitError, Currency, Guard, Money, OrderId, PaymentId, StoreError, Timestamp};
use serde::Deserialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;

use crate::row::{Fields, instant, instant_if, signed};
use crate::script::{Script, Statement};
use crate::trouble::trouble;
use crate::{journal, message, refund, unmatched};

/// Applies payment changes inside the caller's transaction.
///
/// # Errors
/// [`Guard::PaymentReference`] when an attempt has the reference already, [`Guard::Payment`], [`Guard::Refund`] or
/// [`Guard::Message`] when a row is not at the version that was read, [`Guard::Unmatched`] when there is a row for the
/// reference of money that counts towards no order, or it is not at the version that was read.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes {
        open,
        advance,
        refund,
        refund_advance,
        unmatched,
        unmatched_advance,
        journal,
        receive,
        message_advance,
    } = changes;
    for payment in open {
        insert(script, payment);
    }
    for Advance { id, expected_version, progress } in advance {
        let statement = script.add(ADVANCE).bind(id.0).bind(signed(*expected_version));
        bind(statement, progress).one(Guard::Payment(*id));
    }
    // A refund may be of money that counts towards no order, whose row is written before.
    unmatched::add(script, unmatched, unmatched_advance);
    refund::add(script, refund, refund_advance);
    journal::add(script, journal);
    message::add(script, receive, message_advance);
}

fn insert(script: &mut Script, payment: &Payment) {
    let Payment {
        id,
        order,
        reference,
        method,
        amount,
        mode,
        mobile_money,
        return_url,
        created_at,
        progress,
        version,
    } = payment;
    let taken_id = *id;
    let statement = script.add(INSERT).bind(id.0).bind(signed(*version));
    bind(statement, progress)
        .bind(order.0)
        .bind(reference.0.as_str())
        .bind(method.as_str())
        .bind(amount.minor)
        .bind(amount.currency.code())
        .bind(mode.map(GatewayMode::as_str))
        .bind(mobile_money.as_ref().map(Json))
        .bind(return_url.as_deref())
        .bind(created_at.as_micros())
        .unique(move |key| match key {
            "payments.reference" => Some(Guard::PaymentReference),
            "payments.id" => Some(Guard::Payment(taken_id)),
            _ => None,
        });
}

/// Binds how far an attempt got: the parameters ?3 to ?14.
fn bind<'s>(statement: Statement<'s>, progress: &Progress) -> Statement<'s> {
    let Progress {
        state,
        captured,
        refunded,
        fee,
        charge,
        channel,
        paid_at,
        next_action,
        asking_until,
        check_at,
        checks,
        note,
    } = progress;
    statement
        .bind(state.as_str())
        .bind(captured.minor)
        .bind(refunded.minor)
        .bind(fee.map(|fee| fee.minor))
        .bind(charge.as_deref())
        .bind(channel.as_deref())
        .bind(paid_at.map(Timestamp::as_micros))
        .bind(next_action.as_ref().map(Json))
        .bind(asking_until.map(Timestamp::as_micros))
        .bind(check_at.map(Timestamp::as_micros))
        .bind(i64::from(*checks))
        .bind(note.as_deref())
}

const INSERT: &str = "
INSERT INTO payments (id, version, state, captured, refunded, fee, charge, channel, paid_at, next_action, asking_until,
                      check_at, checks, note, order_id, reference, method, amount, currency, mode, mobile_money,
                      return_url, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)
";

const ADVANCE: &str = "
UPDATE payments
   SET state = ?3, captured = ?4, refunded = ?5, fee = ?6, charge = ?7, channel = ?8, paid_at = ?9, next_action = ?10,
       asking_until = ?11, check_at = ?12, checks = ?13, note = ?14, version = version + 1
 WHERE id = ?1 AND version = ?2
";

/// An attempt `p` as JSON: a [`PaymentRow`].
macro_rules! payment_json {
    () => {
        "json_object('id', hex(p.id), 'order', hex(p.order_id), 'reference', p.reference, 'method', p.method,
                     'amount', p.amount, 'currency', p.currency, 'mode', p.mode, 'mobile_money', json(p.mobile_money),
                     'return_url', p.return_url, 'created_at', p.created_at, 'state', p.state, 'captured', p.captured,
                     'refunded', p.refunded, 'fee', p.fee, 'charge', p.charge, 'channel', p.channel,
                     'paid_at', p.paid_at, 'next_action', json(p.next_action), 'asking_until', p.asking_until,
                     'check_at', p.check_at, 'checks', p.checks, 'note', p.note, 'version', p.version)"
    };
}
pub(crate) use payment_json;

/// An attempt as it is read.
#[derive(Deserialize)]
pub(crate) struct PaymentRow {
    id: PaymentId,
    order: OrderId,
    reference: PaymentReference,
    method: PaymentMethod,
    amount: i64,
    currency: Currency,
    mode: Option<GatewayMode>,
    mobile_money: Option<MobileMoney>,
    return_url: Option<String>,
    #[serde(deserialize_with = "instant")]
    created_at: Timestamp,
    state: PaymentState,
    captured: i64,
    refunded: i64,
    fee: Option<i64>,
    charge: Option<String>,
    channel: Option<String>,
    #[serde(deserialize_with = "instant_if")]
    paid_at: Option<Timestamp>,
    next_action: Option<NextAction>,
    #[serde(deserialize_with = "instant_if")]
    asking_until: Option<Timestamp>,
    #[serde(deserialize_with = "instant_if")]
    check_at: Option<Timestamp>,
    checks: u32,
    note: Option<String>,
    version: u64,
}

impl From<PaymentRow> for Payment {
    fn from(row: PaymentRow) -> Self {
        let money = |minor| Money::from_minor(minor, row.currency);
        Self {
            id: row.id,
            order: row.order,
            reference: row.reference,
            method: row.method,
            amount: money(row.amount),
            mode: row.mode,
            mobile_money: row.mobile_money,
            return_url: row.return_url,
            created_at: row.created_at,
            progress: Progress {
                state: row.state,
                captured: money(row.captured),
                refunded: money(row.refunded),
                fee: row.fee.map(money),
                charge: row.charge,
                channel: row.channel,
                paid_at: row.paid_at,
                next_action: row.next_action,
                asking_until: row.asking_until,
                check_at: row.check_at,
                checks: row.checks,
                note: row.note,
            },
            version: row.version,
        }
    }
}

/// Reads the references of attempts that are to be asked about by `now`, the one that has waited longest first.
///
/// # Errors
/// When the database fails.
pub async fn due(
    conn: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<PaymentReference>, StoreError> {
    let found: Vec<String> =
        sqlx::query_scalar(DUE).bind(now.as_micros()).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    Ok(found.into_iter().map(PaymentReference).collect())
}

const DUE: &str = "
SELECT reference FROM payments WHERE check_at IS NOT NULL AND check_at <= ?1 ORDER BY check_at, id LIMIT ?2
";

/// Reads which of the references are of money that we know of, sorted.
///
/// # Errors
/// When the database fails.
pub async fn known(
    conn: &mut SqliteConnection,
    references: &[PaymentReference],
) -> Result<Vec<PaymentReference>, StoreError> {
    let found: Vec<String> =
        sqlx::query_scalar(KNOWN).bind(Json(references)).fetch_all(conn).await.map_err(trouble)?;
    Ok(found.into_iter().map(PaymentReference).collect())
}

const KNOWN: &str = "
SELECT DISTINCT asked.value
  FROM json_each(?1) AS asked
 WHERE EXISTS (SELECT 1 FROM payments AS p WHERE p.reference = asked.value AND p.captured > 0)
    OR EXISTS (SELECT 1 FROM unmatched_payments AS u WHERE u.reference = asked.value)
 ORDER BY asked.value
";

/// Reads an attempt.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn payment(conn: &mut SqliteConnection, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    let row = sqlx::query(PAYMENT).bind(id.0).fetch_optional(conn).await.map_err(trouble)?;
    row.map(|row| Ok(Fields::new("payments", "id", &row).json::<PaymentRow>("payment")?.into())).transpose()
}

const PAYMENT: &str =
    concat!("SELECT p.id, ", payment_json!(), " AS payment FROM payments AS p WHERE p.id = ?1");

/// Reads up to `limit` attempts before `before`, in one state or in all, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn payments(
    conn: &mut SqliteConnection,
    state: Option<PaymentState>,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<Payment>, StoreError> {
    let statement = sqlx::query(if state.is_some() { PAYMENTS_IN } else { PAYMENTS });
    let statement = statement.bind(crate::row::before(before.map(|id| id.0))).bind(limit);
    let statement = match state {
        Some(state) => statement.bind(state.as_str()),
        None => statement,
    };
    let rows = statement.fetch_all(conn).await.map_err(trouble)?;
    rows.iter()
        .map(|row| Ok(Fields::new("payments", "id", row).json::<PaymentRow>("payment")?.into()))
        .collect()
}

const PAYMENTS: &str = concat!(
    "SELECT p.id, ",
    payment_json!(),
    " AS payment FROM payments AS p WHERE p.id < ?1 ORDER BY p.id DESC LIMIT ?2"
);

const PAYMENTS_IN: &str = concat!(
    "SELECT p.id, ",
    payment_json!(),
    " AS payment FROM payments AS p WHERE p.state = ?3 AND p.id < ?1 ORDER BY p.id DESC LIMIT ?2"
);
