//! `commerce seed`.

use super::database::DatabaseArgs;
use super::failure::Failure;
use super::out;
use crate::import::{self, grouped};
use crate::seed::{self, SeedError, SeedOptions, Seeded};
use crate::store::Migrations;

/// Fill an empty shop with made-up products, for tests under load.
///
/// The same seed makes the same shop. A run that was cut off goes on where it stopped when it is started again, and a
/// larger number lets the shop grow.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce seed --products 10000 --database-url sqlite:load.db
  commerce seed --products 1000000 --seed 7 --variants 12 --database-url postgres://shop@localhost/load

Exit codes: 0 done · 1 failed (store, disk); what was written stays · 2 wrong usage, or the shop has other products")]
pub(super) struct Args {
    /// How many products the shop shall have of this seed
    #[arg(long, value_name = "COUNT")]
    products: u64,
    /// What names, prices and all else are drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// The most variants of a product
    #[arg(long, value_name = "COUNT", default_value_t = 6)]
    variants: u32,
    /// Go on although the shop has other products
    #[arg(long)]
    beside_others: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    let mut options = SeedOptions::new(args.products);
    options.seed = args.seed;
    options.variants_max = args.variants;
    options.beside_others = args.beside_others;
    let shop = args.database.open(Migrations::Run).await?;
    let progress = import::counting("products", args.products);
    let seeded = seed::seed(&shop.engine, &options, progress.as_ref()).await;
    shop.close().await;
    out::write(&told(&seeded.map_err(failure)?))?;
    Ok(0)
}

fn failure(error: SeedError) -> Failure {
    match error {
        SeedError::NotEmpty | SeedError::OutOfRange { .. } => Failure::Usage(error.to_string()),
        SeedError::Rules(error) => error.into(),
        SeedError::Store(error) => error.into(),
        other => Failure::Other(other.to_string()),
    }
}

fn told(seeded: &Seeded) -> String {
    let Seeded { found, products, variants, elapsed, .. } = seeded;
    let milliseconds = elapsed.as_millis().max(1);
    let rate = u128::from(*products) * 1_000 / milliseconds;
    let there = match found {
        0 => String::new(),
        found => format!("; {} were there", grouped(*found)),
    };
    format!(
        "{} products with {} variants made in {}.{} s, {rate} products/s{there}.\n\
         Try it: commerce serve --help, or cargo xtask load --help\n",
        grouped(*products),
        grouped(*variants),
        milliseconds / 1_000,
        milliseconds % 1_000 / 100,
    )
}
