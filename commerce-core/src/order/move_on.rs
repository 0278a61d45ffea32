//! The decisions by which staff moves an order on: it is accepted, shipped, handed over, done, or it came back.

use serde_json::json;

use super::{Cancel, FulfillmentState, MoveOnError, Moves, OrderState, OrderView, cancel};
use crate::access::Permission;
use crate::audit::{Actor, Entry};
use crate::commit::ChangeSet;
use crate::event::Event;
use crate::idempotency::{Outcome, Request};
use crate::inventory::{self, Fulfil};
use crate::payment::{Payment, PaymentMethod, PaymentState, ReturnToSender, came_back, for_good};
use crate::{Ids, LocationId};

/// Moves an order on by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveOn {
    /// The state that it gets into.
    pub to: OrderState,
    /// What to say about it, in at most [`Cancel::REASON_MAX`] characters. It stands in the order's history, which its
    /// shopper reads.
    pub note: String,
    /// Where the units of an order that came back unpaid go back into stock, if they do. Those of a paid order go back
    /// with the [refund](crate::payment::PayBack) of its line items.
    pub restock: Option<LocationId>,
    /// Who does.
    pub actor: Actor,
    /// The request, so that its repetition has no further effect.
    pub request: Option<Request>,
}

impl MoveOn {
    /// What whoever asks for it may do beside moving orders on: calling one off is a permission of its own, and so is
    /// saying that goods came back, which ends what is still to be paid for them.
    #[must_use]
    pub fn permission(&self) -> Permission {
        match self.to {
            OrderState::Cancelled => Permission::OrdersCancel,
            OrderState::Returned => Permission::OrdersRefund,
            _ => Permission::OrdersWrite,
        }
    }
}

/// Moves an order on. `None`: it is there already, and nothing is to be written.
///
/// - `processing`: the shop accepts an order that is paid at the door. Any other gets there by being paid.
/// - `shipped`: all that is reserved for it leaves.
/// - `delivered`: it was handed over.
/// - `completed`: nothing more is expected. An order of which nothing is shipped gets there from `processing`, any other
///   from `delivered`, when its money has come.
/// - `returned`: it came back. When it is still to be paid, that ends its payment, as
///   [`return_to_sender`](crate::payment::return_to_sender()) does.
/// - `cancelled`: as [`cancel`] does, for the reason that the note says.
///
/// # Errors
/// [`MoveOnError::State`] when the table has no such move, and else why this order does not make it.
pub fn move_on(view: &OrderView, command: &MoveOn, ids: &mut Ids) -> Result<Option<ChangeSet>, MoveOnError> {
    if command.note.chars().count() > Cancel::REASON_MAX {
        return Err(MoveOnError::Note);
    }
    if view.order.status == command.to {
        return Ok(None);
    }
    if command.restock.is_some() && (command.to != OrderState::Returned || still_due(view).is_none()) {
        return Err(MoveOnError::Restock);
    }
    match command.to {
        OrderState::Processing => accept(view, command, ids),
        OrderState::Shipped => ship(view, command, ids),
        OrderState::Delivered => deliver(view, command, ids),
        OrderState::Completed => complete(view, command, ids),
        OrderState::Returned => take_back(view, command, ids),
        OrderState::Cancelled => {
            let (actor, reason) = (command.actor.clone(), command.note.clone());
            let request = command.request.clone();
            Ok(cancel(view, &Cancel { actor, reason, request }, ids)?)
        }
        OrderState::Pending => Err(MoveOnError::Pending),
        OrderState::Refunded => Err(MoveOnError::Refunded),
    }
    .map(Some)
}

fn accept(view: &OrderView, command: &MoveOn, ids: &mut Ids) -> Result<ChangeSet, MoveOnError> {
    let mut moves = Moves::of(view, command.actor.clone());
    moves.order(OrderState::Processing, &command.note)?;
    if still_due(view).is_none_or(|payment| payment.method != PaymentMethod::CashOnDelivery) {
        return Err(MoveOnError::NotPaid);
    }
    moves.pay_until = None;
    let goods = inventory::Changes { rehold: for_good(&view.reservations), ..Default::default() };
    Ok(told(view, command, moves, goods, Words { action: "order.accept", event: "order.accepted" }, ids))
}

fn ship(view: &OrderView, command: &MoveOn, ids: &mut Ids) -> Result<ChangeSet, MoveOnError> {
    let mut moves = Moves::of(view, command.actor.clone());
    moves.order(OrderState::Shipped, &command.note)?;
    if !is_shipped(view) {
        return Err(MoveOnError::NothingToShip);
    }
    if view.order.payment_status == PaymentState::Refunded {
        return Err(MoveOnError::MoneyWentBack);
    }
    moves.fulfillment(FulfillmentState::Fulfilled, &command.note)?;
    let goods = all_leaves(view, command, ids);
    Ok(told(view, command, moves, goods, Words { action: "order.ship", event: "order.shipped" }, ids))
}

fn deliver(view: &OrderView, command: &MoveOn, ids: &mut Ids) -> Result<ChangeSet, MoveOnError> {
    let mut moves = Moves::of(view, command.actor.clone());
    moves.order(OrderState::Delivered, &command.note)?;
    moves.fulfillment(FulfillmentState::Delivered, &command.note)?;
    let words = Words { action: "order.deliver", event: "order.delivered" };
    Ok(told(view, command, moves, inventory::Changes::default(), words, ids))
}

fn complete(view: &OrderView, command: &MoveOn, ids: &mut Ids) -> Result<ChangeSet, MoveOnError> {
    let mut moves = Moves::of(view, command.actor.clone());
    moves.order(OrderState::Completed, &command.note)?;
    let mut goods = inventory::Changes::default();
    if view.order.status == OrderState::Processing {
        if is_shipped(view) {
            return Err(MoveOnError::NotShipped);
        }
        if view.order.payment_status == PaymentState::Refunded {
            return Err(MoveOnError::MoneyWentBack);
        }
        moves.fulfillment(FulfillmentState::Fulfilled, &command.note)?;
        goods = all_leaves(view, command, ids);
    }
    if still_due(view).is_some() {
        return Err(MoveOnError::StillDue);
    }
    Ok(told(view, command, moves, goods, Words { action: "order.complete", event: "order.completed" }, ids))
}

fn take_back(view: &OrderView, command: &MoveOn, ids: &mut Ids) -> Result<ChangeSet, MoveOnError> {
    let mut moves = Moves::of(view, command.actor.clone());
    moves.order(OrderState::Returned, &command.note)?;
    if !is_shipped(view) {
        return Err(MoveOnError::NothingToShip);
    }
    if let Some(payment) = still_due(view) {
        let unpaid = ReturnToSender {
            reference: payment.reference.clone(),
            note: Some(command.note.clone()),
            restock: command.restock,
            actor: command.actor.clone(),
            request: command.request.clone(),
        };
        return Ok(came_back(view, payment, &unpaid, ids)?);
    }
    moves.fulfillment(FulfillmentState::Returned, &command.note)?;
    let words = Words { action: "order.return", event: "order.returned" };
    Ok(told(view, command, moves, inventory::Changes::default(), words, ids))
}

/// Whether goods of it go to the shopper.
fn is_shipped(view: &OrderView) -> bool {
    view.order.lines.iter().any(|line| !line.digital)
}

/// The attempt by which its money is still to be collected by hand.
fn still_due(view: &OrderView) -> Option<&Payment> {
    let due = view.order.payment_status == PaymentState::Due;
    view.payments.iter().filter(|_| due).find(|payment| payment.state() == PaymentState::Due)
}

fn all_leaves(view: &OrderView, command: &MoveOn, ids: &mut Ids) -> inventory::Changes {
    let note = format!("order {}", view.order.number);
    let leaves = |reservation: &inventory::Reservation| {
        Fulfil::some(reservation, reservation.quantity, ids.fresh(), &command.actor, &note, view.now)
    };
    inventory::Changes { fulfil: view.reservations.iter().map(leaves).collect(), ..Default::default() }
}

/// How a move is called in the audit and in the outbox.
struct Words {
    action: &'static str,
    event: &'static str,
}

fn told(
    view: &OrderView,
    command: &MoveOn,
    moves: Moves<'_>,
    inventory: inventory::Changes,
    words: Words,
    ids: &mut Ids,
) -> ChangeSet {
    let order = &view.order;
    let target = format!("order:{}", order.id);
    let audit = Entry {
        id: ids.fresh(),
        at: view.now,
        actor: command.actor.clone(),
        action: words.action.to_owned(),
        target: target.clone(),
        data: json!({"from": order.status, "payment": order.payment_status}),
    };
    ChangeSet {
        inventory,
        idempotency: command
            .request
            .as_ref()
            .map(|request| request.record(Outcome::Audited(audit.id), view.now)),
        audit: vec![audit],
        events: vec![Event {
            id: ids.fresh(),
            name: words.event,
            subject: target,
            sequence: moves.version(),
            data: json!({"order_id": order.id, "number": order.number, "by": command.actor}),
            at: view.now,
        }],
        order: moves.changes(),
        ..ChangeSet::default()
    }
}
