//! Refunds: what may go back, and what became of it.

use std::time::Duration;

use serde_json::json;

use super::give_back::taken;
use super::journal::{Account, Entry, EntryKind, Leg};
use super::settle::less;
use super::{
    Changes, GatewayRefund, Payment, PaymentError, PaymentReference, PaymentState, Progress, Refund,
    RefundLine, RefundProgress, RefundSource, RefundState, UnmatchedAdvance, UnmatchedReason, UnmatchedState,
    UnmatchedView, Wish, restock,
};
use crate::audit::{self, Actor};
use crate::backoff::doubling;
use crate::commit::ChangeSet;
use crate::event::Event;
use crate::idempotency::{Outcome, Request};
use crate::mail::{self, Kind, Mail};
use crate::order::{self, Moves, ORDER_MOVES, OrderState, OrderView, check};
use crate::{Ids, LineId, LocationId, Money, Quantity, RefundId, Timestamp};

/// Asks for money of an order to go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayBack {
    /// How much.
    pub what: What,
    /// Of which attempt only; absent: of all, the oldest first.
    pub reference: Option<PaymentReference>,
    /// Why: at most [`Refund::REASON_MAX`] characters.
    pub reason: String,
    /// Where the units go back into stock, if they do; looked at with line items only. Of an order that has not left yet,
    /// they go back to where they lie.
    pub restock: Option<LocationId>,
    /// Who asks.
    pub actor: Actor,
    /// The request, so that its repetition has no further effect.
    pub request: Option<Request>,
}

/// How much goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// All that was paid and does not go back yet.
    All,
    /// This much.
    Amount(Money),
    /// What these units were worth when the order was placed, and the shipping if so said.
    Lines {
        /// The units.
        lines: Vec<RefundLine>,
        /// Whether what was paid for shipping goes back too, as far as it has not.
        shipping: bool,
    },
}

/// Decides what goes back of which attempt. Money that a gateway collected goes back through it; what was collected by
/// hand has been paid back by whoever asks.
///
/// # Errors
/// [`PaymentError::Reason`], [`PaymentError::NotFound`] for a reference of another order, [`PaymentError::NothingPaid`],
/// [`PaymentError::Amount`], [`PaymentError::Currency`], [`PaymentError::Lines`], [`PaymentError::Exceeds`].
pub fn pay_back(
    view: &OrderView,
    command: &PayBack,
    ids: &mut Ids,
) -> Result<(Vec<Refund>, ChangeSet), PaymentError> {
    if command.reason.chars().count() > Refund::REASON_MAX {
        return Err(PaymentError::Reason);
    }
    let payments = chosen(view, command)?;
    let asked = asked(view, &command.what, &payments)?;
    let refunds = shared_out(view, command, &asked, &payments, ids);
    let (mut payment, order) = taken_off(view, command, &refunds, ids)?;
    payment.refund.clone_from(&refunds);
    let back = |location| restock::refunded(view, &asked.lines, location, &command.actor, ids);
    let inventory = command.restock.map(back).unwrap_or_default();
    let amount = json!({"amount": asked.amount.amount(), "currency": asked.amount.currency});
    let changes = ChangeSet {
        payment,
        order,
        inventory,
        idempotency: command
            .request
            .as_ref()
            .zip(refunds.first())
            .map(|(request, first)| request.record(Outcome::RefundRequested(first.request), view.now)),
        audit: vec![audit::Entry {
            id: ids.fresh(),
            at: view.now,
            actor: command.actor.clone(),
            action: "payment.refund".to_owned(),
            target: format!("order:{}", view.order.id),
            data: json!({
                "amount": amount, "refunds": refunds.iter().map(|refund| refund.id).collect::<Vec<_>>(),
            }),
        }],
        events: vec![Event {
            id: ids.fresh(),
            name: "refund.requested",
            subject: format!("order:{}", view.order.id),
            sequence: view.order.version + 1,
            data: json!({"order_id": view.order.id, "number": view.order.number, "amount": amount}),
            at: view.now,
        }],
        mail: mail::Changes {
            send: paid_back(view, &refunds, ids).into_iter().collect(),
            ..Default::default()
        },
        ..ChangeSet::default()
    };
    Ok((refunds, changes))
}

/// What the shopper reads of what is paid back by this very decision, by hand; what a gateway sends is told of once it did.
fn paid_back(view: &OrderView, refunds: &[Refund], ids: &mut Ids) -> Option<Mail> {
    let gone = refunds.iter().filter(|refund| refund.progress.state == RefundState::Processed);
    let amount: i64 = gone.map(|refund| refund.amount.minor).sum();
    let amount = Money::from_minor(amount, view.order.totals.total.currency);
    let kind = Kind::OrderRefunded { order: view.order.id, amount };
    (amount.minor > 0).then(|| Mail::about(&view.order, kind, view.now, ids))
}

/// The attempts that money may be taken from.
fn chosen<'v>(view: &'v OrderView, command: &PayBack) -> Result<Vec<&'v Payment>, PaymentError> {
    let named = |payment: &&Payment| {
        command.reference.as_ref().is_none_or(|reference| *reference == payment.reference)
    };
    let payments: Vec<&Payment> = view.payments.iter().filter(named).collect();
    if payments.is_empty() {
        return Err(PaymentError::NotFound);
    }
    if payments.iter().all(|payment| payment.progress.captured.minor == 0) {
        return Err(PaymentError::NothingPaid);
    }
    Ok(payments)
}

/// A refund for each attempt that money is taken from, the oldest first.
fn shared_out(
    view: &OrderView,
    command: &PayBack,
    asked: &Asked,
    payments: &[&Payment],
    ids: &mut Ids,
) -> Vec<Refund> {
    let wish = Wish { reason: &command.reason, actor: &command.actor, at: view.now };
    let mut refunds: Vec<Refund> = Vec::new();
    let mut left = asked.amount.minor;
    for payment in payments {
        let part = left.min(payment.progress.balance().minor);
        if part == 0 {
            continue;
        }
        left -= part;
        let progress = match payment.mode {
            Some(_) => RefundProgress::asked_of_gateway(view.now),
            None => RefundProgress {
                processed_at: Some(view.now),
                ..RefundProgress::in_state(RefundState::Processed)
            },
        };
        let part = Money::from_minor(part, asked.amount.currency);
        let refund = Refund::of_payment(payment, part, &wish, progress, ids);
        refunds.push(match refunds.first() {
            // What it is for stands with the first, once.
            None => Refund {
                lines: asked.lines.clone(),
                shipping: asked.shipping,
                restock: command.restock.is_some() && !asked.lines.is_empty(),
                ..refund
            },
            Some(first) => Refund { request: first.id, ..refund },
        });
    }
    refunds
}

/// What the refunds do to the attempts, to the order and, where the money is gone already, to the journal.
fn taken_off(
    view: &OrderView,
    command: &PayBack,
    refunds: &[Refund],
    ids: &mut Ids,
) -> Result<(Changes, order::Changes), PaymentError> {
    let all: Vec<&Refund> = view.refunds.iter().chain(refunds).collect();
    let mut moves = Moves::of(view, command.actor.clone());
    let mut changes = Changes::default();
    for refund in refunds {
        let from = |payment: &&Payment| refund.source == RefundSource::Payment(payment.id);
        let Some(payment) = view.payments.iter().find(from) else { continue };
        let state = state_of(payment, &all);
        changes.advance.push(payment.advance(Progress { state, ..taken(payment, refund.amount) }));
        if refund.progress.state == RefundState::Processed {
            changes.journal.push(refund_entry(refund, Account::of(payment.method), view.now, ids));
        }
    }
    if !changes.journal.is_empty() {
        money_went(view, all.iter().copied(), &mut moves)?;
    }
    Ok((changes, moves.changes()))
}

/// What is asked for: how much, for which units, each line item once, and how much of it is for shipping.
struct Asked {
    amount: Money,
    lines: Vec<RefundLine>,
    shipping: Money,
}

fn asked(view: &OrderView, what: &What, payments: &[&Payment]) -> Result<Asked, PaymentError> {
    let currency = view.order.totals.total.currency;
    let nothing = Money::zero(currency);
    let available = payments.iter().map(|payment| payment.progress.balance().minor).sum();
    let available = Money::from_minor(available, currency);
    let asked = match what {
        What::All => Asked { amount: available, lines: Vec::new(), shipping: nothing },
        What::Amount(amount) => Asked { amount: *amount, lines: Vec::new(), shipping: nothing },
        What::Lines { lines, shipping } => {
            let lines = each_once(view, lines)?;
            let shipping = if *shipping { shipping_left(view) } else { nothing };
            let values = lines.iter().map(|line| value(view, *line));
            let units = values.sum::<Result<i64, PaymentError>>()?;
            Asked { amount: Money::from_minor(units + shipping.minor, currency), lines, shipping }
        }
    };
    if asked.amount.currency != currency {
        return Err(PaymentError::Currency { expected: currency, given: asked.amount.currency });
    }
    if asked.amount.minor > available.minor || (*what == What::All && available.minor == 0) {
        return Err(PaymentError::Exceeds { wanted: asked.amount, available });
    }
    if asked.amount.minor <= 0 {
        return Err(PaymentError::Amount);
    }
    Ok(asked)
}

/// The units of each line item, however often it is named.
fn each_once(view: &OrderView, named: &[RefundLine]) -> Result<Vec<RefundLine>, PaymentError> {
    let mut lines: Vec<RefundLine> = Vec::new();
    for RefundLine { line, quantity } in named {
        match lines.iter_mut().find(|one| one.line == *line) {
            None => lines.push(RefundLine { line: *line, quantity: *quantity }),
            Some(one) => {
                let sum = Quantity::try_from(one.quantity.get().saturating_add(quantity.get()));
                one.quantity = sum.map_err(|_| too_many(view, *line))?;
            }
        }
    }
    Ok(lines)
}

/// What so many units of a line item are worth: its next units after those that go back already.
fn value(view: &OrderView, wanted: RefundLine) -> Result<i64, PaymentError> {
    let RefundLine { line, quantity } = wanted;
    let gone = gone(view, line);
    let sold = view.order.lines.iter().find(|sold| sold.id == line);
    let Some(sold) = sold.filter(|sold| sold.quantity.get().saturating_sub(gone) >= quantity.get()) else {
        return Err(too_many(view, line));
    };
    let [(dearer, high), (_, low)] = sold.unit_values();
    let at_high = dearer.saturating_sub(gone).min(quantity.get());
    let at_low = quantity.get() - at_high;
    Ok(high.minor * i64::from(at_high) + low.minor * i64::from(at_low))
}

fn too_many(view: &OrderView, line: LineId) -> PaymentError {
    let sold = view.order.lines.iter().find(|sold| sold.id == line);
    let available = sold.map_or(0, |sold| sold.quantity.get().saturating_sub(gone(view, line)));
    PaymentError::Lines { line, available }
}

/// Units of a line item that go back already.
fn gone(view: &OrderView, line: LineId) -> u32 {
    let counting = view.refunds.iter().filter(|refund| refund.progress.state.counts());
    counting
        .flat_map(|refund| &refund.lines)
        .filter(|one| one.line == line)
        .map(|one| one.quantity.get())
        .sum()
}

/// What of the shipping does not go back yet: what the lines do not account for of the total.
fn shipping_left(view: &OrderView) -> Money {
    let total = view.order.totals.total;
    let lines: i64 = view.order.lines.iter().map(|line| line.paid.minor).sum();
    let counting = view.refunds.iter().filter(|refund| refund.progress.state.counts());
    let back: i64 = counting.map(|refund| refund.shipping.minor).sum();
    Money::from_minor((total.minor - lines - back).max(0), total.currency)
}

/// Records what the gateway says of a refund of an order, or of money that belongs to none. `None`: it says nothing new.
///
/// # Errors
/// When a state table forbids it: a bug.
pub(crate) fn refund_told(
    owner: &Owner<'_>,
    refund: &Refund,
    told: &GatewayRefund,
    now: Timestamp,
    ids: &mut Ids,
) -> Result<Option<ChangeSet>, PaymentError> {
    let before = &refund.progress;
    if before.state.is_final() {
        return Ok(None);
    }
    let mut progress = RefundProgress {
        gateway_id: Some(told.id.clone()),
        note: told.reason.clone().or_else(|| before.note.clone()),
        checks: before.checks + 1,
        ..before.clone()
    };
    if told.state != before.state && told.state != RefundState::Pending {
        check(super::REFUND_MOVES, before.state, told.state, RefundState::as_str)?;
        progress.state = told.state;
    }
    progress.check_at = (!told.state.is_final()).then(|| now.plus(patience(progress.checks)));
    match told.state {
        RefundState::Processed => processed(owner, refund, progress, Account::Gateway, now, ids).map(Some),
        RefundState::Failed => Ok(Some(failed(owner, refund, progress))),
        RefundState::Pending | RefundState::Processing | RefundState::NeedsAttention => {
            Ok(Some(advance(refund, progress)))
        }
    }
}

/// How long until a refund is asked about again: five minutes, then twice as long each time, up to six hours.
pub(crate) fn patience(checks: u32) -> Duration {
    doubling(Duration::from_secs(5 * 60), checks, Duration::from_secs(6 * 60 * 60))
}

/// Whose money a refund is taken from.
pub(crate) enum Owner<'a> {
    /// An order's.
    Order(&'a OrderView),
    /// Nobody's.
    Unmatched(&'a UnmatchedView),
}

/// The money is gone.
pub(crate) fn processed(
    owner: &Owner<'_>,
    refund: &Refund,
    progress: RefundProgress,
    place: Account,
    now: Timestamp,
    ids: &mut Ids,
) -> Result<ChangeSet, PaymentError> {
    let progress = RefundProgress { processed_at: Some(now), check_at: None, ..progress };
    let mut changes = advance(refund, progress.clone());
    changes.payment.journal = vec![refund_entry(refund, place, now, ids)];
    match owner {
        Owner::Order(view) => {
            let done = Refund { progress, ..refund.clone() };
            let others = view.refunds.iter().filter(|other| other.id != refund.id);
            let all: Vec<&Refund> = others.chain([&done]).collect();
            let mut moves = Moves::of(view, Actor::System);
            money_went(view, all.iter().copied(), &mut moves)?;
            let from = |payment: &&Payment| refund.source == RefundSource::Payment(payment.id);
            let attempt = view.payments.iter().find(from);
            changes.payment.advance = attempt
                .map(|payment| {
                    let state = state_of(payment, &all);
                    payment.advance(Progress { state, ..payment.progress.clone() })
                })
                .into_iter()
                .collect();
            changes.events = vec![Event {
                id: ids.fresh(),
                name: "refund.processed",
                subject: format!("order:{}", view.order.id),
                sequence: moves.version(),
                data: json!({
                    "order_id": view.order.id,
                    "number": view.order.number,
                    "amount": {"amount": refund.amount.amount(), "currency": refund.amount.currency},
                }),
                at: now,
            }];
            changes.order = moves.changes();
            let kind = Kind::OrderRefunded { order: view.order.id, amount: refund.amount };
            changes.mail.send = vec![Mail::about(&view.order, kind, now, ids)];
        }
        Owner::Unmatched(view) => {
            changes.payment.unmatched_advance = vec![of(view, UnmatchedState::Refunded)]
        }
    }
    Ok(changes)
}

/// The money is still here.
pub(crate) fn failed(owner: &Owner<'_>, refund: &Refund, progress: RefundProgress) -> ChangeSet {
    let progress = RefundProgress { state: RefundState::Failed, check_at: None, ..progress };
    let mut changes = advance(refund, progress);
    match owner {
        Owner::Order(view) => {
            let payment =
                view.payments.iter().find(|payment| refund.source == RefundSource::Payment(payment.id));
            changes.payment.advance = payment
                .map(|payment| {
                    let mut progress: Progress = payment.progress.clone();
                    progress.refunded.minor = (progress.refunded.minor - refund.amount.minor).max(0);
                    payment.advance(progress)
                })
                .into_iter()
                .collect();
            changes.order = Moves::of(view, Actor::System).changes();
        }
        Owner::Unmatched(view) => changes.payment.unmatched_advance = vec![of(view, UnmatchedState::Open)],
    }
    changes
}

fn of(view: &UnmatchedView, state: UnmatchedState) -> UnmatchedAdvance {
    let row = &view.unmatched;
    UnmatchedAdvance { id: row.id, expected_version: row.version, state, note: row.note.clone() }
}

pub(crate) fn advance(refund: &Refund, progress: RefundProgress) -> ChangeSet {
    ChangeSet {
        payment: Changes { refund_advance: vec![refund.advance(progress)], ..Default::default() },
        ..ChangeSet::default()
    }
}

/// Moves the order by the money that is gone: a part of it, or all.
fn money_went<'r>(
    view: &OrderView,
    refunds: impl Iterator<Item = &'r Refund>,
    moves: &mut Moves<'_>,
) -> Result<(), PaymentError> {
    // Money of an attempt that counts towards no order is not the order's.
    let of_order = refunds.filter(|refund| matches!(refund.source, RefundSource::Payment(_)));
    let gone: i64 = of_order
        .filter(|refund| refund.progress.state == RefundState::Processed)
        .map(|refund| refund.amount.minor)
        .sum();
    let captured: i64 = view.payments.iter().map(|payment| payment.progress.captured.minor).sum();
    // An order of which only a part was paid is not paid, and stays so.
    if !super::settle::is_paid(view.order.payment_status) {
        return Ok(());
    }
    if gone < captured {
        moves.payment(PaymentState::PartiallyRefunded, "a part went back")?;
        return Ok(());
    }
    moves.payment(PaymentState::Refunded, "all went back")?;
    if check(ORDER_MOVES, moves.status(), OrderState::Refunded, OrderState::as_str).is_ok() {
        moves.order(OrderState::Refunded, "all money went back")?;
    }
    Ok(())
}

/// Where an attempt stands whose money came, and went as far as these refunds say.
fn state_of(payment: &Payment, refunds: &[&Refund]) -> PaymentState {
    let of_it = refunds.iter().filter(|refund| refund.source == RefundSource::Payment(payment.id));
    let gone = of_it.filter(|refund| refund.progress.state == RefundState::Processed);
    match gone.map(|refund| refund.amount.minor).sum::<i64>() {
        0 => payment.state(),
        gone if gone >= payment.progress.captured.minor => PaymentState::Refunded,
        _ => PaymentState::PartiallyRefunded,
    }
}

fn refund_entry(refund: &Refund, place: Account, now: Timestamp, ids: &mut Ids) -> Entry {
    let from = match refund.source {
        RefundSource::Payment(_) => Account::Orders,
        RefundSource::Unmatched(_) => Account::Unmatched,
    };
    Entry {
        id: ids.fresh(),
        at: now,
        kind: EntryKind::Refund,
        order: refund.order,
        reference: refund.reference.clone(),
        legs: vec![Leg::new(from, refund.amount), Leg::new(place, less(refund.amount))],
    }
}

/// Asks for money that counts towards no order to go back.
///
/// # Errors
/// [`PaymentError::Settled`] when there is nothing to give back or it is dealt with already, [`PaymentError::WentBack`] when it
/// went back at the gateway.
pub fn pay_back_unmatched(
    view: &UnmatchedView,
    reason: &str,
    actor: &Actor,
    ids: &mut Ids,
) -> Result<(RefundId, ChangeSet), PaymentError> {
    if reason.chars().count() > Refund::REASON_MAX {
        return Err(PaymentError::Reason);
    }
    let row = &view.unmatched;
    if row.amount.minor <= 0 || row.state != UnmatchedState::Open {
        return Err(PaymentError::Settled(row.state));
    }
    if row.reason == UnmatchedReason::Reversed {
        return Err(PaymentError::WentBack);
    }
    let progress = match row.charge {
        Some(_) => RefundProgress::asked_of_gateway(view.now),
        None => RefundProgress::by_hand(),
    };
    let refund = Refund::of_unmatched(row, &Wish { reason, actor, at: view.now }, progress, ids);
    let id = refund.id;
    let changes = ChangeSet {
        payment: Changes {
            refund: vec![refund],
            unmatched_advance: vec![of(view, UnmatchedState::Refunding)],
            ..Default::default()
        },
        audit: vec![unmatched_audit(view, "unmatched.refund", actor, ids)],
        ..ChangeSet::default()
    };
    Ok((id, changes))
}

/// Records that staff has dealt with money that counts towards no order in another way, which `note` says.
///
/// # Errors
/// [`PaymentError::Settled`] when it is not open.
pub fn resolve_unmatched(
    view: &UnmatchedView,
    note: &str,
    actor: &Actor,
    ids: &mut Ids,
) -> Result<ChangeSet, PaymentError> {
    if note.chars().count() > Refund::REASON_MAX {
        return Err(PaymentError::Reason);
    }
    if view.unmatched.state != UnmatchedState::Open {
        return Err(PaymentError::Settled(view.unmatched.state));
    }
    let resolved = UnmatchedAdvance { note: Some(note.to_owned()), ..of(view, UnmatchedState::Resolved) };
    Ok(ChangeSet {
        payment: Changes { unmatched_advance: vec![resolved], ..Default::default() },
        audit: vec![unmatched_audit(view, "unmatched.resolve", actor, ids)],
        ..ChangeSet::default()
    })
}

fn unmatched_audit(view: &UnmatchedView, action: &str, actor: &Actor, ids: &mut Ids) -> audit::Entry {
    let row = &view.unmatched;
    audit::Entry {
        id: ids.fresh(),
        at: view.now,
        actor: actor.clone(),
        action: action.to_owned(),
        target: format!("unmatched:{}", row.id),
        data: json!({"reference": row.reference, "amount": row.amount.amount(), "currency": row.amount.currency}),
    }
}
