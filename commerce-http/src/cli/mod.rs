//! The command line.

mod admin;
mod audit;
mod coupons;
mod database;
mod demo;
mod doctor;
mod document;
mod export;
mod failure;
mod import;
mod mail;
mod migrate;
mod openapi;
mod out;
mod payments;
mod quote;
mod routes;
mod rules;
mod sample;
#[cfg(feature = "sandbox")]
mod sandbox;
mod schema;
mod seed;
mod serve;
mod session;
mod stop;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Settings};
use failure::Failure;

/// A shop: its server and its tools.
#[derive(Debug, Parser)]
#[command(name = "commerce", version, propagate_version = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Try it:     commerce demo
Serve:      commerce serve --help

Settings come from the file commerce.toml (or --config FILE), then from COMMERCE_ variables of the same names
(COMMERCE_DATABASE_URL, COMMERCE_LISTEN, COMMERCE_SECRET, ...), then from flags; the later outweighs the earlier.
An empty variable is not set.

Exit codes: 0 done · 1 failed (store, network, disk) · 2 wrong usage or configuration · 3 the file to import is
malformed · 4 some rows or products were refused · 5 the doctor found violations";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a shop with a sample catalogue, without any configuration
    Demo(demo::Args),
    /// Run the server
    Serve(serve::Args),
    /// Bring the tables of the database up to date
    Migrate(migrate::Args),
    /// Take in a catalogue: a CSV file in Shopify's product format
    Import(import::Args),
    /// Fill an empty shop with made-up products, for tests under load
    Seed(seed::Args),
    /// Write the catalogue as a CSV file in Shopify's product format
    Export(export::Args),
    /// Show or change the rules of prices, promotions, tax and shipping
    Rules(rules::Args),
    /// Make, list and end coupons
    Coupons(coupons::Args),
    /// Make an account that runs the shop
    Admin(admin::Args),
    /// Price a cart by a rulebook, from two files and without a database
    Quote(quote::Args),
    /// Print the JSON Schema of a rulebook or a cart
    Schema(schema::Args),
    /// Export the audit trail, and prove that nobody changed it
    Audit(audit::Args),
    /// Compare payments with the payment gateway
    Payments(payments::Args),
    /// Try the mail server, look at mails that were given up
    Mail(mail::Args),
    /// Run a local stand-in for a payment provider
    #[cfg(feature = "sandbox")]
    Sandbox(sandbox::Args),
    /// Look for rows that break an invariant
    Doctor(doctor::Args),
    /// Print the OpenAPI document
    Openapi(openapi::Args),
    /// List every address of the server
    Routes(routes::Args),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            out::error(&failure.to_string());
            ExitCode::from(failure.code())
        }
    }
}

/// Runs the command; the exit code, unless it failed.
fn run(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Openapi(args) => openapi::run(&args),
        Command::Routes(args) => routes::run(&args),
        Command::Quote(args) => quote::run(&args),
        Command::Schema(args) => schema::run(&args),
        command => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(async {
                match command {
                    Command::Demo(args) => demo::run(args).await,
                    Command::Serve(args) => serve::run(args).await,
                    Command::Migrate(args) => migrate::run(args).await,
                    Command::Import(args) => import::run(args).await,
                    Command::Seed(args) => seed::run(args).await,
                    Command::Export(args) => export::run(args).await,
                    Command::Rules(args) => rules::run(args).await,
                    Command::Admin(args) => admin::run(args).await,
                    Command::Coupons(args) => coupons::run(args).await,
                    Command::Audit(args) => audit::run(args).await,
                    Command::Payments(args) => payments::run(args).await,
                    Command::Mail(args) => mail::run(args).await,
                    #[cfg(feature = "sandbox")]
                    Command::Sandbox(args) => sandbox::run(args).await,
                    Command::Doctor(args) => doctor::run(args).await,
                    Command::Openapi(_) | Command::Routes(_) | Command::Quote(_) | Command::Schema(_) => {
                        Ok(0)
                    }
                }
            })
        }
    }
}

/// Logs to the standard error stream: what `filter` says, unless the settings say otherwise.
fn log(settings: &Settings, filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(settings.log.as_deref().unwrap_or(filter)).map_err(Failure::Log)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.log_format.unwrap_or_default() {
        LogFormat::Text => lines.try_init().ok(),
        LogFormat::Json => lines.json().flatten_event(true).try_init().ok(),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_explains_itself_with_an_example() {
        let cli = Cli::command();
        cli.clone().debug_assert();
        for command in cli.get_subcommands() {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Example"), "{} has no example", command.get_name());
        }
    }
}
