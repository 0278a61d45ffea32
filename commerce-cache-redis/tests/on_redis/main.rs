//! On real Redis servers, which the tests start, kill, stop and empty.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cache;
mod cluster;
mod limiter;
mod server;
