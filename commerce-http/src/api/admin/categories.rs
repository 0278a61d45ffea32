//! The category tree: made, renamed, moved, put in order, deleted while empty, restored.

use commerce_core::catalog::{Changed, SharedKey};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::brands::asked_for_deleted;
use super::parts::{IfMatch, etag, expected};
use super::{SharedRead, SharedWrite, cut};
use crate::api::access::{MayReadProducts, MayWriteShared};
use crate::api::key::OptionalKey;
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, Body, CategoryBody, CategoryChangeBody, Flag, ManagedCategoryDto, ManagedCategoryPageDto,
    PageNumber, PageSize, Refused, Text,
};

pub(crate) struct ManagedCategoriesApi {
    pub(super) shop: Shop,
}

type Category = commerce_core::catalog::Category;

#[OpenApi(prefix_path = "/api/admin/categories", tag = "Tag::BackOffice")]
impl ManagedCategoriesApi {
    /// Lists categories
    ///
    /// By path, so what something hangs on comes before it; with how many products are in each itself.
    #[oai(path = "/", method = "get", operation_id = "listManagedCategories")]
    async fn list(
        &self,
        _caller: MayReadProducts,
        /// Deleted ones, instead of those that are not.
        deleted: Query<Option<Flag>>,
        /// Which page, from 1.
        page: Query<Option<PageNumber>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<ManagedCategoryPageDto>, Refused<SharedRead>> {
        let deleted = asked_for_deleted(deleted.0)?;
        let mut all = self.shop.engine.taxonomy().show().await?.categories;
        all.retain(|(category, _)| category.deleted_at.is_some() == deleted);
        let filters = deleted.then(|| ("deleted".into(), "true".to_owned())).into_iter().collect();
        let (rows, pagination) = cut(all, "/api/admin/categories/", filters, (page.0, page_size.0))?;
        let results = rows.into_iter().map(ManagedCategoryDto::from).collect();
        Ok(Answer::new(&ManagedCategoryPageDto { results, pagination })?)
    }

    /// Makes a category
    #[oai(path = "/", method = "post", operation_id = "createCategory")]
    async fn create(
        &self,
        admin: MayWriteShared,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<CategoryBody>,
    ) -> Result<Answer<ManagedCategoryDto, 201>, Refused<SharedWrite>> {
        let request = key.request(admin.actor().to_string(), "POST /api/admin/categories/", &body.canonical);
        let new = body.value.new_category()?;
        let taxonomy = self.shop.engine.taxonomy();
        let made =
            settle(async move { taxonomy.create_category(&new, &admin.actor(), request.as_ref()).await });
        Ok(answer(made.await?)?)
    }

    /// Shows a category
    #[oai(path = "/:key/", method = "get", operation_id = "getManagedCategory")]
    async fn show(
        &self,
        _caller: MayReadProducts,
        /// Its id or its slug.
        key: Path<Text>,
    ) -> Result<Answer<ManagedCategoryDto>, Refused<SharedRead>> {
        let found = self.shop.engine.taxonomy().category(&SharedKey::new(key.0.0)).await?;
        let version = found.0.version;
        Ok(Answer::new(&ManagedCategoryDto::from(found))?.header("etag", Some(&etag(version))))
    }

    /// Replaces a category
    ///
    /// As a change of everything: without a parent it becomes a root. Without a place it keeps that among its siblings.
    #[oai(path = "/:key/", method = "put", operation_id = "replaceCategory")]
    async fn replace(
        &self,
        admin: MayWriteShared,
        /// Its id or its slug.
        key: Path<Text>,
        /// The version for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<CategoryBody>,
    ) -> Result<Answer<ManagedCategoryDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, body.value.version)?;
        let (key, change) = (SharedKey::new(key.0.0), body.value.replacement()?);
        let taxonomy = self.shop.engine.taxonomy();
        let changed =
            settle(async move { taxonomy.change_category(&key, &change, version, &admin.actor()).await });
        Ok(answer(changed.await?)?)
    }

    /// Changes or moves a category
    ///
    /// What grows on it goes with it, and products say the new names at once. The slug of before leads to it. A category
    /// cannot hang on itself or on what grows on it.
    #[oai(path = "/:key/", method = "patch", operation_id = "changeCategory")]
    async fn change(
        &self,
        admin: MayWriteShared,
        /// Its id or its slug.
        key: Path<Text>,
        /// The version for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<CategoryChangeBody>,
    ) -> Result<Answer<ManagedCategoryDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, body.value.version)?;
        let (key, change) = (SharedKey::new(key.0.0), body.value.command()?);
        let taxonomy = self.shop.engine.taxonomy();
        let changed =
            settle(async move { taxonomy.change_category(&key, &change, version, &admin.actor()).await });
        Ok(answer(changed.await?)?)
    }

    /// Deletes a category
    ///
    /// Refused while products are in it or something grows on it. One that is deleted already stays so, and can be restored.
    #[oai(path = "/:key/", method = "delete", operation_id = "deleteCategory")]
    async fn delete(
        &self,
        admin: MayWriteShared,
        /// Its id or its slug.
        key: Path<Text>,
        /// The version for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<Answer<ManagedCategoryDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, None)?;
        let key = SharedKey::new(key.0.0);
        let taxonomy = self.shop.engine.taxonomy();
        let deleted = settle(async move { taxonomy.delete_category(&key, version, &admin.actor()).await });
        Ok(answer(deleted.await?)?)
    }

    /// Restores a category that was deleted
    ///
    /// Refused while what it hung on is deleted.
    #[oai(path = "/:key/restore/", method = "post", operation_id = "restoreCategory")]
    async fn restore(
        &self,
        admin: MayWriteShared,
        /// Its id or its slug.
        key: Path<Text>,
        /// The version for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        idempotency: OptionalKey,
    ) -> Result<Answer<ManagedCategoryDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, None)?;
        let route = "POST /api/admin/categories/{key}/restore/";
        let request = idempotency.request(admin.actor().to_string(), route, key.0.0.as_bytes());
        let key = SharedKey::new(key.0.0);
        let taxonomy = self.shop.engine.taxonomy();
        let restored = settle(async move {
            taxonomy.restore_category(&key, version, &admin.actor(), request.as_ref()).await
        });
        Ok(answer(restored.await?)?)
    }
}

fn answer<const STATUS: u16>(
    changed: Changed<Category>,
) -> Result<Answer<ManagedCategoryDto, STATUS>, crate::wire::Problem> {
    let Changed { row, products, replayed } = changed;
    let version = row.version;
    let body = ManagedCategoryDto::from((row, products));
    Ok(Answer::new(&body)?.header("etag", Some(&etag(version))).replayed(replayed))
}
