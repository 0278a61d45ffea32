//! `commerce serve`.

use std::sync::Arc;
use std::time::Duration;

use commerce_core::{Cache, Engine, RateLimiter};

use super::database::{DatabaseArgs, Shop};
use super::failure::Failure;
use super::{out, stop};
use crate::config::{CacheMode, ConfigError, LogFormat, Settings};
use crate::server::Bound;
use crate::store::{Around, Migrations};

/// How long closing the store may take.
const CLOSE: Duration = Duration::from_secs(5);

/// Run the server.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  export COMMERCE_SECRET=\"$(openssl rand -base64 48)\"     # once; keep it
  commerce serve --database-url sqlite:shop.db
  commerce serve --database-url postgres://shop@localhost/shop --schema adire --listen 0.0.0.0:8080 \\
      --metrics-listen 127.0.0.1:9090

The secret comes from COMMERCE_SECRET or from `secret` in the configuration file, never from a flag, which others on
the machine could read. To change it, put the old one into COMMERCE_PREVIOUS_SECRET: tokens of both are then good.
The back office below /api/admin/ opens for accounts that may (`commerce admin create` makes the first one), for keys of
programs, and with the token in COMMERCE_ADMIN_TOKEN, or `admin_token` in the file. COMMERCE_PASSWORD_LENGTH_MIN,
_STRENGTH_MIN, _COMPOSITION, _MEMORY_KIB and _PASSES say which passwords are taken and what a hash of one costs.
Payments go through Paystack once COMMERCE_PAYSTACK_SECRET_KEY is set; until then the shop takes cash on delivery.
COMMERCE_PAYMENT_METHODS=card,cash_on_delivery says which ways to pay are taken. Mails are sent once COMMERCE_SMTP_URL,
COMMERCE_MAIL_FROM and COMMERCE_PUBLIC_URL are set; `commerce mail test` tries it.

A public server belongs behind a proxy that ends TLS: name it in COMMERCE_TRUSTED_PROXIES=10.0.0.0/8, or all its clients
count as one. COMMERCE_RATE_LIMITS=address_writes=500/hour,login_account=5/15m,admin=off changes what callers may ask for;
several servers count together on COMMERCE_REDIS_URL=redis://host:6379, and share answers of the catalogue there;
COMMERCE_CACHE=off, in-process or redis says otherwise (docs/cache.md). Pages of other origins may call the API from a
browser when COMMERCE_CORS_ORIGINS=https://shop.example names them. docs/limits.md tells more.

Exit codes: 0 stopped by a signal · 1 failed · 2 wrong usage or configuration")]
pub(super) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Where to listen [env: COMMERCE_LISTEN] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Listen on this port of 127.0.0.1; 0 takes a free one
    #[arg(long, conflicts_with = "listen")]
    port: Option<u16>,
    /// Where to show metrics [env: COMMERCE_METRICS_LISTEN] [default: beside the API, if that is a loopback address]
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<String>,
    /// Whether to show the documentation at /docs, and /openapi.json [env: COMMERCE_DOCS] [default: on loopback]
    #[arg(long, value_name = "BOOL")]
    docs: Option<bool>,
    /// Take test keys and the address of a sandbox, by which nobody pays [env: COMMERCE_ALLOW_SANDBOX]
    #[arg(long)]
    allow_sandbox: bool,
    /// How log lines look [env: COMMERCE_LOG_FORMAT] [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// Leave the tables as they are
    #[arg(long)]
    no_migrate: bool,
}

pub(super) async fn run(args: Args) -> Result<u8, Failure> {
    let listen = args.port.map(|port| format!("127.0.0.1:{port}")).or(args.listen);
    let flags = Settings {
        listen,
        metrics_listen: args.metrics_listen,
        docs: args.docs,
        allow_sandbox: args.allow_sandbox.then_some(true),
        log_format: args.log_format,
        ..Settings::default()
    };
    let settings = args.database.settings(flags)?;
    super::log(&settings, "info,sqlx=warn")?;
    let config = settings.server()?;
    let database = settings.database()?;
    let mailer = super::mail::mailer(&settings)?;
    let accounts = settings.accounts()?;
    accounts.weaknesses().iter().for_each(|weakness| tracing::warn!("{weakness}"));
    let (payments, reviews) = (settings.payments()?, settings.review_terms()?);
    let media = settings.media()?.map(|place| place.open()).transpose()?;
    let around = Around { payments, accounts, reviews, mailer, media };
    let stop = stop::signal()?;
    let server = Bound::new(config).await?;
    let migrations = if args.no_migrate { Migrations::Skip } else { Migrations::Run };
    let shop = Shop::open_with(&database, migrations, &around).await?;
    if let Some(search) = &settings.search {
        shop.engine.search().configure(search.clone()).await?;
    }
    out::line(&format!("listening on http://{}", server.address()))?;
    let Shared { limiter, cache } = shared(&settings, &shop.engine).await?;
    let server = match limiter {
        Some(limiter) => server.limiter(limiter),
        None => server,
    };
    let server = match cache {
        Some(cache) => server.cache(cache),
        None => server,
    };
    let ran = server.run(&shop.engine, stop).await;
    // What still holds a connection then is given up, as by a crash.
    tokio::time::timeout(CLOSE, shop.close()).await.ok();
    ran?;
    Ok(0)
}

/// What servers share.
#[derive(Default)]
struct Shared {
    limiter: Option<Arc<dyn RateLimiter>>,
    cache: Option<Arc<dyn Cache>>,
}

/// What servers share, when there is a Redis for it. One that is not there is no reason not to start.
#[cfg(feature = "redis")]
async fn shared(settings: &Settings, engine: &Engine) -> Result<Shared, ConfigError> {
    use commerce_cache_redis::{RedisCache, RedisLimiter, RedisLink};

    let mode = settings.cache()?;
    let Some(url) = &settings.redis_url else { return Ok(Shared::default()) };
    let link = RedisLink::new(url).map_err(|error| ConfigError::Redis(error.to_string()))?;
    if !link.connect().await {
        tracing::warn!("Redis does not answer; doing without it until it does");
    }
    let (limiter, cache) = (RedisLimiter::new(link.clone(), engine.store().clock()), RedisCache::new(link));
    let (limiter, cache) = match &settings.redis_prefix {
        Some(prefix) => (limiter.prefix(prefix), cache.prefix(&format!("{prefix}cache:"))),
        None => (limiter, cache),
    };
    let cache = (mode == CacheMode::Redis).then(|| Arc::new(cache) as Arc<dyn Cache>);
    Ok(Shared { limiter: Some(Arc::new(limiter)), cache })
}

#[cfg(not(feature = "redis"))]
#[expect(clippy::unused_async, reason = "as with Redis")]
async fn shared(settings: &Settings, _: &Engine) -> Result<Shared, ConfigError> {
    match (&settings.redis_url, settings.cache()?) {
        (None, CacheMode::Off | CacheMode::InProcess) => Ok(Shared::default()),
        _ => Err(ConfigError::Redis("this build of the server has no Redis (feature `redis`)".to_owned())),
    }
}
