//! What the shop writes to people: written down with its cause, sent by whoever is free, at least once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;

use super::Shop;
use crate::audit::Actor;
use crate::mail::{
    CancelledBy, Envelope, Kind, Link, Mail, MailError, MailState, MailerError, MailerTrouble, Sending,
    Token, Waiting,
};
use crate::order::{Cancel, OrderState};
use crate::payment::{Collect, PayBack, PaymentMethod, PaymentReference, What};
use crate::testkit::mailer::envelopes;
use crate::testkit::{Fault, Intercepted, Losing, Meeting, MockClock, PretendMailer, item, named};
use crate::{ChangeSet, Engine, Guard, MailId, Mailer, Money, OrderId, Store, Timestamp};

/// A mail with all that it can have and one with nothing: as they come, and as each becomes the other.
pub async fn a_mail_in_full_and_one_with_nothing(shop: &Shop) {
    let now = shop.now().await;
    let mut full = mail("full", now).in_language(Some("zh-Hant-TW".parse().unwrap()));
    full.sending = Sending {
        state: MailState::Waiting,
        tries: u32::MAX,
        next_at: now.plus(Duration::from_micros(9)),
        note: Some("naïve \"日本\" \\ 🧵".to_owned()),
    };
    full.version = 4;
    let plain = Mail::new(
        named("mail", "plain"),
        "a@b.c".parse().unwrap(),
        Kind::AlreadyRegistered { first_name: None },
        now,
    );
    send(shop, &[full.clone(), plain.clone()]).await;
    for mail in [&full, &plain] {
        let (seen_at, found) = shop.store.mail(mail.id).await.unwrap().unwrap();
        assert_eq!(&found, mail);
        assert!(seen_at >= now);
    }
    assert_eq!(shop.store.mail(named::<MailId>("mail", "x")).await.unwrap(), None);
    // Where it goes, and when it was called for, never change.
    let done = Sending { state: MailState::Sent, tries: 1, next_at: now, note: None };
    let after = Mail {
        kind: full.kind.clone().without_token(),
        sending: done.clone(),
        to: "somebody@else.example".parse().unwrap(),
        language: None,
        created_at: now.plus(Duration::from_secs(1)),
        ..full.clone()
    };
    let gone = Mail { sending: full.sending.clone(), ..plain.clone() };
    update(shop, &[after.clone(), gone.clone()]).await;
    let now_is = |id| async move { shop.store.mail(id).await.unwrap().unwrap().1 };
    let kind = after.kind;
    assert_eq!(now_is(full.id).await, Mail { kind, sending: done, version: 5, ..full });
    assert_eq!(now_is(plain.id).await, Mail { version: 2, ..gone });
}

/// Each kind is read as it was written.
pub async fn every_kind_of_mail(shop: &Shop) {
    let now = shop.now().await;
    let order: OrderId = named("order", "one");
    let amount = Money::from_minor(i64::MAX, crate::Currency::NGN);
    let mut kinds: Vec<Kind> = envelopes().into_iter().map(|envelope| envelope.kind).collect();
    kinds.push(Kind::OrderPlaced { order });
    kinds.push(Kind::OrderPaid { order, amount });
    for (by, back) in
        [(CancelledBy::Shopper, None), (CancelledBy::Shop, Some(amount)), (CancelledBy::Lapse, None)]
    {
        kinds.push(Kind::OrderCancelled { order, by, back });
    }
    kinds.push(Kind::OrderRefunded { order, amount });
    let mails: Vec<Mail> = kinds
        .into_iter()
        .enumerate()
        .map(|(number, kind)| {
            Mail::new(named("mail", &number.to_string()), "ada@example.com".parse().unwrap(), kind, now)
        })
        .collect();
    send(shop, &mails).await;
    for mail in &mails {
        assert_eq!(&shop.store.mail(mail.id).await.unwrap().unwrap().1, mail);
    }
    let mut names: Vec<&str> = mails.iter().map(|mail| mail.kind.name()).collect();
    names.dedup();
    assert_eq!(names, Kind::NAMES, "every kind");
}

/// Mails that wait are sent when their time has come, the one that has waited longest first, at most so many.
pub async fn waiting_mails_come_by_their_time(shop: &Shop) {
    let Waiting { seen_at: now, mails: none, .. } = shop.store.waiting_mails(10).await.unwrap();
    assert_eq!(none, []);
    let made = [
        ("late", 5, MailState::Waiting),
        ("first", 60, MailState::Waiting),
        ("sent", 70, MailState::Sent),
        ("parked", 80, MailState::Parked),
        ("second", 30, MailState::Waiting),
    ]
    .map(|(name, seconds, state)| {
        let mut mail = notice(name, now);
        mail.sending = Sending { state, next_at: now.minus(Duration::from_secs(seconds)), ..mail.sending };
        mail
    });
    let mut to_come = notice("to come", now);
    to_come.sending.next_at = now.plus(Duration::from_secs(3_600));
    send(shop, &made).await;
    send(shop, &[to_come]).await;
    let Waiting { seen_at, mails: waiting, unreadable } = shop.store.waiting_mails(10).await.unwrap();
    assert!(seen_at >= now && unreadable.is_empty());
    assert_eq!(waiting, [made[1].clone(), made[4].clone(), made[0].clone()]);
    assert_eq!(shop.store.waiting_mails(2).await.unwrap().mails, waiting[..2]);
}

/// Mails are listed with the newest first, page by page, in one state or in all.
pub async fn mails_are_listed_newest_first(shop: &Shop) {
    let now = shop.now().await;
    let mut mails: Vec<Mail> = (0..9)
        .map(|number| {
            let mut mail = notice(&format!("listed {number}"), now);
            mail.sending.state = MailState::ALL[number % 3];
            mail
        })
        .collect();
    send(shop, &mails).await;
    mails.sort_by_key(|mail| std::cmp::Reverse(mail.id));
    assert_eq!(shop.store.mails(None, None, 100).await.unwrap(), mails);
    assert_eq!(shop.store.mails(None, Some(mails[1].id), 3).await.unwrap(), mails[2..5]);
    assert_eq!(shop.store.mails(None, Some(mails[8].id), 3).await.unwrap(), []);
    for state in MailState::ALL {
        let of_it: Vec<Mail> = mails.iter().filter(|mail| mail.sending.state == state).cloned().collect();
        assert_eq!(shop.store.mails(Some(state), None, 100).await.unwrap(), of_it);
        assert_eq!(shop.store.mails(Some(state), Some(of_it[0].id), 1).await.unwrap(), of_it[1..2]);
    }
}

/// A mail that somebody else took further meanwhile, or that is not there.
pub async fn a_mail_that_changed(shop: &Shop) {
    let now = shop.now().await;
    let mail = notice("one", now);
    send(shop, std::slice::from_ref(&mail)).await;
    update(shop, std::slice::from_ref(&mail)).await;
    let mut changes = ChangeSet::default();
    changes.mail.send = vec![notice("another", now)];
    changes.mail.update = vec![mail.clone()];
    assert_eq!(shop.stale(&changes).await, Guard::Mail(mail.id));
    let unknown: MailId = named("mail", "nowhere");
    changes.mail.update[0].id = unknown;
    assert_eq!(shop.stale(&changes).await, Guard::Mail(unknown));
    assert_eq!(shop.store.mail(changes.mail.send[0].id).await.unwrap(), None, "all or nothing");
}

/// Placed, paid, called off, refunded: each is mailed once, to the address of the order, with what happened.
pub async fn what_happens_to_an_order_is_mailed(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let post = Arc::new(PretendMailer::default());
    let engine = shop.mailing_through(post.clone());
    let token = shop.ready_cart(&[("mug", 2)]).await;
    let order = engine.checkout().confirm(&token, &Default::default()).await.unwrap().order.order;
    let total = order.totals.total;
    let reference = engine.orders().get(order.id).await.unwrap().unwrap().payments[0].reference.clone();
    engine.payments().collect(&collect(&reference, total)).await.unwrap();
    let half = Money::from_minor(total.minor / 2, total.currency);
    pay_back_by_hand(&engine, order.id, half).await;
    let by_staff = Cancel { actor: Actor::Staff("ola".to_owned()), reason: String::new(), request: None };
    engine.orders().cancel(order.id, &by_staff).await.unwrap();
    let rest = Money::from_minor(total.minor - half.minor, total.currency);
    let kinds = [
        Kind::OrderPlaced { order: order.id },
        Kind::OrderPaid { order: order.id, amount: total },
        Kind::OrderRefunded { order: order.id, amount: half },
        Kind::OrderCancelled { order: order.id, by: CancelledBy::Shop, back: Some(rest) },
    ];
    send_all(&engine).await;
    let sent = post.sent();
    let mut told: Vec<Kind> = sent.iter().map(|envelope| envelope.kind.clone()).collect();
    told.sort_by_key(|kind| kinds.iter().position(|one| one == kind));
    assert_eq!(told, kinds);
    assert!(sent.iter().all(|envelope| envelope.to == order.email));
    assert!(
        sent.iter().all(|envelope| envelope.order.as_ref().is_some_and(|view| view.order.id == order.id))
    );
    assert_eq!(engine.mails().send_waiting(100).await.unwrap().taken(), 0, "nothing is sent twice");
}

/// An order that nobody paid says so; a confirmation that is repeated mails nothing more.
pub async fn an_order_that_lapses_is_mailed(shop: &Shop) {
    let Some(clock) = &shop.clock else { return };
    shop.sell([item("mug").stock(9)]).await;
    let post = Arc::new(PretendMailer::default());
    let engine = shop.mailing_through(post.clone());
    let token = shop.ready_cart_paying(PaymentMethod::Card, &[("mug", 1)]).await;
    let confirm =
        crate::checkout::Confirm { request: Some(super::request("one", "{}")), ..Default::default() };
    let order = engine.checkout().confirm(&token, &confirm).await.unwrap().order.order.id;
    assert!(engine.checkout().confirm(&token, &confirm).await.unwrap().replayed);
    clock.advance(Duration::from_secs(3 * 24 * 60 * 60));
    assert_eq!(engine.orders().expire_overdue(9).await.unwrap(), 1);
    send_all(&engine).await;
    let told: Vec<Kind> = post.sent().into_iter().map(|envelope| envelope.kind).collect();
    let lapsed = Kind::OrderCancelled { order, by: CancelledBy::Lapse, back: None };
    assert_eq!(told, [Kind::OrderPlaced { order }, lapsed]);
}

/// Without a mailer nothing waits for one.
pub async fn a_shop_without_a_mailer_writes_no_mail_down(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let order = shop.order(&[("mug", 1)]).await.order;
    shop.engine.orders().cancel(order.id, &super::cancel()).await.unwrap();
    let by_hand = shop.order(&[("mug", 1)]).await.order;
    let moved = super::moving_on::to(shop, by_hand.id, OrderState::Cancelled).await.unwrap();
    assert_eq!(moved.order.order.status, OrderState::Cancelled);
    assert_eq!(shop.store.mails(None, None, 9).await.unwrap(), []);
    assert_eq!(shop.engine.mails().send_waiting(9).await.unwrap().taken(), 0);
}

/// Many servers look for mails at once: each mail is sent by one of them.
pub async fn a_mail_is_sent_by_one_of_many_servers(shop: &Shop) {
    let now = shop.now().await;
    let mails: Vec<Mail> = (0..20).map(|number| notice(&format!("many {number}"), now)).collect();
    send(shop, &mails).await;
    let post = Arc::new(PretendMailer::default());
    // All have looked before the first claims.
    let store: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(8)));
    let mut servers = JoinSet::new();
    for _ in 0..8 {
        let engine = shop.mailing(Arc::clone(&store), post.clone());
        servers.spawn(async move { engine.mails().send_waiting(100).await.unwrap().sent });
    }
    assert_eq!(servers.join_all().await.into_iter().sum::<u32>(), 20);
    let mut sent: Vec<MailId> = post.sent().into_iter().map(|envelope| envelope.id).collect();
    sent.sort();
    sent.dedup();
    assert_eq!((sent.len(), post.sent().len()), (20, 20));
    assert_eq!(shop.store.mails(Some(MailState::Sent), None, 100).await.unwrap().len(), 20);
}

/// A mail that is refused for good is given up, with the reason; the others go. Staff sends it round again.
pub async fn a_mail_that_is_refused_is_parked_and_others_go(shop: &Shop) {
    let now = shop.now().await;
    let mails = ["one", "poison", "two"].map(|name| notice(name, now));
    send(shop, &mails).await;
    let post = Arc::new(PretendMailer::default());
    post.refuse(&mails[1].to, MailerTrouble::Refused);
    let engine = shop.mailing_through(post.clone());
    let round = engine.mails().send_waiting(100).await.unwrap();
    assert_eq!((round.sent, round.put_off, round.parked), (2, 0, 1));
    let parked = engine.mails().list(Some(MailState::Parked), None, 9).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].id, parked[0].sending.tries), (mails[1].id, 1));
    assert_eq!(parked[0].sending.note.as_deref(), Some("refused for good: told to"));
    assert_eq!(engine.mails().send_waiting(100).await.unwrap().taken(), 0, "it stays where it is");
    let unparked = engine.mails().replay(mails[0].id).await;
    assert!(matches!(unparked, Err(MailError::NotParked(MailState::Sent))), "{unparked:?}");
    let unknown = engine.mails().replay(named("mail", "nowhere")).await;
    assert!(matches!(unknown, Err(MailError::NotFound)), "{unknown:?}");
    post.away(false);
    engine.mails().replay(mails[1].id).await.unwrap();
    assert_eq!(engine.mails().send_waiting(100).await.unwrap().sent, 1);
}

/// While the mail system is away one mail at a time is tried, later and later; in the end all go, or are given up.
pub async fn a_mail_is_tried_again(shop: &Shop) {
    let Some(clock) = &shop.clock else { return };
    let now = shop.now().await;
    let mails = ["one", "two"].map(|name| notice(name, now));
    send(shop, &mails).await;
    let post = Arc::new(PretendMailer::default());
    post.away(true);
    let engine = shop.mailing_through(post.clone());
    let round = engine.mails().send_waiting(100).await.unwrap();
    assert_eq!((round.taken(), round.put_off), (1, 1), "the others keep their tries");
    assert_eq!(round.trouble.unwrap().kind, MailerTrouble::Unavailable);
    engine.mails().send_waiting(100).await.unwrap();
    assert_eq!(engine.mails().send_waiting(100).await.unwrap().taken(), 0, "not before its time");
    clock.advance(Duration::from_secs(30));
    post.away(false);
    assert_eq!(engine.mails().send_waiting(100).await.unwrap().sent, 2);
    // One that is never taken is given up after about a day.
    let stubborn = notice("stubborn", shop.now().await);
    post.refuse(&stubborn.to, MailerTrouble::Later);
    send(shop, std::slice::from_ref(&stubborn)).await;
    let begun = shop.now().await;
    let mut tries = 0;
    while engine.mails().list(Some(MailState::Parked), None, 9).await.unwrap().is_empty() {
        tries += engine.mails().send_waiting(100).await.unwrap().taken();
        clock.advance(Duration::from_secs(30));
    }
    assert_eq!(tries, Mail::TRIES_MAX);
    let hours = (shop.now().await.as_micros() - begun.as_micros()) / 3_600_000_000;
    assert!((20..30).contains(&hours), "given up after {hours} hours");
}

/// A mail is claimed from when it is its turn, and not from when the round began: a mail system that takes its time over the
/// mails before it gives it to nobody else.
pub async fn a_slow_mail_system_gets_each_mail_once(shop: &Shop) {
    let Some(clock) = &shop.clock else { return };
    let now = shop.now().await;
    send(shop, &["one", "two"].map(|name| notice(name, now))).await;
    let post = Arc::new(PretendMailer::default());
    let beside = shop.mailing_through(post.clone());
    let slow = SlowMailer { post: post.clone(), clock: clock.clone(), beside };
    let round = shop.mailing_through(Arc::new(slow)).mails().send_waiting(100).await.unwrap();
    assert_eq!((round.sent, post.sent().len()), (2, 2), "{:?}", post.sent());
}

/// Takes 20 seconds for each mail. Before it takes the second one, another server looks for mails.
struct SlowMailer {
    post: Arc<PretendMailer>,
    clock: Arc<MockClock>,
    beside: Engine,
}

#[async_trait]
impl Mailer for SlowMailer {
    async fn send(&self, envelope: &Envelope) -> Result<(), MailerError> {
        self.clock.advance(Duration::from_secs(20));
        if !self.post.sent().is_empty() {
            self.beside.mails().send_waiting(100).await.unwrap();
        }
        self.post.send(envelope).await
    }
}

/// A server that dies after it sent a mail and before it said so: the mail goes a second time, under the same id.
pub async fn a_mail_whose_sending_was_not_recorded_goes_again(shop: &Shop) {
    let Some(clock) = &shop.clock else { return };
    let mail = notice("one", shop.now().await);
    send(shop, std::slice::from_ref(&mail)).await;
    let post = Arc::new(PretendMailer::default());
    let losing = Losing::default();
    losing.answered();
    losing.next(Fault::Before);
    let store: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), losing));
    shop.mailing(store, post.clone()).mails().send_waiting(9).await.unwrap_err();
    let engine = shop.mailing_through(post.clone());
    assert_eq!(engine.mails().send_waiting(9).await.unwrap().taken(), 0, "it is claimed");
    clock.advance(Duration::from_secs(30));
    assert_eq!(engine.mails().send_waiting(9).await.unwrap().sent, 1);
    assert_eq!(post.sent().iter().map(|envelope| envelope.id).collect::<Vec<_>>(), [mail.id, mail.id]);
}

/// The token of a link is gone once the mail is sent or given up, and a link that ran out is not sent.
pub async fn a_link_is_kept_no_longer_than_it_waits(shop: &Shop) {
    let now = shop.now().await;
    let [mut sent, mut refused, mut late] = ["sent", "refused", "late"].map(|name| mail(name, now));
    late.kind = Kind::Verification { first_name: None, link: Link::new(token(), now) };
    for mail in [&mut sent, &mut refused, &mut late] {
        mail.sending.next_at = now;
    }
    send(shop, &[sent.clone(), refused.clone(), late.clone()]).await;
    let post = Arc::new(PretendMailer::default());
    post.refuse(&refused.to, MailerTrouble::Refused);
    let engine = shop.mailing_through(post.clone());
    let round = engine.mails().send_waiting(9).await.unwrap();
    assert_eq!((round.sent, round.parked), (1, 2));
    assert_eq!(post.sent()[0].kind, sent.kind, "the mailer had the token");
    for mail in [&sent, &refused, &late] {
        let now_is = shop.store.mail(mail.id).await.unwrap().unwrap().1;
        assert_eq!(now_is.kind, mail.kind.clone().without_token());
    }
    let again = engine.mails().replay(refused.id).await;
    assert!(matches!(again, Err(MailError::LinkGone)), "{again:?}");
}

async fn send_all(engine: &Engine) {
    while engine.mails().send_waiting(100).await.unwrap().taken() > 0 {}
}

async fn send(shop: &Shop, mails: &[Mail]) {
    let mut changes = ChangeSet::default();
    changes.mail.send = mails.to_vec();
    shop.store.commit(&changes).await.unwrap();
}

async fn update(shop: &Shop, mails: &[Mail]) {
    let mut changes = ChangeSet::default();
    changes.mail.update = mails.to_vec();
    shop.store.commit(&changes).await.unwrap();
}

/// A mail without a link.
fn notice(name: &str, now: Timestamp) -> Mail {
    let kind = Kind::PasswordChanged { first_name: Some(name.to_owned()), at: now };
    let to = format!("{}@example.com", name.replace(' ', "-"));
    Mail::new(named("mail", name), to.parse().unwrap(), kind, now)
}

/// A mail with a link.
fn mail(name: &str, now: Timestamp) -> Mail {
    let link = Link::new(token(), now.plus(Duration::from_secs(3_600)));
    Mail { kind: Kind::PasswordReset { first_name: None, link }, ..notice(name, now) }
}

fn token() -> Token {
    Token("naïve \"token\"".to_owned())
}

fn collect(reference: &PaymentReference, amount: Money) -> Collect {
    let actor = Actor::Staff("ola".to_owned());
    Collect { reference: reference.clone(), amount, proof: None, actor, request: None }
}

async fn pay_back_by_hand(engine: &Engine, order: OrderId, amount: Money) {
    let command = PayBack {
        what: What::Amount(amount),
        reference: None,
        reason: String::new(),
        restock: None,
        actor: Actor::Staff("ola".to_owned()),
        request: None,
    };
    engine.payments().refund(&order.into(), &command).await.unwrap();
}
