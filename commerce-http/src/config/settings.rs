//! The layers of the configuration, and what comes out of them.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use commerce_core::account::AccountTerms;
use commerce_core::cache::InProcessCache;
use commerce_core::cart::MergePolicy;
use commerce_core::review::ReviewTerms;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    ConfigError, Database, DatabaseUrl, Network, Origin, RateLimits, ReviewSettings, ServerConfig,
    TokenAlgorithm,
};
use crate::accounts::Accounts;
use crate::gateway::{Payments, PaystackAccount};
use crate::mail::{MailConfig, MailSettings, Patterns};
use crate::media::{BucketSettings, MediaPlace};
use crate::secret;

/// The file that is read when none is named.
const FILE: &str = "commerce.toml";

/// One layer of the configuration: every setting may be absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the shop is kept.
    pub database_url: Option<SecretString>,
    /// The schema of PostgreSQL that is the shop.
    pub schema: Option<String>,
    /// The most connections to PostgreSQL at once.
    pub database_connections: Option<NonZeroU32>,
    /// Where the server listens.
    pub listen: Option<String>,
    /// Where metrics are shown, when not beside the API.
    pub metrics_listen: Option<String>,
    /// What tokens are signed with.
    pub secret: Option<SecretString>,
    /// What tokens were signed with before.
    pub previous_secret: Option<SecretString>,
    /// How access tokens are signed: `hs256` unless set.
    pub token_algorithm: Option<TokenAlgorithm>,
    /// What may do everything, as the way in while nobody can log in.
    pub admin_token: Option<SecretString>,
    /// The fewest characters of a password: 8 unless set.
    pub password_length_min: Option<NonZeroUsize>,
    /// How hard to guess a password must be, from 0 to 4: 2 unless set.
    pub password_strength_min: Option<u8>,
    /// Whether a password needs upper and lower case, a digit and a symbol.
    pub password_composition: Option<bool>,
    /// Memory that the hash of a password takes, in KiB: 19456 unless set.
    pub password_memory_kib: Option<NonZeroU32>,
    /// Passes over that memory: 2 unless set.
    pub password_passes: Option<NonZeroU32>,
    /// After how many hours without use a customer's session ends: 720 (30 days) unless set.
    pub session_idle_hours: Option<NonZeroU32>,
    /// After how many hours it ends in any case: 4320 (180 days) unless set.
    pub session_longest_hours: Option<NonZeroU32>,
    /// After how many hours without use a session ends of somebody who has a permission: 12 unless set.
    pub staff_session_idle_hours: Option<NonZeroU32>,
    /// After how many hours it ends in any case: 168 (7 days) unless set.
    pub staff_session_longest_hours: Option<NonZeroU32>,
    /// What becomes of line items that a guest's cart and that of their account both have: `add_up` unless set.
    pub cart_merge: Option<MergePolicy>,
    /// How many passwords are hashed at once: as many as there are processors unless set.
    pub passwords_at_once: Option<NonZeroUsize>,
    /// The ways to pay that the shop takes.
    pub payment_methods: Option<Vec<String>>,
    /// For how many minutes goods are held for an order that is paid in this way.
    pub payment_windows: Option<BTreeMap<String, u32>>,
    /// The secret key of the shop's account with Paystack.
    pub paystack_secret_key: Option<SecretString>,
    /// The key before.
    pub paystack_previous_secret_key: Option<SecretString>,
    /// Where Paystack is reached, when elsewhere: the sandbox.
    pub paystack_url: Option<String>,
    /// Whether test keys and a sandbox may be used.
    pub allow_sandbox: Option<bool>,
    /// Where browsers go after a page of the payment gateway.
    pub return_url: Option<String>,
    /// The addresses that messages of the payment gateway are taken from.
    pub message_sources: Option<Vec<IpAddr>>,
    /// How often payments that are due are looked for, in milliseconds: shorter for tests that do not want to wait.
    pub payments_interval_ms: Option<NonZeroU64>,
    /// The mail server that mails are sent through.
    pub smtp_url: Option<SecretString>,
    /// Who sends mails.
    pub mail_from: Option<String>,
    /// Who gets answers to mails.
    pub mail_reply_to: Option<String>,
    /// The language of mails to those who did not choose one.
    pub mail_language: Option<String>,
    /// The folder of the shop's own mail templates.
    pub mail_templates: Option<PathBuf>,
    /// How often mails that wait are looked for, in milliseconds.
    pub mail_interval_ms: Option<NonZeroU64>,
    /// What the shop is called.
    pub shop_name: Option<String>,
    /// Where shoppers find the shop: links in mails begin with it.
    pub public_url: Option<String>,
    /// The page of an order, for links in mails.
    pub link_order: Option<String>,
    /// The page that proves an address, for links in mails.
    pub link_verify: Option<String>,
    /// The page that sets a new password, for links in mails.
    pub link_reset: Option<String>,
    /// The page that proves a new address, for links in mails.
    pub link_email_change: Option<String>,
    /// Whether `/docs` and `/openapi.json` are shown.
    pub docs: Option<bool>,
    /// The longest a request may take.
    pub request_timeout_seconds: Option<NonZeroU64>,
    /// The largest body.
    pub body_bytes_max: Option<NonZeroUsize>,
    /// The largest file that is imported.
    pub import_bytes_max: Option<NonZeroU64>,
    /// For how long a server that says nothing of an import is waited for.
    pub import_lease_seconds: Option<NonZeroU64>,
    /// The folder that pictures are kept in.
    pub media_folder: Option<PathBuf>,
    /// The bucket that they are kept in, in place of a folder.
    pub media_bucket: Option<String>,
    /// Its region.
    pub media_region: Option<String>,
    /// Where it is reached, when not at Amazon.
    pub media_endpoint: Option<String>,
    /// Where browsers read its files, when not through the server.
    pub media_public_url: Option<String>,
    /// The id of the key that opens it.
    pub media_key_id: Option<String>,
    /// The key that opens it.
    pub media_key: Option<SecretString>,
    /// The largest picture that is taken.
    pub picture_bytes_max: Option<NonZeroUsize>,
    /// The most pixels of one.
    pub picture_pixels_max: Option<NonZeroU64>,
    /// How many are worked on at once.
    pub pictures_at_once: Option<NonZeroUsize>,
    /// The most connections of clients at once.
    pub connections_max: Option<NonZeroUsize>,
    /// How long the head of a request may take to arrive.
    pub head_timeout_seconds: Option<NonZeroU64>,
    /// How long requests and jobs that are under way may take once the server is told to stop.
    pub stop_timeout_seconds: Option<NonZeroU64>,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Option<Vec<Network>>,
    /// The web pages of other origins that may call the API from a browser.
    pub cors_origins: Option<Vec<Origin>>,
    /// For how long browsers shall come by TLS only, where a proxy speaks it for the server.
    pub hsts_seconds: Option<u32>,
    /// Whether that is also about the names below the shop's own.
    pub hsts_subdomains: Option<bool>,
    /// How the shop searches; the settings in the shop stay as they are when this is left out.
    pub search: Option<commerce_core::search::Settings>,
    /// Who may review what, and which reviews wait for somebody of the shop.
    #[serde(default)]
    pub reviews: ReviewSettings,
    /// What callers may ask for.
    #[serde(default)]
    pub rate_limits: RateLimits,
    /// The Redis on which servers count callers together.
    pub redis_url: Option<SecretString>,
    /// Whether and where answers of the catalogue are kept.
    pub cache: Option<CacheMode>,
    /// How many bytes of them in memory.
    pub cache_bytes_max: Option<NonZeroU64>,
    /// What the keys of this shop begin with on Redis.
    pub redis_prefix: Option<String>,
    /// What is logged.
    pub log: Option<String>,
    /// How it is logged.
    pub log_format: Option<LogFormat>,
}

/// Where answers of the catalogue are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheMode {
    /// Nowhere: each is read from the database.
    Off,
    /// In the memory of the server.
    InProcess,
    /// In the memory of the server, and on a Redis for all servers.
    Redis,
}

impl FromStr for CacheMode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "in-process" => Ok(Self::InProcess),
            "redis" => Ok(Self::Redis),
            _ => Err("it must be off, in-process or redis"),
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// The settings of file and environment, and over them those of the flags.
    ///
    /// # Errors
    /// When the file or a variable cannot be understood.
    pub fn load(file: Option<&Path>, flags: Self) -> Result<Self, ConfigError> {
        let variable = |name: &str| std::env::var(name).ok();
        let named = file.map(Path::to_owned).or_else(|| set(variable("COMMERCE_CONFIG")).map(PathBuf::from));
        let from_file = match named {
            Some(path) => Self::from_file(&path)?,
            None if Path::new(FILE).exists() => Self::from_file(Path::new(FILE))?,
            None => Self::default(),
        };
        Ok(from_file.under(Self::from_variables(variable)?).under(flags))
    }

    fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|source| ConfigError::Malformed { path: path.to_owned(), source: Box::new(source) })
    }

    /// The settings of the `COMMERCE_` variables. An empty one is not set.
    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let text = |name: &str| set(variable(&format!("COMMERCE_{name}")));
        let secret = |name: &str| text(name).map(SecretString::from);
        Ok(Self {
            database_url: secret("DATABASE_URL"),
            schema: text("SCHEMA"),
            database_connections: parsed("DATABASE_CONNECTIONS", &text)?,
            listen: text("LISTEN"),
            metrics_listen: text("METRICS_LISTEN"),
            secret: secret("SECRET"),
            previous_secret: secret("PREVIOUS_SECRET"),
            token_algorithm: parsed("TOKEN_ALGORITHM", &text)?,
            admin_token: secret("ADMIN_TOKEN"),
            password_length_min: parsed("PASSWORD_LENGTH_MIN", &text)?,
            password_strength_min: parsed("PASSWORD_STRENGTH_MIN", &text)?,
            password_composition: parsed("PASSWORD_COMPOSITION", &text)?,
            password_memory_kib: parsed("PASSWORD_MEMORY_KIB", &text)?,
            password_passes: parsed("PASSWORD_PASSES", &text)?,
            passwords_at_once: parsed("PASSWORDS_AT_ONCE", &text)?,
            session_idle_hours: parsed("SESSION_IDLE_HOURS", &text)?,
            session_longest_hours: parsed("SESSION_LONGEST_HOURS", &text)?,
            staff_session_idle_hours: parsed("STAFF_SESSION_IDLE_HOURS", &text)?,
            staff_session_longest_hours: parsed("STAFF_SESSION_LONGEST_HOURS", &text)?,
            cart_merge: parsed("CART_MERGE", &text)?,
            payment_methods: list("PAYMENT_METHODS", &text)?,
            payment_windows: text("PAYMENT_WINDOWS").map(|text| windows(&text)).transpose()?,
            paystack_secret_key: secret("PAYSTACK_SECRET_KEY"),
            paystack_previous_secret_key: secret("PAYSTACK_PREVIOUS_SECRET_KEY"),
            paystack_url: text("PAYSTACK_URL"),
            allow_sandbox: parsed("ALLOW_SANDBOX", &text)?,
            return_url: text("RETURN_URL"),
            message_sources: list("MESSAGE_SOURCES", &text)?,
            payments_interval_ms: parsed("PAYMENTS_INTERVAL_MS", &text)?,
            smtp_url: secret("SMTP_URL"),
            mail_from: text("MAIL_FROM"),
            mail_reply_to: text("MAIL_REPLY_TO"),
            mail_language: text("MAIL_LANGUAGE"),
            mail_templates: text("MAIL_TEMPLATES").map(PathBuf::from),
            mail_interval_ms: parsed("MAIL_INTERVAL_MS", &text)?,
            shop_name: text("SHOP_NAME"),
            public_url: text("PUBLIC_URL"),
            link_order: text("LINK_ORDER"),
            link_verify: text("LINK_VERIFY"),
            link_reset: text("LINK_RESET"),
            link_email_change: text("LINK_EMAIL_CHANGE"),
            docs: parsed("DOCS", &text)?,
            request_timeout_seconds: parsed("REQUEST_TIMEOUT_SECONDS", &text)?,
            body_bytes_max: parsed("BODY_BYTES_MAX", &text)?,
            import_bytes_max: parsed("IMPORT_BYTES_MAX", &text)?,
            import_lease_seconds: parsed("IMPORT_LEASE_SECONDS", &text)?,
            media_folder: text("MEDIA_FOLDER").map(PathBuf::from),
            media_bucket: text("MEDIA_BUCKET"),
            media_region: text("MEDIA_REGION"),
            media_endpoint: text("MEDIA_ENDPOINT"),
            media_public_url: text("MEDIA_PUBLIC_URL"),
            media_key_id: text("MEDIA_KEY_ID"),
            media_key: secret("MEDIA_KEY"),
            picture_bytes_max: parsed("PICTURE_BYTES_MAX", &text)?,
            picture_pixels_max: parsed("PICTURE_PIXELS_MAX", &text)?,
            pictures_at_once: parsed("PICTURES_AT_ONCE", &text)?,
            connections_max: parsed("CONNECTIONS_MAX", &text)?,
            head_timeout_seconds: parsed("HEAD_TIMEOUT_SECONDS", &text)?,
            stop_timeout_seconds: parsed("STOP_TIMEOUT_SECONDS", &text)?,
            trusted_proxies: list("TRUSTED_PROXIES", &text)?,
            cors_origins: list("CORS_ORIGINS", &text)?,
            hsts_seconds: parsed("HSTS_SECONDS", &text)?,
            hsts_subdomains: parsed("HSTS_SUBDOMAINS", &text)?,
            search: None,
            reviews: ReviewSettings::from_variables(&text)?,
            rate_limits: parsed("RATE_LIMITS", &text)?.unwrap_or_default(),
            redis_url: secret("REDIS_URL"),
            cache: parsed("CACHE", &text)?,
            cache_bytes_max: parsed("CACHE_BYTES_MAX", &text)?,
            redis_prefix: text("REDIS_PREFIX"),
            log: text("LOG"),
            log_format: match text("LOG_FORMAT").as_deref() {
                None => None,
                Some("text") => Some(LogFormat::Text),
                Some("json") => Some(LogFormat::Json),
                Some(_) => return Err(wrong("LOG_FORMAT", "it must be text or json")),
            },
        })
    }

    /// These settings where `above` says nothing.
    fn under(self, above: Self) -> Self {
        Self {
            database_url: above.database_url.or(self.database_url),
            schema: above.schema.or(self.schema),
            database_connections: above.database_connections.or(self.database_connections),
            listen: above.listen.or(self.listen),
            metrics_listen: above.metrics_listen.or(self.metrics_listen),
            secret: above.secret.or(self.secret),
            previous_secret: above.previous_secret.or(self.previous_secret),
            token_algorithm: above.token_algorithm.or(self.token_algorithm),
            admin_token: above.admin_token.or(self.admin_token),
            password_length_min: above.password_length_min.or(self.password_length_min),
            password_strength_min: above.password_strength_min.or(self.password_strength_min),
            password_composition: above.password_composition.or(self.password_composition),
            password_memory_kib: above.password_memory_kib.or(self.password_memory_kib),
            password_passes: above.password_passes.or(self.password_passes),
            passwords_at_once: above.passwords_at_once.or(self.passwords_at_once),
            session_idle_hours: above.session_idle_hours.or(self.session_idle_hours),
            session_longest_hours: above.session_longest_hours.or(self.session_longest_hours),
            staff_session_idle_hours: above.staff_session_idle_hours.or(self.staff_session_idle_hours),
            staff_session_longest_hours: above
                .staff_session_longest_hours
                .or(self.staff_session_longest_hours),
            cart_merge: above.cart_merge.or(self.cart_merge),
            payment_methods: above.payment_methods.or(self.payment_methods),
            payment_windows: above.payment_windows.or(self.payment_windows),
            paystack_secret_key: above.paystack_secret_key.or(self.paystack_secret_key),
            paystack_previous_secret_key: above
                .paystack_previous_secret_key
                .or(self.paystack_previous_secret_key),
            paystack_url: above.paystack_url.or(self.paystack_url),
            allow_sandbox: above.allow_sandbox.or(self.allow_sandbox),
            return_url: above.return_url.or(self.return_url),
            message_sources: above.message_sources.or(self.message_sources),
            payments_interval_ms: above.payments_interval_ms.or(self.payments_interval_ms),
            smtp_url: above.smtp_url.or(self.smtp_url),
            mail_from: above.mail_from.or(self.mail_from),
            mail_reply_to: above.mail_reply_to.or(self.mail_reply_to),
            mail_language: above.mail_language.or(self.mail_language),
            mail_templates: above.mail_templates.or(self.mail_templates),
            mail_interval_ms: above.mail_interval_ms.or(self.mail_interval_ms),
            shop_name: above.shop_name.or(self.shop_name),
            public_url: above.public_url.or(self.public_url),
            link_order: above.link_order.or(self.link_order),
            link_verify: above.link_verify.or(self.link_verify),
            link_reset: above.link_reset.or(self.link_reset),
            link_email_change: above.link_email_change.or(self.link_email_change),
            docs: above.docs.or(self.docs),
            request_timeout_seconds: above.request_timeout_seconds.or(self.request_timeout_seconds),
            body_bytes_max: above.body_bytes_max.or(self.body_bytes_max),
            import_bytes_max: above.import_bytes_max.or(self.import_bytes_max),
            import_lease_seconds: above.import_lease_seconds.or(self.import_lease_seconds),
            media_folder: above.media_folder.or(self.media_folder),
            media_bucket: above.media_bucket.or(self.media_bucket),
            media_region: above.media_region.or(self.media_region),
            media_endpoint: above.media_endpoint.or(self.media_endpoint),
            media_public_url: above.media_public_url.or(self.media_public_url),
            media_key_id: above.media_key_id.or(self.media_key_id),
            media_key: above.media_key.or(self.media_key),
            picture_bytes_max: above.picture_bytes_max.or(self.picture_bytes_max),
            picture_pixels_max: above.picture_pixels_max.or(self.picture_pixels_max),
            pictures_at_once: above.pictures_at_once.or(self.pictures_at_once),
            connections_max: above.connections_max.or(self.connections_max),
            head_timeout_seconds: above.head_timeout_seconds.or(self.head_timeout_seconds),
            stop_timeout_seconds: above.stop_timeout_seconds.or(self.stop_timeout_seconds),
            trusted_proxies: above.trusted_proxies.or(self.trusted_proxies),
            cors_origins: above.cors_origins.or(self.cors_origins),
            hsts_seconds: above.hsts_seconds.or(self.hsts_seconds),
            hsts_subdomains: above.hsts_subdomains.or(self.hsts_subdomains),
            search: above.search.or(self.search),
            reviews: self.reviews.under(above.reviews),
            rate_limits: self.rate_limits.under(above.rate_limits),
            redis_url: above.redis_url.or(self.redis_url),
            cache: above.cache.or(self.cache),
            cache_bytes_max: above.cache_bytes_max.or(self.cache_bytes_max),
            redis_prefix: above.redis_prefix.or(self.redis_prefix),
            log: above.log.or(self.log),
            log_format: above.log_format.or(self.log_format),
        }
    }

    /// The database.
    ///
    /// # Errors
    /// When none is named, or its address is none.
    pub fn database(&self) -> Result<Database, ConfigError> {
        let url = self.database_url.as_ref().ok_or(ConfigError::DatabaseMissing)?;
        Ok(Database {
            url: url.expose_secret().parse()?,
            schema: self.schema.clone(),
            connections: self.database_connections.map_or(Database::CONNECTIONS, NonZeroU32::get),
        })
    }

    /// How the shop is paid.
    ///
    /// # Errors
    /// When a method needs a gateway that is not configured, or a key is not fit for a shop.
    pub fn payments(&self) -> Result<Payments, ConfigError> {
        let paystack = self.paystack_secret_key.clone().map(|secret_key| PaystackAccount {
            secret_key,
            previous_secret_key: self.paystack_previous_secret_key.clone(),
            url: self.paystack_url.clone(),
        });
        let allow_sandbox = self.allow_sandbox.unwrap_or(false);
        let payments = Payments::checked(self.payment_methods.as_deref(), paystack, allow_sandbox)?;
        Ok(match &self.payment_windows {
            Some(windows) => payments.with_windows(windows)?,
            None => payments,
        })
    }

    /// How the shop sends mails; `None`: it sends none.
    ///
    /// # Errors
    /// When a setting of mail is missing or wrong, a template is, or there is no secret to sign links of orders with.
    pub fn mail(&self) -> Result<Option<MailConfig>, ConfigError> {
        if self.smtp_url.is_none() {
            return Ok(None);
        }
        let (secret, previous) = self.secrets()?;
        let settings = MailSettings {
            smtp_url: self.smtp_url.clone(),
            from: self.mail_from.clone(),
            reply_to: self.mail_reply_to.clone(),
            shop_name: self.shop_name.clone(),
            public_url: self.public_url.clone(),
            language: self.mail_language.clone(),
            templates: self.mail_templates.clone(),
            links: Patterns {
                order: self.link_order.clone(),
                verify: self.link_verify.clone(),
                reset: self.link_reset.clone(),
                email_change: self.link_email_change.clone(),
            },
        };
        Ok(settings.checked(&secret, previous.as_ref())?)
    }

    /// How the shop keeps its accounts.
    ///
    /// # Errors
    /// When passwords would be too short, or there is no such strength.
    pub fn accounts(&self) -> Result<Accounts, ConfigError> {
        let mut accounts = Accounts::default();
        let (policy, cost) = (&mut accounts.terms.passwords, &mut accounts.cost);
        policy.length_min = self.password_length_min.map_or(policy.length_min, NonZeroUsize::get);
        policy.strength_min = self.password_strength_min.unwrap_or(policy.strength_min);
        if !(8..=64).contains(&policy.length_min) {
            return Err(ConfigError::PasswordLength(policy.length_min));
        }
        if policy.strength_min > 4 {
            return Err(ConfigError::PasswordStrength(policy.strength_min));
        }
        policy.composition = self.password_composition.unwrap_or(policy.composition);
        cost.memory_kib = self.password_memory_kib.map_or(cost.memory_kib, NonZeroU32::get);
        cost.passes = self.password_passes.map_or(cost.passes, NonZeroU32::get);
        cost.at_once = self.passwords_at_once.map_or(cost.at_once, NonZeroUsize::get);
        let hours = |set: Option<NonZeroU32>, usual: Duration| {
            set.map_or(usual, |hours| Duration::from_secs(u64::from(hours.get()) * 3_600))
        };
        let AccountTerms { sessions, staff_sessions, .. } = &mut accounts.terms;
        sessions.idle = hours(self.session_idle_hours, sessions.idle);
        sessions.longest = hours(self.session_longest_hours, sessions.longest);
        staff_sessions.idle = hours(self.staff_session_idle_hours, staff_sessions.idle);
        staff_sessions.longest = hours(self.staff_session_longest_hours, staff_sessions.longest);
        // Whoever attacks the shop tries its name first.
        let host = self.public_url.as_deref().and_then(|url| url::Url::parse(url).ok());
        let host = host.as_ref().and_then(|url| url.host_str()).into_iter().flat_map(|host| host.split('.'));
        let known = self.shop_name.as_deref().into_iter().chain(host);
        accounts.terms.guessable.extend(known.map(str::to_owned));
        accounts.terms.cart_merge = self.cart_merge.unwrap_or_default();
        Ok(accounts)
    }

    /// Who may review what, and which reviews wait for somebody of the shop.
    ///
    /// # Errors
    /// When they make no sense.
    pub fn review_terms(&self) -> Result<ReviewTerms, ConfigError> {
        self.reviews.terms()
    }

    /// What the server needs beside the database.
    ///
    /// # Errors
    /// When the secret is missing or weak, or an address is none.
    pub fn server(&self) -> Result<ServerConfig, ConfigError> {
        let (secret, previous_secret) = self.secrets()?;
        self.server_with(secret, previous_secret)
    }

    /// What tokens are signed with, and were before.
    fn secrets(&self) -> Result<(SecretString, Option<SecretString>), ConfigError> {
        let previous =
            self.previous_secret.as_ref().map(|secret| secret::checked(Some(secret))).transpose()?;
        Ok((secret::checked(self.secret.as_ref())?, previous))
    }

    /// As [`Settings::server`], with a secret that comes from elsewhere.
    ///
    /// # Errors
    /// When the admin token is weak, or an address is none.
    pub fn server_with(
        &self,
        secret: SecretString,
        previous_secret: Option<SecretString>,
    ) -> Result<ServerConfig, ConfigError> {
        let address = |setting: &'static str, text: &str| {
            text.parse::<SocketAddr>().map_err(|_| ConfigError::Listen { setting, text: text.to_owned() })
        };
        let listen = address("listen", self.listen.as_deref().unwrap_or("127.0.0.1:8080"))?;
        let mut config = ServerConfig::new(listen, secret);
        config.previous_secret = previous_secret;
        config.token_algorithm = self.token_algorithm.unwrap_or_default();
        let token = self.admin_token.as_ref().map(|token| secret::checked(Some(token))).transpose();
        config.admin_token = token.map_err(ConfigError::AdminToken)?;
        if let Some(text) = &self.metrics_listen {
            config.metrics_listen = Some(address("metrics_listen", text)?);
        }
        config.return_url.clone_from(&self.return_url);
        let pages =
            [&self.public_url, &self.return_url].into_iter().flatten().filter_map(|url| Origin::of(url));
        config.callback_origins = pages.chain(self.cors_origins.iter().flatten().cloned()).collect();
        config.message_sources = self.message_sources.clone().unwrap_or_default();
        if let Some(millis) = self.payments_interval_ms {
            config.payments_interval = Duration::from_millis(millis.get());
        }
        if let Some(millis) = self.mail_interval_ms {
            config.mail_interval = Duration::from_millis(millis.get());
        }
        config.docs = self.docs.unwrap_or(config.docs);
        if let Some(seconds) = self.request_timeout_seconds {
            config.request_timeout = Duration::from_secs(seconds.get());
        }
        if let Some(seconds) = self.head_timeout_seconds {
            config.head_timeout = Duration::from_secs(seconds.get());
        }
        if let Some(seconds) = self.stop_timeout_seconds {
            config.stop_timeout = Duration::from_secs(seconds.get());
        }
        config.trusted_proxies = self.trusted_proxies.clone().unwrap_or_default();
        config.cors_origins = self.cors_origins.clone().unwrap_or_default();
        config.hsts_seconds = self.hsts_seconds.filter(|seconds| *seconds > 0);
        config.hsts_subdomains = self.hsts_subdomains.unwrap_or(false);
        config.rate_limits = self.rate_limits.budgets();
        config.cache_bytes_max = match self.cache()? {
            CacheMode::Off => None,
            CacheMode::InProcess | CacheMode::Redis => {
                Some(self.cache_bytes_max.map_or(InProcessCache::BYTES_MAX, NonZeroU64::get))
            }
        };
        config.body_bytes_max = self.body_bytes_max.map_or(config.body_bytes_max, NonZeroUsize::get);
        config.import_bytes_max = self.import_bytes_max.map_or(config.import_bytes_max, NonZeroU64::get);
        if let Some(seconds) = self.import_lease_seconds {
            config.import_lease = Duration::from_secs(seconds.get());
        }
        let pictures = &mut config.pictures;
        pictures.bytes_max = self.picture_bytes_max.map_or(pictures.bytes_max, NonZeroUsize::get);
        pictures.pixels_max = self.picture_pixels_max.map_or(pictures.pixels_max, NonZeroU64::get);
        pictures.at_once = self.pictures_at_once.map_or(pictures.at_once, NonZeroUsize::get);
        config.connections_max = self.connections_max.map_or(config.connections_max, NonZeroUsize::get);
        Ok(config)
    }

    /// Where pictures are kept: a bucket, the folder that is named, or one beside the file of SQLite. `None`: nowhere, for a
    /// database elsewhere says nothing of a folder here.
    ///
    /// # Errors
    /// When both a folder and a bucket are named, or a part of the bucket's description is missing.
    pub fn media(&self) -> Result<Option<MediaPlace>, ConfigError> {
        let wrong = |words: &str| Err(ConfigError::Media(words.to_owned()));
        let Some(name) = self.media_bucket.clone() else {
            let beside = || match self.database().ok()?.url {
                DatabaseUrl::Sqlite(file) if cfg!(feature = "images") => Some(MediaPlace::beside(&file)),
                _ => None,
            };
            return Ok(self.media_folder.clone().map(MediaPlace::Folder).or_else(beside));
        };
        if self.media_folder.is_some() {
            return wrong(
                "pictures are kept in a folder (media_folder) or in a bucket (media_bucket), not in both",
            );
        }
        let Some(region) = self.media_region.clone() else {
            return wrong("media_bucket needs media_region, COMMERCE_MEDIA_REGION, such as eu-west-1");
        };
        if self.media_key_id.is_some() != self.media_key.is_some() {
            return wrong(
                "media_key_id and media_key, COMMERCE_MEDIA_KEY_ID and COMMERCE_MEDIA_KEY, go together",
            );
        }
        Ok(Some(MediaPlace::Bucket(BucketSettings {
            name,
            region,
            endpoint: self.media_endpoint.clone(),
            public_url: self.media_public_url.clone(),
            key_id: self.media_key_id.clone(),
            key: self.media_key.clone(),
        })))
    }

    /// Where answers of the catalogue are kept: unless it is said, on Redis where there is one, and else in memory.
    ///
    /// # Errors
    /// When it is to be a Redis, and there is none.
    pub fn cache(&self) -> Result<CacheMode, ConfigError> {
        match (self.cache, &self.redis_url) {
            (Some(CacheMode::Redis), None) => Err(ConfigError::CacheWithoutRedis),
            (Some(mode), _) => Ok(mode),
            (None, Some(_)) => Ok(CacheMode::Redis),
            (None, None) => Ok(CacheMode::InProcess),
        }
    }
}

fn set(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn wrong(name: &str, reason: impl fmt::Display) -> ConfigError {
    ConfigError::Variable { name: format!("COMMERCE_{name}"), reason: reason.to_string() }
}

pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(
    name: &str,
    text: &impl Fn(&str) -> Option<String>,
) -> Result<Option<T>, ConfigError> {
    text(name).map(|text| text.parse().map_err(|error| wrong(name, error))).transpose()
}

/// Values with commas between them.
pub(super) fn list<T: FromStr<Err: fmt::Display>>(
    name: &str,
    text: &impl Fn(&str) -> Option<String>,
) -> Result<Option<Vec<T>>, ConfigError> {
    let read = |text: String| {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| part.parse().map_err(|error| wrong(name, error))).collect()
    };
    text(name).map(read).transpose()
}

/// Ways to pay and minutes: `card=30,manual=4320`.
fn windows(text: &str) -> Result<BTreeMap<String, u32>, ConfigError> {
    let read = |part: &str| {
        let (name, minutes) = part.split_once('=')?;
        Some((name.trim().to_owned(), minutes.trim().parse().ok()?))
    };
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let wrong =
        |part| wrong("PAYMENT_WINDOWS", format!("{part:?} is no way to pay with minutes, as card=30 is"));
    parts.map(|part| read(part).ok_or_else(|| wrong(part))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every setting in the example can be set as it stands there.
    #[test]
    fn the_example_is_right() {
        let example = include_str!("../../commerce.example.toml");
        Settings::from_file(Path::new("commerce.example.toml")).unwrap();
        let is_setting = |line: &str| {
            let name = line.split(" = ").next().unwrap_or_default();
            line.starts_with('[') || line.contains(" = ") && !name.contains(' ')
        };
        let without =
            |line: &'static str| line.strip_prefix("# ").filter(|line| is_setting(line)).unwrap_or(line);
        let second = "database_url = \"postgres://";
        let all: Vec<&str> = example.lines().map(without).filter(|line| !line.starts_with(second)).collect();
        let settings: Settings = toml::from_str(&all.join("\n")).unwrap();
        assert!(settings.search.is_some() && settings.log.is_some() && settings.review_terms().is_ok());
        assert_eq!(settings.payment_windows.unwrap()["manual"], 4_320);
    }

    fn variables(set: &'static [(&'static str, &'static str)]) -> Result<Settings, ConfigError> {
        Settings::from_variables(|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, to)| (*to).to_owned())
        })
    }

    #[test]
    fn flags_outweigh_variables_and_variables_the_file() {
        let file: Settings =
            toml::from_str("listen = \"1.1.1.1:1\"\nschema = \"file\"\ndocs = false").unwrap();
        let above = variables(&[("COMMERCE_LISTEN", "2.2.2.2:2"), ("COMMERCE_SCHEMA", "variable")]).unwrap();
        let flags = Settings { listen: Some("3.3.3.3:3".to_owned()), ..Settings::default() };
        let settings = file.under(above).under(flags);
        assert_eq!(settings.listen.as_deref(), Some("3.3.3.3:3"));
        assert_eq!(settings.schema.as_deref(), Some("variable"));
        assert_eq!(settings.docs, Some(false));
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let settings = variables(&[("COMMERCE_LISTEN", ""), ("COMMERCE_DOCS", "")]).unwrap();
        assert_eq!((settings.listen, settings.docs), (None, None));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let said = variables(&[("COMMERCE_BODY_BYTES_MAX", "lots")]).unwrap_err().to_string();
        assert!(said.contains("COMMERCE_BODY_BYTES_MAX"), "{said}");
        assert!(toml::from_str::<Settings>("lisen = \"1.1.1.1:1\"").is_err());
        let unclear = Settings { listen: Some("8080".to_owned()), ..Settings::default() };
        let said = unclear.server_with("s".into(), None).unwrap_err().to_string();
        assert!(said.contains("127.0.0.1:8080"), "{said}");
    }

    #[test]
    fn variables_change_some_terms_of_reviews_and_the_file_others() {
        let file = "[reviews]\nwindow_days = 30\nreports_max = 5\nwords = [\"scam\"]";
        let file: Settings = toml::from_str(file).unwrap();
        let above = variables(&[
            ("COMMERCE_REVIEWS_WINDOW_DAYS", "14"),
            ("COMMERCE_REVIEWS_WORDS", "fake, money back"),
            ("COMMERCE_REVIEWS_PUBLISH_AT_ONCE", "false"),
        ]);
        let words = vec!["fake".to_owned(), "money back".to_owned()];
        let expected = ReviewTerms {
            window_days: 14,
            reports_max: 5,
            words,
            publish_at_once: false,
            ..ReviewTerms::default()
        };
        assert_eq!(file.under(above.unwrap()).review_terms().unwrap(), expected);
        let said = variables(&[("COMMERCE_REVIEWS_WINDOW_DAYS", "soon")]).unwrap_err().to_string();
        assert!(said.contains("COMMERCE_REVIEWS_WINDOW_DAYS"), "{said}");
        let none = variables(&[("COMMERCE_REVIEWS_WINDOW_DAYS", "0")]).unwrap().review_terms();
        assert!(none.unwrap_err().to_string().contains("window_days"));
    }

    #[test]
    fn for_how_long_sessions_are_good() {
        let hours = |set| {
            let AccountTerms { sessions, staff_sessions, .. } =
                variables(set).unwrap().accounts().unwrap().terms;
            [sessions.idle, sessions.longest, staff_sessions.idle, staff_sessions.longest]
                .map(|length| length.as_secs() / 3_600)
        };
        assert_eq!(hours(&[]), [720, 4_320, 12, 168]);
        let set = &[
            ("COMMERCE_SESSION_IDLE_HOURS", "1"),
            ("COMMERCE_SESSION_LONGEST_HOURS", "2"),
            ("COMMERCE_STAFF_SESSION_IDLE_HOURS", "3"),
            ("COMMERCE_STAFF_SESSION_LONGEST_HOURS", "4"),
        ];
        assert_eq!(hours(set), [1, 2, 3, 4]);
        assert!(variables(&[("COMMERCE_STAFF_SESSION_IDLE_HOURS", "0")]).is_err());
    }

    #[test]
    fn pages_of_the_shop_are_where_it_says_that_it_is() {
        let origins = |set| {
            let config = variables(set).unwrap().server_with("s".into(), None).unwrap();
            config.callback_origins.iter().map(Origin::to_string).collect::<Vec<_>>()
        };
        assert_eq!(origins(&[]), [] as [&str; 0]);
        let set = &[
            ("COMMERCE_PUBLIC_URL", "https://shop.example/en/"),
            ("COMMERCE_RETURN_URL", "https://pay.shop.example:8443/done?order"),
            ("COMMERCE_CORS_ORIGINS", "https://app.shop.example"),
        ];
        let named = ["https://shop.example", "https://pay.shop.example:8443", "https://app.shop.example"];
        assert_eq!(origins(set), named);
    }

    #[test]
    fn where_answers_are_kept() {
        let mode = |set| variables(set).and_then(|settings| settings.cache());
        assert_eq!(mode(&[]).unwrap(), CacheMode::InProcess);
        assert_eq!(mode(&[("COMMERCE_REDIS_URL", "redis://h")]).unwrap(), CacheMode::Redis);
        let off = &[("COMMERCE_REDIS_URL", "redis://h"), ("COMMERCE_CACHE", "off")];
        assert_eq!(mode(off).unwrap(), CacheMode::Off);
        let said = mode(&[("COMMERCE_CACHE", "redis")]).unwrap_err().to_string();
        assert!(said.contains("COMMERCE_REDIS_URL"), "{said}");
        let said = mode(&[("COMMERCE_CACHE", "memory")]).unwrap_err().to_string();
        assert!(said.contains("COMMERCE_CACHE") && said.contains("in-process"), "{said}");
        let file: Settings = toml::from_str("cache = \"in-process\"\ncache_bytes_max = 1000000").unwrap();
        assert_eq!(file.server_with("s".into(), None).unwrap().cache_bytes_max, Some(1_000_000));
    }

    #[test]
    fn where_pictures_are_kept() {
        let place = |set| variables(set).and_then(|settings| settings.media());
        let folder = |place| match place {
            Ok(Some(MediaPlace::Folder(folder))) => Some(folder.display().to_string()),
            _ => None,
        };
        let beside = &[("COMMERCE_DATABASE_URL", "sqlite:/srv/shop.db")];
        assert_eq!(folder(place(beside)).as_deref(), Some("/srv/shop.db.media"));
        let named =
            &[("COMMERCE_DATABASE_URL", "postgres://h/d"), ("COMMERCE_MEDIA_FOLDER", "/srv/pictures")];
        assert_eq!(folder(place(named)).as_deref(), Some("/srv/pictures"));
        assert!(place(&[("COMMERCE_DATABASE_URL", "postgres://h/d")]).unwrap().is_none());
        let bucket = &[("COMMERCE_MEDIA_BUCKET", "b"), ("COMMERCE_MEDIA_REGION", "eu-west-1")];
        assert!(matches!(place(bucket), Ok(Some(MediaPlace::Bucket(_)))));
        for (set, names) in [
            (&[("COMMERCE_MEDIA_BUCKET", "b")] as &[_], "COMMERCE_MEDIA_REGION"),
            (&[("COMMERCE_MEDIA_BUCKET", "b"), ("COMMERCE_MEDIA_FOLDER", "/f")], "media_folder"),
            (
                &[
                    ("COMMERCE_MEDIA_BUCKET", "b"),
                    ("COMMERCE_MEDIA_REGION", "r"),
                    ("COMMERCE_MEDIA_KEY_ID", "id"),
                ],
                "COMMERCE_MEDIA_KEY",
            ),
        ] {
            let said = place(set).unwrap_err().to_string();
            assert!(said.contains(names), "{said}");
        }
    }

    #[test]
    fn database_addresses() {
        let url = |text: &str| text.parse::<DatabaseUrl>().map(|url| format!("{url:?}")).ok();
        assert_eq!(url("sqlite:shop.db").as_deref(), Some("sqlite:shop.db"));
        assert_eq!(url("sqlite:///var/shop.db").as_deref(), Some("sqlite:/var/shop.db"));
        assert_eq!(url("postgres://u:password@h/d").as_deref(), Some("postgres://..."));
        for bad in ["", "sqlite:", "shop.db", "mysql://h/d"] {
            assert_eq!(url(bad), None, "{bad}");
        }
    }
}
