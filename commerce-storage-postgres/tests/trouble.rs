//! Trouble of the database: told apart, survived where that is possible, never a wrong answer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use std::time::{Duration, Instant};

use commerce_core::{CommitError, Guard, Store, StoreError, StoreTrouble};
use commerce_storage_postgres::{PostgresOptions, PostgresStore};
use shop::data::*;
use shop::{in_shop, in_shop_with, options, rows, sabotage};
use sqlx::{Connection, Executor};

#[track_caller]
fn trouble<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> StoreTrouble {
    answer.unwrap_err().kind
}

#[tokio::test]
async fn nobody_answers() {
    let mut options = PostgresOptions::new("postgres://commerce@127.0.0.1:1/nothing");
    options.acquire_timeout = Duration::from_millis(300);
    assert_eq!(trouble(PostgresStore::connect_with(options).await), StoreTrouble::Unavailable);
    assert_eq!(trouble(PostgresStore::connect("no address").await), StoreTrouble::Broken);
    let wrong = PostgresOptions::new(shop::url()).schema("Robert'); drop table");
    assert_eq!(trouble(PostgresStore::connect_with(wrong).await), StoreTrouble::Broken);
}

#[tokio::test]
async fn a_pool_without_a_free_connection_is_unavailable_in_time() {
    let mut options = options().pool_size(1);
    options.acquire_timeout = Duration::from_millis(300);
    in_shop_with(options, |store| async move {
        let held = store.pool().acquire().await.unwrap();
        let asked = Instant::now();
        assert_eq!(trouble(store.ping().await), StoreTrouble::Unavailable);
        assert!(asked.elapsed() < Duration::from_secs(3));
        drop(held);
        store.ping().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_lock_that_is_held_for_too_long_is_unavailable_and_leaves_nothing_behind() {
    let mut options = options();
    options.lock_timeout = Duration::from_millis(200);
    in_shop_with(options, |store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let cart = filled_cart(&store, 1, 1, &[stocked.variant(0)]).await;
        let changes = place(&mut ids(50), &cart, &stocked, later(60));
        let before = rows(&store).await;
        let mut holder = store.pool().begin().await.unwrap();
        holder.execute("select 1 from stock for update").await.unwrap();
        match store.commit(&changes).await {
            Err(CommitError::Store(error)) => assert_eq!(error.kind, StoreTrouble::Unavailable),
            other => panic!("{other:?}"),
        }
        holder.rollback().await.unwrap();
        assert_eq!(rows(&store).await, before);
        store.commit(&changes).await.unwrap();
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_runs_for_too_long_is_unavailable() {
    let mut options = options();
    options.statement_timeout = Duration::from_millis(200);
    in_shop_with(options, |store| async move {
        // A view in place of the table, which takes its time.
        sabotage(
            &store,
            "alter table locations rename to places;
             create view locations as select p.* from (select pg_sleep(5)) slow, places p",
        )
        .await;
        assert_eq!(trouble(store.locations().await), StoreTrouble::Unavailable);
        store.ping().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn connections_that_the_server_closed_are_not_noticed_by_who_asks() {
    let mut options = options().pool_size(4);
    let name = options.schema.clone().unwrap();
    options.url = format!("{}?application_name={name}", options.url);
    in_shop_with(options, |store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let cart = filled_cart(&store, 1, 1, &[stocked.variant(0)]).await;
        let changes = place(&mut ids(50), &cart, &stocked, later(60));
        fill(&store).await;
        kill_connections(&name).await;
        assert_eq!(store.stock(&[stocked.variant(0)]).await.unwrap().1[0].on_hand, 5);
        fill(&store).await;
        kill_connections(&name).await;
        store.commit(&changes).await.unwrap();
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

/// Opens every connection that the pool may have.
async fn fill(store: &PostgresStore) {
    let mut held = Vec::new();
    while held.len() < 4 {
        let mut conn = store.pool().acquire().await.unwrap();
        if conn.ping().await.is_ok() {
            held.push(conn);
        }
    }
}

/// As a restart of the server would, for one pool alone.
async fn kill_connections(name: &str) {
    let other = PostgresStore::connect_with(PostgresOptions::new(shop::url()).pool_size(1)).await.unwrap();
    let kill =
        "select count(pg_terminate_backend(pid, 1000)) from pg_stat_activity where application_name = $1";
    let killed: i64 = sqlx::query_scalar(kill).bind(name).fetch_one(other.pool()).await.unwrap();
    assert_eq!(killed, 4);
    other.pool().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_tried_again_with_the_same_change_set() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 50, &["mug", "cup"]).await;
        let cart = filled_cart(&store, 1, 1, &[stocked.variant(0), stocked.variant(1)]).await;
        let changes = place(&mut ids(50), &cart, &stocked, later(60));
        let mut variants = [stocked.variant(0), stocked.variant(1)];
        variants.sort_unstable();
        // Somebody who takes the locks in the other order: the last one first. He was there first, so that the server
        // ends the commit, which looked for the deadlock first.
        let mut stranger = store.pool().begin().await.unwrap();
        stranger.execute("set local deadlock_timeout = '10s'").await.unwrap();
        let lock = "select 1 from stock where variant_id = $1 for update";
        sqlx::query(lock).bind(variants[1].0).execute(&mut *stranger).await.unwrap();
        let committing = tokio::spawn({
            let (store, changes) = (store.clone(), changes.clone());
            async move { store.commit(&changes).await }
        });
        // Until the commit holds the first one and waits for the last.
        while shop::number(&store, "select count(*) from pg_locks where not granted").await == 0
            && !committing.is_finished()
        {
            tokio::task::yield_now().await;
        }
        sqlx::query(lock).bind(variants[0].0).execute(&mut *stranger).await.unwrap();
        stranger.rollback().await.unwrap();
        committing.await.unwrap().unwrap();
        assert_eq!(store.violations().await.unwrap(), []);
        assert_eq!(shop::number(&store, "select sum(reserved)::bigint from stock").await, 2);
    })
    .await;
}

/// Makes the database answer `code` to the next `times` orders; a sequence counts on when a transaction is rolled back.
async fn refuse_orders(store: &PostgresStore, code: &str, times: u32) {
    sabotage(
        store,
        &format!(
            "create sequence attempts;
             create function refuse() returns trigger language plpgsql as $$ begin
                 if nextval('attempts') <= {times} then raise exception 'refused' using errcode = '{code}'; end if;
                 return new;
             end $$;
             create trigger refuse before insert on orders for each row execute function refuse();"
        ),
    )
    .await;
}

#[tokio::test]
async fn a_serialization_failure_is_tried_again_a_bounded_number_of_times() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let cart = filled_cart(&store, 1, 1, &[stocked.variant(0)]).await;
        let changes = place(&mut ids(50), &cart, &stocked, later(60));
        let before = rows(&store).await;
        refuse_orders(&store, "40001", 8).await;
        match store.commit(&changes).await {
            Err(CommitError::Store(error)) => assert_eq!(error.kind, StoreTrouble::Unavailable),
            other => panic!("{other:?}"),
        }
        assert_eq!(shop::number(&store, "select last_value from attempts").await, 6);
        assert_eq!(rows(&store).await, before);
        store.commit(&changes).await.unwrap();
        assert_eq!(shop::number(&store, "select last_value from attempts").await, 9);
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn what_another_attempt_does_not_mend_is_not_tried_again() {
    for (code, kind) in [
        ("53100", StoreTrouble::Full),
        ("53300", StoreTrouble::Unavailable),
        ("57014", StoreTrouble::Unavailable),
        ("55P03", StoreTrouble::Unavailable),
        ("25006", StoreTrouble::Unavailable),
        ("XX001", StoreTrouble::Broken),
        ("23514", StoreTrouble::Broken),
    ] {
        in_shop(move |store| async move {
            let stocked = stocked(&store, 5, &["mug"]).await;
            let cart = filled_cart(&store, 1, 1, &[stocked.variant(0)]).await;
            refuse_orders(&store, code, 100).await;
            match store.commit(&place(&mut ids(50), &cart, &stocked, later(60))).await {
                Err(CommitError::Store(error)) => assert_eq!(error.kind, kind, "{code}"),
                other => panic!("{other:?}"),
            }
            assert_eq!(shop::number(&store, "select last_value from attempts").await, 1, "{code}");
            store.ping().await.unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn a_commit_whose_caller_goes_away_is_whole_or_nothing() {
    in_shop_with(options().pool_size(3), |store| async move {
        let stocked = stocked(&store, 500, &["mug"]).await;
        let mut placed = 0;
        for byte in 0..20 {
            let cart = filled_cart(&store, byte, 1, &[stocked.variant(0)]).await;
            let changes = place(&mut ids(100 + byte), &cart, &stocked, later(60));
            let patience = Duration::from_micros(u64::from(byte) * 150);
            if tokio::time::timeout(patience, store.commit(&changes)).await.is_ok_and(|done| done.is_ok()) {
                placed += 1;
            }
        }
        assert_eq!(store.violations().await.unwrap(), []);
        let orders = shop::number(&store, "select count(*) from orders").await;
        assert!(orders >= placed, "what was acknowledged is there");
        store.ping().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_no_value_of_the_domain_is_named() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        filled_cart(&store, 1, 1, &[stocked.variant(0)]).await;
        sabotage(&store, "update variants set sku = ''").await;
        let error = store.cart(&look(1)).await.unwrap_err();
        assert_eq!(error.kind, StoreTrouble::Broken);
        let variant = stocked.variant(0);
        assert!(error.to_string().contains(&format!("variants.sku of row {variant}")), "{error}");

        sabotage(&store, "update variants set sku = 'MUG'; update cart_lines set quantity = 10001").await;
        let error = store.cart(&look(1)).await.unwrap_err();
        assert!(error.to_string().contains("cart_lines.quantity of row"), "{error}");
        sabotage(&store, "update cart_lines set quantity = 1; update carts set payment_method = 'shells'")
            .await;
        let error = store.cart(&look(1)).await.unwrap_err();
        assert!(error.to_string().contains("carts.payment_method of row"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_stale_commit_leaves_its_connection_fit_for_the_next() {
    in_shop_with(options().pool_size(1), |store| async move {
        let stocked = stocked(&store, 1, &["mug"]).await;
        let cart = filled_cart(&store, 1, 2, &[stocked.variant(0)]).await;
        let changes = place(&mut ids(50), &cart, &stocked, later(60));
        for _ in 0..3 {
            assert!(matches!(stale(store.commit(&changes).await), Guard::Stock { .. }));
        }
        store.ping().await.unwrap();
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}
