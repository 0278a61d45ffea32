//! Texts as parts of an address.

/// The text with all but the unreserved characters of RFC 3986 as percent signs and hexadecimal digits.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte))
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// Whether the address stands for text: UTF-8 without NUL. A percent sign that begins no pair of digits is one itself.
pub(crate) fn is_text(address: &str) -> bool {
    let mut meant = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let (byte, more) = match (first, more) {
            (b'%', [high, low, after @ ..]) => match digit(*high).zip(digit(*low)) {
                Some((high, low)) => (high << 4 | low, after),
                None => (*first, more),
            },
            _ => (*first, more),
        };
        meant.push(byte);
        rest = more;
    }
    !meant.contains(&0) && std::str::from_utf8(&meant).is_ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_text() {
        for text in
            ["/api/products/?q=a+b", "/%E2%98%83/", "/100%", "/%zz%4", "/%25ff", &escaped("Ọlá & Ṣọlá")]
        {
            assert!(is_text(text), "{text}");
        }
        for bytes in ["/%ff/", "/?q=%E2%98", "/a%00b", "/?%C3=1", "/%ed%a0%80"] {
            assert!(!is_text(bytes), "{bytes}");
        }
    }
}
