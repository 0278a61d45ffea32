//! Which call a method and a path stand for.

use poem::http::Method;
use serde::{Deserialize, Serialize};

/// A kind of call. Rate limits count per kind, and faults name the kind they strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Call {
    /// `POST /transaction/initialize`
    Initialize,
    /// `GET /transaction/verify/{reference}`
    Verify,
    /// `GET /transaction/{id}`
    Fetch,
    /// `GET /transaction`
    List,
    /// `GET /transaction/totals`
    Totals,
    /// `GET /transaction/timeline/{id or reference}`
    Timeline,
    /// `POST /transaction/charge_authorization`
    ChargeAuthorization,
    /// `POST /transaction/partial_debit`
    PartialDebit,
    /// `POST /charge`
    Charge,
    /// `POST /charge/submit_…`
    Submit,
    /// `GET /charge/{reference}`
    CheckCharge,
    /// `POST /refund`
    Refund,
    /// `GET /refund`
    ListRefunds,
    /// `GET /refund/{id}`
    FetchRefund,
    /// `POST /refund/retry_with_customer_details/{id}`
    RetryRefund,
    /// `GET /bank`
    Banks,
    /// `GET /bank/resolve`
    ResolveAccount,
    /// `GET /decision/bin/{bin}`
    ResolveCard,
    /// `POST /customer`
    CreateCustomer,
    /// `GET /customer`
    ListCustomers,
    /// `GET /customer/{email or code}`
    FetchCustomer,
    /// `PUT /customer/{code}`
    UpdateCustomer,
    /// `POST /customer/authorization/deactivate`
    DeactivateAuthorization,
    /// `GET` and `PUT /integration/payment_session_timeout`
    SessionTimeout,
}

/// A call with what its path names: a reference, an id, a code, or which thing is submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Routed {
    pub(crate) call: Call,
    pub(crate) subject: String,
    /// Whether it changes something, where one kind has two methods.
    pub(crate) writes: bool,
}

/// The call at this path; slashes at its end do not matter.
pub(crate) fn route(method: &Method, path: &str) -> Option<Routed> {
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    let (get, post, put) = (*method == Method::GET, *method == Method::POST, *method == Method::PUT);
    let (call, subject) = match steps.as_slice() {
        ["transaction", "initialize"] if post => (Call::Initialize, ""),
        ["transaction", "charge_authorization"] if post => (Call::ChargeAuthorization, ""),
        ["transaction", "partial_debit"] if post => (Call::PartialDebit, ""),
        ["transaction", "verify", reference] if get => (Call::Verify, *reference),
        ["transaction", "timeline", key] if get => (Call::Timeline, *key),
        ["transaction", "totals"] if get => (Call::Totals, ""),
        ["transaction", id] if get => (Call::Fetch, *id),
        ["transaction"] if get => (Call::List, ""),
        ["charge"] if post => (Call::Charge, ""),
        ["charge", step] if post && step.starts_with("submit_") => (Call::Submit, *step),
        ["charge", reference] if get => (Call::CheckCharge, *reference),
        ["refund"] if post => (Call::Refund, ""),
        ["refund"] if get => (Call::ListRefunds, ""),
        ["refund", id] if get => (Call::FetchRefund, *id),
        ["refund", "retry_with_customer_details", id] if post => (Call::RetryRefund, *id),
        ["bank"] if get => (Call::Banks, ""),
        ["bank", "resolve"] if get => (Call::ResolveAccount, ""),
        ["decision", "bin", bin] if get => (Call::ResolveCard, *bin),
        ["customer"] if post => (Call::CreateCustomer, ""),
        ["customer"] if get => (Call::ListCustomers, ""),
        ["customer", "authorization", "deactivate"] | ["customer", "deactivate_authorization"] if post => {
            (Call::DeactivateAuthorization, "")
        }
        ["customer", key] if get => (Call::FetchCustomer, *key),
        ["customer", code] if put => (Call::UpdateCustomer, *code),
        ["integration", "payment_session_timeout"] if get || put => (Call::SessionTimeout, ""),
        _ => return None,
    };
    Some(Routed { call, subject: super::request::unescape(&subject.replace('+', "%2B")), writes: !get })
}

#[cfg(test)]
mod tests {
    use poem::http::Method;

    use super::{Call, route};

    #[test]
    fn paths_are_found_with_and_without_a_slash_at_the_end() {
        for path in ["/transaction/verify/a.b-c%3D1", "/transaction/verify/a.b-c%3D1/"] {
            let routed = route(&Method::GET, path).unwrap();
            assert_eq!((routed.call, routed.subject.as_str()), (Call::Verify, "a.b-c=1"));
        }
        assert_eq!(route(&Method::POST, "/transaction/verify/x"), None);
        assert_eq!(route(&Method::GET, "/"), None);
    }
}
