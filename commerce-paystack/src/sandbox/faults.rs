//! What goes wrong on purpose, and when.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::calls::Call;

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum On {
    /// A kind of call to the API.
    Call(Call),
    /// Any call to the API.
    AnyCall,
    /// A webhook, when it is made.
    Webhook,
    /// What becomes of a refund, decided when it is created.
    RefundOutcome,
}

/// What happens. Those of a group on another group's place do nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// Call: it is carried out at once, its answer comes this many milliseconds (of wall time) later.
    DelayMs(u64),
    /// Call: the connection is closed, nothing is carried out.
    DropBefore,
    /// Call: it is carried out, then the connection is closed without an answer.
    DropAfter,
    /// Call: refused with this HTTP status and a page of a proxy; nothing is carried out.
    Status(u16),
    /// Call: carried out, then answered with this HTTP status and a page of a proxy.
    StatusAfter(u16),
    /// Call: carried out, then answered 200 with something that is not JSON.
    Garbage,
    /// Call: carried out, then answered 200 with the first half of the JSON.
    Truncate,
    /// Call and webhook: these fields replace those of `data`, in what is sent alone. The truth stays as it is.
    Overlay(Map<String, Value>),

    /// Webhook: sent this many more times, at most 1000.
    Duplicate(u32),
    /// Webhook: sent once one that is made later was tried; kept while there is none.
    Reorder,
    /// Webhook: kept until it is released.
    Hold,
    /// Webhook: sent this many seconds of the sandbox's time later.
    LateSeconds(u64),
    /// Webhook: never sent.
    Lose,
    /// Webhook: signed with another key.
    BadSignature,

    /// Refund outcome: it fails.
    RefundFails,
    /// Refund outcome: it needs attention.
    RefundNeedsAttention,
}

impl Effect {
    /// Answers or webhooks say this amount, in hundredths.
    #[must_use]
    pub fn amount(amount: u64) -> Self {
        Self::overlay("amount", json!(amount))
    }

    /// Answers or webhooks say this currency.
    #[must_use]
    pub fn currency(code: &str) -> Self {
        Self::overlay("currency", json!(code))
    }

    /// Answers or webhooks say this status.
    #[must_use]
    pub fn status(status: &str) -> Self {
        Self::overlay("status", json!(status))
    }

    fn overlay(name: &str, value: Value) -> Self {
        Self::Overlay(Map::from_iter([(name.to_owned(), value)]))
    }
}

/// A fault: where, how often, and what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    on: On,
    effect: Effect,
    #[serde(default = "once")]
    times: u32,
    #[serde(default)]
    skip: u32,
    #[serde(default)]
    only: Option<String>,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// Strikes the next call of this kind.
    #[must_use]
    pub fn call(call: Call, effect: Effect) -> Self {
        Self::on(On::Call(call), effect)
    }

    /// Strikes the next webhook.
    #[must_use]
    pub fn webhook(effect: Effect) -> Self {
        Self::on(On::Webhook, effect)
    }

    /// Strikes here, once.
    #[must_use]
    pub fn on(on: On, effect: Effect) -> Self {
        Self { on, effect, times: 1, skip: 0, only: None }
    }

    /// Strikes this many times.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// Lets this many pass first.
    #[must_use]
    pub fn skip(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    /// Strikes only what has to do with this: the reference or id of a call, the event or the reference of a webhook.
    #[must_use]
    pub fn only(self, subject: impl Into<String>) -> Self {
        Self { only: Some(subject.into()), ..self }
    }

    /// Whether it is meant; counts down what it lets pass and how often it strikes.
    fn strikes(&mut self, on: On, subjects: &[&str]) -> bool {
        let here = self.on == on || (self.on == On::AnyCall && matches!(on, On::Call(_)));
        let meant = self.only.as_deref().is_none_or(|only| subjects.contains(&only));
        if !here || !meant {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.times = self.times.saturating_sub(1);
        true
    }
}

/// The faults that wait.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn set(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push(fault);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn waiting(&self) -> &[Fault] {
        &self.0
    }

    /// The effect of the first fault that strikes here.
    pub(crate) fn take(&mut self, on: On, subjects: &[&str]) -> Option<Effect> {
        let index = self.0.iter_mut().position(|fault| fault.strikes(on, subjects))?;
        let effect = self.0[index].effect.clone();
        if self.0[index].times == 0 {
            self.0.remove(index);
        }
        Some(effect)
    }
}

/// Writes the fields of an overlay over those of `data`.
pub(crate) fn overlay(data: &mut Value, over: &Map<String, Value>) {
    if let Value::Object(fields) = data {
        fields.extend(over.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Call, Effect, Fault, Faults, On};

    #[test]
    fn faults_strike_where_when_and_as_often_as_told() {
        let mut faults = Faults::default();
        faults.set(Fault::call(Call::Verify, Effect::Status(502)).times(2).skip(1).only("a"));
        let mut verify = |subject| faults.take(On::Call(Call::Verify), &[subject]);
        assert_eq!(verify("a"), None);
        assert_eq!(verify("b"), None);
        assert_eq!(verify("a"), Some(Effect::Status(502)));
        assert_eq!(verify("a"), Some(Effect::Status(502)));
        assert_eq!(verify("a"), None);
    }

    #[test]
    fn any_call_is_not_a_webhook() {
        let mut faults = Faults::default();
        faults.set(Fault::on(On::AnyCall, Effect::Garbage));
        assert_eq!(faults.take(On::Webhook, &[]), None);
        assert_eq!(faults.take(On::Call(Call::Charge), &[]), Some(Effect::Garbage));
        assert!(faults.waiting().is_empty());
    }

    #[test]
    fn faults_are_written_as_json() {
        let fault: Fault =
            serde_json::from_value(json!({"on": {"call": "verify"}, "effect": {"delay_ms": 5}})).unwrap();
        assert_eq!(fault, Fault::call(Call::Verify, Effect::DelayMs(5)));
        let fault: Fault =
            serde_json::from_value(json!({"on": "webhook", "effect": "hold", "times": 3})).unwrap();
        assert_eq!(fault, Fault::webhook(Effect::Hold).times(3));
    }
}
