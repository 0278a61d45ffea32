//! Answers over a store: found while they are right, made once for all who ask.
#![cfg(all(feature = "testkit", feature = "answers", feature = "mock"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use commerce_core::cache::{Answers, Found, Generation, InProcessCache, Kept, Made, Place, Question};
use commerce_core::testkit::MockClock;
use commerce_core::{Cache, MockStore, StoreError, StoreTrouble};
use tokio::sync::Semaphore;

/// A store of which only the generation matters.
#[derive(Clone, Default)]
struct Shop {
    clock: Arc<MockClock>,
    /// 0: it does not answer.
    generation: Arc<AtomicU64>,
    looks: Arc<AtomicUsize>,
}

impl Shop {
    fn new() -> Self {
        let shop = Self::default();
        shop.set(1);
        shop
    }

    fn set(&self, generation: u64) {
        self.generation.store(generation, Ordering::SeqCst);
    }

    fn wait(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }

    fn looks(&self) -> usize {
        self.looks.load(Ordering::SeqCst)
    }

    fn answers(&self) -> Answers {
        let mut store = MockStore::new();
        let clock = Arc::clone(&self.clock);
        store.expect_clock().returning(move || Arc::clone(&clock) as _);
        let shop = self.clone();
        store.expect_catalog_generation().returning(move || {
            shop.looks.fetch_add(1, Ordering::SeqCst);
            match shop.generation.load(Ordering::SeqCst) {
                0 => Err(StoreError::new(StoreTrouble::Unavailable, "it is gone")),
                generation => Ok(Generation(generation)),
            }
        });
        Answers::new(Arc::new(store), InProcessCache::new(1 << 20), "1")
    }
}

fn mug() -> Question {
    Question::new("product", "mug")
}

/// What is given, and how it was come by.
async fn given(answers: &Answers, made: &str) -> (String, &'static str) {
    let text = |kept: &Kept| String::from_utf8(kept.body().to_vec()).unwrap();
    match answers.find(&mug()).await.unwrap() {
        Found::Current(kept) => (text(&kept), "current"),
        Found::Outdated(kept, _) => (text(&kept), "outdated"),
        Found::Nothing(place) => {
            let (kept, how) = make(answers, &place, made).await;
            (text(&kept), if how == Made::Far { "far" } else { "made" })
        }
    }
}

async fn make(answers: &Answers, place: &Place, made: &str) -> (Kept, Made) {
    let made = made.as_bytes().to_vec();
    answers.make(place, async { Ok::<_, StoreError>(made) }).await.unwrap()
}

fn said(text: &str, how: &'static str) -> (String, &'static str) {
    (text.to_owned(), how)
}

#[tokio::test]
async fn an_answer_is_made_once_for_each_generation() {
    let shop = Shop::new();
    let answers = shop.answers();
    assert_eq!(given(&answers, "10.00").await, said("10.00", "made"));
    for _ in 0..100 {
        assert_eq!(given(&answers, "never").await, said("10.00", "current"));
    }
    assert_eq!(shop.looks(), 1, "nobody looks for each answer");
    for _ in 0..20 {
        shop.wait(240);
        assert_eq!(given(&answers, "never").await, said("10.00", "current"));
    }
    assert!(shop.looks() <= 11, "{} looks in five seconds", shop.looks());
    shop.set(2);
    shop.wait(5_000);
    assert_eq!(given(&answers, "12.00").await, said("12.00", "made"));
}

#[tokio::test]
async fn a_change_is_seen_in_time_and_nobody_waits_for_it() {
    let shop = Shop::new();
    let answers = shop.answers();
    assert_eq!(given(&answers, "10.00").await.1, "made");
    shop.set(2);
    shop.wait(249);
    assert_eq!(given(&answers, "12.00").await, said("10.00", "current"), "it has not been looked yet");
    shop.wait(1);
    let Found::Outdated(kept, place) = answers.find(&mug()).await.unwrap() else { panic!("not outdated") };
    assert_eq!(kept.body(), "10.00");
    make(&answers, &place, "12.00").await;
    assert_eq!(given(&answers, "never").await, said("12.00", "current"));
}

#[tokio::test]
async fn what_is_outdated_is_not_given_for_long() {
    let shop = Shop::new();
    let answers = shop.answers();
    assert_eq!(given(&answers, "10.00").await.1, "made");
    shop.set(2);
    shop.wait(500);
    assert_eq!(given(&answers, "never").await, said("10.00", "outdated"));
    shop.wait(249);
    assert_eq!(given(&answers, "never").await, said("10.00", "outdated"));
    shop.wait(1);
    assert_eq!(given(&answers, "12.00").await, said("12.00", "made"), "750 ms after it was seen to be right");
}

#[tokio::test]
async fn who_changed_something_sees_it_at_once() {
    let shop = Shop::new();
    let answers = shop.answers();
    assert_eq!(given(&answers, "10.00").await.1, "made");
    shop.set(2);
    answers.touch();
    assert_eq!(given(&answers, "12.00").await, said("12.00", "made"));
    answers.touch();
    assert_eq!(given(&answers, "never").await, said("12.00", "current"), "what has not changed is kept");
}

#[tokio::test]
async fn without_the_store_nothing_is_believed_for_long() {
    let shop = Shop::new();
    let answers = shop.answers();
    assert_eq!(given(&answers, "10.00").await.1, "made");
    shop.set(0);
    shop.wait(749);
    assert_eq!(given(&answers, "never").await, said("10.00", "current"));
    shop.wait(1);
    assert!(answers.find(&mug()).await.is_err());
    shop.set(1);
    assert_eq!(given(&answers, "never").await, said("10.00", "current"), "it was right all the time");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_asks_the_store() {
    let shop = Shop::new();
    let answers = Arc::new(shop.answers());
    let (asking, made) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let go = Arc::new(Semaphore::new(0));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (asking, made, go) = (Arc::clone(&asking), Arc::clone(&made), Arc::clone(&go));
            let answers = Arc::clone(&answers);
            tokio::spawn(async move {
                let found = answers.find(&mug()).await.unwrap();
                let Found::Nothing(place) = found else { panic!("{found:?}") };
                asking.fetch_add(1, Ordering::SeqCst);
                let making = async {
                    made.fetch_add(1, Ordering::SeqCst);
                    go.acquire().await.unwrap().forget();
                    Ok::<_, StoreError>(b"10.00".to_vec())
                };
                answers.make(&place, making).await.unwrap()
            })
        })
        .collect();
    // Nobody gets an answer before everybody has found none.
    while asking.load(Ordering::SeqCst) < tasks.len() {
        tokio::task::yield_now().await;
    }
    go.add_permits(tasks.len());
    let mut here = 0;
    for task in tasks {
        let (kept, how) = task.await.unwrap();
        assert_eq!(kept.body(), "10.00");
        here += usize::from(how == Made::Here);
    }
    assert_eq!((made.load(Ordering::SeqCst), here, shop.looks()), (1, 1, 1));
}

#[tokio::test]
async fn a_failure_is_told_and_not_kept() {
    let shop = Shop::new();
    let answers = shop.answers();
    let Found::Nothing(place) = answers.find(&mug()).await.unwrap() else { panic!("something") };
    let failed = answers.make(&place, async { Err("no such product") }).await;
    assert_eq!(failed.map_err(|error| *error), Err("no such product"));
    assert_eq!(given(&answers, "10.00").await, said("10.00", "made"));
}

#[tokio::test]
async fn who_goes_away_while_making_leaves_it_to_the_next() {
    let shop = Shop::new();
    let answers = shop.answers();
    let Found::Nothing(place) = answers.find(&mug()).await.unwrap() else { panic!("something") };
    let never = answers.make(&place, std::future::pending::<Result<Vec<u8>, StoreError>>());
    assert!(tokio::time::timeout(Duration::from_millis(1), never).await.is_err());
    assert_eq!(given(&answers, "10.00").await, said("10.00", "made"));
}

/// A cache that others write to.
#[derive(Default)]
struct Far(Mutex<std::collections::HashMap<String, Bytes>>);

#[async_trait]
impl Cache for Far {
    async fn get(&self, key: &str) -> Option<Bytes> {
        self.0.lock().unwrap().get(key).cloned()
    }

    async fn put(&self, key: &str, value: Bytes) {
        self.0.lock().unwrap().insert(key.to_owned(), value);
    }
}

#[tokio::test]
async fn what_one_server_made_others_find_far_away() {
    let (shop, far) = (Shop::new(), Arc::new(Far::default()));
    let (one, other) = (shop.answers().far(far.clone()), shop.answers().far(far.clone()));
    assert_eq!(given(&one, "10.00").await, said("10.00", "made"));
    assert_eq!(given(&other, "never").await, said("10.00", "far"));
    assert_eq!(given(&other, "never").await, said("10.00", "current"));
    shop.set(2);
    shop.wait(1_000);
    assert_eq!(given(&other, "12.00").await, said("12.00", "made"));
    assert_eq!(given(&one, "never").await, said("12.00", "far"));
}

#[tokio::test]
async fn what_is_damaged_far_away_is_not_believed() {
    let (shop, far) = (Shop::new(), Arc::new(Far::default()));
    let (one, other) = (shop.answers().far(far.clone()), shop.answers().far(far.clone()));
    assert_eq!(given(&one, "10.00").await, said("10.00", "made"));
    for value in far.0.lock().unwrap().values_mut() {
        *value = value.slice(..value.len() - 1);
    }
    assert_eq!(given(&other, "10.00").await, said("10.00", "made"));
}
