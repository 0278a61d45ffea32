//! The client against a server that answers, or fails to, what a test tells it to.

mod answers;
mod double;
mod faults;
