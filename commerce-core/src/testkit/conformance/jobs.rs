//! Jobs: whoever writes the row under its version has the lease, and nobody else.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::{Shop, guard};
use crate::job::Job;
use crate::testkit::{Intercepted, Meeting};
use crate::{ChangeSet, Guard, Store};

/// A job that never ran, one of which all is known, and one of which nothing is known any more.
pub async fn a_job_in_full_and_one_with_nothing(shop: &Shop) {
    let (now, never) = shop.store.job("payments.reconcile").await.unwrap();
    assert_eq!(never, Job::new("payments.reconcile"));
    let full = Job {
        leased_until: Some(now.plus(Duration::from_micros(1))),
        done_until: Some(now),
        report: json!({"naïve \"日本\"": [1, null, {"a": "b\\"}]}),
        ..never.clone()
    };
    write(shop, &full).await;
    let found = shop.store.job("payments.reconcile").await.unwrap().1;
    assert_eq!(found, Job { version: 1, ..full });
    write(shop, &Job { version: 1, ..never.clone() }).await;
    let (seen_at, found) = shop.store.job("payments.reconcile").await.unwrap();
    assert_eq!(found, Job { version: 2, ..never });
    assert!(seen_at >= now);
    assert_eq!(shop.store.job("another").await.unwrap().1, Job::new("another"));
}

/// A job that somebody else wrote meanwhile: the first time, and later.
pub async fn a_job_that_changed(shop: &Shop) {
    let job = Job::new("payments.reconcile");
    let stale = Guard::Job(job.name.clone());
    let mut changes = ChangeSet::default();
    changes.job.write = vec![Job { version: 1, ..job.clone() }];
    assert_eq!(shop.stale(&changes).await, stale, "it is not there");
    write(shop, &job).await;
    changes.job.write = vec![job.clone()];
    assert_eq!(shop.stale(&changes).await, stale, "it is there");
    write(shop, &Job { version: 1, ..job.clone() }).await;
    changes.job.write = vec![Job { version: 1, ..job.clone() }];
    assert_eq!(shop.stale(&changes).await, stale);
    // The one that does not hold is named, and none of them is written.
    changes.job.write = vec![Job::new("another"), Job { version: 1, ..job }];
    assert_eq!(shop.stale(&changes).await, stale);
    assert_eq!(shop.store.job("another").await.unwrap().1.version, 0);
}

/// Several servers take the lease of a job at once, which never ran or did: one has it.
pub async fn a_lease_is_taken_by_one(shop: &Shop) {
    for round in 0..3 {
        let store: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(8)));
        let mut servers = JoinSet::new();
        for _ in 0..8 {
            let store = Arc::clone(&store);
            servers.spawn(async move {
                let (now, job) = store.job("payments.reconcile").await.unwrap();
                let mut changes = ChangeSet::default();
                changes.job.write =
                    vec![Job { leased_until: Some(now.plus(Duration::from_secs(60))), ..job }];
                store.commit(&changes).await
            });
        }
        let (won, lost): (Vec<_>, Vec<_>) = servers.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 7), "round {round}");
        for refused in lost {
            assert_eq!(guard(refused), Guard::Job("payments.reconcile".to_owned()));
        }
        assert_eq!(shop.store.job("payments.reconcile").await.unwrap().1.version, round + 1);
    }
}

async fn write(shop: &Shop, job: &Job) {
    let mut changes = ChangeSet::default();
    changes.job.write = vec![job.clone()];
    shop.store.commit(&changes).await.unwrap();
}
