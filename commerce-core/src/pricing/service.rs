//! The rulebook: look, decide, commit.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::targets::Targets;
use super::{Gone, Rulebook, RulebookError, RulesInForce, StoredRulebook, Wrong};
use crate::account;
use crate::attempts::Attempts;
use crate::audit::{Actor, Entry, Search};
use crate::cart::Look;
use crate::commit::{ChangeSet, StoreError};
use crate::customer::Zone;
use crate::engine::Parts;
use crate::idempotency::{KeyReused, Outcome, Request};
use crate::{AuditId, Timestamp};

/// The rulebook of the shop; reached by [`Engine::rules`](crate::Engine::rules).
#[derive(Clone)]
pub struct Rules {
    pub(crate) parts: Arc<Parts>,
}

/// A change of the rulebook, as its audit row tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleChange {
    /// What is done: `promotion.create`.
    pub action: String,
    /// To what: `promotion:summer`.
    pub target: String,
    /// What was there before; null when nothing was.
    pub before: Value,
    /// What is there now; null when nothing is.
    pub after: Value,
}

/// A change of the rulebook that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct RulesChanged {
    /// The version of the rulebook with it.
    pub version: u64,
    /// What was changed.
    pub change: RuleChange,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

/// Why a rulebook was not applied. The one before stays in force.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// Something in it is wrong.
    #[error("the rulebook has {} error(s), the first at {}", .0.len(), .0.first().map_or_else(String::new, ToString::to_string))]
    Invalid(Vec<RulebookError>),
    /// The catalogue has prices in another currency.
    #[error("the catalogue is priced in {catalog}, so the rulebook cannot be in {rulebook}")]
    Currency {
        /// The currency of the catalogue.
        catalog: crate::Currency,
        /// The currency of the rulebook.
        rulebook: crate::Currency,
    },
    /// Coupons are for a promotion that would be gone: they would be worth nothing, and look as if nobody had made them.
    #[error("coupons are for the promotion `{0}`: end it instead, or keep it ended")]
    HasCoupons(String),
    /// Accounts are in the group that would be gone: it would mean nothing, until another gets its code.
    #[error(
        "accounts are in the customer group `{0}`: put them elsewhere first, GET /api/users/all/?customer_group={0} lists them"
    )]
    HasMembers(String),
    /// What is to be changed is not there.
    #[error("there is no such rule")]
    NotFound,
    /// A rule of this code is there already.
    #[error("there is a rule of this code already")]
    Exists,
    /// The rulebook is not in the version that the change was made for.
    #[error("the rulebook has version {now} by now")]
    Version {
        /// The version in force.
        now: u64,
    },
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Too many others changed the same at the same time.
    #[error("the rulebook is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Rules {
    /// The rulebook in force; before the shop applied one, the starter with version 0.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn show(&self) -> Result<Arc<RulesInForce>, StoreError> {
        self.parts.rules_in_force().await
    }

    /// Puts the rulebook in force: carts are priced by it from now on, orders placed before keep their prices.
    ///
    /// # Errors
    /// [`RulesError::Invalid`] names what is wrong; [`RulesError::Currency`], [`RulesError::HasCoupons`].
    pub async fn apply(&self, rulebook: Rulebook, actor: &Actor) -> Result<StoredRulebook, RulesError> {
        let changed = self.change(None, actor, None, |before| {
            let change = RuleChange {
                action: "rules.apply".to_owned(),
                target: "rulebook".to_owned(),
                before: json!({"currency": before.currency}),
                after: json!({"currency": rulebook.currency}),
            };
            *before = rulebook.clone();
            Ok(change)
        });
        let version = changed.await?.version;
        Ok(StoredRulebook { version, rulebook })
    }

    /// Changes a part of the rulebook in force. When somebody else changes it at the same time, `change` is asked again
    /// with what is in force by then, unless a version is expected. A request that was answered before is answered again,
    /// with the change that it made.
    ///
    /// # Errors
    /// What `change` refuses; [`RulesError::Version`] when another version than the expected one is in force; and as
    /// [`apply`](Self::apply).
    pub async fn change(
        &self,
        expected_version: Option<u64>,
        actor: &Actor,
        request: Option<&Request>,
        mut change: impl FnMut(&mut Rulebook) -> Result<RuleChange, RulesError>,
    ) -> Result<RulesChanged, RulesError> {
        let look = Look { repeated: request.map(|request| request.scope.clone()), ..Look::default() };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.cart(&look).await?;
            if let (Some(request), Some(record)) = (request, &view.record) {
                return Ok(self.changed(request.audited_by(record)?).await?);
            }
            let rules = self.parts.rulebook(view.rulebook_version).await?;
            if expected_version.is_some_and(|expected| expected != rules.version) {
                return Err(RulesError::Version { now: rules.version });
            }
            let mut rulebook = rules.rulebook.clone();
            let change = change(&mut rulebook)?;
            let gone = gone(&rulebook, &rules.rulebook);
            self.check(&rulebook, &rules.rulebook, &gone).await?;
            let version = rules.version + 1;
            let stored = StoredRulebook { version, rulebook };
            let row = change.told(version, self.parts.ids(view.now).fresh(), view.now, actor);
            let changes = ChangeSet {
                pricing: super::Changes { rulebook: Some(stored), gone },
                idempotency: request.map(|request| request.record(Outcome::Audited(row.id), view.now)),
                audit: vec![row],
                ..ChangeSet::default()
            };
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(RulesChanged { version, change, replayed: false }),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// The change that was made before, from its audit row.
    async fn changed(&self, row: AuditId) -> Result<RulesChanged, StoreError> {
        let search = Search { id: Some(row), ..Search::default() };
        let found = self.parts.store.audit(&search, 1).await?.pop();
        found.and_then(RuleChange::read).ok_or_else(|| {
            StoreError::invalid_row("audit", "data", row, "a recorded change of the rules is not there")
        })
    }

    /// Looks for what is wrong with a rulebook that is to follow the one in force.
    async fn check(&self, rulebook: &Rulebook, in_force: &Rulebook, gone: &Gone) -> Result<(), RulesError> {
        rulebook.compile().map_err(RulesError::Invalid)?;
        let strange = strange_areas(rulebook, in_force);
        if !strange.is_empty() {
            return Err(RulesError::Invalid(strange));
        }
        for promotion in &gone.promotions {
            if !self.parts.store.coupons(Some(promotion.clone()), None, 1).await?.is_empty() {
                return Err(RulesError::HasCoupons(promotion.clone()));
            }
        }
        for group in &gone.groups {
            let members =
                account::Search { customer_group: Some(group.clone()), ..account::Search::default() };
            if !self.parts.store.accounts(&members, 1).await?.is_empty() {
                return Err(RulesError::HasMembers(group.clone()));
            }
        }
        if rulebook.currency != in_force.currency {
            let priced = self.parts.store.export(None, 1).await?.products;
            let catalog =
                priced.iter().find_map(|product| product.cheapest()).map(|variant| variant.price.currency);
            if let Some(catalog) = catalog.filter(|catalog| *catalog != rulebook.currency) {
                return Err(RulesError::Currency { catalog, rulebook: rulebook.currency });
            }
        }
        let targets = Targets::new_in(rulebook, in_force);
        if targets.is_empty() {
            return Ok(());
        }
        let catalog = self.parts.store.import_view(&targets.keys()).await?;
        let unknown = targets.unknown(&catalog);
        if unknown.is_empty() { Ok(()) } else { Err(RulesError::Invalid(unknown)) }
    }
}

/// Zones that come into force and name parts of countries which these do not have.
fn strange_areas(rulebook: &Rulebook, in_force: &Rulebook) -> Vec<RulebookError> {
    let mut errors = Vec::new();
    let mut root = Wrong::root(&mut errors);
    let both = [
        ("tax", &rulebook.tax.zones, &in_force.tax.zones),
        ("shipping", &rulebook.shipping.zones, &in_force.shipping.zones),
    ];
    for (part, zones, before) in both {
        Zone::check_new(zones, before, &mut root.below(part).below("zones"));
    }
    errors
}

impl RuleChange {
    /// The audit row that tells of it.
    fn told(&self, version: u64, id: AuditId, at: Timestamp, actor: &Actor) -> Entry {
        let Self { action, target, before, after } = self.clone();
        let data = json!({"version": version, "before": before, "after": after});
        Entry { id, at, actor: actor.clone(), action, target, data }
    }

    /// What an audit row tells of.
    fn read(row: Entry) -> Option<RulesChanged> {
        let Entry { action, target, mut data, .. } = row;
        let version = data.get("version")?.as_u64()?;
        let [before, after] = ["before", "after"].map(|name| data.get_mut(name).map(Value::take));
        let change = RuleChange { action, target, before: before?, after: after? };
        Some(RulesChanged { version, change, replayed: true })
    }
}

/// What `rulebook` has no more.
fn gone(rulebook: &Rulebook, in_force: &Rulebook) -> Gone {
    let promotions =
        |rules: &Rulebook| rules.promotions.iter().map(|promotion| promotion.code.clone()).collect();
    let groups = |rules: &Rulebook| rules.customer_groups.iter().map(|group| group.code.clone()).collect();
    Gone {
        promotions: without(promotions(in_force), &promotions(rulebook)),
        groups: without(groups(in_force), &groups(rulebook)),
    }
}

fn without(mut codes: Vec<String>, kept: &[String]) -> Vec<String> {
    let kept: HashSet<&String> = kept.iter().collect();
    codes.retain(|code| !kept.contains(code));
    codes
}
