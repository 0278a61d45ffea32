//! Payments: how an order is paid, how far that got, and how money goes back.
//!
//! A gateway is somebody else's machine: it may be slow, say nothing, say it twice, or say it days later. So everything
//! that could change our money is one step that may be taken by anybody, any number of times, in any order, and ends the
//! same:
//!
//! 1. *Intent.* The order, its reservation and the attempt with **our own reference** are committed before the gateway
//!    hears of anything. No message can ever come for a reference of ours that we do not know, and a crash leaves something
//!    to ask about.
//! 2. *Ask.* The gateway is asked, outside of any transaction, and its answer is recorded by a new look, decision and
//!    commit. When the answer is lost, the gateway is asked what became of the reference before anything is asked again.
//! 3. *Settle.* The shopper's return, a look at the reference, the gateway's message and the reconciler all do the same:
//!    they ask the gateway about the reference and hand its answer to [`settle`]. It compares amount, currency, reference
//!    and mode with what was stored; only then is the order paid. Whatever else came is an [`Unmatched`] row that staff can
//!    see, and nothing is shipped for it.
//!
//! Every movement of money is an entry of the [`journal`], and refunds are taken from what was captured under the
//! attempt's version, so that two of them never take the same money.

mod changes;
mod collect;
mod error;
mod gateway;
mod give_back;
pub mod inbox;
pub mod journal;
mod pay_back;
mod refund;
mod restock;
mod service;
mod settle;
mod start;
mod state;
mod terms;
mod types;
mod unmatched;

pub use changes::{Advance, Changes, MessageAdvance, RefundAdvance, UnmatchedAdvance};
pub(crate) use collect::came_back;
pub use collect::{Collect, ReturnToSender, collect, return_to_sender};
pub use error::PaymentError;
pub use gateway::{
    Charge, ChargePage, ChargeStatus, ChargeWindow, GatewayError, GatewayMode, GatewayRefund, GatewayTrouble,
    Instructions, Intent, MobileMoney, NextAction, Notice, NoticeError, RefundRequest,
};
pub(crate) use give_back::give_back;
pub use pay_back::{PayBack, What, pay_back, pay_back_unmatched, resolve_unmatched};
pub(crate) use refund::Wish;
pub use refund::{REFUND_MOVES, Refund, RefundLine, RefundProgress, RefundSource, RefundState, RefundView};
pub use service::{Finding, PaymentAnswer, Payments, ReceiveError, ReconcileError, Reconciled, RefundAnswer};
pub(crate) use settle::for_good;
pub use settle::{Reopening, Settlement, lapsed, settle, stray, unheard_of};
pub use start::{Initialize, Turn, answered, claim, initialize, turn};
pub use state::{PAYMENT_MOVES, PaymentState};
pub use terms::PaymentTerms;
pub use types::{Opening, Payment, PaymentMethod, PaymentMethodError, PaymentReference, Progress};
pub use unmatched::{Unmatched, UnmatchedKey, UnmatchedReason, UnmatchedState, UnmatchedView};

#[cfg(all(test, feature = "testkit"))]
mod tests;
