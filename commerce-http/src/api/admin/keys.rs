//! `/api/admin/api-keys/`: the keys of programs.

use commerce_core::KeyId;
use commerce_core::access::{ApiSecret, Listed};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use crate::api::access::{MayReadKeys, MayWriteKeys};
use crate::api::key::OptionalKey;
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, ApiKeyDto, ApiKeyMadeDto, ApiKeyPageDto, Body, Check, CursorLinks, Done, Id, NewKeyBody, OrNull,
    PageSize, Problem, Refused, statuses,
};

statuses! {
    /// Refusals of reading and revoking keys.
    ReadKeys:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such key.",
        422 "A parameter cannot be understood.";
    /// Refusals of making a key.
    MakeKey:
        400 "The body cannot be understood.",
        401 "The token is missing or wrong.",
        403 "You may not do this, or may not do what the key would let a program do.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.";
}

pub(crate) struct KeysApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin/api-keys", tag = "Tag::BackOffice")]
impl KeysApi {
    /// Lists the keys of programs
    ///
    /// The newest first, revoked and expired ones too.
    #[oai(path = "/", method = "get", operation_id = "listApiKeys")]
    async fn list(
        &self,
        _admin: MayReadKeys,
        /// Behind this key, in the order of the answer.
        cursor: Query<Option<Id>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<ApiKeyPageDto>, Refused<ReadKeys>> {
        let mut check = Check::default();
        let after = cursor.0.and_then(|id| check.parse::<KeyId>("/cursor", &id.0));
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let size = check.finish(size)?;
        let links = CursorLinks { path: "/api/admin/api-keys/", filters: Vec::new(), page_size: size };
        let mut keys = self.shop.engine.access().keys(after, links.rows()).await.map_err(Problem::from)?;
        let next = links.cut(&mut keys, |listed| listed.key.id);
        Ok(Answer::new(&ApiKeyPageDto { results: keys.iter().map(ApiKeyDto::from).collect(), next })?)
    }

    /// Makes a key for a program
    ///
    /// The answer shows it, this once: repeated under its `Idempotency-Key` the request makes no other key, and does not show
    /// it again. Nobody makes a key that may do what they may not.
    #[oai(path = "/", method = "post", operation_id = "createApiKey")]
    async fn create(
        &self,
        admin: MayWriteKeys,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<NewKeyBody>,
    ) -> Result<Answer<ApiKeyMadeDto, 201>, Refused<MakeKey>> {
        let request = key.request(admin.actor().to_string(), "POST /api/admin/api-keys/", &body.canonical);
        let new = body.value.command()?;
        let access = self.shop.engine.access();
        let made = settle(async move { access.create(&admin.caller, &new, request.as_ref()).await }).await?;
        Ok(Answer::new(&ApiKeyMadeDto::from(&made))?.replayed(made.secret.is_none()))
    }

    /// Revokes a key: it lets nobody in from now on
    #[oai(path = "/:id/", method = "delete", operation_id = "revokeApiKey")]
    async fn revoke(
        &self,
        admin: MayWriteKeys,
        /// The key.
        id: Path<Id>,
    ) -> Result<Done, Refused<ReadKeys>> {
        let id: KeyId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let access = self.shop.engine.access();
        settle(async move { access.revoke(&admin.caller, id).await }).await?;
        Ok(Done)
    }
}

impl From<&commerce_core::access::Made> for ApiKeyMadeDto {
    fn from(made: &commerce_core::access::Made) -> Self {
        let fresh = Listed { key: made.key.clone(), unusable: None };
        Self { key: OrNull(made.secret.as_ref().map(ApiSecret::reveal)), api_key: ApiKeyDto::from(&fresh) }
    }
}
