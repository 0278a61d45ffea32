//! Sending what waits: claim, send, record.

use std::sync::Arc;

use super::{
    Changes, Envelope, Mail, MailState, MailerError, MailerTrouble, Turn, Waiting, outcome, replay, turn,
};
use crate::attempts::Attempts;
use crate::commit::{ChangeSet, CommitError, StoreError, StoreTrouble};
use crate::engine::Parts;
use crate::ports::Mailer;
use crate::{MailId, Timestamp, crash};

/// How many rows that nobody can read are passed over.
const UNREADABLE_MAX: u32 = 10_000;

/// The mails of the shop; reached by [`Engine::mails`](crate::Engine::mails).
#[derive(Clone)]
pub struct Mails {
    pub(crate) parts: Arc<Parts>,
}

/// What one round of sending did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// Mails that the mail system has taken.
    pub sent: u32,
    /// Mails that are tried again later.
    pub put_off: u32,
    /// Mails that were given up.
    pub parked: u32,
    /// Why the round ended early: no mail gets through now. For the log: no token and no address is in it.
    pub trouble: Option<MailerError>,
    /// What is wrong with rows that cannot be read, for the log; they wait, and were not among those that the round looked
    /// after.
    pub unreadable: Vec<String>,
}

impl Round {
    /// How many mails it looked after.
    #[must_use]
    pub fn taken(&self) -> u32 {
        self.sent + self.put_off + self.parked
    }
}

/// Why nothing was done about a mail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// There is no such mail.
    #[error("there is no such mail")]
    NotFound,
    /// It was not given up.
    #[error("only a parked mail is sent round again; this one is {}", .0.as_str())]
    NotParked(MailState),
    /// Its link was not kept.
    #[error("the link of this mail was not kept; whoever wants it asks for a new one")]
    LinkGone,
    /// Too many others change it.
    #[error("too many change this mail at once; try again")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Mails {
    /// Sends up to `limit` mails that wait and whose time has come, and says what became of them. Any number of servers may
    /// do so at once. Without a mailer nothing is done.
    ///
    /// # Errors
    /// When the store cannot be read or written. A mail that was sent but could not be recorded is sent again.
    pub async fn send_waiting(&self, limit: u32) -> Result<Round, StoreError> {
        let mut round = Round::default();
        let Some(mailer) = &self.parts.mailer else { return Ok(round) };
        // The store's time goes on while mails are sent: a claim holds from when it is made.
        let begun = self.parts.clock.now();
        let Waiting { seen_at, mails, unreadable } = self.waiting(limit).await?;
        round.unreadable = unreadable.iter().map(|error| unquoted(&error.source.to_string())).collect();
        let now = || seen_at.plus(self.parts.clock.now().since(begun));
        for mail in mails {
            match self.take(mailer, &mail, now()).await? {
                Some((MailState::Sent, _)) => round.sent += 1,
                Some((MailState::Parked, _)) => round.parked += 1,
                Some((MailState::Waiting, trouble)) => {
                    round.put_off += 1;
                    let trouble = trouble.filter(|error| error.kind == MailerTrouble::Unavailable);
                    round.trouble = trouble.map(|error| error.for_log(&mail));
                }
                None => {}
            }
            if round.trouble.is_some() {
                break; // the others are not to blame: they keep their tries
            }
        }
        Ok(round)
    }

    /// What waits. As many rows as were asked for may be such that nobody can read them: they must not hide all others.
    async fn waiting(&self, limit: u32) -> Result<Waiting, StoreError> {
        let mut most = limit;
        loop {
            let waiting = self.parts.store.waiting_mails(most).await?;
            let hidden = waiting.mails.is_empty() && waiting.unreadable.len() >= most as usize;
            if !hidden || most >= UNREADABLE_MAX {
                let mails = waiting.mails.into_iter().take(limit as usize).collect();
                return Ok(Waiting { mails, ..waiting });
            }
            most = most.saturating_mul(10).min(UNREADABLE_MAX);
        }
    }

    /// Takes one mail further. `None`: somebody else has it.
    async fn take(
        &self,
        mailer: &Arc<dyn Mailer>,
        mail: &Mail,
        now: Timestamp,
    ) -> Result<Option<(MailState, Option<MailerError>)>, StoreError> {
        let claimed = match turn(mail, now) {
            Turn::TooLate(parked) => {
                return Ok(self.update(parked).await?.map(|parked| (parked.sending.state, None)));
            }
            Turn::Send(claimed) => claimed,
        };
        let Some(claimed) = self.update(claimed).await? else { return Ok(None) };
        crash::point("mail.claimed");
        let said = self.send(mailer, &claimed).await?;
        crash::point("mail.sent");
        let done = outcome(&claimed, said.as_ref().copied(), self.parts.clock.now());
        let state = done.sending.state;
        // Who took longer than the claim lasts finds that another has it: the mail went twice, with one message id.
        self.update(done).await?;
        Ok(Some((state, said.err())))
    }

    async fn send(
        &self,
        mailer: &Arc<dyn Mailer>,
        mail: &Mail,
    ) -> Result<Result<(), MailerError>, StoreError> {
        let order = match mail.kind.order() {
            None => None,
            Some(id) => match self.parts.store.order(id.into(), None).await {
                Ok(None) => {
                    let detail = format!("order {id} is not there");
                    return Ok(Err(MailerError::new(MailerTrouble::Refused, detail)));
                }
                // Others may be read, and a newer version of the program may read this one.
                Err(error) if error.kind == StoreTrouble::Broken => {
                    let detail = format!("order {id} cannot be read: {}", error.source);
                    return Ok(Err(MailerError::new(MailerTrouble::Later, detail)));
                }
                found => found?,
            },
        };
        Ok(mailer.send(&Envelope::of(mail, order)).await)
    }

    /// Writes the mail over the version that it names, and answers it as it is then. `None`: it changed meanwhile.
    async fn update(&self, mail: Mail) -> Result<Option<Mail>, StoreError> {
        let written = Mail { version: mail.version + 1, ..mail.clone() };
        match self.parts.store.commit(&updating(mail)).await {
            Ok(()) => Ok(Some(written)),
            Err(CommitError::Stale { .. }) => Ok(None),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// Up to `limit` mails before `before`, the newest first; in one state or in all.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(
        &self,
        state: Option<MailState>,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<Mail>, StoreError> {
        self.parts.store.mails(state, before, limit).await
    }

    /// Sends a parked mail round again.
    ///
    /// # Errors
    /// [`MailError::NotFound`], and as [`replay`](super::replay()).
    pub async fn replay(&self, id: MailId) -> Result<Mail, MailError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let (now, mail) = self.parts.store.mail(id).await?.ok_or(MailError::NotFound)?;
            let again = replay(&mail, now)?;
            match self.parts.store.commit(&updating(again.clone())).await {
                Ok(()) => return Ok(Mail { version: again.version + 1, ..again }),
                Err(error) => attempts.again(error).await?,
            }
        }
    }
}

/// What is wrong with a row, without what it says: a token may stand in it.
fn unquoted(text: &str) -> String {
    match (text.find('"'), text.rfind('"')) {
        (Some(from), Some(to)) if from < to => format!("{}\"...\"{}", &text[..from], &text[to + 1..]),
        _ => text.to_owned(),
    }
}

fn updating(mail: Mail) -> ChangeSet {
    ChangeSet { mail: Changes { update: vec![mail], ..Changes::default() }, ..ChangeSet::default() }
}
