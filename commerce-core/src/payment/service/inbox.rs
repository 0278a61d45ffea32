//! Messages of the gateway: stored first, then taken up, by whoever is free, until they are dealt with.

use std::time::Duration;

use super::Payments;
use crate::attempts::Attempts;
use crate::backoff::doubling;
use crate::commit::{ChangeSet, StoreError};
use crate::payment::inbox::{Handling, Message, MessageState};
use crate::payment::{Changes, Notice, NoticeError, PaymentError, Settlement};
use crate::{CommitError, MessageId, Timestamp, crash};

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// It is not the gateway's, or cannot be read. It is not stored.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// It is larger than [`Message::BODY_MAX`].
    #[error("a message has at most {} bytes", Message::BODY_MAX)]
    TooLarge,
    /// The shop has no payment gateway.
    #[error("the shop has no payment gateway")]
    NoGateway,
    /// It could not be stored: the gateway has to send it again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Payments {
    /// Stores a message of the gateway, word by word, once its signature is found to be right. What it is about is seen to
    /// by [`handle`](Payments::handle), here and now or later.
    ///
    /// # Errors
    /// As [`ReceiveError`] says; nothing is stored then.
    pub async fn receive(&self, signature: Option<&str>, body: &[u8]) -> Result<MessageId, ReceiveError> {
        let gateway = self.parts.gateway.as_ref().ok_or(ReceiveError::NoGateway)?;
        if body.len() > Message::BODY_MAX {
            return Err(ReceiveError::TooLarge);
        }
        gateway.notice(signature.unwrap_or_default(), body)?;
        let now = self.parts.clock.now();
        let message = Message::new(self.parts.ids(now).fresh(), gateway.name(), body, now);
        let id = message.id;
        let payment = Changes { receive: vec![message], ..Changes::default() };
        match self.parts.store.commit(&ChangeSet { payment, ..ChangeSet::default() }).await {
            Ok(()) | Err(CommitError::Stale { .. }) => {
                crash::point("webhook.stored");
                Ok(id)
            }
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Takes up to `limit` waiting messages up, and answers how many. Any number of servers may do so at once.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn handle_waiting(&self, limit: u32) -> Result<u32, StoreError> {
        let (now, messages) = self.parts.store.waiting_messages(limit).await?;
        let mut handled = 0;
        for message in messages {
            handled += u32::from(self.take(now, &message).await?);
        }
        Ok(handled)
    }

    /// Takes up a message, unless somebody has already.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn handle(&self, id: MessageId) -> Result<(), StoreError> {
        if let Some((now, message)) = self.parts.store.message(id).await?
            && message.handling.state == MessageState::Waiting
            && message.handling.tries == 0
        {
            self.take(now, &message).await?;
        }
        Ok(())
    }

    async fn take(&self, now: Timestamp, message: &Message) -> Result<bool, StoreError> {
        let tries = message.handling.tries + 1;
        // Whoever writes this has the message to itself until it is due again.
        let claimed = Handling {
            state: MessageState::Waiting,
            tries,
            next_at: now.plus(again_after(tries)),
            note: message.handling.note.clone(),
        };
        match self.write(message, claimed.clone()).await {
            Ok(()) => {}
            Err(CommitError::Stale { .. }) => return Ok(false),
            Err(CommitError::Store(error)) => return Err(error),
        }
        crash::point("webhook.claimed");
        let taken = Message { handling: claimed.clone(), version: message.version + 1, ..message.clone() };
        let handling = match self.deal_with(&taken).await {
            Ok(note) => Handling { state: MessageState::Done, note, ..claimed },
            Err(Undone::Staff(note)) => Handling { state: MessageState::Parked, note: Some(note), ..claimed },
            Err(Undone::Later(note)) => {
                let over = tries >= Message::TRIES_MAX;
                let state = if over { MessageState::Parked } else { MessageState::Waiting };
                Handling { state, note: Some(note), ..claimed }
            }
        };
        crash::point("webhook.settled");
        match self.write(&taken, handling).await {
            Ok(()) | Err(CommitError::Stale { .. }) => Ok(true),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    async fn deal_with(&self, message: &Message) -> Result<Option<String>, Undone> {
        let Some(gateway) = &self.parts.gateway else {
            return Err(Undone::Later("the shop has no payment gateway".to_owned()));
        };
        match gateway.read_notice(&message.body) {
            Ok(Notice::Charge(reference)) => match self.settle(&reference).await {
                Ok(Settlement::Open) => Err(Undone::Later("the gateway does not confirm it yet".to_owned())),
                Ok(_) => Ok(None),
                Err(PaymentError::NotFound) => Ok(Some("neither we nor the gateway know it".to_owned())),
                Err(error) => Err(Undone::Later(error.to_string())),
            },
            Ok(Notice::Refund(reference)) => match self.refunds_of(&reference).await {
                Ok(()) => Ok(None),
                Err(error) => Err(Undone::Later(error.to_string())),
            },
            Ok(Notice::Attention { event, .. }) => Err(Undone::Staff(event)),
            Ok(Notice::Other(event)) => Ok(Some(format!("{event} means nothing to us"))),
            Err(error) => Err(Undone::Staff(error.to_string())),
        }
    }

    /// Sends a parked message round again.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`].
    pub async fn replay(&self, id: MessageId) -> Result<(), PaymentError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let (now, message) = self.parts.store.message(id).await?.ok_or(PaymentError::NotFound)?;
            let note = message.handling.note.clone();
            let handling = Handling { state: MessageState::Waiting, tries: 0, next_at: now, note };
            match self.write(&message, handling).await {
                Ok(()) => return Ok(()),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn write(&self, message: &Message, handling: Handling) -> Result<(), CommitError> {
        let payment = Changes { message_advance: vec![message.advance(handling)], ..Changes::default() };
        self.parts.store.commit(&ChangeSet { payment, ..ChangeSet::default() }).await
    }
}

/// Why a message was not dealt with.
enum Undone {
    /// A later try may help.
    Later(String),
    /// Only staff can.
    Staff(String),
}

/// How long until a message is taken up again: half a minute, then twice as long each time, up to six hours.
fn again_after(tries: u32) -> Duration {
    doubling(Duration::from_secs(15), tries, Duration::from_secs(6 * 60 * 60))
}
