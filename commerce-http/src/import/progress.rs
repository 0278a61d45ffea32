//! Showing how far long work has come.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::summary::{grouped, size};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// How far the work has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Bytes read of the source; 0 where the work reads none.
    pub bytes: u64,
    /// How many there are, if that is known.
    pub size: Option<u64>,
    /// Products done.
    pub products: u64,
    /// Products and variants refused.
    pub refused: u64,
}

/// Is told how far the work has come.
pub trait Progress: Send + Sync {
    /// The work has come this far. It is told often.
    fn at(&self, position: Position);

    /// The work has ended, well or not.
    fn done(&self) {}
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn at(&self, _: Position) {}
}

/// Shows progress on the standard error: a bar with rate and time left on a terminal, else a plain line every few
/// seconds.
#[must_use]
pub fn terminal(doing: &'static str, size: Option<u64>) -> Box<dyn Progress> {
    if io::stderr().is_terminal() {
        Box::new(Bar::new(doing, size))
    } else {
        let begun = Instant::now();
        Box::new(Lines { doing, begun, last: Mutex::new(begun) })
    }
}

/// Shows how many of `count` things that are called `what` are done, in the same way: `what` are counted as products are
/// in a [`Position`].
#[must_use]
pub fn counting(what: &'static str, count: u64) -> Box<dyn Progress> {
    let begun = Instant::now();
    if io::stderr().is_terminal() {
        let template = "{prefix} [{bar:30}] {percent:>3}%  {human_pos} of {human_len}, {per_sec}, {eta} left";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr_with_hz(5));
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(what);
        Box::new(CountBar(bar))
    } else {
        Box::new(CountLines { what, count, begun, first: OnceLock::new(), last: Mutex::new(begun) })
    }
}

struct CountBar(ProgressBar);

impl Progress for CountBar {
    fn at(&self, position: Position) {
        self.0.set_position(position.products);
    }

    fn done(&self) {
        self.0.finish_and_clear();
    }
}

struct CountLines {
    what: &'static str,
    count: u64,
    begun: Instant,
    /// Where the work began: what an earlier run did says nothing of the rate.
    first: OnceLock<u64>,
    last: Mutex<Instant>,
}

impl Progress for CountLines {
    #[expect(clippy::print_stderr, reason = "progress of a command, asked for by its caller")]
    fn at(&self, position: Position) {
        let now = Instant::now();
        let first = *self.first.get_or_init(|| position.products);
        if due(&self.last, now) {
            let counted = count_line(first, position.products, self.count, now - self.begun);
            eprintln!("{}: {counted}", self.what);
        }
    }
}

/// `12,000 of 1,000,000, 5000/s, 197 s left`.
fn count_line(first: u64, done: u64, count: u64, elapsed: Duration) -> String {
    let here = done.saturating_sub(first);
    let rate = u128::from(here) * 1_000 / elapsed.as_millis().max(1);
    let mut line = format!("{} of {}, {rate}/s", grouped(done), grouped(count));
    if let Some(left) = left(here, count.saturating_sub(first), elapsed) {
        line += &format!(", {left} s left");
    }
    line
}

/// Whether a line is due, which is noted then.
fn due(last: &Mutex<Instant>, now: Instant) -> bool {
    let mut last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let due = now - *last >= LINE_EVERY;
    if due {
        *last = now;
    }
    due
}

struct Bar(ProgressBar);

impl Bar {
    fn new(doing: &'static str, size: Option<u64>) -> Self {
        let template = match size {
            Some(_) => "{prefix} [{bar:30}] {percent:>3}%  {bytes_per_sec}, {eta} left  {msg}",
            None => "{prefix} {spinner} {elapsed}  {msg}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::stderr_with_hz(5));
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(doing);
        Self(bar)
    }
}

impl Progress for Bar {
    fn at(&self, position: Position) {
        self.0.set_position(position.bytes);
        self.0.set_message(counted(&position));
    }

    fn done(&self) {
        self.0.finish_and_clear();
    }
}

struct Lines {
    doing: &'static str,
    begun: Instant,
    last: Mutex<Instant>,
}

impl Progress for Lines {
    #[expect(clippy::print_stderr, reason = "progress of a command, asked for by its caller")]
    fn at(&self, position: Position) {
        let now = Instant::now();
        if due(&self.last, now) {
            eprintln!("{}: {}", self.doing, line(&position, now - self.begun));
        }
    }
}

/// `37 % of 3.7 MB, 12 s left, 800 products`.
fn line(position: &Position, elapsed: Duration) -> String {
    let Position { bytes, size: whole, .. } = *position;
    let mut parts = Vec::new();
    if let Some(whole) = whole.filter(|whole| *whole > 0) {
        parts.push(format!("{} % of {}", bytes.min(whole) * 100 / whole, size(whole)));
        if let Some(left) = left(bytes, whole, elapsed) {
            parts.push(format!("{left} s left"));
        }
    }
    parts.push(counted(position));
    parts.push(format!("{} products/s", u128::from(position.products) * 1_000 / elapsed.as_millis().max(1)));
    parts.join(", ")
}

/// Seconds left if the rest goes as the part before did.
fn left(bytes: u64, whole: u64, elapsed: Duration) -> Option<u128> {
    let rest = u128::from(whole.saturating_sub(bytes));
    (bytes > 0).then(|| elapsed.as_millis() * rest / u128::from(bytes) / 1_000)
}

fn counted(position: &Position) -> String {
    let products = format!("{} products", grouped(position.products));
    if position.refused == 0 {
        products
    } else {
        format!("{products}, {} refused", grouped(position.refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_says_how_fast_it_is_since_it_began() {
        let line = count_line(4_000, 14_000, 54_000, Duration::from_secs(2));
        assert_eq!(line, "14,000 of 54,000, 5000/s, 8 s left");
        assert_eq!(count_line(0, 0, 10, Duration::ZERO), "0 of 10, 0/s");
    }

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long_still() {
        let position = Position { bytes: 1_000_000, size: Some(4_000_000), products: 1_200, refused: 3 };
        assert_eq!(
            line(&position, Duration::from_secs(2)),
            "25 % of 4.0 MB, 6 s left, 1,200 products, 3 refused, 600 products/s"
        );
        let unknown = Position { size: None, refused: 0, ..position };
        assert_eq!(line(&unknown, Duration::from_secs(2)), "1,200 products, 600 products/s");
    }
}
