//! Files that somebody sends, taken in by a job.
//!
//! What comes over HTTP may be larger than a request has time for, and the server may end in the middle. So the file is
//! kept first, in pieces; then it is accepted, and from that moment on it is taken in, by whichever server is free. A
//! server that takes an import up has a lease of it. With each batch of the file it writes, in the same commit, how far
//! it has come and what was refused: whoever takes the import up after a crash goes on exactly behind the last batch
//! that was committed, so that nothing is taken twice and nothing is left out. Every write of an import names the
//! version that was read. Two servers that both believe to have it cannot both go on.
//!
//! What the file says is not read here: [`progress`](Import::progress) is for whoever reads it, and the words of that.

mod changes;
mod decide;
mod service;
#[cfg(test)]
mod tests;
mod types;

pub use changes::{Changes, Chunk, Forget};
pub use decide::{TRIES_MAX, WAITING_MAX, accept, cancel, open, take_up};
pub use service::{Accepted, Chunks, Imports, Receiving, Taken};
pub use types::{Format, Import, ImportError, Kind, Look, RefusedRow, Search, State, Terms, View};
