//! Where stock lies: look, decide, commit.

use serde_json::json;

use super::{Inventory, InventoryError};
use crate::attempts::Attempts;
use crate::audit::{Actor, Entry};
use crate::commit::{ChangeSet, StoreError};
use crate::idempotency::{Outcome, Request};
use crate::inventory::location::{may_become, told};
use crate::inventory::{Changes, Location, LocationChange, Look, NewLocation, View};

/// A location that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationChanged {
    /// The location as it is now.
    pub location: Location,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

impl Inventory {
    /// The locations, by priority, then code.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn locations(&self) -> Result<Vec<Location>, StoreError> {
        self.parts.store.locations().await
    }

    /// Adds a location unless one has its code already; answers the one that has.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn add_location(
        &self,
        code: &str,
        name: &str,
        priority: i32,
    ) -> Result<Location, InventoryError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            if let Some(known) = self.locations().await?.into_iter().find(|location| location.code == code) {
                return Ok(known);
            }
            let id = self.parts.ids(self.parts.clock.now()).fresh();
            let location = Location::new(id, code, name, priority);
            let mut changes = ChangeSet::default();
            changes.inventory.locations.push(location.clone());
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(location),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// A location, by its code.
    ///
    /// # Errors
    /// [`InventoryError::NotFound`].
    pub async fn location(&self, code: &str) -> Result<Location, InventoryError> {
        let found = self.locations().await?.into_iter().find(|location| location.code == code);
        found.ok_or(InventoryError::NotFound)
    }

    /// Makes a location. A request that was answered before is answered again, with the location as it is now.
    ///
    /// # Errors
    /// [`InventoryError::Exists`], [`InventoryError::Invalid`], [`InventoryError::KeyReused`].
    pub async fn create_location(
        &self,
        new: &NewLocation,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<LocationChanged, InventoryError> {
        new.check()?;
        let look = Look { repeated: request.map(|request| request.scope.clone()), ..Look::default() };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let View { now, locations, record, .. } = self.parts.store.inventory(&look).await?;
            let known = locations.iter().find(|location| location.code == new.code);
            if let (Some(request), Some(record)) = (request, &record) {
                request.audited_by(record)?;
                let location = known.cloned().ok_or(InventoryError::NotFound)?;
                return Ok(LocationChanged { location, replayed: true });
            }
            if known.is_some() {
                return Err(InventoryError::Exists(new.code.clone()));
            }
            let last = locations.iter().map(|location| location.priority).max();
            let priority = last.map_or(0, |last| last.saturating_add(1));
            let mut ids = self.parts.ids(now);
            let location = new.rest.of(&Location::new(ids.fresh(), &new.code, "", priority))?;
            let entry = Entry {
                id: ids.fresh(),
                at: now,
                actor: actor.clone(),
                action: "warehouse.create".to_owned(),
                target: format!("warehouse:{}", location.code),
                data: json!({ "before": told(None), "after": told(Some(&location)) }),
            };
            let changes = ChangeSet {
                inventory: Changes { locations: vec![location.clone()], ..Default::default() },
                idempotency: request.map(|request| request.record(Outcome::Audited(entry.id), now)),
                audit: vec![entry],
                ..ChangeSet::default()
            };
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(LocationChanged { location, replayed: false }),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Changes a location, if it is at the version `expected`. When nothing changes, nothing is recorded.
    ///
    /// One that is to be active no more has to be empty, and loses its levels: what was kept back there, and below how
    /// much to order.
    ///
    /// # Errors
    /// [`InventoryError::NotFound`], [`InventoryError::Version`], [`InventoryError::InTheWay`],
    /// [`InventoryError::Invalid`].
    pub async fn revise_location(
        &self,
        code: &str,
        change: &LocationChange,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Location, InventoryError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let id = self.location(code).await?.id;
            let look = Look { weigh: Some(id), ..Look::default() };
            let View { now, locations, holdings, .. } = self.parts.store.inventory(&look).await?;
            let before = locations.iter().find(|known| known.id == id).ok_or(InventoryError::NotFound)?;
            if expected.is_some_and(|expected| expected != before.version) {
                return Err(InventoryError::Version(before.version));
            }
            let mut after = change.of(before)?;
            if after == *before {
                return Ok(after);
            }
            may_become(before, &after, holdings)?;
            after.version = before.version + 1;
            let action = match (before.active, after.active) {
                (true, false) => "warehouse.deactivate",
                _ => "warehouse.update",
            };
            let mut changes = ChangeSet::default();
            changes.audit.push(Entry {
                id: self.parts.ids(now).fresh(),
                at: now,
                actor: actor.clone(),
                action: action.to_owned(),
                target: format!("warehouse:{code}"),
                data: json!({ "before": told(Some(before)), "after": told(Some(&after)) }),
            });
            changes.inventory.revise.push((after.clone(), before.version));
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(after),
                Err(error) => attempts.again(error).await?,
            }
        }
    }
}
