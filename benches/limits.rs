//! What it costs to count a caller in memory: one who comes again and again, one of a hundred thousand, and several threads
//! at once; beside a map in a mutex that is only written to.
//!
//! `cargo xtask bench limits`

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use commerce_core::limit::{InProcessLimiter, Quota};
use commerce_storage_sqlite::SystemClock;
use criterion::{Criterion, criterion_group, criterion_main};

const CALLERS: usize = 100_000;
const THREADS: u32 = 2;

fn callers() -> Vec<String> {
    (0..CALLERS).map(|n| format!("address_reads:10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255)).collect()
}

fn limits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("limits");
    let quota: Quota = "1000000/s".parse().expect("a quota");
    let callers = callers();
    let floor = Mutex::new(HashMap::<Box<str>, Instant>::new());
    let mut next = 0;
    let mut turn = || {
        next = (next + 1) % CALLERS;
        callers[next].as_str()
    };
    group.bench_function("floor: a map in a mutex", |bencher| {
        bencher.iter(|| {
            let mut map = floor.lock().expect("nobody panics");
            *map.entry(turn().into()).or_insert_with(Instant::now) = Instant::now();
        });
    });
    let limiter = Arc::new(InProcessLimiter::new(Arc::new(SystemClock)));
    group.bench_function("one caller", |bencher| bencher.iter(|| black_box(limiter.take("caller", quota))));
    group.bench_function("one of 100,000", |bencher| {
        let lasting: Quota = "1000000/h".parse().expect("a quota");
        bencher.iter(|| black_box(limiter.take(turn(), lasting)));
    });
    group.bench_function("two threads", |bencher| {
        bencher.iter_custom(|times| {
            let begun = Instant::now();
            std::thread::scope(|scope| {
                for thread in 0..THREADS {
                    let (limiter, callers) = (&limiter, &callers);
                    scope.spawn(move || {
                        for n in 0..times as usize {
                            let caller = &callers[(n * 7 + thread as usize) % CALLERS];
                            let _ = black_box(limiter.take(caller, quota));
                        }
                    });
                }
            });
            begun.elapsed() / THREADS
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3));
    targets = limits
}
criterion_main!(benches);
