//! What the server does by itself, now and then. Any number of servers may do it at once.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use commerce_core::account::AccountError;
use commerce_core::bulk::Forget;
use commerce_core::catalog::EditError;
use commerce_core::{Engine, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::ServerConfig;
use crate::import;

/// How often orders whose time to pay has passed are looked for.
const EXPIRY: Duration = Duration::from_secs(30);
/// How often it is looked at whether the reconciler is due, and how often it is.
const RECONCILE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(60 * 60));
/// How often audit rows are sealed.
const SEALING: Duration = Duration::from_secs(10);
/// How often rows are looked for that were left without a seal.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);
/// How often links, sessions and imports that are over are forgotten, and for how long they are kept.
const FORGET: (Duration, Duration) = (Duration::from_secs(60 * 60), Duration::from_secs(7 * 24 * 60 * 60));
/// For how long a file that does not arrive is waited for.
const ARRIVING: Duration = Duration::from_secs(2 * 60 * 60);
/// How often imports are looked for that wait.
const IMPORTS: Duration = Duration::from_secs(1);
/// How often it is looked at whether units sold are to be counted, and how often they are.
const SOLD: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(15 * 60));
/// How often products are looked for whose time to come on sale, or to go, has come.
const PUBLISHING: Duration = Duration::from_secs(10);
/// How many are taken up in one go.
const BATCH: u32 = 100;

/// Starts all of it; it ends soon after `stopped` says so.
pub(crate) fn start(engine: &Engine, config: &ServerConfig, stopped: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    let shop = engine.clone();
    jobs.spawn(each(EXPIRY, stopped.clone(), "cannot look for overdue orders", move || {
        let shop = shop.clone();
        async move {
            let expired = shop.orders().expire_overdue(BATCH).await?;
            if expired > 0 {
                metrics::counter!("orders_expired_total").increment(expired.into());
                tracing::info!(expired, "cancelled orders that nobody paid in time");
            }
            Ok(expired == BATCH)
        }
    }));
    let shop = engine.clone();
    jobs.spawn(each(PUBLISHING, stopped.clone(), "cannot publish what is due", move || {
        let catalog = shop.catalog();
        async move {
            match catalog.publish_due(BATCH).await {
                Ok(found) => Ok(found == BATCH),
                Err(EditError::Store(error)) => Err(error),
                Err(_) => Ok(false), // others change the same; the next round tries again
            }
        }
    }));
    let shop = engine.clone();
    jobs.spawn(each(SEALING, stopped.clone(), "cannot seal the audit trail", move || {
        let trail = shop.audit_trail();
        async move { Ok(trail.seal(BATCH).await? == BATCH) }
    }));
    let shop = engine.clone();
    jobs.spawn(each(LEFT_BEHIND, stopped.clone(), "cannot seal what was left behind", move || {
        let trail = shop.audit_trail();
        async move { Ok(trail.seal_left_behind(BATCH).await? == BATCH) }
    }));
    let shop = engine.clone();
    let (look, period) = SOLD;
    jobs.spawn(each(look, stopped.clone(), "cannot count what was sold", move || {
        let catalog = shop.catalog();
        async move {
            if let Some(changed) = catalog.count_sold_when_due(period).await?.filter(|changed| *changed > 0) {
                tracing::debug!(changed, "counted units sold");
            }
            Ok(false)
        }
    }));
    if engine.has_mailer() {
        let (shop, known) = (engine.clone(), Arc::<Mutex<BTreeSet<String>>>::default());
        let send = move || send_mails(shop.clone(), Arc::clone(&known));
        jobs.spawn(each(config.mail_interval, stopped.clone(), "cannot look for mails to send", send));
    }
    let (shop, lease, told) = (engine.clone(), config.import_lease, stopped.clone());
    jobs.spawn(each(IMPORTS, stopped.clone(), "cannot go on with an import", move || {
        let (shop, told) = (shop.clone(), told.clone());
        async move { import::take_one(&shop, lease, &told).await }
    }));
    let shop = engine.clone();
    let (look, kept) = FORGET;
    jobs.spawn(each(
        look,
        stopped.clone(),
        "cannot forget links, sessions and imports that are over",
        move || {
            let shop = shop.clone();
            async move {
                let now = shop.store().clock().now();
                let before = now.minus(kept);
                shop.imports()
                    .forget(Forget { ended_before: before, begun_before: now.minus(ARRIVING) })
                    .await?;
                match shop.accounts().forget(before).await {
                    Err(AccountError::Store(error)) => Err(error),
                    _ => Ok(false), // nothing else is refused; if it were, the next round tries again
                }
            }
        },
    ));
    if !engine.has_gateway() {
        return jobs;
    }
    let shop = engine.clone();
    jobs.spawn(each(
        config.payments_interval,
        stopped.clone(),
        "cannot look for payments that are due",
        move || {
            let payments = shop.payments();
            async move {
                let messages = payments.handle_waiting(BATCH).await?;
                let asked = payments.check_due(BATCH).await?;
                let refunds = payments.advance_refunds(BATCH).await?;
                Ok(messages == BATCH || asked == BATCH || refunds == BATCH)
            }
        },
    ));
    let shop = engine.clone();
    let (look, period) = RECONCILE;
    jobs.spawn(each(look, stopped.clone(), "cannot compare payments with the gateway", move || {
        let payments = shop.payments();
        async move {
            match payments.reconcile_when_due(period).await {
                Ok(Some(report)) if !report.findings.is_empty() => {
                    tracing::warn!(
                        findings = report.findings.len(),
                        paid = report.paid,
                        "settled payments by the gateway's list"
                    );
                }
                Ok(_) => {}
                Err(commerce_core::payment::ReconcileError::Store(error)) => return Err(error),
                Err(error) => tracing::warn!(%error, "cannot compare payments with the gateway"),
            }
            Ok(false)
        }
    }));
    jobs
}

/// Sends mails that wait. Of those that cannot be read it says so once: of what is `known` it was said.
async fn send_mails(shop: Engine, known: Arc<Mutex<BTreeSet<String>>>) -> Result<bool, StoreError> {
    let round = shop.mails().send_waiting(BATCH).await?;
    for row in &round.unreadable {
        if known.lock().unwrap_or_else(PoisonError::into_inner).insert(row.clone()) {
            tracing::warn!(
                row,
                "a mail cannot be read and waits; a newer version of the server may have written it"
            );
        }
    }
    metrics::counter!("mails_sent_total").increment(round.sent.into());
    metrics::counter!("mails_parked_total").increment(round.parked.into());
    if round.parked > 0 {
        tracing::warn!(parked = round.parked, "gave mails up; `commerce mail parked` lists them");
    }
    if let Some(trouble) = &round.trouble {
        tracing::warn!(%trouble, "no mail gets through; they are tried again");
    }
    Ok(round.trouble.is_none() && round.taken() == BATCH)
}

/// Does the work, at once again while it says that more is waiting, else after `pause`.
async fn each<W: Future<Output = Result<bool, StoreError>> + Send>(
    pause: Duration,
    mut stopped: watch::Receiver<bool>,
    trouble: &'static str,
    work: impl Fn() -> W + Send,
) {
    loop {
        match work().await {
            Ok(true) if !*stopped.borrow() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %crate::store::chain(&error), "{trouble}"),
        }
        if tokio::time::timeout(pause, stopped.wait_for(|stopped| *stopped)).await.is_ok() {
            return;
        }
    }
}
