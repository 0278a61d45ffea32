//! What Paystack keeps of a payment: per country, channel and kind of card, in whole hundredths, rounded up.

use super::country::{Channel, Country, Currency};

/// Rates are in hundredths of a percent, amounts in hundredths of the currency.
struct Price {
    rate: u64,
    flat: u64,
    /// Below this amount the flat part is not taken.
    flat_from: u64,
    cap: Option<u64>,
}

const fn price(rate: u64, flat: u64) -> Price {
    Price { rate, flat, flat_from: 0, cap: None }
}

/// The fee of a payment of `amount`. Value added tax is not part of it, as in test mode.
pub(crate) fn fee(country: Country, currency: Currency, channel: Channel, amount: u64) -> u64 {
    let price = match (country, currency, channel) {
        (Country::Nigeria, Currency::Usd, _) => price(390, 0),
        (Country::Nigeria, ..) => Price { rate: 150, flat: 10_000, flat_from: 250_000, cap: Some(200_000) },
        (Country::Ghana, ..) => price(195, 0),
        (Country::Kenya, Currency::Usd, _) => price(380, 0),
        (Country::Kenya, _, Channel::MobileMoney) => price(150, 0),
        (Country::Kenya, ..) => price(290, 0),
        (Country::SouthAfrica, _, Channel::Eft) => price(200, 0),
        (Country::SouthAfrica, ..) => price(290, 100),
        (Country::CoteDIvoire, _, Channel::MobileMoney) => price(195, 0),
        (Country::CoteDIvoire, ..) => price(320, 0),
        (Country::Egypt, ..) => price(270, 250),
        (Country::Rwanda, ..) => price(290, 0),
    };
    let part = (amount * price.rate).div_ceil(10_000);
    let flat = if amount < price.flat_from { 0 } else { price.flat };
    price.cap.map_or(part + flat, |cap| cap.min(part + flat))
}

#[cfg(test)]
mod tests {
    use super::fee;
    use crate::sandbox::country::{Channel, Country, Currency};

    #[test]
    fn fees_are_those_of_recorded_payments_and_the_price_list() {
        let card = Channel::Card;
        for (country, currency, channel, amount, expected) in [
            (Country::Nigeria, Currency::Ngn, card, 5_641_000, 94_615),
            (Country::Nigeria, Currency::Ngn, card, 1_200_000, 28_000),
            (Country::Nigeria, Currency::Ngn, Channel::BankTransfer, 25_000, 375),
            (Country::Nigeria, Currency::Ngn, card, 249_999, 3_750),
            (Country::Nigeria, Currency::Ngn, card, 250_000, 13_750),
            (Country::Nigeria, Currency::Ngn, card, 12_666_600, 199_999),
            (Country::Nigeria, Currency::Ngn, card, 12_666_700, 200_000),
            (Country::Nigeria, Currency::Ngn, card, 1_000_000_000, 200_000),
            (Country::Nigeria, Currency::Usd, card, 10_000, 390),
            (Country::Ghana, Currency::Ghs, card, 10_000, 195),
            (Country::Ghana, Currency::Ghs, Channel::MobileMoney, 101, 2),
            (Country::Kenya, Currency::Kes, card, 10_000, 290),
            (Country::Kenya, Currency::Kes, Channel::MobileMoney, 10_000, 150),
            (Country::Kenya, Currency::Usd, card, 10_000, 380),
            (Country::SouthAfrica, Currency::Zar, card, 500_000, 14_600),
            (Country::SouthAfrica, Currency::Zar, card, 186_677, 5_514),
            (Country::SouthAfrica, Currency::Zar, Channel::Eft, 10_000, 200),
            (Country::CoteDIvoire, Currency::Xof, card, 10_000, 320),
            (Country::CoteDIvoire, Currency::Xof, Channel::MobileMoney, 10_000, 195),
            (Country::Egypt, Currency::Egp, card, 10_000, 520),
            (Country::Rwanda, Currency::Rwf, card, 10_000, 290),
        ] {
            assert_eq!(fee(country, currency, channel, amount), expected, "{country:?} {channel:?} {amount}");
        }
    }
}
