//! What must always hold in the shop's store.

use std::sync::Arc;

use poem::http::{HeaderValue, header};
use poem_openapi::OpenApi;
use tokio::sync::Mutex;

use super::Read;
use crate::api::access::MayReadSettings;
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{Answer, Code, InvariantsDto, Problem, Refused};

pub(crate) struct InvariantsApi {
    shop: Shop,
    /// Held while a check runs: it reads the whole store, so one of this server's is enough.
    checking: Arc<Mutex<()>>,
}

impl InvariantsApi {
    pub(super) fn new(shop: &Shop) -> Self {
        Self { shop: shop.clone(), checking: Arc::default() }
    }
}

#[OpenApi(prefix_path = "/api/admin/invariants", tag = "Tag::BackOffice")]
impl InvariantsApi {
    /// Checks what must always hold
    ///
    /// As `commerce doctor` does, of what is in the store. Whether the shop knows of every charge of the payment gateway
    /// (`NO_LOST_CHARGE`) is not among it, for that means reading the gateway's lists: `commerce doctor` compares them, and
    /// the job `payments.reconcile` does every hour.
    ///
    /// It reads the whole store, so a server runs one such check at a time: while it does, the answer is 503.
    #[oai(path = "/", method = "get", operation_id = "checkInvariants")]
    async fn check(&self, _admin: MayReadSettings) -> Result<Answer<InvariantsDto>, Refused<Read>> {
        let Ok(alone) = Arc::clone(&self.checking).try_lock_owned() else {
            let words = "the invariants are being checked at this moment; ask again in some seconds";
            let problem = Problem::new(Code::Unavailable, words);
            return Err(problem.header(header::RETRY_AFTER, HeaderValue::from_static("10")).into());
        };
        let engine = self.shop.engine.clone();
        let found = settle(async move {
            let found = engine.verify_invariants().await;
            drop(alone);
            found
        });
        Ok(Answer::new(&InvariantsDto::new(&found.await?))?)
    }
}
