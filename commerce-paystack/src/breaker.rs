//! A circuit breaker: after several failures in a row no call is sent for a while, then a single one tries. A pure state
//! machine; the caller says what time it is.

use std::time::Duration;

/// When the circuit opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerOptions {
    /// How many failures in a row open the circuit.
    pub failures_max: u32,
    /// How long it is open at first. Each failed try doubles it, up to eight times as long.
    pub open_for: Duration,
}

impl Default for BreakerOptions {
    /// Five failures; two seconds.
    fn default() -> Self {
        Self { failures_max: 5, open_for: Duration::from_secs(2) }
    }
}

/// How a call ended, as far as the other side's health is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// An answer came, whatever it says.
    Answered,
    /// No answer, or none that makes sense.
    Failed,
    /// The caller went away before anything was known.
    Unknown,
}

/// A call that was let through; it must be reported with [`Breaker::report`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    /// Which period of health the call was sent in: what a call of an earlier one learns is old news.
    period: u64,
    trial: bool,
}

/// The state. `at` is the time since any fixed moment.
#[derive(Debug)]
pub(crate) struct Breaker {
    options: BreakerOptions,
    state: State,
    period: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Duration, openings: u32 },
    Trial { openings: u32 },
}

impl Breaker {
    pub(crate) const fn new(options: BreakerOptions) -> Self {
        Self { options, state: State::Closed { failures: 0 }, period: 0 }
    }

    /// Lets a call through.
    ///
    /// # Errors
    /// How long to wait, while the circuit is open or another call is trying it.
    pub(crate) fn admit(&mut self, at: Duration) -> Result<Pass, Duration> {
        match self.state {
            State::Closed { .. } => Ok(Pass { period: self.period, trial: false }),
            State::Open { until, .. } if at < until => Err(until - at),
            State::Open { openings, .. } => {
                self.state = State::Trial { openings };
                Ok(Pass { period: self.period, trial: true })
            }
            State::Trial { .. } => Err(self.options.open_for),
        }
    }

    /// Learns how a call ended.
    pub(crate) fn report(&mut self, pass: Pass, health: Health, at: Duration) {
        if pass.period != self.period {
            return;
        }
        match (self.state, health) {
            (State::Trial { .. }, Health::Answered) if pass.trial => self.close(),
            (State::Trial { openings }, Health::Failed) if pass.trial => self.open(at, openings + 1),
            // Nobody waits for the trial any more: the next call tries.
            (State::Trial { openings }, Health::Unknown) if pass.trial => {
                self.state = State::Open { until: at, openings };
            }
            (State::Closed { .. }, Health::Answered) => self.state = State::Closed { failures: 0 },
            (State::Closed { failures }, Health::Failed) if failures + 1 >= self.options.failures_max => {
                self.open(at, 1);
            }
            (State::Closed { failures }, Health::Failed) => {
                self.state = State::Closed { failures: failures + 1 };
            }
            _ => {}
        }
    }

    fn close(&mut self) {
        self.period += 1;
        self.state = State::Closed { failures: 0 };
    }

    fn open(&mut self, at: Duration, openings: u32) {
        self.period += 1;
        let longer = 1 << (openings - 1).min(3);
        self.state = State::Open { until: at.saturating_add(self.options.open_for * longer), openings };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> Breaker {
        Breaker::new(BreakerOptions { failures_max: 2, open_for: SECOND })
    }

    /// One call that is sent at `at` and ends at once.
    fn call(breaker: &mut Breaker, at: Duration, health: Health) -> Result<(), Duration> {
        let pass = breaker.admit(at)?;
        breaker.report(pass, health, at);
        Ok(())
    }

    #[test]
    fn opens_after_failures_in_a_row_only() {
        let mut breaker = breaker();
        for health in [Health::Failed, Health::Answered, Health::Failed, Health::Unknown] {
            assert_eq!(call(&mut breaker, SECOND, health), Ok(()));
        }
        assert_eq!(call(&mut breaker, SECOND, Health::Failed), Ok(()), "the second in a row");
        assert_eq!(breaker.admit(SECOND), Err(SECOND));
        assert_eq!(breaker.admit(SECOND * 3 / 2), Err(SECOND / 2));
    }

    #[test]
    fn one_call_tries_and_its_answer_closes() {
        let mut breaker = open();
        let trial = breaker.admit(SECOND).unwrap();
        assert_eq!(breaker.admit(SECOND), Err(SECOND), "one at a time");
        breaker.report(trial, Health::Answered, SECOND);
        assert_eq!(call(&mut breaker, SECOND, Health::Failed), Ok(()), "and the count begins anew");
        assert!(breaker.admit(SECOND).is_ok());
    }

    #[test]
    fn a_failed_trial_opens_for_longer_up_to_a_bound() {
        let mut breaker = open();
        let mut at = SECOND;
        for wait in [2, 4, 8, 8, 8] {
            assert_eq!(call(&mut breaker, at, Health::Failed), Ok(()));
            assert_eq!(breaker.admit(at), Err(SECOND * wait));
            at += SECOND * wait;
        }
    }

    #[test]
    fn a_trial_nobody_waits_for_lets_the_next_one_try() {
        let mut breaker = open();
        assert_eq!(call(&mut breaker, SECOND, Health::Unknown), Ok(()));
        assert_eq!(call(&mut breaker, SECOND, Health::Answered), Ok(()));
        assert!(breaker.admit(SECOND).is_ok());
    }

    #[test]
    fn what_was_sent_before_the_circuit_opened_decides_nothing_after() {
        let mut breaker = breaker();
        let slow = breaker.admit(Duration::ZERO).unwrap();
        for _ in 0..2 {
            call(&mut breaker, Duration::ZERO, Health::Failed).unwrap();
        }
        breaker.report(slow, Health::Answered, Duration::ZERO);
        assert!(breaker.admit(Duration::ZERO).is_err());
        let trial = breaker.admit(SECOND).unwrap();
        breaker.report(slow, Health::Failed, SECOND);
        breaker.report(trial, Health::Answered, SECOND);
        for _ in 0..2 {
            breaker.report(slow, Health::Failed, SECOND);
        }
        assert!(breaker.admit(SECOND).is_ok(), "nor after it has closed again");
    }

    fn open() -> Breaker {
        let mut breaker = breaker();
        for _ in 0..2 {
            call(&mut breaker, Duration::ZERO, Health::Failed).unwrap();
        }
        breaker
    }
}
