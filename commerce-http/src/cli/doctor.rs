//! `commerce doctor`.

use std::time::Duration;

use commerce_core::payment::ReconcileError;
use commerce_core::{Engine, Invariant, Timestamp};

use super::database::{DatabaseArgs, Shop};
use super::failure::{EXIT_VIOLATIONS, Failure};
use super::out;
use super::payments::{counting, instant, printable};
use crate::config::Settings;
use crate::store::{Around, Migrations};

/// Every charge on the payment gateway's list is in ours, counted towards its order or kept apart.
const NO_LOST_CHARGE: &str = "NO_LOST_CHARGE";
/// How far back charges are compared, unless said otherwise.
const CHARGES: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Within which time the server has settled what the gateway lists: it compares every hour.
const RECONCILED: Duration = Duration::from_secs(2 * 60 * 60);

/// Look for rows that break an invariant.
///
/// Reads the whole store and names every row in which the books do not add up. When a payment gateway is configured, its
/// list of charges is read too, and every one that the shop does not know of is named. Nothing is changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce doctor --database-url sqlite:shop.db
  COMMERCE_PAYSTACK_SECRET_KEY=sk_live_... commerce doctor --charges-from 2026-11-01

What `commerce payments reconcile` settles is no violation any more.

Exit codes: 0 all is well · 1 failed (store, gateway) · 2 wrong usage or configuration · 5 there are violations; each is
named")]
pub(super) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The first day or instant, in UTC, whose charges are compared with the gateway's list [default: 7 days ago]
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    charges_from: Option<Timestamp>,
    /// Charges paid at this day or instant or later are left out [default: 2 hours ago, as the server may not have compared
    /// them yet]
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    charges_until: Option<Timestamp>,
    /// Take test keys and other addresses than Paystack's
    #[arg(long)]
    allow_sandbox: bool,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    let flags = Settings { allow_sandbox: args.allow_sandbox.then_some(true), ..Settings::default() };
    let settings = args.database.settings(flags)?;
    super::log(&settings, "warn")?;
    // It only compares: nothing happens that would be mailed.
    let around = Around { payments: settings.payments()?, ..Around::default() };
    let shop = Shop::open_with(&settings.database()?, Migrations::Skip, &around).await?;
    let now = shop.engine.store().clock().now();
    let from = args.charges_from.unwrap_or_else(|| now.minus(CHARGES));
    let until = args.charges_until.unwrap_or_else(|| now.minus(RECONCILED));
    let found = examine(&shop.engine, from, until).await;
    shop.close().await;
    found
}

async fn examine(engine: &Engine, from: Timestamp, until: Timestamp) -> Result<u8, Failure> {
    let violations = engine.verify_invariants().await?;
    for violation in &violations {
        out::line(&violation.to_string())?;
    }
    if violations.is_empty() {
        out::line(&format!("all {} invariants hold in the store", Invariant::ALL.len()))?;
    }
    let lost = if engine.has_gateway() { lost_charges(engine, from, until).await? } else { 0 };
    if !engine.has_gateway() {
        out::line(&format!("{NO_LOST_CHARGE} is not checked: no payment gateway is configured"))?;
    }
    match violations.len() + lost {
        0 => Ok(0),
        count => {
            out::line(&format!("{count} violations"))?;
            Ok(EXIT_VIOLATIONS)
        }
    }
}

/// Names the charges that the gateway has and the shop does not know of, and counts them.
async fn lost_charges(engine: &Engine, from: Timestamp, until: Timestamp) -> Result<usize, Failure> {
    let bar = counting();
    let lost = engine.payments().lost_charges(from, until, |seen| bar.set_position(seen)).await;
    let compared = bar.position();
    bar.finish_and_clear();
    let lost = lost.map_err(|error| match error {
        ReconcileError::Store(error) => error.into(),
        other => {
            Failure::Other(format!("{NO_LOST_CHARGE} is not checked: the gateway cannot be asked: {other}"))
        }
    })?;
    for charge in &lost {
        let (amount, currency) = (charge.amount.amount(), charge.amount.currency.code());
        let reference = printable(&charge.reference);
        out::line(&format!(
            "{NO_LOST_CHARGE} {reference}: the gateway took {amount} {currency}, the shop knows of none"
        ))?;
    }
    if lost.is_empty() {
        out::line(&format!("{NO_LOST_CHARGE} holds for the {compared} charges since {from}"))?;
    }
    Ok(lost.len())
}
