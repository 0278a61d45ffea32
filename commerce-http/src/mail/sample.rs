//! Facts to try templates on: every kind of mail, with all that it can have and with as little.

use commerce_core::mail::CancelledBy;

use super::context::{Context, LabelledAmount, LineContext, OrderContext, ShopContext};

/// Contexts of mails of this kind: what a template can meet.
pub(super) fn contexts(kind: &str, language: &str) -> Vec<Context> {
    let shop = ShopContext { name: "Adire & Co".to_owned(), url: "https://shop.example".to_owned() };
    let plain = Context { shop, to: "ada@example.com".to_owned(), ..Context::default() };
    let text = |text: &str| Some(text.to_owned());
    let at = text("2026-11-22 09:30 UTC");
    let amount = text(if language.starts_with("fr") { "12 500,00 ₦" } else { "₦12,500.00" });
    if kind.starts_with("order_") {
        let link = text("https://shop.example/orders/0190#token");
        let about = |order| Context {
            order: Some(order),
            link: link.clone(),
            amount: amount.clone(),
            ..plain.clone()
        };
        let orders =
            [full(), bare(), paid("manual"), OrderContext { pay_until: None, paid: false, ..full() }];
        let mut contexts: Vec<Context> = orders.into_iter().map(about).collect();
        for (by, back) in
            [(CancelledBy::Shopper, None), (CancelledBy::Shop, amount.clone()), (CancelledBy::Lapse, None)]
        {
            contexts.push(Context { by: Some(by), back, ..about(full()) });
        }
        return contexts;
    }
    let full = Context {
        first_name: text("Ada"),
        link: text("https://shop.example/account/verify#token"),
        expires_at: at.clone(),
        at,
        new_email: text("ada.new@example.com"),
        device: text("Firefox on Linux"),
        ..plain
    };
    let bare = Context { first_name: None, device: None, ..full.clone() };
    vec![full, bare]
}

fn full() -> OrderContext {
    let amount = |amount: &str| amount.to_owned();
    let line = |name: &str, options: &str, quantity: u32, total: &str| LineContext {
        name: name.to_owned(),
        options: options.to_owned(),
        sku: "ADI-M".to_owned(),
        quantity,
        unit_price: amount("5000 NGN"),
        total: amount(total),
    };
    let labelled =
        |label: &str, total: &str| vec![LabelledAmount { label: label.to_owned(), amount: amount(total) }];
    OrderContext {
        number: "7KQ2-M4XPZ".to_owned(),
        placed_at: "2026-11-22 09:30 UTC".to_owned(),
        paid: false,
        pay_until: Some("2026-11-22 10:00 UTC".to_owned()),
        payment_method: "card".to_owned(),
        lines: vec![
            line("Adire dress, hand-dyed", "Size: M, Colour: Indigo", 2, "₦10,000.00"),
            line("Mug", "", 1, "₦2,500.00"),
        ],
        subtotal: amount("₦12,500.00"),
        discounts: labelled("Welcome, 10 % off", "-₦1,250.00"),
        shipping_method: Some("Standard".to_owned()),
        shipping: amount("₦1,500.00"),
        taxes_added: labelled("Levy", "₦10.00"),
        taxes_included: labelled("VAT", "₦937.50"),
        rounding: Some(amount("-₦0.05")),
        total: amount("₦12,750.00"),
        currency: "NGN".to_owned(),
        shipping_address: Some(vec!["Ada Obi".to_owned(), "12 Marina Road".to_owned(), "Lagos".to_owned()]),
    }
}

/// An order of which nothing is shipped and that costs nothing.
fn bare() -> OrderContext {
    OrderContext {
        paid: true,
        pay_until: None,
        payment_method: "cash_on_delivery".to_owned(),
        discounts: Vec::new(),
        shipping_method: None,
        taxes_added: Vec::new(),
        taxes_included: Vec::new(),
        rounding: None,
        shipping_address: None,
        ..full()
    }
}

fn paid(method: &str) -> OrderContext {
    OrderContext { payment_method: method.to_owned(), ..full() }
}
