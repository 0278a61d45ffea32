//! What belongs to whom: orders that are claimed, and who leaves.

use commerce_core::account::{By, Look as AccountLook};
use commerce_core::personal::{Anonymised, Changes, Claim, Erasure, KnownOrder, Look, View};
use commerce_core::{CartId, CommitError, Guard, StoreError, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use uuid::Uuid;

use crate::row::{Fields, signed};
use crate::script::Script;
use crate::trouble::{is_reference, trouble};

/// Applies changes to what belongs to whom inside the caller's transaction.
///
/// # Errors
/// [`Guard::Order`], [`Guard::Cart`] or [`Guard::Account`] when what was read is no longer so.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { claim, erase } = changes;
    if let Some(Claim { account, orders }) = claim {
        for order in orders {
            script.add(CLAIM).bind(order.0).bind(account.0).one(Guard::Order(*order));
        }
    }
    if let Some(erasure) = erase {
        add_erasure(script, erasure);
    }
}

/// What refers to the account goes before the account.
fn add_erasure(script: &mut Script, erasure: &Erasure) {
    let Erasure { account, version, carts, orders, mailed_to } = erasure;
    for (cart, version) in carts {
        script.add(CLEAR_CART).bind(cart.0).bind(signed(*version)).one(Guard::Cart(*cart));
        script.add(DELETE_LINES).bind(cart.0);
    }
    for Anonymised { id, email, shipping_address, billing_address } in orders {
        script
            .add(ANONYMISE)
            .bind(id.0)
            .bind(email.as_str())
            .bind(shipping_address.as_ref().map(Json))
            .bind(billing_address.as_ref().map(Json));
        script.add(DROP_WISHES).bind(id.0);
        script.add(DROP_PHONES).bind(id.0);
    }
    for address in mailed_to {
        script.add(DELETE_MAILS).bind(address.as_str());
    }
    let changed = Guard::Account(*account);
    let has_carts = changed.clone();
    script
        .add(DELETE_ACCOUNT)
        .bind(account.0)
        .bind(signed(*version))
        .unique(move |key| is_reference(key).then_some(has_carts))
        .one(changed);
}

const CLAIM: &str = "
UPDATE orders SET customer_id = ?2 WHERE id = ?1 AND customer_id IS NULL
";

const CLEAR_CART: &str = "
UPDATE carts
   SET customer_id = NULL, email = NULL, customer_key = NULL, shipping_address = NULL, billing_address = NULL,
       mobile_money = NULL, version = version + 1
 WHERE id = ?1 AND version = ?2
";

const DELETE_LINES: &str = "
DELETE FROM cart_lines WHERE cart_id = ?1
";

const ANONYMISE: &str = "
UPDATE orders SET customer_id = NULL, email = ?2, shipping_address = ?3, billing_address = ?4 WHERE id = ?1
";

const DROP_WISHES: &str = "
UPDATE order_lines SET customizations = '{}' WHERE order_id = ?1
";

const DROP_PHONES: &str = "
UPDATE payments SET mobile_money = NULL WHERE order_id = ?1
";

const DELETE_MAILS: &str = "
DELETE FROM mails WHERE recipient = ?1
";

// Its sessions, links and addresses go with it.
const DELETE_ACCOUNT: &str = "
DELETE FROM accounts WHERE id = ?1 AND version = ?2
";

/// What a decision about somebody's belongings sees. It reads more than one row: on a snapshot.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn view(conn: &mut SqliteConnection, look: Look, now: Timestamp) -> Result<View, StoreError> {
    let Look { account, key } = look;
    let seen = crate::account::view(&mut *conn, &AccountLook::by(By::Id(account)), now).await?;
    let rows = sqlx::query(ORDERS)
        .bind(account.0)
        .bind(key.0.to_vec())
        .fetch_all(&mut *conn)
        .await
        .map_err(trouble)?;
    let orders = rows.iter().map(order).collect::<Result<_, _>>()?;
    let rows = sqlx::query(CARTS)
        .bind(account.0)
        .bind(key.0.to_vec())
        .fetch_all(&mut *conn)
        .await
        .map_err(trouble)?;
    let carts = rows.iter().map(cart).collect::<Result<_, _>>()?;
    let (reviews, votes, reports) = crate::review::of_customer(conn, account).await?;
    Ok(View { now, account: seen.account, orders, carts, reviews, votes, reports })
}

const ORDERS: &str = "
SELECT id, status, customer_id, email, shipping_address, billing_address FROM orders WHERE customer_id = ?1
 UNION ALL
SELECT id, status, customer_id, email, shipping_address, billing_address
  FROM orders
 WHERE customer_key = ?2 AND customer_id IS NULL
 ORDER BY id
";

const CARTS: &str = "
SELECT id, version FROM carts WHERE customer_id = ?1
 UNION
SELECT id, version FROM carts WHERE customer_key = ?2 AND customer_id IS NULL
 UNION
SELECT c.id, c.version
  FROM orders AS o
  JOIN carts AS c ON c.id = o.cart_id
 WHERE o.customer_id = ?1 OR (o.customer_key = ?2 AND o.customer_id IS NULL)
 ORDER BY id
";

fn order(row: &SqliteRow) -> Result<KnownOrder, StoreError> {
    let fields = Fields::new("orders", "id", row);
    Ok(KnownOrder {
        id: fields.id("id")?,
        status: fields.named("status")?,
        customer: fields.id_if("customer_id")?,
        email: fields.parse("email")?,
        shipping_address: fields.json_if("shipping_address")?,
        billing_address: fields.json_if("billing_address")?,
    })
}

fn cart(row: &SqliteRow) -> Result<(CartId, u64), StoreError> {
    let id: Uuid = row.try_get("id").map_err(trouble)?;
    Ok((CartId(id), Fields::new("carts", "id", row).count("version")?))
}
