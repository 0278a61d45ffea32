//! Points at which a crash test ends the process.
//!
//! Without the feature `crash-points`, which is how a shop is built, a point is nothing. With it, the process aborts where
//! `COMMERCE_CRASH_POINT` says, as if the machine had lost its power between two steps that cannot be one: a commit and
//! what the gateway is asked for, what it answered and the commit that records it; a mail that was sent and the commit that
//! says so.

/// The variable that names the point to crash at.
#[cfg(feature = "crash-points")]
pub const VARIABLE: &str = "COMMERCE_CRASH_POINT";

/// Every point of a payment, in the order in which it passes them.
#[cfg(feature = "crash-points")]
pub const POINTS: &[&str] = &[
    // The order is placed with its attempt; the gateway has not heard of it.
    "confirm.placed",
    // Another attempt is open; the gateway has not heard of it.
    "initialize.opened",
    // The gateway has started an attempt, of a confirm or of an initialize; that is not recorded.
    "payment.answered",
    // A message is stored; the gateway was not told so.
    "webhook.stored",
    // Somebody has a message to itself, and has done nothing about it.
    "webhook.claimed",
    // What a message is about is settled; the message still waits.
    "webhook.settled",
    // Money is to go back; the gateway has not heard of it.
    "refund.requested",
    // It is written down that the gateway is asked for a refund; it was not.
    "refund.asked",
    // The gateway has taken a refund; that is not recorded.
    "refund.answered",
];

/// Every point of a mail.
#[cfg(feature = "crash-points")]
pub const MAIL_POINTS: &[&str] = &[
    // Somebody has a mail to itself, and has not sent it.
    "mail.claimed",
    // The mail system has taken a mail; that is not recorded.
    "mail.sent",
];

/// Ends the process here, if it is to end at this point.
#[cfg(feature = "crash-points")]
pub(crate) fn point(name: &str) {
    // A point that is not on the list is one at which no test crashes.
    assert!(POINTS.contains(&name) || MAIL_POINTS.contains(&name), "the crash point {name} is not listed");
    if std::env::var_os(VARIABLE).is_some_and(|named| named == name) {
        std::process::abort();
    }
}

/// Nothing: this build has no crash points.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub(crate) fn point(_: &str) {}
