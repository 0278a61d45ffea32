//! Which word a mistyped one was meant for.

use super::Similar;

/// The word of the candidates that this was most likely meant for: itself, if it is there; otherwise the nearest.
///
/// A word of three letters or more may have one mistake, one of seven or more two: a letter too many, one that is missing,
/// a wrong one, or two that changed places. Of words that are as near, the one with the same first letter comes first, then
/// the one of the nearest length, then the first one bytewise. When `begins`, the word may have been left incomplete.
///
/// ```
/// use commerce_core::search::nearest;
/// let known = ["headphones", "headband", "mug"].map(str::to_owned);
/// assert_eq!(nearest("haedphone", &known, false), Some("headphones"));
/// assert_eq!(nearest("gum", &known, false), None);
/// assert_eq!(nearest("hedph", &known, true), Some("headphones"));
/// ```
#[must_use]
pub fn nearest<'c>(word: &str, candidates: &'c [String], begins: bool) -> Option<&'c str> {
    let mistakes_max = match word.len() {
        0..=2 => 0,
        3..=6 => 1,
        _ => 2,
    };
    let rank = |candidate: &&'c String| {
        let distance = distance(word.as_bytes(), candidate.as_bytes(), begins);
        let same_start = word.bytes().next() == candidate.bytes().next();
        (distance, !same_start, candidate.len().abs_diff(word.len()), candidate.as_str())
    };
    let best = candidates.iter().map(|candidate| rank(&candidate)).min()?;
    (best.0 <= mistakes_max).then_some(best.3)
}

/// The text with each word that is unknown replaced by the nearest one; `None` when there is nothing to replace, or a word
/// that nothing is near to.
#[must_use]
pub fn corrected(similar: &[Similar]) -> Option<String> {
    let nearest: Option<Vec<&str>> =
        similar.iter().map(|Similar { word, candidates }| nearest(word, candidates, false)).collect();
    let nearest = nearest?;
    let same = similar.iter().zip(&nearest).all(|(similar, nearest)| similar.word == *nearest);
    (!same).then(|| nearest.join(" "))
}

/// How many mistakes are between the two; when `begins`, between the first and the beginning of the second.
fn distance(typed: &[u8], meant: &[u8], begins: bool) -> usize {
    // The rows of the usual table: one for each letter typed, of which the last three are needed.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=meant.len()).collect();
    for (row, letter) in typed.iter().enumerate() {
        let mut here = vec![row + 1; meant.len() + 1];
        for (column, other) in meant.iter().enumerate() {
            let wrong = above[column] + usize::from(letter != other);
            let mut least = wrong.min(above[column + 1] + 1).min(here[column] + 1);
            if row > 0 && column > 0 && *letter == meant[column - 1] && typed[row - 1] == *other {
                least = least.min(before[column - 1] + 1);
            }
            here[column + 1] = least;
        }
        before = std::mem::replace(&mut above, here);
    }
    if begins { above.into_iter().min().unwrap_or_default() } else { above[meant.len()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_counted() {
        let of = |typed: &str, meant: &str| distance(typed.as_bytes(), meant.as_bytes(), false);
        assert_eq!(of("mug", "mug"), 0);
        assert_eq!(of("mgu", "mug"), 1, "two letters that changed places");
        assert_eq!(of("mu", "mug"), 1);
        assert_eq!(of("muug", "mug"), 1);
        assert_eq!(of("mag", "mug"), 1);
        assert_eq!(of("", "mug"), 3);
        assert_eq!(distance(b"wirl", b"wireless", true), 1);
        assert_eq!(distance(b"wire", b"wireless", true), 0);
    }

    #[test]
    fn a_text_is_corrected_as_a_whole() {
        let similar = |word: &str, candidates: &[&str]| Similar {
            word: word.to_owned(),
            candidates: candidates.iter().map(|c| (*c).to_owned()).collect(),
        };
        let wireless = similar("wirelss", &["wired", "wireless"]);
        let mug = similar("mug", &["mug", "rug"]);
        assert_eq!(corrected(&[wireless.clone(), mug.clone()]), Some("wireless mug".to_owned()));
        assert_eq!(corrected(std::slice::from_ref(&mug)), None, "it is known");
        assert_eq!(corrected(&[wireless, similar("zzzz", &["mug"])]), None);
        assert_eq!(corrected(&[]), None);
    }
}
