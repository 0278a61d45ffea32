//! Units that go back into stock.

use super::{PaymentState, RefundLine};
use crate::audit::Actor;
use crate::inventory::{Adjustment, Changes, Level, Movement, MovementReason, Release};
use crate::order::{FulfillmentState, OrderLine, OrderState, OrderView};
use crate::{Ids, LineId, LocationId, Quantity};

/// The units of a refund: those that have not left are no longer reserved, those that have come back in.
pub(super) fn refunded(
    view: &OrderView,
    lines: &[RefundLine],
    location: LocationId,
    actor: &Actor,
    ids: &mut Ids,
) -> Changes {
    let mut changes = Changes::default();
    let order = &view.order;
    // What came back unpaid was dealt with when it came.
    if order.status == OrderState::Returned && order.payment_status == PaymentState::Failed {
        return changes;
    }
    for RefundLine { line, quantity } in lines {
        let Some(sold) = order.lines.iter().find(|sold| sold.id == *line) else { continue };
        let mut left = quantity.get().min(not_back_yet(view, sold));
        for reservation in view.reservations.iter().filter(|reservation| reservation.line == *line) {
            let Ok(some) = Quantity::try_from(left.min(reservation.quantity.get())) else { continue };
            left -= some.get();
            changes.release.push(Release::some(reservation, some));
        }
        if order.fulfillment_status != FulfillmentState::Unfulfilled {
            let note = format!("refund of order {}", order.number);
            come_in(&mut changes, view, sold, left, location, actor, &note, ids);
        }
    }
    changes
}

/// The units of an order that came back unpaid, without those that had come back before.
pub(super) fn unpaid(view: &OrderView, location: LocationId, actor: &Actor, ids: &mut Ids) -> Changes {
    let mut changes = Changes::default();
    let note = format!("order {} came back unpaid", view.order.number);
    for sold in &view.order.lines {
        come_in(&mut changes, view, sold, not_back_yet(view, sold), location, actor, &note, ids);
    }
    changes
}

/// Units of a line item that have not gone back into stock with a refund. A failed refund has put its units back too:
/// nothing comes back twice.
fn not_back_yet(view: &OrderView, sold: &OrderLine) -> u32 {
    let restocking = view.refunds.iter().filter(|refund| refund.restock);
    let of_it = |line: LineId| move |one: &&RefundLine| one.line == line;
    let back: u32 = restocking
        .flat_map(|refund| &refund.lines)
        .filter(of_it(sold.id))
        .map(|one| one.quantity.get())
        .sum();
    sold.quantity.get().saturating_sub(back)
}

#[expect(clippy::too_many_arguments, reason = "what a movement says, and nothing else")]
fn come_in(
    changes: &mut Changes,
    view: &OrderView,
    sold: &OrderLine,
    units: u32,
    location: LocationId,
    actor: &Actor,
    note: &str,
    ids: &mut Ids,
) {
    if units == 0 || !sold.stock_limited {
        return;
    }
    changes.levels.push(Level { variant: sold.variant, location, safety_stock: None, reorder_level: None });
    let movement = Movement {
        id: ids.fresh(),
        variant: sold.variant,
        location,
        delta: i64::from(units),
        reason: MovementReason::Return,
        actor: actor.clone(),
        note: note.to_owned(),
        reference: String::new(),
        audit: None,
        at: view.now,
    };
    changes.adjust.push(Adjustment { movement, expected_on_hand: None });
}
