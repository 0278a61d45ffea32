//! Reviews: what buyers say of what they bought.
//!
//! A customer reviews a product once, and by default only what an order brought them: [`submit`] looks for the purchase. What
//! they write is plain text, cleaned where it comes in, and goes through the shop's [rules](ReviewTerms): what these find
//! makes it wait for somebody to [moderate](moderate()) it, and so do enough [reports](report()) later on. Its author may [edit] it, which
//! goes through the rules again, and [delete](withdraw) it. Others [vote] whether it helped.
//!
//! What a product was rated is not added up when it is shown: five counters beside the product rise and fall by guarded
//! deltas in the commit in which a review begins or ceases to count. [`Ratings`] is what they say, `RATING_SUM` of the doctor
//! compares them with the reviews.

mod changes;
mod content;
mod error;
mod moderate;
mod opinion;
mod purchase;
mod rating;
mod search;
mod service;
mod terms;
#[cfg(test)]
mod tests;
mod types;
mod view;
mod write;

pub use changes::{Changes, RatingChange, VoteChange, Write};
pub use content::{Content, Draft, Flaw};
pub use error::ReviewError;
pub use moderate::{Moderate, moderate};
pub use opinion::{Reason, Report, ReportCommand, Vote, report, vote};
pub use purchase::Purchase;
pub use rating::{Rating, RatingError, Ratings};
pub use search::{Found, Of, Search, Sort};
pub use service::{ReviewAnswer, Reviews};
pub use terms::{ReviewTerms, ReviewTermsError};
pub use types::{Finding, KnownProduct, Moderation, Review, Shown, Status};
pub use view::{About, Look, View};
pub(crate) use write::erased;
pub use write::{Edit, Submit, Withdraw, edit, submit, withdraw};
