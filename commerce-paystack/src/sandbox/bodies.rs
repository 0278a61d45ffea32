//! The objects in answers and webhooks.

use serde_json::{Map, Value, json};

use super::books::Books;
use super::clock::iso;
use super::country::Country;
use super::customer::Customer;
use super::request::Fields;
use super::transaction::{Instrument, Transaction};

/// Where a transaction is shown: each place has fields of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Verify,
    Fetch,
    List,
    Charge,
    Webhook,
    /// Inside a refund.
    Refund,
}

pub(crate) fn transaction(books: &Books, index: usize, view: View) -> Value {
    let transaction = &books.transactions[index];
    let created_at = iso(transaction.created_at);
    let paid_at = transaction.paid_at.map(iso);
    let nothing = || json!({});
    let mut body = json!({
        "id": transaction.id,
        "domain": "test",
        "status": transaction.status.name(),
        "reference": transaction.reference,
        "receipt_number": null,
        "amount": transaction.amount,
        "message": transaction.message,
        "gateway_response": transaction.gateway_response,
        "paid_at": paid_at,
        "created_at": created_at,
        "channel": transaction.channel.name(),
        "currency": transaction.currency.code(),
        "ip_address": transaction.ip,
        "metadata": transaction.metadata,
        "log": transaction.log.body(),
        "fees": transaction.fees,
        "fees_split": null,
        "authorization": shown_authorization(books, transaction, view),
        "customer": books.customers[transaction.customer].short(),
        "plan": null,
        "split": nothing(),
        "order_id": null,
        "paidAt": paid_at,
        "createdAt": created_at,
        "requested_amount": transaction.requested,
        "pos_transaction_data": null,
        "source": null,
        "fees_breakdown": null,
        "connect": null,
        "transaction_date": created_at,
        "plan_object": nothing(),
        "subaccount": nothing(),
    });
    let Value::Object(fields) = &mut body else { return body };
    let source = transaction.origin.source();
    match view {
        View::Verify => {}
        View::Charge => without(fields, &["receipt_number", "connect"]),
        View::Fetch => {
            without(fields, &["transaction_date", "plan_object"]);
            with(fields, [("plan", nothing()), ("helpdesk_link", Value::Null)]);
            let source = json!({"type": "api", "source": "merchant_api", "identifier": null});
            with(fields, [("source", source)]);
        }
        View::List => {
            without(fields, &["receipt_number", "fees_breakdown", "transaction_date", "plan_object"]);
            with(fields, [("plan", nothing()), ("source", source)]);
            if transaction.metadata == json!("") {
                with(fields, [("metadata", Value::Null)]);
            }
        }
        View::Webhook => {
            without(fields, &["receipt_number", "connect", "transaction_date", "plan_object", "createdAt"]);
            with(fields, [("plan", nothing()), ("source", source), ("log", Value::Null)]);
        }
        View::Refund => {
            let kept = [
                "id",
                "domain",
                "reference",
                "amount",
                "paid_at",
                "channel",
                "currency",
                "paidAt",
                "order_id",
                "split",
                "pos_transaction_data",
                "source",
                "fees_breakdown",
            ];
            fields.retain(|name, _| kept.contains(&name.as_str()));
            let authorization = json!({"exp_month": null, "exp_year": null, "account_name": null});
            with(fields, [("plan", nothing()), ("authorization", authorization)]);
            with(fields, [("customer", json!({"international_format_phone": null}))]);
            with(fields, [("subaccount", json!({"currency": null}))]);
        }
    }
    body
}

fn with<const N: usize>(fields: &mut Map<String, Value>, entries: [(&str, Value); N]) {
    fields.extend(entries.map(|(name, value)| (name.to_owned(), value)));
}

fn without(fields: &mut Map<String, Value>, names: &[&str]) {
    fields.retain(|name, _| !names.contains(&name.as_str()));
}

fn shown_authorization(books: &Books, transaction: &Transaction, view: View) -> Value {
    match transaction.authorization {
        Some(known) => books.authorizations[known].body.clone(),
        None if view == View::List => json!({
            "authorization_code": null, "bin": null, "last4": null, "exp_month": null, "exp_year": null,
            "channel": null, "card_type": null, "bank": null, "country_code": null, "brand": null,
            "reusable": false, "signature": null, "account_name": null,
        }),
        None => json!({}),
    }
}

/// What a transaction was paid with.
pub(crate) fn authorization(
    country: Country,
    code: &str,
    transaction: &Transaction,
    customer: &Customer,
) -> Value {
    let mut body = json!({
        "authorization_code": code,
        "bin": "000XXX",
        "last4": "X000",
        "exp_month": "12",
        "exp_year": "9999",
        "channel": transaction.channel.name(),
        "card_type": "",
        "bank": null,
        "country_code": country.code(),
        "brand": "",
        "reusable": false,
        "signature": null,
        "account_name": null,
        "receiver_bank_account_number": null,
        "receiver_bank": null,
    });
    let Value::Object(fields) = &mut body else { return body };
    match &transaction.instrument {
        Some(Instrument::Card { card, month, year }) => {
            with(fields, [("bin", json!(card.bin())), ("last4", json!(card.last4()))]);
            with(fields, [("exp_month", json!(month)), ("exp_year", json!(year))]);
            // The blank after the brand is really there.
            with(
                fields,
                [("card_type", json!(format!("{} ", card.brand()))), ("brand", json!(card.brand()))],
            );
            with(fields, [("bank", json!("TEST BANK")), ("reusable", json!(true))]);
            with(fields, [("signature", json!(signature(card.number, customer.id)))]);
        }
        Some(Instrument::MobileMoney { provider, phone }) => {
            let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
            let tail = digits.get(digits.len().saturating_sub(3)..).unwrap_or_default();
            let head = digits.get(..3).unwrap_or_default();
            with(fields, [("bin", json!(format!("{head}XXX"))), ("last4", json!(format!("X{tail}")))]);
            let brand = format!("{} mobile money", provider.name);
            with(
                fields,
                [("bank", json!(format!("{} Mobile Money", provider.name))), ("brand", json!(brand))],
            );
        }
        Some(Instrument::BankTransfer) => {
            with(fields, [("card_type", json!("transfer")), ("brand", json!("Managed Account"))]);
            with(fields, [("sender_country", json!(country.code())), ("sender_bank", Value::Null)]);
            with(fields, [("sender_bank_account_number", json!("XXXXXXX000"))]);
            with(fields, [("sender_name", json!("Test Payer")), ("narration", json!("Test transfer"))]);
        }
        Some(Instrument::Bank { name, .. }) => {
            with(fields, [("bank", json!(name)), ("brand", json!(format!("{name} Emandate")))]);
        }
        Some(Instrument::Ussd { bank }) => {
            with(fields, [("bank", json!(bank)), ("brand", json!("offline"))]);
            with(fields, [("card_type", json!("offline"))]);
        }
        _ => {}
    }
    if let Some(channel) = transaction.instrument.as_ref().map(Instrument::channel) {
        with(fields, [("channel", json!(channel.name()))]);
    }
    body
}

/// The same card has the same signature on every use.
fn signature(number: &str, customer: u64) -> String {
    let mut codes = super::random::Codes::new(
        number.bytes().fold(customer, |mixed, byte| mixed.wrapping_mul(31).wrapping_add(u64::from(byte))),
    );
    format!("SIG_{}", codes.mixed(20))
}

/// Metadata as it is read back: an object's plain values become text, JSON in a string keeps its types, and where there
/// is none it is an empty string.
pub(crate) fn metadata(fields: &Fields) -> Value {
    match fields.get("metadata") {
        None => json!(""),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        Some(value) => texts(value),
    }
}

fn texts(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), texts(value))).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(texts).collect()),
        Value::Number(number) => json!(number.to_string()),
        Value::Bool(yes) => json!(yes.to_string()),
        other => other.clone(),
    }
}

/// Where the payer goes who gives up, if the shop said so.
pub(crate) fn cancel_action(transaction: &Transaction) -> Option<&str> {
    transaction.metadata.get("cancel_action").and_then(Value::as_str)
}
