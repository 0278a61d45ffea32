//! How a shop searches: its language, its stop words, its synonyms.

use rust_stemmers::Algorithm;
use serde::{Deserialize, Serialize};

use super::Analyzer;

/// The language of a shop's texts, by which words become stems.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// None: words stay as they are. For a language that is not here, and for shops in several.
    Simple,
    /// Danish.
    Danish,
    /// Dutch.
    Dutch,
    /// English.
    #[default]
    English,
    /// Finnish.
    Finnish,
    /// French.
    French,
    /// German.
    German,
    /// Hungarian.
    Hungarian,
    /// Italian.
    Italian,
    /// Norwegian.
    Norwegian,
    /// Portuguese.
    Portuguese,
    /// Romanian.
    Romanian,
    /// Spanish.
    Spanish,
    /// Swedish.
    Swedish,
    /// Turkish.
    Turkish,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Simple,
        Self::Danish,
        Self::Dutch,
        Self::English,
        Self::Finnish,
        Self::French,
        Self::German,
        Self::Hungarian,
        Self::Italian,
        Self::Norwegian,
        Self::Portuguese,
        Self::Romanian,
        Self::Spanish,
        Self::Swedish,
        Self::Turkish,
    ];

    pub(super) fn algorithm(self) -> Option<Algorithm> {
        Some(match self {
            Self::Simple => return None,
            Self::Danish => Algorithm::Danish,
            Self::Dutch => Algorithm::Dutch,
            Self::English => Algorithm::English,
            Self::Finnish => Algorithm::Finnish,
            Self::French => Algorithm::French,
            Self::German => Algorithm::German,
            Self::Hungarian => Algorithm::Hungarian,
            Self::Italian => Algorithm::Italian,
            Self::Norwegian => Algorithm::Norwegian,
            Self::Portuguese => Algorithm::Portuguese,
            Self::Romanian => Algorithm::Romanian,
            Self::Spanish => Algorithm::Spanish,
            Self::Swedish => Algorithm::Swedish,
            Self::Turkish => Algorithm::Turkish,
        })
    }
}

/// How a shop searches.
///
/// ```
/// use commerce_core::search::{Language, Settings};
/// let settings = Settings {
///     language: Language::French,
///     synonyms: vec![vec!["canapé".to_owned(), "sofa".to_owned()]],
///     ..Settings::default()
/// };
/// assert!(settings.check().is_ok());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The language of the shop's texts.
    pub language: Language,
    /// Words that are not searched for; absent: the usual ones of the language.
    pub stop_words: Option<Vec<String>>,
    /// Groups of words, or phrases of up to four, that mean the same: who types one finds them all.
    pub synonyms: Vec<Vec<String>>,
}

/// Why settings cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// More than we keep in memory.
    #[error("there are at most {} {what}", Settings::LIST_MAX)]
    TooMany {
        /// Of what.
        what: &'static str,
    },
    /// A group that says nothing.
    #[error("synonyms {group}: a group has at least two different phrases")]
    Group {
        /// Which group, from 1.
        group: usize,
    },
    /// A phrase without a word, or with too many.
    #[error(
        "synonyms {group}: {phrase:?} must have 1 to {} words that are searched for",
        Analyzer::SYNONYM_TERMS_MAX
    )]
    Phrase {
        /// Which group, from 1.
        group: usize,
        /// The phrase.
        phrase: String,
    },
    /// A phrase that is in two groups.
    #[error("synonyms {group}: {phrase:?} means the same as a phrase of another group; join the two")]
    Twice {
        /// The second group, from 1.
        group: usize,
        /// The phrase.
        phrase: String,
    },
}

impl Settings {
    /// The most stop words, groups of synonyms, and phrases in a group.
    pub const LIST_MAX: usize = 5_000;

    /// Whether they can be taken.
    ///
    /// # Errors
    /// [`SettingsError`] says what is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        let many = |count: usize, what| {
            if count > Self::LIST_MAX { Err(SettingsError::TooMany { what }) } else { Ok(()) }
        };
        many(self.stop_words.as_ref().map_or(0, Vec::len), "stop words")?;
        many(self.synonyms.len(), "groups of synonyms")?;
        let plain = Analyzer::new(&Self { synonyms: Vec::new(), ..self.clone() });
        let mut known = std::collections::HashMap::new();
        for (group, phrases) in (1..).zip(&self.synonyms) {
            many(phrases.len(), "phrases in a group of synonyms")?;
            let mut different = 0;
            for phrase in phrases {
                let terms = plain.terms(phrase);
                if terms.is_empty() || terms.len() > Analyzer::SYNONYM_TERMS_MAX {
                    return Err(SettingsError::Phrase { group, phrase: phrase.clone() });
                }
                match known.insert(terms, group) {
                    None => different += 1,
                    Some(before) if before == group => {}
                    Some(_) => return Err(SettingsError::Twice { group, phrase: phrase.clone() }),
                }
            }
            if different < 2 {
                return Err(SettingsError::Group { group });
            }
        }
        Ok(())
    }

    /// Whether documents made under these are the same as under the others: synonyms are looked at by queries alone.
    #[must_use]
    pub fn indexes_like(&self, other: &Self) -> bool {
        (self.language, &self.stop_words) == (other.language, &other.stop_words)
    }
}

/// Settings as a store keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSettings {
    /// 0 until a shop sets its own, then one more with each change.
    pub version: u64,
    /// The version of the last change after which every document is to be made anew.
    pub indexed_as: u64,
    /// The settings.
    pub settings: Settings,
}

impl StoredSettings {
    /// These settings in place of the present ones; `None` when they are the same.
    #[must_use]
    pub fn replaced(&self, settings: Settings) -> Option<Self> {
        if settings == self.settings {
            return None;
        }
        let version = self.version + 1;
        let indexed_as = if settings.indexes_like(&self.settings) { self.indexed_as } else { version };
        Some(Self { version, indexed_as, settings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synonyms(groups: &[&[&str]]) -> Settings {
        let group = |group: &&[&str]| group.iter().map(|text| (*text).to_owned()).collect();
        Settings { synonyms: groups.iter().map(group).collect(), ..Settings::default() }
    }

    #[test]
    fn synonyms_that_say_nothing_are_refused() {
        assert_eq!(synonyms(&[&["sofa", "couch", "love seat"], &["tv", "television"]]).check(), Ok(()));
        assert_eq!(synonyms(&[&["sofa", "Sofas"]]).check(), Err(SettingsError::Group { group: 1 }));
        let empty = SettingsError::Phrase { group: 1, phrase: "the".to_owned() };
        assert_eq!(synonyms(&[&["sofa", "the"]]).check(), Err(empty));
        let twice = SettingsError::Twice { group: 2, phrase: "couches".to_owned() };
        assert_eq!(synonyms(&[&["sofa", "couch"], &["couches", "bed"]]).check(), Err(twice));
    }

    #[test]
    fn only_what_documents_are_made_by_makes_them_anew() {
        let first = StoredSettings::default();
        assert_eq!(first.replaced(Settings::default()), None);
        let second = first.replaced(synonyms(&[&["sofa", "couch"]])).unwrap();
        assert_eq!((second.version, second.indexed_as), (1, 0));
        let third =
            second.replaced(Settings { language: Language::French, ..second.settings.clone() }).unwrap();
        assert_eq!((third.version, third.indexed_as), (2, 2));
    }
}
