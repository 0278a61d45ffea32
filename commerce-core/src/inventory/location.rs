//! Locations: made, changed, closed.

use serde_json::{Value, json};

use super::{Holdings, InventoryError, Location};
use crate::customer::Country;
use crate::text::has_control;

/// A location to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLocation {
    /// Its code: 1 to [`Location::CODE_MAX`] letters, digits, hyphens, underscores and full stops.
    pub code: String,
    /// All else.
    pub rest: LocationChange,
}

/// What is to be changed of a location: nothing of what is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocationChange {
    /// Its name.
    pub name: Option<String>,
    /// Its rank.
    pub priority: Option<i32>,
    /// Where it is.
    pub address: Option<String>,
    /// In which country; `Some(None)`: in none that is said.
    pub country: Option<Option<Country>>,
    /// Whether goods lie there.
    pub active: Option<bool>,
}

impl NewLocation {
    /// Whether the code may be one.
    pub(super) fn check(&self) -> Result<(), InventoryError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let right =
            !self.code.is_empty() && self.code.len() <= Location::CODE_MAX && self.code.chars().all(fits);
        if right && self.code.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Ok(());
        }
        let reason =
            "has 1 to 64 letters, digits, hyphens, underscores and full stops, a letter or digit first";
        Err(InventoryError::Invalid { field: "code", reason })
    }
}

impl LocationChange {
    /// The location as it will be, its version not yet grown.
    pub(super) fn of(&self, before: &Location) -> Result<Location, InventoryError> {
        let Self { name, priority, address, country, active } = self;
        let name = name.as_deref().map_or(before.name.as_str(), str::trim);
        if name.is_empty() || name.chars().count() > Location::NAME_MAX || has_control(name) {
            let reason = "has 1 to 200 characters and no control characters";
            return Err(InventoryError::Invalid { field: "name", reason });
        }
        let address = address.as_deref().map_or(before.address.as_str(), str::trim);
        let lines = address.chars().any(|c| c.is_control() && c != '\n');
        if address.chars().count() > Location::ADDRESS_MAX || lines {
            let reason = "has at most 1000 characters and no control characters but ends of lines";
            return Err(InventoryError::Invalid { field: "address", reason });
        }
        Ok(Location {
            name: name.to_owned(),
            priority: priority.unwrap_or(before.priority),
            address: address.to_owned(),
            country: country.unwrap_or(before.country),
            active: active.unwrap_or(before.active),
            ..before.clone()
        })
    }
}

/// Whether a location may become the other: nothing lies where nothing is to lie.
pub(super) fn may_become(
    before: &Location,
    after: &Location,
    holdings: Holdings,
) -> Result<(), InventoryError> {
    if before.active && !after.active && holdings != Holdings::default() {
        return Err(InventoryError::InTheWay(holdings));
    }
    Ok(())
}

/// What an audit row says of it.
pub(super) fn told(location: Option<&Location>) -> Value {
    location.map_or(Value::Null, |location| {
        json!({
            "name": location.name, "priority": location.priority, "address": location.address,
            "country": location.country, "active": location.active,
        })
    })
}
