//! The codes by which products and variants are addressed.

use crate::text::{has_control, text_type};

/// Why a text is not a SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SKU has 1 to 100 characters and no control characters")]
pub struct SkuError;

/// Why a text is not a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlugError {
    /// Empty, too long, or with a character that does not belong into an address.
    #[error("a slug has 1 to 255 lower-case letters, digits, hyphens, underscores or dots")]
    Malformed,
    /// The word means something else in the HTTP contract.
    #[error("this word is reserved and cannot be a slug")]
    Reserved,
}

text_type! {
    /// A stock keeping unit: the shop's own code of a variant, unique in the shop and compared exactly as written.
    Sku, SkuError, |text| {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count());
        if fits && !has_control(text) { Ok(text.to_owned()) } else { Err(SkuError) }
    }
}

text_type! {
    /// The part of an address that names a product, brand or category: `adire-wrap-dress`.
    ///
    /// Letters and digits of any script, in lower case, with hyphens, underscores and dots between.
    Slug, SlugError, |text| {
        let right = text.chars().all(|c| (c.is_alphanumeric() && c.to_lowercase().eq([c])) || matches!(c, '-' | '_' | '.'));
        if !right || text.is_empty() || text.chars().count() > 255 || text.starts_with('.') {
            return Err(SlugError::Malformed);
        }
        if Slug::RESERVED.contains(&text) {
            return Err(SlugError::Reserved);
        }
        Ok(text.to_owned())
    }
}

impl Slug {
    /// Words that stand for something else where a product's slug stands.
    pub const RESERVED: [&str; 6] =
        ["search", "autocomplete", "facets", "categories", "bulk-import", "export"];

    /// A slug made of a name: in ASCII, lower case, words joined by hyphens. `None` when nothing is left of it.
    ///
    /// ```
    /// use commerce_core::catalog::Slug;
    /// assert_eq!(Slug::from_name("Café Table & Chairs").unwrap().as_str(), "cafe-table-chairs");
    /// assert_eq!(Slug::from_name("!?"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let ascii = deunicode::deunicode(name).to_lowercase();
        let words: Vec<&str> =
            ascii.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let mut slug = words.join("-");
        slug.truncate(200);
        slug.trim_end_matches('-').parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for good in ["mug", "a", "t-shirt_2.0", "tee-été", "日本"] {
            assert!(good.parse::<Slug>().is_ok(), "{good}");
        }
        for bad in ["", "Mug", "a b", "a/b", "a?b", "%20", "..", "a\0"] {
            assert_eq!(bad.parse::<Slug>(), Err(SlugError::Malformed), "{bad}");
        }
        assert_eq!("search".parse::<Slug>(), Err(SlugError::Reserved));
    }
}
