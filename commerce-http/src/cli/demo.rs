//! `commerce demo`.

use commerce_core::Engine;
use commerce_core::access::{Caller, Role};
use commerce_core::account::{AccountError, Password};
use commerce_core::customer::Email;
use std::io::Read;
use std::path::{Path, PathBuf};

use poem::EndpointExt;
use secrecy::ExposeSecret;

use super::database::Shop;
use super::failure::Failure;
use super::{out, sample, session, stop};
use crate::config::{ConfigError, Database, DatabaseUrl, Settings};
use crate::gateway::Payments;
#[cfg(feature = "sandbox")]
use crate::gateway::PaystackAccount;
use crate::media::MediaPlace;
use crate::server::Bound;
use crate::store::{Around, Migrations};
use crate::{mail, secret};

/// Run a shop with a sample catalogue, without any configuration.
///
/// Keeps it in one file of SQLite and fills that when it is empty. Starting again goes on where it stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce demo
  commerce demo --port 9000 --data /tmp/try.db --fresh

Reads neither commerce.toml nor COMMERCE_ variables. The secret that signs order tokens and the token of the back
office are made once and kept beside the data, in files that only their owner can read.

Exit codes: 0 stopped by a signal · 1 failed · 2 wrong usage")]
pub(super) struct Args {
    /// Listen on this port of 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The file that keeps the shop
    #[arg(long, value_name = "FILE", default_value = "commerce.db")]
    data: PathBuf,
    /// Delete the file first
    #[arg(long)]
    fresh: bool,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    let settings = Settings { listen: Some(format!("127.0.0.1:{}", args.port)), ..Settings::default() };
    super::log(&settings, "warn")?;
    let stop = stop::signal()?;
    // The address first: a second demo beside a running one must not touch its data.
    let kept = |name| secret::kept_beside(&args.data, name).map_err(ConfigError::from);
    let (secret, admin_token) = (kept("secret")?, kept("admin-token")?);
    let settings = Settings { admin_token: Some(admin_token.clone()), ..settings };
    let server = Bound::new(settings.server_with(secret.clone(), None)?).await?;
    let (server, payments) = paid(server)?;
    let shop_url = format!("http://{}", server.address());
    let (mailer, mails) = mail::kept("The demo shop", &shop_url, &secret).map_err(ConfigError::from)?;
    let server = server.mount(mail::dev::PATH, mail::dev::pages(mails).boxed());
    if args.fresh {
        delete(&args.data)?;
    }
    let database = Database::at(DatabaseUrl::Sqlite(args.data.clone()));
    let media = cfg!(feature = "images").then(|| MediaPlace::beside(&args.data).open()).transpose()?;
    let around = Around { payments, mailer: Some(mailer), media, ..Around::default() };
    let shop = Shop::open_with(&database, Migrations::Run, &around).await?;
    let loaded = sample::load_into_empty(&shop.engine).await?;
    let password = kept("password")?;
    open_accounts(&shop.engine, password.expose_secret()).await?;
    let (admin_token, password) = (admin_token.expose_secret(), password.expose_secret());
    out::write(&session::welcome(server.address(), &args.data, loaded, admin_token, password))?;
    let ran = server.run(&shop.engine, stop).await;
    shop.close().await;
    ran?;
    out::line("The shop is closed. Start it again to go on where you stopped.")?;
    Ok(0)
}

/// Somebody who shops and somebody who runs the shop, to log in as.
async fn open_accounts(engine: &Engine, password: &str) -> Result<(), Failure> {
    let by = Caller::Operator { name: "demo".to_owned() };
    let unusable = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let password: Password = password.parse().map_err(|error| unusable(&error))?;
    for (email, names, role) in
        [(session::SHOPPER, ("Ada", "Obi"), Role::Customer), (session::BOSS, ("Bola", "Ade"), Role::Admin)]
    {
        let email = email.parse::<Email>().map_err(|error| unusable(&error))?;
        match engine.accounts().create(&by, &email, Some(&password), names, role).await {
            Ok(_) | Err(AccountError::EmailTaken) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The payment sandbox, in this process and on the server's own address.
#[cfg(feature = "sandbox")]
fn paid(server: Bound) -> Result<(Bound, Payments), Failure> {
    use commerce_paystack::sandbox::Sandbox;

    const PATH: &str = "/sandbox/paystack";
    const KEY: &str = "sk_test_the_demo_shop";
    let shop = format!("http://{}", server.address());
    let url = format!("{shop}{PATH}");
    let sandbox = Sandbox::builder()
        .secret_key(KEY)
        .shop("The demo shop")
        .public_url(url.clone())
        .webhook_url(format!("{shop}/api/payments/webhook/"))
        .rate_limit(None)
        .build()
        .map_err(|error| Failure::Other(error.to_string()))?;
    let server = server.mount(PATH, sandbox.endpoint().boxed()).return_url(format!("{shop}/paid"));
    tokio::spawn(async move { sandbox.run().await });
    let account = PaystackAccount { secret_key: KEY.into(), previous_secret_key: None, url: Some(url) };
    Ok((server, Payments::checked(None, Some(account), true).map_err(ConfigError::from)?))
}

#[cfg(not(feature = "sandbox"))]
fn paid(server: Bound) -> Result<(Bound, Payments), Failure> {
    Ok((server, Payments::default()))
}

/// Deletes the database, and nothing that is none.
fn delete(path: &Path) -> Result<(), Failure> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut head = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) => file.take(MAGIC.len() as u64).read_to_end(&mut head)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if !head.is_empty() && head != MAGIC {
        let words =
            format!("{} is no database of SQLite, so it is not deleted; name another file", path.display());
        return Err(Failure::Usage(words));
    }
    for ending in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
