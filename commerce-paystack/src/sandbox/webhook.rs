//! Webhooks: what is sent, how it is signed, and when it is tried again.

use std::fmt::Write as _;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha512;

use super::books::{Books, Job};
use super::clock::{iso, stamp};
use super::faults::{Effect, On, overlay};

/// How long an attempt may take.
pub(crate) const ATTEMPT_MAX: Duration = Duration::from_secs(30);

/// How often one webhook is duplicated at most.
const COPIES_MAX: u32 = 1000;

/// When a webhook that was not answered with 200 is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Every hour for ten hours.
    Test,
    /// Every 3 minutes for the first 4 tries, then every hour for 72 hours.
    Live,
}

impl Schedule {
    /// How long after the failed attempt number `attempts` (from 1) the next one comes, if any.
    #[must_use]
    pub fn retry_after(self, attempts: u32) -> Option<Duration> {
        let hour = Duration::from_secs(3600);
        match self {
            Self::Test => (attempts <= 10).then_some(hour),
            Self::Live if attempts <= 4 => Some(Duration::from_secs(180)),
            Self::Live => (attempts <= 4 + 72).then_some(hour),
        }
    }
}

/// Where a webhook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryState {
    /// There is no address to send it to.
    NoAddress,
    /// It will be sent, or sent again.
    Waiting,
    /// It is kept until it is released, or until another one went ahead.
    Held,
    /// A fault said that it is never sent.
    Lost,
    /// It was answered with 200.
    Delivered,
    /// It was tried as often as the schedule allows.
    Failed,
}

/// One attempt to send a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When it was answered or given up, as ISO 8601.
    pub at: String,
    /// The HTTP status of the answer; none if there was no answer.
    pub status: Option<u16>,
}

/// A webhook on its way to the shop.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// Its number, counted from 0.
    pub number: usize,
    /// Its event, such as `charge.success`.
    pub event: String,
    /// The reference of the transaction that it is about.
    pub reference: String,
    /// The bytes that are sent and signed.
    pub body: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// What was tried.
    pub attempts: Vec<Attempt>,
    /// Whether it is signed with another key.
    pub badly_signed: bool,
}

/// The value of `x-paystack-signature`: HMAC-SHA512 of the bytes that are sent, in lower-case hex.
#[must_use]
pub fn signature(secret_key: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(secret_key.as_bytes()) else { return String::new() };
    mac.update(body);
    let mut hex = String::with_capacity(128);
    for byte in mac.finalize().into_bytes() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// What the sender needs for one attempt.
pub(crate) struct Parcel {
    pub(crate) number: usize,
    pub(crate) url: String,
    pub(crate) body: String,
    pub(crate) signature: String,
}

impl Books {
    /// Tells the shop, unless a fault has it otherwise.
    pub(crate) fn announce(&mut self, event: &str, reference: &str, mut data: Value) {
        let effect = self.faults.take(On::Webhook, &[event, reference]);
        if let Some(Effect::Overlay(over)) = &effect {
            overlay(&mut data, over);
        }
        let body = json!({"event": event, "data": data}).to_string();
        let copies = match effect {
            Some(Effect::Duplicate(more)) => 1 + more.min(COPIES_MAX),
            _ => 1,
        };
        for _ in 0..copies {
            let number = self.deliveries.len();
            let state = match effect {
                _ if self.settings.webhook_url.is_none() => DeliveryState::NoAddress,
                Some(Effect::Hold | Effect::Reorder) => DeliveryState::Held,
                Some(Effect::Lose) => DeliveryState::Lost,
                _ => DeliveryState::Waiting,
            };
            self.deliveries.push(Delivery {
                number,
                event: event.to_owned(),
                reference: reference.to_owned(),
                body: body.clone(),
                state,
                attempts: Vec::new(),
                badly_signed: effect == Some(Effect::BadSignature),
            });
            if effect == Some(Effect::Reorder) {
                self.behind.push(number);
            }
            if state == DeliveryState::Waiting {
                let seconds = match effect {
                    Some(Effect::LateSeconds(seconds)) => seconds,
                    _ => 0,
                };
                self.plan(Duration::from_secs(seconds), Job::Send(number));
            }
        }
    }

    /// What to send for this delivery; nothing if it is not to be sent (any more).
    pub(crate) fn parcel(&self, number: usize) -> Option<Parcel> {
        let delivery = self.deliveries.get(number).filter(|known| known.state == DeliveryState::Waiting)?;
        let key = if delivery.badly_signed { "sk_test_of_somebody_else" } else { &self.settings.secret_key };
        Some(Parcel {
            number,
            url: self.settings.webhook_url.clone()?,
            body: delivery.body.clone(),
            signature: signature(key, delivery.body.as_bytes()),
        })
    }

    /// Takes down how an attempt went, plans the next one, and lets those go that waited behind it.
    pub(crate) fn attempted(&mut self, number: usize, status: Option<u16>) {
        let schedule = self.settings.schedule;
        let Some(delivery) = self.deliveries.get_mut(number) else { return };
        delivery.attempts.push(Attempt { at: iso(stamp()), status });
        let attempts = u32::try_from(delivery.attempts.len()).unwrap_or(u32::MAX);
        let retry = schedule.retry_after(attempts);
        delivery.state = match (status, retry) {
            (Some(200), _) => DeliveryState::Delivered,
            (_, Some(_)) => DeliveryState::Waiting,
            (_, None) => DeliveryState::Failed,
        };
        if let (DeliveryState::Waiting, Some(after)) = (delivery.state, retry) {
            self.plan(after, Job::Send(number));
        }
        // One that was made before does not count: it may still have been under way.
        let (overtaken, behind): (Vec<usize>, Vec<usize>) =
            self.behind.iter().partition(|held| **held < number);
        self.behind = behind;
        for held in overtaken {
            self.release(held);
        }
    }

    /// Sends a delivery that is held. Whether it was.
    pub(crate) fn release(&mut self, number: usize) -> bool {
        let Some(delivery) = self.deliveries.get_mut(number) else { return false };
        let held = delivery.state == DeliveryState::Held;
        if held {
            delivery.state = DeliveryState::Waiting;
            self.plan(Duration::ZERO, Job::Send(number));
        }
        held
    }

    /// Sends a delivery once more, as the button in the dashboard does. Whether there is such a delivery and an address.
    pub(crate) fn resend(&mut self, number: usize) -> bool {
        if self.settings.webhook_url.is_none() {
            return false;
        }
        let Some(delivery) = self.deliveries.get_mut(number) else { return false };
        delivery.state = DeliveryState::Waiting;
        self.plan(Duration::ZERO, Job::Send(number));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, signature};

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        let expected = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";
        assert_eq!(signature("Jefe", b"what do ya want for nothing?"), expected);
    }

    #[test]
    fn schedules_are_the_documented_ones() {
        let minutes = |schedule: Schedule| -> Vec<u64> {
            (1..)
                .map_while(|attempts| schedule.retry_after(attempts))
                .map(|after| after.as_secs() / 60)
                .collect()
        };
        assert_eq!(minutes(Schedule::Test), [60; 10]);
        let live = minutes(Schedule::Live);
        assert_eq!(live[..5], [3, 3, 3, 3, 60]);
        assert_eq!(live.len(), 76);
    }
}
