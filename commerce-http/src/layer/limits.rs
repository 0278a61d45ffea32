//! Bounds: how long an address, how large headers and body, how slow a client, how long an answer may be.

use std::time::Duration;

use bytes::BytesMut;
use commerce_core::access::Permission;
use futures_util::{Stream, StreamExt};
use poem::http::{Method, header};
use poem::{Body, Endpoint, Middleware, Request, Result};
use tokio::time::{Instant, timeout, timeout_at};

use crate::api::Door;
use crate::percent;
use crate::wire::{Code, Problem};

/// The longest address, in bytes.
const URI_MAX: usize = 8 << 10;
/// The largest headers, in bytes of names and values.
const HEADERS_MAX: usize = 16 << 10;
/// How much longer an answer may take that waits for a payment gateway, which has this long.
const GATEWAY: Duration = Duration::from_secs(10);
/// How much longer a picture may take to arrive, from a telephone in a shop, and then to be worked on.
const PICTURE: Duration = Duration::from_secs(55);
/// How long a file to import may take to arrive; it may not stop for long.
const FILE: Duration = Duration::from_secs(60 * 60);
/// How much of a body that is too large is read and thrown away, so that the client is still listening when it is told.
const DISCARD_MAX: usize = 16 << 20;

/// What it took to find out who asks, kept with the request: that is a part of the time for the answer.
#[derive(Clone, Copy)]
pub(super) struct Spent(pub(super) Duration);

/// Bounds every request.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// The largest body, in bytes.
    pub(crate) body_bytes_max: usize,
    /// How long a request may take to arrive, and then again to be answered.
    pub(crate) request_timeout: Duration,
    /// The largest picture, in bytes.
    pub(crate) picture_bytes_max: usize,
    /// Whether some answers wait for a payment gateway.
    pub(crate) gateway: bool,
}

pub(crate) struct Limited<E> {
    endpoint: E,
    limits: Limits,
}

impl<E: Endpoint> Middleware<E> for Limits {
    type Output = Limited<E>;

    fn transform(&self, endpoint: E) -> Limited<E> {
        Limited { endpoint, limits: *self }
    }
}

impl<E: Endpoint> Endpoint for Limited<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<E::Output> {
        check_head(&request)?;
        // What only reads takes no body; one that comes all the same is left in the connection.
        if !request.method().is_safe() && !streams(&request) {
            let body = self.limits.arrived(&mut request).await?;
            request.set_body(body);
        }
        let spent = request.data::<Spent>().map_or(Duration::ZERO, |spent| spent.0);
        let most = self.limits.patience(request.uri().path()).saturating_sub(spent);
        match timeout(most, self.endpoint.call(request)).await {
            Ok(answered) => answered,
            Err(late) => Err(Problem::unavailable(late).into()),
        }
    }
}

fn check_head(request: &Request) -> Result<(), Problem> {
    let address = request.uri().path_and_query().map_or("", |text| text.as_str());
    if address.len() > URI_MAX {
        return Err(Problem::new(Code::UriTooLong, format_args!("an address has at most {URI_MAX} bytes")));
    }
    if !percent::is_text(address) {
        return Err(Problem::new(Code::InvalidEncoding, "an address must be UTF-8 without NUL characters"));
    }
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > HEADERS_MAX {
        return Err(Problem::new(
            Code::HeadersTooLarge,
            format_args!("headers have at most {HEADERS_MAX} bytes"),
        ));
    }
    // A body that grows when it is read has no bound that counts, so none is taken.
    let mut codings = request.headers().get_all(header::CONTENT_ENCODING).iter();
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::new(Code::UnsupportedMediaType, "bodies are read without Content-Encoding"));
    }
    Ok(())
}

impl Limits {
    /// How long the answer may take.
    fn patience(&self, path: &str) -> Duration {
        const ASKING: [&str; 3] =
            ["/api/payments/", "/api/cart/checkout/confirm", "/api/admin/unmatched-payments/"];
        let more = match () {
            () if self.gateway && ASKING.iter().any(|asking| path.starts_with(asking)) => GATEWAY,
            () if takes_picture(path) => PICTURE,
            () if takes_file(path) => FILE,
            () => Duration::ZERO,
        };
        self.request_timeout + more
    }

    /// The whole body.
    async fn arrived(&self, request: &mut Request) -> Result<Body, Problem> {
        // Room for pictures is for those who may add them: what anybody sends is kept in memory until it is all there.
        let picture = request.method() == Method::POST
            && takes_picture(request.uri().path())
            && Door::lets(request, Permission::CatalogWrite);
        let (most, patience) = match picture {
            true => (self.picture_bytes_max, self.request_timeout + PICTURE),
            false => (self.body_bytes_max, self.request_timeout),
        };
        let too_large = || Problem::new(Code::TooLarge, format_args!("a body has at most {most} bytes"));
        let declared = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
        let deadline = Instant::now() + patience;
        let mut chunks = request.take_body().into_bytes_stream();
        if declared.is_some_and(|length| length > most) {
            discard(&mut chunks, 0).await;
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        loop {
            match timeout_at(deadline, chunks.next()).await {
                Ok(None) => return Ok(Body::from_bytes(body.freeze())),
                Ok(Some(Ok(chunk))) if body.len() + chunk.len() <= most => body.extend_from_slice(&chunk),
                Ok(Some(Ok(chunk))) => {
                    discard(&mut chunks, body.len() + chunk.len()).await;
                    return Err(too_large());
                }
                Ok(Some(Err(error))) => {
                    return Err(Problem::new(Code::BadRequest, "the body broke off").because(error));
                }
                Err(_) => return Err(Problem::new(Code::Timeout, "the body did not arrive in time")),
            }
        }
    }
}

/// Whether this is where the pictures of a product are.
pub(super) fn takes_picture(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let slug = path.strip_prefix("/api/products/").and_then(|rest| rest.strip_suffix("/images"));
    slug.is_some_and(|slug| !slug.contains('/'))
}

/// Whether the body is a file that its operation reads as it arrives, of whoever may send one.
fn streams(request: &Request) -> bool {
    request.method() == Method::POST
        && takes_file(request.uri().path())
        && Door::lets(request, Permission::CatalogWrite)
}

/// Whether this is where files to import are sent.
fn takes_file(path: &str) -> bool {
    path.strip_suffix('/').unwrap_or(path) == "/api/products/bulk-import"
}

/// Reads on for a moment. A client that is still sending when the connection closes may never see the answer.
pub(crate) async fn discard<S: Stream<Item = std::io::Result<bytes::Bytes>> + Unpin>(
    chunks: &mut S,
    mut read: usize,
) {
    let patience = Duration::from_secs(1);
    let drained = timeout(patience, async {
        while let Some(Ok(chunk)) = chunks.next().await {
            read += chunk.len();
            if read > DISCARD_MAX {
                break;
            }
        }
    });
    drained.await.ok();
}
