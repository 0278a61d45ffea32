//! `commerce import`.

use std::fs::File;
use std::path::PathBuf;

use clap::ValueEnum;
use commerce_core::Currency;

use super::database::DatabaseArgs;
use super::failure::Failure;
use super::out;
use crate::import::{self, Format, ImportOptions, Kind, StockRule};
use crate::store::Migrations;

/// Take in a catalogue: a CSV file in Shopify's product format, or products in JSON, one on a line; also files of prices
/// and of what lies where.
///
/// Rows that cannot be taken are written to a file of their own with line, column and reason, and the rest goes on.
/// Importing the same file again changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce import products.csv --database-url sqlite:shop.db
  commerce import products.csv --database-url sqlite:shop.db --currency GHS --location ACCRA --stock set
  commerce import counted.csv --kind inventory

Exit codes: 0 every row was taken or deliberately skipped · 1 failed (store, disk) · 2 wrong usage or configuration ·
3 the file is malformed (what was taken before the bad batch stays) · 4 some rows were refused")]
pub(super) struct Args {
    /// The file: CSV, or JSON lines when its name ends in .jsonl or .ndjson
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
    /// What it is about
    #[arg(long, value_enum, default_value_t)]
    kind: About,
    /// The currency of its prices [default: that of the shop; NGN for a new one]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// The code of the location where its stock lies; made when absent [default: main]
    #[arg(long, value_name = "CODE")]
    location: Option<String>,
    /// For which variants the file sets the stock
    #[arg(long, value_enum, default_value_t)]
    stock: Stock,
    /// Where to write refused rows [default: FILE.refused.csv beside the file]
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// Leave the tables as they are
    #[arg(long)]
    no_migrate: bool,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum About {
    /// Products with all that is said of them
    #[default]
    Products,
    /// What lies of variants that are there
    Inventory,
    /// Prices of variants that are there
    Prices,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Stock {
    /// For those that it creates
    #[default]
    Created,
    /// For all, by a recorded movement
    Set,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    let file = File::open(&args.file)
        .map_err(|error| Failure::Usage(format!("cannot open {}: {error}", args.file.display())))?;
    let currency = args.currency.as_deref().map(|code| {
        Currency::from_code(code)
            .ok_or_else(|| Failure::Usage(format!("{code:?} is not a currency code such as NGN")))
    });
    let currency = currency.transpose()?;
    let size = file.metadata()?.len();
    let migrations = if args.no_migrate { Migrations::Skip } else { Migrations::Run };
    let shop = args.database.open(migrations).await?;
    let currency = match currency {
        Some(currency) => currency,
        None => match import::shop_currency(&shop.engine).await? {
            Some(currency) => currency,
            None => shop.engine.rules().show().await?.rulebook.currency,
        },
    };
    let mut options = ImportOptions::new(currency);
    options.kind = match args.kind {
        About::Products => Kind::Products,
        About::Inventory => Kind::Inventory,
        About::Prices => Kind::Prices,
    };
    if args.file.extension().is_some_and(|ending| ending == "jsonl" || ending == "ndjson") {
        options.format = Format::JsonLines;
    }
    if let Some(location) = args.location {
        options.location = location;
    }
    options.stock = match args.stock {
        Stock::Created => StockRule::Created,
        Stock::Set => StockRule::Set,
    };
    options.refused = Some(args.refused.unwrap_or_else(|| import::refused_path(&args.file)));
    let progress = import::terminal("importing", Some(size));
    let result = import::import(&shop.engine, file, Some(size), options, progress.as_ref()).await;
    shop.close().await;
    match &result {
        Ok(summary) => out::write(&summary.to_string())?,
        Err(error) => out::error(&error.to_string()),
    }
    Ok(import::exit_code(&result))
}
