//! The rulebook: one version after the other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use commerce_core::{ChangeSet, Currency, Guard, Store};
use shop::data::*;
use shop::in_shop;

#[tokio::test]
async fn a_rulebook_follows_the_one_before() {
    in_shop(|store| async move {
        assert_eq!(store.rulebook().await.unwrap(), None);
        let apply = async |version| {
            let mut changes = ChangeSet::default();
            changes.pricing.rulebook = Some(rulebook(version));
            store.commit(&changes).await
        };
        assert_eq!(stale(apply(2).await), Guard::Rulebook, "there is no version 1");
        apply(1).await.unwrap();
        assert_eq!(stale(apply(1).await), Guard::Rulebook);
        apply(2).await.unwrap();
        assert_eq!(stale(apply(2).await), Guard::Rulebook);
        assert_eq!(stale(apply(4).await), Guard::Rulebook);
        assert_eq!(stale(apply(1).await), Guard::Rulebook);
        assert_eq!(store.rulebook().await.unwrap(), Some(rulebook(2)));
        assert_eq!(seen(&store, 1).await.rulebook_version, 2);
        assert_eq!(
            shop::number(&store, "select count(*) from rulebooks").await,
            2,
            "older versions are kept"
        );
        assert_eq!(rulebook(2).rulebook.currency, Currency::NGN);
    })
    .await;
}

#[tokio::test]
async fn of_two_who_change_the_rules_at_once_one_is_stale() {
    in_shop(|store| async move {
        for version in 1..4 {
            let racers = [(); 5].map(|()| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut changes = ChangeSet::default();
                    changes.pricing.rulebook = Some(rulebook(version));
                    store.commit(&changes).await
                })
            });
            let mut won = 0;
            for racer in racers {
                match racer.await.unwrap() {
                    Ok(()) => won += 1,
                    lost => assert_eq!(stale(lost), Guard::Rulebook),
                }
            }
            assert_eq!(won, 1);
        }
    })
    .await;
}
