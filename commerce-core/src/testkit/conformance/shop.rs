//! A shop over the store under test, with the words in which the cases are written.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::snapshot::Snapshot;
use super::{Fixture, Opened};
use crate::cart::{CartToken, Delivery, Look, TokenHash};
use crate::catalog::{Batch, ImportKeys};
use crate::checkout::{Confirm, ConfirmError, Confirmed, Placed, place_order};
use crate::customer::Country;
use crate::idempotency::{Request, Scope};
use crate::order::{Cancel, OrderView};
use crate::payment::{GatewayMode, PaymentMethod, PaymentTerms};
use crate::pricing::{Rulebook, StoredRulebook};
use crate::review::ReviewTerms;
use crate::testkit::{Item, MockClock, PretendHasher, SeededRandom, add, address, batch, key, variant_id};
use crate::{
    Builder, ChangeSet, CommitError, Currency, Engine, Guard, Ids, Mailer, MediaStore, OrderId,
    PaymentGateway, Random, StockLevel, Store, Timestamp,
};

/// A shop over the store under test.
pub struct Shop {
    /// The engine over the store, with every way to pay.
    pub engine: Engine,
    /// The store itself.
    pub store: Arc<dyn Store>,
    /// The clock that the store reads, when it can be set.
    pub clock: Option<Arc<MockClock>>,
    random: Arc<SeededRandom>,
    known: Mutex<Known>,
    closing: Option<super::Closing>,
}

/// What a snapshot asks for by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) tokens: BTreeSet<TokenHash>,
    pub(super) orders: BTreeSet<OrderId>,
    pub(super) scopes: Vec<Scope>,
}

impl Shop {
    /// A shop over a fresh store.
    pub async fn open(fixture: &dyn Fixture) -> Self {
        Self::over(fixture.open().await)
    }

    /// A shop over this store.
    #[must_use]
    pub fn over(opened: Opened) -> Self {
        let Opened { store, clock, closing } = opened;
        let random = Arc::new(SeededRandom::new(crate::testkit::seed()));
        let engine = engine(Arc::clone(&store), &random);
        Self { engine, store, clock, random, known: Mutex::default(), closing }
    }

    /// The same shop, paid through this gateway.
    #[must_use]
    pub fn paid_through(&self, gateway: Arc<dyn PaymentGateway>) -> Engine {
        builder(Arc::clone(&self.store), &self.random).gateway(gateway).build()
    }

    /// The same shop, which keeps pictures there.
    #[must_use]
    pub fn keeping_pictures_in(&self, media: Arc<dyn MediaStore>) -> Engine {
        builder(Arc::clone(&self.store), &self.random).media(media).build()
    }

    /// The same shop, with these terms of reviews.
    #[must_use]
    pub fn reviewing(&self, terms: ReviewTerms) -> Engine {
        builder(Arc::clone(&self.store), &self.random).review_terms(terms).build()
    }

    /// The same shop, which sends its mails through this mailer.
    #[must_use]
    pub fn mailing_through(&self, mailer: Arc<dyn Mailer>) -> Engine {
        self.mailing(Arc::clone(&self.store), mailer)
    }

    /// The same, reached through another door: a decorator of its store.
    #[must_use]
    pub fn mailing(&self, store: Arc<dyn Store>, mailer: Arc<dyn Mailer>) -> Engine {
        builder(store, &self.random).mailer(mailer).build()
    }

    /// The same shop reached through another door: a decorator of its store.
    #[must_use]
    pub fn through(&self, store: Arc<dyn Store>) -> Engine {
        engine(store, &self.random)
    }

    /// Ends the case: every invariant must hold.
    pub(in crate::testkit) async fn close(self) {
        let violations = self.store.violations().await.unwrap();
        assert!(violations.is_empty(), "{} violations: {violations:#?}", violations.len());
        drop((self.engine, self.store));
        if let Some(closing) = self.closing {
            closing.await;
        }
    }

    /// Writes these products through the bulk door: new ones, or in place of those of the same slug.
    pub async fn sell(&self, items: impl IntoIterator<Item = Item>) {
        let batch = self.batch(items).await;
        self.store.import(&batch).await.unwrap();
    }

    /// What [`sell`](Shop::sell) would write.
    pub async fn batch(&self, items: impl IntoIterator<Item = Item>) -> Batch {
        let items: Vec<Item> = items.into_iter().collect();
        let keys = ImportKeys { slugs: items.iter().map(Item::slug).collect(), ..ImportKeys::default() };
        let seen = self.store.import_view(&keys).await.unwrap();
        batch(&items, &seen, &mut self.ids(seen.now))
    }

    /// Puts these rules in force.
    pub async fn rules(&self, rulebook: Rulebook) -> StoredRulebook {
        self.engine.rules().apply(rulebook, &crate::audit::Actor::System).await.unwrap()
    }

    /// Fresh ids.
    #[must_use]
    pub fn ids(&self, now: Timestamp) -> Ids {
        Ids::new(self.random.seed(), now)
    }

    /// The store's time.
    pub async fn now(&self) -> Timestamp {
        self.store.stock(&[]).await.unwrap().0
    }

    /// A cart with so many units of each SKU, by the documented path, and nothing else yet.
    pub async fn cart(&self, lines: &[(&str, u32)]) -> CartToken {
        self.remember(fill(&self.engine, lines).await)
    }

    /// A cart with so many units of each SKU, ready to confirm: shipped within Nigeria, paid in cash.
    pub async fn ready_cart(&self, lines: &[(&str, u32)]) -> CartToken {
        self.ready_cart_paying(PaymentMethod::CashOnDelivery, lines).await
    }

    /// A cart that is ready to confirm, paid like this.
    pub async fn ready_cart_paying(&self, method: PaymentMethod, lines: &[(&str, u32)]) -> CartToken {
        let token = self.cart(lines).await;
        check_out(&self.engine, &token, method).await;
        token
    }

    /// Confirms the cart.
    ///
    /// # Errors
    /// As the checkout does.
    pub async fn confirm(&self, token: &CartToken) -> Result<Confirmed, ConfirmError> {
        let confirmed = self.engine.checkout().confirm(token, &Confirm::default()).await?;
        self.known().orders.insert(confirmed.order.order.id);
        Ok(confirmed)
    }

    /// An order of so many units of each SKU.
    pub async fn order(&self, lines: &[(&str, u32)]) -> OrderView {
        let token = self.ready_cart(lines).await;
        self.confirm(&token).await.unwrap().order
    }

    /// An order of so many units of each SKU, to be paid through a gateway.
    pub async fn card_order(&self, lines: &[(&str, u32)]) -> OrderView {
        let token = self.ready_cart_paying(PaymentMethod::Card, lines).await;
        self.confirm(&token).await.unwrap().order
    }

    /// An order whose payment window has closed, on a store with whatever clock: it was decided two hours ago.
    pub async fn overdue_order(&self, lines: &[(&str, u32)]) -> Placed {
        self.order_overdue_by(60, lines).await
    }

    /// An order whose payment window closed so many minutes ago.
    pub async fn order_overdue_by(&self, minutes: i64, lines: &[(&str, u32)]) -> Placed {
        let token = self.ready_cart_paying(PaymentMethod::Card, lines).await;
        let placed = self.placed_before(&token, 60 + minutes).await;
        self.store.commit(&placed.changes).await.unwrap();
        placed
    }

    /// The order as it is now.
    pub async fn order_now(&self, id: OrderId) -> OrderView {
        self.known().orders.insert(id);
        self.store.order(id.into(), None).await.unwrap().unwrap()
    }

    /// What confirming the cart would commit now.
    pub async fn placed(&self, token: &CartToken) -> Placed {
        self.placed_before(token, 0).await
    }

    /// What confirming the cart, as it is now, would have committed so many minutes ago.
    pub async fn placed_before(&self, token: &CartToken, minutes: i64) -> Placed {
        let mut view = self.view(token).await;
        view.now = before(view.now, minutes);
        let rules = self.engine.rules().show().await.unwrap();
        let mut ids = self.ids(view.now);
        let terms = self.engine.payment_terms();
        place_order(&view, &token.into(), &Confirm::default(), &rules, terms, &mut ids).unwrap()
    }

    /// The same, of a shop that collects through a gateway of this mode.
    pub async fn placed_before_through(&self, token: &CartToken, minutes: i64, mode: GatewayMode) -> Placed {
        let mut view = self.view(token).await;
        view.now = before(view.now, minutes);
        let rules = self.engine.rules().show().await.unwrap();
        let mut ids = self.ids(view.now);
        let terms = PaymentTerms { mode: Some(mode), ..self.engine.payment_terms().clone() };
        place_order(&view, &token.into(), &Confirm::default(), &rules, &terms, &mut ids).unwrap()
    }

    /// What calling the order off would commit now.
    pub async fn cancelling(&self, id: OrderId) -> ChangeSet {
        let view = self.order_now(id).await;
        crate::order::cancel(&view, &cancel(), &mut self.ids(view.now)).unwrap()
    }

    /// What a decision about the cart sees.
    pub async fn view(&self, token: &CartToken) -> crate::cart::View {
        let look = Look { token: Some(token.hash()), ..Look::default() };
        self.store.cart(&look).await.unwrap()
    }

    /// The stock of the SKU, summed over the locations: on hand, reserved.
    pub async fn stock(&self, sku: &str) -> (i64, i64) {
        let levels = self.levels(sku).await;
        let sum = |part: fn(&StockLevel) -> i64| levels.iter().map(part).sum();
        (sum(|level| level.on_hand), sum(|level| level.reserved))
    }

    /// The stock of the SKU, by location.
    pub async fn levels(&self, sku: &str) -> Vec<StockLevel> {
        self.store.stock(&[variant_id(sku)]).await.unwrap().1
    }

    /// Commits what must be refused as stale, sees that it left nothing behind, and answers the guard.
    pub async fn stale(&self, changes: &ChangeSet) -> Guard {
        self.know(changes);
        let before = self.snapshot().await;
        let guard = guard(self.store.commit(changes).await);
        before.assert_same(&self.snapshot().await);
        guard
    }

    /// Imports what must be refused as stale, sees that it left nothing behind, and answers the guard.
    pub async fn stale_import(&self, batch: &Batch) -> Guard {
        let before = self.snapshot().await;
        let guard = guard(self.store.import(batch).await);
        before.assert_same(&self.snapshot().await);
        guard
    }

    /// The audit rows of what was done to this, the newest first.
    pub async fn audited(&self, target: &str) -> Vec<crate::audit::Entry> {
        let target = Some(target.to_owned());
        let search = crate::audit::Search { target, ..crate::audit::Search::default() };
        self.store.audit(&search, 100).await.unwrap()
    }

    /// All that can be read of the store.
    pub async fn snapshot(&self) -> Snapshot {
        let known = self.known().clone();
        Snapshot::take(&self.store, &known).await
    }

    /// Has later snapshots look at what these changes name.
    pub fn know(&self, changes: &ChangeSet) {
        let mut known = self.known();
        let carts = changes.cart.write.iter().chain(&changes.cart.merged);
        known.tokens.extend(carts.map(|write| write.cart.token));
        known.orders.extend(changes.order.place.iter().map(|order| order.id));
        known.orders.extend(changes.order.advance.iter().map(|advance| advance.id));
        known.scopes.extend(changes.idempotency.iter().map(|record| record.scope.clone()));
    }

    fn remember(&self, token: CartToken) -> CartToken {
        self.known().tokens.insert(token.hash());
        token
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }
}

fn engine(store: Arc<dyn Store>, random: &Arc<SeededRandom>) -> Engine {
    builder(store, random).build()
}

fn builder(store: Arc<dyn Store>, random: &Arc<SeededRandom>) -> Builder {
    let random: Arc<dyn Random> = Arc::<SeededRandom>::clone(random);
    Engine::builder_shared(store)
        .random(random)
        .currency(Currency::NGN)
        .payment_methods(PaymentMethod::ALL)
        .password_hasher(Arc::new(PretendHasher))
}

/// Fills a new cart.
pub async fn fill(engine: &Engine, lines: &[(&str, u32)]) -> CartToken {
    let mut token: Option<CartToken> = None;
    for (sku, quantity) in lines {
        let answer = engine.carts().add(token.as_ref(), &add(sku, *quantity), None).await.unwrap();
        token = token.or(answer.token);
    }
    token.unwrap()
}

/// Says where the goods go and how they are paid.
pub async fn check_out(engine: &Engine, token: &CartToken, method: PaymentMethod) {
    engine.carts().set_delivery(token, &delivery(), None).await.unwrap();
    engine.carts().set_payment(token, method, None).await.unwrap();
}

/// To an address in Nigeria, by the method `standard`.
#[must_use]
pub fn delivery() -> Delivery {
    Delivery {
        email: "ada@example.com".parse().unwrap(),
        address: Some(address(Country::NG)),
        billing_address: None,
        shipping_method: Some("standard".to_owned()),
    }
}

/// The guest's wish to call an order off.
#[must_use]
pub fn cancel() -> Cancel {
    Cancel { actor: crate::audit::Actor::Guest, reason: "changed my mind".to_owned(), request: None }
}

/// A request under this key, that asks for this.
#[must_use]
pub fn request(name: &str, body: &str) -> Request {
    let scope =
        Scope { actor: "guest".to_owned(), route: "POST /api/cart/".to_owned(), key: name.parse().unwrap() };
    Request::new(scope, body.as_bytes())
}

/// The guard of a commit that was refused as stale.
#[track_caller]
pub fn guard(result: Result<(), CommitError>) -> Guard {
    match result {
        Ok(()) => panic!("the commit was not refused"),
        Err(CommitError::Stale { guard }) => guard,
        Err(CommitError::Store(error)) => panic!("trouble instead of a stale commit: {error}"),
    }
}

/// So many minutes before.
#[must_use]
pub fn before(now: Timestamp, minutes: i64) -> Timestamp {
    Timestamp::from_micros(now.as_micros() - minutes * 60_000_000).unwrap()
}

/// A line item that lacks: SKU, wanted, available.
#[must_use]
pub fn short(sku: &str, wanted: u64, available: u64) -> (crate::catalog::Sku, u64, u64) {
    (key(sku), wanted, available)
}

/// What an out-of-stock answer says: SKU, wanted, available of each line item.
#[track_caller]
pub fn shortages(refused: Result<Confirmed, ConfirmError>) -> Vec<(crate::catalog::Sku, u64, u64)> {
    match refused {
        Err(ConfirmError::OutOfStock(lines)) => {
            lines.into_iter().map(|line| (line.sku, line.wanted, line.available)).collect()
        }
        Err(other) => panic!("refused otherwise: {other}"),
        Ok(confirmed) => panic!("order {} was placed", confirmed.order.order.number),
    }
}
