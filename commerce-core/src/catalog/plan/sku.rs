//! SKUs for variants that come without one.

use sha2::{Digest, Sha256};

use super::{Sku, Slug};

/// A SKU made of the product's slug and the variant's option values: readable, and the same every time.
///
/// The readable part may be cut and drops what is not a letter or digit, so a short hash of the exact slug and values
/// keeps two variants apart. `attempt` counts the SKUs that turned out to be taken.
pub(super) fn made_of(slug: &Slug, option_values: &[String], attempt: u32) -> Sku {
    const READABLE_MAX: usize = 80;
    let readable: Vec<String> = std::iter::once(slug.as_str())
        .chain(option_values.iter().map(String::as_str))
        .filter_map(Slug::from_name)
        .map(|words| words.as_str().to_uppercase())
        .collect();
    let mut text = readable.join("-");
    text.truncate(READABLE_MAX);
    let text = format!("{}-{}", text.trim_matches('-'), hash(slug, option_values, attempt));
    #[expect(clippy::expect_used, reason = "at most 89 characters of A-Z, 0-9 and hyphen")]
    text.trim_matches('-').parse().expect("a made SKU is a SKU")
}

/// 40 bits of SHA-256 in letters and digits that are hard to mix up.
fn hash(slug: &Slug, option_values: &[String], attempt: u32) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut hasher = Sha256::new().chain_update(attempt.to_be_bytes());
    for part in std::iter::once(slug.as_str()).chain(option_values.iter().map(String::as_str)) {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().take(8).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_skus_are_readable_stable_and_apart() {
        let made = |slug: &str, values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            made_of(&slug.parse().unwrap(), &values, 0).to_string()
        };
        let mug = made("enamel-mug", &["Blue / Gold", "L"]);
        assert!(mug.starts_with("ENAMEL-MUG-BLUE-GOLD-L-"), "{mug}");
        assert_eq!(mug, made("enamel-mug", &["Blue / Gold", "L"]));
        assert_ne!(mug, made("enamel-mug", &["Blue - Gold", "L"]));
        assert_ne!(made("mug", &["a", "bc"]), made("mug", &["ab", "c"]));
        assert!(made(&"long-".repeat(40), &["x"]).len() <= 100);
        assert_eq!(made("日本", &["+"]).split('-').count(), 3);
    }
}
