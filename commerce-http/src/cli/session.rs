//! What the demo says: where it is, and how to buy something with nothing but a shell, curl and sed.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

/// The shopping trip. What it buys is made to order, so that it can be bought as often as anybody likes. There are no
/// comments in it: some shells take them for commands when they are pasted.
const SESSION: &str = r##"
echo "--- look around"
curl -s "$SHOP/api/products/?category=dresses&in_stock=true&sort_by=price_asc&page_size=3"; echo

echo "--- fill a cart; the answer shows its token, this once"
CART=$(curl -s "$SHOP/api/cart/items/" -H 'Content-Type: application/json' -d '{"sku": "OBL-AKW-M", "quantity": 1}' | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
curl -s "$SHOP/api/cart/" -H "X-Cart-Token: $CART"; echo

echo "--- where it goes, how, and how it is paid"
curl -s "$SHOP/api/cart/shipping-options/?country_code=NG" -H "X-Cart-Token: $CART"; echo
curl -s "$SHOP/api/cart/checkout/shipping/" -H "X-Cart-Token: $CART" -H 'Content-Type: application/json' -d '{"email": "ada@example.com", "address": {"contact_name": "Ada Obi", "phone": "+2348031234567", "street_line1": "12 Marina Road", "city": "Lagos", "state_province": "LA", "country_code": "NG"}, "shipping_method": "standard"}'; echo
curl -s "$SHOP/api/cart/checkout/payment/" -H "X-Cart-Token: $CART" -H 'Content-Type: application/json' -d '{"method": "card"}'; echo

echo "--- a coupon for a first order; on the second one it is refused, with the reason"
curl -s "$SHOP/api/cart/coupon/" -H "X-Cart-Token: $CART" -H 'Content-Type: application/json' -d '{"code": "welcome10"}'; echo

echo "--- buy; the same request with the same key would answer with the same order"
PLACED=$(curl -s -X POST "$SHOP/api/cart/checkout/confirm/" -H "X-Cart-Token: $CART" -H "Idempotency-Key: my-first-order")
ORDER=$(printf '%s' "$PLACED" | sed -n 's/.*"order":{"id":"\([^"]*\)".*/\1/p')
TOKEN=$(printf '%s' "$PLACED" | sed -n 's/.*"order_token":"\([^"]*\)".*/\1/p')

echo "--- the order"
curl -s "$SHOP/api/orders/$ORDER/" -H "X-Order-Token: $TOKEN"; echo

echo "--- pay it: open this page in a browser and choose a test card"
printf '%s\n' "$PLACED" | sed -n 's/.*"authorization_url":"\([^"]*\)".*/\1/p'
"##;

/// Who shops.
pub(super) const SHOPPER: &str = "ada@example.com";
/// Who runs the shop.
pub(super) const BOSS: &str = "boss@example.com";

/// What the demo says when it is ready.
pub(super) fn welcome(
    address: SocketAddr,
    data: &Path,
    loaded: bool,
    admin_token: &str,
    password: &str,
) -> String {
    let shop = format!("http://{address}");
    let state =
        if loaded { "a sample catalogue was loaded" } else { "kept from before; --fresh starts over" };
    let mut text = String::new();
    // Writing to a string cannot fail.
    write!(
        text,
        "\
The shop is open.  Ctrl-C closes it.

  Start    {shop}/
  API      {shop}/api/products/
  Docs     {shop}/docs
  OpenAPI  {shop}/openapi.json
  Health   {shop}/health/ready
  Mails    {shop}/dev/mail
  Data     {} ({state})
  Log in   {SHOPPER} shops, {BOSS} runs the shop; password {password}

Change the rules, make coupons:

curl -s {shop}/api/admin/promotions/ -H 'Authorization: Bearer {admin_token}'

Buy something: paste this into another shell.

SHOP={shop}
{}
",
        data.display(),
        SESSION.trim_start_matches('\n')
    )
    .ok();
    text
}
