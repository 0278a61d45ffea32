//! placeholder
#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop")]
mod clock;
mod item;
mod scene;

pub use clock::{MockClock, SeededRandom, seed, soaking};
pub use item::*;
pub use scene::*;
