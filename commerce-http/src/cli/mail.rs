//! `commerce mail`: whether mail works, and what became of mails.

use std::fmt::Write;
use std::sync::Arc;
use std::time::SystemTime;

use commerce_core::customer::Email;
use commerce_core::mail::{Mail, MailError, MailState};
use commerce_core::{Ids, MailId, Mailer, Random, SystemRandom, Timestamp};

use super::database::DatabaseArgs;
use super::failure::Failure;
use super::out;
use crate::config::{ConfigError, Settings};
use crate::mail::MailConfigError;
use crate::store::Migrations;

/// Try the mail server, look at mails that were given up.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce mail test --to ada@example.com
  commerce mail parked --database-url sqlite:shop.db
  commerce mail replay 0190a2b4-... --database-url sqlite:shop.db

Exit codes: 0 done · 1 failed (store, mail server) · 2 wrong usage or configuration")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Send a mail that says that mail works
    Test(TestArgs),
    /// List the mails that were given up
    Parked(ParkedArgs),
    /// Send mails that were given up once more
    Replay(ReplayArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  COMMERCE_SMTP_URL=smtps://shop:password@mail.example COMMERCE_MAIL_FROM='Adire <orders@shop.example>' \\
      COMMERCE_PUBLIC_URL=https://shop.example commerce mail test --to ada@example.com

Checks all settings and templates of mail as the server does when it starts, then sends one mail at once.")]
struct TestArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Who gets it
    #[arg(long, value_name = "ADDRESS")]
    to: Email,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce mail parked --limit 20 --database-url sqlite:shop.db")]
struct ParkedArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// At most so many, the newest first
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce mail replay 0190a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b --database-url sqlite:shop.db
  commerce mail replay --all --database-url sqlite:shop.db

The server sends them within seconds. A mail with a link that proves an address or sets a password is not sent again: its
secret was not kept. Whoever wants it asks for a new one.")]
struct ReplayArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The ids of the mails
    #[arg(required_unless_present = "all")]
    mails: Vec<MailId>,
    /// All that were given up and can be sent again
    #[arg(long, conflicts_with = "mails")]
    all: bool,
}

/// The mailer that the settings describe; `None`: no mail is sent.
pub(super) fn mailer(settings: &Settings) -> Result<Option<Arc<dyn Mailer>>, ConfigError> {
    let config = settings.mail()?;
    Ok(config.map(|config| config.mailer()).transpose()?)
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    match args.command {
        Command::Test(args) => test(args).await,
        Command::Parked(args) => parked(args).await,
        Command::Replay(args) => replay(args).await,
    }
}

async fn test(args: TestArgs) -> Result<u8, Failure> {
    let settings = args.database.settings(Settings::default())?;
    super::log(&settings, "warn")?;
    let config = settings.mail()?.ok_or(ConfigError::from(MailConfigError::Off))?;
    let postman = config.postman().map_err(ConfigError::from)?;
    let now = now()?;
    let id = Ids::new(SystemRandom.seed(), now).fresh();
    let sent = postman.send_trial(id, &args.to, now).await;
    sent.map_err(|error| Failure::Other(format!("the mail was not sent: {error}")))?;
    out::line(&format!("The mail server has taken a mail to {}.", args.to))?;
    Ok(0)
}

async fn parked(args: ParkedArgs) -> Result<u8, Failure> {
    let shop = args.database.open(Migrations::Skip).await?;
    let mails = shop.engine.mails().list(Some(MailState::Parked), None, args.limit).await;
    shop.close().await;
    out::write(&table(&mails?))?;
    Ok(0)
}

async fn replay(args: ReplayArgs) -> Result<u8, Failure> {
    let shop = args.database.open(Migrations::Skip).await?;
    let mails = shop.engine.mails();
    let mut ids = args.mails;
    if args.all {
        let mut before = None;
        loop {
            let page = mails.list(Some(MailState::Parked), before, 500).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            ids.extend(page.iter().filter(|mail| mail.kind.link().is_none()).map(|mail| mail.id));
        }
    }
    let mut done = 0;
    for id in &ids {
        match mails.replay(*id).await {
            Ok(_) => done += 1,
            // Somebody else did it meanwhile.
            Err(MailError::NotParked(_)) if args.all => {}
            Err(MailError::Store(error)) => return Err(error.into()),
            Err(error) => {
                shop.close().await;
                return Err(Failure::Usage(format!(
                    "{id}: {error} ({done} mails were sent round again before)"
                )));
            }
        }
    }
    shop.close().await;
    out::line(&format!("{done} mails wait to be sent again."))?;
    Ok(0)
}

#[expect(clippy::disallowed_methods, reason = "no store is open whose clock could be asked")]
fn now() -> Result<Timestamp, Failure> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(micros).map_err(|error| Failure::Other(error.to_string()))
}

fn table(mails: &[Mail]) -> String {
    let mut text = String::new();
    if mails.is_empty() {
        text.push_str("No mail was given up.\n");
        return text;
    }
    // Writing to a string cannot fail.
    writeln!(text, "{:36}  {:20}  {:22}  {:30}  WHY", "ID", "SINCE", "KIND", "TO").ok();
    for mail in mails {
        let since = mail.sending.next_at.to_string();
        let note = mail.sending.note.as_deref().unwrap_or_default();
        writeln!(
            text,
            "{}  {:20}  {:22}  {:30}  {note}",
            mail.id,
            since.get(..19).unwrap_or(&since),
            mail.kind.name(),
            mail.to
        )
        .ok();
    }
    text
}
