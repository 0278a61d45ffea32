//! What a round showed, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::shopper::Note;

/// What a round showed.
pub struct Report {
    steps: BTreeMap<&'static str, Vec<Duration>>,
    wrong: BTreeMap<(&'static str, String), (bool, u64)>,
    elapsed: Duration,
}

impl Report {
    /// Sums up what each shopper noted.
    pub fn of(notes: impl IntoIterator<Item = Vec<Note>>, elapsed: Duration) -> Self {
        let mut report = Self { steps: BTreeMap::new(), wrong: BTreeMap::new(), elapsed };
        for Note { step, took, wrong } in notes.into_iter().flatten() {
            report.steps.entry(step).or_default().push(took);
            if let Some(wrong) = wrong {
                report.wrong.entry((step, wrong.kind)).or_insert((wrong.failure, 0)).1 += 1;
            }
        }
        for times in report.steps.values_mut() {
            times.sort_unstable();
        }
        report
    }

    /// Whether the server failed anybody.
    pub fn failed(&self) -> bool {
        self.wrong.values().any(|(failure, _)| *failure)
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, name: &str, times: &[Duration], errors: u64) -> fmt::Result {
        let rate = times.len() as f64 / self.elapsed.as_secs_f64();
        let [p50, p95, p99] = [50, 95, 99].map(|percent| millis(percentile(times, percent)));
        let most = millis(times.last().copied().unwrap_or_default());
        let count = times.len();
        writeln!(
            f,
            "| {name:<18} | {count:>8} | {rate:>8.1} | {p50:>8} | {p95:>8} | {p99:>8} | {most:>8} | {errors:>6} |"
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [count, rate] = ["answers", "per s"];
        let [p50, p95, p99, most] = ["p50 ms", "p95 ms", "p99 ms", "most ms"];
        writeln!(
            f,
            "| {:<18} | {count:>8} | {rate:>8} | {p50:>8} | {p95:>8} | {p99:>8} | {most:>8} | errors |",
            "step"
        )?;
        let dashes = "-".repeat(10);
        writeln!(f, "|{}|{}--------|", "-".repeat(20), format!("{dashes}|").repeat(6))?;
        for (step, times) in &self.steps {
            let of_step = self.wrong.iter().filter(|((of, _), _)| of == step);
            self.row(f, step, times, of_step.map(|(_, (_, count))| count).sum())?;
        }
        let mut all: Vec<Duration> = self.steps.values().flatten().copied().collect();
        all.sort_unstable();
        self.row(f, "all", &all, self.wrong.values().map(|(_, count)| count).sum())?;
        for ((step, kind), (failure, count)) in &self.wrong {
            let mark = if *failure { "FAILURE" } else { "refused" };
            writeln!(f, "  {mark}: {step}: {kind}, {count} times")?;
        }
        Ok(())
    }
}

/// The value that so many of a hundred do not exceed.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(place - 1).copied().unwrap_or_default()
}

pub fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1_000.0)
}
