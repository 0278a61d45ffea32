//! What every answer is wrapped in.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::error::ErrorKind;
use crate::refusal::Refusal;
use crate::value::Unreadable;

/// An answer of Paystack itself: carried out or refused. What came from a proxy or out of a failing server is none.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) status: u16,
    /// Whether the call was carried out, which says nothing about a payment.
    pub(crate) accepted: bool,
    /// An object, or null where a refusal had none.
    pub(crate) body: Value,
}

impl Envelope {
    pub(crate) fn read(status: u16, bytes: &[u8]) -> Result<Self, ErrorKind> {
        let unreadable = |problem| Err(ErrorKind::Unreadable(Unreadable { field: "the body", problem }));
        let body = serde_json::from_slice(bytes).ok().filter(Value::is_object);
        match status {
            200..=299 => {
                let Some(body) = body else { return unreadable("is no JSON object") };
                match accepted(&body) {
                    Some(accepted) => Ok(Self { status, accepted, body }),
                    None => unreadable("does not say whether the call was carried out"),
                }
            }
            408 => Err(ErrorKind::Timeout),
            400..=499 => Ok(Self { status, accepted: false, body: body.unwrap_or_default() }),
            500.. => Err(ErrorKind::Server { status }),
            _ => unreadable("is a redirection"),
        }
    }

    /// The body of an answer to a call that was carried out.
    pub(crate) fn into_accepted(self, secret: &str) -> Result<Value, ErrorKind> {
        if self.accepted { Ok(self.body) } else { Err(self.into_refused(secret)) }
    }

    pub(crate) fn into_refused(self, secret: &str) -> ErrorKind {
        ErrorKind::Refused(Refusal::read(self.status, &self.body, secret))
    }
}

/// `status` is true or false; one channel writes "success", another says it in `type`.
fn accepted(body: &Value) -> Option<bool> {
    match body.get("status") {
        Some(Value::Bool(accepted)) => Some(*accepted),
        Some(Value::String(word)) => Some(word == "success" || word == "true"),
        _ => body.get("type").and_then(Value::as_str).map(|word| word == "success"),
    }
}

/// How long a 429 answer asks to wait: its header is documented as seconds, without saying from when. Small numbers are
/// a delay, large ones a moment. The window is a minute, so it is 1 to 60 seconds, and 60 when nothing is said.
pub(crate) fn retry_after(headers: &HeaderMap) -> Duration {
    const WINDOW_SECONDS: u64 = 60;
    const EPOCH_SECONDS_MIN: u64 = 1_000_000_000;
    let text = headers.get("x-ratelimit-reset").or_else(|| headers.get("retry-after"));
    let number = text.and_then(|text| text.to_str().ok()).and_then(|text| text.trim().parse::<u64>().ok());
    let seconds = match number {
        Some(moment) if moment > EPOCH_SECONDS_MIN => {
            // Milliseconds are taken as such.
            let moment = if moment > EPOCH_SECONDS_MIN * 1000 { moment / 1000 } else { moment };
            moment.saturating_sub(epoch_seconds())
        }
        Some(delay) => delay,
        None => WINDOW_SECONDS,
    };
    Duration::from_secs(seconds.clamp(1, WINDOW_SECONDS))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a header names a moment; only the wall clock says how far it is"
)]
fn epoch_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(value: &str) -> u64 {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-reset", value.parse().unwrap());
        retry_after(&headers).as_secs()
    }

    #[test]
    fn a_reset_is_a_delay_or_a_moment() {
        assert_eq!(wait("7"), 7);
        assert_eq!(wait("0"), 1);
        assert_eq!(wait("4000"), 60);
        let soon = epoch_seconds() + 20;
        assert!((15..=20).contains(&wait(&soon.to_string())));
        assert!((15..=20).contains(&wait(&(soon * 1000).to_string())));
        assert_eq!(wait("1700000000"), 1, "long past");
        assert_eq!(wait("soon"), 60);
        assert_eq!(retry_after(&HeaderMap::new()).as_secs(), 60);
    }

    #[test]
    fn answers_are_told_from_noise() {
        let read =
            |status, body: &str| Envelope::read(status, body.as_bytes()).map(|envelope| envelope.accepted);
        assert_eq!(read(200, r#"{"status":true}"#), Ok(true));
        assert_eq!(read(201, r#"{"status":"success"}"#), Ok(true));
        assert_eq!(read(200, r#"{"type":"success","data":{}}"#), Ok(true));
        assert_eq!(read(200, r#"{"status":false,"message":"no"}"#), Ok(false));
        assert_eq!(read(404, "<html>"), Ok(false));
        assert!(matches!(read(200, "<html>"), Err(ErrorKind::Unreadable(_))));
        assert!(matches!(read(200, "[]"), Err(ErrorKind::Unreadable(_))));
        assert!(matches!(read(200, "{}"), Err(ErrorKind::Unreadable(_))));
        assert!(matches!(read(302, ""), Err(ErrorKind::Unreadable(_))));
        assert_eq!(read(502, "<html>"), Err(ErrorKind::Server { status: 502 }));
        assert_eq!(read(500, r#"{"status":true}"#), Err(ErrorKind::Server { status: 500 }));
        assert_eq!(read(408, ""), Err(ErrorKind::Timeout));
    }
}
