//! Imports of files: received in pieces, taken up by one server, gone on with in the commit of each batch.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Shop;
use crate::access::{Caller, Role};
use crate::bulk::{
    Changes, Chunk, Forget, Format, Import, ImportError, Kind, Look, RefusedRow, State, Taken, Terms,
    WAITING_MAX,
};
use crate::catalog::{CatalogError, Plan, PlanOptions, ProductInput, StockRule, VariantInput};
use crate::idempotency::{Key, Scope};
use crate::testkit::{Intercepted, Meeting, named};
use crate::{ChangeSet, Currency, Guard, ImportId, SellerId, Store, UnitPrice};

const LEASE: Duration = Duration::from_secs(30);

fn operator() -> Caller {
    Caller::Operator { name: "admin".to_owned() }
}

fn merchant(name: &str) -> Caller {
    let seller: SellerId = named("seller", name);
    Caller::Account {
        id: named("account", name),
        role: Role::Merchant,
        seller: Some(seller),
        session: named("session", name),
    }
}

fn terms() -> Terms {
    let (kind, format) = (Kind::Products, Format::Csv);
    Terms { kind, format, currency: None, location: None, stock: StockRule::Created }
}

async fn sent(shop: &Shop, caller: &Caller, pieces: &[&'static [u8]]) -> ImportId {
    let mut receiving = shop.engine.imports().receive(caller, terms()).await.unwrap();
    for piece in pieces {
        receiving.push(Bytes::from_static(piece)).await.unwrap();
    }
    receiving.accept(None).await.unwrap().import.id
}

async fn taken(shop: &Shop) -> Taken {
    shop.engine.imports().take_up(LEASE).await.unwrap().expect("one waits")
}

async fn import(shop: &Shop, id: ImportId) -> Import {
    shop.store.bulk_import(&Look { id: Some(id), ..Look::default() }).await.unwrap().import.unwrap()
}

fn row(number: u64) -> RefusedRow {
    RefusedRow {
        number,
        line: 7,
        handle: "mug".to_owned(),
        column: "Variant Price".to_owned(),
        code: "price-zero".to_owned(),
        reason: "naïve \"日本\" \\ 🧵".to_owned(),
        rows: "mug,\"a\nb\"\n".to_owned(),
    }
}

/// An import with all that it can have and one with nothing: as they come, and as each becomes the other.
pub async fn an_import_in_full_and_one_with_nothing(shop: &Shop) {
    let now = shop.now().await;
    let plain = Import {
        id: named("import", "plain"),
        caller: operator(),
        terms: terms(),
        state: State::Receiving,
        bytes: 0,
        progress: Value::Null,
        failure: None,
        tries: 0,
        leased_until: None,
        created_at: now,
        ended_at: None,
        version: 1,
    };
    let full = Import {
        id: named("import", "full"),
        caller: merchant("mira"),
        terms: Terms {
            kind: Kind::Inventory,
            format: Format::JsonLines,
            currency: Some(Currency::GHS),
            location: Some("ACCRA".to_owned()),
            stock: StockRule::Set,
        },
        state: State::Running,
        bytes: 9 << 40,
        progress: json!({"naïve \"日本\"": [1, null, {"a": "b\\"}]}),
        failure: Some("line 7: \u{1F9F5}".to_owned()),
        tries: u32::MAX,
        leased_until: Some(now.plus(Duration::from_micros(1))),
        ended_at: Some(now),
        version: 4,
        ..plain.clone()
    };
    let mut changes = ChangeSet::default();
    changes.bulk.open = vec![full.clone(), plain.clone()];
    shop.store.commit(&changes).await.unwrap();
    assert_eq!(import(shop, full.id).await, full);
    assert_eq!(import(shop, plain.id).await, plain);
    // Who sent it, when and how it is to be taken in never change.
    let after = Import { id: full.id, version: 4, ..plain.clone() };
    let other = Import { id: plain.id, version: 1, ..full.clone() };
    let bulk = Changes { update: vec![after.clone(), other.clone()], ..Changes::default() };
    shop.store.commit(&ChangeSet { bulk, ..ChangeSet::default() }).await.unwrap();
    let Import { caller, terms, .. } = full.clone();
    assert_eq!(import(shop, full.id).await, Import { caller, terms, version: 5, ..after.clone() });
    let Import { caller, terms, .. } = plain.clone();
    assert_eq!(import(shop, plain.id).await, Import { caller, terms, version: 2, ..other });
    // The one that does not hold is named, and none of them is written.
    let bulk = Changes { update: vec![after, Import { version: 2, ..plain }], ..Changes::default() };
    let stale = shop.stale(&ChangeSet { bulk, ..ChangeSet::default() }).await;
    assert_eq!(stale, Guard::Import(full.id));
    assert_eq!(import(shop, named("import", "plain")).await.version, 2);
}

/// A file comes back as it was sent, piece by piece, and waits in its place; of one that was not accepted nobody hears.
pub async fn a_file_is_received_and_waits(shop: &Shop) {
    let imports = shop.engine.imports();
    let mut arriving = imports.receive(&operator(), terms()).await.unwrap();
    arriving.push(Bytes::from_static(b"never")).await.unwrap();
    assert!(imports.take_up(LEASE).await.unwrap().is_none());
    let first = sent(shop, &operator(), &[b"one\x00\xFF", b"", b"two"]).await;
    let second = sent(shop, &merchant("mira"), &[b"x"]).await;
    let empty = imports.receive(&operator(), terms()).await.unwrap().accept(None).await;
    assert!(matches!(empty, Err(ImportError::Empty)));
    let ids = async |caller: Caller| {
        imports.list(&caller, None, 9).await.unwrap().iter().map(|import| import.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(operator()).await, [second, first]);
    assert_eq!(ids(merchant("mira")).await, [second]);
    assert_eq!(ids(merchant("eve")).await, []);
    assert_eq!(imports.list(&operator(), Some(second), 9).await.unwrap()[0].id, first);
    assert!(matches!(imports.show(&merchant("mira"), first).await, Err(ImportError::NotFound)));
    let taken = taken(shop).await;
    assert_eq!((taken.import().id, taken.import().bytes, taken.import().state), (first, 8, State::Running));
    let chunks = taken.chunks();
    let mut read = Vec::new();
    for number in 0..3 {
        read.push(chunks.read(number).await.unwrap());
    }
    assert_eq!(read, [Some(Bytes::from_static(b"one\x00\xFF")), Some(Bytes::from_static(b"two")), None]);
    taken.finish(json!(1)).await.unwrap();
    assert_eq!(import(shop, first).await.state, State::Finished);
    assert_eq!(shop.store.import_chunk(first, 0).await.unwrap(), None, "the file went");
}

/// Who asks again with the same key gets the import of then; with another file the key is refused.
pub async fn a_file_that_is_sent_again_is_one_import(shop: &Shop) {
    let scope = Scope {
        actor: "staff:admin".to_owned(),
        route: "POST x".to_owned(),
        key: "k".parse::<Key>().unwrap(),
    };
    let again = async |bytes: &'static [u8]| {
        let mut receiving = shop.engine.imports().receive(&operator(), terms()).await.unwrap();
        receiving.push(Bytes::from_static(bytes)).await.unwrap();
        receiving.accept(Some(scope.clone())).await
    };
    let first = again(b"a").await.unwrap();
    let second = again(b"a").await.unwrap();
    assert_eq!((first.replayed, second.replayed, &second.import), (false, true, &first.import));
    assert!(matches!(again(b"b").await, Err(ImportError::KeyReused(_))));
    assert_eq!(shop.engine.imports().list(&operator(), None, 9).await.unwrap().len(), 1);
}

/// So many may wait for each merchant, and for the shop.
pub async fn so_many_imports_may_wait(shop: &Shop) {
    for _ in 0..WAITING_MAX {
        sent(shop, &merchant("mira"), &[b"x"]).await;
    }
    let refused = shop.engine.imports().receive(&merchant("mira"), terms()).await;
    assert!(matches!(refused, Err(ImportError::TooMany(WAITING_MAX))));
    sent(shop, &merchant("eve"), &[b"x"]).await;
    sent(shop, &operator(), &[b"x"]).await;
}

/// Several servers look for work at once: each import is had by one. A lease that ran out is taken over, and who had it
/// before writes nothing more: neither what it says of the import nor the batch that goes with it.
pub async fn an_import_is_taken_up_by_one_and_taken_over(shop: &Shop) {
    let id = sent(shop, &operator(), &[b"x"]).await;
    let store: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(4)));
    let mut servers = JoinSet::new();
    for _ in 0..4 {
        let imports = shop.through(Arc::clone(&store)).imports();
        servers.spawn(async move { imports.take_up(Duration::ZERO).await.unwrap() });
    }
    let had: Vec<Taken> = servers.join_all().await.into_iter().flatten().collect();
    // With a lease of no time each may have it, one after the other; the last one has.
    let last = import(shop, id).await;
    let (mut holder, lost): (Vec<Taken>, Vec<Taken>) =
        had.into_iter().partition(|taken| taken.import().version == last.version);
    assert_eq!(holder.len(), 1);
    let mut holder = holder.remove(0);
    for server in lost {
        assert!(matches!(batch(shop, &server, "lost").await, Err(CatalogError::Busy)));
        server.finish(json!("lost")).await.unwrap();
    }
    assert_eq!(import(shop, id).await.version, last.version);
    holder.went_on(batch(shop, &holder, "mug").await.unwrap());
    let slugs: Vec<String> = shop
        .store
        .export(None, 9)
        .await
        .unwrap()
        .products
        .iter()
        .map(|product| product.slug.to_string())
        .collect();
    assert_eq!(slugs, ["mug"]);
    holder.finish(json!("done")).await.unwrap();
    let done = import(shop, id).await;
    assert_eq!((done.state, done.progress), (State::Finished, json!("done")));
    assert!(shop.engine.imports().take_up(LEASE).await.unwrap().is_none());
}

/// How far an import has come is written with the batch, and with one that changes nothing too: the generation stays then.
pub async fn progress_commits_with_the_batch(shop: &Shop) {
    let id = sent(shop, &operator(), &[b"x"]).await;
    let mut holder = taken(shop).await;
    holder.went_on(batch(shop, &holder, "mug").await.unwrap());
    let generation = shop.store.catalog_generation().await.unwrap();
    holder.went_on(batch(shop, &holder, "mug").await.unwrap());
    assert_eq!(shop.store.catalog_generation().await.unwrap(), generation);
    let seen = import(shop, id).await;
    assert_eq!((seen.version, seen.tries, seen.progress), (holder.import().version, 0, json!({"of": "mug"})));
    let refused = shop.store.import_refusals(id, 0, 9).await.unwrap();
    assert_eq!(refused, [row(seen.version - 2), row(seen.version - 1)]);
    assert_eq!(shop.store.import_refusals(id, seen.version - 2, 9).await.unwrap().len(), 1);
    assert_eq!(shop.store.import_refusals(id, 0, 1).await.unwrap().len(), 1);
    // Put back, it waits again where it was.
    holder.put_back().await.unwrap();
    let next = taken(shop).await;
    assert_eq!(next.import().progress, json!({"of": "mug"}));
    next.fail("line 2: no".to_owned()).await.unwrap();
    assert_eq!(import(shop, id).await.failure.as_deref(), Some("line 2: no"));
}

/// Whoever sent it ends it, and the server that has it writes nothing more.
pub async fn an_import_is_cancelled(shop: &Shop) {
    let imports = shop.engine.imports();
    let id = sent(shop, &merchant("mira"), &[b"x"]).await;
    let holder = taken(shop).await;
    assert!(matches!(imports.cancel(&merchant("eve"), id).await, Err(ImportError::NotFound)));
    let ended = imports.cancel(&merchant("mira"), id).await.unwrap();
    assert_eq!((ended.state, ended.leased_until), (State::Cancelled, None));
    assert_eq!(import(shop, id).await, ended);
    assert!(matches!(batch(shop, &holder, "mug").await, Err(CatalogError::Busy)));
    assert!(matches!(imports.cancel(&operator(), id).await, Err(ImportError::Ended(State::Cancelled))));
    assert_eq!(shop.store.export(None, 9).await.unwrap().products, []);
}

/// What ended long ago is forgotten with all that belongs to it, and what has not is not.
pub async fn imports_are_forgotten(shop: &Shop) {
    let now = shop.now().await;
    let ended = sent(shop, &operator(), &[b"x"]).await;
    let mut holder = taken(shop).await;
    holder.went_on(batch(shop, &holder, "mug").await.unwrap());
    holder.finish(Value::Null).await.unwrap();
    let waits = sent(shop, &operator(), &[b"x"]).await;
    let mut arriving = shop.engine.imports().receive(&operator(), terms()).await.unwrap();
    arriving.push(Bytes::from_static(b"x")).await.unwrap();
    let later = now.plus(Duration::from_secs(3_600));
    let forget = async |ended_before, begun_before| {
        shop.engine.imports().forget(Forget { ended_before, begun_before }).await.unwrap();
        let look = |id| Look { id: Some(id), ..Look::default() };
        let there = async |id| shop.store.bulk_import(&look(id)).await.unwrap().import.is_some();
        (there(ended).await, there(waits).await)
    };
    assert_eq!(forget(now, now).await, (true, true));
    assert_eq!(forget(later, now).await, (false, true));
    assert_eq!(shop.store.import_refusals(ended, 0, 9).await.unwrap(), []);
    arriving.push(Bytes::from_static(b"y")).await.unwrap();
    assert_eq!(forget(later, later).await, (false, true));
    let chunk = Chunk { import: ended, number: 0, bytes: Bytes::from_static(b"z") };
    let bulk = Changes { chunk: Some(chunk), ..Changes::default() };
    assert!(
        shop.store.commit(&ChangeSet { bulk, ..ChangeSet::default() }).await.is_err(),
        "nothing is kept of it"
    );
}

/// Takes in a product as a part of the import.
async fn batch(shop: &Shop, holder: &Taken, slug: &str) -> Result<Value, CatalogError> {
    let price = UnitPrice::parse("9", Currency::NGN).unwrap();
    let product = ProductInput::new(slug.parse().unwrap(), slug)
        .variant(VariantInput::new(slug.parse().unwrap(), price));
    let options = PlanOptions {
        currency: Currency::NGN,
        location: "main".to_owned(),
        stock: StockRule::Created,
        actor: holder.import().caller.actor(),
        seller: None,
    };
    let progress = json!({ "of": slug });
    let beside = |_: &Plan| holder.going_on(progress.clone(), vec![row(holder.import().version)]);
    shop.engine.catalog().import_beside(vec![product], &options, &beside).await?;
    Ok(progress)
}
