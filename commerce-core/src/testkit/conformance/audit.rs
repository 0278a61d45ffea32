//! Who did what: audit rows, read as they were written.

use serde_json::json;

use super::{Shop, before};
use crate::ChangeSet;
use crate::audit::{Actor, Entry, Search};
use crate::testkit::named;

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
