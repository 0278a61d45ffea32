//! Amounts as people write them.

use commerce_core::{Currency, Money};

/// The amount with its currency's sign and its thousands apart: `₦12,500.00` in English, `12 500,00 ₦` in French.
pub(super) fn written(amount: Money, language: &str) -> String {
    let french = language.split('-').next() == Some("fr");
    let plain = amount.amount();
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    // No line breaks inside an amount: the spaces are narrow and wide ones that do not break.
    let (apart, point) = if french { ('\u{202f}', ',') } else { (',', '.') };
    let mut number = String::with_capacity(plain.len() + 8);
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            number.push(apart);
        }
        number.push(digit);
    }
    if let Some(part) = part {
        number.push(point);
        number.push_str(part);
    }
    let symbol = symbol(amount.currency);
    if french {
        return format!("{sign}{number}\u{a0}{symbol}");
    }
    // Letters stand apart from the number, signs do not.
    let gap = if symbol.ends_with(char::is_alphabetic) { "\u{a0}" } else { "" };
    format!("{sign}{symbol}{gap}{number}")
}

/// The sign by which people know a currency, or its code.
fn symbol(currency: Currency) -> &'static str {
    match currency.code() {
        "NGN" => "₦",
        "GHS" => "GH₵",
        "KES" => "KSh",
        "ZAR" => "R",
        "XOF" => "F\u{a0}CFA",
        "XAF" => "FCFA",
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        let amount = |minor, code, language| {
            written(Money::from_minor(minor, Currency::from_code(code).unwrap()), language)
                .replace('\u{a0}', "_")
                .replace('\u{202f}', "'")
        };
        assert_eq!(amount(1_250_000, "NGN", "en"), "₦12,500.00");
        assert_eq!(amount(1_250_000, "NGN", "fr-CI"), "12'500,00_₦");
        assert_eq!(amount(-5, "USD", "en"), "-$0.05");
        assert_eq!(amount(99_900, "USD", "en"), "$999.00");
        assert_eq!(amount(123_456_789, "KES", "en"), "KSh_1,234,567.89");
        assert_eq!(amount(12_500, "XOF", "fr"), "12'500_F_CFA");
        assert_eq!(amount(1, "KWD", "en"), "KWD_0.001");
        assert_eq!(amount(0, "EUR", "de"), "€0.00");
    }
}
