//! `commerce export`.

use std::fs::File;
use std::path::PathBuf;

use clap::ValueEnum;

use super::database::DatabaseArgs;
use super::failure::Failure;
use super::out;
use crate::export;
use crate::import::{self, Format};
use crate::store::Migrations;

/// Write the catalogue: a CSV file in Shopify's product format, or JSON lines.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce export products.csv --database-url sqlite:shop.db
  commerce export products.jsonl --database-url sqlite:shop.db
  commerce export --database-url sqlite:shop.db | head

Cells are written as they are. A spreadsheet takes a cell that begins with = + - or @ for a formula: open the file there
by importing it as text.

Exit codes: 0 every product was written · 1 failed (store, disk) · 2 wrong usage or configuration · 4 some products
were refused, as the format cannot say them; they are named")]
pub(super) struct Args {
    /// The file; `-` for the standard output
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// How it is written [default: jsonl for a name that ends in .jsonl or .ndjson, else csv]
    #[arg(long, value_enum)]
    format: Option<Written>,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Written {
    /// Comma separated, in Shopify's product format
    Csv,
    /// A JSON object on each line
    Jsonl,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    let is_lines = args.file.extension().is_some_and(|ending| ending == "jsonl" || ending == "ndjson");
    let format = match args.format {
        Some(Written::Jsonl) => Format::JsonLines,
        None if is_lines => Format::JsonLines,
        Some(Written::Csv) | None => Format::Csv,
    };
    let shop = args.database.open(Migrations::Skip).await?;
    let result = if args.file.as_os_str() == "-" {
        export::export(&shop.engine, format, std::io::stdout(), &import::Silent).await
    } else {
        let file = File::create(&args.file)
            .map_err(|error| Failure::Usage(format!("cannot write {}: {error}", args.file.display())))?;
        let progress = import::terminal("exporting", None);
        export::export(&shop.engine, format, file, progress.as_ref()).await
    };
    shop.close().await;
    match &result {
        Ok(summary) => out::remark(summary.to_string().trim_end()),
        Err(export::ExportError::Sink(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            return Ok(0);
        }
        Err(error) => out::error(&error.to_string()),
    }
    Ok(export::exit_code(&result))
}
