//! The one step that every sign of a payment leads to: what the gateway says of a charge meets what we stored.
//!
//! It is a pure function of the two, so it does not matter who brings the news, in which order, or how often. What can
//! still come is decided here and nowhere else:
//!
//! | the gateway says | the order | what becomes of it |
//! |---|---|---|
//! | paid, and all matches | waits for payment | paid; held goods are promised for good |
//! | | was paid by another attempt | the money is unmatched, and goes back |
//! | | lapsed, and the goods are still there | reopened and paid |
//! | | lapsed and the goods are gone, or was cancelled | paid, and the money goes back |
//! | paid, another amount, currency or mode | any | the money is unmatched: staff decides |
//! | paid, and sent back already | any | unmatched: staff sees it |
//! | failed | waits for payment | the attempt failed, another may follow |
//! | anything else | any | ask again later, less and less often, for three days |

use serde_json::json;

use super::give_back::{give_back, taken};
use super::journal::{Account, Entry, EntryKind, Leg};
use super::{
    Changes, Charge, ChargeStatus, Payment, PaymentReference, PaymentState, PaymentTerms, Progress, Refund,
    RefundProgress, Unmatched, UnmatchedReason, UnmatchedState, Wish,
};
use crate::audit::Actor;
use crate::commit::ChangeSet;
use crate::event::Event;
use crate::inventory::{Allocation, Hold, Rehold, Reservation};
use crate::mail::{Kind, Mail};
use crate::order::{InvalidTransition, Moves, OrderState, OrderView};
use crate::promotion::Redemption;
use crate::{Ids, Money, Timestamp};

/// What an order needs to be reopened: the goods, and its uses of promotions, as they can be had now.
#[derive(Debug, Clone, PartialEq)]
pub struct Reopening {
    /// Where the goods come from.
    pub reserve: Vec<Allocation>,
    /// The uses to count again.
    pub redeem: Vec<Redemption>,
}

/// What became of an attempt by what the gateway says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// All of it was known.
    Known,
    /// Not decided yet.
    Open,
    /// The order is paid.
    Paid,
    /// The order had lapsed; it is open again, and paid.
    Reopened,
    /// The money came for an order that is not to be had any more, and goes back.
    GoesBack,
    /// The money counts towards no order.
    Unmatched(UnmatchedReason),
    /// No money came by this attempt.
    Failed,
}

/// Settles the attempt of the order that has the charge's reference. `None` in place of changes: nothing is to be written.
///
/// # Errors
/// When a state table forbids what this step decides: a bug.
pub fn settle(
    view: &OrderView,
    charge: &Charge,
    reopening: Option<&Reopening>,
    ids: &mut Ids,
) -> Result<(Settlement, Option<ChangeSet>), InvalidTransition> {
    let Some(payment) = view.payments.iter().find(|payment| payment.reference == charge.reference) else {
        return Ok((Settlement::Known, None));
    };
    if view.unmatched.iter().any(|row| row.reference == charge.reference) {
        return Ok((Settlement::Known, None));
    }
    if payment.progress.captured.minor > 0 {
        return Ok((Settlement::Known, late_fee(view, payment, charge, ids)));
    }
    let step = Step { view, payment, charge };
    match charge.status {
        ChargeStatus::Open => Ok((Settlement::Open, step.wait())),
        ChargeStatus::Failed => Ok((Settlement::Failed, step.fail())),
        ChargeStatus::Reversing | ChargeStatus::Reversed => {
            Ok(step.unmatched(UnmatchedReason::Reversed, false, ids))
        }
        ChargeStatus::Succeeded => match step.mismatch() {
            Some(reason) => Ok(step.unmatched(reason, false, ids)),
            None if is_paid(view.order.payment_status) => {
                Ok(step.unmatched(UnmatchedReason::AlreadyPaid, true, ids))
            }
            None => step.capture(reopening, ids),
        },
    }
}

/// Records that the gateway does not know the reference of an attempt (yet): it is asked again later.
#[must_use]
pub fn unheard_of(view: &OrderView, reference: &PaymentReference) -> Option<ChangeSet> {
    let payment = view.payments.iter().find(|payment| payment.reference == *reference)?;
    let progress = later(&payment.progress, payment.created_at, view.now)?;
    Some(only(Changes { advance: vec![payment.advance(progress)], ..Default::default() }))
}

/// Records a charge whose reference no attempt of ours has.
pub fn stray(charge: &Charge, now: Timestamp, ids: &mut Ids) -> ChangeSet {
    let row = unmatched(charge, None, UnmatchedReason::UnknownReference, UnmatchedState::Open, now, ids);
    let journal = charged_for_nothing(&row, ids).into_iter().collect();
    let events = vec![unmatched_event(&row, ids)];
    ChangeSet {
        payment: Changes { journal, unmatched: vec![row], ..Default::default() },
        events,
        ..Default::default()
    }
}

/// Whether the order lapsed by itself, so that late money may reopen it: the engine, not a person, cancelled it. Not when
/// whoever placed it left since: nobody knows where its goods would go.
#[must_use]
pub fn lapsed(view: &OrderView) -> bool {
    let last = view.history.iter().rfind(|transition| transition.machine == crate::order::Machine::Order);
    view.order.status == OrderState::Cancelled
        && last.is_some_and(|last| last.actor == Actor::System)
        && !view.order.email.is_erased()
}

pub(crate) fn is_paid(state: PaymentState) -> bool {
    matches!(state, PaymentState::Paid | PaymentState::PartiallyRefunded | PaymentState::Refunded)
}

/// An attempt of the order, and what the gateway says of it.
struct Step<'a> {
    view: &'a OrderView,
    payment: &'a Payment,
    charge: &'a Charge,
}

impl Step<'_> {
    fn mismatch(&self) -> Option<UnmatchedReason> {
        let (wanted, got) = (self.payment.amount, self.charge.credited());
        if self.payment.mode != Some(self.charge.mode) {
            Some(UnmatchedReason::Mode)
        } else if wanted.currency != got.currency {
            Some(UnmatchedReason::Currency)
        } else if wanted != got {
            Some(UnmatchedReason::Amount)
        } else {
            None
        }
    }

    fn wait(&self) -> Option<ChangeSet> {
        let progress = later(&self.payment.progress, self.payment.created_at, self.view.now)?;
        Some(only(Changes { advance: vec![self.payment.advance(progress)], ..Default::default() }))
    }

    fn fail(&self) -> Option<ChangeSet> {
        let before = &self.payment.progress;
        let mut progress = Progress {
            state: PaymentState::Failed,
            next_action: None,
            asking_until: None,
            check_at: None,
            note: self.charge.reason.as_deref().map(note),
            ..self.told()
        };
        if before.state == PaymentState::Failed && before.check_at.is_none() {
            return None;
        }
        progress.checks += 1;
        Some(only(Changes { advance: vec![self.payment.advance(progress)], ..Default::default() }))
    }

    /// The money counts towards no order.
    fn unmatched(
        &self,
        reason: UnmatchedReason,
        back: bool,
        ids: &mut Ids,
    ) -> (Settlement, Option<ChangeSet>) {
        let now = self.view.now;
        let state = if back { UnmatchedState::Refunding } else { UnmatchedState::Open };
        let row = unmatched(self.charge, Some(self.payment), reason, state, now, ids);
        let progress = Progress {
            state: PaymentState::Failed,
            next_action: None,
            asking_until: None,
            check_at: None,
            note: Some(format!("the money is unmatched: {}", reason.as_str())),
            ..self.told()
        };
        let wish = Wish { reason: "paid twice", actor: &Actor::System, at: now };
        let refund =
            back.then(|| Refund::of_unmatched(&row, &wish, RefundProgress::asked_of_gateway(now), ids));
        let journal = if reason == UnmatchedReason::Reversed { None } else { charged_for_nothing(&row, ids) };
        let events = vec![unmatched_event(&row, ids)];
        let payment = Changes {
            advance: vec![self.payment.advance(progress)],
            refund: refund.into_iter().collect(),
            journal: journal.into_iter().collect(),
            unmatched: vec![row],
            ..Default::default()
        };
        // The order's version is a guard: what it was paid by must still be so.
        let order = Moves::of(self.view, Actor::System).changes();
        (Settlement::Unmatched(reason), Some(ChangeSet { order, payment, events, ..Default::default() }))
    }

    /// The money counts.
    fn capture(
        &self,
        reopening: Option<&Reopening>,
        ids: &mut Ids,
    ) -> Result<(Settlement, Option<ChangeSet>), InvalidTransition> {
        let Self { view, payment, charge } = self;
        let progress = Progress {
            state: PaymentState::Paid,
            captured: payment.amount,
            paid_at: Some(charge.paid_at.unwrap_or(view.now)),
            next_action: None,
            asking_until: None,
            check_at: None,
            note: None,
            ..self.told()
        };
        let mut moves = Moves::of(view, Actor::System);
        moves.pay_until = None;
        let via = format!("{} {}", payment.method, payment.reference);
        let mut changes = ChangeSet::default();
        let settlement = match view.order.status {
            OrderState::Pending => {
                moves.payment(PaymentState::Paid, &via)?;
                moves.order(OrderState::Processing, "paid")?;
                changes.inventory.rehold = for_good(&view.reservations);
                Settlement::Paid
            }
            OrderState::Cancelled => match reopening.filter(|_| lapsed(view)) {
                Some(Reopening { reserve, redeem }) => {
                    moves.order(OrderState::Pending, "the money came late, and the goods are still there")?;
                    moves.payment(PaymentState::Paid, &via)?;
                    moves.order(OrderState::Processing, "paid")?;
                    let reserve =
                        reserve.iter().map(|source| reservation(view.order.id, source, ids)).collect();
                    changes.inventory.reserve = reserve;
                    changes.promotion.redeem.clone_from(redeem);
                    Settlement::Reopened
                }
                None => {
                    moves.payment(PaymentState::Paid, &format!("{via}, which came late and goes back"))?;
                    Settlement::GoesBack
                }
            },
            _ => {
                moves.payment(PaymentState::Paid, &via)?;
                Settlement::Paid
            }
        };
        let mut captured = Payment { progress, ..(*payment).clone() };
        if settlement == Settlement::GoesBack {
            let paid = OrderView { payments: vec![captured.clone()], ..OrderView::clone(view) };
            let reason = "the money came after the order was called off";
            give_back(&paid, reason, &Actor::System, ids, &mut changes.payment);
            // The refund and the capture are one change of the attempt.
            changes.payment.advance.clear();
            captured.progress = taken(&captured, captured.progress.captured);
        }
        changes.payment.advance.push(payment.advance(captured.progress.clone()));
        changes.payment.journal = capture_entries(&captured, view.now, ids);
        changes.events = vec![Event {
            id: ids.fresh(),
            name: match settlement {
                Settlement::Reopened => "order.reopened",
                Settlement::GoesBack => "payment.late",
                _ => "order.paid",
            },
            subject: format!("order:{}", view.order.id),
            sequence: moves.version(),
            data: json!({
                "order_id": view.order.id,
                "number": view.order.number,
                "reference": payment.reference,
                "amount": {"amount": payment.amount.amount(), "currency": payment.amount.currency},
            }),
            at: view.now,
        }];
        changes.order = moves.changes();
        // Whose money goes back reads of it once it did.
        if settlement != Settlement::GoesBack {
            let kind = Kind::OrderPaid { order: view.order.id, amount: payment.amount };
            changes.mail.send = vec![Mail::about(&view.order, kind, view.now, ids)];
        }
        Ok((settlement, Some(changes)))
    }

    /// The attempt's progress with what the gateway told of the charge.
    fn told(&self) -> Progress {
        Progress {
            charge: Some(self.charge.id.clone()),
            channel: self.charge.channel.clone(),
            fee: own_fee(self.charge, self.payment),
            ..self.payment.progress.clone()
        }
    }
}

/// What the gateway keeps of what counts: nothing, when the payer bore the fee on top.
fn own_fee(charge: &Charge, payment: &Payment) -> Option<Money> {
    charge.fee.filter(|fee| {
        fee.currency == payment.amount.currency && fee.minor > 0 && charge.credited() == charge.amount
    })
}

/// The fee of an attempt whose money came before the gateway said what it keeps.
fn late_fee(view: &OrderView, payment: &Payment, charge: &Charge, ids: &mut Ids) -> Option<ChangeSet> {
    let fee = own_fee(charge, payment).filter(|_| payment.progress.fee.is_none())?;
    let progress = Progress { fee: Some(fee), ..payment.progress.clone() };
    Some(only(Changes {
        advance: vec![payment.advance(progress)],
        journal: vec![fee_entry(payment, fee, view.now, ids)],
        ..Default::default()
    }))
}

/// The entries of money that came for an order.
pub(crate) fn capture_entries(payment: &Payment, now: Timestamp, ids: &mut Ids) -> Vec<Entry> {
    let captured = payment.progress.captured;
    let place = Account::of(payment.method);
    let mut entries = vec![Entry {
        id: ids.fresh(),
        at: now,
        kind: EntryKind::Capture,
        order: Some(payment.order),
        reference: payment.reference.clone(),
        legs: vec![Leg::new(place, captured), Leg::new(Account::Orders, less(captured))],
    }];
    entries.extend(payment.progress.fee.map(|fee| fee_entry(payment, fee, now, ids)));
    entries
}

fn fee_entry(payment: &Payment, fee: Money, now: Timestamp, ids: &mut Ids) -> Entry {
    Entry {
        id: ids.fresh(),
        at: now,
        kind: EntryKind::Fee,
        order: Some(payment.order),
        reference: payment.reference.clone(),
        legs: vec![Leg::new(Account::Fees, fee), Leg::new(Account::Gateway, less(fee))],
    }
}

/// The entry of money that came to `place`, and counts towards no order.
pub(crate) fn received_for_nothing(row: &Unmatched, place: Account, ids: &mut Ids) -> Entry {
    Entry {
        id: ids.fresh(),
        at: row.seen_at,
        kind: EntryKind::Unmatched,
        order: row.order,
        reference: row.reference.clone(),
        legs: vec![Leg::new(place, row.amount), Leg::new(Account::Unmatched, less(row.amount))],
    }
}

/// The entry of a charge that counts towards no order; none for nothing.
fn charged_for_nothing(row: &Unmatched, ids: &mut Ids) -> Option<Entry> {
    (row.amount.minor > 0).then(|| received_for_nothing(row, Account::Gateway, ids))
}

pub(crate) fn less(amount: Money) -> Money {
    Money::from_minor(-amount.minor, amount.currency)
}

fn unmatched(
    charge: &Charge,
    payment: Option<&Payment>,
    reason: UnmatchedReason,
    state: UnmatchedState,
    now: Timestamp,
    ids: &mut Ids,
) -> Unmatched {
    Unmatched {
        id: ids.fresh(),
        reference: charge.reference.clone(),
        charge: Some(charge.id.clone()),
        payment: payment.map(|payment| payment.id),
        order: payment.map(|payment| payment.order),
        amount: charge.amount,
        mode: Some(charge.mode),
        reason,
        seen_at: now,
        state,
        note: None,
        version: 1,
    }
}

fn unmatched_event(row: &Unmatched, ids: &mut Ids) -> Event {
    Event {
        id: ids.fresh(),
        name: "payment.unmatched",
        subject: format!("unmatched:{}", row.id),
        sequence: row.version,
        data: json!({
            "reference": row.reference,
            "order_id": row.order,
            "amount": {"amount": row.amount.amount(), "currency": row.amount.currency},
            "reason": row.reason,
        }),
        at: row.seen_at,
    }
}

/// Held goods that are promised for good.
pub(crate) fn for_good(reservations: &[Reservation]) -> Vec<Rehold> {
    let hold = Hold::Committed;
    let held = reservations.iter().filter(|reservation| reservation.hold != hold);
    held.map(|reservation| Rehold { reservation: reservation.id, order: reservation.order, hold }).collect()
}

fn reservation(order: crate::OrderId, source: &Allocation, ids: &mut Ids) -> Reservation {
    let Allocation { line, variant, location, quantity, backorder } = *source;
    let hold = Hold::Committed;
    Reservation { id: ids.fresh(), order, line, variant, location, quantity, hold, backorder }
}

/// The attempt's progress when nothing is decided: `None` while it is not time to ask again, and when it is not asked about
/// any more.
fn later(before: &Progress, made: Timestamp, now: Timestamp) -> Option<Progress> {
    before.check_at.filter(|at| *at <= now)?;
    let mut progress = Progress { checks: before.checks + 1, ..before.clone() };
    if made.plus(PaymentTerms::WATCHED) <= now {
        progress.check_at = None;
        progress.state = PaymentState::Failed;
        progress.next_action = None;
        progress.note = Some("nobody paid".to_owned());
    } else {
        progress.check_at = Some(now.plus(PaymentTerms::check_after(progress.checks)));
    }
    Some(progress)
}

/// What a gateway says, as it is kept with an attempt.
pub(super) fn note(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(Progress::NOTE_MAX).collect()
}

fn only(payment: Changes) -> ChangeSet {
    ChangeSet { payment, ..ChangeSet::default() }
}
