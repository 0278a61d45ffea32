//! `/api/products/{slug}/images/`: the pictures of a product.

use bytes::Bytes;
use commerce_core::ImageId;
use commerce_core::catalog::ImageWords;
use poem::{Request, RequestBody};
use poem_openapi::param::{Path, Query};
use poem_openapi::registry::MetaRequest;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi};

use super::access::MayWriteProducts;
use super::admin::{IfMatch, etag};
use super::catalog::{of_product, target};
use super::{Shop, Tag, upload};
use crate::settle::settle;
use crate::wire::{
    Answer, Body, Check, Code, Done, Id, ImageChangeBody, Problem, ProductImageDto, Refused, Text, statuses,
};

statuses! {
    /// Refusals of a change of a product's pictures.
    ChangeImages:
        400 "The body cannot be understood.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such product or picture, or it is somebody else's.",
        412 "The product has another version than the one that was meant: `version-conflict`, with the present one.",
        413 "The file is too large.",
        415 "The body is not sent as a picture.",
        422 "The file is no picture that is taken (`errors` names `/image`, which stands for the body), a parameter \
             cannot be understood, or the product has as many pictures as it may.";
}

#[derive(Clone)]
pub(crate) struct ImagesApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/products", tag = "Tag::Catalogue")]
impl ImagesApi {
    /// Adds a picture
    ///
    /// The file is the body, as it is. What is in it decides, not what it is called. It is turned upright and written anew
    /// in the widths 160, 480, 960 and 1920, and never larger than it is: as JPEG, or as PNG where one sees through it.
    /// Nothing else of the file is kept, neither where it was taken nor by what. A product that has the picture already
    /// answers with that, so the same may be sent again. A merchant adds to products of their own.
    #[oai(path = "/:slug/images/", method = "post", operation_id = "addProductImage")]
    async fn add(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// What the picture shows, for those who do not see it.
        alt: Query<Option<Text>>,
        /// Its place among the product's pictures, from 1; else it is the last.
        position: Query<Option<Text>>,
        /// The version of the product that is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        file: PictureFile,
    ) -> Result<Answer<ProductImageDto, 201>, Refused<ChangeImages>> {
        let target = target(&slug, &if_match, None)?;
        let mut check = Check::default();
        let position = check.parse_optional("/position", position.0.as_ref().map(|text| text.0.as_str()));
        let words = check.finish(Some(ImageWords { alt: alt.0.map(|alt| alt.0), position }))?;
        let catalog = self.shop.engine.catalog();
        catalog.image_room(&editor.caller, &target).await?;
        let picture = self.shop.pictures.make(file.0).await?;
        let added = settle(async move { catalog.add_image(&editor.caller, &target, &picture, &words).await });
        let added = added.await?;
        Ok(Answer::new(&ProductImageDto::from(&added))?.header("etag", Some(&etag(added.version))))
    }

    /// Changes a picture
    ///
    /// What it shows, and its place among the product's pictures: the first is the one in lists. What is left out stays.
    #[oai(path = "/:slug/images/:id/", method = "patch", operation_id = "changeProductImage")]
    async fn change(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The picture's id.
        id: Path<Id>,
        /// The version of the product that is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<ImageChangeBody>,
    ) -> Result<Answer<ProductImageDto>, Refused<ChangeImages>> {
        let target = target(&slug, &if_match, body.value.version)?;
        let id: ImageId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let words = body.value.words();
        let catalog = self.shop.engine.catalog();
        let changed = settle(async move {
            catalog.change_image(&editor.caller, &target, id, &words).await.map_err(of_product)
        });
        let changed = changed.await?;
        Ok(Answer::new(&ProductImageDto::from(&changed))?.header("etag", Some(&etag(changed.version))))
    }

    /// Takes a picture away
    ///
    /// From the product. Orders that show it go on showing it.
    #[oai(path = "/:slug/images/:id/", method = "delete", operation_id = "removeProductImage")]
    async fn remove(
        &self,
        editor: MayWriteProducts,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The picture's id.
        id: Path<Id>,
        /// The version of the product that is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<Done, Refused<ChangeImages>> {
        let target = target(&slug, &if_match, None)?;
        let id: ImageId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let catalog = self.shop.engine.catalog();
        let removed =
            settle(
                async move { catalog.remove_image(&editor.caller, &target, id).await.map_err(of_product) },
            );
        removed.await?;
        Ok(Done)
    }
}

/// A file that is sent as a picture.
struct PictureFile(Bytes);

const TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

impl<'a> ApiExtractor<'a> for PictureFile {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        Some(upload::described(TYPES))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let sent = upload::media_type(request);
        if !TYPES.iter().any(|known| sent.eq_ignore_ascii_case(known)) {
            let words =
                format_args!("send the file as the body, with Content-Type {}", TYPES.join(", ")).to_string();
            return Err(Problem::new(Code::UnsupportedMediaType, words).into());
        }
        Ok(Self(body.take()?.into_bytes().await.map_err(Problem::internal)?))
    }
}
