//! The one writer: races, groups, trouble, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use commerce_core::cart::Look;
use commerce_core::inventory::{self, Reservation};
use commerce_core::{ChangeSet, CommitError, Store, StoreTrouble};
use commerce_storage_sqlite::{Options, SqliteStore};
use common::*;
use sqlx::Connection;

/// Makes these carts and returns the change sets that place their orders, of three white mugs each.
async fn carts(shop: &SqliteStore, numbers: std::ops::RangeInclusive<u128>) -> Vec<ChangeSet> {
    let mut placing = Vec::new();
    for number in numbers {
        shop.commit(&new_cart(number)).await.unwrap();
        placing.push(place(number));
    }
    placing
}

/// Commits all of them at once, each in a task of its own.
async fn at_once(store: &SqliteStore, sets: Vec<ChangeSet>) -> Vec<Result<(), CommitError>> {
    let tasks: Vec<_> = sets
        .into_iter()
        .map(|changes| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(&changes).await })
        })
        .collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}

fn trouble(done: Result<(), CommitError>) -> StoreTrouble {
    match done {
        Err(CommitError::Store(error)) => error.kind,
        other => panic!("wanted trouble, got {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_units_go_to_as_many_as_there_are() {
    let shop = Shop::stocked().await; // ten units at Lagos: three orders of three
    let placing = carts(&shop.store, 1..=50).await;
    let done = at_once(&shop.store, placing).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 3);
    for refusal in done.into_iter().filter(Result::is_err) {
        refused(refusal, stock_guard(WHITE, LAGOS));
    }
    assert_eq!(units(&shop, WHITE, LAGOS).await, (10, 9, 0));
    shop.is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_holds_in_memory() {
    let store = SqliteStore::in_memory().await.unwrap();
    store.import(&catalogue()).await.unwrap();
    let placing = carts(&store, 1..=20).await;
    let done = at_once(&store, placing).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 3);
    assert_eq!(store.violations().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cart_is_confirmed_once() {
    let shop = Shop::stocked().await;
    let placing = carts(&shop.store, 1..=1).await;
    let done = at_once(&shop.store, vec![placing[0].clone(); 30]).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    shop.is_sound().await;
}

/// On a runtime of one thread, what is asked before the writer gets to run makes one group.
#[tokio::test]
async fn a_refusal_within_a_group_concerns_nobody_else() {
    let shop = Shop::stocked().await;
    let placing = carts(&shop.store, 1..=3).await;
    let reserve = Reservation { id: id(901), quantity: quantity(9), ..reservation_of(1) };
    let too_much = stock_change(inventory::Changes { reserve: vec![reserve], ..Default::default() });
    let broken = ChangeSet { audit: vec![audit_entry(900), audit_entry(900)], ..new_cart(9) };
    let group = vec![
        placing[0].clone(),
        too_much,
        placing[1].clone(),
        broken,
        placing[0].clone(),
        placing[2].clone(),
    ];
    let mut done = at_once(&shop.store, group).await;
    assert!(done.pop().unwrap().is_ok());
    refused(done.pop().unwrap(), cart_guard(1));
    assert_eq!(trouble(done.pop().unwrap()), StoreTrouble::Broken);
    assert!(done.pop().unwrap().is_ok());
    refused(done.pop().unwrap(), stock_guard(WHITE, LAGOS));
    assert!(done.pop().unwrap().is_ok());
    assert_eq!(units(&shop, WHITE, LAGOS).await, (10, 9, 0));
    shop.is_sound().await;
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_undo_its_change_set() {
    let shop = Shop::stocked().await;
    let changes = new_cart(1);
    let gone = tokio::time::timeout(Duration::ZERO, shop.store.commit(&changes)).await;
    assert!(gone.is_err());
    // The writer works in turn: when the next one is answered, the first one is written.
    shop.store.commit(&new_cart(2)).await.unwrap();
    let look = Look { token: Some(token(1)), ..Look::default() };
    assert_eq!(shop.store.cart(&look).await.unwrap().cart, Some(cart(1)));
}

#[tokio::test]
async fn what_waits_is_written_before_the_store_closes() {
    let shop = Shop::stocked().await;
    let (first, second) = (new_cart(1), new_cart(2));
    let (first, second, ()) =
        tokio::join!(shop.store.commit(&first), shop.store.commit(&second), shop.store.close());
    first.unwrap();
    second.unwrap();
    assert_eq!(trouble(shop.store.commit(&new_cart(3)).await), StoreTrouble::Unavailable);
    assert_eq!(shop.store.ping().await.unwrap_err().kind, StoreTrouble::Unavailable);
    shop.store.close().await;
    assert!(!shop.folder.file().with_extension("db-wal").exists(), "the log is folded back into the file");

    let again = SqliteStore::open(shop.folder.file()).await.unwrap();
    let look = Look { token: Some(token(2)), ..Look::default() };
    assert_eq!(again.cart(&look).await.unwrap().cart, Some(cart(2)));
    assert_eq!(again.violations().await.unwrap(), []);
}

#[test]
fn a_runtime_that_is_gone_makes_the_store_unavailable() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let first = runtime();
    let shop = first.block_on(Shop::stocked());
    first.block_on(shop.store.commit(&new_cart(1))).unwrap();
    first.shutdown_timeout(Duration::from_secs(5));
    let second = runtime();
    assert_eq!(trouble(second.block_on(shop.store.commit(&new_cart(2)))), StoreTrouble::Unavailable);
}

#[tokio::test]
async fn a_lock_that_another_process_keeps_makes_writes_wait_and_then_fail() {
    let shop = Shop::with(|options| options.busy_timeout(Duration::from_millis(200))).await;
    let mut other = shop.raw().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert_eq!(trouble(shop.store.import(&catalogue()).await), StoreTrouble::Unavailable);
    shop.store.ping().await.unwrap();
    assert_eq!(shop.store.locations().await.unwrap(), vec![]);

    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    shop.store.import(&catalogue()).await.unwrap();
    shop.is_sound().await;
}

#[tokio::test]
async fn who_waits_behind_others_for_a_lock_waits_no_longer_than_they() {
    let shop = Shop::with(|options| options.busy_timeout(Duration::from_secs(1))).await;
    let mut other = shop.raw().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let begun = Instant::now();
    // Each has a transaction of its own.
    let (batch, store) = (catalogue(), &shop.store);
    let (a, b, c, d) =
        tokio::join!(store.import(&batch), store.import(&batch), store.import(&batch), store.import(&batch));
    for answer in [a, b, c, d] {
        assert_eq!(trouble(answer), StoreTrouble::Unavailable);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "four seconds one after the other: {:?}",
        begun.elapsed()
    );

    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    shop.store.import(&batch).await.unwrap();
    shop.is_sound().await;
}

#[tokio::test]
async fn a_lock_that_another_process_gives_up_in_time_is_waited_for() {
    let shop = Shop::with(|options| options.busy_timeout(Duration::from_secs(2))).await;
    let mut other = shop.raw().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let store = shop.store.clone();
    let waiting = tokio::spawn(async move { store.import(&catalogue()).await });
    // Past SQLite's own patience.
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    waiting.await.unwrap().unwrap();
    shop.is_sound().await;
}

#[tokio::test]
async fn a_full_store_refuses_writes_reads_on_and_recovers() {
    let shop = Shop::with(|options| options.bytes_max(1024 * 1024)).await;
    shop.store.import(&catalogue()).await.unwrap();
    let mut full = None;
    for number in 1..20_000 {
        let mut changes = new_cart(number);
        changes.cart.write.as_mut().unwrap().cart.token.0[..16].copy_from_slice(&number.to_be_bytes());
        if let Err(error) = shop.store.commit(&changes).await {
            full = Some((number, changes, error));
            break;
        }
    }
    let (number, changes, error) = full.unwrap();
    assert!(number > 10, "there was room for a few");
    assert_eq!(trouble(Err(error)), StoreTrouble::Full);
    assert_eq!(trouble(shop.store.commit(&changes).await), StoreTrouble::Full);
    assert_eq!(shop.store.locations().await.unwrap().len(), 2);
    shop.is_sound().await;

    // Somebody makes room.
    let mut other = shop.raw().await;
    sqlx::query("DELETE FROM cart_lines WHERE cart_id <> (SELECT min(id) FROM carts)")
        .execute(&mut other)
        .await
        .unwrap();
    sqlx::query("DELETE FROM carts WHERE id <> (SELECT min(id) FROM carts)")
        .execute(&mut other)
        .await
        .unwrap();
    other.close().await.unwrap();
    shop.store.commit(&changes).await.unwrap();
    shop.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn many_open_one_new_file_at_once() {
    for _ in 0..30 {
        let folder = Folder::new();
        let opening: Vec<_> = (0..8).map(|_| tokio::spawn(SqliteStore::open(folder.file()))).collect();
        for store in opening {
            store.await.unwrap().unwrap().close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_open_one_new_file_and_share_it() {
    let folder = Folder::new();
    let (first, second) = tokio::join!(SqliteStore::open(folder.file()), SqliteStore::open(folder.file()));
    let (first, second) = (first.unwrap(), second.unwrap());
    first.import(&catalogue()).await.unwrap();
    let mut placing = carts(&first, 1..=30).await;
    let others = placing.split_off(15);
    let (ours, theirs) = tokio::join!(at_once(&first, placing), at_once(&second, others));
    assert_eq!(ours.iter().chain(&theirs).filter(|done| done.is_ok()).count(), 3);
    assert_eq!(second.violations().await.unwrap(), []);
}

#[tokio::test]
async fn a_host_writes_its_rows_and_ours_in_one_transaction() {
    let shop = Shop::stocked().await;
    let mut conn = shop.raw().await;
    sqlx::query("CREATE TABLE gifts (cart BLOB NOT NULL)").execute(&mut conn).await.unwrap();
    for commits in [false, true] {
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::query("INSERT INTO gifts VALUES (x'01')").execute(&mut *tx).await.unwrap();
        commerce_storage_sqlite::apply(&mut tx, &new_cart(1)).await.unwrap();
        let look = Look { token: Some(token(1)), ..Look::default() };
        let view = commerce_storage_sqlite::cart_view(&mut tx, &look, at(0)).await.unwrap();
        assert_eq!(view.cart, Some(cart(1)));
        assert_eq!(shop.store.cart(&look).await.unwrap().cart, None);
        if commits {
            tx.commit().await.unwrap()
        } else {
            tx.rollback().await.unwrap()
        }
        let gifts: i64 = sqlx::query_scalar("SELECT count(*) FROM gifts").fetch_one(&mut conn).await.unwrap();
        let seen = shop.store.cart(&look).await.unwrap().cart;
        assert_eq!((gifts, seen.is_some()), (i64::from(commits), commits));
    }
}

#[tokio::test]
async fn a_store_is_opened_and_used_in_a_task() {
    let task = tokio::spawn(async {
        let store = SqliteStore::in_memory().await.unwrap();
        store.import(&catalogue()).await.unwrap();
        store.locations().await.unwrap().len()
    });
    assert_eq!(task.await.unwrap(), 2);
}

#[tokio::test]
async fn a_newer_version_leaves_the_file_to_the_one_before_it() {
    let shop = Shop::stocked().await;
    shop.store.close().await;
    let mut conn = shop.raw().await;
    sqlx::query("INSERT INTO _commerce_migrations SELECT 9999, 'later', installed_on, success, checksum, 0 FROM _commerce_migrations LIMIT 1")
        .execute(&mut conn)
        .await
        .unwrap();
    let store = SqliteStore::open(shop.folder.file()).await.unwrap();
    assert_eq!(store.locations().await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_no_database_is_not_opened() {
    let folder = Folder::new();
    std::fs::write(folder.file(), "no database at all, but long enough to look like one, and then some more")
        .unwrap();
    assert!(SqliteStore::open(folder.file()).await.is_err());
    let missing = Options::file(folder.file().join("nowhere/shop.db"))
        .clock(Arc::new(commerce_storage_sqlite::SystemClock));
    assert_eq!(SqliteStore::open_with(missing).await.unwrap_err().kind, StoreTrouble::Unavailable);
}
