//! What can go wrong in a call, whose fault it is, and whether asking again may help.

use std::fmt;
use std::time::Duration;

use crate::refusal::Refusal;
use crate::value::{ReferenceError, Unreadable};

/// A call that gave no usable answer.
///
/// Three questions decide what to do next:
/// - [`outcome_unknown`](Self::outcome_unknown): a write may have happened. Ask by reference (verify, list the refunds)
///   before anything else, and never send it again blindly.
/// - [`may_retry`](Self::may_retry): the same call may be sent again, and may then succeed.
/// - [`fault`](Self::fault): who has to do something.
///
/// Neither form of printing shows a key, a PIN or the body of an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    pub(crate) operation: &'static str,
    pub(crate) write: bool,
    pub(crate) kind: ErrorKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request breaks a rule that is known here; it was not sent.
    #[error("not sent: {0}")]
    Invalid(&'static str),
    /// No slot became free in time: too many calls are under way. The request was not sent.
    #[error("not sent: too many calls are under way")]
    Busy,
    /// Calls failed one after the other, so none is sent for a while. This one was not.
    #[error("not sent: calls kept failing, the next may go in {} ms", retry_after.as_millis())]
    CircuitOpen {
        /// When the next call may be tried.
        retry_after: Duration,
    },
    /// The server was not reached: name, network or TLS. The request was not sent.
    #[error("not sent: no connection ({detail})")]
    Unreachable {
        /// What the system says.
        detail: String,
    },
    /// No whole answer came in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke before the whole answer had come.
    #[error("the connection broke")]
    Interrupted,
    /// Too many calls in this minute (429). The request was not carried out.
    #[error("too many calls in this minute")]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The request was understood and refused.
    #[error("{0}")]
    Refused(Refusal),
    /// The server failed (5xx).
    #[error("the server failed with {status}")]
    Server {
        /// The HTTP status.
        status: u16,
    },
    /// An answer came that is not what Paystack documents, such as a page of a proxy.
    #[error("an unreadable answer: {0}")]
    Unreadable(Unreadable),
}

/// Who has to do something about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The program that calls: its request is wrong, or it sends too many.
    Caller,
    /// The merchant: the key, the account or its settings.
    Merchant,
    /// The payer: another card, another e-mail address, another try.
    Payer,
    /// Paystack.
    Paystack,
    /// Something between here and there.
    Network,
}

impl Error {
    pub(crate) const fn new(operation: &'static str, write: bool, kind: ErrorKind) -> Self {
        Self { operation, write, kind }
    }

    /// What happened.
    #[must_use]
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The call, such as `verify`.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether this was a write that may have been carried out: it was sent, and no answer says what became of it.
    #[must_use]
    pub const fn outcome_unknown(&self) -> bool {
        self.write
            && matches!(
                self.kind,
                ErrorKind::Timeout
                    | ErrorKind::Interrupted
                    | ErrorKind::Server { .. }
                    | ErrorKind::Unreadable(_)
            )
    }

    /// Whether the same call may be sent again and may then succeed. Never true for a write that may have been carried
    /// out.
    #[must_use]
    pub const fn may_retry(&self) -> bool {
        match &self.kind {
            ErrorKind::Busy
            | ErrorKind::CircuitOpen { .. }
            | ErrorKind::Unreachable { .. }
            | ErrorKind::RateLimited { .. } => true,
            ErrorKind::Timeout | ErrorKind::Interrupted | ErrorKind::Server { .. } => !self.write,
            ErrorKind::Unreadable(_) => !self.write,
            ErrorKind::Invalid(_) | ErrorKind::Refused(_) => false,
        }
    }

    /// How long to wait before the next try, where that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match &self.kind {
            ErrorKind::CircuitOpen { retry_after } | ErrorKind::RateLimited { retry_after } => {
                Some(*retry_after)
            }
            _ => None,
        }
    }

    /// Who has to do something.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match &self.kind {
            ErrorKind::Invalid(_) | ErrorKind::Busy | ErrorKind::RateLimited { .. } => Fault::Caller,
            ErrorKind::Refused(refusal) => refusal.reason.fault(),
            ErrorKind::CircuitOpen { .. } | ErrorKind::Server { .. } | ErrorKind::Unreadable(_) => {
                Fault::Paystack
            }
            ErrorKind::Unreachable { .. } | ErrorKind::Timeout | ErrorKind::Interrupted => Fault::Network,
        }
    }

    /// Why the request was refused, if it was.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match &self.kind {
            ErrorKind::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "paystack {}: {}", self.operation, self.kind)?;
        if self.outcome_unknown() { f.write_str("; it may have been carried out") } else { Ok(()) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("operation", &self.operation)
            .field("kind", &self.kind)
            .field("outcome_unknown", &self.outcome_unknown())
            .finish()
    }
}

impl std::error::Error for Error {}

/// Why a client cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A public key starts transactions in a browser and can do nothing else.
    #[error("this is a public key (pk_...): a server needs the secret key (sk_...)")]
    PublicKey,
    /// The text does not look like a secret key.
    #[error(
        "a secret key begins with sk_test_ or sk_live_, has no spaces and at least 4 characters after that"
    )]
    NotASecretKey,
    /// The address is none.
    #[error("the base address must be an http or https address without user, query or fragment")]
    BaseUrl,
    /// A live key would be sent in the clear.
    #[error("a live key goes over https only")]
    PlainHttp,
    /// Deadline, concurrency or the breaker's numbers are out of range.
    #[error("{0}")]
    OutOfRange(&'static str),
    /// TLS cannot be set up, most often because the system has no root certificates (package ca-certificates).
    #[error("TLS cannot be set up; are root certificates installed?")]
    Tls,
}

/// What a request may be refused for here, before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invalid(pub(crate) &'static str);

impl From<ReferenceError> for Invalid {
    fn from(_: ReferenceError) -> Self {
        Self("the reference has a character that is not allowed")
    }
}
