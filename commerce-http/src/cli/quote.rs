//! `commerce quote`.

use std::path::{Path, PathBuf};

use commerce_core::Timestamp;
use commerce_core::pricing::{CartDocument, CartDocumentError, Rulebook};

use super::failure::Failure;
use super::{document, out};

/// Price a cart by a rulebook, from two files and without a database.
///
/// The rulebook is what `commerce rules show` prints and `commerce rules apply` takes; the cart names what the rules look
/// at. `commerce schema` prints the JSON Schemas of both. The same files give the same amounts on every machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce quote --rulebook rules.json --cart cart.json
  commerce rules show --database-url sqlite:shop.db | commerce quote --rulebook - --cart cart.json --table
  echo '{\"lines\": [{\"sku\": \"MUG\", \"quantity\": 3, \"unit_price\": \"9.99\"}]}' |
      commerce quote --rulebook rules.json --cart - --explain --now 2026-11-27T00:00:00Z

Exit codes: 0 priced · 1 failed (disk) · 2 a document has errors, each named with its file and place, or wrong usage")]
pub(super) struct Args {
    /// The rulebook, in JSON; `-` reads the standard input
    #[arg(long, value_name = "FILE")]
    rulebook: PathBuf,
    /// The cart, in JSON; `-` reads the standard input
    #[arg(long, value_name = "FILE")]
    cart: PathBuf,
    /// Add how the amounts came about, step by step, and why a rule did nothing
    #[arg(long)]
    explain: bool,
    /// Print that as a table for people, instead of JSON
    #[arg(long)]
    table: bool,
    /// The time for which it is priced, unless the cart names one: RFC 3339 [default: now]
    #[arg(long, value_name = "INSTANT")]
    now: Option<Timestamp>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let stdin = Path::new("-");
    if args.rulebook == stdin && args.cart == stdin {
        return Err(Failure::Usage("only one of the documents can come from the standard input".to_owned()));
    }
    let rulebook: Rulebook = document::read(&args.rulebook)?;
    let rules = rulebook.compile().map_err(|errors| {
        let faults = errors.iter().map(|error| (error.pointer.as_str(), error.reason.clone()));
        document::wrong(&args.rulebook, faults)
    })?;
    let cart: CartDocument = document::read(&args.cart)?;
    let now = args.now.map_or_else(now, Ok)?;
    let wrong = |error: CartDocumentError| match error {
        CartDocumentError::Invalid(errors) => {
            let faults = errors.iter().map(|error| (error.pointer.as_str(), error.reason.clone()));
            document::wrong(&args.cart, faults)
        }
        other => Failure::Usage(format!("{} cannot be priced: {other}", args.cart.display())),
    };
    if args.table {
        out::write(&cart.explain(&rules, now).map_err(wrong)?.table())?;
    } else {
        let quote = cart.quote(&rules, now, args.explain).map_err(wrong)?;
        out::line(&serde_json::to_string_pretty(&quote).map_err(std::io::Error::from)?)?;
    }
    Ok(0)
}

/// What the machine's clock says.
#[expect(clippy::disallowed_methods, reason = "there is no store here whose clock could be asked")]
fn now() -> Result<Timestamp, Failure> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since.ok().and_then(|since| i64::try_from(since.as_micros()).ok());
    let now = micros.and_then(|micros| Timestamp::from_micros(micros).ok());
    now.ok_or_else(|| Failure::Other("the clock of this machine is not set: give --now".to_owned()))
}
