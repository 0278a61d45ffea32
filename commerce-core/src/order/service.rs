//! Orders: look, decide, commit.

use std::sync::Arc;

use super::{
    AddNote, Cancel, CancelError, MoveOn, MoveOnError, Note, NoteError, OrderView, Search, Sold, Summary,
    add_note, cancel, expire, move_on, sold,
};
use crate::attempts::Attempts;
use crate::commit::{CommitError, Guard, StoreError};
use crate::engine::Parts;
use crate::idempotency::KeyReused;
use crate::payment::{Payment, PaymentError, PaymentState, Payments};
use crate::{AuditId, OrderId, SellerId};

/// The orders of the shop; reached by [`Engine::orders`](crate::Engine::orders).
#[derive(Clone)]
pub struct Orders {
    pub(crate) parts: Arc<Parts>,
}

/// An order after it was changed.
#[derive(Debug, Clone)]
pub struct OrderAnswer {
    /// The order as it is now.
    pub order: OrderView,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

/// A note on an order after it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteAnswer {
    /// The note.
    pub note: Note,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

impl Orders {
    /// Up to `limit` orders, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn search(&self, search: &Search, limit: u32) -> Result<Vec<Summary>, StoreError> {
        self.parts.store.orders(search, limit).await
    }

    /// Up to `limit` notes on an order behind `before`, the newest first; `None` when there is no such order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn notes(
        &self,
        id: OrderId,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Option<Vec<Note>>, StoreError> {
        let notes = self.parts.store.order_notes(id, before, limit).await?;
        if notes.is_empty() && self.get(id).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(notes))
    }

    /// Writes a note on an order.
    ///
    /// # Errors
    /// As [`add_note`](super::add_note()); nothing is written then.
    pub async fn add_note(&self, id: OrderId, command: &AddNote) -> Result<NoteAnswer, NoteError> {
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view =
                self.parts.store.order(id.into(), repeated.clone()).await?.ok_or(NoteError::NotFound)?;
            if let (Some(request), Some(record)) = (&command.request, &view.record) {
                let written = request.audited_by(record)?;
                // The newest that is not newer than itself.
                let here = Some(AuditId(uuid::Uuid::from_u128(written.0.as_u128() + 1)));
                let note = self.parts.store.order_notes(id, here, 1).await?.into_iter().next();
                let note = note.filter(|note| note.id == written).ok_or(KeyReused)?;
                return Ok(NoteAnswer { note, replayed: true });
            }
            let (note, changes) = add_note(id, command, view.now, &mut self.parts.ids(view.now))?;
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(NoteAnswer { note, replayed: false }),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// The order, with its history and payments.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn get(&self, id: OrderId) -> Result<Option<OrderView>, StoreError> {
        self.parts.store.order(id.into(), None).await
    }

    /// What this seller sold with the order; `None` when there is no such order, or nothing in it is theirs.
    ///
    /// # Errors
    /// When the store cannot be read, or what it holds does not add up.
    pub async fn sold(&self, id: OrderId, seller: SellerId) -> Result<Option<Sold>, StoreError> {
        let Some(view) = self.get(id).await? else { return Ok(None) };
        sold(&view.order, seller).map_err(|error| StoreError::invalid_row("order_lines", "paid", id, error))
    }

    /// Cancels an order of which nothing has left: its stock goes back, once.
    ///
    /// # Errors
    /// As [`cancel`](super::cancel()); nothing is changed then.
    pub async fn cancel(&self, id: OrderId, command: &Cancel) -> Result<OrderAnswer, CancelError> {
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view =
                self.parts.store.order(id.into(), repeated.clone()).await?.ok_or(CancelError::NotFound)?;
            if let (Some(request), Some(record)) = (&command.request, &view.record) {
                request.answered_by(record)?;
                return Ok(OrderAnswer { order: view, replayed: true });
            }
            let mut changes = cancel(&view, command, &mut self.parts.ids(view.now))?;
            match self.parts.commit(&mut changes).await {
                Ok(()) => {
                    let order =
                        self.parts.store.order(id.into(), None).await?.ok_or(CancelError::NotFound)?;
                    return Ok(OrderAnswer { order, replayed: false });
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Moves an order on by hand: accepts, ships, delivers, completes it, takes it back, or cancels it. One that is there
    /// already is answered as it is.
    ///
    /// # Errors
    /// As [`move_on`](super::move_on()); [`MoveOnError::NotThere`] when units that it takes do not lie where they are
    /// reserved. Nothing is changed then.
    pub async fn move_on(&self, id: OrderId, command: &MoveOn) -> Result<OrderAnswer, MoveOnError> {
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let mut attempts = Attempts::new(&self.parts);
        let mut not_there = 0;
        loop {
            let view =
                self.parts.store.order(id.into(), repeated.clone()).await?.ok_or(MoveOnError::NotFound)?;
            if let (Some(request), Some(record)) = (&command.request, &view.record) {
                request.answered_by(record)?;
                return Ok(OrderAnswer { order: view, replayed: true });
            }
            let Some(mut changes) = move_on(&view, command, &mut self.parts.ids(view.now))? else {
                return Ok(OrderAnswer { order: view, replayed: false });
            };
            match self.parts.commit(&mut changes).await {
                Ok(()) => {
                    let order =
                        self.parts.store.order(id.into(), None).await?.ok_or(MoveOnError::NotFound)?;
                    return Ok(OrderAnswer { order, replayed: false });
                }
                Err(error) => {
                    // What is on hand is no part of the look: the guard tells. While others ship the same goods it may
                    // take units for promised that have just left, so it is asked again.
                    if let CommitError::Stale { guard: Guard::Stock { variant, .. } } = &error {
                        not_there += 1;
                        let line = view.order.lines.iter().find(|line| line.variant == *variant);
                        if let Some(line) = line.filter(|_| not_there == Self::NOT_THERE_MAX) {
                            return Err(MoveOnError::NotThere(line.sku.clone()));
                        }
                    }
                    attempts.again(error).await?;
                }
            }
        }
    }

    /// How often a store may say that goods are not there before it is believed.
    const NOT_THERE_MAX: u32 = 3;

    /// Cancels up to `limit` orders whose payment window has closed, and answers how many those were. Any number of
    /// servers may do so at once: each order is cancelled once. The gateway is asked before: money that came in the last
    /// moment is not sent back.
    ///
    /// # Errors
    /// When the store cannot be read or written. Orders before the failing one are cancelled.
    pub async fn expire_overdue(&self, limit: u32) -> Result<u32, StoreError> {
        let mut expired = 0;
        for id in self.parts.store.overdue_orders(limit).await? {
            self.ask_about(id).await?;
            let mut attempts = Attempts::new(&self.parts);
            loop {
                let Some(view) = self.parts.store.order(id.into(), None).await? else { break };
                // Whoever cannot be cancelled any more was paid or cancelled meanwhile.
                let Ok(Some(mut changes)) = expire(&view, &mut self.parts.ids(view.now)) else { break };
                match self.parts.commit(&mut changes).await {
                    Ok(()) => {
                        expired += 1;
                        break;
                    }
                    Err(error) => match attempts.again(error).await {
                        Ok(()) => {}
                        Err(crate::attempts::Unsettled::Busy) => break,
                        Err(crate::attempts::Unsettled::Store(error)) => return Err(error),
                    },
                }
            }
        }
        Ok(expired)
    }

    /// Settles the open attempts of an order. A gateway that cannot be asked changes nothing: late money is dealt with.
    async fn ask_about(&self, id: OrderId) -> Result<(), StoreError> {
        if self.parts.gateway.is_none() {
            return Ok(());
        }
        let Some(view) = self.parts.store.order(id.into(), None).await? else { return Ok(()) };
        let payments = Payments { parts: Arc::clone(&self.parts) };
        let open = |payment: &&Payment| payment.mode.is_some() && payment.state() == PaymentState::Pending;
        for payment in view.payments.iter().filter(open) {
            if let Err(PaymentError::Store(error)) = payments.settle(&payment.reference).await {
                return Err(error);
            }
        }
        Ok(())
    }
}
