//! Orders: look, decide, commit.

use std::sync::Arc;

use super::{Cancel, CancelError, OrderView, cancel, expire};
use crate::OrderId;
use crate::attempts::Attempts;
use crate::commit::StoreError;
use crate::engine::Parts;
use crate::payment::{Payment, PaymentError, PaymentState, Payments};

/// The orders of the shop; reached by [`Engine::orders`](crate::Engine::orders).
#[derive(Clone)]
pub struct Orders {
    pub(crate) parts: Arc<Parts>,
}

/// An order after it was cancelled.
#[derive(Debug, Clone)]
pub struct CancelAnswer {
    /// The order as it is now.
    pub order: OrderView,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

impl Orders {
    /// The order, with its history and payments.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn get(&self, id: OrderId) -> Result<Option<OrderView>, StoreError> {
        self.parts.store.order(id.into(), None).await
    }

    /// Cancels an order of which nothing has left: its stock goes back, once.
    ///
    /// # Errors
    /// As [`cancel`](super::cancel()); nothing is changed then.
    pub async fn cancel(&self, id: OrderId, command: &Cancel) -> Result<CancelAnswer, CancelError> {
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view =
                self.parts.store.order(id.into(), repeated.clone()).await?.ok_or(CancelError::NotFound)?;
            if let (Some(request), Some(record)) = (&command.request, &view.record) {
                request.answered_by(record)?;
                return Ok(CancelAnswer { order: view, replayed: true });
            }
            let mut changes = cancel(&view, command, &mut self.parts.ids(view.now))?;
            match self.parts.commit(&mut changes).await {
                Ok(()) => {
                    let order =
                        self.parts.store.order(id.into(), None).await?.ok_or(CancelError::NotFound)?;
                    return Ok(CancelAnswer { order, replayed: false });
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

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
