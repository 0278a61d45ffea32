//! The server: operations and pages put together, running until it is told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use commerce_core::cache::{Answers, InProcessCache, validator};
use commerce_core::limit::InProcessLimiter;
use commerce_core::{Cache, Engine, Ids, Random, RateLimiter, SystemRandom};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use poem::endpoint::BoxEndpoint;
use poem::http::HeaderValue;
use poem::listener::{Acceptor, TcpAcceptor};
use poem::{Endpoint, EndpointExt, Request, Response, Result, Route, Server};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::accept::Accept;
use crate::access_token::AccessTokens;
use crate::admin_token::AdminAccess;
use crate::api::{self, Cached, Door, MessageSources, Shop};
use crate::config::ServerConfig;
use crate::jobs;
use crate::layer::{Cors, Counter, Limits, Observe, Rate, Slash};
use crate::media::{Files, Pictures};
use crate::order_token::OrderTokens;
use crate::site::{Site, metrics};
use crate::views::Views;
use crate::wire::ReturnUrls;

pub use crate::routes::{Route as Address, Routes};

/// A connection on which metrics are asked for, and on which nothing happens, is closed after this time.
const IDLE: Duration = Duration::from_secs(75);

/// Why the server cannot run, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address is taken.
    #[error(
        "{address} is in use by another program. Stop that one, or choose another port (--port 8081, or --listen)"
    )]
    AddressInUse {
        /// Which address.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The metrics cannot be recorded.
    #[error("cannot record metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// The connection handling failed.
    #[error("the server failed: {0}")]
    Run(#[from] std::io::Error),
}

/// A server that holds its addresses and waits to run.
pub struct Bound {
    config: ServerConfig,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    address: SocketAddr,
    mounted: Vec<(&'static str, BoxEndpoint<'static>)>,
    limiter: Option<Arc<dyn RateLimiter>>,
    cache: Option<Arc<dyn Cache>>,
}

impl Bound {
    /// Takes the addresses, so that whatever is wrong with them is known before anything runs.
    ///
    /// # Errors
    /// When an address is taken or cannot be listened on.
    pub async fn new(config: ServerConfig) -> Result<Self, ServerError> {
        let listener = bind(config.listen).await?;
        let address = listener.local_addr()?;
        let metrics_listener = match config.metrics_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let mounted = Vec::new();
        Ok(Self { config, listener, metrics_listener, address, mounted, limiter: None, cache: None })
    }

    /// Where it listens; the port is the real one when 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where browsers go after a page of the payment gateway, unless the request says otherwise.
    #[must_use]
    pub fn return_url(mut self, url: String) -> Self {
        self.config.return_url = Some(url);
        self
    }

    /// Answers what lies below `path` by `endpoint`.
    #[must_use]
    pub fn mount(mut self, path: &'static str, endpoint: BoxEndpoint<'static>) -> Self {
        self.mounted.push((path, endpoint));
        self
    }

    /// Counts callers by this limiter, which other servers may share; without one each server counts for itself.
    #[must_use]
    pub fn limiter(mut self, limiter: Arc<dyn RateLimiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Shares answers of the catalogue with other servers through this cache, beside the memory of this one.
    #[must_use]
    pub fn cache(mut self, cache: Arc<dyn Cache>) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Serves the shop until `stop` is done, then finishes what is under way, for no longer than
    /// [`stop_timeout`](ServerConfig::stop_timeout) and a second.
    ///
    /// # Errors
    /// When metrics cannot be recorded or the connection handling fails.
    pub async fn run(
        self,
        engine: &Engine,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServerError> {
        let Self { config, listener, metrics_listener, address, mounted, limiter, cache } = self;
        let recorded = recorder()?;
        let (stopping, stopped) = watch::channel(false);
        let (ending, ended) = watch::channel(false);
        let mut jobs = jobs::start(engine, &config, &stopped);
        let (views, collected) = Views::new();
        jobs.spawn(collected.run(engine.clone(), stopped.clone()));
        jobs.spawn(upkeep(recorded.clone(), stopped.clone()));
        let beside = match metrics_listener {
            Some(listener) => {
                let route = Route::new().at("/metrics", metrics(recorded.clone()));
                let acceptor = TcpAcceptor::from_tokio(listener)?;
                let server = Server::new_with_acceptor(acceptor).idle_timeout(IDLE);
                let done = wait(ended);
                Some(tokio::spawn(server.run_with_graceful_shutdown(
                    route,
                    done,
                    Some(Duration::from_secs(1)),
                )))
            }
            None => None,
        };
        let here = (beside.is_none() && address.ip().is_loopback()).then_some(recorded);
        let limiter = limiter.unwrap_or_else(|| Arc::new(InProcessLimiter::new(engine.store().clock())));
        let app = app(engine, &config, Around { limiter, cache, metrics: here, views }, mounted);
        let acceptor =
            Accept::new(TcpAcceptor::from_tokio(listener)?, config.connections_max, config.head_timeout);
        // Jobs are told at once, and finish the round that they have begun while requests end.
        let told = OnceLock::new();
        let stop = async {
            stop.await;
            told.get_or_init(Instant::now);
            stopping.send_replace(true);
        };
        let ran = serve(acceptor, app, stop, config.stop_timeout).await;
        stopping.send_replace(true);
        let until = *told.get_or_init(Instant::now) + config.stop_timeout;
        if timeout_at(until, async { while jobs.join_next().await.is_some() {} }).await.is_err() {
            tracing::warn!("stopped in the middle of a job; it is taken up again as after a crash");
            jobs.shutdown().await;
        }
        ending.send_replace(true);
        if let Some(beside) = beside {
            beside.await.ok();
        }
        Ok(ran?)
    }
}

async fn serve<A, E>(
    acceptor: A,
    app: E,
    stop: impl Future<Output = ()>,
    patience: Duration,
) -> std::io::Result<()>
where
    A: Acceptor + 'static,
    E: Endpoint + 'static,
{
    Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(app, stop, Some(patience)).await
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => ServerError::AddressInUse { address },
        _ => ServerError::Listen { address, source },
    })
}

/// What the operations use beside the shop.
struct Around {
    limiter: Arc<dyn RateLimiter>,
    cache: Option<Arc<dyn Cache>>,
    /// Shown beside the operations, when it is.
    metrics: Option<PrometheusHandle>,
    views: Views,
}

/// All that the server answers.
fn app(
    engine: &Engine,
    config: &ServerConfig,
    around: Around,
    mounted: Vec<(&'static str, BoxEndpoint<'static>)>,
) -> impl Endpoint + use<> {
    let Around { limiter, cache, metrics, views } = around;
    let order_tokens = OrderTokens::new(&config.secret, config.previous_secret.as_ref());
    let previous = config.previous_secret.as_ref();
    let access_tokens = AccessTokens::new(&config.secret, previous, config.token_algorithm);
    let keys = access_tokens.published().map(|keys| keys.to_string());
    let door = Door {
        engine: engine.clone(),
        access_tokens: access_tokens.clone(),
        admin: AdminAccess::new(config.admin_token.as_ref()),
    };
    let document = api::document();
    let cached = config.cache_bytes_max.map(|bytes_max| {
        // A server that words answers in another way has another document, and finds none of ours.
        let form = validator(format!("{} {document}", env!("CARGO_PKG_VERSION")).as_bytes());
        let near = InProcessCache::new(bytes_max);
        let answers = Answers::new(Arc::clone(engine.store()), near, &form[1..17]);
        Cached::new(match cache {
            Some(cache) => answers.far(cache),
            None => answers,
        })
    });
    let shop = Shop {
        engine: engine.clone(),
        cached: cached.clone(),
        order_tokens,
        access_tokens,
        pictures: Pictures::new(&config.pictures),
        views,
        returns: ReturnUrls {
            usual: config.return_url.clone(),
            origins: config.callback_origins.clone().into(),
        },
        import_bytes_max: config.import_bytes_max,
    };
    let operations = api::operations(&shop);
    let files = engine.media().map(|media| Files { media: Arc::clone(media) });
    let docs = config.docs.then(|| (document, api::documentation()));
    let site = Site { docs, keys, files, metrics };
    let limits = Limits {
        body_bytes_max: config.body_bytes_max,
        picture_bytes_max: config.pictures.bytes_max,
        request_timeout: config.request_timeout,
        gateway: engine.has_gateway(),
    };
    let routes = Arc::new(Routes::new());
    let below = if config.hsts_subdomains { "; includeSubDomains" } else { "" };
    let security = config.hsts_seconds.map(|seconds| format!("max-age={seconds}{below}"));
    let observe = Observe {
        clock: engine.store().clock(),
        ids: Arc::new(Mutex::new(Ids::new(SystemRandom.seed(), engine.store().clock().now()))),
        routes: Arc::clone(&routes),
        transport_security: security.and_then(|text| HeaderValue::from_str(&text).ok()),
    };
    let nest = |route: Route, (path, endpoint)| route.nest(path, endpoint);
    let site = mounted.into_iter().fold(site.endpoint(), nest);
    let fork = Fork { operations, site, cached };
    let rate = Rate {
        counter: Counter { limiter, budgets: Arc::new(config.rate_limits.clone()) },
        proxies: config.trusted_proxies.clone().into(),
        door: door.clone(),
        patience: config.request_timeout,
    };
    fork.data(door)
        .data(MessageSources(config.message_sources.clone()))
        .with(Slash)
        .with(limits)
        .with(rate)
        .with(Cors { origins: config.cors_origins.clone().into(), routes })
        .with(observe)
}

/// Operations to the one side, pages to the other.
struct Fork<O, S> {
    operations: O,
    site: S,
    cached: Option<Cached>,
}

impl<O: Endpoint<Output = Response>, S: Endpoint<Output = Response>> Endpoint for Fork<O, S> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path();
        if !path.starts_with("/api/") && !path.starts_with("/health/") {
            return self.site.call(request).await;
        }
        let (method, path) = (request.method().clone(), path.to_owned());
        let answer = self.operations.call(request).await?;
        if let Some(cached) = &self.cached {
            cached.answered(&method, &path, answer.status());
        }
        Ok(answer)
    }
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> String {
    api::document()
}

fn recorder() -> Result<PrometheusHandle, ServerError> {
    let buckets = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("http_request_seconds".to_owned()), &buckets)?;
    let handle = builder.install_recorder()?;
    metrics::describe_histogram!(
        "http_request_seconds",
        metrics::Unit::Seconds,
        "How long answers take, by route."
    );
    metrics::describe_counter!("orders_expired_total", "Orders cancelled because nobody paid in time.");
    metrics::describe_counter!("rate_limited_total", "Requests that were refused with 429, by budget.");
    metrics::describe_counter!(
        "rate_limiter_fallbacks_total",
        "Callers counted in the process because Redis did not answer."
    );
    metrics::describe_counter!(
        "product_views_lost_total",
        "Glances of customers at products that were not written down."
    );
    metrics::describe_counter!("mails_sent_total", "Mails that the mail server has taken.");
    metrics::describe_counter!("mails_parked_total", "Mails that were given up.");
    metrics::describe_counter!(
        "catalogue_answers_total",
        "Answers of the catalogue, by where they came from: memory, outdated, beside, shared, store."
    );
    metrics::describe_gauge!(
        "catalogue_cache_hit_ratio",
        "The part of the catalogue's answers since the start for which the store was not asked."
    );
    metrics::describe_counter!(
        "shared_cache_faults_total",
        "Calls of the shared cache that Redis did not answer."
    );
    metrics::describe_counter!("payment_messages_total", "Messages of the payment gateway that were stored.");
    metrics::describe_counter!(
        "payment_messages_refused_total",
        "Messages that were refused: without the gateway's signature, from elsewhere, too large, unreadable."
    );
    Ok(handle)
}

/// Keeps what the metrics remember bounded.
async fn upkeep(recorded: PrometheusHandle, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(Duration::from_secs(5), stopped.wait_for(|stopped| *stopped)).await.is_err() {
        recorded.run_upkeep();
    }
}

async fn wait(mut stopped: watch::Receiver<bool>) {
    stopped.wait_for(|stopped| *stopped).await.ok();
}
