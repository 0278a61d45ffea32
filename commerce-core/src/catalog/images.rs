//! Pictures of a product, one at a time: taken in, described and put elsewhere, taken away.

use serde_json::{Value, json};

use super::{Batch, CatalogError, CatalogView, Image, ImageCopy, Product, ProductWrite, Slug};
use crate::access::Caller;
use crate::media::{MediaError, Picture};
use crate::text::has_control;
use crate::{Ids, ImageId, MediaStore, audit};

/// The most pictures that a product may have got one by one.
pub const IMAGES_MAX: usize = 50;
/// The most characters that say what a picture shows.
const ALT_CHARS_MAX: usize = 2_048;

/// What is said of a picture. What is left out stays as it is; of a new one, it shows nothing in particular and stands last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageWords {
    /// What it shows, for those who do not see it.
    pub alt: Option<String>,
    /// Its place among the product's pictures, from 1. One behind the last is the last.
    pub position: Option<u32>,
}

/// A picture after a change of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageChanged {
    /// The picture.
    pub image: Image,
    /// Its place, from 1.
    pub position: usize,
    /// The version of the product that it is in.
    pub version: u64,
    /// Whether nothing had to be written: it was like that already.
    pub unchanged: bool,
}

/// Why a picture was not taken, changed or taken away.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// There is no such product, it is somebody else's, or it has no such picture.
    #[error("there is no such product or picture")]
    NotFound,
    /// The shop has nowhere to keep pictures.
    #[error("this shop has no place for pictures")]
    NoPlace,
    /// The product has as many as it may.
    #[error("a product has at most {IMAGES_MAX} pictures")]
    TooMany,
    /// The words are too long, or have control characters.
    #[error("what a picture shows is said in at most {ALT_CHARS_MAX} characters, without line breaks")]
    Alt,
    /// Places count from 1.
    #[error("the first place is 1")]
    Position,
    /// The product is another version now than the one that was meant.
    #[error("the product has version {0} now")]
    Version(u64),
    /// The files could not be kept.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The catalogue could not be changed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// What is to be done with the pictures of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// One more. When the product has one at the same address, that one stays as it is.
    Add(Vec<ImageCopy>, ImageWords),
    /// One is described otherwise, or stands elsewhere.
    Say(ImageId, ImageWords),
    /// One goes.
    Remove(ImageId),
}

/// What a decision came to: the picture as it is now, and what is to be written. `None`: nothing.
pub(super) type Decided = (ImageChanged, Option<Batch>);

/// The product, if it is the caller's to change and has the version that is meant.
pub(super) fn theirs<'a>(
    view: &'a CatalogView,
    caller: &Caller,
    slug: &Slug,
    version: Option<u64>,
) -> Result<&'a Product, ImageError> {
    let theirs = |product: &&Product| {
        product.slug == *slug
            && product.deleted_at.is_none()
            && caller.seller().is_none_or(|seller| product.seller == Some(seller))
    };
    let product = view.products.iter().find(theirs).ok_or(ImageError::NotFound)?;
    match version {
        Some(version) if version != product.version => Err(ImageError::Version(product.version)),
        _ => Ok(product),
    }
}

/// Whether the product can take one more.
pub(super) fn has_room(product: &Product) -> Result<(), ImageError> {
    if product.images.len() < IMAGES_MAX { Ok(()) } else { Err(ImageError::TooMany) }
}

/// Decides what becomes of the product.
pub(super) fn decide(
    view: &CatalogView,
    product: &Product,
    caller: &Caller,
    change: &Change,
    ids: &mut Ids,
) -> Result<Decided, ImageError> {
    let mut images = product.images.clone();
    let find = |id: ImageId| product.images.iter().position(|image| image.id == id);
    let (action, before, at) = match change {
        Change::Add(copies, words) => {
            let largest = copies.last().ok_or(ImageError::NotFound)?;
            if let Some(at) = images.iter().position(|image| image.url == largest.url) {
                return Ok((told(product, at, true), None));
            }
            has_room(product)?;
            let alt = checked(words.alt.as_deref())?.unwrap_or_default();
            let image = Image { id: ids.fresh(), url: largest.url.clone(), alt, copies: copies.clone() };
            let at = place(words.position, images.len())?.unwrap_or(images.len());
            images.insert(at, image);
            ("product.image.add", Value::Null, Some(at))
        }
        Change::Say(id, words) => {
            let at = find(*id).ok_or(ImageError::NotFound)?;
            let mut image = images.remove(at);
            if let Some(alt) = checked(words.alt.as_deref())? {
                image.alt = alt;
            }
            let to = place(words.position, images.len())?.unwrap_or(at);
            images.insert(to, image);
            ("product.image.change", said(&product.images[at], at), Some(to))
        }
        Change::Remove(id) => {
            let at = find(*id).ok_or(ImageError::NotFound)?;
            images.remove(at);
            ("product.image.remove", said(&product.images[at], at), None)
        }
    };
    if images == product.images {
        return Ok((told(product, at.unwrap_or_default(), true), None));
    }
    let mut changed = product.clone();
    changed.images = images;
    changed.version = product.version + 1;
    changed.updated_at = view.now;
    let after = at.map_or(Value::Null, |at| said(&changed.images[at], at));
    let entry = audit::Entry {
        id: ids.fresh(),
        at: view.now,
        actor: caller.actor(),
        action: action.to_owned(),
        target: format!("product:{}", product.slug),
        data: json!({ "before": before, "after": after, "version": changed.version }),
    };
    let answer = match (at, change) {
        (Some(at), _) => told(&changed, at, false),
        (None, Change::Remove(id)) => {
            let at = find(*id).unwrap_or_default();
            ImageChanged { version: changed.version, ..told(product, at, false) }
        }
        (None, _) => return Err(ImageError::NotFound),
    };
    let write = ProductWrite { product: changed, expected_version: Some(product.version) };
    Ok((answer, Some(Batch { products: vec![write], audit: vec![entry], ..Batch::default() })))
}

fn told(product: &Product, at: usize, unchanged: bool) -> ImageChanged {
    let image = product.images[at].clone();
    ImageChanged { image, position: at + 1, version: product.version, unchanged }
}

/// What the audit trail says of a picture.
fn said(image: &Image, at: usize) -> Value {
    json!({ "id": image.id, "url": image.url, "alt": image.alt, "position": at + 1 })
}

/// The index that a place stands for, of so many others.
fn place(position: Option<u32>, others: usize) -> Result<Option<usize>, ImageError> {
    let index = |position: u32| {
        let index = position.checked_sub(1).ok_or(ImageError::Position)?;
        Ok(usize::try_from(index).unwrap_or(usize::MAX).min(others))
    };
    position.map(index).transpose()
}

fn checked(alt: Option<&str>) -> Result<Option<String>, ImageError> {
    let Some(alt) = alt.map(str::trim) else { return Ok(None) };
    if has_control(alt) || alt.chars().count() > ALT_CHARS_MAX {
        return Err(ImageError::Alt);
    }
    Ok(Some(alt.to_owned()))
}

/// Keeps every copy, and says where each is.
pub(super) async fn keep(media: &dyn MediaStore, picture: &Picture) -> Result<Vec<ImageCopy>, MediaError> {
    let mut kept = Vec::with_capacity(picture.copies.len());
    for copy in &picture.copies {
        let key = copy.key();
        media.put(&key, copy.content.clone()).await?;
        kept.push(ImageCopy { width: copy.width, height: copy.height, url: media.address(&key) });
    }
    Ok(kept)
}
