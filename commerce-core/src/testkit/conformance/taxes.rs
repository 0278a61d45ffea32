//! Who pays which tax, from the cart to the order that is kept.

use serde_json::json;

use super::accounts::registered;
use super::{Shop, delivery};
use crate::access::Caller;
use crate::account::{self, Account, AccountError, Standing};
use crate::audit::Actor;
use crate::cart::{Delivery, Shopper};
use crate::checkout::Confirm;
use crate::commit::{ChangeSet, Guard};
use crate::customer::Address;
use crate::order::Order;
use crate::payment::PaymentMethod;
use crate::pricing::{self, Gone, Rulebook, RulesError, StoredRulebook};
use crate::testkit::{add, address, item};

/// A German shop, whose prices hold the tax.
async fn of_the_union(shop: &Shop) {
    let union = json!({
        "currency": "NGN",
        "home_country": "DE",
        "customer_groups": [{"code": "embassies", "label": "Embassies", "tax_exempt": true}],
        "tax": {
            "prices_include_tax": true,
            "zones": [
                {"code": "de", "areas": [{"country": "DE"}]},
                {"code": "fr", "areas": [{"country": "FR"}]},
                {"code": "eu", "areas": [{"country": "DE"}, {"country": "FR"}]}
            ],
            "rates": [
                {"code": "de-vat", "zone": "de", "name": "VAT", "rate": "19"},
                {"code": "fr-vat", "zone": "fr", "name": "VAT", "rate": "20"}
            ],
            "reverse_charge": {"zone": "eu"}
        },
        "shipping": {"methods": [{"code": "standard", "label": "Post", "rate": {"flat": "0"}}]}
    });
    shop.rules(serde_json::from_value(union).unwrap()).await;
    shop.sell([item("mug").price("119").stock(99)]).await;
}

fn to(country: &str, vat_id: Option<&str>) -> Address {
    Address { vat_id: vat_id.map(|id| id.parse().unwrap()), ..address(country.parse().unwrap()) }
}

/// The order of a mug, as it is read later; its total is what the cart said.
async fn bought(shop: &Shop, shopper: Option<&Account>, goods: Address, bill: Option<Address>) -> Order {
    let carts = shop.engine.carts();
    let member = shopper.map(Shopper::from);
    let added = carts.add(member.clone().unwrap_or(Shopper::Newcomer), &add("mug", 1), None).await.unwrap();
    let shopper = member.unwrap_or_else(|| Shopper::from(added.token.as_ref()));
    let email = added.cart.cart.email.unwrap_or(delivery().email);
    let delivery = Delivery { email, address: Some(goods), billing_address: bill, ..delivery() };
    carts.set_delivery(shopper.clone(), &delivery, None).await.unwrap();
    let cart = carts.set_payment(shopper.clone(), PaymentMethod::CashOnDelivery, None).await.unwrap().cart;
    let placed = shop.engine.checkout().confirm(shopper, &Confirm::default()).await.unwrap().order.order;
    let order = shop.order_now(placed.id).await.order;
    assert_eq!(order, placed);
    assert_eq!(order.totals, cart.quote.summary);
    order
}

fn paid(order: &Order) -> (i64, i64) {
    (order.totals.total.minor, order.totals.tax_included.minor)
}

/// A business of another member state pays the net price, by the number on its bill, and the order keeps the number.
pub async fn a_business_of_another_member_state_owes_the_tax(shop: &Shop) {
    of_the_union(shop).await;
    let number = "FR40303265045";
    let order = bought(shop, None, to("FR", Some(number)), None).await;
    assert_eq!((paid(&order), order.taxes.len()), ((10_000, 0), 0));
    assert_eq!(order.shipping_address.unwrap().vat_id.unwrap().as_str(), number);

    let order = bought(shop, None, to("FR", None), Some(to("FR", Some(number)))).await;
    assert_eq!(paid(&order), (10_000, 0), "the number on the bill counts");
    assert_eq!(order.billing_address.unwrap().vat_id.unwrap().as_str(), number);
    let order = bought(shop, None, to("FR", Some(number)), Some(to("FR", None))).await;
    assert_eq!(paid(&order), (11_900, 1_983), "and where the bill goes elsewhere, no other");

    assert_eq!(paid(&bought(shop, None, to("FR", None), None).await), (11_900, 1_983));
    assert_eq!(paid(&bought(shop, None, to("DE", Some(number)), None).await), (11_900, 1_900));
    assert_eq!(paid(&bought(shop, None, to("FR", Some("DE136695976")), None).await), (11_900, 1_983));
}

/// What is not shipped is taxed where the bill goes, and a business of another member state owes the tax there too.
pub async fn what_is_not_shipped_is_taxed_where_the_bill_goes(shop: &Shop) {
    of_the_union(shop).await;
    shop.sell([item("pdf").price("119").digital().untracked()]).await;
    let carts = shop.engine.carts();
    for (bill, paid_then) in [
        (None, (11_900, 1_900)),
        (Some(to("FR", None)), (11_900, 1_983)),
        (Some(to("FR", Some("FR40303265045"))), (10_000, 0)),
    ] {
        let token = shop.cart(&[("pdf", 1)]).await;
        let delivery = Delivery { address: None, billing_address: bill, shipping_method: None, ..delivery() };
        let cart = carts.set_delivery(&token, &delivery, None).await.unwrap().cart;
        assert_eq!(cart.cart.destination(), delivery.billing_address.map(|address| address.destination()));
        carts.set_payment(&token, PaymentMethod::BankTransfer, None).await.unwrap();
        assert_eq!(paid(&shop.confirm(&token).await.unwrap().order.order), paid_then);
    }
}

/// Customers in a group that is exempt pay no tax, from the cart that follows on.
pub async fn who_is_in_an_exempt_group_pays_no_tax(shop: &Shop) {
    of_the_union(shop).await;
    let ada = registered(shop, "ada@example.com").await;
    assert_eq!(paid(&bought(shop, Some(&ada), to("DE", None), None).await), (11_900, 1_900));
    let embassies = Standing { customer_group: Some(Some("embassies".to_owned())), ..Standing::default() };
    let operator = Caller::Operator { name: "test".to_owned() };
    let ada = shop.engine.accounts().change_standing(&operator, ada.id, &embassies, None).await.unwrap();
    assert_eq!(paid(&bought(shop, Some(&ada), to("DE", None), None).await), (10_000, 0));
    assert_eq!(paid(&bought(shop, None, to("DE", None), None).await), (11_900, 1_900));
    // As long as somebody is in it the group stays, and the list says who that is.
    let accounts = shop.engine.accounts();
    let of =
        |code: &str| account::Search { customer_group: Some(code.to_owned()), ..account::Search::default() };
    assert_eq!(accounts.accounts(&of("embassies"), 9).await.unwrap(), std::slice::from_ref(&ada));
    assert_eq!(accounts.accounts(&of("embassie"), 9).await.unwrap(), []);
    let in_force = shop.engine.rules().show().await.unwrap();
    let without = Rulebook { customer_groups: Vec::new(), ..in_force.rulebook.clone() };
    let refused = shop.engine.rules().apply(without.clone(), &Actor::System).await;
    assert!(matches!(&refused, Err(RulesError::HasMembers(code)) if code == "embassies"), "{refused:?}");
    // Nor when the member came after it was asked.
    let stored = StoredRulebook { version: in_force.version + 1, rulebook: without.clone() };
    let gone = Gone { promotions: Vec::new(), groups: vec!["embassies".to_owned()] };
    let pricing = pricing::Changes { rulebook: Some(stored), gone };
    assert_eq!(shop.stale(&ChangeSet { pricing, ..ChangeSet::default() }).await, Guard::Rulebook);
    let nowhere = Standing { customer_group: Some(None), ..Standing::default() };
    accounts.change_standing(&operator, ada.id, &nowhere, None).await.unwrap();
    shop.engine.rules().apply(without, &Actor::System).await.unwrap();
    let refused = accounts.change_standing(&operator, ada.id, &embassies, None).await;
    assert!(matches!(refused, Err(AccountError::Invalid { field: "customer_group", .. })), "{refused:?}");
}
