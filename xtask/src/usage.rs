//! What may be typed after `cargo xtask`, and what it means.

use crate::Error;

/// Every verb in one line; the answer to `cargo xtask --help`.
pub(crate) const USAGE: &str = "\
The chores of this workspace.

Usage: cargo xtask VERB [OPTIONS]

  test      run everything that CI runs, with a database of its own
  postgres  run a command with a throw-away PostgreSQL
  soak      run the tests in their long forms
  bench     run the benchmarks on a durable PostgreSQL
  load      let many shoppers loose on a server
  openapi   write commerce-http/openapi.json, or check it

`cargo xtask VERB --help` tells more.

Exit codes: 0 all is well, 1 something failed, 2 wrong usage, 3 PostgreSQL, Redis or Chromium is not to be had.";

const TEST: &str = "\
Runs formatting, lints, tests, doc tests and documentation, with a PostgreSQL of its own.
Finds PostgreSQL in PATH or /usr/lib/postgresql, redis-server and Chromium in PATH, and as root on Debian installs them.
Stops what it started.

Usage: cargo xtask test [--only STEP]... [--keep-going]

  --only STEP   only this step: fmt, clippy, tests, doc-tests or docs; may be repeated
  --keep-going  run the later steps also when one fails

With the variable CI set, Cargo.lock must be up to date (--locked).

Example: cargo xtask test --only fmt --only clippy";

const POSTGRES: &str = "\
Starts a throw-away PostgreSQL on a free port, with the superuser `commerce` and the database `commerce`,
runs COMMAND with its address in COMMERCE_TEST_POSTGRES_URL, and stops it. The exit code is that of COMMAND.
Without COMMAND it prints the address and waits for Ctrl-C or the end of its input.

Usage: cargo xtask postgres [--durable] [-- COMMAND ARGS...]

  --durable  flush commits to disk, as in production; without it a crash of the machine loses the data

Example: cargo xtask postgres -- cargo test -p commerce-storage-postgres";

const SOAK: &str = "\
Runs all tests optimised with COMMERCE_SOAK=1, in which they take their long forms, and a PostgreSQL.
Shows what each test said: its seed, and how far it got.

Usage: cargo xtask soak [--minutes N]

  --minutes N  how long a form may run that could run for ever (COMMERCE_SOAK_MINUTES); 10 when not given

Such forms are the random walks of the model: 20,000 for each kind of store, or as many as begin within the minutes,
which count for each from its own beginning. Those of one crate run side by side, and crates one after another: with two
crates of stores the walks take up to twice N minutes, and what else there is comes on top.

Example: cargo xtask soak --minutes 120";

const BENCH: &str = "\
Runs the benchmarks with a PostgreSQL that flushes commits to disk. What follows the verb goes to the benchmarks.

Usage: cargo xtask bench [FILTER]

Example: cargo xtask bench checkout";

const LOAD: &str = "\
Builds the server optimised, fills a shop with made-up products (`commerce seed`), serves it, and lets shoppers loose on it:
100 at once, then 1,000. Prints rate, percentiles and errors of each thing that they do, and the memory of the server.
With `--store postgres` the shop is in a PostgreSQL of its own that flushes commits to disk.

Usage: cargo xtask load [--store sqlite|postgres] [--products N] [--users N,N] [--seconds N] [--think-ms N] [--seed N]
                        [--cache on|off] [--one-by-one] [--database-url URL [--schema NAME]]
                        [--url URL]

  --store KIND        the store of the server that is started: sqlite or postgres
  --products N        how many products its shop has; 10000 when not given
  --users N,N         how many shop at once, one round for each; 100,1000 when not given
  --seconds N         how long a round takes; 30 when not given
  --think-ms N        how long a shopper looks at an answer, on average; 1000 when not given
  --seed N            what products and shoppers are drawn from; 1 when not given
  --cache on|off      whether the server keeps answers of the catalogue
  --one-by-one        ask each kind of question alone, one after the other, instead
  --database-url URL  serve this shop, which is there; orders are placed in it
  --schema NAME       the schema of PostgreSQL that is that shop
  --url URL           use the server that runs there, on this machine; orders are placed in it

Exit codes: 0 every answer was one, 1 the server failed somebody.

Example: cargo xtask load --store postgres --products 100000 --users 100,1000 --seconds 60";

const OPENAPI: &str = "\
Writes the description of the HTTP interface, as the server gives it, to commerce-http/openapi.json.

Usage: cargo xtask openapi [--check]

  --check  write nothing; exit with 1 when the file differs

Example: cargo xtask openapi --check";

/// How long a soak runs what could run for ever, unless it is told.
const SOAK_MINUTES: u32 = 10;

/// A verb with its options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Print this text.
    Help(&'static str),
    /// Run what CI runs.
    Test {
        /// The names of the steps to run, all when empty.
        only: Vec<String>,
        /// Do not stop at a step that fails.
        keep_going: bool,
    },
    /// Run a command with a database, or wait with one.
    Postgres {
        /// Flush commits to disk.
        durable: bool,
        /// The program and its arguments; empty for none.
        command: Vec<String>,
    },
    /// Run the long tests.
    Soak {
        /// For how long each test may run that could run for ever.
        minutes: u32,
    },
    /// Run the benchmarks.
    Bench {
        /// What the benchmarks get: a part of a name, or options of theirs.
        arguments: Vec<String>,
    },
    /// Put a server under load.
    Load {
        /// What the driver gets.
        arguments: Vec<String>,
    },
    /// Write or check the OpenAPI document.
    Openapi {
        /// Compare only.
        check: bool,
    },
}

/// Understands the arguments after `cargo xtask`.
///
/// # Errors
/// [`Error::Usage`] for a verb or an option that does not exist.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, Error> {
    let mut arguments = arguments.into_iter();
    let verb = arguments.next().ok_or_else(|| Error::Usage(USAGE.to_owned()))?;
    let rest: Vec<String> = arguments.collect();
    match verb.as_str() {
        "test" => test(rest),
        "postgres" => postgres(rest),
        "soak" => soak(rest),
        "bench" => Ok(bench(rest)),
        "load" => Ok(load(rest)),
        "openapi" => openapi(rest),
        "help" | "--help" | "-h" => Ok(Request::Help(USAGE)),
        other => Err(Error::Usage(format!("there is no verb `{other}`\n\n{USAGE}"))),
    }
}

fn test(arguments: Vec<String>) -> Result<Request, Error> {
    let mut only = Vec::new();
    let mut keep_going = false;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Request::Help(TEST)),
            "--keep-going" => keep_going = true,
            "--only" => only.push(arguments.next().ok_or_else(|| without_value("--only", TEST))?),
            other => return Err(unknown(other, TEST)),
        }
    }
    Ok(Request::Test { only, keep_going })
}

fn postgres(arguments: Vec<String>) -> Result<Request, Error> {
    let mut durable = false;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Request::Help(POSTGRES)),
            "--durable" => durable = true,
            "--" => return Ok(Request::Postgres { durable, command: arguments.collect() }),
            other => return Err(unknown(other, POSTGRES)),
        }
    }
    Ok(Request::Postgres { durable, command: Vec::new() })
}

fn soak(arguments: Vec<String>) -> Result<Request, Error> {
    let mut minutes = SOAK_MINUTES;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Request::Help(SOAK)),
            "--minutes" => {
                let value = arguments.next().ok_or_else(|| without_value("--minutes", SOAK))?;
                minutes = value.parse().ok().filter(|minutes| *minutes > 0).ok_or_else(|| {
                    Error::Usage(format!("`{value}` is not a number of minutes, 1 or more\n\n{SOAK}"))
                })?;
            }
            other => return Err(unknown(other, SOAK)),
        }
    }
    Ok(Request::Soak { minutes })
}

fn bench(mut arguments: Vec<String>) -> Request {
    match arguments.first().map(String::as_str) {
        Some("--help" | "-h") => return Request::Help(BENCH),
        Some("--") => drop(arguments.remove(0)),
        _ => {}
    }
    Request::Bench { arguments }
}

fn load(mut arguments: Vec<String>) -> Request {
    if arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h")) {
        return Request::Help(LOAD);
    }
    if arguments.first().is_some_and(|first| first == "--") {
        arguments.remove(0);
    }
    Request::Load { arguments }
}

fn openapi(arguments: Vec<String>) -> Result<Request, Error> {
    let mut check = false;
    for argument in arguments {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Request::Help(OPENAPI)),
            "--check" => check = true,
            other => return Err(unknown(other, OPENAPI)),
        }
    }
    Ok(Request::Openapi { check })
}

fn unknown(argument: &str, help: &str) -> Error {
    Error::Usage(format!("`{argument}` is not understood here\n\n{help}"))
}

fn without_value(option: &str, help: &str) -> Error {
    Error::Usage(format!("{option} needs a value after it\n\n{help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, Error> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_understood() {
        let only = vec!["fmt".to_owned(), "doc-tests".to_owned()];
        assert_eq!(
            parsed("test --only fmt --keep-going --only doc-tests").unwrap(),
            Request::Test { only, keep_going: true }
        );
        assert_eq!(parsed("soak").unwrap(), Request::Soak { minutes: 10 });
        assert_eq!(parsed("soak --minutes 5").unwrap(), Request::Soak { minutes: 5 });
        assert_eq!(parsed("openapi --check").unwrap(), Request::Openapi { check: true });
        let arguments = ["--store", "postgres"].map(str::to_owned).to_vec();
        assert_eq!(parsed("load --store postgres").unwrap(), Request::Load { arguments });
        assert_eq!(parsed("bench order").unwrap(), Request::Bench { arguments: vec!["order".to_owned()] });
    }

    #[test]
    fn after_two_dashes_everything_belongs_to_the_command() {
        let command = vec!["echo".to_owned(), "--durable".to_owned(), "--help".to_owned()];
        assert_eq!(
            parsed("postgres -- echo --durable --help").unwrap(),
            Request::Postgres { durable: false, command }
        );
        assert_eq!(
            parsed("postgres --durable").unwrap(),
            Request::Postgres { durable: true, command: Vec::new() }
        );
    }

    #[test]
    fn every_verb_has_help_with_an_example() {
        for verb in ["test", "postgres", "soak", "bench", "load", "openapi"] {
            let Ok(Request::Help(text)) = parsed(&format!("{verb} --help")) else {
                panic!("{verb} has no help")
            };
            let default = format!("{SOAK_MINUTES} when not given");
            assert!(verb != "soak" || text.contains(&default), "{text}");
            assert!(text.contains(&format!("\nExample: cargo xtask {verb}")), "{text}");
            assert!(USAGE.contains(&format!("\n  {verb} ")), "{verb} is not in the list");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in [
            "",
            "tset",
            "test --fast",
            "test --only",
            "postgres psql",
            "soak --minutes",
            "soak --minutes 0",
            "openapi now",
        ] {
            assert!(matches!(parsed(line), Err(Error::Usage(_))), "{line}");
        }
    }
}
