//! Which products are looked at by whoever is logged in: collected in memory, and written now and then, many at once.
//!
//! The page of a product is asked for most of all, and answered out of a cache; so nobody waits for this, and it is no great
//! loss when a crash, or a queue that is full, loses some.

use std::time::Duration;

use commerce_core::catalog::Slug;
use commerce_core::interest::Glance;
use commerce_core::{CustomerId, Engine};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};

/// For how long glances are collected before they are written.
const PAUSE: Duration = Duration::from_secs(2);
/// How many are written at once.
const BATCH: usize = 500;
/// How many may wait: what is beyond that is lost.
const WAITING_MAX: usize = 10_000;
/// For how long somebody waits who wants to see what they have just looked at.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where glances are handed in.
#[derive(Debug, Clone)]
pub(crate) struct Views {
    queue: mpsc::Sender<Told>,
}

/// Where they arrive.
pub(crate) struct Collected {
    queue: mpsc::Receiver<Told>,
}

#[derive(Debug)]
enum Told {
    /// Somebody looked at a product.
    Glance(Glance),
    /// What came before this is to be written now; say when it is.
    Write(oneshot::Sender<()>),
}

impl Views {
    pub(crate) fn new() -> (Self, Collected) {
        let (sender, queue) = mpsc::channel(WAITING_MAX);
        (Self { queue: sender }, Collected { queue })
    }

    /// Somebody looked at a product, now.
    pub(crate) fn seen(&self, engine: &Engine, account: CustomerId, slug: Slug) {
        let glance = Glance { account, slug, at: engine.store().clock().now() };
        if self.queue.try_send(Told::Glance(glance)).is_err() {
            metrics::counter!("product_views_lost_total").increment(1);
        }
    }

    /// Comes back once what was handed in before is written; or when that takes too long, for what is read then is right too,
    /// only older.
    pub(crate) async fn written(&self) {
        let (done, written) = oneshot::channel();
        let asked = async {
            if self.queue.send(Told::Write(done)).await.is_ok() {
                written.await.ok();
            }
        };
        timeout(PATIENCE, asked).await.ok();
    }
}

impl Collected {
    /// Writes what arrives, until `stopped` says so; what was handed in until then is written too.
    pub(crate) async fn run(mut self, engine: Engine, mut stopped: watch::Receiver<bool>) {
        while let Some(first) = self.next(None, &mut stopped).await {
            let until = Instant::now() + PAUSE;
            let mut round = Round::default();
            round.take(first);
            while round.asked.is_empty() && round.seen.len() < BATCH {
                let Some(more) = self.next(Some(until), &mut stopped).await else { break };
                round.take(more);
            }
            round.write(&engine).await;
        }
    }

    /// What was handed in next; `None` when it is time, or when all is taken and nothing more will come.
    async fn next(&mut self, until: Option<Instant>, stopped: &mut watch::Receiver<bool>) -> Option<Told> {
        let told = async {
            if !self.queue.is_closed() {
                tokio::select! {
                    told = self.queue.recv() => return told,
                    _ = stopped.wait_for(|stopped| *stopped) => self.queue.close(),
                }
            }
            self.queue.recv().await
        };
        match until {
            Some(until) => timeout_at(until, told).await.ok().flatten(),
            None => told.await,
        }
    }
}

/// What is written at once, and who waits for it.
#[derive(Default)]
struct Round {
    seen: Vec<Glance>,
    asked: Vec<oneshot::Sender<()>>,
}

impl Round {
    fn take(&mut self, told: Told) {
        match told {
            Told::Glance(glance) => self.seen.push(glance),
            Told::Write(done) => self.asked.push(done),
        }
    }

    async fn write(self, engine: &Engine) {
        let lost = self.seen.len() as u64;
        if lost > 0
            && let Err(error) = engine.interests().viewed(self.seen).await
        {
            metrics::counter!("product_views_lost_total").increment(lost);
            tracing::warn!(%error, lost, "cannot remember which products were looked at");
        }
        for done in self.asked {
            done.send(()).ok(); // whoever asked may have gone away
        }
    }
}
