//! What a shop decides about reviews, and what its rules find in one.

use super::{Content, Finding};
use crate::search::Analyzer;

/// What a shop decides about reviews.
///
/// ```
/// use commerce_core::review::ReviewTerms;
/// let terms = ReviewTerms { window_days: 30, ..ReviewTerms::default() };
/// assert!(terms.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewTerms {
    /// Whether only those may write who are known to have bought; yes unless set.
    pub buyers_only: bool,
    /// For how many days after the goods arrived they may: 90 unless set.
    pub window_days: u32,
    /// Whether a buyer's review in which no rule finds anything is published at once; yes unless set. Any other waits.
    pub publish_at_once: bool,
    /// How many reports make a published review wait: 3 unless set.
    pub reports_max: u32,
    /// Words and phrases that make a review wait; whatever their case and accents.
    pub words: Vec<String>,
    /// How many links a review may have: none unless set.
    pub links_max: u32,
    /// How many characters a text has at least, if there is one: 0 unless set.
    pub characters_min: u32,
    /// How much of a text, in percent of its letters, may be capitals: 70 unless set; 100: all.
    pub capitals_percent_max: u32,
    /// Whether a review that says nothing beside the rating waits; no unless set.
    pub hold_rating_only: bool,
    /// Whether a review with pictures waits; no unless set. Rules look at words alone.
    pub hold_images: bool,
}

/// Why terms cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewTermsError {
    /// A number is out of its range.
    #[error("{name} must be from {least} to {most}")]
    Range {
        /// Which.
        name: &'static str,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// More words than are looked for.
    #[error("words has at most {} entries", ReviewTerms::WORDS_MAX)]
    TooManyWords,
    /// An entry without a word.
    #[error("words: {0:?} has no letter or digit")]
    NoWord(String),
}

impl Default for ReviewTerms {
    fn default() -> Self {
        Self {
            buyers_only: true,
            window_days: 90,
            publish_at_once: true,
            reports_max: 3,
            words: Vec::new(),
            links_max: 0,
            characters_min: 0,
            capitals_percent_max: 70,
            hold_rating_only: false,
            hold_images: false,
        }
    }
}

impl ReviewTerms {
    /// The most words.
    pub const WORDS_MAX: usize = 2_000;
    /// A text with fewer letters than this does not shout.
    const SHOUT_MIN: usize = 20;

    /// Whether they can be taken.
    ///
    /// # Errors
    /// [`ReviewTermsError`] says what is wrong.
    pub fn check(&self) -> Result<(), ReviewTermsError> {
        for (name, number, least, most) in [
            ("window_days", self.window_days, 1, 36_500),
            ("reports_max", self.reports_max, 1, 1_000_000),
            ("characters_min", self.characters_min, 0, Content::TEXT_MAX as u32),
            ("capitals_percent_max", self.capitals_percent_max, 0, 100),
        ] {
            if !(least..=most).contains(&number) {
                return Err(ReviewTermsError::Range { name, least, most });
            }
        }
        if self.words.len() > Self::WORDS_MAX {
            return Err(ReviewTermsError::TooManyWords);
        }
        match self.words.iter().find(|word| Analyzer::words(word).is_empty()) {
            Some(word) => Err(ReviewTermsError::NoWord(word.clone())),
            None => Ok(()),
        }
    }

    /// Why a review that says this waits; empty: it does not.
    #[must_use]
    pub fn findings(&self, content: &Content, verified: bool) -> Vec<Finding> {
        let found = [
            (!self.publish_at_once || !verified, Finding::Policy),
            (self.has_word(content), Finding::Word),
            (content.words().map(links).sum::<u64>() > u64::from(self.links_max), Finding::Links),
            (self.is_short(content), Finding::Length),
            (self.shouts(content), Finding::Capitals),
            (self.hold_rating_only && content.words().all(str::is_empty), Finding::RatingOnly),
            (self.hold_images && !content.images.is_empty(), Finding::Images),
        ];
        found.into_iter().filter_map(|(is_so, finding)| is_so.then_some(finding)).collect()
    }

    fn has_word(&self, content: &Content) -> bool {
        let texts: Vec<Vec<String>> = content.words().map(plain_words).collect();
        self.words.iter().map(|word| Analyzer::words(word)).any(|wanted| {
            texts.iter().any(|words| words.windows(wanted.len().max(1)).any(|here| here == wanted))
        })
    }

    fn is_short(&self, content: &Content) -> bool {
        let length = content.text.chars().count();
        length > 0 && length < self.characters_min as usize
    }

    fn shouts(&self, content: &Content) -> bool {
        let letters =
            || content.words().flat_map(str::chars).filter(|c| c.is_uppercase() || c.is_lowercase());
        let (all, capitals) = (letters().count(), letters().filter(|c| c.is_uppercase()).count());
        all >= Self::SHOUT_MIN && capitals * 100 > all * self.capitals_percent_max as usize
    }
}

/// The words of a text, in which a joiner parts nothing: it would hide a word.
fn plain_words(text: &str) -> Vec<String> {
    Analyzer::words(&text.replace(['\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}'], ""))
}

/// How many links a text has, or what readers would take for one.
fn links(text: &str) -> u64 {
    let is_link = |word: &&str| {
        let word = word.to_lowercase();
        let host = word.split('/').next().unwrap_or_default();
        let is_page = word.contains('/')
            && host.rsplit_once('.').is_some_and(|(name, end)| {
                !name.is_empty() && end.len() >= 2 && end.bytes().all(|byte| byte.is_ascii_alphabetic())
            });
        word.contains("://") || word.contains("www.") || is_page
    };
    text.split_whitespace().filter(is_link).count() as u64
}

#[cfg(test)]
mod tests {
    use super::super::Rating;
    use super::*;

    fn says(text: &str) -> Content {
        Content { text: text.to_owned(), ..Content::bare(Rating::ALL[4]) }
    }

    #[test]
    fn each_rule_finds_its_own() {
        let terms = ReviewTerms {
            words: vec!["scam".to_owned(), "Money back".to_owned()],
            characters_min: 10,
            hold_rating_only: true,
            ..ReviewTerms::default()
        };
        assert_eq!(terms.check(), Ok(()));
        for (text, found) in [
            ("a very good mug", &[][..]),
            ("it is a SCÀM, really", &[Finding::Word]),
            ("sc\u{200d}am, all of it", &[Finding::Word]),
            ("scampi went well with it", &[]),
            ("give me my money  back!", &[Finding::Word]),
            ("see http://spam.example for more", &[Finding::Links]),
            ("see WWW.spam.example for more", &[Finding::Links]),
            ("see spam.com/cheap for more", &[Finding::Links]),
            ("black and/or white. Nice either way", &[]),
            ("meh", &[Finding::Length]),
            ("THIS IS THE VERY BEST MUG OF ALL", &[Finding::Capitals]),
            ("MY TV IS OK, a fine one", &[]),
            ("", &[Finding::RatingOnly]),
        ] {
            assert_eq!(terms.findings(&says(text), true), found, "{text:?}");
        }
        assert_eq!(terms.findings(&says("a very good mug"), false), [Finding::Policy]);
        let in_a_title = Content { title: "Scam".to_owned(), ..says("a very good mug") };
        assert_eq!(terms.findings(&in_a_title, true), [Finding::Word]);
        let shown =
            Content { images: vec!["https://img.example.com/a".to_owned()], ..says("a very good mug") };
        assert_eq!(terms.findings(&shown, true), []);
        let looked_at = ReviewTerms { hold_images: true, ..terms };
        assert_eq!(looked_at.findings(&shown, true), [Finding::Images]);
        assert_eq!(looked_at.findings(&says("a very good mug"), true), []);
        let later = ReviewTerms { publish_at_once: false, ..ReviewTerms::default() };
        assert_eq!(later.findings(&says("a very good mug"), true), [Finding::Policy]);
    }

    #[test]
    fn terms_that_make_no_sense_are_refused() {
        let usual = ReviewTerms::default;
        assert!(ReviewTerms { window_days: 0, ..usual() }.check().is_err());
        assert!(ReviewTerms { reports_max: 0, ..usual() }.check().is_err());
        assert!(ReviewTerms { capitals_percent_max: 101, ..usual() }.check().is_err());
        let said = ReviewTerms { words: vec!["!!".to_owned()], ..usual() }.check().unwrap_err();
        assert_eq!(said, ReviewTermsError::NoWord("!!".to_owned()));
    }
}
