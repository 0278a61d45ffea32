//! What it costs to find a kept answer: the key alone, a hit in memory, and the generation that is looked at again; beside a
//! map in a mutex that knows the key already.
//!
//! `cargo xtask bench cache`

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use commerce_core::StoreError;
use commerce_core::cache::{Answers, Found, Generation, InProcessCache, Place, Question};
use commerce_storage_sqlite::SqliteStore;
use criterion::{Criterion, criterion_group, criterion_main};

/// A page of twenty products has about so many bytes.
const BYTES: usize = 8_000;
const QUESTIONS: usize = 1_000;

fn inputs() -> Vec<String> {
    (0..QUESTIONS)
        .map(|n| format!("Filters {{ category: Some(Text(\"shoes\")), page: Some({n}) }}"))
        .collect()
}

fn cache(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("cache");
    let inputs = inputs();
    let mut next = 0;
    let mut turn = || {
        next = (next + 1) % QUESTIONS;
        inputs[next].as_str()
    };
    let floor: Mutex<HashMap<String, Bytes>> =
        Mutex::new(inputs.iter().map(|key| (key.clone(), Bytes::from(vec![b'x'; BYTES]))).collect());
    group.bench_function("floor: a map in a mutex", |bencher| {
        bencher.iter(|| black_box(floor.lock().expect("nobody panics").get(turn()).cloned()));
    });
    group.bench_function("the key of a question", |bencher| {
        bencher.iter(|| black_box(Place::of("1", Generation(42), &Question::new("list", turn()))));
    });
    let store = runtime.block_on(SqliteStore::in_memory()).expect("a store");
    let answers = Answers::new(Arc::new(store), InProcessCache::new(InProcessCache::BYTES_MAX), "1");
    runtime.block_on(async {
        for inputs in &inputs {
            if let Found::Nothing(place) =
                answers.find(&Question::new("list", inputs)).await.expect("a store")
            {
                let body = async { Ok::<_, StoreError>(vec![b'x'; BYTES]) };
                answers.make(&place, body).await.expect("it is made");
            }
        }
    });
    group.bench_function("a kept answer", |bencher| {
        bencher.iter(|| {
            let found = runtime.block_on(answers.find(&Question::new("list", turn()))).expect("a store");
            assert!(matches!(found, Found::Current(_)), "it was made before");
        });
    });
    group.bench_function("a kept answer after a write of one's own", |bencher| {
        bencher.iter(|| {
            answers.touch();
            let found = runtime.block_on(answers.find(&Question::new("list", turn()))).expect("a store");
            assert!(matches!(found, Found::Current(_)), "nothing has changed");
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3));
    targets = cache
}
criterion_main!(benches);
