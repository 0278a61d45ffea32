//! What products share, one resource each: brands, the category tree, attributes.

use commerce_core::catalog::{Attribute, Brand, Category, Changed, SharedKey};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::parts::{IfMatch, etag, expected};
use super::rows::Rows;
use super::{SharedRead, SharedWrite};
use crate::api::access::{MayReadProducts, MayWriteShared};
use crate::api::key::OptionalKey;
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, AttributeBody, AttributeChangeBody, AttributeDto, AttributePageDto, Body, BrandBody,
    BrandChangeBody, BrandDto, BrandPageDto, CategoryBody, CategoryChangeBody, Flag, ManagedCategoryDto,
    ManagedCategoryPageDto, PageNumber, PageSize, Refused, Text,
};

/// The operations of a resource, each with its name, its title, more about it and what the engine calls it. What `kept`
/// begins, deleted ones that are listed and restored, not every resource has.
macro_rules! resource {
    (
        $api:ident of $row:ident at $path:tt, found by $key:tt, as $dto:ident in $page:ident,
        $list:tt $lists:tt $lists_how:tt $all:ident,
        $create:tt $makes:tt $body:ident $create_row:ident,
        $get:tt $shows:tt $row_by:ident,
        $replace:tt $replaces:tt $replaces_how:tt,
        $change:tt $changes:tt $changes_how:tt $change_body:ident $change_row:ident,
        $delete:tt $deletes:tt $deletes_how:tt $delete_row:ident
        $(, kept when $deleted:ident, $restore:tt $restores:tt $($restores_how:literal)? $restore_row:ident)?
    ) => {
        pub(crate) struct $api {
            pub(super) shop: Shop,
        }

        #[OpenApi(prefix_path = $path, tag = "Tag::BackOffice")]
        impl $api {
            #[doc = $lists]
            ///
            #[doc = $lists_how]
            #[oai(path = "/", method = "get", operation_id = $list)]
            async fn list(
                &self,
                _caller: MayReadProducts,
                $(
                    /// Deleted ones, instead of those that are not.
                    $deleted: Query<Option<Flag>>,
                )?
                /// Which page, from 1.
                page: Query<Option<PageNumber>>,
                /// Rows on a page.
                page_size: Query<Option<PageSize>>,
            ) -> Result<Answer<$page>, Refused<SharedRead>> {
                let all = Rows::all(self.shop.engine.taxonomy().show().await?.$all);
                $(let all = all.only($deleted.0, |(row, _)| row.deleted_at.is_some())?;)?
                let (rows, pagination) = all.cut(concat!($path, "/"), page.0, page_size.0)?;
                let results = rows.into_iter().map(Into::into).collect();
                Ok(Answer::new(&$page { results, pagination })?)
            }

            #[doc = $makes]
            #[oai(path = "/", method = "post", operation_id = $create)]
            async fn create(
                &self,
                admin: MayWriteShared,
                /// A key under which the request may be repeated.
                #[oai(name = "Idempotency-Key")]
                key: OptionalKey,
                body: Body<$body>,
            ) -> Result<Answer<$dto, 201>, Refused<SharedWrite>> {
                let route = concat!("POST ", $path, "/");
                let request = key.request(admin.actor().to_string(), route, &body.canonical);
                let new = body.value.command()?;
                let taxonomy = self.shop.engine.taxonomy();
                let made =
                    settle(async move { taxonomy.$create_row(&new, &admin.actor(), request.as_ref()).await });
                Self::answer(made.await?)
            }

            #[doc = $shows]
            #[oai(path = "/:key/", method = "get", operation_id = $get)]
            async fn show(
                &self,
                _caller: MayReadProducts,
                #[doc = $key]
                key: Path<Text>,
            ) -> Result<Answer<$dto>, Refused<SharedRead>> {
                let found = self.shop.engine.taxonomy().$row_by(&SharedKey::new(key.0.0)).await?;
                let version = found.0.version;
                Ok(Answer::new(&$dto::from(found))?.header("etag", Some(&etag(version))))
            }

            #[doc = $replaces]
            ///
            #[doc = $replaces_how]
            #[oai(path = "/:key/", method = "put", operation_id = $replace)]
            async fn replace(
                &self,
                admin: MayWriteShared,
                #[doc = $key]
                key: Path<Text>,
                /// The version for which it is meant.
                #[oai(name = "If-Match")]
                if_match: IfMatch,
                body: Body<$body>,
            ) -> Result<Answer<$dto>, Refused<SharedWrite>> {
                let version = expected(&if_match, body.value.version)?;
                let (key, change) = (SharedKey::new(key.0.0), body.value.replacement()?);
                let taxonomy = self.shop.engine.taxonomy();
                let changed =
                    settle(async move { taxonomy.$change_row(&key, &change, version, &admin.actor()).await });
                Self::answer(changed.await?)
            }

            #[doc = $changes]
            ///
            #[doc = $changes_how]
            #[oai(path = "/:key/", method = "patch", operation_id = $change)]
            async fn change(
                &self,
                admin: MayWriteShared,
                #[doc = $key]
                key: Path<Text>,
                /// The version for which it is meant.
                #[oai(name = "If-Match")]
                if_match: IfMatch,
                body: Body<$change_body>,
            ) -> Result<Answer<$dto>, Refused<SharedWrite>> {
                let version = expected(&if_match, body.value.version)?;
                let (key, change) = (SharedKey::new(key.0.0), body.value.command()?);
                let taxonomy = self.shop.engine.taxonomy();
                let changed =
                    settle(async move { taxonomy.$change_row(&key, &change, version, &admin.actor()).await });
                Self::answer(changed.await?)
            }

            #[doc = $deletes]
            ///
            #[doc = $deletes_how]
            #[oai(path = "/:key/", method = "delete", operation_id = $delete)]
            async fn delete(
                &self,
                admin: MayWriteShared,
                #[doc = $key]
                key: Path<Text>,
                /// The version for which it is meant.
                #[oai(name = "If-Match")]
                if_match: IfMatch,
            ) -> Result<Answer<$dto>, Refused<SharedWrite>> {
                let version = expected(&if_match, None)?;
                let key = SharedKey::new(key.0.0);
                let taxonomy = self.shop.engine.taxonomy();
                let deleted =
                    settle(async move { taxonomy.$delete_row(&key, version, &admin.actor()).await });
                Self::answer(deleted.await?)
            }

            $(
                #[doc = $restores]
                $(
                    ///
                    #[doc = $restores_how]
                )?
                #[oai(path = "/:key/restore/", method = "post", operation_id = $restore)]
                async fn restore(
                    &self,
                    admin: MayWriteShared,
                    #[doc = $key]
                    key: Path<Text>,
                    /// The version for which it is meant.
                    #[oai(name = "If-Match")]
                    if_match: IfMatch,
                    /// A key under which the request may be repeated.
                    #[oai(name = "Idempotency-Key")]
                    idempotency: OptionalKey,
                ) -> Result<Answer<$dto>, Refused<SharedWrite>> {
                    let version = expected(&if_match, None)?;
                    let route = concat!("POST ", $path, "/{key}/restore/");
                    let request = idempotency.request(admin.actor().to_string(), route, key.0.0.as_bytes());
                    let key = SharedKey::new(key.0.0);
                    let taxonomy = self.shop.engine.taxonomy();
                    let restored = settle(async move {
                        taxonomy.$restore_row(&key, version, &admin.actor(), request.as_ref()).await
                    });
                    Self::answer(restored.await?)
                }
            )?
        }

        impl $api {
            fn answer<const STATUS: u16>(
                changed: Changed<$row>,
            ) -> Result<Answer<$dto, STATUS>, Refused<SharedWrite>> {
                let Changed { row, products, replayed } = changed;
                let version = row.version;
                let body = $dto::from((row, products));
                Ok(Answer::new(&body)?.header("etag", Some(&etag(version))).replayed(replayed))
            }
        }
    };
}

resource! {
    BrandsApi of Brand at "/api/admin/brands", found by "Its id or its slug.", as BrandDto in BrandPageDto,
    "listBrands" "Lists brands" "By slug, with how many products have each." brands,
    "createBrand" "Makes a brand" BrandBody create_brand,
    "getBrand" "Shows a brand" brand,
    "replaceBrand" "Replaces what a brand is called"
        "Products say the new names at once; searches and listings find them by the slug of before too.",
    "changeBrand" "Changes what a brand is called"
        "Products say the new names at once; searches and listings find them by the slug of before too."
        BrandChangeBody change_brand,
    "deleteBrand" "Deletes a brand"
        "Refused while products have it. One that is deleted already stays so, and can be restored."
        delete_brand,
    kept when deleted, "restoreBrand" "Restores a brand that was deleted" restore_brand
}

resource! {
    ManagedCategoriesApi of Category at "/api/admin/categories", found by "Its id or its slug.",
        as ManagedCategoryDto in ManagedCategoryPageDto,
    "listManagedCategories" "Lists categories"
        "By path, so what something hangs on comes before it; with how many products are in each itself."
        categories,
    "createCategory" "Makes a category" CategoryBody create_category,
    "getManagedCategory" "Shows a category" category,
    "replaceCategory" "Replaces a category"
        "As a change of everything: without a parent it becomes a root. Without a place it keeps that among its siblings.",
    "changeCategory" "Changes or moves a category"
        "What grows on it goes with it, and products say the new names at once. The slug of before leads to it. A category\n\
        cannot hang on itself or on what grows on it."
        CategoryChangeBody change_category,
    "deleteCategory" "Deletes a category"
        "Refused while products are in it or something grows on it. One that is deleted already stays so, and can be restored."
        delete_category,
    kept when deleted,
        "restoreCategory" "Restores a category that was deleted" "Refused while what it hung on is deleted."
        restore_category
}

resource! {
    AttributesApi of Attribute at "/api/admin/attributes", found by "Its id or its code.",
        as AttributeDto in AttributePageDto,
    "listAttributes" "Lists attributes" "By code, with how many products have each." attributes,
    "createAttribute" "Makes an attribute" AttributeBody create_attribute,
    "getAttribute" "Shows an attribute" attribute,
    "replaceAttribute" "Replaces an attribute" "As a change of everything but its code.",
    "changeAttribute" "Changes an attribute" "Refused when a value that a product has would be none any more."
        AttributeChangeBody change_attribute,
    "deleteAttribute" "Deletes an attribute"
        "For good; refused while products have a value or an option of it, deleted products too."
        delete_attribute
}
