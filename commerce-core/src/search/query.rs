//! What a shopper typed, taken apart.

use super::Analyzer;

/// Terms that stand one behind the other.
pub type Phrase = Vec<String>;

/// Phrases that are all there.
pub type Alternative = Vec<Phrase>;

/// What to look for: the groups of which at least one must hold.
///
/// Any text is a query. Words are all wanted; words in `"quotation marks"` stand one behind the other; what follows a
/// minus is unwanted; `or` stands between groups. A word that falls apart, as `t-shirt` does, is a phrase. Everything else
/// means nothing. A text without a single wanted or unwanted term has no groups, and finds nothing.
///
/// ```
/// use commerce_core::search::{Analyzer, Query, Settings};
/// let analyzer = Analyzer::new(&Settings::default());
/// let query = Query::parse("red \"running shoes\" -kids or sandals", &analyzer);
/// assert_eq!(query.any_of.len(), 2);
/// assert_eq!(query.any_of[0].unwanted, [["kid"]]);
/// assert_eq!(query.to_string(), "(red & run <-> shoe & !kid) | (sandal)");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// One of these must hold.
    pub any_of: Vec<Group>,
}

/// What must hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Each of these must be there.
    pub wanted: Vec<Wanted>,
    /// None of these may be there.
    pub unwanted: Vec<Phrase>,
}

/// Something that must be there, in one of its ways: as it was typed, or as a synonym.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// One of these.
    pub any_of: Vec<Alternative>,
}

/// A part of the text.
enum Piece {
    Word(Phrase),
    Quoted(Phrase),
    Not(Phrase),
    Or,
}

impl Query {
    /// How many characters of a text are looked at.
    pub const TEXT_MAX: usize = 1_000;
    /// How many words, quotations and unwanted ones are looked at.
    pub const PIECES_MAX: usize = 32;

    /// Takes the text apart.
    #[must_use]
    pub fn parse(text: &str, analyzer: &Analyzer) -> Self {
        let mut any_of = Vec::new();
        let mut group = Group::default();
        let mut words: Vec<Phrase> = Vec::new();
        for piece in pieces(text, analyzer) {
            if !matches!(piece, Piece::Word(_)) {
                group.want(std::mem::take(&mut words), analyzer);
            }
            match piece {
                Piece::Word(phrase) => words.push(phrase),
                Piece::Quoted(phrase) => group.wanted.push(Wanted { any_of: vec![vec![phrase]] }),
                Piece::Not(phrase) => group.unwanted.push(phrase),
                Piece::Or => any_of.push(std::mem::take(&mut group)),
            }
        }
        group.want(words, analyzer);
        any_of.push(group);
        any_of.retain(|group| *group != Group::default());
        Self { any_of }
    }
}

impl Group {
    /// Wants these words, and takes their synonyms instead: of words that stand together, the longest phrase first.
    fn want(&mut self, words: Vec<Phrase>, analyzer: &Analyzer) {
        let mut rest = words.as_slice();
        while !rest.is_empty() {
            let longest = rest.len().min(Analyzer::SYNONYM_TERMS_MAX);
            let others = |length: usize| -> Vec<Alternative> {
                analyzer.synonyms(&rest[..length].concat()).map(|phrase| vec![phrase.clone()]).collect()
            };
            let met = (1..=longest).rev().map(|length| (length, others(length)));
            let (length, others) = met.into_iter().find(|(_, others)| !others.is_empty()).unwrap_or_default();
            let length = length.max(1);
            let mut any_of = vec![rest[..length].to_vec()];
            any_of.extend(others);
            self.wanted.push(Wanted { any_of });
            rest = &rest[length..];
        }
    }
}

/// Cuts the text at white space and quotation marks.
fn pieces(text: &str, analyzer: &Analyzer) -> Vec<Piece> {
    let end = text.char_indices().nth(Query::TEXT_MAX).map_or(text.len(), |(at, _)| at);
    let mut rest = &text[..end];
    let mut pieces = Vec::new();
    while pieces.len() < Query::PIECES_MAX {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
        if rest.is_empty() {
            break;
        }
        let bare = rest.trim_start_matches('-');
        let unwanted = bare.len() < rest.len();
        let quoted = bare.strip_prefix('"');
        let inner = quoted.unwrap_or(bare);
        let ends = |c: char| c == '"' || (quoted.is_none() && (c.is_whitespace() || c.is_control()));
        let (word, behind) = inner.split_at(inner.find(ends).unwrap_or(inner.len()));
        rest = if quoted.is_some() { behind.strip_prefix('"').unwrap_or(behind) } else { behind };
        if quoted.is_none() && !unwanted && word.eq_ignore_ascii_case("or") {
            pieces.push(Piece::Or);
            continue;
        }
        let phrase = analyzer.terms(word);
        if phrase.is_empty() {
            continue;
        }
        pieces.push(match (unwanted, quoted) {
            (true, _) => Piece::Not(phrase),
            (false, Some(_)) => Piece::Quoted(phrase),
            (false, None) => Piece::Word(phrase),
        });
    }
    pieces
}

/// For people: the notation of `tsquery` without its quotation marks.
impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let group = |group: &Group| {
            let wanted = group.wanted.iter().map(|wanted| {
                let ways = wanted
                    .any_of
                    .iter()
                    .map(|all| all.iter().map(|phrase| phrase.join(" <-> ")).collect::<Vec<_>>().join(" & "));
                let ways: Vec<String> = ways.collect();
                if ways.len() == 1 { ways.concat() } else { format!("({})", ways.join(" | ")) }
            });
            let unwanted = group.unwanted.iter().map(|phrase| match phrase.as_slice() {
                [term] => format!("!{term}"),
                _ => format!("!({})", phrase.join(" <-> ")),
            });
            format!("({})", wanted.chain(unwanted).collect::<Vec<_>>().join(" & "))
        };
        f.write_str(&self.any_of.iter().map(group).collect::<Vec<_>>().join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::Settings;

    fn parsed(text: &str) -> String {
        let synonyms = [&["sofa", "couch"][..], &["running shoes", "trainers"], &["tv", "television"]];
        let group = |group: &&[&str]| group.iter().map(|text| (*text).to_owned()).collect();
        let settings = Settings { synonyms: synonyms.iter().map(group).collect(), ..Settings::default() };
        Query::parse(text, &Analyzer::new(&settings)).to_string()
    }

    #[test]
    fn words_are_all_wanted() {
        assert_eq!(parsed("Red  mugs"), "(red & mug)");
        assert_eq!(parsed("the mug"), "(mug)");
        assert_eq!(parsed("t-shirt"), "(t <-> shirt)");
    }

    #[test]
    fn quotes_minus_and_or() {
        assert_eq!(parsed("\"blue enamel\" mug"), "(blue <-> enamel & mug)");
        assert_eq!(parsed("mug -\"blue enamel\" -red"), "(mug & !(blue <-> enamel) & !red)");
        assert_eq!(parsed("mug or cup OR pot"), "(mug) | (cup) | (pot)");
        assert_eq!(parsed("red mug or -cup"), "(red & mug) | (!cup)");
        assert_eq!(parsed("\"or\" mug"), "(mug)", "a stop word in quotation marks is still one");
    }

    #[test]
    fn what_means_nothing_is_passed_over() {
        assert_eq!(parsed("or mug or"), "(mug)");
        assert_eq!(parsed("\"mug"), "(mug)", "a quotation that never ends");
        assert_eq!(parsed("mug\"cup\""), "(mug & cup)");
        assert_eq!(parsed("mug & | ! <-> :* () % _ \\ ' ; --"), "(mug)");
        for nothing in ["", "  ", "-", "\"\"", "- -", "the", "!!!", "or", "\0"] {
            assert_eq!(parsed(nothing), "", "{nothing:?}");
        }
    }

    #[test]
    fn synonyms_are_taken_instead() {
        assert_eq!(parsed("red couches"), "(red & (couch | sofa))");
        assert_eq!(parsed("red running shoe"), "(red & (run & shoe | trainer))");
        assert_eq!(parsed("trainer"), "((trainer | run <-> shoe))");
        assert_eq!(parsed("\"couch\" -sofa"), "(couch & !sofa)", "neither quoted nor unwanted ones");
    }

    proptest! {
        #[test]
        fn any_text_is_a_query_of_bounded_size(text in r#"([a-zé"'\- :&|!*()<>\\%\x00-]| or |"){0,3000}"#) {
            let query = Query::parse(&text, &Analyzer::new(&Settings::default()));
            let wanted: usize = query.any_of.iter().map(|group| group.wanted.len() + group.unwanted.len()).sum();
            prop_assert!(wanted <= Query::PIECES_MAX);
            prop_assert!(query.any_of.iter().all(|group| *group != Group::default()));
        }
    }
}
