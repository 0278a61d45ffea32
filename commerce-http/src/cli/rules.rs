//! `commerce rules`.

use std::path::PathBuf;

use clap::Subcommand;
use commerce_core::audit::Actor;
use commerce_core::pricing::Rulebook;

use super::database::DatabaseArgs;
use super::failure::Failure;
use super::{document, out};
use crate::store::Migrations;

/// Show or change the rules of prices, promotions, tax and shipping.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  commerce rules show --database-url sqlite:shop.db > rules.json
  commerce rules apply rules.json --database-url sqlite:shop.db")]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Put a rulebook in force: carts are priced by it from now on, placed orders keep their prices
    #[command(after_help = "\
Example:
  commerce rules apply rules.json --database-url sqlite:shop.db

Exit codes: 0 applied · 1 failed · 2 the rulebook has errors, or wrong usage or configuration")]
    Apply {
        /// The rulebook, in JSON
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        database: DatabaseArgs,
        /// Leave the tables as they are
        #[arg(long)]
        no_migrate: bool,
    },
    /// Print the rulebook in force, in JSON
    #[command(after_help = "\
Example:
  commerce rules show --database-url sqlite:shop.db

Exit codes: 0 shown · 1 failed · 2 wrong usage or configuration")]
    Show {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    match args.verb {
        Verb::Apply { file, database, no_migrate } => {
            let rulebook: Rulebook = document::read(&file)?;
            let migrations = if no_migrate { Migrations::Skip } else { Migrations::Run };
            let shop = database.open(migrations).await?;
            let applied = shop.engine.rules().apply(rulebook, &Actor::Staff("cli".to_owned())).await;
            shop.close().await;
            out::line(&format!("version {} of the rules is in force", applied?.version))?;
        }
        Verb::Show { database } => {
            let shop = database.open(Migrations::Skip).await?;
            let shown = shop.engine.rules().show().await;
            shop.close().await;
            let text = serde_json::to_string_pretty(&shown?.rulebook).map_err(std::io::Error::from)?;
            out::line(&text)?;
        }
    }
    Ok(0)
}
