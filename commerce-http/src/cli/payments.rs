//! `commerce payments`: what the shop and its gateway know of each other's money.

use std::fmt::Write;

use commerce_core::Timestamp;
use commerce_core::payment::{PaymentReference, ReconcileError, Reconciled};
use indicatif::{ProgressBar, ProgressStyle};

use super::database::{DatabaseArgs, Shop};
use super::failure::Failure;
use super::out;
use crate::config::Settings;
use crate::store::{Around, Migrations};

/// Compare payments with the payment gateway.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce payments reconcile --from 2026-11-01 --to 2026-11-08 --database-url sqlite:shop.db

Exit codes: 0 done · 1 failed (store, gateway) · 2 wrong usage or configuration")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Compare the gateway's list of charges with the shop's, and settle what the shop did not know
    Reconcile(ReconcileArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce payments reconcile --from 2026-11-01 --to 2026-11-08 --database-url sqlite:shop.db
  commerce payments reconcile --from 2026-11-22T08:00:00Z --to 2026-11-22T09:00:00Z

The server does the same by itself every hour. The key comes from COMMERCE_PAYSTACK_SECRET_KEY or the configuration
file. Charges that are paid are settled as if the gateway had just told of them; what belongs to no order is kept apart.")]
struct ReconcileArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The first day or instant, in UTC
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    from: Timestamp,
    /// The day or instant after the last
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    to: Timestamp,
    /// Take test keys and other addresses than Paystack's
    #[arg(long)]
    allow_sandbox: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// A day, or an instant.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    whole
        .parse()
        .map_err(|_| "write a day such as 2026-11-22, or an instant such as 2026-11-22T08:00:00Z".to_owned())
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    let Command::Reconcile(args) = args.command;
    if args.from >= args.to {
        return Err(Failure::Usage("--from must be before --to".to_owned()));
    }
    let flags = Settings { allow_sandbox: args.allow_sandbox.then_some(true), ..Settings::default() };
    let settings = args.database.settings(flags)?;
    super::log(&settings, "warn")?;
    let mailer = super::mail::mailer(&settings)?;
    let around = Around { payments: settings.payments()?, mailer, ..Around::default() };
    let shop = Shop::open_with(&settings.database()?, Migrations::Skip, &around).await?;
    let bar = counting();
    let report = shop.engine.payments().reconcile(args.from, args.to, |seen| bar.set_position(seen)).await;
    bar.finish_and_clear();
    shop.close().await;
    let report = report.map_err(|error| match error {
        ReconcileError::NoGateway => {
            Failure::Usage("no payment gateway is configured: set COMMERCE_PAYSTACK_SECRET_KEY".to_owned())
        }
        ReconcileError::Store(error) => error.into(),
        other => Failure::Other(format!("the gateway cannot be asked: {other}")),
    })?;
    if args.json {
        out::line(
            &serde_json::to_string_pretty(&report).map_err(|error| Failure::Other(error.to_string()))?,
        )?;
    } else {
        out::write(&table(&report))?;
    }
    Ok(0)
}

/// How far a comparison with the gateway's list is.
pub(super) fn counting() -> ProgressBar {
    ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {pos} charges compared")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    )
}

/// The reference for a terminal: one that is not ours is somebody else's text.
pub(super) fn printable(reference: &PaymentReference) -> String {
    reference.0.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn table(report: &Reconciled) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    writeln!(
        text,
        "{} charges on the gateway's list, {} of them paid, {} of those known before.",
        report.charges, report.paid, report.known
    )
    .ok();
    if report.findings.is_empty() {
        text.push_str("Nothing was missing.\n");
        return text;
    }
    let widest =
        report.findings.iter().map(|finding| finding.reference.0.chars().count()).max().unwrap_or(0).max(9);
    writeln!(text, "\n{:widest$}  {:>16}  OUTCOME", "REFERENCE", "AMOUNT").ok();
    for finding in &report.findings {
        let amount = format!("{} {}", finding.amount, finding.currency);
        let reference = printable(&finding.reference);
        writeln!(text, "{reference:widest$}  {amount:>16}  {}", finding.outcome).ok();
    }
    text
}
