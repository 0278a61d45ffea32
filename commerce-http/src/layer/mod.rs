//! What happens to every request before and after its handler, the outermost first: [`Observe`] gives it an id and a span
//! and turns every error into a problem, [`Cors`] lets pages of other origins in or not, [`Rate`] counts who asks,
//! [`Limits`] bounds its size and time, [`Slash`] settles its path.

mod answer_headers;
mod cors;
mod limits;
mod observe;
mod rate;
mod slash;

pub(crate) use answer_headers::AnswerHeaders;
pub(crate) use cors::Cors;
pub use cors::{Origin, OriginError};
pub(crate) use limits::{Limits, discard};
pub(crate) use observe::Observe;
pub(crate) use rate::{Counter, Rate, is_counted, reads};
pub(crate) use slash::Slash;
