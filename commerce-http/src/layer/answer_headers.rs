//! Headers for an answer that does not exist yet.

use std::sync::{Arc, Mutex, PoisonError};

use poem::Request;
use poem::http::{HeaderMap, HeaderName, HeaderValue};

/// What layers want the answer to carry, whether it becomes what the handler says, a refusal or a failure: an error on its
/// way out has no headers.
#[derive(Clone, Default)]
pub(crate) struct AnswerHeaders(Arc<Mutex<HeaderMap>>);

impl AnswerHeaders {
    /// Adds a header to the answer of this request, in place of one of the same name.
    pub(crate) fn insert(request: &Request, name: HeaderName, value: HeaderValue) {
        if let Some(headers) = request.data::<Self>() {
            headers.set(name, value);
        }
    }

    pub(crate) fn set(&self, name: HeaderName, value: HeaderValue) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
    }

    pub(crate) fn take(&self) -> HeaderMap {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
