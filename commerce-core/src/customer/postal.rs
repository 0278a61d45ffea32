//! Patterns of postal codes.

use super::Country;

/// A pattern of postal codes, in upper case, without spaces and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PostalPattern {
    /// A code, or its beginning where it is `open`; `None` stands for any one character.
    Code { places: Vec<Option<char>>, open: bool },
    /// The codes of so many digits between two of them, both included.
    Range { from: u64, to: u64, digits: usize },
}

impl PostalPattern {
    /// A pattern that no code fits.
    pub(super) const NONE: Self = Self::Range { from: 1, to: 0, digits: 0 };

    /// The most characters of a pattern.
    const LENGTH_MAX: usize = 20;

    /// # Errors
    /// Says what is wrong.
    pub(super) fn read(text: &str, country: Country) -> Result<Self, String> {
        if text.chars().count() > Self::LENGTH_MAX {
            return Err(format!("must have at most {} characters", Self::LENGTH_MAX));
        }
        if let Some(range) = range(text) {
            return range;
        }
        let (text, open) = match text.trim().strip_suffix('*') {
            Some(beginning) => (beginning, true),
            None => (text, false),
        };
        let mut places = Vec::new();
        for letter in letters(text) {
            match letter {
                '?' => places.push(None),
                '*' => return Err("may have `*` only at its end".to_owned()),
                letter if letter.is_alphanumeric() => places.push(Some(letter)),
                letter => return Err(format!("must not have `{letter}` in it")),
            }
        }
        if places.is_empty() {
            return Err("must have a letter, a digit or `?`: leave the patterns out for all of the country"
                .to_owned());
        }
        if most_letters(country).is_some_and(|most| places.len() > most) {
            return Err(format!(
                "must have at most five digits: no more of a code of {country} is looked at"
            ));
        }
        Ok(Self::Code { places, open })
    }

    /// Whether the code, as it was entered, fits.
    pub(super) fn holds(&self, code: &str, country: Country) -> bool {
        let mut letters = letters(code).take(most_letters(country).unwrap_or(usize::MAX));
        match self {
            Self::Code { places, open } => {
                let fits = places.iter().all(|place| match (place, letters.next()) {
                    (Some(place), Some(letter)) => *place == letter,
                    (None, letter) => letter.is_some(),
                    (_, None) => false,
                });
                fits && (*open || letters.next().is_none())
            }
            Self::Range { from, to, digits } => {
                let mut number = 0_u64;
                let mut count = 0;
                for letter in letters {
                    let Some(digit) = letter.to_digit(10) else { return false };
                    count += 1;
                    if count > *digits {
                        return false;
                    }
                    number = number * 10 + u64::from(digit);
                }
                count == *digits && (*from..=*to).contains(&number)
            }
        }
    }

    /// Whether some code fits both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Code { places: one, open: one_open }, Self::Code { places: other, open: other_open }) => {
                let alike = one.iter().zip(other).all(|pair| match pair {
                    (Some(one), Some(other)) => one == other,
                    _ => true,
                });
                alike
                    && match one.len().cmp(&other.len()) {
                        std::cmp::Ordering::Equal => true,
                        std::cmp::Ordering::Less => *one_open,
                        std::cmp::Ordering::Greater => *other_open,
                    }
            }
            (
                Self::Range { from, to, digits },
                Self::Range { from: other_from, to: other_to, digits: other_digits },
            ) => digits == other_digits && from.max(other_from) <= to.min(other_to),
            (Self::Code { places, open }, Self::Range { from, to, digits })
            | (Self::Range { from, to, digits }, Self::Code { places, open }) => {
                let length_fits = places.len() == *digits || (*open && places.len() < *digits);
                from <= to && length_fits && reaches(places, *digits, *from, *to)
            }
        }
    }
}

/// Whether a number of so many digits, the first of them as `places` says, lies in the range.
fn reaches(places: &[Option<char>], digits: usize, from: u64, to: u64) -> bool {
    let Some(digits_after) = digits.checked_sub(1) else { return true };
    let unit = 10_u64.pow(u32::try_from(digits_after).unwrap_or(0));
    let rest = places.get(1..).unwrap_or_default();
    let fits = |digit: u64| match places.first() {
        Some(Some(letter)) => letter.to_digit(10).map(u64::from) == Some(digit),
        _ => true,
    };
    let (first, last) = (from / unit, to / unit);
    // A digit between those of both ends leaves the rest free, and then only letters can be in the way.
    let all_digits = || rest.iter().flatten().all(|letter| letter.is_ascii_digit());
    if (first + 1..last).any(fits) {
        return all_digits();
    }
    if first == last {
        return fits(first) && reaches(rest, digits_after, from % unit, to % unit);
    }
    (fits(first) && reaches(rest, digits_after, from % unit, unit - 1))
        || (fits(last) && reaches(rest, digits_after, 0, to % unit))
}

/// The pattern as a range, when it is digits, a hyphen and digits.
fn range(text: &str) -> Option<Result<PostalPattern, String>> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (from.trim(), to.trim());
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(from) || !digits(to) {
        return None;
    }
    if from.len() != to.len() {
        return Some(Err(
            "is a range and must have as many digits on both sides; write a code without its hyphen"
                .to_owned(),
        ));
    }
    // At most 20 characters, so at most 9 digits a side.
    Some(match (from.parse(), to.parse()) {
        (Ok(from_number), Ok(to_number)) if from_number <= to_number => {
            Ok(PostalPattern::Range { from: from_number, to: to_number, digits: from.len() })
        }
        _ => Err("is a range and must not end before it begins; write a code without its hyphen".to_owned()),
    })
}

/// What is looked at of a code.
fn letters(code: &str) -> impl Iterator<Item = char> {
    code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').flat_map(char::to_uppercase)
}

/// A code of the United States may have four more digits behind the five that name the place.
fn most_letters(country: Country) -> Option<usize> {
    (country == Country::US).then_some(5)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> PostalPattern {
        PostalPattern::read(text, Country::NG).unwrap()
    }

    #[test]
    fn patterns_fit_codes_however_they_are_written() {
        let all = [
            ("SW1*", "sw1a 1aa", true),
            ("SW1*", "SW11 1AA", true),
            ("SW1?*", "SW1", false),
            ("EC?A", "ec-2 a", true),
            ("EC?A", "EC2AB", false),
            ("1000001", "100-0001", true),
            ("35000-35999", "35 000", true),
            ("35000-35999", "35999", true),
            ("35000-35999", "36000", false),
            ("35000-35999", "3599", false),
            ("35000-35999", "035999", false),
            ("35000-35999", "3500A", false),
            ("00100-00200", "00150", true),
            ("00100-00200", "150", false),
            ("??", "1", false),
            ("12", "123", false),
        ];
        for (text, code, fits) in all {
            assert_eq!(pattern(text).holds(code, Country::NG), fits, "{text} {code}");
        }
    }

    #[test]
    fn of_an_american_code_five_digits_are_looked_at() {
        let of_us = |text| PostalPattern::read(text, Country::US);
        assert!(of_us("90210").unwrap().holds("90210-1234", Country::US));
        assert!(of_us("90000-90999").unwrap().holds("902101234", Country::US));
        assert!(of_us("902101234").is_err());
    }

    proptest! {
        /// Over three places and two letters all codes can be written down.
        #[test]
        fn patterns_overlap_exactly_where_a_code_fits_both(
            one in "[12?]{1,3}[*]?|[0-3]{2}-[0-3]{2}|[A1]{1,2}",
            other in "[12?]{1,3}[*]?|[0-3]{2}-[0-3]{2}|[A1]{1,2}",
        ) {
            let read = |text: &str| PostalPattern::read(text, Country::NG);
            let (Ok(one), Ok(other)) = (read(&one), read(&other)) else { return Ok(()) };
            let letters = ["", "0", "1", "2", "3", "A", "9"];
            let mut codes = std::collections::BTreeSet::new();
            for a in letters { for b in letters { for c in letters { codes.insert(format!("{a}{b}{c}")); } } }
            let common = codes.iter().any(|code| one.holds(code, Country::NG) && other.holds(code, Country::NG));
            prop_assert_eq!(one.overlaps(&other), common);
            prop_assert_eq!(other.overlaps(&one), common);
        }

        #[test]
        fn a_template_meets_a_range_exactly_where_a_number_does(
            template in "[0-9?]{3}", from in 0_u64..1000, length in 0_u64..300,
        ) {
            let to = (from + length).min(999);
            let range = pattern(&format!("{from:03}-{to:03}"));
            let template = pattern(&template);
            let common = (from..=to).any(|number| template.holds(&format!("{number:03}"), Country::NG));
            prop_assert_eq!(range.overlaps(&template), common);
        }
    }
}
