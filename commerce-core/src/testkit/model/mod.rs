//! Random walks through the shop beside a model of it.
//!
//! The model is what a shopkeeper would keep on paper: what lies at each location, what is in each cart, which orders are
//! open and which have left. It knows nothing of versions, reservations, change sets or retries. A walk takes steps at random - fill a cart,
//! confirm it, cancel, let time pass, lose an answer and ask again - and after every step the store must agree with the
//! paper: each answer, each cart, each order, and the stock of every variant. At the end of a walk every invariant must
//! hold.
//!
//! A walk that goes wrong is made shorter until no step can be left out, and is shown together with the seed.

mod paper;
mod walk;

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::conformance::{Fixture, Shop};
use super::{Fault, seed, soak_minutes, soaking};
use walk::Walk;

/// Steps of a walk.
const STEPS: usize = 50;
/// Walks through one store.
const WALKS_PER_STORE: u32 = 64;
/// Walks of a soak that has the time.
const SOAK_WALKS: u32 = 20_000;

/// A step. Numbers that name a cart, an item or an order are taken modulo how many there are.
#[derive(Debug, Clone)]
pub enum Step {
    /// Puts so many units of an item into a cart.
    Add(usize, usize, u32),
    /// Sets a line of a cart to so many units; 0 removes it.
    SetQuantity(usize, usize, u32),
    /// Confirms a cart; if the answer is lost, asks again under the same key.
    Confirm(usize, Pay, Option<Fault>),
    /// Asks again what was confirmed last, under the same key.
    ConfirmAgain,
    /// Cancels an order; if the answer is lost, asks again under the same key.
    Cancel(usize, Option<Fault>),
    /// Accepts an order that is paid at the door, and ships it.
    Ship(usize),
    /// Lets so many minutes pass, where the clock can be set.
    Wait(u16),
    /// Cancels what was not paid in time.
    Expire,
    /// Counts so many units of an item at a location.
    Count(usize, usize, i64),
    /// Changes the price of an item.
    Reprice(usize, u16),
    /// Takes an item out of the shop, or puts it back.
    Toggle(usize),
}

/// How an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pay {
    /// In cash, when the goods are handed over.
    Cash,
    /// By a card, which is never charged: the order lapses after an hour.
    Card,
    /// By a card, and the hour is over already: it was decided two hours ago.
    CardTooLate,
}

/// Makes a `#[test]` of random walks over the store that this [`Fixture`](crate::testkit::conformance::Fixture) opens.
/// Once in a module.
#[macro_export]
macro_rules! store_model {
    ($fixture:expr) => {
        #[test]
        fn random_walks_agree_with_the_model() {
            $crate::testkit::model::run(&$fixture);
        }
    };
}

/// Takes 64 random walks of fifty steps through one store. In a soak 20,000, or as many as begin within
/// [`soak_minutes`] of this call, and every 64 through a fresh store, because each walk ends with a look at all that its
/// store holds. Says how many there were.
///
/// # Panics
/// When a walk goes wrong, with the shortest one that does.
#[expect(clippy::print_stdout, reason = "a soak that does not say how far it got shows nothing")]
pub fn run(fixture: &dyn Fixture) {
    let (seed, begun) = (seed(), Instant::now());
    let mut plan = if soaking() { Plan::soak(soak_minutes()) } else { Plan::of(WALKS_PER_STORE) };
    let mut stores = 0;
    while let Some(walks) = plan.next(begun.elapsed()) {
        let seed = seed.wrapping_add(stores);
        if let Err(why) = walk(fixture, seed, walks, 2_000) {
            panic!("{why}\nwith COMMERCE_SEED={seed} it is among the first {WALKS_PER_STORE} walks");
        }
        stores += 1;
    }
    println!("{} walks through {stores} stores in {} s", plan.taken, begun.elapsed().as_secs());
}

/// How many walks are still to be taken.
struct Plan {
    taken: u32,
    most: u32,
    time: Duration,
}

impl Plan {
    fn of(most: u32) -> Self {
        Self { taken: 0, most, time: Duration::MAX }
    }

    fn soak(minutes: u32) -> Self {
        Self { time: Duration::from_secs(60 * u64::from(minutes)), ..Self::of(SOAK_WALKS) }
    }

    /// How many to take through the next store; none when there were enough, or the time is over. At least one store has
    /// its walks.
    fn next(&mut self, elapsed: Duration) -> Option<u32> {
        let walks = WALKS_PER_STORE.min(self.most - self.taken);
        if walks == 0 || (self.taken > 0 && elapsed >= self.time) {
            return None;
        }
        self.taken += walks;
        Some(walks)
    }
}

/// Takes some random walks, and says why one went wrong.
///
/// # Errors
/// With the steps of that walk, after so many tries to make it shorter.
pub(super) fn walk(fixture: &dyn Fixture, seed: u64, walks: u32, tries: u32) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let shop = runtime.block_on(Shop::open(fixture));
    let config =
        Config { cases: walks, max_shrink_iters: tries, failure_persistence: None, ..Config::default() };
    let mut rng = [0; 32];
    rng[..8].copy_from_slice(&seed.to_be_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &rng));
    let walked = runner.run(&vec(step(), STEPS), |steps| {
        let walk = async { Walk::begin(&shop).await.take(&steps).await };
        runtime.block_on(walk).map_err(TestCaseError::fail)
    });
    let ended = match walked {
        Ok(()) => {
            runtime.block_on(shop.close());
            Ok(())
        }
        Err(TestError::Fail(why, steps)) => Err(format!("{why}\nafter these steps: {steps:#?}")),
        Err(TestError::Abort(why)) => Err(why.to_string()),
    };
    runtime.shutdown_background();
    ended
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0..64_usize;
    let fault = prop_oneof![8 => Just(None), 1 => Just(Some(Fault::Before)), 1 => Just(Some(Fault::After))];
    let pay = prop_oneof![3 => Just(Pay::Cash), 2 => Just(Pay::Card), 1 => Just(Pay::CardTooLate)];
    prop_oneof![
        12 => (which.clone(), which.clone(), 1..5_u32).prop_map(|(cart, item, units)| Step::Add(cart, item, units)),
        3 => (which.clone(), which.clone(), 0..5_u32).prop_map(|(cart, line, units)| Step::SetQuantity(cart, line, units)),
        8 => (which.clone(), pay, fault.clone()).prop_map(|(cart, pay, fault)| Step::Confirm(cart, pay, fault)),
        2 => Just(Step::ConfirmAgain),
        4 => (which.clone(), fault).prop_map(|(order, fault)| Step::Cancel(order, fault)),
        3 => which.clone().prop_map(Step::Ship),
        2 => (1..90_u16).prop_map(Step::Wait),
        2 => Just(Step::Expire),
        2 => (which.clone(), which.clone(), 0..12_i64).prop_map(|(item, place, units)| Step::Count(item, place, units)),
        1 => (which.clone(), 0..500_u16).prop_map(|(item, price)| Step::Reprice(item, price)),
        1 => which.prop_map(Step::Toggle),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(mut plan: Plan, seconds_each: u64) -> (u32, u64) {
        let mut stores = 0;
        while plan.next(Duration::from_secs(stores * seconds_each)).is_some() {
            stores += 1;
        }
        (plan.taken, stores)
    }

    #[test]
    fn a_soak_ends_with_its_walks_or_with_its_minutes() {
        assert_eq!(taken(Plan::of(64), 1_000), (64, 1));
        assert_eq!(taken(Plan::soak(10), 0), (20_000, 313), "the last store has what is left");
        assert_eq!(taken(Plan::soak(10), 10), (60 * 64, 60));
        assert_eq!(taken(Plan::soak(1), 7), (9 * 64, 9), "the ninth begins within the minute");
        assert_eq!(taken(Plan::soak(1), 100), (64, 1), "one store at least");
    }
}
