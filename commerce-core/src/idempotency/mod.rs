//! A retried request has one effect and one answer.
//!
//! The record of a request is written in the same commit as its effect, under a unique key. It names what happened and
//! holds no body: the answer to a repetition is rendered again from stored rows.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::text::text_type;
use crate::{AuditId, CartId, OrderId, PaymentId, RefundId, ReviewId, Timestamp};

/// Why a text cannot be an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 visible ASCII characters")]
pub struct KeyError;

text_type! {
    /// The key under which a client may repeat a request: 1 to 255 visible ASCII characters.
    Key, KeyError, |text| {
        let right = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if right { Ok(text.to_owned()) } else { Err(KeyError) }
    }
}

/// Whose request a key belongs to: two shoppers may use the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// Who asked: the hash of a cart token, an account, an order.
    pub actor: String,
    /// The method and route: `POST /api/cart/checkout/confirm/`.
    pub route: String,
    /// The client's key.
    pub key: Key,
}

/// A request that may be repeated: where its key belongs, and what exactly was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where the key belongs.
    pub scope: Scope,
    /// The hash of what was asked. The same key with another is refused.
    pub fingerprint: [u8; 32],
}

impl Request {
    /// The request of `scope` that asks for `body`, in its canonical form.
    #[must_use]
    pub fn new(scope: Scope, body: &[u8]) -> Self {
        Self { scope, fingerprint: Sha256::digest(body).into() }
    }

    /// Whether the record answers this very request.
    ///
    /// # Errors
    /// When the key was used for another one.
    pub fn answered_by(&self, record: &Record) -> Result<(), KeyReused> {
        if self.fingerprint == record.fingerprint { Ok(()) } else { Err(KeyReused) }
    }

    /// The audit row of the change that this request made, as the record tells.
    pub(crate) fn audited_by(&self, record: &Record) -> Result<AuditId, KeyReused> {
        self.answered_by(record)?;
        match record.outcome {
            Outcome::Audited(row) => Ok(row),
            _ => Err(KeyReused),
        }
    }

    /// The record of this request.
    pub(crate) fn record(&self, outcome: Outcome, at: Timestamp) -> Record {
        Record { scope: self.scope.clone(), fingerprint: self.fingerprint, outcome, at }
    }
}

/// The same key came with another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this idempotency key was used for another request; take a new key")]
pub struct KeyReused;

/// The record of a request that had its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Where the key belongs; unique.
    pub scope: Scope,
    /// What was asked.
    pub fingerprint: [u8; 32],
    /// What happened.
    pub outcome: Outcome,
    /// When; it may be forgotten a day later.
    pub at: Timestamp,
}

/// What a recorded request did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It placed this order.
    OrderPlaced(OrderId),
    /// It cancelled this order.
    OrderCancelled(OrderId),
    /// It changed this cart.
    CartChanged(CartId),
    /// It opened this payment attempt.
    PaymentOpened(PaymentId),
    /// It asked for the refunds of this request.
    RefundRequested(RefundId),
    /// It recorded money that was collected by hand with this attempt.
    PaymentCollected(PaymentId),
    /// It wrote this review.
    ReviewWritten(ReviewId),
    /// It made the change of the back office that this audit row tells of.
    Audited(AuditId),
}
