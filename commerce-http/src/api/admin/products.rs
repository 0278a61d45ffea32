//! Products in whatever status, for those who keep the catalogue.

use commerce_core::catalog::{ProductSearch, ProductStatus, Slug};
use commerce_core::{ProductId, SellerId};
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::Read;
use crate::api::access::MayReadProducts;
use crate::api::catalog::of_product;
use crate::api::{Shop, Tag};
use crate::wire::{Answer, Check, CursorLinks, Flag, Id, ListedProductPageDto, PageSize, Refused, Text};

pub(crate) struct ListApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin/products", tag = "Tag::BackOffice")]
impl ListApi {
    /// Lists products in whatever status
    ///
    /// The newest first; to merchants their own.
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    #[oai(path = "/", method = "get", operation_id = "listAllProducts")]
    async fn list(
        &self,
        keeper: MayReadProducts,
        /// `draft`, `published` or `archived`.
        status: Query<Option<Text>>,
        /// Deleted, or not.
        deleted: Query<Option<Flag>>,
        /// With this in the name, the slug or a SKU.
        q: Query<Option<Text>>,
        /// The slug of a brand.
        brand: Query<Option<Text>>,
        /// The slug of a category; what grows on it is included.
        category: Query<Option<Text>>,
        /// The id of a merchant.
        seller: Query<Option<Id>>,
        /// Behind this product, in the order of the answer.
        cursor: Query<Option<Id>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<ListedProductPageDto>, Refused<Read>> {
        let text = |sent: &Query<Option<Text>>| sent.0.as_ref().map(|text| text.0.clone());
        let filters = vec![
            ("status", text(&status)),
            ("deleted", deleted.0.as_ref().map(|flag| flag.0.clone())),
            ("q", text(&q)),
            ("brand", text(&brand)),
            ("category", text(&category)),
            ("seller", seller.0.as_ref().map(|id| id.0.clone())),
        ];
        let mut check = Check::default();
        let slug = |sent: &Query<Option<Text>>, pointer, check: &mut Check| -> Option<Slug> {
            check.parse_optional(pointer, sent.0.as_ref().map(|text| text.0.as_str()))
        };
        let search = ProductSearch {
            status: status.0.as_ref().and_then(|status| {
                check.word("/status", &status.0, ProductStatus::ALL, ProductStatus::as_str)
            }),
            deleted: deleted.0.as_ref().and_then(|flag| flag.check("/deleted", &mut check)),
            text: text(&q).filter(|text| !text.trim().is_empty()),
            brand: slug(&brand, "/brand", &mut check),
            category: slug(&category, "/category", &mut check),
            seller: seller.0.as_ref().and_then(|id| check.parse::<SellerId>("/seller", &id.0)),
            before: cursor.0.as_ref().and_then(|id| check.parse::<ProductId>("/cursor", &id.0)),
        };
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let page_size = check.finish(size)?;
        let links = CursorLinks { path: "/api/admin/products/", filters, page_size };
        let catalog = self.shop.engine.catalog();
        let mut found = catalog.list(&keeper.caller, &search, links.rows()).await.map_err(of_product)?;
        let next = links.cut(&mut found, |product| product.id);
        let results = found.into_iter().map(Into::into).collect();
        Ok(Answer::new(&ListedProductPageDto { results, next })?)
    }
}
