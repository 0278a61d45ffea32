//! What a review says: plain text, cleaned and bounded where it comes in.

use serde::{Deserialize, Serialize};

use super::{Rating, ReviewError};

/// What a review says. Text is plain: whoever shows it escapes it for where it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// From 1 to 5.
    pub rating: Rating,
    /// One line; may be empty.
    pub title: String,
    /// Lines; may be empty.
    pub text: String,
    /// What is good, a line each.
    pub pros: Vec<String>,
    /// What is bad, a line each.
    pub cons: Vec<String>,
    /// Addresses of pictures, which begin with `https://`.
    pub images: Vec<String>,
}

impl Content {
    /// The longest title, in characters.
    pub const TITLE_MAX: usize = 120;
    /// The longest text, in characters.
    pub const TEXT_MAX: usize = 5_000;
    /// The most lines of what is good, and of what is bad.
    pub const POINTS_MAX: usize = 10;
    /// The longest of them, in characters.
    pub const POINT_MAX: usize = 200;
    /// The most pictures.
    pub const IMAGES_MAX: usize = 8;
    /// The longest address of a picture, in bytes.
    pub const IMAGE_MAX: usize = 2_048;

    /// A rating and no words.
    #[must_use]
    pub fn bare(rating: Rating) -> Self {
        let none = Vec::new;
        Self { rating, title: String::new(), text: String::new(), pros: none(), cons: none(), images: none() }
    }

    /// All of its words.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        let points = self.pros.iter().chain(&self.cons);
        [&self.title, &self.text].into_iter().chain(points).map(String::as_str)
    }
}

/// What somebody writes, before it is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// From 1 to 5.
    pub rating: u32,
    /// One line.
    pub title: String,
    /// Lines.
    pub text: String,
    /// What is good.
    pub pros: Vec<String>,
    /// What is bad.
    pub cons: Vec<String>,
    /// Addresses of pictures.
    pub images: Vec<String>,
}

/// What is wrong with a part of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where: `title`, `pros/3`.
    pub field: String,
    /// What, with the bound.
    pub reason: String,
}

impl Draft {
    /// What it says, cleaned: characters that nobody sees, or that turn the direction of what follows, are taken out.
    ///
    /// # Errors
    /// [`ReviewError::Invalid`] names everything that is wrong.
    pub fn content(&self) -> Result<Content, ReviewError> {
        let mut flaws = Flaws(Vec::new());
        let rating = u8::try_from(self.rating).ok().and_then(|number| Rating::try_from(number).ok());
        if rating.is_none() {
            flaws.add("rating".to_owned(), super::RatingError.to_string());
        }
        let title = line(&self.title);
        flaws.longest("title", &title, Content::TITLE_MAX);
        let text = lines(&self.text);
        flaws.longest("text", &text, Content::TEXT_MAX);
        let pros = flaws.points("pros", &self.pros);
        let cons = flaws.points("cons", &self.cons);
        flaws.most("images", self.images.len(), Content::IMAGES_MAX);
        for (place, image) in self.images.iter().enumerate().filter(|(_, image)| !is_image(image)) {
            let reason = match image.len() > Content::IMAGE_MAX {
                true => format!("must have at most {} bytes", Content::IMAGE_MAX),
                false => "must be the address of a picture: https://...".to_owned(),
            };
            flaws.add(format!("images/{place}"), reason);
        }
        match rating {
            Some(rating) if flaws.0.is_empty() => {
                Ok(Content { rating, title, text, pros, cons, images: self.images.clone() })
            }
            _ => Err(ReviewError::Invalid(flaws.0)),
        }
    }
}

struct Flaws(Vec<Flaw>);

impl Flaws {
    fn add(&mut self, field: String, reason: String) {
        self.0.push(Flaw { field, reason });
    }

    fn longest(&mut self, field: &str, text: &str, most: usize) {
        if text.chars().count() > most {
            self.add(field.to_owned(), format!("must have at most {most} characters"));
        }
    }

    fn most(&mut self, field: &str, count: usize, most: usize) {
        if count > most {
            self.add(field.to_owned(), format!("must have at most {most} entries"));
        }
    }

    fn points(&mut self, field: &str, points: &[String]) -> Vec<String> {
        self.most(field, points.len(), Content::POINTS_MAX);
        let points: Vec<String> = points.iter().map(|point| line(point)).collect();
        for (place, point) in points.iter().enumerate() {
            if !(1..=Content::POINT_MAX).contains(&point.chars().count()) {
                let reason = format!("must have 1 to {} characters", Content::POINT_MAX);
                self.add(format!("{field}/{place}"), reason);
            }
        }
        points
    }
}

/// One line of plain text.
pub(super) fn line(text: &str) -> String {
    lines(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines of plain text, without white space at the ends of each and more than one empty line in a row.
pub(super) fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n");
    let text: String = text
        .chars()
        .filter(|c| *c == '\n' || *c == '\t' || !is_unseen(*c))
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect();
    let mut cleaned = String::with_capacity(text.len());
    for line in text.split('\n').map(str::trim) {
        if !(line.is_empty() && (cleaned.is_empty() || cleaned.ends_with("\n\n"))) {
            cleaned.push_str(line);
            cleaned.push('\n');
        }
    }
    cleaned.trim().to_owned()
}

/// Whether the character is a control, turns the direction of the text behind it, or is there without being seen. The joiners
/// by which some scripts and emoji are written stay.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'    // embeddings, overrides and isolates
            | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{ad}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether it is an address under which a browser may look for a picture: `https`, a host by name, nothing to quote.
fn is_image(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= Content::IMAGE_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte))
        && name.contains('.')
        && name.split('.').all(is_label)
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_nobody_sees_is_taken_out() {
        assert_eq!(line(" a\u{202e}b\u{0}c\t\n d\u{200b} "), "abc d");
        assert_eq!(lines("\n\na \r\n\r\n\r\n\r\n b\u{7}\u{2028}c\n"), "a\n\nb\nc");
        assert_eq!(line("<b>5 < 6</b> & more"), "<b>5 < 6</b> & more", "plain text is kept to the letter");
        // Persian with its joiner, and a family.
        for kept in ["می\u{200c}خواهم", "👨\u{200d}👩\u{200d}👧"] {
            assert_eq!(line(kept), kept);
        }
    }

    #[test]
    fn every_bound_is_named() {
        let draft = Draft {
            rating: 6,
            title: "t".repeat(121),
            text: "x".repeat(5_001),
            pros: vec!["p".to_owned(); 11],
            cons: vec![" \u{200b} ".to_owned(), "c".repeat(201)],
            images: vec!["http://a.b/c.png".to_owned()],
        };
        let Err(ReviewError::Invalid(flaws)) = draft.content() else { panic!("it was taken") };
        let fields: Vec<&str> = flaws.iter().map(|flaw| flaw.field.as_str()).collect();
        assert_eq!(fields, ["rating", "title", "text", "pros", "cons/0", "cons/1", "images/0"]);
        assert!(flaws.iter().all(|flaw| !flaw.reason.is_empty()));
        let most = Draft {
            rating: 5,
            title: "t".repeat(120),
            text: "x".repeat(5_000),
            pros: vec!["p".repeat(200); 10],
            cons: Vec::new(),
            images: vec!["https://img.example.com/a.png".to_owned(); 8],
        };
        assert!(most.content().is_ok());
    }

    #[test]
    fn a_picture_has_an_address_of_https() {
        for good in ["https://img.example.com/a.png?w=1#x", "https://a.b:8443/c", "https://a.b"] {
            assert!(is_image(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "javascript:alert(1)",
            "https://user@a.b/c",
            "https://a.b/\"onerror=x",
            "https://a.b/ c",
            "https://localhost/a.png",
            "https://a.b:port/",
            "https://[::1]/",
            "HTTPS://a.b/c",
            "https://a..b/c",
            "https://ä.b/c",
            "data:image/png;base64,AAAA",
        ] {
            assert!(!is_image(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = lines(&text);
            prop_assert_eq!(&lines(&once), &once);
            prop_assert!(!once.chars().any(|c| c != '\n' && is_unseen(c)));
            let one = line(&text);
            prop_assert_eq!(&line(&one), &one);
            prop_assert!(!one.contains('\n'));
        }
    }
}
