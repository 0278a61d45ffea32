//! `/api/admin/prices/`: prices of many variants at once.

use commerce_core::catalog::CatalogError;
use poem_openapi::OpenApi;

use super::inventory::ChangeStock;
use crate::api::access::MayWriteProducts;
use crate::api::key::OptionalKey;
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{Answer, Body, BulkDto, BulkPricesBody, Code, FieldError, Problem, Refused};

pub(crate) struct PricesApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin/prices", tag = "Tag::BackOffice")]
impl PricesApi {
    /// Sets many prices
    ///
    /// Of up to 10,000 variants, all in one commit, in the shop's currency. When a row cannot be taken nothing is written, or
    /// with `"mode": "valid"` all the others are. Merchants set those of what they sell.
    #[oai(path = "/bulk/", method = "post", operation_id = "bulkPrices")]
    async fn bulk(
        &self,
        admin: MayWriteProducts,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<BulkPricesBody>,
    ) -> Result<Answer<BulkDto>, Refused<ChangeStock>> {
        let route = "POST /api/admin/prices/bulk/";
        let request = key.request(admin.actor().to_string(), route, &body.canonical);
        let (inputs, mode) = body.value.command()?;
        let catalog = self.shop.engine.catalog();
        let set = settle(async move {
            let set = catalog.set_prices(&inputs, mode, &admin.caller, request.as_ref()).await;
            set.map_err(refusal)
        });
        let set = set.await?;
        let replayed = set.replayed;
        Ok(Answer::new(&BulkDto::from(set))?.replayed(replayed))
    }
}

fn refusal(error: CatalogError) -> Problem {
    let words = error.to_string();
    match error {
        CatalogError::Prices(refusals) => {
            let errors = refusals.iter().map(|refused| {
                let pointer = format!("/rows/{}/{}", refused.index, refused.field);
                FieldError::new(&pointer, refused.code, &refused.reason)
            });
            Problem::validation(errors.collect())
        }
        CatalogError::Rows { .. } => Problem::field("/rows", "out-of-range", words),
        CatalogError::KeyReused(_) => Problem::new(Code::IdempotencyKeyReused, words),
        CatalogError::Busy => Problem::unavailable(words),
        CatalogError::Store(error) => error.into(),
        other => Problem::internal(other),
    }
}
