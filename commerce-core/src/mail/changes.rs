//! What a decision changes about mail.

use super::Mail;

/// Mail changes of one change set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// New mails. A service drops them when the shop sends none.
    pub send: Vec<Mail>,
    /// Mails that get further: each is written over the version that it names, which then grows by one. Its kind, without
    /// or with its token, and how far it is are written; all else of a mail is frozen. One that is not at that version is
    /// [`Guard::Mail`](crate::Guard::Mail).
    pub update: Vec<Mail>,
}
