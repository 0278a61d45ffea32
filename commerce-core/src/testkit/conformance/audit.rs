//! Who did what: audit rows, read as they were written, and their seals.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::{Shop, before};
use crate::audit::{Actor, ChainHash, Entry, Seal, Search};
use crate::testkit::{Intercepted, Meeting, named};
use crate::{AuditId, ChangeSet, Clock, Guard, Store};

/// Audit rows are read as they were written, the newest first: those of an actor, of a target, of a time, page by page.
pub async fn rows_come_newest_first(shop: &Shop) {
    let now = shop.now().await;
    let ada = || Actor::Staff("Ada \u{1ecc}b\u{ed}".to_owned());
    let rows = [
        (Actor::Guest, "cart:1", json!(null)),
        (ada(), "promotion:off", json!({"before": {"rate": "7.5", "n": 1}, "after": [true, "\u{1f600}"]})),
        (Actor::Customer(named("customer", "ada")), "promotion:of", json!({})),
        (ada(), "promotion:off", json!({"count": 2})),
        (Actor::System, "", json!("")),
    ];
    let entry = |(minute, (actor, target, data)): (usize, (Actor, &str, serde_json::Value))| {
        let at = before(now, 9 - minute as i64);
        let (action, target) = (format!("test.{minute}"), target.to_owned());
        Entry { id: shop.ids(at).fresh(), at, actor, action, target, data }
    };
    let written: Vec<Entry> = rows.into_iter().enumerate().map(entry).collect();
    for part in [&written[2..], &written[..2]] {
        let changes = ChangeSet { audit: part.to_vec(), ..ChangeSet::default() };
        shop.store.commit(&changes).await.unwrap();
    }
    let found = async |search: Search, limit| {
        let found = shop.store.audit(&search, limit).await.unwrap();
        let place =
            |entry: &Entry| written.iter().position(|known| known == entry).expect("as it was written");
        found.iter().map(place).collect::<Vec<_>>()
    };
    let any = Search::default;
    assert_eq!(found(any(), 9).await, [4, 3, 2, 1, 0]);
    assert_eq!(found(any(), 2).await, [4, 3]);
    assert_eq!(found(Search { after: Some(written[3].id), ..any() }, 2).await, [2, 1]);
    assert_eq!(found(Search { after: Some(written[0].id), ..any() }, 2).await, [0; 0]);
    assert_eq!(found(Search { actor: Some(ada()), ..any() }, 9).await, [3, 1]);
    assert_eq!(found(Search { actor: Some(Actor::Staff("Ada".to_owned())), ..any() }, 9).await, [0; 0]);
    assert_eq!(found(Search { target: Some("promotion:of".to_owned()), ..any() }, 9).await, [2]);
    assert_eq!(found(Search { from: Some(written[3].at), ..any() }, 9).await, [4, 3]);
    assert_eq!(found(Search { until: Some(written[3].at), ..any() }, 9).await, [2, 1, 0]);
    let all = Search {
        actor: Some(ada()),
        target: Some("promotion:off".to_owned()),
        from: Some(written[0].at),
        until: Some(written[4].at),
        after: Some(written[3].id),
        id: Some(written[1].id),
    };
    assert_eq!(found(all, 9).await, [1]);
    assert_eq!(found(Search { id: Some(written[2].id), ..any() }, 9).await, [2]);
    assert_eq!(found(Search { id: Some(named("audit", "nowhere")), ..any() }, 9).await, [0; 0]);
    assert_eq!(found(any(), 0).await, [0; 0]);
}

/// Writes rows of the last minutes, `count` of them, the oldest first.
async fn write(shop: &Shop, count: i64) -> Vec<Entry> {
    let now = shop.now().await;
    let entry = |minute| Entry {
        id: shop.ids(before(now, count - minute)).fresh(),
        at: before(now, count - minute),
        actor: Actor::System,
        action: "test.seal".to_owned(),
        target: format!("row:{minute}"),
        data: json!({"z": minute, "a": {"d": [1.5, null], "b": "\u{1f600}"}}),
    };
    let rows: Vec<Entry> = (0..count).map(entry).collect();
    let changes = ChangeSet { audit: rows.clone(), ..ChangeSet::default() };
    shop.store.commit(&changes).await.unwrap();
    rows
}

/// Rows are sealed once, in the order of their ids, some at a time; a row that comes late is found all the same, and the
/// chain holds.
pub async fn rows_are_sealed_behind_each_other(shop: &Shop) {
    let trail = shop.engine.audit_trail();
    assert_eq!((trail.seal(10).await.unwrap(), trail.last_seal().await.unwrap()), (0, None));
    let rows = write(shop, 3).await;
    assert_eq!(shop.store.unsealed_audit(rows[1].id, 10).await.unwrap(), rows[1..]);
    let sealed = [trail.seal(2).await.unwrap(), trail.seal(2).await.unwrap(), trail.seal(2).await.unwrap()];
    assert_eq!(sealed, [2, 1, 0]);
    let late = write(shop, 30).await;
    assert_eq!(trail.seal(100).await.unwrap(), 30);
    let all: Vec<Entry> = rows.into_iter().chain(late).collect();
    let expected: Vec<(Seal, Option<Entry>)> =
        Seal::all(None, &all).into_iter().zip(all.iter().cloned().map(Some)).collect();
    assert_eq!(shop.store.sealed_audit(0, 100).await.unwrap(), expected);
    assert_eq!(shop.store.sealed_audit(31, 100).await.unwrap(), expected[31..]);
    assert_eq!(shop.store.sealed_audit(1, 2).await.unwrap(), expected[1..3]);
    let last = expected.last().unwrap().0;
    assert_eq!(shop.store.last_seal().await.unwrap(), Some((last, all.last().unwrap().at)));
    assert_eq!(shop.store.unsealed_audit(AuditId(uuid::Uuid::nil()), 10).await.unwrap(), []);
    assert_eq!(shop.engine.verify_invariants().await.unwrap(), []);
}

/// A clock that was ahead for a while leaves no row without a seal; one that was left behind all the same is found, and sealed
/// when all rows are looked at.
pub async fn rows_are_sealed_after_a_clock_was_ahead(shop: &Shop) {
    let Some(clock) = &shop.clock else { return };
    let trail = shop.engine.audit_trail();
    write(shop, 3).await;
    let now = clock.now();
    clock.advance(Duration::from_secs(24 * 60 * 60));
    let ahead =
        Entry { id: shop.ids(clock.now()).fresh(), at: clock.now(), ..write(shop, 1).await.remove(0) };
    shop.store.commit(&ChangeSet { audit: vec![ahead.clone()], ..ChangeSet::default() }).await.unwrap();
    assert_eq!(trail.seal(100).await.unwrap(), 5);
    assert_eq!(shop.store.last_seal().await.unwrap().unwrap().1, ahead.at);
    clock.set(now.plus(Duration::from_secs(60)));
    write(shop, 2).await;
    assert_eq!(trail.seal(100).await.unwrap(), 2);
    assert_eq!(trail.faults().await.unwrap(), []);
    let old = Entry { id: shop.ids(before(now, 120)).fresh(), at: before(now, 120), ..ahead };
    shop.store.commit(&ChangeSet { audit: vec![old.clone()], ..ChangeSet::default() }).await.unwrap();
    assert_eq!(trail.seal(100).await.unwrap(), 0);
    let faults = trail.faults().await.unwrap();
    assert_eq!(
        faults.iter().map(|fault| fault.row.clone()).collect::<Vec<_>>(),
        [format!("audit={}", old.id)]
    );
    assert_eq!(trail.seal_left_behind(100).await.unwrap(), 1);
    assert_eq!(trail.faults().await.unwrap(), []);
}

/// A position that is taken, and a row that is sealed already, are guarded; a hash that is wrong is found.
pub async fn a_place_in_the_chain_is_taken_once(shop: &Shop) {
    let rows = write(shop, 3).await;
    let seals = Seal::all(None, &rows);
    let commit = |seals: &[Seal]| ChangeSet { seals: seals.to_vec(), ..ChangeSet::default() };
    shop.store.commit(&commit(&seals[..1])).await.unwrap();
    assert_eq!(shop.stale(&commit(&[Seal { position: 1, ..seals[1] }])).await, Guard::Seal);
    assert_eq!(shop.stale(&commit(&[seals[1], Seal { position: 3, ..seals[0] }])).await, Guard::Seal);
    assert_eq!(shop.store.last_seal().await.unwrap().unwrap().0, seals[0], "nothing of it was written");
    let trail = shop.engine.audit_trail();
    assert_eq!(trail.faults().await.unwrap(), []);
    let wrong = Seal { hash: ChainHash([7; 32]), ..seals[1] };
    shop.store.commit(&commit(&[wrong])).await.unwrap();
    shop.store.commit(&commit(&[Seal::next(Some(&wrong), &rows[2])])).await.unwrap();
    let found = trail.faults().await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].row.contains("position=2"), "{found:?}");
}

/// Several servers seal at once: each row has one seal, and the chain holds.
pub async fn servers_that_seal_at_once(shop: &Shop) {
    write(shop, 20).await;
    let store: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(8)));
    let mut servers = JoinSet::new();
    for _ in 0..8 {
        let trail = shop.through(Arc::clone(&store)).audit_trail();
        servers.spawn(async move { trail.seal(5).await.unwrap() });
    }
    let sealed: u32 = servers.join_all().await.into_iter().sum();
    assert_eq!(sealed, 5);
    assert_eq!(shop.engine.audit_trail().seal(100).await.unwrap(), 15);
    assert_eq!(shop.engine.audit_trail().faults().await.unwrap(), []);
}
