//! The engine: the services of the shop over one store.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::access::Access;
use crate::account::{AccountError, AccountTerms, Accounts};
use crate::audit::AuditTrail;
use crate::bulk::Imports;
use crate::cart::Carts;
use crate::catalog::Catalog;
use crate::checkout::Checkout;
use crate::commit::{ChangeSet, CommitError, StoreError};
use crate::interest::Interests;
use crate::inventory::Inventory;
use crate::job::Job;
use crate::mail::Mails;
use crate::order::Orders;
use crate::payment::{PaymentMethod, PaymentTerms, Payments};
use crate::personal::Personal;
use crate::ports::{
    Clock, Mailer, MediaStore, PasswordHasher, PaymentGateway, Random, Search, ShippingRates, Store,
    SystemRandom, TaxProvider,
};
use crate::pricing::{Rulebook, Rules, RulesInForce, StoredRulebook};
use crate::promotion::Promotions;
use crate::review::{ReviewTerms, Reviews};
use crate::search::{InForce, Searching, StoredSettings};
use crate::shipping::CarrierError;
use crate::{Currency, Ids, Timestamp, Violation};

/// The commerce engine. Cheap to clone; every clone is the same shop.
///
/// ```no_run
/// # async fn shop(store: impl commerce_core::Store) -> Result<(), Box<dyn std::error::Error>> {
/// let engine = commerce_core::Engine::builder(store).build();
/// let tree = engine.catalog().categories().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Engine {
    parts: Arc<Parts>,
}

/// Builds an [`Engine`].
pub struct Builder {
    store: Arc<dyn Store>,
    clock: Option<Arc<dyn Clock>>,
    search: Option<Arc<dyn Search>>,
    random: Arc<dyn Random>,
    currency: Currency,
    terms: PaymentTerms,
    account_terms: AccountTerms,
    review_terms: ReviewTerms,
    hasher: Option<Arc<dyn PasswordHasher>>,
    gateway: Option<Arc<dyn PaymentGateway>>,
    mailer: Option<Arc<dyn Mailer>>,
    media: Option<Arc<dyn MediaStore>>,
    shipping_rates: Option<Arc<dyn ShippingRates>>,
    carrier_deadline: Duration,
    tax_provider: Option<Arc<dyn TaxProvider>>,
    trouble: Arc<dyn Fn(&CarrierError) + Send + Sync>,
}

/// What the services share.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) search: Arc<dyn Search>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) terms: PaymentTerms,
    pub(crate) account_terms: AccountTerms,
    pub(crate) review_terms: ReviewTerms,
    pub(crate) hasher: Option<Arc<dyn PasswordHasher>>,
    pub(crate) gateway: Option<Arc<dyn PaymentGateway>>,
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    pub(crate) media: Option<Arc<dyn MediaStore>>,
    pub(crate) shipping_rates: Option<Arc<dyn ShippingRates>>,
    pub(crate) carrier_deadline: Duration,
    pub(crate) tax_provider: Option<Arc<dyn TaxProvider>>,
    /// Is told of trouble outside that shoppers do not see.
    pub(crate) trouble: Arc<dyn Fn(&CarrierError) + Send + Sync>,
    /// The rulebook last seen. Every look says which version is in force, so it is read again only after a change.
    rulebook: RwLock<Arc<RulesInForce>>,
    /// The settings of the search last seen; every search says which version is in force.
    pub(crate) search_settings: RwLock<Arc<InForce>>,
}

impl Engine {
    /// An engine over this store, with defaults for everything else.
    pub fn builder(store: impl Store) -> Builder {
        Self::builder_shared(Arc::new(store))
    }

    /// An engine over a store that others use too.
    #[must_use]
    pub fn builder_shared(store: Arc<dyn Store>) -> Builder {
        Builder {
            store,
            clock: None,
            search: None,
            random: Arc::new(SystemRandom),
            currency: Currency::NGN,
            terms: PaymentTerms::default(),
            account_terms: AccountTerms::default(),
            review_terms: ReviewTerms::default(),
            hasher: None,
            gateway: None,
            mailer: None,
            media: None,
            shipping_rates: None,
            carrier_deadline: Duration::from_secs(2),
            tax_provider: None,
            trouble: Arc::new(|_| {}),
        }
    }

    /// The accounts, their sessions and addresses.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts { parts: Arc::clone(&self.parts) }
    }

    /// What the shop knows of somebody.
    #[must_use]
    pub fn personal(&self) -> Personal {
        Personal { parts: Arc::clone(&self.parts) }
    }

    /// What people like: wishlists, and the products that they looked at.
    #[must_use]
    pub fn interests(&self) -> Interests {
        Interests { parts: Arc::clone(&self.parts) }
    }

    /// The keys of programs.
    #[must_use]
    pub fn access(&self) -> Access {
        Access { parts: Arc::clone(&self.parts) }
    }

    /// The catalogue.
    #[must_use]
    pub fn catalog(&self) -> Catalog {
        Catalog { parts: Arc::clone(&self.parts) }
    }

    /// Files that are taken in by a job.
    #[must_use]
    pub fn imports(&self) -> Imports {
        Imports { parts: Arc::clone(&self.parts) }
    }

    /// What products share: brands, categories, attributes, tags.
    #[must_use]
    pub fn taxonomy(&self) -> crate::catalog::Taxonomy {
        crate::catalog::Taxonomy { parts: Arc::clone(&self.parts) }
    }

    /// How shoppers find things.
    #[must_use]
    pub fn search(&self) -> Searching {
        Searching { parts: Arc::clone(&self.parts) }
    }

    /// The reviews.
    #[must_use]
    pub fn reviews(&self) -> Reviews {
        Reviews { parts: Arc::clone(&self.parts) }
    }

    /// The carts.
    #[must_use]
    pub fn carts(&self) -> Carts {
        Carts { parts: Arc::clone(&self.parts) }
    }

    /// The checkout.
    #[must_use]
    pub fn checkout(&self) -> Checkout {
        Checkout { parts: Arc::clone(&self.parts) }
    }

    /// The orders.
    #[must_use]
    pub fn orders(&self) -> Orders {
        Orders { parts: Arc::clone(&self.parts) }
    }

    /// The payments.
    #[must_use]
    pub fn payments(&self) -> Payments {
        Payments { parts: Arc::clone(&self.parts) }
    }

    /// The mails.
    #[must_use]
    pub fn mails(&self) -> Mails {
        Mails { parts: Arc::clone(&self.parts) }
    }

    /// The stock.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        Inventory { parts: Arc::clone(&self.parts) }
    }

    /// The rulebook: currency, promotions, tax, shipping.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules { parts: Arc::clone(&self.parts) }
    }

    /// The coupons, and trials of promotions.
    #[must_use]
    pub fn promotions(&self) -> Promotions {
        Promotions { parts: Arc::clone(&self.parts) }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.parts.store
    }

    /// Whether a payment gateway collects.
    #[must_use]
    pub fn has_gateway(&self) -> bool {
        self.parts.gateway.is_some()
    }

    /// Whether mails are sent.
    #[must_use]
    pub fn has_mailer(&self) -> bool {
        self.parts.mailer.is_some()
    }

    /// Where pictures are kept, if they are.
    #[must_use]
    pub fn media(&self) -> Option<&Arc<dyn MediaStore>> {
        self.parts.media.as_ref()
    }

    /// The ways to pay that the shop takes.
    #[must_use]
    pub fn payment_methods(&self) -> &[PaymentMethod] {
        &self.parts.terms.accepted
    }

    /// The ways to pay that the shop takes, and for how long it holds goods for each.
    #[must_use]
    pub fn payment_terms(&self) -> &PaymentTerms {
        &self.parts.terms
    }

    /// Who did what.
    #[must_use]
    pub fn audit_trail(&self) -> AuditTrail {
        AuditTrail { parts: Arc::clone(&self.parts) }
    }

    /// The jobs that are run once for each period, by name, each with the time of the look.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn jobs(&self) -> Result<Vec<(Timestamp, Job)>, StoreError> {
        let mut jobs = Vec::with_capacity(Job::KNOWN.len());
        for name in Job::KNOWN {
            jobs.push(self.parts.store.job(name).await?);
        }
        Ok(jobs)
    }

    /// Every row of the store that breaks an invariant; empty when all is well. Reads the whole store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn verify_invariants(&self) -> Result<Vec<Violation>, StoreError> {
        let mut violations = self.parts.store.violations().await?;
        violations.extend(self.audit_trail().faults().await?);
        Ok(violations)
    }

    /// A stream of fresh ids that carry the time `now`: for hosts that decide and commit on their own.
    #[must_use]
    pub fn ids(&self, now: Timestamp) -> Ids {
        self.parts.ids(now)
    }
}

impl Builder {
    /// Waits by this clock instead of the store's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Finds products through this engine instead of the store's own search.
    #[must_use]
    pub fn search(mut self, search: Arc<dyn Search>) -> Self {
        self.search = Some(search);
        self
    }

    /// Draws ids and tokens from this source instead of the operating system's.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// The currency of the starter rulebook, which is in force until the shop applies its own; naira unless set.
    #[must_use]
    pub fn currency(mut self, currency: Currency) -> Self {
        self.currency = currency;
        self
    }

    /// The ways to pay that the shop takes; cash on delivery unless set. A method that needs a gateway holds the goods
    /// for its [window](PaymentMethod::window).
    #[must_use]
    pub fn payment_methods(mut self, methods: impl IntoIterator<Item = PaymentMethod>) -> Self {
        self.terms.accepted = methods.into_iter().collect();
        self
    }

    /// Holds goods for so long when an order is to be paid in this way, instead of
    /// [`PaymentMethod::window`].
    #[must_use]
    pub fn payment_window(mut self, method: PaymentMethod, window: Duration) -> Self {
        self.terms.windows.retain(|(of, _)| *of != method);
        self.terms.windows.push((method, window));
        self
    }

    /// For how long sessions and links are good, and what passwords the shop takes.
    #[must_use]
    pub fn account_terms(mut self, terms: AccountTerms) -> Self {
        self.account_terms = terms;
        self
    }

    /// Who may review what, and which reviews wait for somebody of the shop. Whether terms make sense
    /// [`ReviewTerms::check`] says.
    #[must_use]
    pub fn review_terms(mut self, terms: ReviewTerms) -> Self {
        self.review_terms = terms;
        self
    }

    /// Hashes passwords so. Without a hasher nobody registers or logs in.
    #[must_use]
    pub fn password_hasher(mut self, hasher: Arc<dyn PasswordHasher>) -> Self {
        self.hasher = Some(hasher);
        self
    }

    /// Collects through this gateway. Without one, attempts of methods that need a gateway stay open until they lapse.
    #[must_use]
    pub fn gateway(mut self, gateway: Arc<dyn PaymentGateway>) -> Self {
        self.terms.mode = Some(gateway.mode());
        self.gateway = Some(gateway);
        self
    }

    /// Sends mails through this port. Without one the shop sends none, and writes none down.
    #[must_use]
    pub fn mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.mailer = Some(mailer);
        self
    }

    /// Keeps pictures through this port. Without one the shop takes none; pictures that lie elsewhere are shown all the same.
    #[must_use]
    pub fn media(mut self, media: Arc<dyn MediaStore>) -> Self {
        self.media = Some(media);
        self
    }

    /// Asks carriers through this port for methods whose rate is a carrier's, for at most `deadline`: what is not answered
    /// by then falls back to the price that the method names. `trouble` is told of what went wrong, for the log.
    #[must_use]
    pub fn shipping_rates(
        mut self,
        port: Arc<dyn ShippingRates>,
        deadline: Duration,
        trouble: impl Fn(&CarrierError) + Send + Sync + 'static,
    ) -> Self {
        self.shipping_rates = Some(port);
        self.carrier_deadline = deadline;
        self.trouble = Arc::new(trouble);
        self
    }

    /// Has this service assess the tax of carts that have a destination, in place of the rulebook's rules; its amounts are
    /// kept as given.
    #[must_use]
    pub fn tax_provider(mut self, port: Arc<dyn TaxProvider>) -> Self {
        self.tax_provider = Some(port);
        self
    }

    /// The engine.
    #[must_use]
    pub fn build(self) -> Engine {
        let Self {
            store,
            clock,
            search,
            random,
            currency,
            terms,
            account_terms,
            review_terms,
            hasher,
            gateway,
            mailer,
            media,
            shipping_rates,
            carrier_deadline,
            tax_provider,
            trouble,
        } = self;
        let starter = StoredRulebook { version: 0, rulebook: Rulebook::starter(currency) };
        let search = search.unwrap_or_else(|| store.search());
        let search_settings = RwLock::new(Arc::new(InForce::of(StoredSettings::default())));
        let clock = clock.unwrap_or_else(|| store.clock());
        #[expect(
            clippy::expect_used,
            reason = "the starter has no text that could be wrong; a test compiles it"
        )]
        let rulebook = RwLock::new(starter.in_force().expect("the starter rulebook is right"));
        let parts = Parts {
            store,
            clock,
            search,
            random,
            terms,
            account_terms,
            review_terms,
            hasher,
            gateway,
            mailer,
            media,
            shipping_rates,
            carrier_deadline,
            tax_provider,
            trouble,
            rulebook,
            search_settings,
        };
        Engine { parts: Arc::new(parts) }
    }
}

impl Parts {
    pub(crate) fn ids(&self, now: Timestamp) -> Ids {
        Ids::new(self.random.seed(), now)
    }

    /// Writes what a decision changes. Decisions say whom to write to; a shop without a mailer leaves that out, and nobody
    /// is written to who left.
    pub(crate) async fn commit(&self, changes: &mut ChangeSet) -> Result<(), CommitError> {
        changes.mail.send.retain(|mail| self.mailer.is_some() && !mail.to.is_erased());
        self.store.commit(changes).await
    }

    /// What checks passwords.
    pub(crate) fn hasher(&self) -> Result<&Arc<dyn PasswordHasher>, AccountError> {
        self.hasher.as_ref().ok_or_else(|| AccountError::Hasher("there is no hasher".to_owned()))
    }

    /// The rulebook in force; before the shop applied one, the starter with version 0.
    pub(crate) async fn rules_in_force(&self) -> Result<Arc<RulesInForce>, StoreError> {
        let view = self.store.cart(&crate::cart::Look::default()).await?;
        self.rulebook(view.rulebook_version).await
    }

    /// The rulebook of the version that a look named, or a later one. What is decided by it names its version in the
    /// change set, so a rulebook that changed since the look makes the commit stale and nothing else.
    pub(crate) async fn rulebook(&self, version: u64) -> Result<Arc<RulesInForce>, StoreError> {
        let known = Arc::clone(&self.rulebook.read().unwrap_or_else(PoisonError::into_inner));
        if known.version == version {
            return Ok(known);
        }
        let Some(stored) = self.store.rulebook().await? else { return Ok(known) };
        let version = stored.version;
        let broken = |errors: Vec<crate::pricing::RulebookError>| {
            let first = errors.first().map_or_else(String::new, ToString::to_string);
            StoreError::invalid_row("rulebooks", "document", version, first)
        };
        let stored = stored.in_force().map_err(broken)?;
        let mut kept = self.rulebook.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Arc::clone(&stored);
        Ok(stored)
    }
}
