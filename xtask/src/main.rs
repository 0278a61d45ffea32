//! The chores of this workspace, as `cargo xtask VERB`. Only for Unix, and only with the standard library.

#![expect(clippy::print_stdout, reason = "a command-line program: its answers go to standard output")]

mod chromium;
mod debian;
mod postgres;
mod redis;
mod steps;
mod usage;

use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use postgres::{Durability, Postgres, Scope, URL_VARIABLE};
use steps::{OnFailure, Step};
use usage::Request;

/// Features with which lints, tests and documentation are built, as `crate/feature`. One list for all, so that
/// they share what is built.
const FEATURES: &[&str] = &[
    "commerce-core/crash-points",
    "commerce-core/testkit",
    "commerce-paystack/sandbox",
    "commerce-storage-sqlite/planted",
    "commerce-storage-postgres/planted",
];

/// What the cases of properties are drawn from: the same ones for everybody, so that a change is what turns a test red. A
/// soak draws new ones.
const PROPERTY_SEED: &str = "20261123";

fn main() -> ExitCode {
    let arguments = env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let done = usage::parse(arguments).and_then(run);
    done.unwrap_or_else(|error| {
        eprintln!("xtask: {error}");
        error.exit_code()
    })
}

fn run(request: Request) -> Result<ExitCode, Error> {
    match request {
        Request::Help(text) => {
            println!("{text}");
            Ok(ExitCode::SUCCESS)
        }
        Request::Test { only, keep_going } => test(&only, keep_going),
        Request::Postgres { durable, command } => with_postgres(durable, &command),
        Request::Soak { minutes } => soak(minutes),
        Request::Bench { arguments } => bench(arguments),
        Request::Load { arguments } => load(arguments),
        Request::Openapi { check } => openapi(check),
    }
}

fn test(only: &[String], keep_going: bool) -> Result<ExitCode, Error> {
    let on_failure = if keep_going { OnFailure::KeepGoing } else { OnFailure::Stop };
    let steps = selected(test_steps(on_failure), only)?;
    // Before the first step, though a later one needs it: who lacks a browser, Redis or PostgreSQL wants to know now.
    if steps.iter().any(|step| step.browser) {
        chromium::ensure()?;
    }
    if steps.iter().any(|step| step.redis) {
        redis::ensure()?;
    }
    let mut postgres = match steps.iter().any(|step| step.database) {
        true => Some(Postgres::start(Durability::ThrowAway)?),
        false => None,
    };
    Ok(exit_code(steps::run_all(&steps, on_failure, postgres.as_mut())))
}

fn test_steps(on_failure: OnFailure) -> Vec<Step> {
    let fail_fast: &[&str] = if on_failure == OnFailure::KeepGoing { &["--no-fail-fast"] } else { &[] };
    let shared = shared_flags();
    vec![
        Step::cargo("fmt", "fmt --all --check"),
        Step::cargo("clippy", "clippy --workspace --all-targets")
            .args(&shared)
            .args(["--", "-D", "warnings"]),
        // Not --all-targets: that would run the benchmarks too.
        Step::cargo("tests", "test --workspace --lib --bins --tests --examples")
            .args(&shared)
            .args(fail_fast.iter().copied())
            .env("INSTA_UPDATE", "no")
            .env("PROPTEST_RNG_SEED", PROPERTY_SEED)
            .with_browser()
            .with_redis()
            .with_database(),
        Step::cargo("doc tests", "test --workspace --doc")
            .args(&shared)
            .args(fail_fast.iter().copied())
            .env("INSTA_UPDATE", "no")
            .with_database(),
        Step::cargo("docs", "doc --workspace --no-deps").args(&shared).env("RUSTDOCFLAGS", "-D warnings"),
    ]
}

/// What every command that builds gets. Other flags for one of them would build all dependencies twice.
fn shared_flags() -> Vec<String> {
    let mut flags = Vec::new();
    if !FEATURES.is_empty() {
        flags.extend(["--features".to_owned(), FEATURES.join(",")]);
    }
    flags.extend(locked().map(str::to_owned));
    flags
}

/// In CI a Cargo.lock that does not fit is an error, and not something to mend in passing.
fn locked() -> Option<&'static str> {
    env::var_os("CI").map(|_| "--locked")
}

fn selected(steps: Vec<Step>, only: &[String]) -> Result<Vec<Step>, Error> {
    let names: Vec<String> = steps.iter().map(|step| step.name.replace(' ', "-")).collect();
    let only: Vec<String> = only.iter().map(|name| name.replace(' ', "-")).collect();
    if let Some(name) = only.iter().find(|name| !names.contains(name)) {
        return Err(Error::Usage(format!("there is no step `{name}`; the steps are {}", names.join(", "))));
    }
    let chosen = |step: &Step| only.is_empty() || only.contains(&step.name.replace(' ', "-"));
    Ok(steps.into_iter().filter(chosen).collect())
}

fn with_postgres(durable: bool, command: &[String]) -> Result<ExitCode, Error> {
    let durability = if durable { Durability::Durable } else { Durability::ThrowAway };
    let mut postgres = Postgres::start(durability)?;
    let Some((program, arguments)) = command.split_first() else {
        println!("{URL_VARIABLE}={}", postgres.url());
        eprintln!("Ctrl-C, or the end of the input, stops it.");
        let waited = io::copy(&mut io::stdin().lock(), &mut io::sink());
        return waited
            .map(|_| ExitCode::SUCCESS)
            .map_err(|error| Error::Failed(format!("no input: {error}")));
    };
    let mut command = Command::new(program);
    command.args(arguments).env(URL_VARIABLE, postgres.url());
    let status = postgres.guard(&mut command, Scope::Process);
    let status = status.map_err(|error| Error::Failed(format!("cannot run `{program}`: {error}")))?;
    // As a shell does it: 128 and the signal.
    let code = status.code().or_else(|| status.signal().map(|signal| signal.saturating_add(128)));
    Ok(ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

fn soak(minutes: u32) -> Result<ExitCode, Error> {
    // After an hour one wants to know all that failed, not only the first.
    let step = Step::cargo("soak", "test --workspace --profile soak --no-fail-fast")
        .args(shared_flags())
        .args(["--", "--show-output"])
        .env("COMMERCE_SOAK", "1")
        .env("COMMERCE_SOAK_MINUTES", minutes.to_string())
        .env("INSTA_UPDATE", "no")
        .with_database();
    chromium::ensure()?;
    redis::ensure()?;
    run_with_postgres(step, Durability::ThrowAway)
}

fn bench(arguments: Vec<String>) -> Result<ExitCode, Error> {
    let step = Step::cargo("bench", "bench -p commerce-benches")
        .args(locked())
        .args(["--"])
        .args(arguments)
        .with_database();
    run_with_postgres(step, Durability::Durable)
}

fn load(arguments: Vec<String>) -> Result<ExitCode, Error> {
    // The driver looks for the server beside itself.
    let server = Step::cargo("server", "build --profile soak -p commerce-http --bin commerce").args(locked());
    let on_postgres =
        arguments.iter().any(|argument| matches!(argument.as_str(), "postgres" | "--store=postgres"));
    let driver = Step::cargo("load", "run --profile soak -p commerce-load")
        .args(locked())
        .args(["--"])
        .args(arguments);
    let (driver, mut postgres) = match on_postgres {
        true => (driver.with_database(), Some(Postgres::start(Durability::Durable)?)),
        false => (driver, None),
    };
    Ok(exit_code(steps::run_all(&[server, driver], OnFailure::Stop, postgres.as_mut())))
}

fn run_with_postgres(step: Step, durability: Durability) -> Result<ExitCode, Error> {
    let mut postgres = Postgres::start(durability)?;
    Ok(exit_code(steps::run_all(&[step], OnFailure::Stop, Some(&mut postgres))))
}

fn openapi(check: bool) -> Result<ExitCode, Error> {
    let mut command = Command::new(steps::cargo());
    command.args(["run", "-q", "-p", "commerce-http"]).args(locked()).args(["--", "openapi"]);
    let output = command.current_dir(root()).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Error::Failed(format!("cannot run cargo: {error}")))?;
    if !output.status.success() {
        let command = "cargo run -p commerce-http -- openapi";
        return Err(Error::Failed(format!(
            "`{command}` failed, see above; commerce-http/openapi.json is as it was"
        )));
    }
    let file = root().join("commerce-http/openapi.json");
    if check {
        if fs::read(&file).is_ok_and(|written| written == output.stdout) {
            println!("commerce-http/openapi.json is up to date");
            return Ok(ExitCode::SUCCESS);
        }
        let advice = "run `cargo xtask openapi`, look at the difference, and commit it";
        return Err(Error::Failed(format!(
            "commerce-http/openapi.json is not what the server says: {advice}"
        )));
    }
    let written =
        file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, output.stdout));
    written.map_err(|error| Error::Failed(format!("cannot write commerce-http/openapi.json: {error}")))?;
    println!("commerce-http/openapi.json written");
    Ok(ExitCode::SUCCESS)
}

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

fn exit_code(passed: bool) -> ExitCode {
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Why a verb could not be done. The message says what to do next.
#[derive(Debug)]
pub(crate) enum Error {
    /// It was asked for in a way that we do not understand.
    Usage(String),
    /// A program that the tests need is not there, and we cannot install it.
    Missing(String),
    /// Something that should work did not.
    Failed(String),
}

impl Error {
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Missing(_) => 3,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Missing(text) | Self::Failed(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_chosen_by_name_in_their_own_order() {
        let only = ["docs".to_owned(), "doc tests".to_owned(), "fmt".to_owned()];
        let steps = selected(test_steps(OnFailure::Stop), &only).unwrap();
        assert_eq!(steps.iter().map(|step| step.name).collect::<Vec<_>>(), ["fmt", "doc tests", "docs"]);
        assert!(matches!(selected(test_steps(OnFailure::Stop), &["tets".to_owned()]), Err(Error::Usage(_))));
    }
}
