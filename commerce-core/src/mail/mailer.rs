//! What a mailer gets, and how it fails.

use super::{Kind, Language, Mail};
use crate::customer::Email;
use crate::order::OrderView;
use crate::{MailId, Timestamp};

/// A mail as the mailer gets it: the facts, of which it makes the words.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The mail's id: the message id is made of it.
    pub id: MailId,
    /// Where it goes.
    pub to: Email,
    /// The language to write in; absent: the shop's.
    pub language: Option<Language>,
    /// What it is about.
    pub kind: Kind,
    /// The order that it tells of, as it is now; absent when it tells of none.
    pub order: Option<Box<OrderView>>,
    /// When it was called for: the date of the mail.
    pub created_at: Timestamp,
}

impl Envelope {
    /// The envelope of a mail, with the order that it tells of.
    #[must_use]
    pub fn of(mail: &Mail, order: Option<OrderView>) -> Self {
        let Mail { id, to, language, kind, created_at, sending: _, version: _ } = mail.clone();
        Self { id, to, language, kind, order: order.map(Box::new), created_at }
    }
}

/// What stands for what is left out.
pub(super) const LEFT_OUT: &str = "...";

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct MailerError {
    /// What it means for us.
    pub kind: MailerTrouble,
    /// What happened, for staff and the log: without secrets.
    pub detail: String,
}

impl MailerError {
    /// Trouble of this kind.
    pub fn new(kind: MailerTrouble, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// The same for the log: mail systems quote what they refuse, so the token of the mail and whatever looks like an address
    /// are left out.
    #[must_use]
    pub fn for_log(&self, mail: &Mail) -> Self {
        let text = mail.kind.without_token_in(&self.detail).replace(mail.to.as_str(), LEFT_OUT);
        let is_border = |c: char| c.is_whitespace() || c.is_control() || "<>()[]\"',;:".contains(c);
        let pieces = text.split_inclusive(is_border).map(|piece| {
            let word = piece.trim_end_matches(is_border);
            if word.contains('@') { format!("{LEFT_OUT}{}", &piece[word.len()..]) } else { piece.to_owned() }
        });
        Self::new(self.kind, pieces.collect::<String>().replace(char::is_control, " "))
    }
}

/// What a mailer's trouble means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailerTrouble {
    /// This mail will never be taken: there is no such recipient, or it cannot be made.
    Refused,
    /// This mail was not taken now; others may be.
    Later,
    /// No mail gets through now: the mail system does not answer, or does not let us in.
    Unavailable,
}

impl std::fmt::Display for MailerTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused for good",
            Self::Later => "not taken now",
            Self::Unavailable => "the mail system is not available",
        })
    }
}
