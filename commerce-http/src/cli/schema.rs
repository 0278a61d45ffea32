//! `commerce schema`.

use clap::ValueEnum;

use super::failure::Failure;
use super::out;

/// Print the JSON Schema of a document, for editors that complete and check as one types.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce schema rulebook > rulebook.schema.json
  commerce schema cart > cart.schema.json

Exit codes: 0 printed · 1 failed · 2 wrong usage")]
pub(super) struct Args {
    /// Which document
    #[arg(value_enum)]
    document: Document,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Document {
    /// The rules of prices, promotions, tax and shipping
    Rulebook,
    /// A cart, for `commerce quote`
    Cart,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let schema = match args.document {
        Document::Rulebook => commerce_core::schema::rulebook(),
        Document::Cart => commerce_core::schema::cart(),
    };
    out::line(&serde_json::to_string_pretty(&schema).map_err(std::io::Error::from)?)?;
    Ok(0)
}
