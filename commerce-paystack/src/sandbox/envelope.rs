//! What every answer is wrapped in, and the refusals.

use serde_json::{Value, json};

/// An answer before it becomes HTTP.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// Understood: `{status: true, message, data}`.
    pub(crate) fn ok(message: &str, data: Value) -> Self {
        Self { status: 200, body: json!({"status": true, "message": message, "data": data}) }
    }

    /// A page of a list.
    pub(crate) fn list(message: &str, data: Vec<Value>, meta: Value) -> Self {
        Self { status: 200, body: json!({"status": true, "message": message, "data": data, "meta": meta}) }
    }
}

/// Why a request was refused. Only what is known of an error is sent: some have a code, some are a message alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    message: String,
    detail: Option<Detail>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Detail {
    kind: &'static str,
    code: &'static str,
    next_step: &'static str,
}

impl Refusal {
    /// A refusal that is a message alone.
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), detail: None }
    }

    fn coded(
        status: u16,
        message: &str,
        kind: &'static str,
        code: &'static str,
        next_step: &'static str,
    ) -> Self {
        Self { status, message: message.to_owned(), detail: Some(Detail { kind, code, next_step }) }
    }

    fn invalid(message: &str, code: &'static str, next_step: &'static str) -> Self {
        Self::coded(400, message, "validation_error", code, next_step)
    }

    pub(crate) fn key() -> Self {
        Self::coded(
            401,
            "Invalid key",
            "validation_error",
            "invalid_Key",
            "Ensure that you provide the correct authorization key for the request",
        )
    }

    pub(crate) fn duplicate_reference() -> Self {
        Self::invalid(
            "Duplicate Transaction Reference",
            "duplicate_reference",
            "Try and create the Transaction or Charge with a new reference",
        )
    }

    pub(crate) fn unknown_reference() -> Self {
        Self::invalid(
            "Transaction reference not found.",
            "transaction_not_found",
            "Ensure that you're passing the reference of a transaction that exists on this integration",
        )
    }

    pub(crate) fn amount() -> Self {
        Self::invalid("Invalid Amount Sent", "invalid_amount", AMOUNT_STEP)
    }

    pub(crate) fn fraction() -> Self {
        Self::invalid("\"amount\" must be an integer", "invalid_amount", AMOUNT_STEP)
    }

    pub(crate) fn email() -> Self {
        Self::invalid(
            "Invalid Email Address Passed",
            "invalid_email_address",
            "Ensure that you're passing a valid email address",
        )
    }

    /// Something that must be sent is not there.
    pub(crate) fn missing(message: &str) -> Self {
        // The blank at the end does not break lines; it is part of the real text.
        Self::invalid(message, "missing_params", "Provide all required params\u{a0}")
    }

    pub(crate) fn params(status: u16, message: &str) -> Self {
        Self::coded(
            status,
            message,
            "validation_error",
            "invalid_params",
            "Ensure that the value(s) you're passing are valid.",
        )
    }

    pub(crate) fn currency() -> Self {
        Self::invalid(
            "Currency not supported by merchant",
            "unsupported_currency",
            "Ensure that the currency is enabled on your integration",
        )
    }

    pub(crate) fn reversed() -> Self {
        Self::coded(
            400,
            "Transaction has been fully reversed",
            "api_error",
            "transaction_reversed",
            "Check the status of the transaction before asking for a refund",
        )
    }

    pub(crate) fn rate_limited() -> Self {
        Self::coded(
            429,
            "Rate limit exceeded!",
            "api_error",
            "rate_limited",
            "Wait a few minutes and try the API call again",
        )
    }

    pub(crate) fn no_such_route() -> Self {
        Self::new(404, "Endpoint not found")
    }
}

const AMOUNT_STEP: &str = "Ensure that you're passing your amount correctly. It should be a number greater than zero, with no decimal places";

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let Refusal { status, message, detail } = refusal;
        let body = match detail {
            None => json!({"status": false, "message": message}),
            Some(Detail { kind, code, next_step }) => json!({
                "status": false,
                "message": message,
                "meta": {"nextStep": next_step},
                "type": kind,
                "code": code,
            }),
        };
        Self { status, body }
    }
}
