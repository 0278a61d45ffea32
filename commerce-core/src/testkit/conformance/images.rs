//! Pictures of products, added one by one: what is written is what is read, and nobody's is lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::JoinSet;

use super::Shop;
use crate::access::{Caller, Role};
use crate::catalog::{
    EditError, IMAGES_MAX, Image, ImageError, ImageWords, Product, ProductFilter, ProductKey, Target,
};
use crate::media::{MediaError, MediaFormat, MediaKey, MediaTrouble, Picture, PictureCopy};
use crate::testkit::{item, named};
use crate::{CustomerId, Engine, MediaStore, SellerId};

/// Files in memory, until there is no more room.
#[derive(Default)]
struct Shelf {
    files: Mutex<HashMap<MediaKey, Bytes>>,
    is_full: bool,
}

#[async_trait]
impl MediaStore for Shelf {
    async fn put(&self, key: &MediaKey, content: Bytes) -> Result<(), MediaError> {
        if self.is_full {
            return Err(MediaError::new(MediaTrouble::Full, "no room"));
        }
        self.files.lock().unwrap().insert(*key, content);
        Ok(())
    }

    async fn get(&self, key: &MediaKey) -> Result<Option<Bytes>, MediaError> {
        Ok(self.files.lock().unwrap().get(key).cloned())
    }

    async fn delete(&self, key: &MediaKey) -> Result<(), MediaError> {
        self.files.lock().unwrap().remove(key);
        Ok(())
    }

    fn address(&self, key: &MediaKey) -> String {
        format!("/media/{key}")
    }
}

fn staff() -> Caller {
    Caller::Operator { name: "Bola".to_owned() }
}

fn picture(name: &str) -> Picture {
    let copy = |width| PictureCopy {
        format: MediaFormat::Jpeg,
        width,
        height: width / 2,
        content: Bytes::from(format!("{name} {width}")),
    };
    Picture { copies: [160, 480, 960].map(copy).into() }
}

fn keeping(shop: &Shop, shelf: &Arc<Shelf>) -> Engine {
    shop.keeping_pictures_in(Arc::clone(shelf) as Arc<dyn MediaStore>)
}

async fn product(shop: &Shop, slug: &str) -> Product {
    shop.store.product(&ProductKey::Slug(slug.parse().unwrap())).await.unwrap().unwrap().product
}

fn of(slug: &str, version: Option<u64>) -> Target {
    Target { slug: slug.parse().unwrap(), version }
}

async fn add(engine: &Engine, slug: &str, name: &str) -> Result<Image, ImageError> {
    let (catalog, target) = (engine.catalog(), of(slug, None));
    Ok(catalog.add_image(&staff(), &target, &picture(name), &ImageWords::default()).await?.image)
}

/// Added, described, put to the front, taken away: each time there is a new version, and what shoppers see follows.
pub async fn a_picture_comes_and_goes(shop: &Shop) {
    shop.sell([item("mug").image("https://example.com/mug.jpg", "A mug")]).await;
    let shelf = Arc::new(Shelf::default());
    let engine = keeping(shop, &shelf);
    let catalog = engine.catalog();
    let before = product(shop, "mug").await;
    let generation = shop.store.catalog_generation().await.unwrap();
    let added = add(&engine, "mug", "front").await.unwrap();
    assert_eq!(
        added.copies.iter().map(|copy| (copy.width, copy.height)).collect::<Vec<_>>(),
        [(160, 80), (480, 240), (960, 480)]
    );
    let with = product(shop, "mug").await;
    assert_eq!(with.images, [before.images[0].clone(), added.clone()]);
    assert_eq!(with.version, before.version + 1);
    assert_ne!(shop.store.catalog_generation().await.unwrap(), generation);
    assert_eq!(shelf.files.lock().unwrap().len(), 3);

    // The same again is the one that is there.
    assert_eq!(add(&engine, "mug", "front").await.unwrap(), added);
    assert_eq!(product(shop, "mug").await, with);

    let words = ImageWords { alt: Some(" Its front ".to_owned()), position: Some(1) };
    let changed =
        catalog.change_image(&staff(), &of("mug", Some(with.version)), added.id, &words).await.unwrap();
    assert_eq!((changed.position, changed.image.alt.as_str()), (1, "Its front"));
    assert_eq!(changed.version, with.version + 1);
    let listed = shop.store.products(&ProductFilter::default()).await.unwrap();
    assert_eq!(listed.rows[0].image.as_deref(), Some(added.copies[1].url.as_str()), "a size for lists");
    let again = catalog.change_image(&staff(), &of("mug", None), added.id, &words).await.unwrap();
    assert_eq!(again, changed);
    let stale = catalog.change_image(&staff(), &of("mug", Some(with.version)), added.id, &words).await;
    assert!(matches!(stale, Err(EditError::Version(now)) if now == changed.version));

    catalog.remove_image(&staff(), &of("mug", None), added.id).await.unwrap();
    assert_eq!(product(shop, "mug").await.images, before.images);
    let gone = catalog.remove_image(&staff(), &of("mug", None), added.id).await;
    assert!(matches!(gone, Err(EditError::NotFound)));
    assert_eq!(shelf.files.lock().unwrap().len(), 3, "orders may show it");
    let search =
        crate::audit::Search { target: Some(format!("product:{}", before.id)), ..Default::default() };
    let audit = shop.store.audit(&search, 10).await.unwrap();
    let mut actions: Vec<&str> = audit.iter().map(|entry| entry.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["image.create", "image.delete", "image.update"]);
}

/// Whoever comes second adds theirs to what the first one made.
pub async fn pictures_at_once_are_all_there(shop: &Shop) {
    shop.sell([item("mug")]).await;
    let engine = keeping(shop, &Arc::default());
    let mut adding = JoinSet::new();
    for n in 0..8 {
        let engine = engine.clone();
        adding.spawn(async move { add(&engine, "mug", &n.to_string()).await.unwrap().url });
    }
    let mut added = adding.join_all().await;
    let mut there: Vec<String> =
        product(shop, "mug").await.images.into_iter().map(|image| image.url).collect();
    added.sort();
    there.sort();
    assert_eq!(there, added);
}

/// A file without a row does no harm; a row without its file would.
pub async fn a_file_comes_before_its_row(shop: &Shop) {
    let full = |n: usize| Image {
        id: named("image", &n.to_string()),
        url: format!("/{n}"),
        alt: String::new(),
        copies: Vec::new(),
    };
    let full: Vec<Image> = (0..IMAGES_MAX).map(full).collect();
    let seller = SellerId(uuid::Uuid::from_u128(7));
    shop.sell([
        item("mug").with_product(|mug| mug.seller = Some(seller)),
        item("pen").with_product(move |pen| pen.images = full),
        item("gone").deleted(),
    ])
    .await;
    let before = (product(shop, "mug").await, product(shop, "pen").await);
    let shelf = Arc::new(Shelf::default());
    let engine = keeping(shop, &shelf);
    let catalog = engine.catalog();
    let add_as = async |caller: &Caller, version| {
        catalog.add_image(caller, &of("mug", version), &picture("front"), &ImageWords::default()).await
    };
    assert!(matches!(add_as(&staff(), Some(99)).await, Err(ImageError::Edit(EditError::Version(_)))));
    assert_eq!(shelf.files.lock().unwrap().len(), 3, "what was put stays, and nobody asks for it");
    let merchant = |seller| Caller::Account {
        id: CustomerId(uuid::Uuid::from_u128(1)),
        role: Role::Merchant,
        seller: Some(seller),
        session: crate::SessionId(uuid::Uuid::from_u128(2)),
    };
    let stranger = merchant(SellerId(uuid::Uuid::from_u128(8)));
    assert!(matches!(add_as(&stranger, None).await, Err(ImageError::Edit(EditError::NotFound))));
    assert!(matches!(add(&engine, "pen", "front").await, Err(ImageError::Edit(EditError::Refused(_)))));
    assert!(matches!(add(&engine, "gone", "front").await, Err(ImageError::Edit(EditError::Refused(_)))));
    let no_room = keeping(shop, &Arc::new(Shelf { is_full: true, ..Shelf::default() }));
    assert!(matches!(add(&no_room, "mug", "front").await, Err(ImageError::Media(_))));
    assert!(matches!(add(&shop.engine, "mug", "front").await, Err(ImageError::NoPlace)));
    assert_eq!((product(shop, "mug").await, product(shop, "pen").await), before);
    add_as(&merchant(seller), Some(before.0.version)).await.unwrap();
}
