//! Mail: what the shop writes to people, and when it is sent.
//!
//! A mail server is somebody else's machine, so no request waits for it. A decision that calls for a mail writes a row in
//! the change set of its cause ([`Changes::send`]): the mail is lost only if what it tells of is. A worker takes the rows
//! whose time has come:
//!
//! 1. *Claim.* The row is written under its version, with the time of the next try: of two servers one has it.
//! 2. *Send.* The [`Mailer`](crate::Mailer) port gets the facts, never a finished text: it knows the shop's templates,
//!    address and links. What is mailed about an order is read now, so a row holds no copy of it.
//! 3. *Record.* Sent, put off, or parked once it was tried for a day or was refused for good: staff sees it, and may send it
//!    round again.
//!
//! A row that cannot be read - a newer version of the program may have written it - stops no other.
//!
//! A crash between the last two sends a mail twice, never not at all; both copies carry the same message id.
//!
//! What opens an account (a [`Token`]) is in a row only while that waits to be sent: a mail that was sent or parked holds
//! none, which `commerce doctor` proves. So a parked mail with a link is not sent again; whoever wants it asks for a new one.

mod changes;
mod kind;
mod mailer;
mod send;
mod service;
#[cfg(all(test, feature = "testkit"))]
mod tests;
mod types;

pub use changes::Changes;
pub use kind::{CancelledBy, Kind, Link, Token};
pub use mailer::{Envelope, MailerError, MailerTrouble};
pub use send::{Turn, outcome, replay, turn};
pub use service::{MailError, Mails, Round};
pub use types::{Language, LanguageError, Mail, MailState, Sending, Waiting};
