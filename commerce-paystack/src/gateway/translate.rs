//! Paystack's words in the engine's.

use commerce_core::payment::{
    Charge, ChargeStatus as EngineStatus, GatewayError, GatewayMode, GatewayRefund, GatewayTrouble,
    Instructions, NextAction, Notice, PaymentReference, RefundState,
};
use commerce_core::{RefundId, Timestamp};
use serde_json::Value;

use super::{money, refused};
use crate::charge::{Charge as Step, ChargeStatus};
use crate::error::{Error, ErrorKind, Fault};
use crate::refund::{Refund, RefundStatus};
use crate::refusal::Reason;
use crate::transaction::{Transaction, TransactionStatus};
use crate::value::{Amount, Fields, Mode, Reference};
use crate::webhook::Event;

/// Our reference as Paystack's.
pub(super) fn reference(ours: &PaymentReference) -> Result<Reference, GatewayError> {
    Reference::new(ours.0.as_str()).map_err(refused)
}

/// What trouble means for the engine.
pub(super) fn trouble(error: &Error) -> GatewayError {
    let kind = match error.kind() {
        _ if error.outcome_unknown() => GatewayTrouble::Unknown,
        ErrorKind::Invalid(_) => GatewayTrouble::Refused,
        ErrorKind::Refused(refusal) if refusal.reason == Reason::DuplicateReference => {
            GatewayTrouble::Duplicate
        }
        ErrorKind::Refused(_) if error.fault() == Fault::Merchant => GatewayTrouble::Misconfigured,
        ErrorKind::Refused(_) => GatewayTrouble::Refused,
        _ => GatewayTrouble::Unavailable,
    };
    GatewayError { kind, detail: error.to_string(), retry_after: error.retry_after(), reason: None }
}

/// A read whose answer makes no sense: nothing was done, and the next answer may be better.
pub(super) fn unreadable(detail: impl Into<String>) -> GatewayError {
    GatewayError::new(GatewayTrouble::Unavailable, detail)
}

/// What the payer does next.
///
/// # Errors
/// When the charge asks the payer for something that the engine has no way to pass on, and when it has failed already:
/// another try needs a new reference. To verify it would not do, for Paystack may call it abandoned then, which others
/// come back from.
pub(super) fn next_action(charge: Step) -> Result<NextAction, GatewayError> {
    let text = charge.display_text;
    match charge.status {
        ChargeStatus::Success => Ok(NextAction::None),
        ChargeStatus::Failed | ChargeStatus::Timeout => Err(GatewayError {
            reason: charge.message,
            ..refused(format!("the charge ended at once: {}", charge.status))
        }),
        ChargeStatus::OpenUrl => match charge.url {
            Some(authorization_url) => Ok(NextAction::Redirect { authorization_url, access_code: None }),
            None => Ok(NextAction::Await { text, expires_at: None }),
        },
        ChargeStatus::SendPin
        | ChargeStatus::SendOtp
        | ChargeStatus::SendPhone
        | ChargeStatus::SendBirthday
        | ChargeStatus::SendAddress => Err(refused(format!("the charge stops at {}", charge.status))),
        ChargeStatus::PayOffline
        | ChargeStatus::PendingBankTransfer
        | ChargeStatus::Pending
        | ChargeStatus::Unknown(_) => {
            if charge.account.is_none() && charge.ussd_code.is_none() {
                return Ok(NextAction::Await { text, expires_at: None });
            }
            let mut instructions =
                Instructions { ussd_code: charge.ussd_code, text, ..Instructions::default() };
            if let Some(account) = charge.account {
                instructions.bank = account.bank;
                instructions.account_number = Some(account.number);
                instructions.account_name = account.name;
                instructions.expires_at = account.expires_at.as_deref().and_then(timestamp);
                // There is no field for what the payer has to write with the payment.
                if let Some(reference) = account.reference {
                    let text = instructions.text.unwrap_or_default();
                    instructions.text = Some(format!("{text} ({reference})").trim().to_owned());
                }
            }
            Ok(NextAction::Display(instructions))
        }
    }
}

/// A transaction as a charge. Where it does not say whether it is a test, it is of the world of the key.
pub(super) fn charge(transaction: &Transaction, mode: Mode) -> Result<Charge, GatewayError> {
    let of = |subunits| Amount { subunits, currency: transaction.amount.currency };
    let exact = |amount| money::money(amount).map_err(|error| unreadable(error.to_string()));
    let status = match transaction.status {
        TransactionStatus::Success => EngineStatus::Succeeded,
        TransactionStatus::Failed => EngineStatus::Failed,
        TransactionStatus::ReversalPending => EngineStatus::Reversing,
        TransactionStatus::Reversed => EngineStatus::Reversed,
        _ => EngineStatus::Open,
    };
    let reason = || transaction.message.clone().or_else(|| transaction.gateway_response.clone());
    Ok(Charge {
        reference: PaymentReference(transaction.reference.to_string()),
        id: transaction.id.ok_or_else(|| unreadable("the transaction has no id"))?.to_string(),
        status,
        amount: exact(transaction.amount)?,
        requested: transaction.requested_subunits.map(|subunits| exact(of(subunits))).transpose()?,
        mode: match transaction.mode.unwrap_or(mode) {
            Mode::Test => GatewayMode::Test,
            Mode::Live => GatewayMode::Live,
        },
        channel: transaction.channel.clone(),
        fee: transaction.fee_subunits.and_then(|subunits| money::fee(of(subunits)).ok()),
        paid_at: transaction.paid_at.as_deref().and_then(timestamp),
        reason: (status == EngineStatus::Failed).then(reason).flatten(),
    })
}

/// A refund.
pub(super) fn refund(refund: &Refund) -> Result<GatewayRefund, String> {
    // The same field says how far it is while all goes well.
    let stuck = matches!(refund.status, RefundStatus::Failed | RefundStatus::NeedsAttention);
    Ok(GatewayRefund {
        id: refund.id.ok_or("the refund has no id")?.to_string(),
        refund: refund.merchant_note.as_deref().and_then(noted),
        amount: money::money(refund.amount).map_err(|error| error.to_string())?,
        state: match refund.status {
            RefundStatus::Pending | RefundStatus::Unknown(_) => RefundState::Pending,
            RefundStatus::Processing => RefundState::Processing,
            RefundStatus::Processed => RefundState::Processed,
            RefundStatus::Failed => RefundState::Failed,
            RefundStatus::NeedsAttention => RefundState::NeedsAttention,
        },
        reason: refund.reason.clone().filter(|_| stuck),
    })
}

const NOTE: &str = "refund ";

/// The merchant's note of a refund: our id, by which it is found again, and why.
pub(super) fn note(id: RefundId, reason: &str) -> String {
    let reason: String = reason.chars().filter(|c| !c.is_control()).take(200).collect();
    format!("{NOTE}{id} {reason}").trim_end().to_owned()
}

/// Our id in a merchant's note.
fn noted(note: &str) -> Option<RefundId> {
    note.strip_prefix(NOTE)?.split_whitespace().next()?.parse().ok()
}

/// What a message is about. Nothing but the reference is taken from it.
pub(super) fn notice(event: Event) -> Notice {
    let ours = |reference: &Reference| PaymentReference(reference.to_string());
    let about = event.transaction_reference().map(ours);
    match (event, about) {
        (Event::ChargeSuccess(_), Some(reference)) => Notice::Charge(reference),
        (Event::Refund(_), Some(reference)) => Notice::Refund(reference),
        (Event::Refund(refund), None) => attention(format!("refund.{}", refund.status), None),
        (Event::Dispute(dispute), reference) => {
            attention(format!("charge.dispute.{}", dispute.step), reference)
        }
        (Event::TransferRejected(_), reference) => attention("bank.transfer.rejected".to_owned(), reference),
        (Event::Other { name, data }, _) => other(name, &data),
        (Event::ChargeSuccess(_), None) => attention("charge.success".to_owned(), None),
    }
}

fn attention(event: String, reference: Option<PaymentReference>) -> Notice {
    Notice::Attention { event, reference }
}

/// A message that could not be read in full, or of a kind that is not documented, is still about something when it names
/// a transaction: the gateway is asked about that.
fn other(name: String, data: &Value) -> Notice {
    let fields = Fields::of(data);
    let named = |field| fields.reference(field).ok().flatten().map(|it| PaymentReference(it.to_string()));
    if name.starts_with("charge.dispute.") {
        attention(name, named("transaction_reference"))
    } else if name.starts_with("charge.") {
        match named("reference") {
            Some(reference) => Notice::Charge(reference),
            None => attention(name, None),
        }
    } else if name.starts_with("refund.") {
        match named("transaction_reference") {
            Some(reference) => Notice::Refund(reference),
            None => attention(name, None),
        }
    } else if name == "bank.transfer.rejected" {
        attention(name, None)
    } else {
        Notice::Other(name)
    }
}

/// An instant as Paystack writes it.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// An instant as Paystack takes it: whole milliseconds.
pub(super) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    match text.split_once('.') {
        Some((seconds, fraction)) => {
            format!("{seconds}.{}Z", fraction.chars().take(3).collect::<String>())
        }
        None => text,
    }
}
