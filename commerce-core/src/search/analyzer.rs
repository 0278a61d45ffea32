//! From text to terms: folding, stop words, stems, synonyms.

use std::collections::{HashMap, HashSet};

use rust_stemmers::Stemmer;

use super::{Phrase, Settings, stop_words};

/// Makes terms of text: what stores index, and what they are asked for.
///
/// A *word* is a run of Latin letters and digits in lower case, whatever script and accents it was written in. A *term* is
/// the stem of a word that is no stop word.
///
/// ```
/// use commerce_core::search::{Analyzer, Settings};
/// let analyzer = Analyzer::new(&Settings::default());
/// assert_eq!(analyzer.terms("The Café's wireless HEADPHONES!"), ["cafe", "wireless", "headphon"]);
/// assert_eq!(Analyzer::words("T-Shirt, ọ̀ṣọ́"), ["t", "shirt", "oso"]);
/// ```
pub struct Analyzer {
    stemmer: Option<Stemmer>,
    stop_words: HashSet<String>,
    /// Each phrase that has synonyms, with the group that it is in.
    synonyms: HashMap<Phrase, usize>,
    groups: Vec<Vec<Phrase>>,
}

impl Analyzer {
    /// The most characters of a word; what is longer is cut.
    pub const WORD_MAX: usize = 40;
    /// The most terms of a phrase that can have synonyms.
    pub const SYNONYM_TERMS_MAX: usize = 4;

    /// As these settings say.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let Settings { language, stop_words: own, synonyms } = settings;
        let stop_words = match own {
            Some(own) => own.iter().flat_map(|word| Self::words(word)).collect(),
            None => stop_words::of(*language).map(str::to_owned).collect(),
        };
        let stemmer = language.algorithm().map(Stemmer::create);
        let mut analyzer = Self { stemmer, stop_words, synonyms: HashMap::new(), groups: Vec::new() };
        for group in synonyms {
            let phrases: Vec<Phrase> = group.iter().map(|text| analyzer.terms(text)).collect();
            let place = analyzer.groups.len();
            for phrase in &phrases {
                analyzer.synonyms.insert(phrase.clone(), place);
            }
            analyzer.groups.push(phrases);
        }
        analyzer
    }

    /// The words of a text, in their order.
    #[must_use]
    pub fn words(text: &str) -> Vec<String> {
        let ascii = deunicode::deunicode(text).to_ascii_lowercase().replace(['\'', '`'], "");
        ascii
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(|word| word[..word.len().min(Self::WORD_MAX)].to_owned())
            .collect()
    }

    /// The terms of a text, in their order. Stop words leave no gap.
    #[must_use]
    pub fn terms(&self, text: &str) -> Vec<String> {
        let words = Self::words(text).into_iter();
        words.filter(|word| !self.stop_words.contains(word)).map(|word| self.stem(word)).collect()
    }

    /// The others of the group that the phrase is in.
    pub(super) fn synonyms(&self, phrase: &[String]) -> impl Iterator<Item = &Phrase> {
        let group = self.synonyms.get(phrase).map_or(&[][..], |place| self.groups[*place].as_slice());
        group.iter().filter(move |other| other.as_slice() != phrase)
    }

    fn stem(&self, word: String) -> String {
        let Some(stemmer) = &self.stemmer else { return word };
        let stem = stemmer.stem(&word);
        if stem == word {
            return word;
        }
        // Some stemmers mark letters in capitals, or put back one that has an accent.
        let mut stem = deunicode::deunicode(&stem).to_ascii_lowercase();
        stem.retain(|c| c.is_ascii_alphanumeric());
        stem.truncate(Self::WORD_MAX);
        if stem.is_empty() { word } else { stem }
    }
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyzer").field("synonyms", &self.groups).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::Language;

    fn in_language(language: Language) -> Analyzer {
        Analyzer::new(&Settings { language, ..Settings::default() })
    }

    #[test]
    fn stems_follow_the_language() {
        assert_eq!(in_language(Language::English).terms("running shoes"), ["run", "shoe"]);
        assert_eq!(in_language(Language::Simple).terms("running shoes"), ["running", "shoes"]);
        let french = in_language(Language::French);
        assert_eq!(french.terms("les chaussures"), french.terms("Chaussure"));
        let german = in_language(Language::German);
        assert_eq!(german.terms("die Hüte"), german.terms("HUTE"));
    }

    #[test]
    fn own_stop_words_take_the_place_of_the_usual_ones() {
        let settings = Settings { stop_words: Some(vec!["Été".to_owned()]), ..Settings::default() };
        assert_eq!(Analyzer::new(&settings).terms("the ETE hat"), ["the", "hat"]);
    }

    proptest! {
        #[test]
        fn a_term_is_always_plain(text in any::<String>(), language in prop::sample::select(&Language::ALL)) {
            for term in in_language(language).terms(&text) {
                prop_assert!((1..=Analyzer::WORD_MAX).contains(&term.len()), "{term}");
                prop_assert!(term.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{term}");
            }
        }

        #[test]
        fn stemming_takes_any_word(word in "[a-z0-9]{1,40}", language in prop::sample::select(&Language::ALL)) {
            prop_assert!(in_language(language).terms(&word).len() <= 1);
        }
    }
}
