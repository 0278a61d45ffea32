//! What happens to every request before and after its handler, the outermost first: [`Observe`] gives it an id and a span
//! and turns every error into a problem, [`Limits`] bounds its size and time, [`Slash`] settles its path.

mod limits;
mod observe;
mod slash;

pub(crate) use limits::Limits;
pub(crate) use observe::Observe;
pub(crate) use slash::Slash;
