//! How each bug spoils what is committed, or what is seen.

use std::sync::{Arc, RwLock};

use async_trait::async_trait;

use super::Bug;
use crate::account::{self, By, EmailKey, EndReason};
use crate::cart::{Look, View};
use crate::catalog::{Batch, ImportKeys};
use crate::idempotency::Outcome;
use crate::inventory::Hold;
use crate::mail::{Kind, Token};
use crate::order::{Machine, Transition};
use crate::payment::{PaymentReference, PaymentState};
use crate::testkit::{Intercept, Intercepted, named};
use crate::{ChangeSet, CommitError, EventId, Guard, Money, OrderId, Store, Timestamp};

/// Stands between the engine and a store with a bug, which can be changed while it runs. The default has none.
#[derive(Debug, Default)]
pub struct Sabotage {
    bug: RwLock<Option<Bug>>,
}

/// A store with a bug planted before it.
pub type Sabotaged = Intercepted<Arc<Sabotage>>;

impl Sabotage {
    /// With this bug from the start.
    #[must_use]
    pub fn of(bug: Bug) -> Arc<Self> {
        Arc::new(Self { bug: RwLock::new(Some(bug)) })
    }

    /// Plants this bug instead, or none.
    pub fn plant(&self, bug: Option<Bug>) {
        *self.bug.write().unwrap() = bug;
    }

    fn bug(&self) -> Option<Bug> {
        *self.bug.read().unwrap()
    }
}

#[async_trait]
impl Intercept for Sabotage {
    async fn commit(&self, store: &dyn Store, changes: &ChangeSet) -> Result<(), CommitError> {
        let Some(bug) = self.bug() else { return store.commit(changes).await };
        let mut changes = changes.clone();
        spoil(bug, &mut changes);
        match bug {
            Bug::CartVersionIgnored | Bug::OrderVersionIgnored => {
                return overwrite(store, bug, &mut changes).await;
            }
            Bug::RulebookVersionIgnored => {
                if let Some(rulebook) = &mut changes.pricing.rulebook {
                    rulebook.version = store.cart(&Look::default()).await?.rulebook_version + 1;
                }
            }
            // Whoever is first, the others write over it.
            Bug::LeaseIgnored if !changes.job.write.is_empty() => loop {
                for job in &mut changes.job.write {
                    job.version = store.job(&job.name).await?.1.version;
                }
                match store.commit(&changes).await {
                    Err(CommitError::Stale { guard: Guard::Job(_) }) => {}
                    done => return done,
                }
            },
            Bug::RefreshUnguarded if !changes.account.renew.is_empty() => {
                for renewal in &mut changes.account.renew {
                    let look = account::Look::by(By::Session(renewal.session));
                    let now = store.account(&look).await?.session.filter(|session| session.ended.is_none());
                    let Some(now) = now else { return Ok(()) };
                    renewal.expected = now.refresh;
                }
                // Whoever is first, the others write over it.
                return match store.commit(&changes).await {
                    Err(CommitError::Stale { .. }) => self.commit(store, &changes).await,
                    done => done,
                };
            }
            Bug::AccountVersionIgnored if !changes.account.write.is_empty() => loop {
                for (account, read) in &mut changes.account.write {
                    let now = store.account(&account::Look::by(By::Id(account.id))).await?.account;
                    *read = now.map_or(*read, |now| now.version);
                    account.version = *read + 1;
                }
                match store.commit(&changes).await {
                    Err(CommitError::Stale { guard: Guard::Account(id) })
                        if store.account(&account::Look::by(By::Id(id))).await?.account.is_some() => {}
                    done => return done,
                }
            },
            Bug::LeftCartUnguarded => {
                if let Some(erasure) = &mut changes.personal.erase {
                    let key = crate::promotion::CustomerKey([0; 32]);
                    let look = crate::personal::Look { account: erasure.account, key };
                    erasure.carts = store.personal(look).await?.carts;
                }
            }
            Bug::NotAtomic => {
                let stock =
                    ChangeSet { inventory: std::mem::take(&mut changes.inventory), ..ChangeSet::default() };
                store.commit(&changes).await?;
                changes = stock;
            }
            Bug::WriteLost if changes.order.place.is_some() => return Ok(()),
            _ => {}
        }
        match store.commit(&changes).await {
            Err(CommitError::Stale { .. }) if bug == Bug::StaleSwallowed => Ok(()),
            answer => answer,
        }
    }

    async fn import(&self, store: &dyn Store, batch: &Batch) -> Result<(), CommitError> {
        let mut batch = batch.clone();
        match self.bug() {
            Some(Bug::ProductVersionIgnored) => {
                let slugs = batch.products.iter().map(|write| write.product.slug.clone()).collect();
                let seen = store.import_view(&ImportKeys { slugs, ..ImportKeys::default() }).await?;
                for write in &mut batch.products {
                    let now = seen.products.iter().find(|product| product.id == write.product.id);
                    write.expected_version = now.map(|product| product.version);
                    write.product.version = now.map_or(1, |product| product.version + 1);
                }
            }
            Some(Bug::SafetyForgotten) => {
                batch.inventory.levels.iter_mut().for_each(|level| level.safety_stock = None)
            }
            _ => {}
        }
        store.import(&batch).await
    }

    fn seen(&self, mut view: View) -> View {
        if self.bug() == Some(Bug::DraftsSold) {
            view.offers.iter_mut().for_each(|offer| offer.on_sale = true);
        }
        view
    }
}

/// Puts a token where there was one.
fn keep_token(kind: &mut Kind) {
    if let Kind::Verification { link, .. } | Kind::PasswordReset { link, .. } = kind {
        link.token.get_or_insert_with(|| Token("kept".to_owned()));
    }
}

/// Spoils what can be spoiled without looking at the store.
fn spoil(bug: Bug, changes: &mut ChangeSet) {
    let one = |money: &mut Money| money.minor += 1;
    let inventory = &mut changes.inventory;
    match bug {
        Bug::StockGuardOff => {
            inventory.reserve.iter_mut().for_each(|reservation| reservation.backorder = true)
        }
        Bug::ReservationSkipped => inventory.reserve.clear(),
        Bug::SplitForgotten => inventory.reserve.truncate(1),
        Bug::ReleaseSkipped => inventory.release.clear(),
        Bug::ReleaseTwice => inventory.release = [&inventory.release[..], &inventory.release[..]].concat(),
        Bug::HeldForever => {
            inventory.reserve.iter_mut().for_each(|reservation| reservation.hold = Hold::Committed)
        }
        Bug::CommittedExpires => {
            let committed =
                inventory.reserve.iter_mut().filter(|reservation| reservation.hold == Hold::Committed);
            committed.for_each(|reservation| reservation.hold = Hold::Held(long_ago()));
        }
        Bug::SafetyForgotten => inventory.levels.iter_mut().for_each(|level| level.safety_stock = None),
        Bug::CountUnguarded => {
            inventory.adjust.iter_mut().for_each(|adjustment| adjustment.expected_on_hand = None)
        }
        Bug::ExpectsDropped => changes.expects.clear(),
        Bug::IdempotencyDropped => changes.idempotency = None,
        Bug::OutcomeLost => {
            if let Some(record) = &mut changes.idempotency {
                record.outcome = Outcome::OrderPlaced(named::<OrderId>("order", "nowhere"));
            }
        }
        Bug::EventDropped => changes.events.clear(),
        Bug::EventDoubled => {
            for mut event in changes.events.clone() {
                event.id = named::<EventId>("event again", &event.id.to_string());
                changes.events.push(event);
            }
        }
        Bug::TotalWrong => changes.order.place.iter_mut().for_each(|order| one(&mut order.totals.total)),
        Bug::LineTotalWrong => {
            changes.order.place.iter_mut().for_each(|order| one(&mut order.lines[0].line_total));
        }
        Bug::HistoryIllegal => {
            let last = changes.order.history.last().cloned();
            changes.order.history.extend(last.map(|(id, step)| {
                let (from, to) = (Some(step.to.clone()), "returned".to_owned());
                (id, Transition { machine: Machine::Fulfillment, from, to, ..step })
            }));
        }
        Bug::HistoryDropped => changes.order.history.clear(),
        Bug::PaymentMarkedPaid => {
            changes.payment.open.iter_mut().for_each(|payment| {
                payment.progress.state = PaymentState::Paid;
                payment.progress.captured = payment.amount;
            });
        }
        Bug::PaymentDropped => changes.payment.open.clear(),
        Bug::PaymentLeftOpen => changes.payment.advance.clear(),
        Bug::ReferenceReused => {
            let reference = || PaymentReference("THE-ONLY-REFERENCE-THERE-IS".to_owned());
            changes.payment.open.iter_mut().for_each(|payment| payment.reference = reference());
        }
        Bug::CartLeftOpen if changes.order.place.is_some() => changes.cart.write = None,
        Bug::MergedCartKept => changes.cart.merged = None,
        Bug::ClaimDropped => changes.personal.claim = None,
        Bug::RatingSkipped => changes.review.ratings.clear(),
        Bug::PersonKept => changes.personal.erase.iter_mut().for_each(|erasure| erasure.orders.clear()),
        Bug::OrderLost if changes.order.place.is_some() => {
            let cart = std::mem::take(&mut changes.cart);
            *changes = ChangeSet { cart, ..ChangeSet::default() };
        }
        Bug::UsesCapIgnored => changes.promotion.redeem.iter_mut().for_each(|redemption| {
            redemption.uses_max = None;
            redemption.coupon_uses_max = None;
        }),
        Bug::CustomerCapIgnored => changes.promotion.redeem.iter_mut().for_each(|redemption| {
            redemption.customer_uses_max = None;
            redemption.coupon_customer_uses_max = None;
        }),
        Bug::BudgetIgnored => {
            changes.promotion.redeem.iter_mut().for_each(|redemption| redemption.budget = None)
        }
        Bug::UsesKept => changes.promotion.release.clear(),
        Bug::RefundUncounted => {
            changes.payment.advance.iter_mut().for_each(|advance| advance.progress.refunded.minor = 0)
        }
        Bug::JournalSkipped => changes.payment.journal.clear(),
        Bug::JournalLopsided => {
            changes.payment.journal.iter_mut().for_each(|entry| entry.legs.truncate(1));
        }
        Bug::StrayMoneyDropped => changes.payment.unmatched.clear(),
        Bug::StrayMoneyUnnamed => {
            changes.payment.unmatched.iter_mut().for_each(|unmatched| unmatched.payment = None)
        }
        Bug::ReholdSkipped => inventory.rehold.clear(),
        Bug::FulfilSkipped => inventory.fulfil.clear(),
        Bug::MessagesDropped => changes.payment.receive.clear(),
        Bug::SessionsKept => changes.account.end.clear(),
        Bug::ReuseForgiven => changes.account.end.retain(|end| end.reason != EndReason::Reuse),
        Bug::EmailKeyWrong => changes.account.create.iter_mut().for_each(|account| {
            account.email_key = EmailKey::from_stored(account.id.to_string());
        }),
        Bug::LinkKept => changes.account.spend.clear(),
        Bug::RoleUnaudited => changes.audit.retain(|row| row.action != "account.role"),
        Bug::KeyRevocationLost => changes.access.revoke.clear(),
        Bug::MailDropped => changes.mail.send.clear(),
        Bug::MailTokenKept => changes.mail.update.iter_mut().for_each(|mail| keep_token(&mut mail.kind)),
        Bug::CartLeftOpen
        | Bug::OrderLost
        | Bug::CartVersionIgnored
        | Bug::OrderVersionIgnored
        | Bug::RulebookVersionIgnored
        | Bug::ProductVersionIgnored
        | Bug::NotAtomic
        | Bug::LeftCartUnguarded
        | Bug::StaleSwallowed
        | Bug::WriteLost
        | Bug::DraftsSold
        | Bug::LeaseIgnored
        | Bug::RefreshUnguarded
        | Bug::AccountVersionIgnored => {}
    }
}

/// Commits as if what was read had no version, however often another commit comes between.
async fn overwrite(store: &dyn Store, bug: Bug, changes: &mut ChangeSet) -> Result<(), CommitError> {
    loop {
        if bug == Bug::CartVersionIgnored {
            overwrite_cart(store, changes).await?;
        } else {
            overwrite_order(store, changes).await?;
        }
        let seen = (changes.cart.clone(), changes.order.clone());
        match store.commit(changes).await {
            Err(CommitError::Stale { guard: Guard::Cart(_) | Guard::Order(_) | Guard::Payment(_) }) => {
                overwrite_cart(store, changes).await?;
                overwrite_order(store, changes).await?;
                if seen == (changes.cart.clone(), changes.order.clone()) {
                    return store.commit(changes).await; // it is not the version that is in the way
                }
            }
            answer => return answer,
        }
    }
}

async fn overwrite_cart(store: &dyn Store, changes: &mut ChangeSet) -> Result<(), CommitError> {
    let Some(write) = changes.cart.write.as_mut().filter(|write| write.expected_version.is_some()) else {
        return Ok(());
    };
    let look = Look { token: Some(write.cart.token), ..Look::default() };
    if let Some(now) = store.cart(&look).await?.cart.filter(|cart| cart.id == write.cart.id) {
        write.expected_version = Some(now.version);
        write.cart.version = now.version + 1;
    }
    Ok(())
}

async fn overwrite_order(store: &dyn Store, changes: &mut ChangeSet) -> Result<(), CommitError> {
    let Some(advance) = &mut changes.order.advance else { return Ok(()) };
    if let Some(now) = store.order(advance.id.into(), None).await? {
        advance.expected_version = now.order.version;
        for attempt in &mut changes.payment.advance {
            let known = now.payments.iter().find(|payment| payment.id == attempt.id);
            attempt.expected_version = known.map_or(1, |payment| payment.version);
        }
    }
    Ok(())
}

fn long_ago() -> Timestamp {
    Timestamp::from_micros(1_000_000).unwrap()
}
