//! What templates may say: facts, with amounts and instants as people write them.

use commerce_core::mail::{CancelledBy, Envelope, Kind};
use commerce_core::order::{Order, OrderView};
use commerce_core::payment::{PaymentMethod, PaymentState};
use commerce_core::pricing::AdjustmentKind;
use commerce_core::{Money, Timestamp};
use serde::Serialize;

use super::amount::written;

/// Everything that a template may say. What does not belong to a mail is there all the same, and empty: a template that
/// names anything else is wrong, and that is found when the server starts.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Context {
    /// The subject, once it is made.
    pub(super) subject: String,
    pub(super) shop: ShopContext,
    pub(super) to: String,
    pub(super) first_name: Option<String>,
    /// Where the mail's one link leads.
    pub(super) link: Option<String>,
    pub(super) expires_at: Option<String>,
    pub(super) at: Option<String>,
    pub(super) new_email: Option<String>,
    pub(super) device: Option<String>,
    pub(super) amount: Option<String>,
    /// `shopper`, `shop` or `lapse`.
    pub(super) by: Option<CancelledBy>,
    /// What goes back.
    pub(super) back: Option<String>,
    pub(super) order: Option<OrderContext>,
}

/// The shop.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct ShopContext {
    pub(super) name: String,
    pub(super) url: String,
}

/// An order.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct OrderContext {
    pub(super) number: String,
    pub(super) placed_at: String,
    pub(super) paid: bool,
    /// Until when it is to be paid, while it waits for that.
    pub(super) pay_until: Option<String>,
    pub(super) payment_method: String,
    pub(super) lines: Vec<LineContext>,
    pub(super) subtotal: String,
    pub(super) discounts: Vec<LabelledAmount>,
    pub(super) shipping_method: Option<String>,
    pub(super) shipping: String,
    pub(super) taxes_added: Vec<LabelledAmount>,
    pub(super) taxes_included: Vec<LabelledAmount>,
    pub(super) rounding: Option<String>,
    pub(super) total: String,
    pub(super) currency: String,
    /// Row by row.
    pub(super) shipping_address: Option<Vec<String>>,
}

/// A line item.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct LineContext {
    pub(super) name: String,
    /// `Size: M, Colour: Indigo`; empty without options.
    pub(super) options: String,
    pub(super) sku: String,
    pub(super) quantity: u32,
    pub(super) unit_price: String,
    pub(super) total: String,
}

/// An amount and what it is for.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct LabelledAmount {
    pub(super) label: String,
    pub(super) amount: String,
}

impl Context {
    /// The facts of the envelope, in the conventions of the language; the shop, the link and the subject are added after.
    pub(super) fn of(envelope: &Envelope, language: &str) -> Self {
        let Envelope { id: _, to, language: _, kind, order, created_at: _ } = envelope;
        let amount = |amount: &Money| Some(written(*amount, language));
        let mut context = Self {
            to: to.to_string(),
            order: order.as_ref().map(|view| OrderContext::of(view, language)),
            expires_at: kind.link().map(|link| instant(link.expires_at)),
            ..Self::default()
        };
        match kind {
            Kind::Verification { first_name, link: _ }
            | Kind::PasswordReset { first_name, link: _ }
            | Kind::EmailChange { first_name, link: _ }
            | Kind::AlreadyRegistered { first_name } => context.first_name = called(first_name),
            Kind::EmailChangeRequested { first_name, new_email, link: _ } => {
                (context.first_name, context.new_email) = (called(first_name), Some(new_email.to_string()));
            }
            Kind::PasswordChanged { first_name, at } => {
                (context.first_name, context.at) = (called(first_name), Some(instant(*at)));
            }
            Kind::EmailChanged { first_name, new_email, at } => {
                (context.first_name, context.at) = (called(first_name), Some(instant(*at)));
                context.new_email = Some(new_email.to_string());
            }
            Kind::NewDevice { first_name, device, at } | Kind::SessionStolen { first_name, device, at } => {
                (context.first_name, context.at) = (called(first_name), Some(instant(*at)));
                context.device = device.as_deref().map(harmless);
            }
            Kind::AccountErased { at } => context.at = Some(instant(*at)),
            Kind::OrderPlaced { order: _ } => {}
            Kind::OrderPaid { order: _, amount: paid } | Kind::OrderRefunded { order: _, amount: paid } => {
                context.amount = amount(paid);
            }
            Kind::OrderCancelled { order: _, by, back } => {
                (context.by, context.back) = (Some(*by), back.as_ref().and_then(amount));
            }
        }
        context
    }
}

impl OrderContext {
    fn of(view: &OrderView, language: &str) -> Self {
        let order = &view.order;
        let totals = &order.totals;
        let amount = |amount: Money| written(amount, language);
        let waits = matches!(order.payment_status, PaymentState::Pending | PaymentState::Due);
        Self {
            number: order.number.to_string(),
            placed_at: instant(order.placed_at),
            paid: order.payment_status == PaymentState::Paid,
            pay_until: order.pay_until.filter(|_| waits).map(instant),
            payment_method: payment_method(order.payment_method).to_owned(),
            lines: order
                .lines
                .iter()
                .map(|line| LineContext {
                    name: line.name.clone(),
                    options: line
                        .options
                        .iter()
                        .map(|(name, value)| format!("{name}: {value}"))
                        .collect::<Vec<_>>()
                        .join(", "),
                    sku: line.sku.to_string(),
                    quantity: line.quantity.get(),
                    unit_price: format!("{} {}", line.unit_price.amount(), line.unit_price.currency),
                    total: amount(line.line_total),
                })
                .collect(),
            subtotal: amount(totals.subtotal),
            discounts: labelled(order, AdjustmentKind::Promotion, language),
            shipping_method: order.shipping_method.as_ref().map(|method| method.label.clone()),
            shipping: amount(totals.shipping),
            taxes_added: labelled(order, AdjustmentKind::TaxAdded, language),
            taxes_included: labelled(order, AdjustmentKind::TaxIncluded, language),
            rounding: (totals.cash_rounding.minor != 0).then(|| amount(totals.cash_rounding)),
            total: amount(totals.total),
            currency: totals.total.currency.code().to_owned(),
            shipping_address: order.shipping_address.as_ref().map(|address| {
                let city = match &address.postal_code {
                    Some(code) => format!("{code} {}", address.city),
                    None => address.city.clone(),
                };
                let rows = [
                    Some(address.contact_name.clone()),
                    Some(address.street_line1.clone()),
                    address.street_line2.clone(),
                    Some(city),
                    address.state_province.clone(),
                    Some(address.country_code.to_string()),
                ];
                rows.into_iter().flatten().collect()
            }),
        }
    }
}

/// The amounts of this kind, one row for each rule, in the order in which they first come. A discount on shipping is in the
/// price of shipping already.
fn labelled(order: &Order, kind: AdjustmentKind, language: &str) -> Vec<LabelledAmount> {
    let mut rows: Vec<(&str, Money)> = Vec::new();
    let of_lines = |line: &Option<commerce_core::LineId>| kind != AdjustmentKind::Promotion || line.is_some();
    for adjustment in order.adjustments.iter().filter(|one| one.kind == kind && of_lines(&one.line)) {
        match rows.iter_mut().find(|(label, _)| *label == &*adjustment.origin.label) {
            Some((_, sum)) => sum.minor += adjustment.amount.minor,
            None => rows.push((&adjustment.origin.label, adjustment.amount)),
        }
    }
    let row = |(label, amount): (&str, Money)| LabelledAmount {
        label: label.to_owned(),
        amount: written(amount, language),
    };
    rows.into_iter().map(row).collect()
}

fn payment_method(method: PaymentMethod) -> &'static str {
    method.as_str()
}

/// An instant as every language reads it: `2026-11-22 09:30 UTC`.
fn instant(at: Timestamp) -> String {
    let text = at.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}

/// How somebody is called, unless the name looks as if it had been chosen to write to strangers through the shop: it has an
/// address in it, or is longer than a name.
fn called(name: &Option<String>) -> Option<String> {
    let name = name.as_deref()?.trim();
    let shady =
        name.contains(['/', '@', '<', '>']) || name.to_lowercase().contains("www.") || name.contains(".com");
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    (!shady && !name.is_empty() && name.chars().count() <= 60).then_some(name)
}

/// What a program said of itself, short and on one line.
fn harmless(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_names() {
        assert_eq!(instant("2026-11-22T09:30:59.999999Z".parse().unwrap()), "2026-11-22 09:30 UTC");
        let called = |name: &str| called(&Some(name.to_owned()));
        assert_eq!(called(" Adaeze-Ọlá ").as_deref(), Some("Adaeze-Ọlá"));
        for shady in
            ["", "win at https://x.example", "www.x.example", "x.com", "a@b.example", &"x".repeat(61)]
        {
            assert_eq!(called(shady), None, "{shady}");
        }
        assert_eq!(harmless("Firefox\r\n<b>on Linux"), "Firefoxbon Linux");
    }
}
