//! Random walks through the shop beside a model of it.
//!
//! The model is what a shopkeeper would keep on paper: what lies at each location, what is in each cart, which orders are
//! open. It knows nothing of versions, reservations, change sets or retries. A walk takes steps at random - fill a cart,
//! confirm it, cancel, let time pass, lose an answer and ask again - and after every step the store must agree with the
//! paper: each answer, each cart, each order, and the stock of every variant. At the end of a walk every invariant must
//! hold.
//!
//! A walk that goes wrong is made shorter until no step can be left out, and is shown together with the seed.

mod paper;
mod walk;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::conformance::{Fixture, Shop};
use super::{Fault, seed, soaking};
use walk::Walk;

/// Steps of a walk.
const STEPS: usize = 50;

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

/// Takes 64 random walks of fifty steps through one store; in a soak 2,048, and every 64 through a fresh one, because
/// each walk ends with a look at all that its store holds.
///
/// # Panics
/// When a walk goes wrong, with the shortest one that does.
pub fn run(fixture: &dyn Fixture) {
    let stores = if soaking() { 32 } else { 1 };
    let seed = seed();
    for store in 0..stores {
        if let Err(why) = walk(fixture, seed.wrapping_add(store), 64, 2_000) {
            panic!("{why}");
        }
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
        2 => (1..90_u16).prop_map(Step::Wait),
        2 => Just(Step::Expire),
        2 => (which.clone(), which.clone(), 0..12_i64).prop_map(|(item, place, units)| Step::Count(item, place, units)),
        1 => (which.clone(), 0..500_u16).prop_map(|(item, price)| Step::Reprice(item, price)),
        1 => which.prop_map(Step::Toggle),
    ]
}
