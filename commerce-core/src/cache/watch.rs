//! What is known of the generation, and for how long that is believed.

use std::time::Duration;

use super::Generation;
use crate::Timestamp;

/// How long after a look nobody looks again.
pub const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How long after a look what was seen may be gone by. With what an answer takes on its way it stays below a second.
pub const BELIEVED: Duration = Duration::from_millis(750);

/// What looks at the generation have shown.
#[derive(Debug, Default)]
pub(super) struct Watch {
    present: Option<Seen>,
    /// The generation before the present one, as it was seen last.
    past: Option<Seen>,
    /// How often somebody said that the catalogue had changed.
    touches: u64,
    /// Whether that was said since the last look.
    is_touched: bool,
}

/// A generation, and when a look that showed it began.
#[derive(Debug, Clone, Copy)]
struct Seen {
    generation: Generation,
    at: Timestamp,
}

/// What a look has to say when it is over, besides what it saw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    began: Timestamp,
    touches: u64,
}

/// How things stand with the generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is this one.
    Sure(Generation),
    /// It may be gone by, and somebody should look.
    Aging(Generation),
    /// Somebody has to look.
    Unsure,
}

impl Seen {
    /// Whether it was seen less than `span` ago. What was seen in the future was seen by a clock that went back.
    fn within(&self, span: Duration, now: Timestamp) -> bool {
        let age = now.as_micros() - self.at.as_micros();
        u64::try_from(age).is_ok_and(|age| Duration::from_micros(age) < span)
    }
}

impl Watch {
    pub(super) fn standing(&self, now: Timestamp) -> Standing {
        match self.present.filter(|_| !self.is_touched) {
            Some(seen) if seen.within(LOOK_AGAIN, now) => Standing::Sure(seen.generation),
            Some(seen) if seen.within(BELIEVED, now) => Standing::Aging(seen.generation),
            _ => Standing::Unsure,
        }
    }

    /// The generation before, as long as its answers may be given.
    pub(super) fn past(&self, now: Timestamp) -> Option<Generation> {
        let past = self.past.filter(|seen| !self.is_touched && seen.within(BELIEVED, now));
        past.map(|seen| seen.generation)
    }

    /// A look that begins now.
    pub(super) fn look(&self, now: Timestamp) -> Look {
        Look { began: now, touches: self.touches }
    }

    /// What the look has shown. One that began before the last touch shows what was before it.
    pub(super) fn saw(&mut self, look: Look, generation: Generation) {
        if look.touches != self.touches {
            return;
        }
        let is_touched = std::mem::take(&mut self.is_touched);
        let before = self.present.replace(Seen { generation, at: look.began });
        if before.is_some_and(|before| before.generation != generation) {
            // Whoever changed it is to see that, and nothing from before.
            self.past = before.filter(|_| !is_touched);
        }
    }

    /// Somebody has perhaps changed the catalogue, and is to see it: nothing that was seen before is gone by until it was
    /// looked again. If then the generation is still the same, all stays as it was.
    pub(super) fn touch(&mut self) {
        self.touches = self.touches.wrapping_add(1);
        self.is_touched = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Generation = Generation(1);
    const NEW: Generation = Generation(2);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + millis * 1_000).unwrap()
    }

    fn seen(generation: Generation, millis: i64) -> Watch {
        let mut watch = Watch::default();
        watch.saw(watch.look(at(millis)), generation);
        watch
    }

    #[test]
    fn what_was_seen_is_believed_for_a_while() {
        assert_eq!(Watch::default().standing(at(0)), Standing::Unsure);
        let watch = seen(OLD, 0);
        for (millis, standing) in [
            (0, Standing::Sure(OLD)),
            (249, Standing::Sure(OLD)),
            (250, Standing::Aging(OLD)),
            (749, Standing::Aging(OLD)),
            (750, Standing::Unsure),
            (-1, Standing::Unsure),
        ] {
            assert_eq!(watch.standing(at(millis)), standing, "after {millis} ms");
        }
    }

    #[test]
    fn the_generation_before_is_given_while_it_may_have_been_the_present_one() {
        let mut watch = seen(OLD, 0);
        watch.saw(watch.look(at(300)), OLD);
        watch.saw(watch.look(at(600)), NEW);
        assert_eq!(watch.standing(at(601)), Standing::Sure(NEW));
        assert_eq!(watch.past(at(601)), Some(OLD));
        assert_eq!(watch.past(at(1_049)), Some(OLD), "it was seen at 300");
        assert_eq!(watch.past(at(1_050)), None);
        watch.saw(watch.look(at(900)), NEW);
        assert_eq!(watch.past(at(1_049)), Some(OLD), "another look at the new one does not change that");
    }

    #[test]
    fn who_changed_something_goes_by_nothing_that_was_seen_before() {
        let mut watch = seen(OLD, 0);
        watch.saw(watch.look(at(10)), NEW);
        let look = watch.look(at(20));
        watch.touch();
        assert_eq!((watch.standing(at(20)), watch.past(at(20))), (Standing::Unsure, None));
        watch.saw(look, NEW);
        assert_eq!(watch.standing(at(21)), Standing::Unsure, "the look began before the change");
        watch.saw(watch.look(at(22)), NEW);
        assert_eq!(watch.standing(at(23)), Standing::Sure(NEW));
        watch.touch();
        watch.saw(watch.look(at(24)), Generation(3));
        assert_eq!((watch.standing(at(25)), watch.past(at(25))), (Standing::Sure(Generation(3)), None));
    }

    #[test]
    fn who_changed_nothing_after_all_leaves_everything_as_it_was() {
        let mut watch = seen(OLD, 0);
        watch.saw(watch.look(at(300)), NEW);
        watch.touch();
        assert_eq!((watch.standing(at(301)), watch.past(at(301))), (Standing::Unsure, None));
        watch.saw(watch.look(at(302)), NEW);
        assert_eq!((watch.standing(at(303)), watch.past(at(303))), (Standing::Sure(NEW), Some(OLD)));
    }
}
