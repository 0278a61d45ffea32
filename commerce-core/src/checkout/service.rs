//! Checkout: look, decide, commit.

use std::sync::Arc;

use super::{Confirm, ConfirmError, place_order};
use crate::attempts::Attempts;
use crate::cart::{Look, Shopper, learn, look_of, open_cart};
use crate::commit::{StoreError, StoreTrouble};
use crate::engine::Parts;
use crate::idempotency::Outcome;
use crate::order::{Order, OrderView};
use crate::payment::{Payment, PaymentError, PaymentState, Payments};
use crate::{OrderId, crash, idempotency};

/// The checkout; reached by [`Engine::checkout`](crate::Engine::checkout).
#[derive(Clone)]
pub struct Checkout {
    pub(crate) parts: Arc<Parts>,
}

/// A confirmed order.
#[derive(Debug)]
pub struct Confirmed {
    /// The order as it is now.
    pub order: OrderView,
    /// The payment attempt that counts now; the first one, unless another was started meanwhile.
    pub payment: Payment,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
    /// Why the gateway did not do its part. The order is placed all the same, and waits for payment: the same request asks
    /// the gateway again.
    pub trouble: Option<PaymentError>,
}

impl Checkout {
    /// Places the order of the cart: reserves the stock, freezes the lines, opens the payment, closes the cart. Then asks the
    /// gateway to collect, if one is to.
    ///
    /// A request that was answered before is answered again, with the same order in its present state.
    ///
    /// # Errors
    /// As [`place_order`](super::place_order()); nothing is changed then.
    pub async fn confirm(
        &self,
        shopper: impl Into<Shopper> + Send,
        command: &Confirm,
    ) -> Result<Confirmed, ConfirmError> {
        let shopper = &shopper.into();
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let look = Look { repeated, ..Look::default() };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let mut view = look_of(&self.parts, shopper, look.clone()).await?;
            if let (Some(request), Some(record)) = (&command.request, &view.record) {
                request.answered_by(record)?;
                let Outcome::OrderPlaced(order) = record.outcome else {
                    return Err(idempotency::KeyReused.into());
                };
                let confirmed = self.confirmed(order).await?;
                return Ok(self.collect(confirmed).await);
            }
            let rules = self.parts.rulebook(view.rulebook_version).await?;
            if let Ok(Some(cart)) = open_cart(&view, shopper) {
                learn(&self.parts, &mut view, &cart, None, &rules).await?;
            }
            let mut ids = self.parts.ids(view.now);
            let mut placed = place_order(&view, shopper, command, &rules, &self.parts.terms, &mut ids)?;
            match self.parts.commit(&mut placed.changes).await {
                Ok(()) => {
                    crash::point("confirm.placed");
                    let history =
                        placed.changes.order.history.into_iter().map(|(_, transition)| transition).collect();
                    let order = view_of(
                        placed.order,
                        history,
                        &placed.payment,
                        placed.changes.promotion.redeem,
                        placed.changes.inventory.reserve,
                    );
                    let confirmed =
                        Confirmed { order, payment: placed.payment, replayed: false, trouble: None };
                    return Ok(self.collect(confirmed).await);
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Asks the gateway to collect, when one is to collect and nobody has asked it. The order is placed whatever it says.
    async fn collect(&self, mut confirmed: Confirmed) -> Confirmed {
        let payments = Payments { parts: Arc::clone(&self.parts) };
        let payment = &confirmed.payment;
        let waits = payment.mode.is_some() && payment.state() == PaymentState::Pending;
        if !waits || self.parts.gateway.is_none() {
            return confirmed;
        }
        let reference = payment.reference.clone();
        let asked = match confirmed.replayed {
            true => payments.resume(&reference).await,
            false => payments.ask(confirmed.order.clone(), payment.clone()).await,
        };
        match asked {
            Ok(answer) => Confirmed { order: answer.order, payment: answer.payment, ..confirmed },
            Err(trouble) => {
                if let Ok((order, payment)) = payments.find(&reference).await {
                    (confirmed.order, confirmed.payment) = (order, payment);
                }
                Confirmed { trouble: Some(trouble), ..confirmed }
            }
        }
    }

    async fn confirmed(&self, order: OrderId) -> Result<Confirmed, StoreError> {
        let missing =
            || StoreError::new(StoreTrouble::Broken, format!("order {order} was recorded but is not there"));
        let order = self.parts.store.order(order.into(), None).await?.ok_or_else(missing)?;
        let payment = order.current_payment().cloned().ok_or_else(missing)?;
        Ok(Confirmed { order, payment, replayed: true, trouble: None })
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
        redemptions: redemptions.into_iter().map(crate::promotion::Redemption::without_limits).collect(),
        reservations,
        record: None,
    }
}
