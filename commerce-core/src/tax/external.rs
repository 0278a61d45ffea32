//! Tax that an outside service assesses: what it is asked and what it answers.

use crate::catalog::{Sku, TaxClass};
use crate::customer::{Destination, VatId};
use crate::money::Percent;
use crate::{Currency, LineId, Money, Quantity, Timestamp};

/// What an outside service is asked: the amounts after discounts, and where they are taxed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRequest {
    /// The currency of all amounts.
    pub currency: Currency,
    /// Where the goods go.
    pub destination: Destination,
    /// The time for which tax is asked.
    pub now: Timestamp,
    /// The buyer's VAT identification number, as they gave it.
    pub vat_id: Option<VatId>,
    /// The line items.
    pub lines: Vec<TaxRequestLine>,
    /// Shipping, when it costs something.
    pub shipping: Option<TaxRequestShipping>,
}

/// A line item of a [`TaxRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRequestLine {
    /// Its id, by which the answer names it.
    pub line: LineId,
    /// The SKU of its variant.
    pub sku: Sku,
    /// Its tax class, for services that know the shop's classes.
    pub tax_class: TaxClass,
    /// How many units.
    pub quantity: Quantity,
    /// What is left to be paid for all units after discounts; with the tax where `included`.
    pub amount: Money,
    /// Whether the amount holds the tax.
    pub included: bool,
}

/// Shipping in a [`TaxRequest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxRequestShipping {
    /// What is left to be paid for it after discounts; with the tax where `included`.
    pub amount: Money,
    /// Whether the amount holds the tax.
    pub included: bool,
}

/// What an outside service answers. It is kept as given: nothing of it is computed again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExternalTax {
    /// Taxes on line items; several on one line stand one after the other.
    pub lines: Vec<ExternalLineTax>,
    /// Taxes on shipping.
    pub shipping: Vec<ExternalShippingTax>,
}

/// A tax on a line item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalLineTax {
    /// The line item.
    pub line: LineId,
    /// The tax.
    pub tax: ExternalAmount,
}

/// A tax on shipping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalShippingTax {
    /// The tax.
    pub tax: ExternalAmount,
}

/// A tax as the service states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalAmount {
    /// What it is called before the shopper; 1 to 100 characters.
    pub name: String,
    /// The rate, where there is one.
    pub rate: Option<Percent>,
    /// What is taxed, without the tax.
    pub base: Money,
    /// The tax; from 0.
    pub amount: Money,
    /// Whether it is inside the amount that was asked for; else it comes on top.
    pub included: bool,
}

/// Why an outside service has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TaxProviderError {
    /// It cannot be reached, or has too much to do: the same request may succeed later.
    #[error("the tax service is not available: {0}")]
    Unavailable(String),
    /// It refuses the request, for a reason that staff can read: the same request would be refused again.
    #[error("the tax service refuses the request: {0}")]
    Refused(String),
    /// It answered something that is no answer to the request.
    #[error("the tax service gave a wrong answer: {0}")]
    WrongAnswer(String),
}

impl ExternalTax {
    /// Looks whether this can be an answer to the request.
    ///
    /// # Errors
    /// [`TaxProviderError::WrongAnswer`] when it names a line item or shipping that was not asked for, an amount in
    /// another currency or below nothing, a name of no or more than 100 characters; or when the taxes inside an amount
    /// are more than the amount, or inside one that was said to hold none.
    pub fn check(&self, request: &TaxRequest) -> Result<(), TaxProviderError> {
        for asked in &request.lines {
            let taxes = self.lines.iter().filter(|tax| tax.line == asked.line).map(|tax| &tax.tax);
            check_taxes(taxes, asked.amount, asked.included, &format!("line {}", asked.line))?;
        }
        if let Some(stray) =
            self.lines.iter().find(|tax| request.lines.iter().all(|line| line.line != tax.line))
        {
            return Err(TaxProviderError::WrongAnswer(format!("there is no line {}", stray.line)));
        }
        match request.shipping {
            Some(asked) => check_taxes(
                self.shipping.iter().map(|tax| &tax.tax),
                asked.amount,
                asked.included,
                "shipping",
            ),
            None if self.shipping.is_empty() => Ok(()),
            None => Err(TaxProviderError::WrongAnswer("shipping was not asked for".to_owned())),
        }
    }
}

fn check_taxes<'a>(
    taxes: impl Iterator<Item = &'a ExternalAmount>,
    amount: Money,
    included: bool,
    of: &str,
) -> Result<(), TaxProviderError> {
    let wrong = |what: String| Err(TaxProviderError::WrongAnswer(format!("{of}: {what}")));
    let mut inside = 0_i128;
    for tax in taxes {
        if tax.name.trim().is_empty() || tax.name.chars().count() > 100 {
            return wrong("a tax has a name of 1 to 100 characters".to_owned());
        }
        for stated in [tax.base, tax.amount] {
            if stated.currency != amount.currency || stated.minor < 0 {
                return wrong(format!("`{}` states {stated} on {amount}", tax.name));
            }
        }
        if tax.included && !included {
            return wrong(format!("`{}` is said to be inside an amount that holds no tax", tax.name));
        }
        if tax.included {
            inside += i128::from(tax.amount.minor);
        }
    }
    if inside > i128::from(amount.minor) {
        return wrong(format!("more tax than {amount} is inside it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::Country;

    fn amount(minor: i64, included: bool) -> ExternalAmount {
        ExternalAmount {
            name: "Sales tax".to_owned(),
            rate: None,
            base: Money::from_minor(1_000, Currency::NGN),
            amount: Money::from_minor(minor, Currency::NGN),
            included,
        }
    }

    #[test]
    fn an_answer_must_fit_the_request() {
        let line: LineId = "00000000-0000-7000-8000-000000000001".parse().unwrap();
        let other: LineId = "00000000-0000-7000-8000-000000000002".parse().unwrap();
        let request = |included, shipping| TaxRequest {
            currency: Currency::NGN,
            destination: Destination::in_country(Country::NG),
            now: "2026-11-22T00:00:00Z".parse().unwrap(),
            vat_id: None,
            lines: vec![TaxRequestLine {
                line,
                sku: "mug".parse().unwrap(),
                tax_class: TaxClass::standard(),
                quantity: Quantity::ONE,
                amount: Money::from_minor(1_075, Currency::NGN),
                included,
            }],
            shipping,
        };
        let on_line =
            |line, tax| ExternalTax { lines: vec![ExternalLineTax { line, tax }], shipping: vec![] };
        assert_eq!(on_line(line, amount(75, true)).check(&request(true, None)), Ok(()));
        assert_eq!(on_line(line, amount(75, false)).check(&request(false, None)), Ok(()));
        assert_eq!(ExternalTax::default().check(&request(true, None)), Ok(()));
        let in_ghana = ExternalAmount { amount: Money::from_minor(1, Currency::GHS), ..amount(1, true) };
        let shipping = ExternalTax {
            shipping: vec![ExternalShippingTax { tax: amount(1, false) }],
            ..ExternalTax::default()
        };
        for wrong in [
            on_line(other, amount(75, true)),
            on_line(line, amount(1_076, true)),
            on_line(line, amount(-1, true)),
            on_line(line, in_ghana),
            on_line(line, ExternalAmount { name: String::new(), ..amount(1, true) }),
            shipping.clone(),
        ] {
            assert!(wrong.check(&request(true, None)).is_err(), "{wrong:?}");
        }
        assert!(on_line(line, amount(75, true)).check(&request(false, None)).is_err());
        let asked = TaxRequestShipping { amount: Money::from_minor(100, Currency::NGN), included: false };
        assert_eq!(shipping.check(&request(true, Some(asked))), Ok(()));
    }
}
