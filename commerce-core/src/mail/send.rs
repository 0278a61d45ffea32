//! The decisions about a mail that is to be sent.

use super::{Mail, MailError, MailState, MailerError, MailerTrouble, Sending};
use crate::Timestamp;
use crate::backoff::doubling;

use std::time::Duration;

/// How long until the second try, then twice as long each time, and the longest.
const AGAIN: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(60 * 60));

/// What is to be done about a mail whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Claim it, which this row does, then send it. Whoever writes the row has the mail to itself until it is due again.
    Send(Mail),
    /// Nothing but write this: its link is no good any more.
    TooLate(Mail),
}

/// What is to be done about a mail whose time has come.
#[must_use]
pub fn turn(mail: &Mail, now: Timestamp) -> Turn {
    if mail.kind.link().is_some_and(|link| link.expires_at <= now || link.token.is_none()) {
        return Turn::TooLate(parked(mail, Some("its link ran out before it could be sent".to_owned())));
    }
    let tries = mail.sending.tries.saturating_add(1);
    let next_at = now.plus(doubling(AGAIN.0, tries - 1, AGAIN.1));
    Turn::Send(Mail { sending: Sending { tries, next_at, ..mail.sending.clone() }, ..mail.clone() })
}

/// What becomes of a claimed mail by what the mailer said. `mail` is at the version that the claim wrote.
#[must_use]
pub fn outcome(mail: &Mail, said: Result<(), &MailerError>, now: Timestamp) -> Mail {
    let Err(error) = said else {
        let sending = Sending { state: MailState::Sent, next_at: now, note: None, ..mail.sending.clone() };
        return Mail { kind: mail.kind.clone().without_token(), sending, ..mail.clone() };
    };
    let note = Some(note(mail, error));
    let over = error.kind == MailerTrouble::Refused || mail.sending.tries >= Mail::TRIES_MAX;
    if over {
        return parked(
            &Mail { sending: Sending { next_at: now, ..mail.sending.clone() }, ..mail.clone() },
            note,
        );
    }
    Mail { sending: Sending { note, ..mail.sending.clone() }, ..mail.clone() }
}

/// Sends a parked mail round again.
///
/// # Errors
/// [`MailError::NotParked`], [`MailError::LinkGone`] when it had a link: its token is kept no longer than it waits.
pub fn replay(mail: &Mail, now: Timestamp) -> Result<Mail, MailError> {
    if mail.sending.state != MailState::Parked {
        return Err(MailError::NotParked(mail.sending.state));
    }
    if mail.kind.link().is_some() {
        return Err(MailError::LinkGone);
    }
    let sending =
        Sending { state: MailState::Waiting, tries: 0, next_at: now, note: mail.sending.note.clone() };
    Ok(Mail { sending, ..mail.clone() })
}

fn parked(mail: &Mail, note: Option<String>) -> Mail {
    let sending = Sending { state: MailState::Parked, note, ..mail.sending.clone() };
    Mail { kind: mail.kind.clone().without_token(), sending, ..mail.clone() }
}

/// What went wrong, in one short line. Mail systems quote what they refuse, so a token is looked for in it.
fn note(mail: &Mail, error: &MailerError) -> String {
    let text = mail.kind.without_token_in(&error.to_string());
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(Sending::NOTE_MAX).collect()
}
