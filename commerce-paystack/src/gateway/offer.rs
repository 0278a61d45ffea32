//! What Paystack can collect, and how a payer's phone number is written where.

use commerce_core::Money;
use commerce_core::customer::Phone;
use commerce_core::payment::PaymentMethod;

use super::money;

/// The least of each currency, in subunits. Egypt and Rwanda document none.
const LEAST: [(&str, u64); 8] = [
    ("NGN", 5_000),
    ("USD", 200),
    ("GHS", 10),
    ("ZAR", 100),
    ("KES", 300),
    ("XOF", 100),
    ("EGP", 1),
    ("RWF", 1),
];
/// The most of any currency: ten million of its main unit.
const MOST: u64 = 1_000_000_000;
/// The least that can be transferred, in kobo.
const LEAST_TRANSFER: u64 = 10_000;

/// Whether this amount can be collected in this way.
pub(super) fn takes(method: PaymentMethod, wanted: Money) -> bool {
    let Ok(amount) = money::amount(wanted) else { return false };
    let currency = amount.currency.as_str();
    let Some((_, least)) = LEAST.iter().find(|(code, _)| *code == currency) else { return false };
    if !(*least..=MOST).contains(&amount.subunits) {
        return false;
    }
    match method {
        PaymentMethod::Card => true,
        PaymentMethod::BankTransfer => currency == "NGN" && amount.subunits >= LEAST_TRANSFER,
        PaymentMethod::MobileMoney => matches!(currency, "GHS" | "KES" | "XOF"),
        PaymentMethod::Ussd => currency == "NGN",
        PaymentMethod::CashOnDelivery | PaymentMethod::Manual => false,
    }
}

/// Ghana and Côte d'Ivoire want the number as people there dial it, the others the international form.
pub(super) fn phone(phone: &Phone) -> String {
    let number = phone.as_str();
    match (number.strip_prefix("+233"), number.strip_prefix("+225")) {
        (Some(local), _) => format!("0{local}"),
        (_, Some(local)) => local.to_owned(),
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use commerce_core::Currency;

    use super::*;

    #[test]
    fn each_way_to_pay_has_its_countries_and_bounds() {
        use PaymentMethod::{BankTransfer, Card, CashOnDelivery, MobileMoney, Ussd};
        let takes = |method, minor, currency| takes(method, Money::from_minor(minor, currency));
        assert!(takes(Card, 5_000, Currency::NGN) && !takes(Card, 4_999, Currency::NGN));
        assert!(takes(Card, 1_000_000_000, Currency::NGN) && !takes(Card, 1_000_000_001, Currency::NGN));
        assert!(takes(Card, 1, Currency::XOF) && takes(Card, 10_000_000, Currency::XOF));
        assert!(!takes(Card, 10_000_001, Currency::XOF) && !takes(Card, 0, Currency::XOF));
        assert!(!takes(Card, 5_000, Currency::EUR) && !takes(Card, 5_000, Currency::KWD));
        assert!(takes(BankTransfer, 10_000, Currency::NGN) && !takes(BankTransfer, 9_999, Currency::NGN));
        assert!(!takes(BankTransfer, 10_000, Currency::KES));
        assert!(takes(MobileMoney, 10, Currency::GHS) && !takes(MobileMoney, 9, Currency::GHS));
        assert!(takes(MobileMoney, 300, Currency::KES) && !takes(MobileMoney, 5_000, Currency::NGN));
        assert!(takes(Ussd, 5_000, Currency::NGN) && !takes(Ussd, 5_000, Currency::GHS));
        assert!(!takes(CashOnDelivery, 5_000, Currency::NGN) && !takes(Card, -5_000, Currency::NGN));
    }

    #[test]
    fn numbers_are_written_as_each_country_wants_them() {
        for (ours, theirs) in [
            ("+233551234987", "0551234987"),
            ("+2250700000000", "0700000000"),
            ("+254710000000", "+254710000000"),
            ("+2348031234567", "+2348031234567"),
        ] {
            assert_eq!(phone(&ours.parse().unwrap()), theirs);
        }
    }
}
