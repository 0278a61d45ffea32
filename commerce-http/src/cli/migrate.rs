//! `commerce migrate`.

use super::database::DatabaseArgs;
use super::failure::Failure;
use super::out;
use crate::store::Migrations;

/// Bring the tables of the database up to date.
///
/// Creates what is absent. Safe beside a server that runs, and when several do it at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  commerce migrate --database-url postgres://shop@localhost/shop --schema adire

`serve`, `import` and `rules apply` do this by themselves, unless they are told --no-migrate.

Exit codes: 0 up to date · 1 failed · 2 wrong usage or configuration")]
pub(super) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    args.database.open(Migrations::Run).await?.close().await;
    out::line("the tables are up to date")?;
    Ok(0)
}
