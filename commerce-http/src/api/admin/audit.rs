//! Who did what.

use commerce_core::audit::{Actor, Search};
use commerce_core::{AuditId, Timestamp};
use poem::Body;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::Read;
use crate::api::access::MayReadAudit;
use crate::api::{Shop, Tag};
use crate::audit_export::{Export, Format};
use crate::wire::{Answer, AuditDto, AuditFile, AuditPageDto, Check, CursorLinks, PageSize, Refused, Text};

pub(crate) struct AuditApi {
    pub(super) shop: Shop,
}

/// What the parameters of the operations on the trail ask for.
struct Filters {
    actor: Query<Option<Text>>,
    target: Query<Option<Text>>,
    from: Query<Option<Text>>,
    until: Query<Option<Text>>,
}

impl Filters {
    fn text(sent: &Query<Option<Text>>) -> Option<&str> {
        sent.0.as_ref().map(|text| text.0.as_str())
    }

    fn search(&self, check: &mut Check) -> Search {
        Search {
            actor: check.parse_optional::<Actor>("/actor", Self::text(&self.actor)),
            target: Self::text(&self.target).map(str::to_owned),
            from: check.parse_optional::<Timestamp>("/from", Self::text(&self.from)),
            until: check.parse_optional::<Timestamp>("/until", Self::text(&self.until)),
            ..Search::default()
        }
    }

    fn sent(&self) -> Vec<(&'static str, Option<String>)> {
        let all =
            [("actor", &self.actor), ("target", &self.target), ("from", &self.from), ("until", &self.until)];
        all.into_iter().map(|(name, sent)| (name, Self::text(sent).map(str::to_owned))).collect()
    }
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
        let filters = Filters { actor, target, from, until };
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let after = check.parse_optional::<AuditId>("/cursor", Filters::text(&cursor));
        let search = Search { after, ..filters.search(&mut check) };
        let page_size = check.finish(size)?;
        let links = CursorLinks { path: "/api/admin/audit/", filters: filters.sent(), page_size };
        let mut found = self.shop.engine.audit_trail().search(&search, links.rows()).await?;
        let next = links.cut(&mut found, |row| row.id);
        Ok(Answer::new(&AuditPageDto { results: found.into_iter().map(AuditDto::from).collect(), next })?)
    }

    /// Exports what was done
    ///
    /// The oldest first, each row with its place in the chain and its hash over the row and the one before. As CSV, or as a
    /// JSON object a line, of any length.
    #[oai(path = "/export/", method = "get", operation_id = "exportAudit")]
    async fn export(
        &self,
        _admin: MayReadAudit,
        /// `csv` or `jsonl`; `csv` when absent.
        format: Query<Option<Text>>,
        /// By whom: `staff:admin`, `system`.
        actor: Query<Option<Text>>,
        /// To what, to the letter: `promotion:summer`, `coupon:WELCOME10`.
        target: Query<Option<Text>>,
        /// From this instant on.
        from: Query<Option<Text>>,
        /// Before this instant.
        until: Query<Option<Text>>,
    ) -> Result<AuditFile, Refused<Read>> {
        let mut check = Check::default();
        let format = match Filters::text(&format) {
            None => Some(Format::Csv),
            Some(name) => check.word("/format", name, Format::ALL, Format::as_str),
        };
        let search = Filters { actor, target, from, until }.search(&mut check);
        let format = check.finish(format)?;
        let mut export = Export::begin(self.shop.engine.audit_trail(), search, format).await?;
        let first = export.piece().await?;
        let pieces = futures_util::stream::try_unfold((first, export), |(first, mut export)| async move {
            let piece = match first {
                Some(first) => Some(first),
                None => export.piece().await.map_err(std::io::Error::other)?,
            };
            Ok::<_, std::io::Error>(piece.map(|piece| (piece, (None, export))))
        });
        Ok(AuditFile::new(format, Body::from_bytes_stream(pieces)))
    }
}
