//! Who did what.

use commerce_core::audit::{Actor, Search};
use commerce_core::{AuditId, Timestamp};
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::Read;
use super::access::Admin;
use crate::api::{Shop, Tag};
use crate::wire::{Answer, AuditDto, AuditPageDto, Check, CursorLinks, PageSize, Refused, Text};

pub(crate) struct AuditApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin/audit", tag = "Tag::BackOffice")]
impl AuditApi {
    /// Lists what was done
    ///
    /// The newest first. There may be any number, so a page begins behind a row and not at a number.
    #[oai(path = "/", method = "get", operation_id = "listAudit")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        _admin: Admin,
        /// By whom: `staff:admin`, `system`.
        actor: Query<Option<Text>>,
        /// To what, to the letter: `promotion:summer`, `coupon:WELCOME10`.
        target: Query<Option<Text>>,
        /// From this instant on.
        from: Query<Option<Text>>,
        /// Before this instant.
        until: Query<Option<Text>>,
        /// The row behind which to begin: `next` of the page before leads there.
        cursor: Query<Option<Text>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<AuditPageDto>, Refused<Read>> {
        let text = |sent: &Query<Option<Text>>| sent.0.as_ref().map(|text| text.0.clone());
        let filters: Vec<_> = [("actor", &actor), ("target", &target), ("from", &from), ("until", &until)]
            .map(|(name, sent)| (name, text(sent)))
            .into();
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let search = Search {
            actor: check.parse_optional::<Actor>("/actor", text(&actor).as_deref()),
            target: text(&target),
            from: check.parse_optional::<Timestamp>("/from", text(&from).as_deref()),
            until: check.parse_optional::<Timestamp>("/until", text(&until).as_deref()),
            after: check.parse_optional::<AuditId>("/cursor", text(&cursor).as_deref()),
            id: None,
        };
        let page_size = check.finish(size)?;
        let links = CursorLinks { path: "/api/admin/audit/", filters, page_size };
        let mut found = self.shop.engine.audit_trail().search(&search, links.rows()).await?;
        let next = links.cut(&mut found, |row| row.id);
        Ok(Answer::new(&AuditPageDto { results: found.into_iter().map(AuditDto::from).collect(), next })?)
    }
}
