//! `commerce sandbox`: other people's machines, on this one.

use std::net::{Ipv4Addr, SocketAddr};

use commerce_paystack::sandbox::{Currency, Sandbox};

use super::failure::Failure;
use super::{out, stop};
use crate::config::Settings;

/// Run a local stand-in for a payment provider.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce sandbox paystack --port 9191 --currency GHS
  commerce sandbox paystack --webhook-url http://127.0.0.1:8080/api/payments/webhook/ --time-scale 3600

Exit codes: 0 stopped by a signal · 1 failed · 2 wrong usage")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run a server that behaves like Paystack in test mode
    Paystack(PaystackArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce sandbox paystack --port 9191 --currency GHS
  commerce sandbox paystack --webhook-url http://127.0.0.1:8080/api/payments/webhook/ --time-scale 3600

Any client of Paystack works against it: give it this address in place of Paystack's, and the test key. Nothing is
charged. Below /_sandbox/ it is told to misbehave and shows the truth of what happened.")]
struct PaystackArgs {
    /// Listen on this port of 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 9191)]
    port: u16,
    /// The secret key that it takes and signs webhooks with
    #[arg(long, value_name = "KEY", default_value = "sk_test_sandbox")]
    secret_key: String,
    /// The currency of the account, which decides the country: NGN, GHS, KES, ZAR, XOF, ...
    #[arg(long, value_name = "CODE", default_value = "NGN", value_parser = currency)]
    currency: Currency,
    /// Where webhooks go
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
    /// Where browsers go after paying, when the transaction does not say
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// How many times faster than the clock webhooks are retried and refunds get on
    #[arg(long, value_name = "TIMES", default_value_t = 1)]
    time_scale: u32,
    /// Requests a minute for each address before it answers 429; 0 for no limit
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    rate_limit: u32,
}

/// A currency that Paystack collects in.
fn currency(code: &str) -> Result<Currency, String> {
    serde_json::from_value(serde_json::Value::from(code.to_ascii_uppercase()))
        .map_err(|_| "one of NGN, GHS, KES, ZAR, XOF, EGP, RWF, USD".to_owned())
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    let Command::Paystack(args) = args.command;
    super::log(&Settings::default(), "warn")?;
    let stop = stop::signal()?;
    let mut builder = Sandbox::builder()
        .secret_key(args.secret_key)
        .currency(args.currency)
        .listen(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)))
        .time_scale(args.time_scale)
        .rate_limit((args.rate_limit > 0).then_some(args.rate_limit))
        .control();
    if let Some(url) = args.webhook_url {
        builder = builder.webhook_url(url);
    }
    if let Some(url) = args.callback_url {
        builder = builder.callback_url(url);
    }
    let running = builder.start().await.map_err(|error| Failure::Usage(error.to_string()))?;
    out::line(&format!("a stand-in for Paystack listens on {}  (Ctrl-C stops it)", running.url()))?;
    stop.await;
    running.shutdown().await;
    Ok(0)
}
