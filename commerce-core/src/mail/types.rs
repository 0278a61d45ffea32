//! Mails, and how far each is.

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::commit::StoreError;
use crate::customer::Email;
use crate::order::Order;
use crate::text::text_type;
use crate::{Ids, MailId, Timestamp};

/// A mail that is to be sent, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its id, of which the message id is made: the same for every delivery.
    pub id: MailId,
    /// Where it goes: an address that was stored, never one that a request submitted.
    pub to: Email,
    /// The language to write in; absent: the shop's.
    pub language: Option<Language>,
    /// What it is about.
    pub kind: Kind,
    /// When it was called for.
    pub created_at: Timestamp,
    /// How far it is.
    pub sending: Sending,
    /// 1 at first, one more with each change.
    pub version: u64,
}

/// What waits to be sent, and whose time has come.
#[derive(Debug)]
pub struct Waiting {
    /// When that was seen, by the store's time.
    pub seen_at: Timestamp,
    /// The mails, the one that has waited longest first.
    pub mails: Vec<Mail>,
    /// What is wrong with each row that cannot be read: somebody damaged it, or a newer version of the program wrote it, which
    /// still sends it.
    pub unreadable: Vec<StoreError>,
}

impl Waiting {
    /// What was seen, of rows as each was read.
    #[must_use]
    pub fn of(seen_at: Timestamp, rows: impl IntoIterator<Item = Result<Mail, StoreError>>) -> Self {
        let mut waiting = Self { seen_at, mails: Vec::new(), unreadable: Vec::new() };
        for row in rows {
            match row {
                Ok(mail) => waiting.mails.push(mail),
                Err(error) => waiting.unreadable.push(error),
            }
        }
        waiting
    }
}

/// How far a mail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// Where it stands.
    pub state: MailState,
    /// How often somebody tried to send it.
    pub tries: u32,
    /// When it is tried next, while it waits; else when it was last.
    pub next_at: Timestamp,
    /// What went wrong last, for staff: at most [`Sending::NOTE_MAX`] characters, without secrets.
    pub note: Option<String>,
}

impl Sending {
    /// The longest note, in characters.
    pub const NOTE_MAX: usize = 300;
}

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// To be sent.
    Waiting,
    /// The mail system has taken it.
    Sent,
    /// Given up: tried too often in vain, or refused for good. Staff looks at it, and may send it round again.
    Parked,
}

impl MailState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Parked];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Parked => "parked",
        }
    }
}

impl Mail {
    /// How often a mail is tried before it is parked: over about a day.
    pub const TRIES_MAX: u32 = 30;

    /// A mail that is to be sent at once, in the shop's language.
    #[must_use]
    pub fn new(id: MailId, to: Email, kind: Kind, now: Timestamp) -> Self {
        Self {
            id,
            to,
            language: None,
            kind,
            created_at: now,
            sending: Sending { state: MailState::Waiting, tries: 0, next_at: now, note: None },
            version: 1,
        }
    }

    /// In this language, if it is known.
    #[must_use]
    pub fn in_language(mut self, language: Option<Language>) -> Self {
        self.language = language;
        self
    }

    /// A mail about an order, to the address that is stored with it.
    #[must_use]
    pub(crate) fn about(order: &Order, kind: Kind, now: Timestamp, ids: &mut Ids) -> Self {
        Self::new(ids.fresh(), order.email.clone(), kind, now)
    }
}

/// Why a text is no language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a language tag such as en or fr-CI")]
pub struct LanguageError;

text_type! {
    /// A language by its tag (BCP 47): letters and digits in parts of at most 8, the first of 2 or 3 letters, in all at most
    /// 35 characters. The first part is in lower case, one of two letters after it in upper case.
    Language, LanguageError, |text| {
        let mut parts = text.trim().split(['-', '_']);
        let first = parts.next().unwrap_or_default();
        if !(2..=3).contains(&first.len()) || !first.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(LanguageError);
        }
        let mut tag = first.to_ascii_lowercase();
        for part in parts {
            if !(1..=8).contains(&part.len()) || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(LanguageError);
            }
            tag.push('-');
            tag.push_str(&if part.len() == 2 { part.to_ascii_uppercase() } else { part.to_owned() });
        }
        if tag.len() <= 35 { Ok(tag) } else { Err(LanguageError) }
    }
}

impl Language {
    /// This language, then what it is a form of: `fr-CI`, then `fr`.
    pub fn and_wider(&self) -> impl Iterator<Item = &str> {
        Self::tag_and_wider(self.as_str())
    }

    /// The same of a language by its tag.
    pub fn tag_and_wider(tag: &str) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(tag), |tag| tag.rsplit_once('-').map(|(wider, _)| wider))
    }
}

#[cfg(test)]
mod language_tests {
    use super::*;

    #[test]
    fn languages() {
        let read = |text: &str| text.parse::<Language>().map(String::from).ok();
        assert_eq!(read("EN").as_deref(), Some("en"));
        assert_eq!(read(" fr_ci ").as_deref(), Some("fr-CI"));
        assert_eq!(read("zh-Hant-tw").as_deref(), Some("zh-Hant-TW"));
        for bad in ["", "e", "1n", "../en", "en-", "en--GB", "en/GB", "fran", "en-toolongpart", "en\0"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        let tag: Language = "zh-Hant-TW".parse().unwrap();
        assert_eq!(tag.and_wider().collect::<Vec<_>>(), ["zh-Hant-TW", "zh-Hant", "zh"]);
    }
}
