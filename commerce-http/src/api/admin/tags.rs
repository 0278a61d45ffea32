//! Tags: listed, and changed on all products that have them.

use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::{SharedRead, SharedWrite};
use crate::api::access::{MayReadProducts, MayWriteShared};
use crate::api::key::OptionalKey;
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, Body, Check, CursorLinks, PageSize, Refused, TagChangeBody, TagChangedDto, TagDto, TagPageDto,
    Text,
};

pub(crate) struct TagsApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin/tags", tag = "Tag::BackOffice")]
impl TagsApi {
    /// Lists tags
    ///
    /// Bytewise, with how many products have each. There may be any number, so a page begins behind a tag.
    #[oai(path = "/", method = "get", operation_id = "listTags")]
    async fn list(
        &self,
        _caller: MayReadProducts,
        /// The tag behind which to begin: `next` of the page before leads there.
        cursor: Query<Option<Text>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<TagPageDto>, Refused<SharedRead>> {
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let page_size = check.finish(size)?;
        let links = CursorLinks { path: "/api/admin/tags/", filters: Vec::new(), page_size };
        let after = cursor.0.map(|cursor| cursor.0);
        let mut found = self.shop.engine.taxonomy().tags(after, links.rows()).await?;
        let next = links.cut(&mut found, |count| count.tag.clone());
        Ok(Answer::new(&TagPageDto { results: found.into_iter().map(TagDto::from).collect(), next })?)
    }

    /// Renames or removes a tag
    ///
    /// On every product that has it. A product that has the other one already keeps that once.
    #[oai(path = "/change/", method = "post", operation_id = "changeTag")]
    async fn change(
        &self,
        admin: MayWriteShared,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<TagChangeBody>,
    ) -> Result<Answer<TagChangedDto>, Refused<SharedWrite>> {
        let route = "POST /api/admin/tags/change/";
        let request = key.request(admin.actor().to_string(), route, &body.canonical);
        let TagChangeBody { from, to } = body.value;
        let taxonomy = self.shop.engine.taxonomy();
        let changed = settle(async move {
            taxonomy.change_tag(&from, to.as_deref(), &admin.actor(), request.as_ref()).await
        });
        let changed = changed.await?;
        let body = TagChangedDto { product_count: changed.products };
        Ok(Answer::new(&body)?.replayed(changed.replayed))
    }
}
