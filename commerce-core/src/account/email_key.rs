//! The form in which e-mail addresses are compared.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::punycode;
use crate::customer::Email;

/// What two e-mail addresses have in common that a reader, or a mail server, could take for one another: unique among
/// accounts.
///
/// 1. Domain labels in their ASCII form (`xn--..`) are written out: both forms are the same domain (RFC 3492).
/// 2. Compatibility forms are unified and case is folded (NFKC, then upper and lower case of every letter), so that
///    `ＡＤＡ`, `Ada` and `ada` are one.
/// 3. What cannot be seen is dropped: spaces, zero-width characters, soft hyphens, directions, variation selectors.
/// 4. Letters of other scripts that are drawn like a Latin one become it: the Cyrillic `а` of `аda` is the `a` of `ada`.
///
/// What differs visibly stays different: accents, `0` and `o`, `1` and `l`, `rn` and `m`, dots and `+tags`. Somebody may
/// have each of these addresses, and a wrong refusal would cost them their account.
///
/// Accounts are found by it too, so that an address may be typed with any capitals. Mail goes to the address that is
/// stored, never to the one that was typed, unless nobody has confirmed one yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailKey(String);

impl EmailKey {
    /// The key of an address.
    #[must_use]
    pub fn of(email: &Email) -> Self {
        let (local, domain) = email.as_str().rsplit_once('@').unwrap_or((email.as_str(), ""));
        let labels: Vec<String> = domain.split('.').map(label).collect();
        Self(format!("{}@{}", skeleton(local), labels.join(".")))
    }

    /// A key that was made before, as a store keeps it.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn label(label: &str) -> String {
    let plain = skeleton(label);
    match plain.strip_prefix("xn--").and_then(punycode::decode) {
        Some(written_out) => skeleton(&written_out),
        None => plain,
    }
}

/// What is left of a text when nothing of it changes any more: one step may make what the next one changes (`ẞ` becomes `ß`,
/// and `ß` becomes `ss`).
fn skeleton(text: &str) -> String {
    const STEPS_MAX: usize = 8;
    let mut plain = step(text);
    for _ in 1..STEPS_MAX {
        let next = step(&plain);
        if next == plain {
            break;
        }
        plain = next;
    }
    plain
}

fn step(text: &str) -> String {
    let folded: String =
        text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect::<String>();
    let plain = folded.nfkc().filter(|letter| !is_invisible(*letter) && !letter.is_whitespace());
    // Some accents stand alone as a space with the accent on it. Without the space they are on the letter before.
    plain.map(drawn_like).nfkc().collect()
}

/// Characters that leave no mark. The dot above is among them because a dotted `i` stays one: `İ` becomes `i` with a dot.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{307}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// The Latin letter that a letter of another script is drawn like, in lower case or as a capital. The table is short on
/// purpose. Keys are stored, so it may only change together with them.
fn drawn_like(letter: char) -> char {
    match letter {
        'а' | 'α' | 'ɑ' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' | 'ᴄ' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' | 'ҽ' => 'e',
        'ɡ' | 'ց' => 'g',
        'н' | 'һ' | 'η' | 'հ' => 'h',
        'і' | 'ι' | 'ɩ' => 'i',
        'ј' | 'ϳ' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' | 'μ' => 'm',
        'ո' => 'n',
        'о' | 'ο' | 'օ' | 'ᴏ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' | 'զ' => 'q',
        'ѕ' | 'ꜱ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' | 'ᴜ' => 'u',
        'ν' | 'ѵ' | 'ᴠ' => 'v',
        'ԝ' | 'ᴡ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ү' => 'y',
        'ζ' | 'ᴢ' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> String {
        EmailKey::of(&text.parse().unwrap()).as_str().to_owned()
    }

    #[test]
    fn look_alikes_collide() {
        for (one, other) in [
            ("Ada@Example.com", "ada@example.com"),
            ("ＡＤＡ@example.com", "ada@example.com"),
            ("аdа@example.com", "ada@example.com"), // Cyrillic a
            ("pаypаl@example.com", "paypal@example.com"),
            ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ@example.com", "abezhikmvoptux@example.com"), // Greek capitals
            ("ада@еxаmple.com", "aдa@example.com"),
            ("a\u{200b}da@example.com", "ada@example.com"),
            ("a\u{ad}da@exam\u{ad}ple.com", "ada@example.com"),
            ("adı@example.com", "adi@example.com"), // dotless i
            ("İda@example.com", "ida@example.com"),
            ("straße@example.com", "strasse@example.com"),
            ("e\u{301}va@example.com", "éva@example.com"),
            ("ola@xn--mller-kva.example", "ola@müller.example"),
            ("ola@XN--MLLER-KVA.example", "ola@Müller.example"),
        ] {
            let typed = one.replace(['\u{200b}', '\u{ad}'], "");
            assert_eq!(key(other), EmailKey::of(&parse(one, &typed)).as_str(), "{one}");
        }
    }

    /// The address as it is; where its form is refused already, as it is without what cannot be seen.
    fn parse(text: &str, otherwise: &str) -> Email {
        text.parse().or_else(|_| otherwise.parse()).unwrap()
    }

    #[test]
    fn what_differs_visibly_stays_different() {
        for (one, other) in [
            ("ada@example.com", "adá@example.com"),
            ("ada@example.com", "a.da@example.com"),
            ("ada@example.com", "ada+shop@example.com"),
            ("ada0@example.com", "adao@example.com"),
            ("ada1@example.com", "adal@example.com"),
            ("barn@example.com", "bam@example.com"),
            ("ada@example.com", "ada@example.ng"),
            ("a@b.example.com", "a@bexample.com"),
        ] {
            assert_ne!(key(one), key(other));
        }
    }

    #[test]
    fn an_accent_that_stands_alone_is_on_the_letter_before() {
        assert_eq!(key("a´@example.com"), key("á@example.com"));
        assert_eq!(key("´@example.com"), "\u{301}@example.com");
        assert_eq!(key("᾿@example.com"), "\u{313}@example.com");
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(local in "\\PC{1,20}", domain in "[a-zа-я]{1,10}\\.[a-z]{2,5}") {
            if let Ok(email) = format!("{local}@{domain}").parse::<Email>() {
                let key = EmailKey::of(&email);
                if let Ok(again) = key.as_str().parse::<Email>() {
                    prop_assert_eq!(EmailKey::of(&again), key);
                }
            }
        }

        #[test]
        fn capitals_do_not_matter(local in "[a-zéøß]{1,20}") {
            prop_assert_eq!(key(&format!("{local}@example.com")), key(&format!("{}@EXAMPLE.com", local.to_uppercase())));
        }
    }
}
