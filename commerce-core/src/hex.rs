//! Bytes as hexadecimal digits.

/// The bytes as lower-case digits, two for each.
///
/// ```
/// assert_eq!(commerce_core::hex::written(&[0x0a, 0xff]), "0aff");
/// ```
#[must_use]
pub fn written(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// So many bytes, in digits of either case and nothing else; `None`: it is not that.
///
/// ```
/// use commerce_core::hex::read;
/// assert_eq!(read("0aFF"), Some([0x0a, 0xff]));
/// assert_eq!((read::<2>("0aff0"), read::<2>("+a-f"), read::<2>("0aÿ")), (None, None, None));
/// ```
#[must_use]
pub fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}
