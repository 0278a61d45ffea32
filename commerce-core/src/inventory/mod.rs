//! Stock: what is where, what is promised, and the movements that explain it.
//!
//! A cart never reserves; confirming it does, in the same commit as the order. What is on hand changes only by
//! movements, so the sum of a variant's movements at a location is what is on hand there. What is reserved is the sum
//! of the open reservations. Both are kept as counters beside the rows that explain them, because a sale must not add
//! up history, and `commerce doctor` adds it up instead.

mod allocation;
mod changes;
mod level;
mod location;
mod moves;
mod service;
mod stock;
mod view;

pub(crate) use allocation::demand;
pub use allocation::{Allocation, Demand, Shortage, allocate};
pub use changes::{Adjustment, Changes, Fulfil, Level, Rehold, Release};
pub use level::{LevelChange, Shelved};
pub use location::{LocationChange, NewLocation};
pub use moves::{Asked, Mode, Move, Moved, Moving, Part, Refused, UNITS_MAX, move_stock};
pub use service::{Count, Inventory, InventoryError, LocationChanged, MovedStock};
pub use stock::{Hold, Location, Movement, MovementReason, Reservation, StockLevel};
pub use view::{
    Holdings, LevelRow, LevelSearch, Look, MovementRow, MovementSearch, Shelf, StockedVariant, View,
};

#[cfg(all(test, feature = "testkit"))]
mod moves_tests;
#[cfg(all(test, feature = "testkit"))]
mod tests;
