//! Brands: made, renamed, deleted while no product has them, restored.

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
    Answer, Body, BrandBody, BrandChangeBody, BrandDto, BrandPageDto, Check, Flag, PageNumber, PageSize,
    Refused, Text,
};

pub(crate) struct BrandsApi {
    pub(super) shop: Shop,
}

type Brand = commerce_core::catalog::Brand;

#[OpenApi(prefix_path = "/api/admin/brands", tag = "Tag::BackOffice")]
impl BrandsApi {
    /// Lists brands
    ///
    /// By slug, with how many products have each.
    #[oai(path = "/", method = "get", operation_id = "listBrands")]
    async fn list(
        &self,
        _caller: MayReadProducts,
        /// Deleted ones, instead of those that are not.
        deleted: Query<Option<Flag>>,
        /// Which page, from 1.
        page: Query<Option<PageNumber>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<BrandPageDto>, Refused<SharedRead>> {
        let deleted = asked_for_deleted(deleted.0)?;
        let mut all = self.shop.engine.taxonomy().show().await?.brands;
        all.retain(|(brand, _)| brand.deleted_at.is_some() == deleted);
        let filters = deleted.then(|| ("deleted".into(), "true".to_owned())).into_iter().collect();
        let (rows, pagination) = cut(all, "/api/admin/brands/", filters, (page.0, page_size.0))?;
        let results = rows.into_iter().map(BrandDto::from).collect();
        Ok(Answer::new(&BrandPageDto { results, pagination })?)
    }

    /// Makes a brand
    #[oai(path = "/", method = "post", operation_id = "createBrand")]
    async fn create(
        &self,
        admin: MayWriteShared,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<BrandBody>,
    ) -> Result<Answer<BrandDto, 201>, Refused<SharedWrite>> {
        let request = key.request(admin.actor().to_string(), "POST /api/admin/brands/", &body.canonical);
        let new = body.value.new_brand()?;
        let taxonomy = self.shop.engine.taxonomy();
        let made = settle(async move { taxonomy.create_brand(&new, &admin.actor(), request.as_ref()).await });
        Ok(answer(made.await?)?)
    }

    /// Shows a brand
    #[oai(path = "/:key/", method = "get", operation_id = "getBrand")]
    async fn show(
        &self,
        _caller: MayReadProducts,
        /// Its id or its slug.
        key: Path<Text>,
    ) -> Result<Answer<BrandDto>, Refused<SharedRead>> {
        let found = self.shop.engine.taxonomy().brand(&SharedKey::new(key.0.0)).await?;
        let version = found.0.version;
        Ok(Answer::new(&BrandDto::from(found))?.header("etag", Some(&etag(version))))
    }

    /// Replaces what a brand is called
    ///
    /// Products say the new names at once; searches and listings find them by the slug of before too.
    #[oai(path = "/:key/", method = "put", operation_id = "replaceBrand")]
    async fn replace(
        &self,
        admin: MayWriteShared,
        /// Its id or its slug.
        key: Path<Text>,
        /// The version for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<BrandBody>,
    ) -> Result<Answer<BrandDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, body.value.version)?;
        let (key, change) = (SharedKey::new(key.0.0), body.value.replacement()?);
        let taxonomy = self.shop.engine.taxonomy();
        let changed =
            settle(async move { taxonomy.change_brand(&key, &change, version, &admin.actor()).await });
        Ok(answer(changed.await?)?)
    }

    /// Changes what a brand is called
    ///
    /// Products say the new names at once; searches and listings find them by the slug of before too.
    #[oai(path = "/:key/", method = "patch", operation_id = "changeBrand")]
    async fn change(
        &self,
        admin: MayWriteShared,
        /// Its id or its slug.
        key: Path<Text>,
        /// The version for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<BrandChangeBody>,
    ) -> Result<Answer<BrandDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, body.value.version)?;
        let (key, change) = (SharedKey::new(key.0.0), body.value.command()?);
        let taxonomy = self.shop.engine.taxonomy();
        let changed =
            settle(async move { taxonomy.change_brand(&key, &change, version, &admin.actor()).await });
        Ok(answer(changed.await?)?)
    }

    /// Deletes a brand
    ///
    /// Refused while products have it. One that is deleted already stays so, and can be restored.
    #[oai(path = "/:key/", method = "delete", operation_id = "deleteBrand")]
    async fn delete(
        &self,
        admin: MayWriteShared,
        /// Its id or its slug.
        key: Path<Text>,
        /// The version for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<Answer<BrandDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, None)?;
        let key = SharedKey::new(key.0.0);
        let taxonomy = self.shop.engine.taxonomy();
        let deleted = settle(async move { taxonomy.delete_brand(&key, version, &admin.actor()).await });
        Ok(answer(deleted.await?)?)
    }

    /// Restores a brand that was deleted
    #[oai(path = "/:key/restore/", method = "post", operation_id = "restoreBrand")]
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
    ) -> Result<Answer<BrandDto>, Refused<SharedWrite>> {
        let version = expected(&if_match, None)?;
        let route = "POST /api/admin/brands/{key}/restore/";
        let request = idempotency.request(admin.actor().to_string(), route, key.0.0.as_bytes());
        let key = SharedKey::new(key.0.0);
        let taxonomy = self.shop.engine.taxonomy();
        let restored =
            settle(
                async move { taxonomy.restore_brand(&key, version, &admin.actor(), request.as_ref()).await },
            );
        Ok(answer(restored.await?)?)
    }
}

/// Whether deleted ones are asked for.
pub(super) fn asked_for_deleted(flag: Option<Flag>) -> Result<bool, crate::wire::Problem> {
    let mut check = Check::default();
    let deleted = flag.map_or(Some(false), |flag| flag.check("/deleted", &mut check));
    check.finish(deleted)
}

fn answer<const STATUS: u16>(
    changed: Changed<Brand>,
) -> Result<Answer<BrandDto, STATUS>, crate::wire::Problem> {
    let Changed { row, products, replayed } = changed;
    let version = row.version;
    let body = BrandDto::from((row, products));
    Ok(Answer::new(&body)?.header("etag", Some(&etag(version))).replayed(replayed))
}
