//! Commands one after the other: announced, timed, and summed up in a table.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::postgres::{Postgres, Scope, URL_VARIABLE};

/// One command of a verb.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// What people call it, also after `--only`.
    pub(crate) name: &'static str,
    /// Whether it needs a PostgreSQL.
    pub(crate) database: bool,
    /// Whether it needs a browser.
    pub(crate) browser: bool,
    /// Whether it needs a Redis server's program.
    pub(crate) redis: bool,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

impl Step {
    /// `cargo` with these arguments, separated by spaces.
    pub(crate) fn cargo(name: &'static str, arguments: &str) -> Self {
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        Self { name, database: false, browser: false, redis: false, arguments, environment: Vec::new() }
    }

    /// With more arguments, each as it is.
    pub(crate) fn args<S: Into<String>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With a variable in its environment.
    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// With a PostgreSQL to talk to.
    pub(crate) fn with_database(mut self) -> Self {
        self.database = true;
        self
    }

    /// With a browser in PATH.
    pub(crate) fn with_browser(mut self) -> Self {
        self.browser = true;
        self
    }

    /// With `redis-server` in PATH.
    pub(crate) fn with_redis(mut self) -> Self {
        self.redis = true;
        self
    }

    fn run(&self, postgres: Option<&mut Postgres>) -> bool {
        let mut command = Command::new(cargo());
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(crate::root()).stdin(Stdio::null());
        let status = match postgres {
            Some(postgres) => {
                if self.database {
                    command.env(URL_VARIABLE, postgres.url());
                }
                postgres.guard(&mut command, Scope::Group)
            }
            None => command.status(),
        };
        match status {
            Ok(status) => status.success(),
            Err(error) => {
                eprintln!("xtask: cannot run cargo: {error}");
                false
            }
        }
    }
}

/// The command as one types it into a shell.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(f, "{name}={} ", quoted(value))?;
        }
        write!(f, "cargo")?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The cargo that runs us, so that toolchains do not mix.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Whether to run the steps after one that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// Leave them out.
    Stop,
    /// Run them all the same.
    KeepGoing,
}

/// Runs the steps, prints the table, and tells how to run again what failed. True when nothing did.
pub(crate) fn run_all(steps: &[Step], on_failure: OnFailure, mut postgres: Option<&mut Postgres>) -> bool {
    let mut results = Vec::new();
    let mut stopped = false;
    for step in steps {
        if stopped {
            results.push((step, Outcome::NotRun));
            continue;
        }
        println!("\n=== {}: {step}", step.name);
        let started = Instant::now();
        let passed = step.run(postgres.as_deref_mut());
        let took = started.elapsed();
        results.push((step, if passed { Outcome::Passed(took) } else { Outcome::Failed(took) }));
        stopped = !passed && on_failure == OnFailure::Stop;
    }
    print!("\n{}", table(&results));
    let failed: Vec<_> = results
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_)))
        .map(|(step, _)| *step)
        .collect();
    for step in &failed {
        println!("\n{}", advice(step));
    }
    failed.is_empty()
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Passed(Duration),
    Failed(Duration),
    NotRun,
}

fn table(results: &[(&Step, Outcome)]) -> String {
    let width = results.iter().map(|(step, _)| step.name.len()).fold("step".len(), usize::max);
    let mut table = format!("{:width$}  {:7}  {:>8}\n", "step", "result", "seconds");
    for (step, outcome) in results {
        let (result, seconds) = match outcome {
            Outcome::Passed(took) => ("ok", format!("{:.1}", took.as_secs_f64())),
            Outcome::Failed(took) => ("FAILED", format!("{:.1}", took.as_secs_f64())),
            Outcome::NotRun => ("not run", "-".to_owned()),
        };
        table.push_str(&format!("{:width$}  {result:7}  {seconds:>8}\n", step.name));
    }
    table
}

fn advice(step: &Step) -> String {
    let mut advice = format!("{} failed. To run it again:\n", step.name);
    if step.database {
        advice.push_str(&format!("  cargo xtask postgres -- {}\n", with_env(step)));
        advice.push_str("To run a single test, with a database:\n");
        advice.push_str("  cargo xtask postgres -- cargo test -p CRATE NAME\n");
        advice.push_str(&format!(
            "Or keep a database in one terminal with `cargo xtask postgres`, and in another set\n  \
             {URL_VARIABLE} to the address that it prints."
        ));
    } else {
        advice.push_str(&format!("  {step}"));
    }
    advice
}

/// `NAME=value command` is shell syntax; where there is no shell, `env` understands it.
fn with_env(step: &Step) -> String {
    if step.environment.is_empty() { step.to_string() } else { format!("env {step}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_reads_as_it_is_typed() {
        let step = Step::cargo("docs", "doc --no-deps").env("RUSTDOCFLAGS", "-D warnings").args(["it's"]);
        assert_eq!(step.to_string(), r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'it'\''s'");
    }

    #[test]
    fn the_table_has_a_row_for_each_step() {
        let fmt = Step::cargo("fmt", "fmt");
        let tests = Step::cargo("doc tests", "test");
        let results = [
            (&fmt, Outcome::Passed(Duration::from_millis(1250))),
            (&tests, Outcome::Failed(Duration::from_secs(100))),
            (&fmt, Outcome::NotRun),
        ];
        let expected = "\
step       result    seconds
fmt        ok            1.2
doc tests  FAILED      100.0
fmt        not run         -
";
        assert_eq!(table(&results), expected);
    }

    #[test]
    fn advice_brings_the_database_with_it() {
        let step = Step::cargo("tests", "test --workspace").env("INSTA_UPDATE", "no").with_database();
        let advice = advice(&step);
        assert!(
            advice.contains("cargo xtask postgres -- env INSTA_UPDATE=no cargo test --workspace\n"),
            "{advice}"
        );
    }
}
