//! When goods arrive: business days by the shop's clocks.

use jiff::civil::Time;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::rules::{Estimate, ShippingRules};
use crate::Timestamp;
use crate::pricing::Wrong;

/// The dates between which goods arrive, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryEstimate {
    /// The first day on which they may arrive.
    pub earliest: Date,
    /// The last.
    pub latest: Date,
}

/// Business days on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transit {
    /// At least.
    pub min_days: u16,
    /// At most.
    pub max_days: u16,
}

/// The days on which a shop works, and where its clocks stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Calendar {
    offset: Offset,
    /// Whether it rests, from Monday on; never on all days.
    rests: [bool; 7],
    /// Sorted.
    holidays: Vec<Date>,
}

/// How long a method takes, read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CompiledEstimate {
    handling_days: u16,
    transit: Option<Transit>,
    cutoff: Option<Time>,
}

impl Estimate {
    pub(super) fn compile(&self, wrong: &mut Wrong<'_>) -> CompiledEstimate {
        let Self { handling_days, min_days, max_days, cutoff } = self;
        for (field, days) in
            [("handling_days", handling_days), ("min_days", min_days), ("max_days", max_days)]
        {
            if *days > Self::DAYS_MAX {
                wrong.at(field, format!("is {days}, more than {}", Self::DAYS_MAX));
            }
        }
        if max_days < min_days {
            wrong.at("max_days", format!("is {max_days}, below `min_days`, which is {min_days}"));
        }
        let cutoff = cutoff.as_deref().and_then(|text| {
            let time = time_of_day(text);
            if time.is_none() {
                wrong.at("cutoff", format!("`{text}` must be a time of day such as \"14:00\""));
            }
            time
        });
        let transit = Transit { min_days: *min_days, max_days: (*max_days).max(*min_days) };
        CompiledEstimate { handling_days: *handling_days, transit: Some(transit), cutoff }
    }
}

impl CompiledEstimate {
    /// When goods arrive that are ordered now; a carrier's own word on the days on the way goes before the method's.
    /// `None` when neither is known.
    pub(super) fn at(
        &self,
        now: Timestamp,
        calendar: &Calendar,
        carrier: Option<Transit>,
    ) -> Option<DeliveryEstimate> {
        let transit = carrier.or(self.transit)?;
        // What a carrier says is not checked anywhere else.
        let min_days = transit.min_days.min(Estimate::DAYS_MAX);
        let max_days = transit.max_days.clamp(min_days, Estimate::DAYS_MAX);
        let leaves = calendar.after(calendar.counts_from(now, self.cutoff), self.handling_days);
        let earliest = calendar.after(leaves, min_days);
        Some(DeliveryEstimate { earliest, latest: calendar.after(earliest, max_days - min_days) })
    }
}

impl Calendar {
    pub(super) fn compile(rules: &ShippingRules, wrong: &mut Wrong<'_>) -> Self {
        let offset = rules.time_zone.as_deref().map_or(Some(Offset::UTC), offset);
        if offset.is_none() {
            wrong.at("time_zone", "must be an offset from UTC between \"-12:00\" and \"+14:00\", or \"Z\"");
        }
        let mut rests = [false; 7];
        rules.weekend.iter().for_each(|day| rests[*day as usize] = true);
        if rests == [true; 7] {
            wrong.at("weekend", "must leave a day on which the shop works");
            rests = [false; 7];
        }
        if rules.holidays.len() > ShippingRules::HOLIDAYS_MAX {
            wrong.at("holidays", format!("must have at most {} dates", ShippingRules::HOLIDAYS_MAX));
        }
        let mut holidays = Vec::with_capacity(rules.holidays.len());
        for (index, text) in rules.holidays.iter().enumerate() {
            match text.parse() {
                Ok(date) => holidays.push(date),
                Err(error) => wrong.below("holidays").at(index, format!("`{text}` is {error}")),
            }
        }
        holidays.sort_unstable();
        Self { offset: offset.unwrap_or(Offset::UTC), rests, holidays }
    }

    fn works(&self, date: Date) -> bool {
        !self.rests[date.weekday()] && self.holidays.binary_search(&date).is_err()
    }

    /// The day as which an order of now counts: today when the shop works and the cut-off is still ahead, else the next
    /// day on which it works.
    fn counts_from(&self, now: Timestamp, cutoff: Option<Time>) -> Date {
        let end = if now.as_micros() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        let now = jiff::Timestamp::from_microsecond(now.as_micros()).unwrap_or(end);
        let local = self.offset.to_datetime(now);
        let today = Date(local.date());
        let late = cutoff.is_some_and(|cutoff| local.time() >= cutoff);
        if self.works(today) && !late { today } else { self.after(today, 1) }
    }

    /// The day so many business days later; at the end of the calendar, its last day.
    fn after(&self, mut date: Date, days: u16) -> Date {
        for _ in 0..days {
            // It works on one day of the week at least, so this ends when the holidays do.
            loop {
                let next = date.next();
                if next == date {
                    return date;
                }
                date = next;
                if self.works(date) {
                    break;
                }
            }
        }
        date
    }
}

/// `Z`, or hours and minutes ahead of or behind UTC.
fn offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = hours_and_minutes(rest)?;
    let minutes = sign * (i32::from(hours) * 60 + i32::from(minutes));
    let lies_on_earth = (-12 * 60..=14 * 60).contains(&minutes);
    lies_on_earth.then(|| Offset::from_seconds(minutes * 60).ok()).flatten()
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hours, minutes) = hours_and_minutes(text)?;
    Time::new(hours, minutes, 0, 0).ok()
}

/// Two digits, a colon, two digits; minutes below 60.
fn hours_and_minutes(text: &str) -> Option<(i8, i8)> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i8>().ok()).flatten()
    };
    Some((two_digits(hours)?, two_digits(minutes).filter(|minutes| *minutes < 60)?))
}
