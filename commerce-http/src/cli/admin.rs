//! `commerce admin`.

use std::io::Read as _;

use commerce_core::access::{Caller, Role};
use commerce_core::account::Password;
use commerce_core::customer::Email;

use super::database::{DatabaseArgs, Shop};
use super::failure::Failure;
use super::out;
use crate::config::Settings;
use crate::store::{Around, Migrations};

/// Make an account that runs the shop, or end everybody's sessions.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce admin create --database-url sqlite:shop.db --email ada@example.com < password.txt
  commerce admin end-sessions --database-url sqlite:shop.db --everybody")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make an administrator, whose password is read from the standard input
    Create(CreateArgs),
    /// End the sessions of everybody: after somebody read the database, or a copy of it, who should not have
    EndSessions(EndSessionsArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Everybody has to log in again, the administrators too; carts stay. Keys of programs are good until they are revoked
(DELETE /api/admin/api-keys/ID/). The sessions of one account are ended by DELETE /api/users/ID/sessions/.

Example:
  commerce admin end-sessions --database-url sqlite:shop.db --everybody

Exit codes: 0 ended · 1 the store failed · 2 --everybody was not said")]
struct EndSessionsArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// To be said, as it is about every account
    #[arg(long, required = true)]
    everybody: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The password is read from the standard input, its first line, and never from a flag, which others on the machine could
read. The e-mail address counts as confirmed. The shop's rules for passwords hold.

Example:
  commerce admin create --database-url sqlite:shop.db --email ada@example.com < password.txt

Exit codes: 0 made · 1 the store failed · 2 the address is taken, or something is wrong with it or the password")]
struct CreateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The e-mail address to log in with
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// First name
    #[arg(long, value_name = "NAME", default_value = "")]
    first_name: String,
    /// Last name
    #[arg(long, value_name = "NAME", default_value = "")]
    last_name: String,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    match args.command {
        Command::Create(args) => create(args).await,
        Command::EndSessions(args) => end_sessions(args).await,
    }
}

async fn end_sessions(EndSessionsArgs { database, everybody: _ }: EndSessionsArgs) -> Result<u8, Failure> {
    let settings = database.settings(Settings::default())?;
    super::log(&settings, "warn")?;
    let shop = Shop::open_with(&settings.database()?, Migrations::Run, &Around::default()).await?;
    let ended = shop.engine.accounts().end_every_session(&operator()).await;
    shop.close().await;
    ended?;
    out::line("every session has ended: everybody has to log in again")?;
    Ok(0)
}

/// Who asks: whoever has a shell beside the database.
fn operator() -> Caller {
    Caller::Operator { name: "command line".to_owned() }
}

async fn create(args: CreateArgs) -> Result<u8, Failure> {
    let CreateArgs { database, email, first_name, last_name } = args;
    let email: Email = email.parse().map_err(|error| Failure::Usage(format!("--email: {error}")))?;
    let password = password()?;
    let settings = database.settings(Settings::default())?;
    super::log(&settings, "warn")?;
    let around = Around { accounts: settings.accounts()?, ..Around::default() };
    let shop = Shop::open_with(&settings.database()?, Migrations::Run, &around).await?;
    let by = operator();
    let names = (first_name.as_str(), last_name.as_str());
    let made = shop.engine.accounts().create(&by, &email, Some(&password), names, Role::Admin).await;
    shop.close().await;
    let account = made?;
    out::line(&format!("{} is an administrator now: account {}", account.email, account.id))?;
    Ok(0)
}

/// The first line of the standard input.
fn password() -> Result<Password, Failure> {
    let mut text = String::new();
    std::io::stdin().take(4_096).read_to_string(&mut text)?;
    let line = text.lines().next().unwrap_or_default();
    line.parse().map_err(|error| Failure::Usage(format!("the password on the standard input: {error}")))
}
