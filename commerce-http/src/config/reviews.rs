//! What a shop decides about reviews, as it is configured.

use std::fmt::Display;
use std::str::FromStr;

use commerce_core::review::ReviewTerms;
use serde::Deserialize;

use super::ConfigError;
use super::settings::{list, parsed};

/// What a shop decides about reviews: the table `reviews`, or `COMMERCE_REVIEWS_` variables. What is left out is as
/// [`ReviewTerms`] has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReviewSettings {
    /// Whether only those may write who are known to have bought.
    pub buyers_only: Option<bool>,
    /// For how many days after the goods arrived they may.
    pub window_days: Option<u32>,
    /// Whether a buyer's review in which no rule finds anything is published at once.
    pub publish_at_once: Option<bool>,
    /// How many reports make a published review wait.
    pub reports_max: Option<u32>,
    /// Words and phrases that make a review wait.
    pub words: Option<Vec<String>>,
    /// How many links a review may have.
    pub links_max: Option<u32>,
    /// How many characters a text has at least, if there is one.
    pub characters_min: Option<u32>,
    /// How much of a text, in percent of its letters, may be capitals.
    pub capitals_percent_max: Option<u32>,
    /// Whether a review that says nothing beside the rating waits.
    pub hold_rating_only: Option<bool>,
    /// Whether a review with pictures waits.
    pub hold_images: Option<bool>,
}

impl ReviewSettings {
    /// Those of the variables, whose names are given without `COMMERCE_`.
    pub(super) fn from_variables(text: &impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        fn read<T: FromStr<Err: Display>>(
            name: &str,
            text: &impl Fn(&str) -> Option<String>,
        ) -> Result<Option<T>, ConfigError> {
            parsed(&format!("REVIEWS_{name}"), text)
        }
        Ok(Self {
            buyers_only: read("BUYERS_ONLY", text)?,
            window_days: read("WINDOW_DAYS", text)?,
            publish_at_once: read("PUBLISH_AT_ONCE", text)?,
            reports_max: read("REPORTS_MAX", text)?,
            words: list("REVIEWS_WORDS", text)?,
            links_max: read("LINKS_MAX", text)?,
            characters_min: read("CHARACTERS_MIN", text)?,
            capitals_percent_max: read("CAPITALS_PERCENT_MAX", text)?,
            hold_rating_only: read("HOLD_RATING_ONLY", text)?,
            hold_images: read("HOLD_IMAGES", text)?,
        })
    }

    /// These where `above` says nothing.
    pub(super) fn under(self, above: Self) -> Self {
        Self {
            buyers_only: above.buyers_only.or(self.buyers_only),
            window_days: above.window_days.or(self.window_days),
            publish_at_once: above.publish_at_once.or(self.publish_at_once),
            reports_max: above.reports_max.or(self.reports_max),
            words: above.words.or(self.words),
            links_max: above.links_max.or(self.links_max),
            characters_min: above.characters_min.or(self.characters_min),
            capitals_percent_max: above.capitals_percent_max.or(self.capitals_percent_max),
            hold_rating_only: above.hold_rating_only.or(self.hold_rating_only),
            hold_images: above.hold_images.or(self.hold_images),
        }
    }

    /// The terms, with what is usual where nothing is said.
    pub(super) fn terms(&self) -> Result<ReviewTerms, ConfigError> {
        let usual = ReviewTerms::default();
        let terms = ReviewTerms {
            buyers_only: self.buyers_only.unwrap_or(usual.buyers_only),
            window_days: self.window_days.unwrap_or(usual.window_days),
            publish_at_once: self.publish_at_once.unwrap_or(usual.publish_at_once),
            reports_max: self.reports_max.unwrap_or(usual.reports_max),
            words: self.words.clone().unwrap_or(usual.words),
            links_max: self.links_max.unwrap_or(usual.links_max),
            characters_min: self.characters_min.unwrap_or(usual.characters_min),
            capitals_percent_max: self.capitals_percent_max.unwrap_or(usual.capitals_percent_max),
            hold_rating_only: self.hold_rating_only.unwrap_or(usual.hold_rating_only),
            hold_images: self.hold_images.unwrap_or(usual.hold_images),
        };
        terms.check()?;
        Ok(terms)
    }
}
