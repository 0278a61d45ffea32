//! `/api/products/export/`: the catalogue as a file, by the same code as the command line.

use commerce_core::bulk::Format;
use poem::Body;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::access::MayReadProducts;
use super::{Shop, Tag};
use crate::export::Export;
use crate::wire::{CatalogueFile, Check, Refused, Text, statuses};

statuses! {
    /// Refusals of an export.
    Exports:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        422 "`part` or `format` cannot be understood.";
}

pub(crate) struct ProductFilesApi {
    pub(super) shop: Shop,
}

/// What of an export is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Products,
    Refused,
}

impl Part {
    const ALL: [Self; 2] = [Self::Products, Self::Refused];

    fn as_str(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Refused => "refused",
        }
    }
}

#[OpenApi(prefix_path = "/api/products", tag = "Tag::BackOffice")]
impl ProductFilesApi {
    /// Exports the catalogue
    ///
    /// All products that are not deleted, whatever their status, a merchant their own alone, as a CSV file in Shopify's product format or in JSON lines, of any length. The
    /// same catalogue gives the same bytes, and `commerce export` gives them too. What CSV cannot say is left out;
    /// `part=refused` names it with the reason. An answer that breaks off is no whole file: ask again.
    #[oai(path = "/export/", method = "get", operation_id = "exportProducts")]
    async fn export(
        &self,
        who: MayReadProducts,
        /// `products`, or `refused` for those that the format cannot say; `products` when absent.
        part: Query<Option<Text>>,
        /// `csv` when absent, or `jsonl`: a JSON object on each line, which says all of a product.
        format: Query<Option<Text>>,
    ) -> Result<CatalogueFile, Refused<Exports>> {
        let mut check = Check::default();
        let part = match &part.0 {
            None => Some(Part::Products),
            Some(name) => check.word("/part", &name.0, Part::ALL, Part::as_str),
        };
        let format = match &format.0 {
            None => Some(Format::Csv),
            Some(name) => check.word("/format", &name.0, Format::ALL, Format::as_str),
        };
        let (part, format) = check.finish(part.zip(format))?;
        // What cannot be said is a question of CSV, and its answer is CSV.
        let of = if part == Part::Refused { Format::Csv } else { format };
        let export = Export::begin(&self.shop.engine, of, who.caller.seller()).await?;
        let pieces = futures_util::stream::try_unfold(export, move |mut export| async move {
            let piece = match part {
                Part::Products => export.piece().await,
                Part::Refused => export.refused_piece().await,
            };
            let piece = piece.map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>(piece.map(|piece| (piece, export)))
        });
        let pieces = Body::from_bytes_stream(pieces);
        Ok(match of {
            Format::Csv => CatalogueFile::new(part.as_str(), pieces),
            Format::JsonLines => CatalogueFile::lines(part.as_str(), pieces),
        })
    }
}
