//! Who did what.

use commerce_core::audit::{Actor, Search};
use commerce_core::{AuditId, Timestamp};
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::Read;
use crate::api::access::MayReadAudit;
use crate::api::{Shop, Tag};
use crate::wire::{Answer, AuditDto, AuditPageDto, Check, OrNull, PageSize, Refused, Text, encode_into};

pub(crate) struct AuditApi {
    pub(super) shop: Shop,
}

const PATH: &str = "/api/admin/audit/";

#[OpenApi(prefix_path = "/api/admin/audit", tag = "Tag::BackOffice")]
impl AuditApi {
    /// Lists what was done
    ///
    /// The newest first. There may be any number, so a page begins behind a row and not at a number.
    #[oai(path = "/", method = "get", operation_id = "listAudit")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        _admin: MayReadAudit,
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
        let filters = [("actor", &actor), ("target", &target), ("from", &from), ("until", &until)]
            .map(|(name, sent)| (name, text(sent)));
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
        let size = check.finish(size)?;
        // One more than is shown tells whether there is more.
        let mut found = self.shop.engine.audit(&search, size + 1).await?;
        let more = found.len() > size as usize;
        found.truncate(size as usize);
        let next = found.last().filter(|_| more).map(|last| {
            let mut link = format!("{PATH}?cursor={}&page_size={size}", last.id);
            for (name, sent) in &filters {
                if let Some(sent) = sent {
                    link.push_str(&format!("&{name}="));
                    encode_into(&mut link, sent);
                }
            }
            link
        });
        let results = found.into_iter().map(AuditDto::from).collect();
        Ok(Answer::new(&AuditPageDto { results, next: OrNull(next) })?)
    }
}
