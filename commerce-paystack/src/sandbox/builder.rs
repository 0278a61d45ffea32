//! How a sandbox is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::books::{Books, Settings};
use super::clock::Clock;
use super::country::{Country, Currency};
use super::refund::PACE;
use super::running::Running;
use super::webhook::Schedule;
use super::{Sandbox, Shared};

/// Why a sandbox cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The key is not one of test mode.
    #[error("the sandbox takes secret keys that begin with sk_test_ only; a live key has no place here")]
    NotATestKey,
    /// The address cannot be listened on.
    #[error("the sandbox cannot listen on {address}: {source}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Webhooks cannot be sent.
    #[error("the sandbox cannot send webhooks: {0}")]
    Http(#[from] reqwest::Error),
}

/// A sandbox to be set up. Without further words it is a business in Nigeria, listens on a free port of this computer,
/// and takes the key `sk_test_sandbox`.
#[derive(Debug, Clone)]
pub struct Builder {
    settings: Settings,
    listen: SocketAddr,
    time_scale: u32,
    seed: Option<u64>,
    /// Whether currencies were named; if not, they follow the country.
    named_currencies: bool,
}

impl Default for Builder {
    fn default() -> Self {
        let country = Country::Nigeria;
        Self {
            settings: Settings {
                secret_key: "sk_test_sandbox".to_owned(),
                shop: "Sandbox shop".to_owned(),
                country,
                currency: country.currency(),
                currencies: country.currencies(),
                callback_url: None,
                webhook_url: None,
                public_url: String::new(),
                integration: 100_001,
                rate_limit: Some(100),
                schedule: Schedule::Test,
                refund_pace: PACE,
                payer_bears_fee: false,
                control: false,
                session_timeout: 0,
            },
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            time_scale: 1,
            seed: None,
            named_currencies: false,
        }
    }
}

impl Builder {
    /// The key that clients send and webhooks are signed with. It begins with `sk_test_`.
    #[must_use]
    pub fn secret_key(mut self, key: impl Into<String>) -> Self {
        self.settings.secret_key = key.into();
        self
    }

    /// What the checkout page calls the shop.
    #[must_use]
    pub fn shop(mut self, name: impl Into<String>) -> Self {
        self.settings.shop = name.into();
        self
    }

    /// Where the business is: it decides channels and fees, and currencies unless they are named.
    #[must_use]
    pub fn country(mut self, country: Country) -> Self {
        self.settings.country = country;
        if !self.named_currencies {
            self.settings.currency = country.currency();
            self.settings.currencies = country.currencies();
        }
        self
    }

    /// The currency of transactions that name none. A business is taken to be in its country.
    #[must_use]
    pub fn currency(self, currency: Currency) -> Self {
        if self.settings.country.currencies().contains(&currency) {
            let mut here = self;
            here.settings.currency = currency;
            return here;
        }
        self.country(currency.country())
    }

    /// The currencies that are taken; the first one is for transactions that name none. A list without any changes
    /// nothing.
    #[must_use]
    pub fn currencies(mut self, currencies: &[Currency]) -> Self {
        if let Some(first) = currencies.first() {
            self.settings.currency = *first;
            self.settings.currencies = currencies.to_vec();
            self.named_currencies = true;
        }
        self
    }

    /// Where webhooks go.
    #[must_use]
    pub fn webhook_url(mut self, url: impl Into<String>) -> Self {
        self.settings.webhook_url = Some(url.into());
        self
    }

    /// Where payers go back to when a transaction says nothing about it.
    #[must_use]
    pub fn callback_url(mut self, url: impl Into<String>) -> Self {
        self.settings.callback_url = Some(url.into());
        self
    }

    /// Where the sandbox is reached, with the path that it is mounted under and without a slash at its end. Links to the
    /// checkout begin with it. A sandbox that listens by itself knows its own.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        url.into().trim_end_matches('/').clone_into(&mut self.settings.public_url);
        self
    }

    /// The address to listen on.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The port of this computer to listen on; 0 is any free one.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    /// How many times faster than the wall's the sandbox's own time runs: with 3600 an hour is a second.
    #[must_use]
    pub fn time_scale(mut self, scale: u32) -> Self {
        self.time_scale = scale;
        self
    }

    /// How many calls of one kind are taken in a minute; as many as come with `None`. Without a word it is 100, as
    /// documented for test mode.
    #[must_use]
    pub fn rate_limit(mut self, per_minute: Option<u32>) -> Self {
        self.settings.rate_limit = per_minute;
        self
    }

    /// When webhooks are tried again. Without a word as in test mode.
    #[must_use]
    pub fn webhook_schedule(mut self, schedule: Schedule) -> Self {
        self.settings.schedule = schedule;
        self
    }

    /// How long a refund stays pending, and then processing, of the sandbox's own time. Without a word five minutes.
    #[must_use]
    pub fn refund_pace(mut self, pace: Duration) -> Self {
        self.settings.refund_pace = pace;
        self
    }

    /// The payer pays the fee on top: `amount` is then more than what was asked for.
    #[must_use]
    pub fn payer_bears_fee(mut self) -> Self {
        self.settings.payer_bears_fee = true;
        self
    }

    /// Opens `/_sandbox/…`, with which other processes read the truth and set faults. It asks for no key, so it is only
    /// for where nobody else comes. A sandbox that [listens by itself](Self::start) always has it.
    #[must_use]
    pub fn control(mut self) -> Self {
        self.settings.control = true;
        self
    }

    /// References, codes and ids that are the same on every run.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The sandbox, to be mounted into another server.
    ///
    /// # Errors
    /// When the key is not one of test mode.
    pub fn build(self) -> Result<Sandbox, SandboxError> {
        if !self.settings.secret_key.starts_with("sk_test_") {
            return Err(SandboxError::NotATestKey);
        }
        // A redirect is not a 200, and what is sent to this computer must not go through a proxy.
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        let books = Books::new(self.settings, Clock::new(self.time_scale), self.seed);
        let shared = Shared {
            books: Mutex::new(books),
            changed: watch::Sender::new(()),
            http,
            started: Instant::now(),
        };
        Ok(Sandbox { shared: Arc::new(shared) })
    }

    /// Starts it on an address of its own.
    ///
    /// # Errors
    /// When the key is not one of test mode or the address cannot be listened on.
    pub async fn start(mut self) -> Result<Running, SandboxError> {
        let address = self.listen;
        let cannot = |source| SandboxError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        let bound = listener.local_addr().map_err(cannot)?;
        if self.settings.public_url.is_empty() {
            self.settings.public_url = format!("http://{bound}");
        }
        self.settings.control = true;
        Running::new(self.build()?, listener, bound).map_err(cannot)
    }
}
