//! `commerce doctor`.

use commerce_core::Invariant;

use super::database::DatabaseArgs;
use super::failure::{EXIT_VIOLATIONS, Failure};
use super::out;
use crate::store::Migrations;

/// Look for rows that break an invariant.
///
/// Reads the whole store and names every row in which the books do not add up.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  commerce doctor --database-url sqlite:shop.db

Exit codes: 0 all is well · 1 failed · 2 wrong usage or configuration · 5 there are violations; each is named")]
pub(super) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    let shop = args.database.open(Migrations::Skip).await?;
    let violations = shop.engine.verify_invariants().await;
    shop.close().await;
    let violations = violations?;
    for violation in &violations {
        out::line(&violation.to_string())?;
    }
    if violations.is_empty() {
        out::line(&format!("all {} invariants hold", Invariant::ALL.len()))?;
        return Ok(0);
    }
    out::line(&format!("{} violations", violations.len()))?;
    Ok(EXIT_VIOLATIONS)
}
