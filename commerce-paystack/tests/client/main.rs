//! The client against a server that answers, or fails to, what a test tells it to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod double;
mod faults;
mod gateway;
