//! `/api/products/bulk-import/`: files that are taken in by a job, by the same code as the command line.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use commerce_core::access::Permission;
use commerce_core::bulk::{Format, ImportError, Kind, Receiving, Terms};
use commerce_core::catalog::StockRule;
use commerce_core::{Currency, ImportId};
use futures_util::{Stream, StreamExt};
use poem::http::header;
use poem::{Body, Request, RequestBody};
use poem_openapi::param::{Path, Query};
use poem_openapi::registry::MetaRequest;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi};
use tokio::time::timeout;

use super::access::{MayReadProducts, MayWriteProducts};
use super::key::OptionalKey;
use super::{Shop, Tag, upload};
use crate::import::{HEAD, Kept, write_refused};
use crate::layer::discard;
use crate::settle::settle;
use crate::wire::{
    Answer, CatalogueFile, Check, Code, CursorLinks, Id, ImportDto, ImportPageDto, PageSize, Problem,
    Refused, Text, statuses,
};

/// How many bytes of a file are kept at once.
const PIECE: usize = 1 << 20;
/// How long a file may stop arriving.
const PAUSE: Duration = Duration::from_secs(30);
/// How many refused rows an import shows; the file has all.
const SHOWN: u32 = 20;
/// How many refused rows are read at once.
const ROWS: u32 = 200;

statuses! {
    /// Refusals of sending a file.
    SendFile:
        400 "The file broke off.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        408 "The file did not go on arriving.",
        409 "Too many imports have not ended yet: `imports-waiting`.",
        413 "The file is too large.",
        415 "The body is sent neither as CSV nor as JSON lines.",
        422 "A parameter cannot be understood, the file is empty, or the key was used for another file.";
    /// Refusals of reading imports.
    ReadImports:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such import, or it is somebody else's.",
        422 "A parameter cannot be understood.";
    /// Refusals of ending an import.
    EndImport:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such import, or it is somebody else's.",
        409 "It has ended already: `import-ended`.";
}

pub(crate) struct ImportsApi {
    pub(super) shop: Shop,
}

/// What of what was refused is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Report,
    Rows,
}

impl Part {
    const ALL: [Self; 2] = [Self::Report, Self::Rows];

    fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Rows => "rows",
        }
    }
}

#[OpenApi(prefix_path = "/api/products/bulk-import", tag = "Tag::BackOffice")]
impl ImportsApi {
    /// Imports a file
    ///
    /// The file is the body, as it is: CSV in Shopify's formats, or products in JSON, one on a line. Once it is there the
    /// answer says where to ask how far it is; it is taken in whatever becomes of the server meanwhile, as `commerce import`
    /// does it. Rows that cannot be taken are refused one by one, and the rest goes on. A merchant imports what they sell.
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    #[oai(path = "/", method = "post", operation_id = "importFile")]
    async fn send(
        &self,
        admin: MayWriteProducts,
        /// What it is about: `products` when absent; `inventory`, what lies of variants (takes `inventory.write` too);
        /// `prices` of variants.
        kind: Query<Option<Text>>,
        /// The currency of its prices; that of the shop when absent.
        currency: Query<Option<Text>>,
        /// The code of the location where stock lies of which the file does not say where; `main` when absent.
        location: Query<Option<Text>>,
        /// For which variants a file of products sets the stock: `created` ones when absent, or `set`, for all (takes
        /// `inventory.write` too).
        stock: Query<Option<Text>>,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        file: SentFile,
    ) -> Result<Answer<ImportDto, 202>, Refused<SendFile>> {
        let mut check = Check::default();
        let kind = match &kind.0 {
            None => Some(Kind::Products),
            Some(name) => check.word("/kind", &name.0, Kind::ALL, Kind::as_str),
        };
        let stock = match &stock.0 {
            None => Some(StockRule::Created),
            Some(name) => check.word("/stock", &name.0, StockRule::ALL, StockRule::as_str),
        };
        let currency = currency.0.and_then(|code| {
            let known = Currency::from_code(&code.0);
            if known.is_none() {
                check.wrong("/currency", "invalid", "not a currency code such as NGN");
            }
            known
        });
        let location = location.0.map(|code| code.0.trim().to_owned());
        if location.as_ref().is_some_and(|code| code.is_empty() || code.chars().count() > 50) {
            check.wrong("/location", "out-of-range", "has 1 to 50 characters");
        }
        let SentFile { format, body, declared } = file;
        if kind.is_some_and(|kind| kind != Kind::Products) && format == Format::JsonLines {
            check.wrong(
                "/kind",
                "unsupported",
                "only products may be JSON lines: send this kind as text/csv",
            );
        }
        let terms = kind.zip(stock).map(|(kind, stock)| Terms { kind, format, currency, location, stock });
        let terms = check.finish(terms)?;
        if terms.kind == Kind::Inventory || terms.stock == StockRule::Set {
            admin.also(Permission::InventoryWrite)?;
        }
        let scope = key.request(admin.actor().to_string(), "POST /api/products/bulk-import/", &[]);
        let scope = scope.map(|request| request.scope);
        let most = self.shop.import_bytes_max;
        let imports = self.shop.engine.imports();
        // In a task of its own, so that a file is either accepted or let go of, whoever hangs up.
        let accepted = settle(async move {
            let mut receiving = imports.receive(&admin.caller, terms).await?;
            match receive(&mut receiving, body.into_bytes_stream(), declared, most).await {
                Ok(()) => receiving.accept(scope).await.map_err(Problem::from),
                Err(problem) => {
                    receiving.discard().await?;
                    Err(problem)
                }
            }
        });
        let accepted = accepted.await?;
        let at = format!("/api/products/bulk-import/{}/", accepted.import.id);
        let shown = ImportDto::new(&accepted.import, Vec::new());
        Ok(Answer::new(&shown)?.header("location", Some(&at)).replayed(accepted.replayed))
    }

    /// Lists imports
    ///
    /// The newest first; a merchant sees their own. They are forgotten a week after they ended.
    #[oai(path = "/", method = "get", operation_id = "listImports")]
    async fn list(
        &self,
        who: MayReadProducts,
        /// Behind this import, in the order of the answer.
        cursor: Query<Option<Id>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<ImportPageDto>, Refused<ReadImports>> {
        let mut check = Check::default();
        let before = cursor.0.and_then(|id| check.parse::<ImportId>("/cursor", &id.0));
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let size = check.finish(size)?;
        let links = CursorLinks { path: "/api/products/bulk-import/", filters: Vec::new(), page_size: size };
        let mut imports = self.shop.engine.imports().list(&who.caller, before, links.rows()).await?;
        let next = links.cut(&mut imports, |import| import.id);
        let results = imports.iter().map(|import| ImportDto::new(import, Vec::new())).collect();
        Ok(Answer::new(&ImportPageDto { results, next })?)
    }

    /// Shows how far an import is
    ///
    /// And what became of the file so far, with the first rows that were refused.
    #[oai(path = "/:id/", method = "get", operation_id = "getImport")]
    async fn show(
        &self,
        who: MayReadProducts,
        /// The import.
        id: Path<Id>,
    ) -> Result<Answer<ImportDto>, Refused<ReadImports>> {
        let imports = self.shop.engine.imports();
        let import = imports.show(&who.caller, named(&id)?).await?;
        let refused = imports.refused(import.id, 0, SHOWN).await?;
        Ok(Answer::new(&ImportDto::new(&import, refused))?)
    }

    /// Downloads what was refused of an import
    ///
    /// `report` says of each row where it is, which column is to blame and why, in the form of the file that `commerce import`
    /// writes. `rows` are the rows themselves as they were sent, with their header: mend them and send them again. What of them
    /// was taken the first time is taken again without harm.
    #[oai(path = "/:id/refused/", method = "get", operation_id = "getRefusedRows")]
    async fn refused(
        &self,
        who: MayReadProducts,
        /// The import.
        id: Path<Id>,
        /// `report` when absent, or `rows`.
        part: Query<Option<Text>>,
    ) -> Result<CatalogueFile, Refused<ReadImports>> {
        let mut check = Check::default();
        let part = match &part.0 {
            None => Some(Part::Report),
            Some(name) => check.word("/part", &name.0, Part::ALL, Part::as_str),
        };
        let part = check.finish(part)?;
        let imports = self.shop.engine.imports();
        let import = imports.show(&who.caller, named(&id)?).await?;
        let head = match part {
            Part::Report => HEAD.to_owned(),
            Part::Rows => Kept::of(&import).map_or_else(String::new, |kept| kept.head().to_owned()),
        };
        let (id, format) = (import.id, import.terms.format);
        let pieces = futures_util::stream::try_unfold(Some((0, head)), move |at| {
            let imports = imports.clone();
            async move {
                let Some((behind, head)) = at else { return Ok(None) };
                let rows = imports.refused(id, behind, ROWS).await.map_err(std::io::Error::other)?;
                let mut piece = head.into_bytes();
                for row in &rows {
                    match part {
                        Part::Report => {
                            let cells = [&row.handle, &row.column, &row.code, &row.reason];
                            write_refused(&mut piece, row.line, cells.map(String::as_str))?;
                        }
                        Part::Rows => piece.extend_from_slice(row.rows.as_bytes()),
                    }
                }
                let more = rows.len() == ROWS as usize;
                let next = rows.last().filter(|_| more).map(|last| (last.number, String::new()));
                Ok::<_, std::io::Error>(Some((piece, next)))
            }
        });
        let pieces = Body::from_bytes_stream(pieces);
        Ok(match (part, format) {
            (Part::Rows, Format::JsonLines) => CatalogueFile::lines("refused-rows", pieces),
            (Part::Rows, Format::Csv) => CatalogueFile::new("refused-rows", pieces),
            (Part::Report, _) => CatalogueFile::new("refused", pieces),
        })
    }

    /// Ends an import
    ///
    /// What it has taken stays.
    #[oai(path = "/:id/", method = "delete", operation_id = "cancelImport")]
    async fn cancel(
        &self,
        admin: MayWriteProducts,
        /// The import.
        id: Path<Id>,
    ) -> Result<Answer<ImportDto>, Refused<EndImport>> {
        let id = named(&id)?;
        let imports = self.shop.engine.imports();
        let import = settle(async move { imports.cancel(&admin.caller, id).await }).await?;
        Ok(Answer::new(&ImportDto::new(&import, Vec::new()))?)
    }
}

fn named(id: &Path<Id>) -> Result<ImportId, Problem> {
    id.0.0.parse().map_err(|_| Problem::not_found())
}

/// Keeps the file piece by piece.
async fn receive(
    receiving: &mut Receiving,
    mut chunks: impl Stream<Item = std::io::Result<Bytes>> + Unpin,
    declared: Option<u64>,
    most: u64,
) -> Result<(), Problem> {
    let too_large = || {
        let words = format_args!(
            "a file has at most {most} bytes: split it, or set import_bytes_max, COMMERCE_IMPORT_BYTES_MAX"
        )
        .to_string();
        Problem::new(Code::TooLarge, words)
    };
    if declared.is_some_and(|length| length > most) {
        discard(&mut chunks, 0).await;
        return Err(too_large());
    }
    let mut piece = BytesMut::with_capacity(PIECE);
    let mut read: u64 = 0;
    loop {
        match timeout(PAUSE, chunks.next()).await {
            Ok(None) => break,
            Ok(Some(Ok(mut chunk))) => {
                read += chunk.len() as u64;
                if read > most {
                    discard(&mut chunks, 0).await;
                    return Err(too_large());
                }
                while piece.len() + chunk.len() >= PIECE {
                    piece.extend_from_slice(&chunk.split_to(PIECE - piece.len()));
                    receiving.push(std::mem::take(&mut piece).freeze()).await?;
                }
                piece.extend_from_slice(&chunk);
            }
            Ok(Some(Err(error))) => {
                return Err(Problem::new(Code::BadRequest, "the file broke off").because(error));
            }
            Err(_) => return Err(Problem::new(Code::Timeout, "the file did not go on arriving")),
        }
    }
    Ok(receiving.push(piece.freeze()).await?)
}

/// A file that is sent to be imported.
struct SentFile {
    format: Format,
    body: Body,
    declared: Option<u64>,
}

const TYPES: [(&str, Format); 4] = [
    ("text/csv", Format::Csv),
    ("application/csv", Format::Csv),
    ("application/x-ndjson", Format::JsonLines),
    ("application/jsonl", Format::JsonLines),
];

impl<'a> ApiExtractor<'a> for SentFile {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        Some(upload::described(TYPES.map(|(media_type, _)| media_type)))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let sent = upload::media_type(request);
        let known = TYPES.iter().find(|(known, _)| sent.eq_ignore_ascii_case(known));
        let Some((_, format)) = known else {
            let words = "send the file as the body, with Content-Type text/csv or application/x-ndjson";
            return Err(Problem::new(Code::UnsupportedMediaType, words).into());
        };
        let declared = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        Ok(Self { format: *format, body: body.take()?, declared })
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let words = error.to_string();
        match error {
            ImportError::NotFound => Self::not_found(),
            ImportError::Empty => Self::new(Code::ValidationFailed, words),
            ImportError::TooMany(_) => Self::new(Code::ImportsWaiting, words),
            ImportError::Ended(_) => Self::new(Code::ImportEnded, words),
            ImportError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            ImportError::Busy => Self::unavailable(words),
            ImportError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}
