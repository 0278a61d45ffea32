//! Lists of orders, and notes on them.

use super::moving_on::moving;
use super::{Shop, cancel, request};
use crate::audit::Actor;
use crate::cart::Delivery;
use crate::order::{
    AddNote, FulfillmentState, NoteError, OrderNumber, OrderState, OrderView, Search, Summary,
};
use crate::payment::{PaymentMethod, PaymentState};
use crate::testkit::{item, named};
use crate::{Money, OrderId, SellerId, Timestamp};

/// Orders are listed with the newest first, page by page, each with what a list shows of it.
pub async fn orders_are_listed_newest_first(shop: &Shop) {
    assert_eq!(shop.engine.orders().search(&Search::default(), 10).await.unwrap(), []);
    shop.sell([item("mug").stock(50), item("pen").stock(50)]).await;
    let mut placed = Vec::new();
    for units in 1..=5 {
        placed.push(shop.order(&[("mug", units), ("pen", 2)]).await);
    }
    placed.sort_by_key(|view| std::cmp::Reverse(view.order.id));
    let rows: Vec<Summary> = placed.iter().map(summary).collect();
    assert_eq!(list(shop, &Search::default()).await, rows);
    let orders = shop.engine.orders();
    assert_eq!(orders.search(&Search::default(), 2).await.unwrap(), rows[..2]);
    let behind = Search { before: Some(rows[1].id), ..Search::default() };
    assert_eq!(orders.search(&behind, 2).await.unwrap(), rows[2..4]);
    let behind = Search { before: Some(rows[4].id), ..Search::default() };
    assert_eq!(list(shop, &behind).await, []);
}

/// Each filter keeps what it names, and all of them hold together.
pub async fn a_list_is_of_what_was_asked_for(shop: &Shop) {
    shop.sell([item("mug").stock(50)]).await;
    let cash = shop.order(&[("mug", 1)]).await.order;
    let card = shop.card_order(&[("mug", 1)]).await.order;
    let gone = shop.order(&[("mug", 1)]).await.order;
    shop.engine.orders().cancel(gone.id, &cancel()).await.unwrap();
    let left = shop.order(&[("mug", 1)]).await.order;
    super::moving_on::ship(shop, left.id).await;
    let token = shop.ready_cart(&[("mug", 1)]).await;
    let other = Delivery { email: "Bola@example.com".parse().unwrap(), ..super::delivery() };
    shop.engine.carts().set_delivery(&token, &other, None).await.unwrap();
    let bola = shop.confirm(&token).await.unwrap().order.order;
    let all = [cash.id, card.id, gone.id, left.id, bola.id];
    let any = Search::default();
    for (search, found) in [
        (any.clone(), &all[..]),
        (Search { status: Some(OrderState::Pending), ..any.clone() }, &[cash.id, card.id, bola.id]),
        (Search { status: Some(OrderState::Shipped), ..any.clone() }, &[left.id]),
        (Search { payment_status: Some(PaymentState::Failed), ..any.clone() }, &[gone.id]),
        (Search { payment_status: Some(PaymentState::Refunded), ..any.clone() }, &[]),
        (Search { fulfillment_status: Some(FulfillmentState::Fulfilled), ..any.clone() }, &[left.id]),
        (Search { payment_method: Some(PaymentMethod::Card), ..any.clone() }, &[card.id]),
        (Search { email: Some("bola@EXAMPLE.com".parse().unwrap()), ..any.clone() }, &[bola.id]),
        (Search { email: Some("nobody@example.com".parse().unwrap()), ..any.clone() }, &[]),
        (Search { number: Some(card.number.clone()), ..any.clone() }, &[card.id]),
        (Search { number: Some(OrderNumber("1111-11111".to_owned())), ..any.clone() }, &[]),
        (Search { customer: Some(named("customer", "nobody")), ..any.clone() }, &[]),
        (
            Search {
                status: Some(OrderState::Pending),
                payment_status: Some(PaymentState::Due),
                payment_method: Some(PaymentMethod::CashOnDelivery),
                email: Some("ada@example.com".parse().unwrap()),
                ..any.clone()
            },
            &[cash.id],
        ),
    ] {
        assert_eq!(ids(&list(shop, &search).await), sorted(found), "{search:?}");
    }
}

/// From an instant on, and before one, on the microsecond.
pub async fn a_list_is_of_a_time(shop: &Shop) {
    shop.sell([item("mug").stock(50)]).await;
    let mut placed = Vec::new();
    for minutes in [50, 40, 30] {
        let token = shop.ready_cart(&[("mug", 1)]).await;
        let order = shop.placed_before(&token, minutes).await;
        shop.store.commit(&order.changes).await.unwrap();
        placed.push((order.order.id, order.order.placed_at));
    }
    let micros = |at: Timestamp, more: i64| Timestamp::from_micros(at.as_micros() + more).unwrap();
    let (second, at) = placed[1];
    for (from, until, found) in [
        (Some(at), None, vec![second, placed[2].0]),
        (Some(micros(at, 1)), None, vec![placed[2].0]),
        (None, Some(at), vec![placed[0].0]),
        (None, Some(micros(at, 1)), vec![placed[0].0, second]),
        (Some(at), Some(micros(at, 1)), vec![second]),
        (Some(at), Some(at), vec![]),
    ] {
        let search = Search { placed_from: from, placed_until: until, ..Search::default() };
        assert_eq!(ids(&list(shop, &search).await), sorted(&found), "{search:?}");
    }
}

/// A line item knows who sold it, as it was when the order was placed; by that a merchant finds their orders, and these are
/// summed as far as they sold them.
pub async fn what_was_sold_is_known_by_its_seller(shop: &Shop) {
    let (weaver, potter): (SellerId, SellerId) = (named("seller", "weaver"), named("seller", "potter"));
    let of = |slug: &str, price: &str, seller: SellerId| {
        item(slug).stock(50).price(price).with_product(move |product| product.seller = Some(seller))
    };
    let items = [of("cloth", "1200.00", weaver), of("scarf", "300.50", weaver), of("pot", "80.00", potter)];
    shop.sell(items.into_iter().chain([item("mug").stock(50)])).await;
    let mixed = shop.order(&[("mug", 1), ("cloth", 2), ("pot", 4), ("scarf", 1)]).await;
    shop.order(&[("mug", 2)]).await;
    shop.order(&[("pot", 1)]).await;
    let alone = shop.order(&[("cloth", 1)]).await;
    let sellers: Vec<_> = mixed.order.lines.iter().map(|line| line.seller).collect();
    assert_eq!(sellers, [None, Some(weaver), Some(potter), Some(weaver)]);
    let search = Search { seller: Some(weaver), ..Search::default() };
    let rows = list(shop, &search).await;
    let mut expected: Vec<Summary> = [(&mixed, 270_050, 3), (&alone, 120_000, 1)]
        .map(|(view, minor, units)| Summary {
            total: Money::from_minor(minor, view.order.totals.total.currency),
            units,
            ..summary(view)
        })
        .into();
    expected.sort_by_key(|row| std::cmp::Reverse(row.id));
    assert_eq!(rows, expected);
    let behind = Search { before: Some(rows[0].id), ..search.clone() };
    assert_eq!(list(shop, &behind).await, expected[1..]);
    assert_eq!(shop.engine.orders().search(&search, 1).await.unwrap(), expected[..1]);
    let nobody = Search { seller: Some(SellerId(uuid::Uuid::nil())), ..Search::default() };
    assert_eq!(list(shop, &nobody).await, []);
    let here = shop.engine.orders().sold(mixed.order.id, weaver).await.unwrap().unwrap();
    let skus: Vec<_> = here.lines.iter().map(|line| line.sku.as_str()).collect();
    assert_eq!((skus, here.totals.paid.minor), (vec!["cloth", "scarf"], 270_050));
    assert_eq!(shop.engine.orders().sold(alone.order.id, potter).await.unwrap(), None);
    assert_eq!(shop.engine.orders().sold(named("order", "nowhere"), potter).await.unwrap(), None);
}

/// Notes are kept by order, the newest first; a repeated one is written once.
pub async fn notes_on_an_order(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let id = shop.order(&[("mug", 1)]).await.order.id;
    let other = shop.order(&[("mug", 1)]).await.order.id;
    let orders = shop.engine.orders();
    assert_eq!(orders.notes(id, None, 10).await.unwrap(), Some(vec![]));
    assert_eq!(orders.notes(named("order", "nowhere"), None, 10).await.unwrap(), None);
    let mut written = Vec::new();
    for text in ["rings twice", "ọ̀kan ṣoṣo: wrap it\nand call before", &"ọ".repeat(2_000)] {
        written.push(orders.add_note(id, &note(text)).await.unwrap().note);
    }
    orders.add_note(other, &note("of another order")).await.unwrap();
    written.sort_by_key(|note| std::cmp::Reverse(note.id));
    assert_eq!(orders.notes(id, None, 10).await.unwrap(), Some(written.clone()));
    let behind = orders.notes(id, Some(written[0].id), 1).await.unwrap();
    assert_eq!(behind, Some(vec![written[1].clone()]));
    let asked = AddNote { request: Some(request("key-1", "note")), ..note("once") };
    let first = orders.add_note(id, &asked).await.unwrap();
    let again = orders.add_note(id, &asked).await.unwrap();
    assert_eq!((first.replayed, again.replayed, &first.note), (false, true, &again.note));
    assert_eq!(orders.notes(id, None, 10).await.unwrap().unwrap().len(), 4);
    let other = AddNote { request: Some(request("key-1", "another note")), ..note("twice") };
    assert!(matches!(orders.add_note(id, &other).await, Err(NoteError::KeyReused(_))));
    for text in ["", " \n\t", &"ọ".repeat(2_001)] {
        assert!(matches!(orders.add_note(id, &note(text)).await, Err(NoteError::Text)));
    }
    let nowhere = orders.add_note(named("order", "nowhere"), &note("nobody's")).await;
    assert!(matches!(nowhere, Err(NoteError::NotFound)), "{nowhere:?}");
    let told =
        shop.store.audit(&crate::audit::Search { id: Some(first.note.id), ..Default::default() }, 1).await;
    assert_eq!(told.unwrap()[0].action, "order.note");
    shop.engine.orders().move_on(id, &moving(OrderState::Processing)).await.unwrap();
}

fn note(text: &str) -> AddNote {
    AddNote { text: text.to_owned(), actor: Actor::Staff("desk".to_owned()), request: None }
}

fn summary(view: &OrderView) -> Summary {
    let order = &view.order;
    Summary {
        id: order.id,
        number: order.number.clone(),
        status: order.status,
        payment_status: order.payment_status,
        fulfillment_status: order.fulfillment_status,
        customer: order.customer,
        email: order.email.clone(),
        total: order.totals.total,
        payment_method: order.payment_method,
        units: order.lines.iter().map(|line| u64::from(line.quantity.get())).sum(),
        placed_at: order.placed_at,
    }
}

async fn list(shop: &Shop, search: &Search) -> Vec<Summary> {
    shop.engine.orders().search(search, 100).await.unwrap()
}

fn ids(rows: &[Summary]) -> Vec<OrderId> {
    rows.iter().map(|row| row.id).collect()
}

fn sorted(ids: &[OrderId]) -> Vec<OrderId> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    sorted
}
