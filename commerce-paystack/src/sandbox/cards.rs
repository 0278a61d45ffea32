//! The test cards and what each of them does.

/// A card of test mode.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TestCard {
    pub(crate) number: &'static str,
    pub(crate) cvv: &'static str,
    pub(crate) pin: &'static str,
    pub(crate) flow: Flow,
    pub(crate) refund: RefundFate,
    /// What it is for, as the checkout page says it.
    pub(crate) about: &'static str,
}

/// What a card asks for before it pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Pays,
    Pin,
    PinOtp,
    PinPhoneOtp,
    BankPage,
    Declines(&'static str),
    /// Asks for the PIN and then fails, whatever the PIN is.
    PinDeclines(&'static str),
}

/// What becomes of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundFate {
    Processed,
    Fails,
    NeedsAttention,
}

/// The one-time password of test mode.
pub(crate) const OTP: &str = "123456";

/// What is said of a card that is not a test card.
pub(crate) const NOT_A_TEST_CARD: &str = "Transaction declined. Please use the test card.";

const fn card(
    number: &'static str,
    cvv: &'static str,
    pin: &'static str,
    flow: Flow,
    about: &'static str,
) -> TestCard {
    TestCard { number, cvv, pin, flow, refund: RefundFate::Processed, about }
}

pub(crate) static TEST_CARDS: [TestCard; 12] = [
    card("4084084084084081", "408", "", Flow::Pays, "Pays at once"),
    card("507850785078507812", "081", "1111", Flow::Pin, "Asks for a PIN"),
    card("5060666666666666666", "123", "1234", Flow::PinOtp, "Asks for a PIN and an OTP"),
    card("507850785078507804", "884", "0000", Flow::PinPhoneOtp, "Asks for a PIN, a phone number and an OTP"),
    card("5192602720584796", "123", "", Flow::BankPage, "Goes to the page of the bank"),
    card("4084080000005408", "001", "", Flow::Declines("Declined"), "Is declined"),
    card(
        "507850785078507853",
        "082",
        "0000",
        Flow::PinDeclines("Token Not Generated. Customer Not Registered on Token Platform"),
        "Has no OTP",
    ),
    card("4084080000670037", "787", "", Flow::Declines("Insufficient Funds"), "Has not enough money"),
    TestCard {
        number: "4084080000671803",
        cvv: "180",
        pin: "",
        flow: Flow::Pays,
        refund: RefundFate::Fails,
        about: "Pays; its refund fails",
    },
    TestCard {
        number: "4084080000671902",
        cvv: "190",
        pin: "",
        flow: Flow::Pays,
        refund: RefundFate::NeedsAttention,
        about: "Pays; its refund needs attention",
    },
    card("4084080000000409", "000", "", Flow::Declines("Declined"), "Is declined (older)"),
    card(
        "506066506066506067",
        "123",
        "",
        Flow::Declines("Insufficient Funds"),
        "Has not enough money (older)",
    ),
];

/// The card with this number; blanks and dashes in it do not matter.
pub(crate) fn find(number: &str) -> Option<&'static TestCard> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    TEST_CARDS.iter().find(|card| card.number == digits)
}

impl TestCard {
    pub(crate) fn brand(&self) -> &'static str {
        match self.number.as_bytes() {
            [b'4', ..] => "visa",
            [b'5', b'1', ..] => "mastercard",
            _ => "verve",
        }
    }

    pub(crate) fn bin(&self) -> &'static str {
        &self.number[..6]
    }

    pub(crate) fn last4(&self) -> &'static str {
        &self.number[self.number.len() - 4..]
    }
}

#[cfg(test)]
mod tests {
    use super::{TEST_CARDS, find};

    #[test]
    fn cards_are_found_however_they_are_typed() {
        for card in &TEST_CARDS {
            assert!(card.number.bytes().all(|digit| digit.is_ascii_digit()), "{}", card.number);
            let spaced: String = card.number.chars().flat_map(|digit| [digit, ' ']).collect();
            assert_eq!(find(&spaced), Some(card));
            assert_eq!(card.cvv.len(), 3);
        }
        assert_eq!(find("4111111111111111"), None);
        assert_eq!(find(""), None);
    }
}
