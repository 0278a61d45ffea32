//! `commerce coupons`.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Subcommand;
use commerce_core::Timestamp;
use commerce_core::audit::Actor;
use commerce_core::promotion::{Coupon, CouponCode, NewCoupon};

use super::database::{DatabaseArgs, Shop};
use super::failure::Failure;
use super::out;
use crate::import::{self, Position};
use crate::store::Migrations;

/// Make, list and end coupons.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce coupons generate --promotion welcome --count 10000 --prefix HELLO --uses-max 1 --output codes.csv \\
      --database-url sqlite:shop.db
  commerce coupons list --promotion welcome --database-url sqlite:shop.db
  commerce coupons end HELLO-7H2K-9QWD-M3XR --database-url sqlite:shop.db")]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make coupons with codes that nobody can guess, and write them as CSV
    #[command(after_help = "\
Example:
  commerce coupons generate --promotion welcome --count 10000 --prefix HELLO --uses-max 1 --output codes.csv \\
      --database-url sqlite:shop.db

They are made a thousand at a time, and each thousand is written once it is there: when the command stops half-way, the
file holds what was made.

Exit codes: 0 made · 1 failed (store, disk) · 2 there is no such promotion, or wrong usage or configuration")]
    Generate(Generate),
    /// List coupons by code, as CSV
    #[command(after_help = "\
Example:
  commerce coupons list --promotion welcome --database-url sqlite:shop.db

Exit codes: 0 listed · 1 failed · 2 wrong usage or configuration")]
    List {
        /// Those for the promotion of this code only
        #[arg(long, value_name = "CODE")]
        promotion: Option<String>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// End a coupon: no order uses it from now on
    #[command(after_help = "\
Example:
  commerce coupons end HELLO-7H2K-9QWD-M3XR --database-url sqlite:shop.db

Exit codes: 0 ended · 1 failed · 2 there is no such coupon, or wrong usage or configuration")]
    End {
        /// Its code; case and spaces do not count
        #[arg(value_name = "CODE")]
        code: CouponCode,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Debug, clap::Args)]
struct Generate {
    /// The code of the promotion that they are for
    #[arg(long, value_name = "CODE")]
    promotion: String,
    /// How many: 1 to 100000
    #[arg(long, value_name = "N")]
    count: u32,
    /// What their codes begin with
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// How many orders may use each [default: as many as the promotion allows]
    #[arg(long, value_name = "N")]
    uses_max: Option<u64>,
    /// How many orders of one customer may use each
    #[arg(long, value_name = "N")]
    customer_uses_max: Option<u64>,
    /// When they begin: RFC 3339 [default: at once]
    #[arg(long, value_name = "INSTANT")]
    from: Option<Timestamp>,
    /// When they are over: RFC 3339 [default: never]
    #[arg(long, value_name = "INSTANT")]
    until: Option<Timestamp>,
    /// The CSV file to write; it must not be there yet [default: the standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    let actor = Actor::Staff("cli".to_owned());
    match args.verb {
        Verb::Generate(args) => generate(args, &actor).await?,
        Verb::List { promotion, database } => {
            let shop = database.open(Migrations::Skip).await?;
            let listed = list(&shop, promotion).await;
            shop.close().await;
            listed?;
        }
        Verb::End { code, database } => {
            let shop = database.open(Migrations::Skip).await?;
            let ended = shop.engine.promotions().end(&code, &actor, None).await;
            shop.close().await;
            let coupon = ended?.coupon.coupon;
            let at = coupon.ended_at.map_or_else(String::new, |at| format!(" at {at}"));
            out::line(&format!("{} has ended{at}", coupon.code))?;
        }
    }
    Ok(0)
}

async fn generate(args: Generate, actor: &Actor) -> Result<(), Failure> {
    let Generate { promotion, count, prefix, uses_max, customer_uses_max, from, until, output, database } =
        args;
    let shop = database.open(Migrations::Skip).await?;
    let new = NewCoupon { promotion, from, until, uses_max, customer_uses_max };
    let made = write_generated(&shop, count, &prefix, &new, actor, output.as_deref()).await;
    shop.close().await;
    let written = made?;
    out::remark(&format!("made {} coupons for {}", import::grouped(written), new.promotion));
    Ok(())
}

async fn write_generated(
    shop: &Shop,
    count: u32,
    prefix: &str,
    new: &NewCoupon,
    actor: &Actor,
    output: Option<&std::path::Path>,
) -> Result<u64, Failure> {
    let sink: Box<dyn Write + Send> = match output {
        Some(path) => Box::new(
            File::create_new(path)
                .map_err(|error| Failure::Usage(format!("cannot write {}: {error}", path.display())))?,
        ),
        None => Box::new(io::stdout()),
    };
    let mut table = csv::Writer::from_writer(sink);
    table
        .write_record(["code", "promotion", "from", "until", "uses_max", "customer_uses_max"])
        .map_err(trouble)?;
    let progress = import::counting("coupons", u64::from(count));
    let (mut written, mut failed) = (0, None);
    let made = |coupons: &[Coupon]| {
        // What was made stands in the database whether it can be written or not, so the rest is tried too.
        let wrote = coupons.iter().try_for_each(|coupon| table.write_record(row(coupon))).map_err(trouble);
        if let Err(error) = wrote.and_then(|()| table.flush().map_err(Failure::from)) {
            failed.get_or_insert(error);
        }
        written += coupons.len() as u64;
        progress.at(Position { products: written, ..Position::default() });
    };
    let generated = shop.engine.promotions().generate(count, prefix, new, actor, made).await;
    progress.done();
    generated?;
    failed.map_or(Ok(written), Err)
}

async fn list(shop: &Shop, promotion: Option<String>) -> Result<(), Failure> {
    const PAGE: u32 = 1_000;
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = ["code", "promotion", "from", "until", "uses_max", "customer_uses_max", "uses", "ended_at"];
    table.write_record(head).map_err(trouble)?;
    let mut after = None;
    loop {
        let found = shop.engine.promotions().coupons(promotion.clone(), after.clone(), PAGE).await?;
        after = found.last().map(|state| state.coupon.code.clone());
        for state in &found {
            let ended = state.coupon.ended_at.map_or_else(String::new, |at| at.to_string());
            let more = [state.uses.to_string(), ended];
            table.write_record(row(&state.coupon).into_iter().chain(more)).map_err(trouble)?;
        }
        if found.len() < PAGE as usize {
            break;
        }
    }
    let bytes = table.into_inner().map_err(|error| Failure::Io(error.into_error()))?;
    out::write(&String::from_utf8_lossy(&bytes))?;
    Ok(())
}

fn row(coupon: &Coupon) -> [String; 6] {
    let at = |instant: Option<Timestamp>| instant.map_or_else(String::new, |at| at.to_string());
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    [
        coupon.code.to_string(),
        // A promotion's code is free text, and a spreadsheet takes some texts for formulas.
        import::plain(&coupon.promotion).into_owned(),
        at(coupon.from),
        at(coupon.until),
        number(coupon.uses_max),
        number(coupon.customer_uses_max),
    ]
}

fn trouble(error: csv::Error) -> Failure {
    Failure::Io(io::Error::from(error))
}
