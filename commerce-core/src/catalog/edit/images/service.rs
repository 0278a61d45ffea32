//! Look, decide, commit of a product's pictures.

use super::{ImageChanged, ImageError, ImageWords};
use crate::access::Caller;
use crate::catalog::edit::service::keys;
use crate::catalog::edit::{EditError, Editor, ProductChanged, Target};
use crate::catalog::plan::CatalogView;
use crate::catalog::{Catalog, Image, ImageCopy};
use crate::media::{MediaError, Picture};
use crate::{Ids, ImageId, MediaStore};

impl Catalog {
    /// Whether a product can take one more picture, so that nobody works on one in vain.
    ///
    /// # Errors
    /// As [`add_image`](Self::add_image).
    pub async fn image_room(&self, caller: &Caller, target: &Target) -> Result<(), ImageError> {
        self.parts.media.as_ref().ok_or(ImageError::NoPlace)?;
        let view = self.parts.store.import_view(&keys(target, Vec::new())).await;
        Ok(super::image_room(&view.map_err(EditError::from)?, target, caller)?)
    }

    /// Keeps a picture, and adds it to a product. A product that has the picture already keeps it as it is, so the same may
    /// be sent again.
    ///
    /// # Errors
    /// [`ImageError::NoPlace`], [`ImageError::Media`], and [`ImageError::Edit`] as [`add_image`](super::add_image) says.
    pub async fn add_image(
        &self,
        caller: &Caller,
        target: &Target,
        picture: &Picture,
        words: &ImageWords,
    ) -> Result<ImageChanged, ImageError> {
        let media = self.parts.media.as_ref().ok_or(ImageError::NoPlace)?;
        // The files are there before the row is. Had they come after it, a crash would leave a row that shows nothing.
        let copies = keep(media.as_ref(), picture).await?;
        let decide = |view: &CatalogView, editor: &Editor<'_>, ids: &mut Ids| {
            super::add_image(view, target, &copies, words, editor, ids)
        };
        let changed = self.edit(caller, keys(target, Vec::new()), None, decide).await?;
        Ok(shown(&changed, |image| copies.last().is_some_and(|largest| largest.url == image.url))?)
    }

    /// Says something else of a picture, or puts it elsewhere among the product's.
    ///
    /// # Errors
    /// As [`change_image`](super::change_image).
    pub async fn change_image(
        &self,
        caller: &Caller,
        target: &Target,
        id: ImageId,
        words: &ImageWords,
    ) -> Result<ImageChanged, EditError> {
        let decide = |view: &CatalogView, editor: &Editor<'_>, ids: &mut Ids| {
            super::change_image(view, target, id, words, editor, ids)
        };
        let changed = self.edit(caller, keys(target, Vec::new()), None, decide).await?;
        shown(&changed, |image| image.id == id)
    }

    /// Takes a picture away from a product. Its files stay: orders show them, and other products may.
    ///
    /// # Errors
    /// As [`remove_image`](super::remove_image).
    pub async fn remove_image(
        &self,
        caller: &Caller,
        target: &Target,
        id: ImageId,
    ) -> Result<ProductChanged, EditError> {
        let decide = |view: &CatalogView, editor: &Editor<'_>, ids: &mut Ids| {
            super::remove_image(view, target, id, editor, ids)
        };
        self.edit(caller, keys(target, Vec::new()), None, decide).await
    }
}

/// Keeps every copy, and says where each is.
async fn keep(media: &dyn MediaStore, picture: &Picture) -> Result<Vec<ImageCopy>, MediaError> {
    let mut kept = Vec::with_capacity(picture.copies.len());
    for copy in &picture.copies {
        let key = copy.key();
        media.put(&key, copy.content.clone()).await?;
        kept.push(ImageCopy { width: copy.width, height: copy.height, url: media.address(&key) });
    }
    Ok(kept)
}

/// The picture that is meant, in the product as it is now: not there when somebody took it away at once.
fn shown(changed: &ProductChanged, meant: impl Fn(&Image) -> bool) -> Result<ImageChanged, EditError> {
    let product = &changed.product.product;
    let at = product.images.iter().position(meant).ok_or(EditError::NotFound)?;
    Ok(ImageChanged { image: product.images[at].clone(), position: at + 1, version: product.version })
}
