//! The client and its options.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::breaker::BreakerOptions;
use crate::error::ConfigError;
use crate::transport::Transport;
use crate::value::Mode;
use crate::webhook::Verifier;

/// Talks to one Paystack account. A clone shares connections, limits and circuit breaker with the original, so make one
/// and clone it.
///
/// A call that is dropped before it ends may still have been carried out. Run writes in a task that nobody cancels.
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Arc<Transport>,
}

/// What a client does with time and load, and where it calls.
pub struct ClientBuilder {
    key: SecretString,
    base_url: String,
    options: Options,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) deadline: Duration,
    pub(crate) concurrency_max: usize,
    pub(crate) breaker: BreakerOptions,
}

impl Client {
    /// Where the API is, for test and live keys.
    pub const BASE_URL: &'static str = "https://api.paystack.co";

    /// A client with the secret key of an account (`sk_test_...` or `sk_live_...`) and the usual options.
    ///
    /// # Errors
    /// [`ConfigError`] when the text is no secret key, or TLS cannot be set up.
    pub fn new(key: impl Into<SecretString>) -> Result<Self, ConfigError> {
        Self::builder(key).build()
    }

    /// A client with the secret key of an account and options of one's own.
    pub fn builder(key: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder {
            key: key.into(),
            base_url: Self::BASE_URL.to_owned(),
            options: Options {
                deadline: ClientBuilder::DEADLINE_MAX,
                concurrency_max: 32,
                breaker: BreakerOptions::default(),
            },
        }
    }

    /// Checks messages that Paystack sends to this account. While the secret key is being replaced, those before it are
    /// taken too.
    #[must_use]
    pub fn verifier(&self, previous_keys: impl IntoIterator<Item = SecretString>) -> Verifier {
        Verifier::new(std::iter::once(self.transport.key().clone()).chain(previous_keys))
    }

    /// Whether the key is one for tests or moves money.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.transport.mode()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("mode", &self.mode()).finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// The longest deadline of a call.
    pub const DEADLINE_MAX: Duration = Duration::from_secs(10);
    const DEADLINE_MIN: Duration = Duration::from_millis(50);

    /// Another address, such as that of a sandbox. Plain http is taken with a test key only.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// How long one call may take, waiting, connecting, repeating and reading included: 50 ms to 10 s, which is also what
    /// holds without this.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = deadline;
        self
    }

    /// How many calls may be under way at once: 1 to 1000, 32 without this.
    #[must_use]
    pub fn concurrency_max(mut self, concurrency_max: usize) -> Self {
        self.options.concurrency_max = concurrency_max;
        self
    }

    /// When the circuit opens, and for how long.
    #[must_use]
    pub fn breaker(mut self, options: BreakerOptions) -> Self {
        self.options.breaker = options;
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ConfigError`] says which option is wrong.
    pub fn build(self) -> Result<Client, ConfigError> {
        let Self { key, base_url, options } = self;
        let mode = mode_of(key.expose_secret())?;
        let base = base_address(&base_url)?;
        if mode == Mode::Live && base.scheme() != "https" {
            return Err(ConfigError::PlainHttp);
        }
        if !(Self::DEADLINE_MIN..=Self::DEADLINE_MAX).contains(&options.deadline) {
            return Err(ConfigError::OutOfRange("a deadline is 50 ms to 10 s"));
        }
        if !(1..=1000).contains(&options.concurrency_max) {
            return Err(ConfigError::OutOfRange("1 to 1000 calls may be under way at once"));
        }
        let open_for = Duration::from_millis(1)..=Duration::from_mins(1);
        if options.breaker.failures_max == 0 || !open_for.contains(&options.breaker.open_for) {
            return Err(ConfigError::OutOfRange(
                "the breaker needs 1 failure and 1 ms to 1 min at least and at most",
            ));
        }
        Ok(Client { transport: Arc::new(Transport::new(key, mode, base, options)?) })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}

fn mode_of(key: &str) -> Result<Mode, ConfigError> {
    if key.starts_with("pk_") {
        return Err(ConfigError::PublicKey);
    }
    let (mode, rest) = match (key.strip_prefix("sk_test_"), key.strip_prefix("sk_live_")) {
        (Some(rest), _) => (Mode::Test, rest),
        (_, Some(rest)) => (Mode::Live, rest),
        _ => return Err(ConfigError::NotASecretKey),
    };
    if rest.len() >= 4 && rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(mode)
    } else {
        Err(ConfigError::NotASecretKey)
    }
}

/// The address with a path that ends in `/`, so that paths can be appended.
fn base_address(text: &str) -> Result<Url, ConfigError> {
    let mut url: Url = text.parse().map_err(|_| ConfigError::BaseUrl)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain || url.fragment().is_some() {
        return Err(ConfigError::BaseUrl);
    }
    let path = format!("{}/", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST_KEY: &str = "sk_test_0f1e2d3c4b5a";
    const LIVE_KEY: &str = "sk_live_0f1e2d3c4b5a";

    #[test]
    fn wrong_keys_and_addresses_are_refused() {
        let build = |key: &str, base: &str| Client::builder(key).base_url(base).build().map(|c| c.mode());
        assert_eq!(build("pk_test_0f1e2d3c4b5a", Client::BASE_URL), Err(ConfigError::PublicKey));
        for key in ["", "sk_test_", "sk_test_abc", "sk_test_0f1e2d3c 4b5a", "sk_prod_0f1e2d3c4b5a", "secret"]
        {
            let refused = build(key, "http://127.0.0.1:1");
            assert!(
                refused == Err(ConfigError::NotASecretKey) || key == "sk_test_short",
                "{key}: {refused:?}"
            );
        }
        assert_eq!(build(LIVE_KEY, "http://127.0.0.1:1"), Err(ConfigError::PlainHttp));
        assert_eq!(build(TEST_KEY, "http://127.0.0.1:1"), Ok(Mode::Test));
        for base in ["", "api", "ftp://a.b", "http://u:p@a.b", "http://a.b?x=1", "http://a.b#x", "data:x"] {
            assert_eq!(build(TEST_KEY, base), Err(ConfigError::BaseUrl), "{base}");
        }
    }

    #[test]
    fn limits_are_checked() {
        let builder = || Client::builder(TEST_KEY).base_url("http://127.0.0.1:1");
        assert!(builder().deadline(Duration::from_secs(11)).build().is_err());
        assert!(builder().deadline(Duration::ZERO).build().is_err());
        assert!(builder().concurrency_max(0).build().is_err());
        assert!(builder().breaker(BreakerOptions { failures_max: 0, ..Default::default() }).build().is_err());
        assert!(builder().build().is_ok());
    }

    #[test]
    fn nothing_prints_the_key() {
        let builder = Client::builder(TEST_KEY).base_url("http://127.0.0.1:1");
        let before = format!("{builder:?}");
        let client = builder.build().unwrap();
        assert!(!format!("{before}{client:?}{:?}", client.transport).contains("0f1e2d3c"));
    }
}
