//! How a customer is reached.

use crate::text::{has_control, text_type};

/// Why a text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address such as ada@example.com")]
pub struct EmailError;

/// Why a text is not a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number in international form such as +2348031234567")]
pub struct PhoneError;

text_type! {
    /// An e-mail address: one `@`, a local part of at most 64 bytes, a dotted domain, at most 254 bytes (RFC 5321).
    ///
    /// Surrounding white space is dropped and the domain is in lower case; the local part is kept as typed.
    Email, EmailError, |text| {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        let local_fits = (1..=64).contains(&local.len()) && !local.contains(['@', '<', '>', '"', ',', ';', '\\']);
        let labels_fit = domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        });
        let plain = !has_control(text) && !text.chars().any(char::is_whitespace);
        if local_fits && labels_fit && plain && domain.contains('.') && text.len() <= 254 {
            Ok(format!("{local}@{}", domain.to_lowercase()))
        } else {
            Err(EmailError)
        }
    }
}

impl Email {
    /// What stands in an order in place of the address of somebody who left. Nobody receives mail there (RFC 2606).
    #[must_use]
    pub fn erased() -> Self {
        Self(ERASED.to_owned())
    }

    /// Whether it stands in place of one.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.0 == ERASED
    }
}

const ERASED: &str = "erased@erased.invalid";

text_type! {
    /// A phone number in E.164 form: `+`, then 8 to 15 digits. Spaces, dots, hyphens and brackets are dropped.
    Phone, PhoneError, |text| {
        let kept: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
        let digits = kept.strip_prefix('+').ok_or(PhoneError)?;
        let right = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        if right && (8..=15).contains(&digits.len()) { Ok(kept) } else { Err(PhoneError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mail_addresses() {
        for good in ["ada@example.com", "a.b+c@shop.example.ng", " ada@Example.COM ", "ọlá@müller.example"]
        {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
        assert_eq!("Ada@Example.COM".parse::<Email>().unwrap().as_str(), "Ada@example.com");
        for bad in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "a b@example.com",
            "ada@example",
            "a@b@example.com",
            "a\0@example.com",
            "ada@-x.com",
            "ada@x..com",
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
    }

    #[test]
    fn phones() {
        assert_eq!("+234 (803) 123-4567".parse::<Phone>().unwrap().as_str(), "+2348031234567");
        for bad in ["08031234567", "+1", "+0123456789", "+23480312345671234", "+234x"] {
            assert!(bad.parse::<Phone>().is_err(), "{bad}");
        }
    }
}
