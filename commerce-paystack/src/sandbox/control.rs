//! `/_sandbox/…`: the sandbox's own controls, for tests that run in other processes. They ask for no key.

use std::sync::Arc;
use std::time::Duration;

use poem::Response;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::faults::Fault;
use super::refund::RefundStatus;
use super::request::Fields;
use super::server::Visit;
use super::{Sandbox, Shared, truth};

type Outcome = Result<Value, (StatusCode, String)>;

pub(crate) fn visit(shared: &Arc<Shared>, visit: &Visit<'_>, rest: &str, body: &[u8]) -> Response {
    if !shared.books().settings.control {
        return reply(Err((StatusCode::NOT_FOUND, "the controls are off".to_owned())));
    }
    let sandbox = Sandbox { shared: Arc::clone(shared) };
    let steps: Vec<&str> = rest.split('/').filter(|step| !step.is_empty()).collect();
    let fields = visit.fields.clone().unwrap_or_default();
    reply(control(&sandbox, visit.request.method(), &steps, &fields, body))
}

fn control(sandbox: &Sandbox, method: &Method, steps: &[&str], fields: &Fields, body: &[u8]) -> Outcome {
    match (method, steps) {
        (&Method::GET, ["truth"]) => Ok(truth::body(&sandbox.shared.books())),
        (&Method::GET, ["faults"]) => Ok(json!(sandbox.shared.books().faults.waiting())),
        (&Method::POST, ["faults"]) => {
            let fault: Fault = serde_json::from_slice(body).map_err(bad)?;
            sandbox.script(fault);
            done()
        }
        (&Method::DELETE, ["faults"]) => {
            sandbox.clear_faults();
            done()
        }
        (&Method::POST, ["transactions", reference, action]) => {
            let reference = super::request::unescape(&reference.replace('+', "%2B"));
            transaction(sandbox, &reference, action, fields)
        }
        (&Method::POST, ["refunds", id, status]) => {
            let id = id.parse().map_err(bad)?;
            let status: RefundStatus = serde_json::from_value(json!(status)).map_err(bad)?;
            sandbox.move_refund(id, status).map_err(refused)?;
            done()
        }
        (&Method::POST, ["webhooks", "release"]) => Ok(json!({"released": sandbox.release_webhooks()})),
        (&Method::POST, ["webhooks", number, "resend"]) => {
            let number = number.parse().map_err(bad)?;
            Ok(json!({"resent": sandbox.resend_webhook(number)}))
        }
        (&Method::POST, ["settings"]) => {
            settings(sandbox, fields);
            done()
        }
        (&Method::POST, ["time", "advance"]) => {
            let seconds = fields.count("seconds").ok_or_else(|| missing("seconds"))?;
            sandbox.advance(Duration::from_secs(seconds));
            done()
        }
        (&Method::POST, ["time", "scale"]) => {
            let scale = fields.count("scale").and_then(|scale| u32::try_from(scale).ok());
            sandbox.set_time_scale(scale.ok_or_else(|| missing("scale"))?);
            done()
        }
        _ => Err((StatusCode::NOT_FOUND, "there is no such control".to_owned())),
    }
}

fn transaction(sandbox: &Sandbox, reference: &str, action: &str, fields: &Fields) -> Outcome {
    let charge = match action {
        "pay" => sandbox.pay(reference),
        "abandon" => sandbox.abandon(reference),
        "fail" => {
            let reason = fields.filled("reason").unwrap_or_else(|| "Declined".to_owned());
            sandbox.fail(reference, &reason)
        }
        "transfer" => {
            let amount = fields.count("amount").ok_or_else(|| missing("amount"))?;
            sandbox.transfer(reference, amount)
        }
        _ => return Err((StatusCode::NOT_FOUND, "there is no such control".to_owned())),
    };
    Ok(json!(charge.map_err(refused)?))
}

/// What is named is changed; `null` takes an address or a limit away.
fn settings(sandbox: &Sandbox, fields: &Fields) {
    if fields.0.contains_key("webhook_url") {
        sandbox.set_webhook_url(fields.filled("webhook_url"));
    }
    if fields.0.contains_key("rate_limit") {
        sandbox.set_rate_limit(fields.count("rate_limit").and_then(|limit| u32::try_from(limit).ok()));
    }
}

fn done() -> Outcome {
    Ok(json!({"done": true}))
}

fn bad(error: impl std::fmt::Display) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, error.to_string())
}

fn missing(name: &str) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, format!("{name} is missing or no whole number"))
}

fn refused(error: super::ControlError) -> (StatusCode, String) {
    let status = match error {
        super::ControlError::PaidAlready(_) => StatusCode::CONFLICT,
        _ => StatusCode::NOT_FOUND,
    };
    (status, error.to_string())
}

fn reply(outcome: Outcome) -> Response {
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err((status, error)) => (status, json!({"error": error})),
    };
    Response::builder().status(status).content_type("application/json; charset=utf-8").body(body.to_string())
}
