//! What the server needs beside the database.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use commerce_core::cache::InProcessCache;
use commerce_core::limit::Budgets;
use secrecy::SecretString;
use serde::Deserialize;

use super::{Network, Origin};
use crate::media::PictureTerms;

/// How access tokens are signed, with keys that are made of the secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenAlgorithm {
    /// With a key by which they are checked too (HMAC with SHA-256): only this server can.
    #[default]
    Hs256,
    /// With one half of a pair (Ed25519): whoever has the other, which the server publishes as
    /// `/.well-known/jwks.json`, can check them and sign none.
    EdDsa,
}

impl FromStr for TokenAlgorithm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "hs256" => Ok(Self::Hs256),
            "eddsa" => Ok(Self::EdDsa),
            _ => Err("it must be hs256 or eddsa"),
        }
    }
}

/// What the server needs beside the database.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it shows metrics; absent: beside the API when that is a loopback address, else nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// What tokens are signed with.
    pub secret: SecretString,
    /// What tokens were signed with before.
    pub previous_secret: Option<SecretString>,
    /// How access tokens are signed.
    pub token_algorithm: TokenAlgorithm,
    /// What may do everything, as the way in while nobody can log in; absent: only accounts and keys open the back office.
    pub admin_token: Option<SecretString>,
    /// Where browsers go after a page of the payment gateway, unless the request says otherwise.
    pub return_url: Option<String>,
    /// The origins of pages that a request may name for that; none: any.
    pub callback_origins: Vec<Origin>,
    /// The addresses that messages of the payment gateway are taken from; none: from anywhere, as the signature tells.
    pub message_sources: Vec<IpAddr>,
    /// How often attempts, refunds and messages of the gateway are looked for that are due.
    pub payments_interval: Duration,
    /// How often mails that wait are looked for.
    pub mail_interval: Duration,
    /// Whether `/docs` and `/openapi.json` are shown: on loopback unless set.
    pub docs: bool,
    /// The longest a request may take.
    pub request_timeout: Duration,
    /// How long the head of a request may take to arrive.
    pub head_timeout: Duration,
    /// How long requests and jobs that are under way may take once the server is told to stop.
    pub stop_timeout: Duration,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// The web pages of other origins that may call the API from a browser; none: no page may.
    pub cors_origins: Vec<Origin>,
    /// For how long browsers shall come by TLS only; absent: nothing is said.
    pub hsts_seconds: Option<u32>,
    /// Whether that is also about the names below the shop's own.
    pub hsts_subdomains: bool,
    /// What callers may ask for.
    pub rate_limits: Budgets,
    /// How many bytes of answers of the catalogue are kept in memory; absent: none are kept anywhere.
    pub cache_bytes_max: Option<u64>,
    /// The largest body.
    pub body_bytes_max: usize,
    /// The largest file that is imported.
    pub import_bytes_max: u64,
    /// For how long a server that says nothing of an import that it has is waited for, before another takes it over.
    pub import_lease: Duration,
    /// What pictures may be.
    pub pictures: PictureTerms,
    /// The most connections of clients at once.
    pub connections_max: usize,
}

impl ServerConfig {
    /// What a host needs to say; everything else as the documentation of the configuration file has it.
    #[must_use]
    pub fn new(listen: SocketAddr, secret: SecretString) -> Self {
        Self {
            listen,
            metrics_listen: None,
            secret,
            previous_secret: None,
            token_algorithm: TokenAlgorithm::Hs256,
            admin_token: None,
            return_url: None,
            callback_origins: Vec::new(),
            message_sources: Vec::new(),
            payments_interval: Duration::from_secs(5),
            mail_interval: Duration::from_secs(2),
            docs: listen.ip().is_loopback(),
            request_timeout: Duration::from_secs(5),
            head_timeout: Duration::from_secs(10),
            stop_timeout: Duration::from_secs(20),
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            hsts_seconds: None,
            hsts_subdomains: false,
            rate_limits: Budgets::default(),
            cache_bytes_max: Some(InProcessCache::BYTES_MAX),
            import_bytes_max: 100 << 20,
            import_lease: Duration::from_secs(30),
            body_bytes_max: 1 << 20,
            pictures: PictureTerms::default(),
            connections_max: 10_000,
        }
    }
}
