//! Rate limits: how much one caller may ask for, counted so that it fits into one number a caller.
//!
//! # The rule
//!
//! Each caller has, for each budget, a schedule on which its requests would be evenly spread over the period: one every
//! `period / limit`. A request that comes early is let through as long as the caller is no more than its burst ahead of
//! the schedule; one that would lead further is refused, and told when it would not. This is the *generic cell rate
//! algorithm* in its form of virtual scheduling, as ITU-T Recommendation I.371 (annex A) defines it for ATM networks. A
//! window that begins anew every hour lets through twice its limit around the full hour, and a log of requests grows
//! with the limit; this needs one number, which is exact, and a refusal costs a caller nothing.
//!
//! The number is the **debt**: how long it takes until the caller has all of its burst again. [`Quota::take`] decides by
//! it, and is the only place that does. A limiter stores when a debt has run out; a caller without debt is not stored
//! at all. So within any span of time `t` no more than `burst + t / (period / limit)` requests pass, and of these `limit`
//! in a period is the lasting rate.
//!
//! # What is counted
//!
//! [`Budget`] lists the budgets, [`Budgets`] what each of them allows. Who the caller is, and which budgets a request
//! draws on, is decided by whoever speaks with callers: the server.

mod budget;
mod in_process;
mod quota;

pub use budget::{Budget, Budgets, UnknownBudget};
pub use in_process::InProcessLimiter;
pub use quota::{Quota, QuotaError, Verdict};
