//! The one place that sends: limits, deadline, circuit breaker, repetition of reads, and the envelope of answers.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};

use crate::breaker::{Breaker, Health, Pass};
use crate::client::Options;
use crate::envelope::{self, Envelope};
use crate::error::{ConfigError, Error, ErrorKind};
use crate::refusal::printable;
use crate::value::{Mode, Unreadable};

/// What is to be sent.
pub(crate) struct Call {
    /// Its name in errors, and what a 429 answer holds back.
    pub(crate) operation: &'static str,
    /// Below the base address, without a slash in front.
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    /// A write has a body and is sent once; a read has none and may be repeated.
    pub(crate) body: Option<Value>,
}

impl Call {
    pub(crate) fn read(operation: &'static str, path: impl Into<String>) -> Self {
        Self { operation, path: path.into(), query: Vec::new(), body: None }
    }

    pub(crate) fn write(operation: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self { operation, path: path.into(), query: Vec::new(), body: Some(body) }
    }

    pub(crate) fn is_write(&self) -> bool {
        self.body.is_some()
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(self.operation, self.is_write(), kind)
    }
}

pub(crate) struct Transport {
    http: reqwest::Client,
    mode: Mode,
    key: SecretString,
    base: Url,
    options: Options,
    slots: Semaphore,
    breaker: Mutex<Breaker>,
    /// Until when an operation is not sent because the last answer was 429.
    held_back: Mutex<HashMap<&'static str, Instant>>,
    started: Instant,
}

/// How often a read is sent at most.
const READS_MAX: u32 = 3;
/// The longest body of an answer: a list of 1000 transactions is below it only without their logs, so ask for fewer.
const BODY_BYTES_MAX: usize = 1 << 20;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

impl Transport {
    pub(crate) fn new(
        key: SecretString,
        mode: Mode,
        base: Url,
        options: Options,
    ) -> Result<Self, ConfigError> {
        let bearer = format!("Bearer {}", key.expose_secret());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| ConfigError::NotASecretKey)?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, bearer),
            (ACCEPT, HeaderValue::from_static("application/json")),
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ]);
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("commerce-paystack/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(options.deadline / 2)
            // Short, because a write on a connection that the server has just closed has an unknown outcome.
            .pool_idle_timeout(Duration::from_secs(15));
        if base.scheme() == "http" {
            // A sandbox needs no root certificates, and a bare container has none.
            http = http.tls_certs_only([]);
        }
        Ok(Self {
            http: http.build().map_err(|_| ConfigError::Tls)?,
            mode,
            key,
            base,
            slots: Semaphore::new(options.concurrency_max),
            breaker: Mutex::new(Breaker::new(options.breaker)),
            held_back: Mutex::default(),
            started: Instant::now(),
            options,
        })
    }

    pub(crate) const fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) const fn key(&self) -> &SecretString {
        &self.key
    }

    /// Sends a call and gives `data` of an answer that is no refusal.
    pub(crate) async fn data(&self, call: &Call) -> Result<Value, Error> {
        match self.exchange(call).await?.into_accepted(self.key.expose_secret()) {
            Ok(mut body) => Ok(body.get_mut("data").map(Value::take).unwrap_or_default()),
            Err(kind) => Err(call.error(kind)),
        }
    }

    /// Sends a call and gives the whole body of an answer that is no refusal.
    pub(crate) async fn body(&self, call: &Call) -> Result<Value, Error> {
        let envelope = self.exchange(call).await?;
        envelope.into_accepted(self.key.expose_secret()).map_err(|kind| call.error(kind))
    }

    /// Gives what a refusal says.
    pub(crate) fn refused(&self, envelope: Envelope) -> ErrorKind {
        envelope.into_refused(self.key.expose_secret())
    }

    /// Sends a call: a write once, a read again while that may help and there is time.
    pub(crate) async fn exchange(&self, call: &Call) -> Result<Envelope, Error> {
        let deadline = Instant::now() + self.options.deadline;
        let mut sent = 0;
        loop {
            sent += 1;
            let error = match self.attempt(call, deadline).await {
                Ok(envelope) => return Ok(envelope),
                Err(kind) => call.error(kind),
            };
            let may_help = matches!(
                error.kind,
                ErrorKind::Unreachable { .. }
                    | ErrorKind::Timeout
                    | ErrorKind::Interrupted
                    | ErrorKind::RateLimited { .. }
                    | ErrorKind::Server { .. }
                    | ErrorKind::Unreadable(_)
            );
            if call.is_write() || !may_help || sent == READS_MAX {
                return Err(error);
            }
            let pause = error.retry_after().unwrap_or_else(|| jittered(FIRST_PAUSE * 2_u32.pow(sent - 1)));
            if Instant::now() + pause >= deadline {
                return Err(error);
            }
            sleep(pause).await;
        }
    }

    /// Sends once.
    async fn attempt(&self, call: &Call, deadline: Instant) -> Result<Envelope, ErrorKind> {
        self.held_back(call.operation)?;
        // Not the whole deadline: a write that is sent at the last moment would end with an unknown outcome.
        let patience = deadline.min(Instant::now() + self.options.deadline / 2);
        let slot = timeout_at(patience, self.slots.acquire()).await;
        let Ok(Ok(_slot)) = slot else { return Err(ErrorKind::Busy) };
        let mut admitted = self.admit()?;
        // A read that hangs leaves time for another try.
        let limit =
            if call.is_write() { deadline } else { deadline.min(Instant::now() + self.options.deadline / 2) };
        let outcome = timeout_at(limit, self.send(call)).await.unwrap_or(Err(ErrorKind::Timeout));
        admitted.health = match &outcome {
            Ok(_) | Err(ErrorKind::RateLimited { .. } | ErrorKind::Invalid(_)) => Health::Answered,
            Err(_) => Health::Failed,
        };
        if let Err(ErrorKind::RateLimited { retry_after }) = outcome {
            let until = Instant::now() + retry_after;
            lock(&self.held_back).insert(call.operation, until);
        }
        outcome
    }

    async fn send(&self, call: &Call) -> Result<Envelope, ErrorKind> {
        let mut url =
            self.base.join(&call.path).map_err(|_| ErrorKind::Invalid("the address cannot be made"))?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let request = match &call.body {
            Some(body) => self.http.request(Method::POST, url).body(body.to_string()),
            None => self.http.request(Method::GET, url),
        };
        let mut response = request.send().await.map_err(|error| self.broken(&error))?;
        let status = response.status().as_u16();
        if status == 429 {
            return Err(ErrorKind::RateLimited { retry_after: envelope::retry_after(response.headers()) });
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if bytes.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(ErrorKind::Unreadable(Unreadable { field: "the body", problem: "is too long" }));
            }
            bytes.extend_from_slice(&chunk);
        }
        Envelope::read(status, &bytes)
    }

    /// Why no answer came. The text of the innermost error tells names, addresses and certificates apart; the request and
    /// its headers are not in it.
    fn broken(&self, error: &reqwest::Error) -> ErrorKind {
        if !error.is_connect() {
            return if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Interrupted };
        }
        let mut innermost: &dyn std::error::Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        let detail = printable(&innermost.to_string(), self.key.expose_secret());
        ErrorKind::Unreachable { detail }
    }

    /// Refuses at once what a 429 answer holds back.
    fn held_back(&self, operation: &'static str) -> Result<(), ErrorKind> {
        let mut held_back = lock(&self.held_back);
        match held_back.get(operation).map(|until| until.saturating_duration_since(Instant::now())) {
            Some(retry_after) if !retry_after.is_zero() => Err(ErrorKind::RateLimited { retry_after }),
            Some(_) => {
                held_back.remove(operation);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn admit(&self) -> Result<Admitted<'_>, ErrorKind> {
        match lock(&self.breaker).admit(self.started.elapsed()) {
            Ok(pass) => Ok(Admitted { transport: self, pass, health: Health::Unknown }),
            Err(retry_after) => Err(ErrorKind::CircuitOpen { retry_after }),
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// A call that the breaker let through. It is reported also when the caller goes away.
struct Admitted<'a> {
    transport: &'a Transport,
    pass: Pass,
    health: Health,
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let Self { transport, pass, health } = self;
        lock(&transport.breaker).report(*pass, *health, transport.started.elapsed());
    }
}

/// Between half of the pause and all of it. It parts callers that fail together and decides nothing else, so the
/// randomness of the standard library's hash maps is good enough.
fn jittered(pause: Duration) -> Duration {
    let [random, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    pause / 2 + pause / 2 * u32::from(random) / u32::from(u8::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
