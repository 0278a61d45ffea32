//! Moves of an order's machines, gathered for one change set.

use super::{
    Advance, Changes, FulfillmentState, InvalidTransition, Machine, OrderState, OrderView, Transition,
};
use super::{ORDER_MOVES, check};
use crate::Timestamp;
use crate::audit::Actor;
use crate::payment::{PAYMENT_MOVES, PaymentState};

/// What an order becomes by one decision: each move is checked against the tables and leaves a row of history.
pub(crate) struct Moves<'a> {
    view: &'a OrderView,
    actor: Actor,
    status: OrderState,
    payment_status: PaymentState,
    fulfillment_status: FulfillmentState,
    /// Until when it can be paid now.
    pub(crate) pay_until: Option<Timestamp>,
    history: Vec<Transition>,
}

impl<'a> Moves<'a> {
    /// The order as it was read.
    pub(crate) fn of(view: &'a OrderView, actor: Actor) -> Self {
        let order = &view.order;
        Self {
            view,
            actor,
            status: order.status,
            payment_status: order.payment_status,
            fulfillment_status: order.fulfillment_status,
            pay_until: order.pay_until,
            history: Vec::new(),
        }
    }

    /// Moves the order itself.
    pub(crate) fn order(&mut self, to: OrderState, note: &str) -> Result<(), InvalidTransition> {
        let from = self.status;
        self.status = check(ORDER_MOVES, from, to, OrderState::as_str)?;
        self.note(Machine::Order, from.as_str(), to.as_str(), note);
        Ok(())
    }

    /// Moves its payment; staying where it is, is no move.
    pub(crate) fn payment(&mut self, to: PaymentState, note: &str) -> Result<(), InvalidTransition> {
        let from = self.payment_status;
        if from != to {
            self.payment_status = check(PAYMENT_MOVES, from, to, PaymentState::as_str)?;
            self.note(Machine::Payment, from.as_str(), to.as_str(), note);
        }
        Ok(())
    }

    /// Moves its goods.
    pub(crate) fn fulfillment(&mut self, to: FulfillmentState, note: &str) -> Result<(), InvalidTransition> {
        let from = self.fulfillment_status;
        self.fulfillment_status = check(super::FULFILLMENT_MOVES, from, to, FulfillmentState::as_str)?;
        self.note(Machine::Fulfillment, from.as_str(), to.as_str(), note);
        Ok(())
    }

    /// Where the order stands now.
    pub(crate) fn status(&self) -> OrderState {
        self.status
    }

    /// The version that the order will have.
    pub(crate) fn version(&self) -> u64 {
        self.view.order.version + 1
    }

    /// What to commit: also when nothing moved, the order's version grows, so that two decisions about one order never
    /// rely on the same view of it.
    pub(crate) fn changes(self) -> Changes {
        let order = &self.view.order;
        Changes {
            place: None,
            advance: Some(Advance {
                id: order.id,
                expected_version: order.version,
                status: self.status,
                payment_status: self.payment_status,
                fulfillment_status: self.fulfillment_status,
                pay_until: self.pay_until,
            }),
            notes: Vec::new(),
            history: self.history.into_iter().map(|transition| (order.id, transition)).collect(),
        }
    }

    fn note(&mut self, machine: Machine, from: &str, to: &str, note: &str) {
        self.history.push(Transition {
            machine,
            from: Some(from.to_owned()),
            to: to.to_owned(),
            actor: self.actor.clone(),
            note: note.to_owned(),
            at: self.view.now,
        });
    }
}
