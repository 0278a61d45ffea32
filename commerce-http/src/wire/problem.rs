//! Refusals and failures: `application/problem+json` (RFC 9457) with a stable `code`.

use std::fmt::{self, Display};

use poem::error::ResponseError;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::Object;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// What went wrong, by the name that clients rely on. Each code has one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    MalformedJson,
    InvalidEncoding,
    UnknownField,
    WrongType,
    BadRequest,
    IdempotencyKeyRequired,
    IdempotencyKeyInvalid,
    Unauthenticated,
    Forbidden,
    InvalidCredentials,
    EmailNotVerified,
    AccountInactive,
    LinkInvalid,
    WeakPassword,
    PurchaseRequired,
    ReviewWindowOver,
    NotFound,
    MethodNotAllowed,
    Timeout,
    OutOfStock,
    PriceChanged,
    CartChanged,
    CheckoutIncomplete,
    CouponExhausted,
    InvalidTransition,
    RefundExceedsCapture,
    RequestInProgress,
    InvalidSignature,
    GatewayTimeout,
    AlreadyExists,
    InUse,
    ImportsWaiting,
    ImportEnded,
    VersionConflict,
    TooLarge,
    UriTooLong,
    UnsupportedMediaType,
    ValidationFailed,
    UnknownVariant,
    CouponNotApplicable,
    IdempotencyKeyReused,
    RateLimited,
    HeadersTooLarge,
    Internal,
    Unavailable,
    StorageFull,
}

impl Code {
    /// Its name: `not-found`.
    pub(crate) const fn name(self) -> &'static str {
        self.facts().0
    }

    /// Name, status and title.
    const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::MalformedJson => ("malformed-json", StatusCode::BAD_REQUEST, "The body is not JSON"),
            Self::InvalidEncoding => {
                ("invalid-encoding", StatusCode::BAD_REQUEST, "The request is not valid UTF-8 text")
            }
            Self::UnknownField => ("unknown-field", StatusCode::BAD_REQUEST, "The body has an unknown field"),
            Self::WrongType => ("wrong-type", StatusCode::BAD_REQUEST, "A field has the wrong type"),
            Self::BadRequest => ("bad-request", StatusCode::BAD_REQUEST, "The request cannot be understood"),
            Self::IdempotencyKeyRequired => {
                ("idempotency-key-required", StatusCode::BAD_REQUEST, "An Idempotency-Key is required")
            }
            Self::IdempotencyKeyInvalid => {
                ("idempotency-key-invalid", StatusCode::BAD_REQUEST, "The Idempotency-Key is invalid")
            }
            Self::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED, "A token is required"),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "This is not for you"),
            Self::InvalidCredentials => (
                "invalid-credentials",
                StatusCode::UNAUTHORIZED,
                "The e-mail address or the password is wrong",
            ),
            Self::EmailNotVerified => {
                ("email-not-verified", StatusCode::FORBIDDEN, "The e-mail address is not confirmed")
            }
            Self::AccountInactive => {
                ("account-inactive", StatusCode::FORBIDDEN, "The account was deactivated")
            }
            Self::LinkInvalid => {
                ("link-invalid", StatusCode::UNPROCESSABLE_ENTITY, "The link is not good any more")
            }
            Self::WeakPassword => {
                ("weak-password", StatusCode::UNPROCESSABLE_ENTITY, "The password is not good enough")
            }
            Self::PurchaseRequired => {
                ("purchase-required", StatusCode::FORBIDDEN, "Only buyers can review a product")
            }
            Self::ReviewWindowOver => {
                ("review-window-over", StatusCode::FORBIDDEN, "The product was bought too long ago")
            }
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is no such thing here"),
            Self::MethodNotAllowed => {
                ("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed here")
            }
            Self::Timeout => ("timeout", StatusCode::REQUEST_TIMEOUT, "The request took too long to arrive"),
            Self::OutOfStock => ("out-of-stock", StatusCode::CONFLICT, "Too little is left"),
            Self::PriceChanged => ("price-changed", StatusCode::CONFLICT, "The total is another one now"),
            Self::CartChanged => ("cart-changed", StatusCode::CONFLICT, "The cart has changed"),
            Self::CheckoutIncomplete => {
                ("checkout-incomplete", StatusCode::CONFLICT, "The checkout is not complete")
            }
            Self::CouponExhausted => {
                ("coupon-exhausted", StatusCode::CONFLICT, "A coupon cannot be used any more")
            }
            Self::InvalidTransition => {
                ("invalid-transition", StatusCode::CONFLICT, "The order has got too far for this")
            }
            Self::RefundExceedsCapture => {
                ("refund-exceeds-capture", StatusCode::CONFLICT, "More would go back than came")
            }
            Self::RequestInProgress => {
                ("request-in-progress", StatusCode::CONFLICT, "The same is being done at this moment")
            }
            Self::InvalidSignature => {
                ("invalid-signature", StatusCode::UNAUTHORIZED, "The message is not the gateway's")
            }
            Self::GatewayTimeout => (
                "gateway-timeout",
                StatusCode::GATEWAY_TIMEOUT,
                "The payment gateway did not say what became of it",
            ),
            Self::AlreadyExists => ("already-exists", StatusCode::CONFLICT, "The code is taken"),
            Self::ImportsWaiting => {
                ("imports-waiting", StatusCode::CONFLICT, "Too many imports have not ended yet")
            }
            Self::ImportEnded => ("import-ended", StatusCode::CONFLICT, "The import has ended already"),
            Self::InUse => ("in-use", StatusCode::CONFLICT, "Something else refers to it"),
            Self::VersionConflict => {
                ("version-conflict", StatusCode::PRECONDITION_FAILED, "Somebody else was faster")
            }
            Self::TooLarge => ("too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UriTooLong => ("uri-too-long", StatusCode::URI_TOO_LONG, "The address is too long"),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body is not in a form that is read here",
            ),
            Self::ValidationFailed => {
                ("validation-failed", StatusCode::UNPROCESSABLE_ENTITY, "The request breaks a rule")
            }
            Self::UnknownVariant => {
                ("unknown-variant", StatusCode::UNPROCESSABLE_ENTITY, "The variant is not on sale")
            }
            Self::CouponNotApplicable => (
                "coupon-not-applicable",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The coupon does not apply to the cart",
            ),
            Self::IdempotencyKeyReused => (
                "idempotency-key-reused",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The Idempotency-Key was used for another request",
            ),
            Self::RateLimited => ("rate-limited", StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
            Self::HeadersTooLarge => (
                "headers-too-large",
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The headers are too large",
            ),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "The server failed"),
            Self::Unavailable => {
                ("unavailable", StatusCode::SERVICE_UNAVAILABLE, "The shop cannot answer at the moment")
            }
            Self::StorageFull => (
                "storage-full",
                StatusCode::INSUFFICIENT_STORAGE,
                "The shop cannot store anything at the moment",
            ),
        }
    }
}

/// A refusal or a failure on its way to the client.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Told>);

#[derive(Debug, Clone)]
struct Told {
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    state: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What the log says and the client does not learn.
    cause: Option<String>,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub(crate) struct FieldError {
    /// Which field, as a JSON pointer into the body (`/address/city`), or `/` and the name of a query parameter.
    pointer: String,
    /// What is wrong, by name: `required`, `invalid`, `out-of-range`, `wrong-type`, `unknown-field`, `unsupported`.
    code: String,
    /// What is wrong, in words.
    message: String,
}

impl FieldError {
    pub(crate) fn new(pointer: &str, code: &str, message: impl Display) -> Self {
        Self { pointer: pointer.to_owned(), code: code.to_owned(), message: message.to_string() }
    }
}

/// A line item of which less is left than wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(rename = "ShortLine")]
pub(crate) struct ShortLineDto {
    /// The line item; null when it was to be added.
    pub(crate) line_id: super::OrNull<Uuid>,
    /// The variant's code.
    pub(crate) sku: String,
    /// Units that all line items of the variant want together.
    pub(crate) wanted: u64,
    /// Units that are left.
    pub(crate) available: u64,
}

/// A refusal or a failure: RFC 9457.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Problem", skip_serializing_if_is_none)]
pub(crate) struct ProblemDto {
    /// A name of the kind of problem as a URI: `urn:commerce:problem:` and the code.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// The kind of problem in words.
    title: String,
    /// The status code of the answer.
    status: u16,
    /// The kind of problem by its stable name: `out-of-stock`, `validation-failed`, `not-found`.
    code: String,
    /// What happened this time.
    detail: String,
    /// The path that was asked for.
    instance: String,
    /// The id of the request, as in the header `X-Request-Id` and in the server's log.
    request_id: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<FieldError>>,
    /// With `out-of-stock`: which line items, and how many units are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<ShortLineDto>>,
    /// With `checkout-incomplete`: what is missing, of `items`, `email`, `shipping_address`, `shipping_method` and
    /// `payment_method`.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Vec<String>>,
    /// With `coupon-not-applicable` and `coupon-exhausted`: why, by its stable name: `subtotal-too-low`, `uses-spent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// With `gateway-timeout`, `request-in-progress` and `unavailable` of a payment: its reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_reference: Option<String>,
    /// With `version-conflict`: the version of the rules in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// With `price-changed`, `cart-changed`, `coupon-exhausted` and `checkout-incomplete`: the cart as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    cart: Option<super::CartDto>,
}

impl Problem {
    pub(crate) const CONTENT_TYPE: &str = "application/problem+json";

    pub(crate) fn new(code: Code, detail: impl Display) -> Self {
        Self(Box::new(Told {
            code,
            detail: detail.to_string(),
            errors: Vec::new(),
            state: Map::new(),
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// Whether it is this kind of problem.
    pub(crate) fn is(&self, code: Code) -> bool {
        self.0.code == code
    }

    /// Nothing is here, or nothing that the caller may see: both sound alike.
    pub(crate) fn not_found() -> Self {
        Self::new(Code::NotFound, "nothing is here, or it is not yours")
    }

    /// A personal route was called without a token.
    pub(crate) fn unauthenticated(header: &'static str, challenge: &'static str) -> Self {
        Self::new(Code::Unauthenticated, format_args!("send the token in the header {header}"))
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// The back office was called without its token.
    pub(crate) fn not_admin(detail: &str, challenge: &'static str) -> Self {
        Self::new(Code::Unauthenticated, detail)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// Fields that break a rule.
    pub(crate) fn validation(errors: Vec<FieldError>) -> Self {
        Self::fields(Code::ValidationFailed, errors)
    }

    /// Fields that are wrong in the way that `code` says.
    pub(crate) fn fields(code: Code, errors: Vec<FieldError>) -> Self {
        let said: Vec<String> = errors
            .iter()
            .map(|error| match error.pointer.as_str() {
                "" => error.message.clone(),
                pointer => format!("{pointer}: {}", error.message),
            })
            .collect();
        let mut problem = Self::new(code, said.join("; "));
        problem.0.errors = errors;
        problem
    }

    /// One field that breaks a rule.
    pub(crate) fn field(pointer: &str, code: &'static str, message: impl Display) -> Self {
        Self::validation(vec![FieldError::new(pointer, code, message)])
    }

    /// Whether it says that there is no such thing.
    pub(crate) fn is_not_found(&self) -> bool {
        self.0.code == Code::NotFound
    }

    /// A bug of ours: the client learns only the id by which the log tells more.
    pub(crate) fn internal(cause: impl Display) -> Self {
        Self::new(Code::Internal, "something went wrong; the request_id finds it in the log").because(cause)
    }

    /// Trouble that passes.
    pub(crate) fn unavailable(cause: impl Display) -> Self {
        Self::new(Code::Unavailable, "try again in a moment; repeating with the same Idempotency-Key is safe")
            .header(header::RETRY_AFTER, HeaderValue::from_static("1"))
            .because(cause)
    }

    /// Names the cause for the log.
    pub(crate) fn because(mut self, cause: impl Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// Adds what the state is now: `lines`, `cart`, `missing`.
    pub(crate) fn with(mut self, name: &str, state: impl Serialize) -> Self {
        match serde_json::to_value(state) {
            Ok(value) => {
                self.0.state.insert(name.to_owned(), value);
            }
            Err(error) => tracing::error!(%error, "the state of a problem cannot be written"),
        }
        self
    }

    /// Adds a header to the answer.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Names the field that is wrong, unless the problem names one already.
    pub(crate) fn at(mut self, pointer: &str) -> Self {
        if self.0.errors.is_empty() {
            self.0.errors.push(FieldError::new(pointer, self.0.code.facts().0, &self.0.detail));
        }
        self
    }

    /// What is wrong, by field, in words.
    pub(crate) fn told(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.errors.iter().map(|error| (error.pointer.as_str(), error.message.as_str()))
    }

    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    pub(crate) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The answer to the request of this path and id.
    pub(crate) fn response(&self, instance: &str, request_id: &str) -> Response {
        let (code, status, title) = self.0.code.facts();
        let dto = ProblemDto {
            kind: format!("urn:commerce:problem:{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: self.0.detail.clone(),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors: (!self.0.errors.is_empty()).then(|| self.0.errors.clone()),
            lines: None,
            missing: None,
            reason: None,
            payment_reference: None,
            version: None,
            cart: None,
        };
        let mut body = match serde_json::to_value(&dto) {
            Ok(Value::Object(body)) => body,
            _ => Map::new(),
        };
        body.extend(self.0.state.clone());
        let mut response =
            Value::Object(body).to_string().with_content_type(Self::CONTENT_TYPE).into_response();
        response.set_status(status);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        for (name, value) in &self.0.headers {
            headers.insert(name, value.clone());
        }
        response
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.facts().0, self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.0.code.facts().1
    }
}
