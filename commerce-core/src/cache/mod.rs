//! Answers of the public catalogue, kept as long as they are right.
//!
//! # What is kept
//!
//! The serialised answer with its validator, a [`Kept`]: a hit is a lookup, and bytes that go to the socket as they are.
//! Only what is the same for everybody is kept, under a [`Question`] that holds every input which changes the answer. Carts,
//! orders and decisions never read from here: a confirm looks at the store, whatever a page has shown.
//!
//! # When it is right
//!
//! The store keeps a [`Generation`] of the catalogue and moves it on in the very transaction that changes a product, a price
//! or what is left of something. Keys carry it, so that nothing is ever deleted: after a change nobody asks for the old keys
//! any more, and they go as what is least used goes. That no change is missed does not depend on a message that may be lost
//! or on a cache that may be down, for the number is the store's own.
//!
//! A server looks at the generation once in a while and not for each answer. `Answers` (feature `answers`) goes by these rules:
//!
//! - What was seen less than 250 ms ago is believed.
//! - After that the first who asks looks again, and the others go on meanwhile with what was seen, but for no longer than
//!   750 ms: when the store does not answer, neither does the cache.
//! - An answer of the generation before may still be given while a new one is made, as long as its generation was seen to be
//!   the present one less than 750 ms ago. So a change never makes everybody wait, and nothing is shown for longer
//!   than that after it has changed.
//! - Who has changed something says so (`Answers::touch`), and sees it at once. If it turns out that nothing was changed,
//!   nothing is made anew.
//!
//! # Where it is kept
//!
//! Near, in the memory of the process, bounded by bytes; of many who ask for the same at once, one asks the store. And far,
//! where there is one: a [`Cache`](crate::Cache) that servers share, so that one of them makes an answer for all. A far cache
//! that is down, hung, empty or wrong is as good as none: what comes from it is compared with its validator.

mod generation;
#[cfg(feature = "answers")]
mod in_process;
mod kept;
mod question;
#[cfg(feature = "answers")]
mod service;
#[cfg(feature = "answers")]
mod watch;

pub use generation::{Generation, Shard};
#[cfg(feature = "answers")]
pub use in_process::InProcessCache;
pub use kept::{Kept, validator};
pub use question::{Place, Question};
#[cfg(feature = "answers")]
pub use service::{Answers, Found, Made};
#[cfg(feature = "answers")]
pub use watch::{BELIEVED, LOOK_AGAIN};
