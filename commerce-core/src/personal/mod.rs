//! What the shop knows of somebody: guest orders that they claim as theirs, and what becomes of all of it when they leave.
//!
//! Whoever erases their account leaves nothing behind that says who they were, and everything that says what was sold: the
//! law keeps orders, and the books must add up. So an order stays with its amounts, its lines and its states; names,
//! addresses, phone numbers and e-mail addresses in it are replaced, and it belongs to nobody. All else is deleted: of a review
//! its words too, and what is left of it is a row that says that there was one. Votes and reports count on as nobody's.
//!
//! One trace remains on purpose: the keys for which uses of promotions are counted
//! ([`CustomerKey`](crate::promotion::CustomerKey)) are hashes of e-mail addresses, and stay with the orders, so that
//! whoever leaves and comes back has used what they had used.
//!
//! An order that is still under way needs its address, so nobody leaves before it has ended.

mod changes;
mod claim;
mod erase;
mod export;
mod service;
mod view;

pub use changes::{Anonymised, Changes, Claim, Erasure};
pub use claim::{Claimed, claim};
pub use erase::erase;
pub use export::Export;
pub use service::Personal;
pub use view::{KnownOrder, Look, View};
