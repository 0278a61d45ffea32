//! A local server that behaves like Paystack in test mode.
//!
//! It answers the transaction, charge, refund, bank and customer calls with the real envelopes, errors and pages, shows a
//! checkout page in the browser, sends signed webhooks and tries them again, and keeps the truth of what happened apart
//! from what it told anybody. [Faults](Fault) make it misbehave: answers that are late, wrong, broken or missing, webhooks
//! that come twice, late or in another order.
//!
//! Nothing here is shared with the adapter that calls Paystack: two readings of one contract, so that a mistake in one
//! of them shows.
//!
//! # Two ways to run it
//!
//! [`Builder::start`] listens on an address of its own; tests do this. [`Sandbox::endpoint`] is mounted into another
//! server, with [`Sandbox::run`] beside it.
//!
//! ```
//! use commerce_paystack::sandbox::{Call, Effect, Fault, Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::builder().secret_key("sk_test_mine").start().await?;
//! // The next charge is carried out, but its answer never comes.
//! sandbox.script(Fault::call(Call::Charge, Effect::DropAfter));
//! // … point a client at `sandbox.url()`, and compare what it believes with what happened:
//! assert!(sandbox.truth().charges.is_empty());
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Time
//!
//! Retries of webhooks, refunds and expiries run on the sandbox's own time, which [`Builder::time_scale`] makes faster
//! and [`Sandbox::advance`] moves on. Stamps such as `paid_at` are always the wall's, because the shop lives there.
//!
//! # Over HTTP
//!
//! Programs in other languages do over HTTP what a [`Sandbox`] does by its methods. Bodies are JSON:
//!
//! | | |
//! | --- | --- |
//! | `GET /_sandbox/truth` | [`Truth`] |
//! | `GET`, `POST`, `DELETE /_sandbox/faults` | what waits; set a [`Fault`]; forget all |
//! | `POST /_sandbox/transactions/{reference}/pay`, `abandon`, `fail`, `transfer` | `fail` takes a `reason`, `transfer` an `amount` |
//! | `POST /_sandbox/refunds/{id}/{status}` | put a refund into a state |
//! | `POST /_sandbox/webhooks/release`, `/_sandbox/webhooks/{number}/resend` | send what is held; send again |
//! | `POST /_sandbox/time/advance`, `/_sandbox/time/scale` | `seconds`; `scale` |
//! | `POST /_sandbox/settings` | `webhook_url`, `rate_limit`; null takes it away |
//!
//! A fault is `{"on": {"call": "verify"}, "effect": {"status": 502}, "times": 2}`, or
//! `{"on": "webhook", "effect": {"overlay": {"amount": 1}}, "only": "order-7"}`.
//!
//! # What is our own choice
//!
//! Where Paystack's behaviour is not documented, the sandbox does this: refunding what was not paid is refused with 400;
//! a processed partial refund leaves the transaction at `success`; a refund stays five minutes in each state; a payer
//! whose card was declined on the checkout page may try again under the same reference; `x-ratelimit-reset` counts
//! seconds from now; an approval that does not come within 180 seconds fails the charge.

mod attempt;
mod banks;
mod bodies;
mod books;
mod builder;
mod calls;
mod cards;
mod charge;
mod checkout;
mod clock;
mod control;
mod country;
mod customer;
mod envelope;
mod faults;
mod fees;
mod limit;
mod listing;
mod means;
mod random;
mod refund;
mod request;
mod running;
mod sender;
mod server;
mod transaction;
mod truth;
mod webhook;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use books::Books;
use means::Means;

pub use builder::{Builder, SandboxError};
pub use calls::Call;
pub use country::{Channel, Country, Currency};
pub use faults::{Effect, Fault, On};
pub use refund::RefundStatus;
pub use running::Running;
pub use server::SandboxEndpoint;
pub use transaction::Status;
pub use truth::{Charge, Request, TrueRefund, Truth};
pub use webhook::{Attempt, Delivery, DeliveryState, Schedule, signature};

/// What the endpoint, the sender and the handles share.
pub(crate) struct Shared {
    books: Mutex<Books>,
    /// Told of every change, so that nobody has to look again and again.
    changed: watch::Sender<()>,
    http: reqwest::Client,
    started: Instant,
}

impl Shared {
    /// A panic under the lock leaves the books as they were in the middle of a step, which a sandbox can live with.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something has changed.
    fn touch(&self) {
        self.changed.send_replace(());
    }
}

/// A sandbox. Clones are the same one.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

/// Why something that was asked of the sandbox cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// There is no transaction with this reference.
    #[error("there is no transaction {0}")]
    NoSuchTransaction(String),
    /// It was paid before.
    #[error("transaction {0} is paid already")]
    PaidAlready(String),
    /// There is no refund with this number.
    #[error("there is no refund {0}")]
    NoSuchRefund(u64),
}

impl Sandbox {
    /// A sandbox to be set up.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The sandbox as an endpoint, to be nested under the path of its [public address](Builder::public_url).
    #[must_use]
    pub fn endpoint(&self) -> SandboxEndpoint {
        SandboxEndpoint { shared: Arc::clone(&self.shared) }
    }

    /// The same, as routes.
    #[must_use]
    pub fn route(&self) -> poem::Route {
        poem::Route::new().nest("/", self.endpoint())
    }

    /// Sends webhooks and lets time pass, until it is dropped. A sandbox that was [started](Builder::start) does this
    /// by itself; a mounted one needs it beside it.
    pub async fn run(&self) {
        sender::run(&self.shared).await;
    }

    /// The key that clients have to send.
    #[must_use]
    pub fn secret_key(&self) -> String {
        self.shared.books().settings.secret_key.clone()
    }

    /// What really happened so far.
    #[must_use]
    pub fn truth(&self) -> Truth {
        truth::truth(&self.shared.books())
    }

    /// What really happened to one transaction; without a copy of everything else.
    #[must_use]
    pub fn charge(&self, reference: &str) -> Option<Charge> {
        let books = self.shared.books();
        books.by_reference(reference).map(|index| truth::charge(&books, index))
    }

    /// Waits until what happened is as wished, and gives it. Looks again after every change.
    pub async fn truth_when(&self, wished: impl Fn(&Truth) -> bool) -> Truth {
        let mut changed = self.shared.changed.subscribe();
        loop {
            let truth = self.truth();
            if wished(&truth) || changed.changed().await.is_err() {
                return truth;
            }
        }
    }

    /// Sets a fault; faults set earlier strike first.
    pub fn script(&self, fault: Fault) {
        self.shared.books().faults.set(fault);
    }

    /// Forgets the faults that have not struck.
    pub fn clear_faults(&self) {
        self.shared.books().faults.clear();
    }

    /// Sends webhooks to this address from now on; to nowhere with `None`.
    pub fn set_webhook_url(&self, url: Option<String>) {
        self.shared.books().settings.webhook_url = url;
    }

    /// Takes at most this many calls of one kind in a minute from now on.
    pub fn set_rate_limit(&self, per_minute: Option<u32>) {
        self.shared.books().limiter.set(per_minute);
    }

    /// Lets this much of the sandbox's own time pass at once.
    pub fn advance(&self, by: Duration) {
        self.shared.books().clock.advance(by);
        self.shared.touch();
    }

    /// Lets the sandbox's own time pass this many times faster from now on.
    pub fn set_time_scale(&self, scale: u32) {
        self.shared.books().clock.set_scale(scale);
        self.shared.touch();
    }

    /// Pays a transaction: what waits at a step is approved or transferred, and anything else is paid by card. This works
    /// also for one that was abandoned or failed long ago, as late money does.
    ///
    /// # Errors
    /// When there is no such transaction, or it is paid already.
    pub fn pay(&self, reference: &str) -> Result<Charge, ControlError> {
        self.unpaid(reference, Books::pay)
    }

    /// Lets a payer give up: the transaction is back at `abandoned`.
    ///
    /// # Errors
    /// When there is no such transaction, or it is paid already.
    pub fn abandon(&self, reference: &str) -> Result<Charge, ControlError> {
        self.unpaid(reference, |books, index| {
            books.transactions[index].status = Status::Abandoned;
            books.choose_again(index);
        })
    }

    /// Fails a transaction for good.
    ///
    /// # Errors
    /// When there is no such transaction, or it is paid already.
    pub fn fail(&self, reference: &str, reason: &str) -> Result<Charge, ControlError> {
        self.unpaid(reference, |books, index| books.fail(index, reason))
    }

    /// Lets this amount arrive for a transaction that waits for a bank transfer. Another amount than the one asked for goes
    /// back, and so does what comes after the account has ended.
    ///
    /// # Errors
    /// When there is no such transaction, or it is paid already.
    pub fn transfer(&self, reference: &str, amount: u64) -> Result<Charge, ControlError> {
        self.unpaid(reference, |books, index| books.transfer(index, amount))
    }

    /// Puts a refund into a state and tells the shop.
    ///
    /// # Errors
    /// When there is no such refund.
    pub fn move_refund(&self, id: u64, status: RefundStatus) -> Result<(), ControlError> {
        let mut books = self.shared.books();
        let number = books.refund(&id.to_string()).ok_or(ControlError::NoSuchRefund(id))?;
        books.move_refund(number, status);
        drop(books);
        self.shared.touch();
        Ok(())
    }

    /// Sends the webhooks that are held, oldest first, and gives how many they are.
    pub fn release_webhooks(&self) -> usize {
        let mut books = self.shared.books();
        let released = (0..books.deliveries.len()).filter(|number| books.release(*number)).count();
        drop(books);
        self.shared.touch();
        released
    }

    /// Sends a webhook once more. Whether there is such a one and an address to send it to.
    pub fn resend_webhook(&self, number: usize) -> bool {
        let sent = self.shared.books().resend(number);
        self.shared.touch();
        sent
    }

    fn unpaid(
        &self,
        reference: &str,
        change: impl FnOnce(&mut Books, usize),
    ) -> Result<Charge, ControlError> {
        let mut books = self.shared.books();
        let index = books
            .by_reference(reference)
            .ok_or_else(|| ControlError::NoSuchTransaction(reference.to_owned()))?;
        if books.transactions[index].paid() {
            return Err(ControlError::PaidAlready(reference.to_owned()));
        }
        change(&mut books, index);
        let charge = truth::charge(&books, index);
        drop(books);
        self.shared.touch();
        Ok(charge)
    }
}

impl Books {
    fn pay(&mut self, index: usize) {
        if self.transactions[index].instrument.is_none() {
            let card = &cards::TEST_CARDS[0];
            self.begin(
                index,
                Means::Card {
                    number: card.number.to_owned(),
                    cvv: card.cvv.to_owned(),
                    month: "12".to_owned(),
                    year: "2099".to_owned(),
                    pin: None,
                },
            );
        } else {
            self.settle(index);
        }
    }

    fn fail(&mut self, index: usize, reason: &str) {
        self.decline(index, reason);
        let transaction = &mut self.transactions[index];
        transaction.status = Status::Failed;
        transaction.message = Some(reason.to_owned());
        transaction.step = transaction::Step::Nothing;
    }
}
