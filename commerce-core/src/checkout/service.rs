//! Checkout: look, decide, commit.

use std::sync::Arc;

use super::{Confirm, ConfirmError, place_order};
use crate::attempts::Attempts;
use crate::cart::{CartToken, Look, learn, open_cart};
use crate::commit::{StoreError, StoreTrouble};
use crate::engine::Parts;
use crate::idempotency::Outcome;
use crate::order::{Order, OrderView};
use crate::payment::Payment;
use crate::{OrderId, idempotency};

/// The checkout; reached by [`Engine::checkout`](crate::Engine::checkout).
#[derive(Clone)]
pub struct Checkout {
    pub(crate) parts: Arc<Parts>,
}

/// A confirmed order.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// The order as it is now.
    pub order: OrderView,
    /// Its first payment attempt.
    pub payment: Payment,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

impl Checkout {
    /// Places the order of the cart: reserves the stock, freezes the lines, opens the payment, closes the cart.
    ///
    /// A request that was answered before is answered again, with the same order in its present state.
    ///
    /// # Errors
    /// As [`place_order`](super::place_order()); nothing is changed then.
    pub async fn confirm(&self, token: &CartToken, command: &Confirm) -> Result<Confirmed, ConfirmError> {
        let hash = token.hash();
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let look = Look { token: Some(hash), repeated, ..Look::default() };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let mut view = self.parts.store.cart(&look).await?;
            if let (Some(request), Some(record)) = (&command.request, &view.record) {
                request.answered_by(record)?;
                let Outcome::OrderPlaced(order) = record.outcome else {
                    return Err(idempotency::KeyReused.into());
                };
                return Ok(self.confirmed(order).await?);
            }
            let rules = self.parts.rulebook(view.rulebook_version).await?;
            if let Ok(Some(cart)) = open_cart(&view, Some(hash)) {
                learn(&self.parts, &mut view, &cart, None, &rules).await?;
            }
            let mut ids = self.parts.ids(view.now);
            let placed = place_order(&view, hash, command, &rules, &self.parts.terms, &mut ids)?;
            match self.parts.store.commit(&placed.changes).await {
                Ok(()) => {
                    let history =
                        placed.changes.order.history.into_iter().map(|(_, transition)| transition).collect();
                    let order = view_of(
                        placed.order,
                        history,
                        &placed.payment,
                        placed.changes.promotion.redeem,
                        placed.changes.inventory.reserve,
                    );
                    return Ok(Confirmed { order, payment: placed.payment, replayed: false });
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn confirmed(&self, order: OrderId) -> Result<Confirmed, StoreError> {
        let missing =
            || StoreError::new(StoreTrouble::Broken, format!("order {order} was recorded but is not there"));
        let order = self.parts.store.order(order.into(), None).await?.ok_or_else(missing)?;
        let payment = order.payments.first().cloned().ok_or_else(missing)?;
        Ok(Confirmed { order, payment, replayed: true })
    }
}

fn view_of(
    order: Order,
    history: Vec<crate::order::Transition>,
    payment: &Payment,
    redemptions: Vec<crate::promotion::Redemption>,
    reservations: Vec<crate::inventory::Reservation>,
) -> OrderView {
    OrderView {
        now: order.placed_at,
        order,
        history,
        payments: vec![payment.clone()],
        refunds: Vec::new(),
        unmatched: Vec::new(),
        redemptions,
        reservations,
        record: None,
    }
}
