//! Pictures of a product.

use commerce_core::catalog::{Image, ImageChanged, ImageCopy, ImageWords};
use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::OrNull;

/// A picture.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Image")]
pub(crate) struct ImageDto {
    /// Its id.
    id: Uuid,
    /// Where it is, as large as there is.
    url: String,
    /// What it shows.
    alt: String,
    /// Its place among the product's pictures, from 1.
    position: u64,
    /// How wide it is at `url`, in pixels; null when it lies elsewhere and nobody knows.
    width: OrNull<u32>,
    /// How high it is at `url`, in pixels.
    height: OrNull<u32>,
    /// It in every size that there is, by width, the largest last; none when it lies elsewhere.
    sizes: Vec<ImageSizeDto>,
}

/// A picture in one size.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ImageSize")]
pub(crate) struct ImageSizeDto {
    /// How wide it is, in pixels.
    width: u32,
    /// How high it is, in pixels.
    height: u32,
    /// Where it is. What is there never changes.
    url: String,
}

/// A picture of a product after a change.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ProductImage")]
pub(crate) struct ProductImageDto {
    /// The picture.
    image: ImageDto,
    /// The version of the product that it is in.
    version: u64,
}

/// What is to be said of a picture. What is left out stays.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ImageChange", deny_unknown_fields, skip_serializing_if_is_none)]
pub(crate) struct ImageChangeBody {
    /// What it shows, for those who do not see it: at most 2,048 characters; none for a picture that only decorates.
    alt: Option<String>,
    /// Its place among the product's pictures, from 1. One behind the last is the last.
    position: Option<u32>,
    /// The version of the product that is meant, as in `If-Match`.
    pub(crate) version: Option<u64>,
}

impl ImageChangeBody {
    pub(crate) fn words(self) -> ImageWords {
        ImageWords { alt: self.alt, position: self.position }
    }
}

impl ImageDto {
    /// The picture at this place, from 1.
    pub(crate) fn new(image: &Image, position: usize) -> Self {
        let Image { id, url, alt, copies } = image;
        let largest = copies.last();
        Self {
            id: id.0,
            url: url.clone(),
            alt: alt.clone(),
            position: position as u64,
            width: OrNull(largest.map(|copy| copy.width)),
            height: OrNull(largest.map(|copy| copy.height)),
            sizes: copies.iter().map(Into::into).collect(),
        }
    }
}

impl From<&ImageCopy> for ImageSizeDto {
    fn from(copy: &ImageCopy) -> Self {
        let ImageCopy { width, height, url } = copy;
        Self { width: *width, height: *height, url: url.clone() }
    }
}

impl From<&ImageChanged> for ProductImageDto {
    fn from(changed: &ImageChanged) -> Self {
        Self { image: ImageDto::new(&changed.image, changed.position), version: changed.version }
    }
}
