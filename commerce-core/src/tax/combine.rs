//! What rates that hold at one destination must not do: contradict each other, be too many, grow too large.
//!
//! Zones are described, not listed, so destinations cannot be walked through. Rates can: two of them may meet when their
//! zones have a destination in common and their times an instant. Wherever several rates hold together, each two of them
//! meet, so every set of rates that meet pairwise is looked at, and with it every set that a destination can have.

use rustc_hash::FxHashMap;

use super::compiled::CompiledRate;
use super::rates::RateSet;
use super::rules::TaxRules;
use crate::catalog::TaxClass;
use crate::customer::CompiledZone;
use crate::pricing::Wrong;

/// Looks for rates that cannot hold together; `wrong` stands at the list of rates.
pub(super) fn check(rates: &[CompiledRate], zones: &[CompiledZone], wrong: &mut Wrong<'_>) {
    contradictions(rates, zones, wrong);
    let meets = meetings(rates, zones);
    let mut search = Search { rates, meets: &meets, sets_left: SETS_MAX, told: vec![false; rates.len()] };
    for (start, met) in meets.iter().enumerate() {
        search.grow(&mut vec![start], met, wrong);
    }
    if search.sets_left == 0 {
        wrong.here("hold together in too many ways to be checked: give each tax one zone for each place");
    }
}

/// How many sets of rates are looked at.
const SETS_MAX: usize = 200_000;

/// Two rates of one tax for one class, of zones that describe a destination equally closely, at one time.
fn contradictions(rates: &[CompiledRate], zones: &[CompiledZone], wrong: &mut Wrong<'_>) {
    let mut by_tax: FxHashMap<usize, Vec<&CompiledRate>> = FxHashMap::default();
    let mut in_order: Vec<&CompiledRate> = rates.iter().collect();
    in_order.sort_unstable_by_key(|rate| rate.place);
    for rate in in_order {
        let earlier = by_tax.entry(rate.tax).or_default();
        let rival = earlier.iter().find_map(|earlier| {
            let class = earlier.classes.iter().find(|class| rate.classes.contains(class))?;
            let rivals = same_time(earlier, rate)
                && (earlier.zone == rate.zone || zones[earlier.zone].may_rival(&zones[rate.zone]));
            rivals.then(|| (earlier.code.clone(), class.clone()))
        });
        if let Some((code, class)) = rival {
            wrong.at(
                rate.place,
                format!(
                    "and `{code}` are rates of one tax on the class `{class}` that hold at one place and time"
                ),
            );
        }
        earlier.push(rate);
    }
}

/// For each rate the later ones that it may meet.
fn meetings(rates: &[CompiledRate], zones: &[CompiledZone]) -> Vec<Vec<usize>> {
    let mut overlaps: FxHashMap<(usize, usize), bool> = FxHashMap::default();
    let mut meet = |one: &CompiledRate, other: &CompiledRate| {
        one.tax != other.tax
            && same_time(one, other)
            && same_class(one, other)
            && *overlaps
                .entry((one.zone.min(other.zone), one.zone.max(other.zone)))
                .or_insert_with(|| one.zone == other.zone || zones[one.zone].overlaps(&zones[other.zone]))
    };
    let later = |index: usize| index + 1..rates.len();
    (0..rates.len())
        .map(|index| later(index).filter(|other| meet(&rates[index], &rates[*other])).collect())
        .collect()
}

struct Search<'a> {
    rates: &'a [CompiledRate],
    meets: &'a [Vec<usize>],
    sets_left: usize,
    told: Vec<bool>,
}

impl Search<'_> {
    /// Looks at the set and at what it becomes by each of the rates that all in it meet. Numbers ascend, so that each set
    /// is looked at once, in the order in which its rates are taken.
    fn grow(&mut self, set: &mut Vec<usize>, candidates: &[usize], wrong: &mut Wrong<'_>) {
        if self.sets_left == 0 {
            return;
        }
        self.sets_left -= 1;
        if let Err(reason) = self.look(set) {
            let last = set[set.len() - 1];
            if !std::mem::replace(&mut self.told[last], true) {
                wrong.at(self.rates[last].place, reason);
            }
            return;
        }
        for (index, candidate) in candidates.iter().enumerate() {
            let meets = &self.meets[*candidate];
            let common: Vec<usize> = candidates[index + 1..]
                .iter()
                .filter(|other| meets.binary_search(other).is_ok())
                .copied()
                .collect();
            set.push(*candidate);
            self.grow(set, &common, wrong);
            set.pop();
        }
    }

    fn look(&self, set: &[usize]) -> Result<(), String> {
        let most = TaxRules::RATES_AT_ONCE_MAX;
        if set.len() > most {
            let codes: Vec<_> = set.iter().map(|index| self.rates[*index].code.as_str()).collect();
            return Err(format!("more than {most} rates hold at one place and time: {}", codes.join(", ")));
        }
        // Side by side, six rates of six decimals fit by far.
        if set.iter().any(|index| self.rates[*index].is_compound()) {
            let all = set.iter().map(|index| self.rates[*index].ingredient());
            RateSet::of(all).map_err(|_| "has too many decimals for a compound rate".to_owned())?;
        }
        Ok(())
    }
}

fn same_time(one: &CompiledRate, other: &CompiledRate) -> bool {
    let ends_before = |one: &CompiledRate, other: &CompiledRate| {
        one.until.zip(other.from).is_some_and(|(until, from)| until <= from)
    };
    !ends_before(one, other) && !ends_before(other, one)
}

/// Whether some class is taxed by both: a rate for `standard` stands in for classes that its tax has no rate for.
fn same_class(one: &CompiledRate, other: &CompiledRate) -> bool {
    let standard = TaxClass::standard();
    one.classes.contains(&standard)
        || other.classes.contains(&standard)
        || one.classes.iter().any(|class| other.classes.contains(class))
}
