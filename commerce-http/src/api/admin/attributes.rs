//! Attributes: made, changed while every value stays one, deleted while no product has them.

use commerce_core::catalog::{Changed, SharedKey};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::parts::{IfMatch, etag, expected};
use super::{SharedRead, SharedWrite, cut};
use crate::api::access::{MayReadProducts, MayWriteShared};
use crate::api::key::OptionalKey;
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, AttributeBody, AttributeChangeBody, AttributeDto, AttributePageDto, Body, PageNumber, PageSize,
    Problem, Refused, Text,
};

pub(crate) struct AttributesApi {
    pub(super) shop: Shop,
}

type Attribute = commerce_core::catalog::Attribute;

#[OpenApi(prefix_path = "/api/admin/attributes", tag = "Tag::BackOffice")]
impl AttributesApi {
    /// Lists attributes
    ///
    /// By code, with how many products have each.
    #[oai(path = "/", method = "get", operation_id = "listAttributes")]
    async fn list(
        &self,
        _caller: MayReadProducts,
        /// Which page, from 1.
        page: Query<Option<PageNumber>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<AttributePageDto>, Refused<SharedRead>> {
        let all = self.shop.engine.taxonomy().show().await?.attributes;
        let (rows, pagination) = cut(all, "/api/admin/attributes/", Vec::new(), (page.0, page_size.0))?;
        let results = rows.into_iter().map(AttributeDto::from).collect();
        Ok(Answer::new(&AttributePageDto { results, pagination })?)
    }

    /// Makes an attribute
    #[oai(path = "/", method = "post", operation_id = "createAttribute")]
    async fn create(
        &self,
        admin: MayWriteShared,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<AttributeBody>,
    ) -> Result<Answer<AttributeDto, 201>, Refused<SharedWrite>> {
        let request = key.request(admin.actor().to_string(), "POST /api/admin/attributes/", &body.canonical);
        let new = body.value.new_attribute()?;
        let taxonomy = self.shop.engine.taxonomy();
        let made =
            settle(async move { taxonomy.create_attribute(&new, &admin.actor(), request.as_ref()).await });
        Ok(answer(made.await?)?)
    }

    /// Shows an attribute
    #[oai(path = "/:key/", method = "get", operation_id = "getAttribute")]
    async fn show(
        &self,
        _caller: MayReadProducts,
        /// Its id or its code.
        key: Path<Text>,
    ) -> Result<Answer<AttributeDto>, Refused<SharedRead>> {
        let found = self.shop.engine.taxonomy().attribute(&SharedKey::new(key.0.0)).await?;
        let version = found.0.version;
        Ok(Answer::new(&AttributeDto::from(found))?.header("etag", Some(&etag(version))))
    }

    /// Replaces an attribute
    ///
    /// As a change of everything but its code.
    #[oai(path = "/:key/", method = "put", operation_id = "replaceAttribute")]
    async fn replace(
        &self,
        admin: MayWriteShared,
        /// Its id or its code.
        key: Path<Text>,
        /// The version for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<AttributeBody>,
    ) -> Result<Answer<AttributeDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, body.value.version)?;
        let (key, (code, change)) = (SharedKey::new(key.0.0), body.value.replacement()?);
        if self.shop.engine.taxonomy().attribute(&key).await?.0.code != code {
            return Err(Problem::field("/code", "invalid", "the code of an attribute stays as it is").into());
        }
        let taxonomy = self.shop.engine.taxonomy();
        let changed =
            settle(async move { taxonomy.change_attribute(&key, &change, version, &admin.actor()).await });
        Ok(answer(changed.await?)?)
    }

    /// Changes an attribute
    ///
    /// Refused when a value that a product has would be none any more.
    #[oai(path = "/:key/", method = "patch", operation_id = "changeAttribute")]
    async fn change(
        &self,
        admin: MayWriteShared,
        /// Its id or its code.
        key: Path<Text>,
        /// The version for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<AttributeChangeBody>,
    ) -> Result<Answer<AttributeDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, body.value.version)?;
        let (key, change) = (SharedKey::new(key.0.0), body.value.command()?);
        let taxonomy = self.shop.engine.taxonomy();
        let changed =
            settle(async move { taxonomy.change_attribute(&key, &change, version, &admin.actor()).await });
        Ok(answer(changed.await?)?)
    }

    /// Deletes an attribute
    ///
    /// For good; refused while products have a value or an option of it, deleted products too.
    #[oai(path = "/:key/", method = "delete", operation_id = "deleteAttribute")]
    async fn delete(
        &self,
        admin: MayWriteShared,
        /// Its id or its code.
        key: Path<Text>,
        /// The version for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<Answer<AttributeDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, None)?;
        let key = SharedKey::new(key.0.0);
        let taxonomy = self.shop.engine.taxonomy();
        let deleted = settle(async move { taxonomy.delete_attribute(&key, version, &admin.actor()).await });
        Ok(answer(deleted.await?)?)
    }
}

fn answer<const STATUS: u16>(changed: Changed<Attribute>) -> Result<Answer<AttributeDto, STATUS>, Problem> {
    let Changed { row, products, replayed } = changed;
    let version = row.version;
    let body = AttributeDto::from((row, products));
    Ok(Answer::new(&body)?.header("etag", Some(&etag(version))).replayed(replayed))
}
