//! Attempts to pay, refunds, money that counts towards no order, the journal: what is written is what is read, and what
//! was decided on something else is refused.

use std::time::Duration;

use super::Shop;
use crate::audit::Actor;
use crate::order::{OrderKey, OrderView};
use crate::payment::journal::{Account, Balance, Entry, EntryKind, Leg};
use crate::payment::{
    Collect, GatewayMode, Instructions, MobileMoney, NextAction, Payment, PaymentMethod, PaymentReference,
    PaymentState, Progress, Refund, RefundLine, RefundProgress, RefundSource, RefundState, Unmatched,
    UnmatchedAdvance, UnmatchedKey, UnmatchedReason, UnmatchedState,
};
use crate::testkit::{item, named, units};
use crate::{
    ChangeSet, Currency, Guard, Ids, JournalId, Money, OrderId, PaymentId, RefundId, Timestamp, UnmatchedId,
};

/// Text that wants care.
const TEXT: &str = "Ọjà's \"50 %\" _off_ \\ naïve e\u{301} 日本 🧵 <b>&amp;</b> 'x'; --\ntwo lines";

/// The progress of an attempt by which all its money came.
#[must_use]
pub fn paid(payment: &Payment) -> Progress {
    Progress {
        state: PaymentState::Paid,
        captured: payment.amount,
        paid_at: Some(payment.created_at),
        asking_until: None,
        check_at: None,
        ..payment.progress.clone()
    }
}

/// The journal's entry of that money.
#[must_use]
pub fn captured(payment: &Payment, ids: &mut Ids) -> Entry {
    let Money { minor, currency } = payment.amount;
    Entry {
        id: ids.fresh(),
        at: payment.created_at,
        kind: EntryKind::Capture,
        order: Some(payment.order),
        reference: payment.reference.clone(),
        legs: vec![
            Leg::new(Account::of(payment.method), payment.amount),
            Leg::new(Account::Orders, Money::from_minor(-minor, currency)),
        ],
    }
}

/// Attempts in which everything is set, with every next action, and one in which nothing is: as they are opened, and as each
/// becomes the other.
pub async fn attempts_in_full_and_one_with_nothing(shop: &Shop) {
    let order = unpaid(shop).await;
    let plain = order.payments[0].clone();
    assert_eq!(plain.progress, Progress::new(PaymentState::Pending, plain.amount));
    let mut opened: Vec<Payment> = (1..)
        .zip(next_actions(order.now))
        .map(|(number, action)| full_attempt(&plain, number, action))
        .collect();
    let mut changes = ChangeSet::default();
    changes.payment.open = opened.clone();
    shop.store.commit(&changes).await.unwrap();
    let mut expected = vec![plain.clone()];
    expected.append(&mut opened);
    assert_eq!(shop.order_now(order.order.id).await.payments, expected);
    for attempt in &expected {
        assert_eq!(shop.store.payment(attempt.id).await.unwrap().as_ref(), Some(attempt));
    }
    assert_eq!(shop.store.payment(named::<PaymentId>("payment", "x")).await.unwrap(), None);

    let full = expected[1].progress.clone();
    let nothing = Progress::new(PaymentState::Failed, plain.amount);
    let mut changes = ChangeSet::default();
    changes.payment.advance = expected
        .iter()
        .map(|one| one.advance(if one.id == plain.id { &full } else { &nothing }.clone()))
        .collect();
    shop.store.commit(&changes).await.unwrap();
    for attempt in &mut expected {
        attempt.progress = if attempt.id == plain.id { full.clone() } else { nothing.clone() };
        attempt.version += 1;
    }
    assert_eq!(shop.order_now(order.order.id).await.payments, expected);
}

/// Attempts are listed with the newest first, page by page, in all states or in one.
pub async fn attempts_are_listed_newest_first(shop: &Shop) {
    let order = unpaid(shop).await;
    let first = &order.payments[0];
    let mut changes = ChangeSet::default();
    changes.payment.open = (1..=6).map(|number| full_attempt(first, number, NextAction::None)).collect();
    for attempt in changes.payment.open.iter_mut().step_by(2) {
        attempt.progress.state = PaymentState::Pending;
    }
    shop.store.commit(&changes).await.unwrap();
    let mut all = shop.order_now(order.order.id).await.payments;
    all.sort_by_key(|attempt| std::cmp::Reverse(attempt.id));
    let pending: Vec<Payment> =
        all.iter().filter(|attempt| attempt.state() == PaymentState::Pending).cloned().collect();
    for (state, expected) in
        [(None, &all), (Some(PaymentState::Pending), &pending), (Some(PaymentState::Paid), &Vec::new())]
    {
        assert_eq!(&shop.store.payments(state, None, 100).await.unwrap(), expected, "{state:?}");
        let mut paged = Vec::new();
        loop {
            let before = paged.last().map(|attempt: &Payment| attempt.id);
            let page = shop.store.payments(state, before, 2).await.unwrap();
            assert!(page.len() <= 2);
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(&paged, expected, "{state:?}");
    }
}

/// An order is found by the reference of each of its attempts, and by no other.
pub async fn an_order_is_found_by_a_reference(shop: &Shop) {
    let order = unpaid(shop).await;
    let another = full_attempt(&order.payments[0], 1, NextAction::None);
    let mut changes = ChangeSet::default();
    changes.payment.open = vec![another.clone()];
    shop.store.commit(&changes).await.unwrap();
    let other = unpaid(shop).await;
    let by_id = shop.order_now(order.order.id).await;
    for reference in [order.payments[0].reference.clone(), another.reference] {
        let mut found = shop.store.order(OrderKey::Payment(reference), None).await.unwrap().unwrap();
        found.now = by_id.now;
        assert_eq!(found, by_id);
    }
    let found = shop.store.order(OrderKey::Payment(other.payments[0].reference.clone()), None).await.unwrap();
    assert_eq!(found.unwrap().order.id, other.order.id);
    let unknown = OrderKey::Payment(PaymentReference("NOBODY".to_owned()));
    assert_eq!(shop.store.order(unknown, None).await.unwrap(), None);
}

/// Attempts and refunds whose time has come are found, the one that has waited longest first, at most so many.
pub async fn what_is_due_comes_by_its_time(shop: &Shop) {
    let (order, _) = collected(shop).await;
    let now = shop.now().await;
    let ago = |seconds: i64| Timestamp::from_micros(now.as_micros() - seconds * 1_000_000).unwrap();
    let times = [Some(ago(5)), None, Some(ago(-3_600)), Some(ago(60)), Some(ago(30))];
    let mut changes = ChangeSet::default();
    let payment = &order.payments[0];
    for (number, check_at) in (1..).zip(times) {
        let mut attempt = full_attempt(payment, number, NextAction::None);
        attempt.progress.check_at = check_at;
        changes.payment.open.push(attempt);
        let mut refund = plain_refund(&order, &number.to_string(), RefundSource::Payment(payment.id), 1, now);
        refund.progress.check_at = check_at;
        changes.payment.refund.push(refund);
    }
    let progress = Progress { refunded: naira(5), ..payment.progress.clone() };
    changes.payment.advance = vec![payment.advance(progress)];
    shop.store.commit(&changes).await.unwrap();
    let reference = |at: usize| changes.payment.open[at].reference.clone();
    let refund = |at: usize| changes.payment.refund[at].id;
    let due = shop.store.due_payments(10).await.unwrap();
    assert_eq!(due, [reference(3), reference(4), reference(0)]);
    assert_eq!(shop.store.due_payments(2).await.unwrap(), due[..2]);
    let due = shop.store.due_refunds(10).await.unwrap();
    assert_eq!(due, [refund(3), refund(4), refund(0)]);
    assert_eq!(shop.store.due_refunds(1).await.unwrap(), due[..1]);
}

/// A refund in which everything is set and one in which nothing is: as they are asked for, and as each becomes the other.
pub async fn a_refund_in_full_and_one_with_nothing(shop: &Shop) {
    let (order, now) = collected(shop).await;
    let payment = &order.payments[0];
    let source = RefundSource::Payment(payment.id);
    let plain = plain_refund(&order, "plain", source, 1, now);
    let full = Refund {
        lines: vec![
            RefundLine { line: order.order.lines[1].id, quantity: units(2) },
            RefundLine { line: order.order.lines[0].id, quantity: units(1) },
        ],
        shipping: naira(30),
        reason: TEXT.to_owned(),
        restock: true,
        actor: Actor::Staff("ọlá:of:accounts".to_owned()),
        progress: full_refund_progress(RefundState::Processing, now),
        request: plain.id,
        created_at: now.plus(Duration::from_micros(1)),
        version: 3,
        ..plain_refund(&order, "full", source, 70, now)
    };
    let mut changes = ChangeSet::default();
    changes.payment.refund = vec![full.clone(), plain.clone()];
    changes.payment.advance =
        vec![payment.advance(Progress { refunded: naira(71), ..payment.progress.clone() })];
    shop.store.commit(&changes).await.unwrap();
    let view = shop.order_now(order.order.id).await;
    assert_eq!(view.refunds, [plain.clone(), full.clone()], "the oldest first");
    for refund in [&plain, &full] {
        let found = shop.store.refund(refund.id).await.unwrap().unwrap();
        assert_eq!((&found.refund, found.unmatched), (refund, None));
        assert!(found.now >= now);
    }
    assert_eq!(shop.store.refund(named::<RefundId>("refund", "x")).await.unwrap(), None);

    // One fails, and its money counts again; the other learns all that can be learned.
    let told = full_refund_progress(RefundState::NeedsAttention, now);
    let failed = RefundProgress::in_state(RefundState::Failed);
    let payment = &view.payments[0];
    let mut changes = ChangeSet::default();
    changes.payment.refund_advance = vec![plain.advance(told.clone()), full.advance(failed.clone())];
    changes.payment.advance =
        vec![payment.advance(Progress { refunded: naira(1), ..payment.progress.clone() })];
    shop.store.commit(&changes).await.unwrap();
    let after = shop.order_now(order.order.id).await;
    let plain = Refund { progress: told, version: 2, ..plain };
    assert_eq!(after.refunds, [plain, Refund { progress: failed, version: 4, ..full }]);
    assert_eq!(after.payments[0].progress.refunded, naira(1));
}

/// A refund that got further since it was read, or is not there; and an attempt of whose money more went back meanwhile.
pub async fn a_refund_that_changed(shop: &Shop) {
    let (order, now) = collected(shop).await;
    let payment = &order.payments[0];
    let refund = plain_refund(&order, "one", RefundSource::Payment(payment.id), 10, now);
    let mut changes = ChangeSet::default();
    changes.payment.refund = vec![refund.clone()];
    changes.payment.advance =
        vec![payment.advance(Progress { refunded: naira(10), ..payment.progress.clone() })];
    shop.store.commit(&changes).await.unwrap();
    // Decided on the same view: the first one took of the same money.
    changes.payment.refund[0].id = named("refund", "another");
    assert_eq!(shop.stale(&changes).await, Guard::Payment(payment.id));
    let failed = RefundProgress::in_state(RefundState::NeedsAttention);
    let mut advance = ChangeSet::default();
    advance.payment.refund_advance = vec![refund.advance(failed.clone())];
    advance.payment.refund_advance[0].expected_version = 7;
    assert_eq!(shop.stale(&advance).await, Guard::Refund(refund.id));
    let unknown: RefundId = named("refund", "nowhere");
    advance.payment.refund_advance[0].id = unknown;
    assert_eq!(shop.stale(&advance).await, Guard::Refund(unknown));
    advance.payment.refund_advance = vec![refund.advance(failed)];
    shop.store.commit(&advance).await.unwrap();
    assert_eq!(shop.stale(&advance).await, Guard::Refund(refund.id));
}

/// Money that counts towards no order, for every reason, in full and with nothing; with a refund of its own.
pub async fn money_that_counts_for_nothing(shop: &Shop) {
    let order = unpaid(shop).await;
    let rows = unmatched_rows(&order);
    let mut changes = ChangeSet::default();
    changes.payment.unmatched = rows.iter().rev().cloned().collect();
    shop.store.commit(&changes).await.unwrap();
    for row in &rows {
        for key in [UnmatchedKey::Id(row.id), UnmatchedKey::Reference(row.reference.clone())] {
            let found = shop.store.unmatched(&key).await.unwrap().unwrap();
            assert_eq!((&found.unmatched, found.refunds), (row, Vec::new()), "{key:?}");
            assert!(found.now >= order.now);
        }
    }
    let unknown = UnmatchedKey::Id(named::<UnmatchedId>("unmatched", "x"));
    assert_eq!(shop.store.unmatched(&unknown).await.unwrap(), None);
    let unknown = UnmatchedKey::Reference(order.payments[0].reference.clone());
    assert_eq!(shop.store.unmatched(&unknown).await.unwrap(), None);
    let of_order: Vec<Unmatched> =
        rows.iter().filter(|row| row.order == Some(order.order.id)).cloned().collect();
    assert_eq!(shop.order_now(order.order.id).await.unmatched, of_order, "the oldest first");

    let (with, without) = (&rows[0], &rows[1]);
    let mut changes = ChangeSet::default();
    for (number, row) in [(2_u64, with), (1, with), (3, without)] {
        let name = format!("of {number}");
        let mut refund =
            plain_refund(&order, &name, RefundSource::Unmatched(row.id), row.amount.minor, order.now);
        (refund.order, refund.amount) = (row.order, row.amount);
        refund.shipping = Money::zero(row.amount.currency);
        refund.created_at = order.now.plus(Duration::from_secs(number));
        changes.payment.refund.push(refund);
    }
    let advance = |row: &Unmatched, state, note: Option<&str>| UnmatchedAdvance {
        id: row.id,
        expected_version: row.version,
        state,
        note: note.map(str::to_owned),
    };
    changes.payment.unmatched_advance = vec![
        advance(with, UnmatchedState::Refunding, None),
        advance(without, UnmatchedState::Resolved, Some(TEXT)),
    ];
    shop.store.commit(&changes).await.unwrap();
    let [second, first, other] = &changes.payment.refund[..] else { unreachable!() };
    let found = shop.store.unmatched(&UnmatchedKey::Id(with.id)).await.unwrap().unwrap();
    let version = with.version + 1;
    let refunding = Unmatched { state: UnmatchedState::Refunding, note: None, version, ..with.clone() };
    assert_eq!((&found.unmatched, &found.refunds), (&refunding, &vec![first.clone(), second.clone()]));
    let found = shop.store.refund(other.id).await.unwrap().unwrap();
    let resolved = found.unmatched.unwrap();
    assert_eq!((&found.refund, resolved.note.as_deref()), (other, Some(TEXT)));
    assert_eq!((resolved.state, resolved.version), (UnmatchedState::Resolved, without.version + 1));
}

/// Such money is listed with the newest first, page by page, of all states or of one.
pub async fn money_that_counts_for_nothing_is_listed(shop: &Shop) {
    let order = unpaid(shop).await;
    let mut rows = unmatched_rows(&order);
    let mut changes = ChangeSet::default();
    changes.payment.unmatched = rows.clone();
    shop.store.commit(&changes).await.unwrap();
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    for state in UnmatchedState::ALL.into_iter().map(Some).chain([None]) {
        let expected: Vec<Unmatched> =
            rows.iter().filter(|row| state.is_none_or(|state| row.state == state)).cloned().collect();
        assert_eq!(shop.store.unmatched_list(state, None, 100).await.unwrap(), expected, "{state:?}");
        let mut paged = Vec::new();
        loop {
            let before = paged.last().map(|row: &Unmatched| row.id);
            let page = shop.store.unmatched_list(state, before, 2).await.unwrap();
            assert!(page.len() <= 2);
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, expected, "{state:?}");
    }
}

/// A charge that has its row already, and a row that changed since it was read.
pub async fn money_that_is_known_already(shop: &Shop) {
    let order = unpaid(shop).await;
    let rows = unmatched_rows(&order);
    let mut changes = ChangeSet::default();
    changes.payment.unmatched = rows.clone();
    shop.store.commit(&changes).await.unwrap();
    let mut again = ChangeSet::default();
    again.payment.unmatched = vec![Unmatched { id: named("unmatched", "again"), ..rows[1].clone() }];
    assert_eq!(shop.stale(&again).await, Guard::Unmatched);
    let advance = |expected_version| UnmatchedAdvance {
        id: rows[1].id,
        expected_version,
        state: UnmatchedState::Resolved,
        note: None,
    };
    let mut changes = ChangeSet::default();
    changes.payment.unmatched_advance = vec![advance(rows[1].version + 1)];
    assert_eq!(shop.stale(&changes).await, Guard::Unmatched);
    changes.payment.unmatched_advance = vec![advance(rows[1].version)];
    shop.store.commit(&changes).await.unwrap();
    assert_eq!(shop.stale(&changes).await, Guard::Unmatched);

    // Known is what an attempt has captured, and what counts for nothing; not what is still waited for.
    let (paid, _) = collected(shop).await;
    let (paid, open) = (&paid.payments[0].reference, &order.payments[0].reference);
    let nobody = PaymentReference("NOBODY".to_owned());
    let asked = [open.clone(), rows[2].reference.clone(), paid.clone(), nobody, paid.clone()];
    let mut known = vec![rows[2].reference.clone(), paid.clone()];
    known.sort();
    assert_eq!(shop.store.known_money(&asked).await.unwrap(), known);
    assert_eq!(shop.store.known_money(&[]).await.unwrap(), []);
}

/// Entries of every kind, with their legs in order; and what each account gained on each day, from one instant up to
/// another.
pub async fn the_journal_is_kept(shop: &Shop) {
    let order = unpaid(shop).await;
    // The first two before midnight, the others after it.
    let day = Duration::from_secs(24 * 60 * 60);
    let start =
        |at: Timestamp| at.minus(Duration::from_micros(at.as_micros().unsigned_abs() % 86_400_000_000));
    let (today, tomorrow) = (start(order.now), start(order.now).plus(day));
    let at = |seconds: u64| tomorrow.minus(Duration::from_millis(2_500)).plus(Duration::from_secs(seconds));
    let cedi = |minor| Money::from_minor(minor, Currency::GHS);
    let entry = |number: u64, kind, of: Option<OrderId>, legs: &[(Account, Money)]| Entry {
        id: named::<JournalId>("journal", &number.to_string()),
        at: at(number),
        kind,
        order: of,
        reference: PaymentReference(TEXT.to_owned()),
        legs: legs.iter().map(|(account, amount)| Leg::new(*account, *amount)).collect(),
    };
    let id = Some(order.order.id);
    // What nets to nothing for the order, so that it has received nothing in the end.
    let entries = [
        entry(1, EntryKind::Capture, id, &[(Account::Gateway, naira(500)), (Account::Orders, naira(-500))]),
        entry(2, EntryKind::Fee, id, &[(Account::Fees, naira(8)), (Account::Gateway, naira(-8))]),
        entry(3, EntryKind::Unmatched, None, &[(Account::Bank, cedi(7)), (Account::Unmatched, cedi(-7))]),
        entry(
            4,
            EntryKind::Refund,
            id,
            &[(Account::Orders, naira(500)), (Account::Cash, naira(-300)), (Account::Gateway, naira(-200))],
        ),
    ];
    let mut changes = ChangeSet::default();
    changes.payment.journal = entries.iter().rev().cloned().collect();
    shop.store.commit(&changes).await.unwrap();
    let [capture, fee, _, refund] = &entries;
    let of_order = [capture.clone(), fee.clone(), refund.clone()];
    assert_eq!(shop.store.journal(order.order.id).await.unwrap(), of_order, "the oldest first");
    assert_eq!(shop.store.journal(named::<OrderId>("order", "x")).await.unwrap(), []);
    let gained = |day, account, amount| Balance { day, account, amount };
    let first = [
        gained(today, Account::Gateway, naira(492)),
        gained(today, Account::Orders, naira(-500)),
        gained(today, Account::Fees, naira(8)),
    ];
    let between = [gained(tomorrow, Account::Bank, cedi(7)), gained(tomorrow, Account::Unmatched, cedi(-7))];
    assert_eq!(shop.store.balances(at(1), at(4)).await.unwrap(), [&first[..], &between].concat());
    assert_eq!(
        shop.store.balances(at(2), at(5)).await.unwrap(),
        [
            gained(today, Account::Gateway, naira(-8)),
            gained(today, Account::Fees, naira(8)),
            gained(tomorrow, Account::Gateway, naira(-200)),
            gained(tomorrow, Account::Cash, naira(-300)),
            gained(tomorrow, Account::Bank, cedi(7)),
            gained(tomorrow, Account::Orders, naira(500)),
            gained(tomorrow, Account::Unmatched, cedi(-7)),
        ]
    );
    assert_eq!(shop.store.balances(at(5), at(9)).await.unwrap(), []);
}

/// An order that waits for a card payment.
async fn unpaid(shop: &Shop) -> OrderView {
    shop.sell([item("mug").price("10").stock(9)]).await;
    shop.card_order(&[("mug", 1)]).await
}

/// An order of two line items whose money was collected, and the time.
async fn collected(shop: &Shop) -> (OrderView, Timestamp) {
    shop.sell([item("pen").price("10").stock(9), item("cup").price("10").stock(9)]).await;
    let order = shop.order(&[("pen", 1), ("cup", 3)]).await;
    let command = Collect {
        reference: order.payments[0].reference.clone(),
        amount: order.order.totals.total,
        proof: None,
        actor: Actor::System,
        request: None,
    };
    shop.engine.payments().collect(&command).await.unwrap();
    let order = shop.order_now(order.order.id).await;
    let now = order.now;
    (order, now)
}

fn naira(minor: i64) -> Money {
    Money::from_minor(minor, Currency::NGN)
}

/// Another attempt at the same order, of which everything is known but that money came.
fn full_attempt(first: &Payment, number: u64, action: NextAction) -> Payment {
    let at = |seconds: u64| first.created_at.plus(Duration::from_secs(seconds));
    Payment {
        id: named("payment", &number.to_string()),
        reference: PaymentReference(format!("REF-{number}")),
        method: PaymentMethod::MobileMoney,
        mode: Some(if number.is_multiple_of(2) { GatewayMode::Live } else { GatewayMode::Test }),
        mobile_money: Some(MobileMoney {
            phone: "+233241234567".parse().unwrap(),
            provider: TEXT.to_owned(),
        }),
        return_url: Some("https://shop.example/done?a=%20&b='\"".to_owned()),
        created_at: at(number),
        progress: Progress {
            state: PaymentState::Failed,
            fee: Some(naira(150)),
            charge: Some("4099260516".to_owned()),
            channel: Some(TEXT.to_owned()),
            paid_at: Some(at(1_000)),
            next_action: Some(action),
            asking_until: Some(at(2_000)),
            check_at: Some(at(200_000)),
            checks: u32::MAX,
            note: Some(TEXT.to_owned()),
            ..Progress::new(PaymentState::Failed, first.amount)
        },
        version: 7,
        ..first.clone()
    }
}

fn next_actions(now: Timestamp) -> Vec<NextAction> {
    let url = || "https://pay.example/x?a=1&b=%22".to_owned();
    vec![
        NextAction::Redirect { authorization_url: url(), access_code: Some(TEXT.to_owned()) },
        NextAction::Redirect { authorization_url: url(), access_code: None },
        NextAction::Display(Instructions {
            bank: Some(TEXT.to_owned()),
            account_number: Some("0123456789".to_owned()),
            account_name: Some("Ada Obi".to_owned()),
            ussd_code: Some("*737*000*1234#".to_owned()),
            text: Some(TEXT.to_owned()),
            expires_at: Some(now),
        }),
        NextAction::Display(Instructions::default()),
        NextAction::Await { text: Some(TEXT.to_owned()), expires_at: Some(now) },
        NextAction::Await { text: None, expires_at: None },
        NextAction::None,
    ]
}

fn plain_refund(order: &OrderView, name: &str, source: RefundSource, minor: i64, now: Timestamp) -> Refund {
    let id = named("refund", name);
    Refund {
        id,
        request: id,
        order: Some(order.order.id),
        source,
        reference: order.payments[0].reference.clone(),
        amount: naira(minor),
        lines: Vec::new(),
        shipping: naira(0),
        reason: String::new(),
        restock: false,
        actor: Actor::System,
        created_at: now,
        progress: RefundProgress::in_state(RefundState::Pending),
        version: 1,
    }
}

fn full_refund_progress(state: RefundState, now: Timestamp) -> RefundProgress {
    let at = |seconds: u64| now.plus(Duration::from_secs(seconds));
    RefundProgress {
        state,
        gateway_id: Some(TEXT.to_owned()),
        asked_at: Some(at(1)),
        check_at: Some(at(2_000_000)),
        checks: u32::MAX,
        note: Some(TEXT.to_owned()),
        processed_at: Some(at(3)),
    }
}

/// A row of every reason and state: those at odd places with nothing that need not be, the others in full.
fn unmatched_rows(order: &OrderView) -> Vec<Unmatched> {
    let row = |(number, reason): (u64, UnmatchedReason)| {
        let full = number.is_multiple_of(2);
        // The attempt that it names need not carry the reference: somebody may have used another one.
        Unmatched {
            id: named("unmatched", &number.to_string()),
            reference: PaymentReference(format!("STRAY-{number}")),
            charge: full.then(|| TEXT.to_owned()),
            payment: full.then_some(order.payments[0].id),
            order: full.then_some(order.order.id),
            amount: Money::from_minor(number as i64 + 1, if full { Currency::KWD } else { Currency::GHS }),
            mode: full.then_some(if number == 0 { GatewayMode::Test } else { GatewayMode::Live }),
            reason,
            seen_at: order.now.plus(Duration::from_secs(number)),
            state: UnmatchedState::ALL[number as usize % UnmatchedState::ALL.len()],
            note: full.then(|| TEXT.to_owned()),
            version: number + 1,
        }
    };
    (0..).zip(UnmatchedReason::ALL).map(row).collect()
}
