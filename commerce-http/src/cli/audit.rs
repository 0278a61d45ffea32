//! `commerce audit`: who did what.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use commerce_core::Timestamp;
use commerce_core::audit::{Actor, Search};

use super::database::{DatabaseArgs, Shop};
use super::failure::{EXIT_VIOLATIONS, Failure};
use super::out;
use super::payments::instant;
use crate::audit_export::{Export, ExportError, Format, Mark};
use crate::store::Migrations;

/// Export the audit trail, and prove that nobody changed it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce audit export trail.csv --from 2026-11-01 --database-url sqlite:shop.db
  commerce audit head --database-url sqlite:shop.db
  commerce audit verify 42:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write the trail as a file, the oldest row first
    #[command(after_help = "\
Examples:
  commerce audit export trail.csv --from 2026-11-01 --until 2026-12-01 --database-url sqlite:shop.db
  commerce audit export --format jsonl --actor staff:admin --database-url sqlite:shop.db | head

Exit codes: 0 written · 1 failed (store, disk) · 2 wrong usage or configuration")]
    Export(ExportArgs),
    /// Print the last seal of the chain: keep it somewhere else, and `verify` it later
    #[command(after_help = "\
Example:
  commerce audit head --database-url sqlite:shop.db

Exit codes: 0 printed · 1 failed · 2 wrong usage or configuration")]
    Head {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Check every hash of the chain, and that a seal which was printed before is still part of it
    #[command(after_help = "\
Examples:
  commerce audit verify --database-url sqlite:shop.db
  commerce audit verify 42:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Exit codes: 0 nothing was changed · 1 failed · 2 wrong usage or configuration · 5 something was changed; it is named")]
    Verify {
        /// What `commerce audit head` printed
        #[arg(value_name = "POSITION:HASH")]
        mark: Option<Mark>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Debug, clap::Args)]
struct ExportArgs {
    /// The file; `-` for the standard output
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// How it is written
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// What this actor did: staff:admin, customer:<id>, system
    #[arg(long, value_name = "WHO")]
    actor: Option<Actor>,
    /// What was done to this: promotion:summer, order:<id>
    #[arg(long, value_name = "WHAT")]
    target: Option<String>,
    /// From this day or instant on, in UTC
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    from: Option<Timestamp>,
    /// Before this day or instant
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    until: Option<Timestamp>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    match args.verb {
        Verb::Export(args) => export(args).await,
        Verb::Head { database } => {
            let shop = database.open(Migrations::Skip).await?;
            let head = head(&shop).await;
            shop.close().await;
            match head? {
                Some(mark) => out::line(&mark.to_string())?,
                None => out::remark("the trail is empty"),
            }
            Ok(0)
        }
        Verb::Verify { mark, database } => {
            let shop = database.open(Migrations::Skip).await?;
            let faults = faults(&shop, mark).await;
            shop.close().await;
            let faults = faults?;
            for fault in &faults {
                out::line(fault)?;
            }
            if faults.is_empty() {
                out::line("the audit trail is as it was sealed")?;
                return Ok(0);
            }
            Ok(EXIT_VIOLATIONS)
        }
    }
}

async fn head(shop: &Shop) -> Result<Option<Mark>, Failure> {
    let trail = shop.engine.audit_trail();
    while trail.seal(1_000).await? > 0 {}
    Ok(trail.last_seal().await?.map(Mark::from))
}

async fn faults(shop: &Shop, mark: Option<Mark>) -> Result<Vec<String>, Failure> {
    let found = shop.engine.audit_trail().faults().await?;
    let mut faults: Vec<String> = found.iter().map(ToString::to_string).collect();
    if let Some(mark) = mark {
        let there = shop.engine.store().sealed_audit(mark.position - 1, 1).await?;
        if there.first().map(|(seal, _)| Mark::from(*seal)) != Some(mark) {
            faults.push(format!("the seal {mark} is not part of the chain any more"));
        }
    }
    Ok(faults)
}

async fn export(args: ExportArgs) -> Result<u8, Failure> {
    let ExportArgs { file, format, actor, target, from, until, database } = args;
    let search = Search { actor, target, from, until, ..Search::default() };
    let mut sink: Box<dyn Write + Send> = if file.as_os_str() == "-" {
        Box::new(std::io::stdout())
    } else {
        let made = File::create(&file);
        Box::new(made.map_err(|error| Failure::Usage(format!("cannot write {}: {error}", file.display())))?)
    };
    let shop = database.open(Migrations::Skip).await?;
    let written = write(&shop, search, format, &mut sink).await;
    shop.close().await;
    match written {
        Err(Failure::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
        written => written.map(|()| 0),
    }
}

async fn write(shop: &Shop, search: Search, format: Format, sink: &mut impl Write) -> Result<(), Failure> {
    let failed = |error: ExportError| match error {
        ExportError::Store(error) => Failure::from(error),
        ExportError::Format(error) => Failure::Io(error),
    };
    let mut export = Export::begin(shop.engine.audit_trail(), search, format).await.map_err(failed)?;
    while let Some(piece) = export.piece().await.map_err(failed)? {
        sink.write_all(&piece)?;
    }
    Ok(sink.flush()?)
}
