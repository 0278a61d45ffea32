//! Rate limits: who is counted, on which budget, and what an answer says of it.
//!
//! Counted is what comes to `/api/`. Outside are health, metrics and pages, which cost next to nothing, and the messages of
//! the payment gateway, which must not be lost. An answer 304 gives back what it took.

use std::sync::Arc;
use std::time::{Duration, Instant};

use commerce_core::RateLimiter;
use commerce_core::access::{Caller, Role};
use commerce_core::cart::{CartToken, Shopper};
use commerce_core::limit::{Budget, Budgets, Verdict};
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use super::AnswerHeaders;
use super::limits::{Spent, discard, takes_picture};
use crate::api::{Door, Known};
use crate::client_address::{ClientAddress, Network};
use crate::wire::{Code, Problem};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Finds out where every request comes from, and counts callers.
#[derive(Clone)]
pub(crate) struct Rate {
    pub(crate) counter: Counter,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) proxies: Arc<[Network]>,
    pub(crate) door: Door,
    /// How long it may take to find out who asks.
    pub(crate) patience: Duration,
}

/// Takes from budgets. Handlers find it in the request's data, for budgets that depend on what the body says, such as
/// [`Budget::LoginAccount`].
#[derive(Clone)]
pub(crate) struct Counter {
    pub(crate) limiter: Arc<dyn RateLimiter>,
    pub(crate) budgets: Arc<Budgets>,
}

/// What a request is taken from: the budget of whoever is logged in, or that of the address.
fn budget(known: Option<&Known>, address: ClientAddress, method: &Method, path: &str) -> (Budget, String) {
    match known.map(|known| &known.caller) {
        Some(Caller::Account { id, role: Role::Staff | Role::Admin, .. }) => (Budget::Admin, id.to_string()),
        Some(Caller::Account { id, .. }) => (Budget::Customer, id.to_string()),
        Some(Caller::Program { id, .. }) => (Budget::ApiKey, id.to_string()),
        Some(Caller::Operator { .. }) => (Budget::Admin, "token".to_owned()),
        _ if reads(method, path) => (Budget::AddressReads, address.subject()),
        _ => (Budget::AddressWrites, address.subject()),
    }
}

/// Whether requests to this path, without the slash at its end, are counted.
pub(crate) fn is_counted(path: &str) -> bool {
    path.starts_with("/api/") && path != "/api/payments/webhook"
}

/// The path. One slash at the end makes no difference: see [`Slash`](super::Slash).
fn path_of(request: &Request) -> &str {
    let path = request.uri().path();
    path.strip_suffix('/').unwrap_or(path)
}

/// Whether nothing is changed by it: a search that is asked in a body is one. One slash at the end makes no difference.
pub(crate) fn reads(method: &Method, path: &str) -> bool {
    method.is_safe()
        || (*method == Method::POST && path.strip_suffix('/').unwrap_or(path) == "/api/products/search")
}

/// The small budgets that a request is taken from as well: of what somebody might try often, or fill a disk with.
fn tries(request: &Request, known: Option<&Known>, address: ClientAddress) -> Vec<(Budget, String)> {
    match (request.method(), path_of(request)) {
        (&Method::POST, "/api/cart/coupon") => {
            let token = request.header("x-cart-token").and_then(|text| text.parse::<CartToken>().ok());
            let shopper = known.and_then(|known| known.account.as_ref()).map(Shopper::from);
            let shopper = shopper.or(token.as_ref().map(Shopper::from));
            let cart = shopper.as_ref().and_then(Shopper::key);
            let cart = cart.map(|key| (Budget::CouponAccount, format!("cart-{}", key.to_hex())));
            cart.into_iter().chain([(Budget::CouponAddress, address.subject())]).collect()
        }
        (&Method::POST, "/api/auth/login") => vec![(Budget::LoginAddress, address.subject())],
        (&Method::POST, "/api/auth/password/reset" | "/api/auth/password/reset/confirm") => {
            vec![(Budget::ResetAddress, address.subject())]
        }
        (
            &Method::POST,
            "/api/auth/register"
            | "/api/auth/email/verify"
            | "/api/auth/email/resend"
            | "/api/users/email/change"
            | "/api/users/email/change/confirm",
        ) => vec![(Budget::VerifyAddress, address.subject())],
        (&Method::POST, path) if takes_picture(path) => {
            let seller = known.and_then(|known| known.caller.seller());
            seller.map(|seller| (Budget::SellerPictures, seller.to_string())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

impl Counter {
    /// Takes one request from a budget.
    ///
    /// # Errors
    /// 429 `rate-limited` when there is nothing left, with `Retry-After`.
    pub(crate) async fn take(&self, budget: Budget, subject: &str) -> Result<Option<Verdict>, Problem> {
        let Some(quota) = self.budgets.quota(budget) else { return Ok(None) };
        let verdict = self.limiter.take(&budget.key(subject), quota).await;
        let Some(seconds) = verdict.retry_after_seconds() else { return Ok(Some(verdict)) };
        metrics::counter!("rate_limited_total", "budget" => budget.as_str()).increment(1);
        let words = format_args!("that was too much for now; try again in {seconds} seconds");
        let mut problem = Problem::new(Code::RateLimited, words).header(header::RETRY_AFTER, seconds.into());
        for (name, value) in told(&verdict) {
            problem = problem.header(name, value);
        }
        Err(problem)
    }

    /// Gives back what was taken.
    pub(crate) async fn give_back(&self, budget: Budget, subject: &str) -> Option<Verdict> {
        let quota = self.budgets.quota(budget)?;
        Some(self.limiter.give_back(&budget.key(subject), quota).await)
    }
}

/// What the headers say.
fn told(verdict: &Verdict) -> [(HeaderName, HeaderValue); 3] {
    [
        (LIMIT, verdict.limit.into()),
        (REMAINING, verdict.remaining.into()),
        (RESET, verdict.reset_seconds().into()),
    ]
}

pub(crate) struct Rated<E> {
    endpoint: E,
    rate: Rate,
}

impl<E: Endpoint> Middleware<E> for Rate {
    type Output = Rated<E>;

    fn transform(&self, endpoint: E) -> Rated<E> {
        Rated { endpoint, rate: self.clone() }
    }
}

impl<E: Endpoint> Endpoint for Rated<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let address = ClientAddress::of(&request, &self.rate.proxies);
        request.set_data(address);
        request.set_data(self.rate.counter.clone());
        if !is_counted(path_of(&request)) {
            return self.endpoint.call(request).await.map(IntoResponse::into_response);
        }
        let asked = Instant::now();
        let counted = self.rate.count(&mut request, address).await;
        request.set_data(Spent(asked.elapsed()));
        let Counted { budget, subject, verdict } = match counted {
            Ok(counted) => counted,
            Err(problem) => {
                if !request.method().is_safe() {
                    discard(&mut request.take_body().into_bytes_stream(), 0).await;
                }
                return Err(problem.into());
            }
        };
        let shown = request.data::<AnswerHeaders>().cloned().unwrap_or_default();
        verdict.iter().flat_map(told).for_each(|(name, value)| shown.set(name, value));
        let response = self.endpoint.call(request).await?.into_response();
        if response.status() == StatusCode::NOT_MODIFIED {
            let verdict = self.rate.counter.give_back(budget, &subject).await;
            verdict.iter().flat_map(told).for_each(|(name, value)| shown.set(name, value));
        }
        Ok(response)
    }
}

/// What a request was taken from.
struct Counted {
    budget: Budget,
    subject: String,
    /// What the strictest budget says.
    verdict: Option<Verdict>,
}

impl Rate {
    /// Finds out who asks, and takes the request from their budgets.
    async fn count(&self, request: &mut Request, address: ClientAddress) -> Result<Counted, Problem> {
        let guess = Door::is_shown_a_key(request);
        // To look for a key is to read, and anybody can make up any number of them: the address pays first, and whoever is
        // known by a key gets that back.
        let paid = match guess {
            true => self.counter.take(Budget::AddressReads, &address.subject()).await?,
            false => None,
        };
        // Whoever shows something that is no good is counted by address; what is wrong with it the operation says.
        let known = self.door.look(request, self.patience).await;
        let span = tracing::Span::current();
        span.record("from", tracing::field::display(address.subject()));
        if let Some(known) = &known {
            span.record("caller", tracing::field::display(known.caller.actor()));
        }
        let (budget, subject) = budget(known.as_ref(), address, request.method(), path_of(request));
        let verdict = match (guess, &known) {
            (true, None) if budget == Budget::AddressReads => paid,
            (true, Some(_)) => {
                self.counter.give_back(Budget::AddressReads, &address.subject()).await;
                self.counter.take(budget, &subject).await?
            }
            _ => self.counter.take(budget, &subject).await?,
        };
        let mut strictest = verdict;
        for (budget, subject) in tries(request, known.as_ref(), address) {
            if let Some(verdict) = self.counter.take(budget, &subject).await?
                && strictest.is_none_or(|strictest| verdict.is_stricter(&strictest))
            {
                strictest = Some(verdict);
            }
        }
        Ok(Counted { budget, subject, verdict: strictest })
    }
}
