//! `/api/products/`, for those who keep the catalogue: products and variants are made, changed, taken away and put back.

use commerce_core::PriceChangeId;
use commerce_core::catalog::{EditError, ProductChanged, Refusal, Sku, Slug, Target};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::access::{MayReadProducts, MayWriteProducts};
use super::admin::{IfMatch, etag, expected};
use super::key::OptionalKey;
use super::{Shop, Tag};
use crate::percent::escaped;
use crate::settle::settle;
use crate::wire::{
    Answer, Body, Check, Code, CursorLinks, Done, FieldError, Id, OfVersionBody, PageSize, PriceHistoryDto,
    Problem, ProductBody, ProductDto, Refused, Said, Text, VariantBody, statuses,
};

statuses! {
    /// Refusals of a change of the catalogue.
    Edit:
        400 "The body cannot be understood, or the `Idempotency-Key` is none.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such product or variant, or it is another merchant's.",
        409 "The slug or a SKU is taken: `already-exists`, with the field.",
        412 "The product changed meanwhile: `version-conflict`, with its version.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "The product cannot be as it was said, or `idempotency-key-reused`.";
    /// Refusals of a look at prices of before.
    ReadPrices:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such product, or it is another merchant's.",
        422 "A parameter cannot be understood.";
}

#[derive(Clone)]
pub(crate) struct CatalogApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/products", tag = "Tag::Catalogue")]
impl CatalogApi {
    /// Makes a product
    ///
    /// With its variants, all at once. It is a draft unless it says otherwise. A merchant's is their own.
    #[oai(path = "/", method = "post", operation_id = "createProduct")]
    async fn create(
        &self,
        editor: MayWriteProducts,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<ProductBody>,
    ) -> Result<Answer<ProductDto, 201>, Refused<Edit>> {
        let request = key.request(editor.caller.actor().to_string(), "POST /api/products/", &body.canonical);
        let new = body.value.new_product()?;
        let catalog = self.shop.engine.catalog();
        let made = settle(async move {
            catalog.create(&editor.caller, &new, request.as_ref()).await.map_err(of_product)
        });
        shown(made.await?)
    }

    /// Puts a product in place of the one that has this slug
    ///
    /// All of it: what is left out is empty, and variants that are not named are gone. Only the slug stays when it is left out.
    #[oai(path = "/:slug/", method = "put", operation_id = "replaceProduct")]
    async fn replace(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The version of the product for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<ProductBody>,
    ) -> Result<Answer<ProductDto>, Refused<Edit>> {
        self.change(editor, &slug, &if_match, body, Said::All).await
    }

    /// Changes a product
    ///
    /// What is left out stays; null empties a field; a list takes the place of the one of before, but for variants, of which
    /// those that are named change or are added.
    #[oai(path = "/:slug/", method = "patch", operation_id = "changeProduct")]
    async fn merge(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The version of the product for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<ProductBody>,
    ) -> Result<Answer<ProductDto>, Refused<Edit>> {
        self.change(editor, &slug, &if_match, body, Said::Some).await
    }

    /// Deletes a product
    ///
    /// Shoppers do not find it any more; orders keep what they say of it. It can be restored.
    #[oai(path = "/:slug/", method = "delete", operation_id = "deleteProduct")]
    async fn delete(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The version of the product for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<Done, Refused<Edit>> {
        let target = target(&slug, &if_match, None)?;
        let catalog = self.shop.engine.catalog();
        let deleted =
            settle(async move { catalog.delete(&editor.caller, &target).await.map_err(of_product) });
        deleted.await?;
        Ok(Done)
    }

    /// Restores a product that was deleted
    ///
    /// Its status is what it was. One that is there already stays as it is. Refused while its brand or its category is deleted.
    #[oai(path = "/:slug/restore/", method = "post", operation_id = "restoreProduct")]
    async fn restore(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The version of the product for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<OfVersionBody, false>,
    ) -> Result<Answer<ProductDto>, Refused<Edit>> {
        let target = target(&slug, &if_match, body.value.version)?;
        let route = "POST /api/products/{slug}/restore/";
        let request = key.about(&target.slug, &editor.caller.actor(), route, &body.canonical);
        let catalog = self.shop.engine.catalog();
        let restored = settle(async move {
            catalog.restore(&editor.caller, &target, request.as_ref()).await.map_err(of_product)
        });
        shown(restored.await?)
    }

    /// Adds a variant to a product
    #[oai(path = "/:slug/variants/", method = "post", operation_id = "createVariant")]
    async fn add_variant(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The version of the product for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<VariantBody>,
    ) -> Result<Answer<ProductDto, 201>, Refused<Edit>> {
        let target = target(&slug, &if_match, body.value.version)?;
        let route = "POST /api/products/{slug}/variants/";
        let request = key.about(&target.slug, &editor.caller.actor(), route, &body.canonical);
        let variant = body.value.command(Said::All)?;
        let catalog = self.shop.engine.catalog();
        let added = settle(async move {
            catalog.add_variant(&editor.caller, &target, &variant, request.as_ref()).await.map_err(of_variant)
        });
        shown(added.await?)
    }

    /// Puts a variant in place of the one that has this SKU
    ///
    /// All of it: what is left out is empty, but for the SKU and the option values.
    #[oai(path = "/:slug/variants/:sku/", method = "put", operation_id = "replaceVariant")]
    async fn replace_variant(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The variant's code.
        sku: Path<Text>,
        /// The version of the product for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<VariantBody>,
    ) -> Result<Answer<ProductDto>, Refused<Edit>> {
        self.change_variant(editor, &slug, &sku, &if_match, body, Said::All).await
    }

    /// Changes a variant
    ///
    /// What is left out stays; null empties a field.
    #[oai(path = "/:slug/variants/:sku/", method = "patch", operation_id = "changeVariant")]
    async fn merge_variant(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The variant's code.
        sku: Path<Text>,
        /// The version of the product for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<VariantBody>,
    ) -> Result<Answer<ProductDto>, Refused<Edit>> {
        self.change_variant(editor, &slug, &sku, &if_match, body, Said::Some).await
    }

    /// Takes a variant away from its product
    ///
    /// The product keeps at least one. Orders keep what they say of it, and its stock stays on the books; its SKU is free.
    #[oai(path = "/:slug/variants/:sku/", method = "delete", operation_id = "deleteVariant")]
    async fn delete_variant(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The variant's code.
        sku: Path<Text>,
        /// The version of the product for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<Answer<ProductDto>, Refused<Edit>> {
        let target = target(&slug, &if_match, None)?;
        let sku = code(&sku)?;
        let catalog = self.shop.engine.catalog();
        let removed = settle(async move {
            catalog.remove_variant(&editor.caller, &target, &sku).await.map_err(of_variant)
        });
        shown(removed.await?)
    }

    /// Shows what a product cost before
    ///
    /// Each change of a list price, or of what it is compared at: the newest first.
    #[oai(path = "/:slug/price-history/", method = "get", operation_id = "getPriceHistory")]
    async fn price_history(
        &self,
        keeper: MayReadProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// Behind this change, in the order of the answer.
        cursor: Query<Option<Id>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<PriceHistoryDto>, Refused<ReadPrices>> {
        let slug: Slug = slug.0.0.parse().map_err(|_| Problem::not_found())?;
        let mut check = Check::default();
        let before = cursor.0.and_then(|id| check.parse::<PriceChangeId>("/cursor", &id.0));
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let page_size = check.finish(size)?;
        let path = format!("/api/products/{}/price-history/", escaped(slug.as_str()));
        let links = CursorLinks { path: &path, filters: Vec::new(), page_size };
        let catalog = self.shop.engine.catalog();
        let found = catalog.price_history(&keeper.caller, &slug, before, links.rows()).await;
        let mut found = found.map_err(of_product)?;
        let next = links.cut(&mut found, |change| change.id);
        Ok(Answer::new(&PriceHistoryDto { results: found.into_iter().map(Into::into).collect(), next })?)
    }
}

impl CatalogApi {
    async fn change(
        &self,
        editor: MayWriteProducts,
        slug: &Path<Text>,
        if_match: &IfMatch,
        body: Body<ProductBody>,
        said: Said,
    ) -> Result<Answer<ProductDto>, Refused<Edit>> {
        let target = target(slug, if_match, body.value.version)?;
        let change = body.value.command(target.slug.clone(), said)?;
        let catalog = self.shop.engine.catalog();
        let changed =
            settle(async move { catalog.change(&editor.caller, &target, &change).await.map_err(of_product) });
        shown(changed.await?)
    }

    async fn change_variant(
        &self,
        editor: MayWriteProducts,
        slug: &Path<Text>,
        sku: &Path<Text>,
        if_match: &IfMatch,
        body: Body<VariantBody>,
        said: Said,
    ) -> Result<Answer<ProductDto>, Refused<Edit>> {
        let target = target(slug, if_match, body.value.version)?;
        let sku = code(sku)?;
        let variant = body.value.command(said)?;
        let catalog = self.shop.engine.catalog();
        let changed = settle(async move {
            catalog.change_variant(&editor.caller, &target, &sku, &variant).await.map_err(of_variant)
        });
        shown(changed.await?)
    }
}

/// Which product is meant, and which version of it.
pub(super) fn target(slug: &Path<Text>, if_match: &IfMatch, version: Option<u64>) -> Result<Target, Problem> {
    let slug: Slug = slug.0.0.parse().map_err(|_| Problem::not_found())?;
    Ok(Target { slug, version: expected(if_match, version)? })
}

fn code(sku: &Path<Text>) -> Result<Sku, Problem> {
    sku.0.0.parse().map_err(|_| Problem::not_found())
}

fn shown<const STATUS: u16>(changed: ProductChanged) -> Result<Answer<ProductDto, STATUS>, Refused<Edit>> {
    let ProductChanged { product, replayed } = changed;
    let version = product.product.version;
    let shown = ProductDto::in_full(&product).ok_or_else(|| Problem::internal("a product has no variant"))?;
    Ok(Answer::new(&shown)?.header("etag", Some(&etag(version))).replayed(replayed))
}

/// The refusal, with pointers into the body of a product.
pub(super) fn of_product(error: EditError) -> Problem {
    const OF_VARIANTS: [&str; 7] =
        ["price", "compare_at_price", "cost", "weight", "dimensions", "sku", "option_values"];
    problem(error, |refusal| match (refusal.line, refusal.field) {
        (0, "description") => "/description_html".to_owned(),
        (0, field) if OF_VARIANTS.contains(&field) => "/variants".to_owned(),
        (0, field) => format!("/{field}"),
        (place, field) => format!("/variants/{}/{field}", place - 1),
    })
}

/// The refusal, with pointers into the body of a variant.
fn of_variant(error: EditError) -> Problem {
    problem(error, |refusal| match refusal.field {
        "variants" => String::new(),
        field => format!("/{field}"),
    })
}

fn problem(error: EditError, pointer: impl Fn(&Refusal) -> String) -> Problem {
    const TAKEN: [&str; 2] = ["slug-taken", "sku-taken"];
    let words = error.to_string();
    match error {
        EditError::NotFound => Problem::not_found(),
        EditError::Version(now) => Problem::new(Code::VersionConflict, words).with("version", now),
        EditError::Refused(refusals) => {
            let taken = !refusals.is_empty() && refusals.iter().all(|refusal| TAKEN.contains(&refusal.code));
            let code = if taken { Code::AlreadyExists } else { Code::ValidationFailed };
            let field = |refusal: &Refusal| FieldError::new(&pointer(refusal), refusal.code, &refusal.reason);
            Problem::fields(code, refusals.iter().map(field).collect())
        }
        EditError::KeyReused(_) => Problem::new(Code::IdempotencyKeyReused, words),
        EditError::Busy => Problem::unavailable(words),
        EditError::Store(error) => error.into(),
        other => Problem::internal(other),
    }
}
