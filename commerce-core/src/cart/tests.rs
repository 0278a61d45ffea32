//! What may be done to a cart.

#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop")]

use std::time::Duration;

use super::{AddItem, Cart, CartError, Delivery, Write};
use crate::Quantity;
use crate::customer::Country;
use crate::payment::PaymentMethod;
use crate::testkit::{SetQuantity, add, address, given, item, line_id, start, view};

fn to(country: Country, method: &str) -> Delivery {
    Delivery {
        email: "obi@example.com".parse().unwrap(),
        address: Some(address(country)),
        billing_address: None,
        shipping_method: Some(method.to_owned()),
    }
}

#[test]
fn the_same_variant_with_the_same_wishes_adds_up() {
    let made = given(view().stock("mug", 5).line("mug", 2)).when(add("mug", 3)).made();
    assert_eq!(made.cart.lines.iter().map(|line| line.quantity.get()).collect::<Vec<_>>(), [5]);
    let mut engraved = add("mug", 1);
    engraved.customizations.insert("engraving".to_owned(), "Ada".to_owned());
    let made = given(view().stock("mug", 5).line("mug", 2)).when(engraved).made();
    assert_eq!(made.cart.lines.iter().map(|line| line.quantity.get()).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn no_more_is_added_than_there_is_over_all_lines() {
    given(view().stock("mug", 5).line("mug", 2).line("mug", 2))
        .when(add("mug", 2))
        .refused(|error| matches!(error, CartError::OutOfStock(short) if (short[0].wanted, short[0].available) == (6, 5)));
    given(view().line("mug", 1))
        .when(add("mug", 1))
        .refused(|error| matches!(error, CartError::OutOfStock(short) if short[0].available == 0));
}

#[test]
fn what_is_not_counted_or_may_go_short_is_added_without_a_limit() {
    given(view().sells(item("pdf").untracked())).when(add("pdf", 9_999)).made();
    given(view().sells(item("made").backorder())).when(add("made", 9_999)).made();
}

#[test]
fn what_is_not_on_sale_is_not_added() {
    let draft = view().sells(item("mug").draft()).stock("mug", 5);
    given(draft).when(add("mug", 1)).refused(|error| matches!(error, CartError::UnknownVariant));
    given(view()).when(add("mug", 1)).refused(|error| matches!(error, CartError::UnknownVariant));
}

#[test]
fn a_line_and_a_cart_have_their_limits() {
    given(view().sells(item("pdf").untracked()).line("pdf", Quantity::MAX))
        .when(add("pdf", 1))
        .refused(|error| matches!(error, CartError::QuantityTooLarge));
    let full =
        (0..Cart::LINES_MAX).fold(view().sells(item("pdf").untracked()), |scene, _| scene.line("pdf", 1));
    given(full)
        .when(AddItem { customizations: [("a".to_owned(), "b".to_owned())].into(), ..add("pdf", 1) })
        .refused(|error| matches!(error, CartError::TooManyLines));
}

#[test]
fn wishes_have_their_limits() {
    let wishing = |name: &str, text: &str| AddItem {
        customizations: [(name.to_owned(), text.to_owned())].into(),
        ..add("mug", 1)
    };
    let sold = || view().stock("mug", 5);
    given(sold()).when(wishing("note", "two\nlines")).made();
    for (name, text) in [(" ", "x"), ("note", "\0"), ("no\nte", "x"), ("note", &"x".repeat(501))] {
        given(sold())
            .when(wishing(name, text))
            .refused(|error| matches!(error, CartError::Customizations(_)));
    }
    let many = (0..11).map(|n| (n.to_string(), String::new())).collect();
    given(sold())
        .when(AddItem { customizations: many, ..add("mug", 1) })
        .refused(|error| matches!(error, CartError::Customizations(_)));
}

#[test]
fn a_closed_cart_is_followed_by_the_next_and_an_unknown_token_by_nothing() {
    let made = given(view().stock("mug", 5).without_cart(true)).when(add("mug", 1)).made();
    assert_eq!((made.cart.version, made.token.is_some()), (1, false));
    assert_eq!(made.changes.cart.write.unwrap().expected_version, None);
    given(view().stock("mug", 5).without_cart(false))
        .when(add("mug", 1))
        .refused(|error| matches!(error, CartError::NotFound));
}

#[test]
fn an_expired_cart_is_not_there() {
    let expired = view().stock("mug", 5).cart(|cart| cart.expires_at = start());
    given(expired).when(add("mug", 1)).refused(|error| matches!(error, CartError::NotFound));
}

#[test]
fn every_change_keeps_the_cart_for_thirty_days_more() {
    let later = start().plus(Duration::from_secs(60));
    let made = given(view().at(later).stock("mug", 5)).when(add("mug", 1)).made();
    assert_eq!(made.cart.expires_at, later.plus(Duration::from_secs(Cart::LIFETIME_SECONDS)));
    assert_eq!((made.cart.updated_at, made.cart.created_at), (later, start()));
}

#[test]
fn a_quantity_is_set_within_what_there_is_and_nothing_removes() {
    let two = || view().stock("mug", 5).line("mug", 2).line("mug", 1);
    given(two()).when(SetQuantity(0, 4)).made();
    given(two()).when(SetQuantity(0, 5)).refused(|error| matches!(error, CartError::OutOfStock(_)));
    given(two()).when(SetQuantity(2, 1)).refused(|error| matches!(error, CartError::LineNotFound));
    given(two()).when(SetQuantity(0, 0)).changes(|changes| {
        let write = changes.cart.write.as_ref().unwrap();
        assert_eq!(write.lines_removed, [line_id(0)]);
        assert_eq!(
            write.lines_written.iter().map(|(place, line)| (*place, line.id)).collect::<Vec<_>>(),
            [(0, line_id(1))]
        );
    });
    let gone = view().sells(item("mug").draft()).line("mug", 2);
    given(gone.clone()).when(SetQuantity(0, 1)).refused(|error| matches!(error, CartError::UnknownVariant));
    given(gone).when(SetQuantity(0, 0)).made();
}

#[test]
fn a_delivery_is_checked() {
    let sold = || view().stock("mug", 5).line("mug", 1);
    let made = given(sold()).when(to(Country::GH, "standard")).made();
    assert_eq!(made.cart.shipping_address.unwrap().country_code, Country::GH);
    given(sold())
        .when(to(Country::NG, "by-camel"))
        .refused(|error| matches!(error, CartError::ShippingMethod));
    let nowhere = Delivery { address: None, ..to(Country::NG, "standard") };
    given(sold()).when(nowhere.clone()).refused(|error| matches!(error, CartError::AddressMissing));
    given(view().sells(item("pdf").digital().untracked()).line("pdf", 1)).when(nowhere).made();
    let mut blank = to(Country::NG, "standard");
    blank.address.as_mut().unwrap().city = "  ".to_owned();
    given(sold()).when(blank).refused(
        |error| matches!(error, CartError::Address { which: "address", errors } if errors[0].field == "city"),
    );
}

#[test]
fn only_what_the_shop_takes_pays() {
    let mut scene = view();
    scene.terms.accepted = vec![PaymentMethod::CashOnDelivery];
    given(scene.clone()).when(PaymentMethod::CashOnDelivery).made();
    given(scene).when(PaymentMethod::Card).refused(|error| matches!(error, CartError::PaymentMethod(_)));
}

#[test]
fn a_write_names_what_changed_and_no_more() {
    let before = view().line("a", 1).line("b", 2).line("c", 3).view.cart.unwrap();
    let mut after = before.clone();
    after.lines.remove(1);
    let write = Write::between(Some(&before), &mut after);
    assert_eq!((write.expected_version, write.cart.version), (Some(1), 2));
    assert_eq!(write.lines_removed, [line_id(1)]);
    assert_eq!(
        write.lines_written,
        [(1, before.lines[2].clone())],
        "what moved up is written in its new place"
    );
}
