//! What people like: wishlists, and the products that they looked at.

use commerce_core::cart::{Offer, VariantKey};
use commerce_core::interest::{
    Changes, GLANCES_MAX, Glance, Look, View, Viewed, ViewedProducts, WishlistItem,
};
use commerce_core::{CommitError, CustomerId, Guard, StockLevel, StoreError, Timestamp};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use uuid::Uuid;

use crate::cart::{OfferRow, offers};
use crate::listing::summaries;
use crate::row::{Fields, before};
use crate::script::Script;
use crate::trouble::{is_reference, trouble};

/// Applies changes to what people like inside the caller's transaction.
///
/// # Errors
/// [`Guard::Wishlist`] or [`Guard::Account`] when what was read is no longer so.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { add, remove, viewed } = changes;
    for item in add {
        let WishlistItem { id, account, variant, added_at } = item;
        let (known, account_gone) = (Guard::Wishlist(*account), Guard::Account(*account));
        // SQLite does not say which of both references leads nowhere; whoever looks again finds out.
        script
            .add(INSERT)
            .bind(id.0)
            .bind(account.0)
            .bind(variant.0)
            .bind(added_at.as_micros())
            .unique(move |key| Some(if is_reference(key) { account_gone } else { known }));
    }
    for id in remove {
        script.add(DELETE).bind(id.0);
    }
    if !viewed.is_empty() {
        let rows: Vec<GlanceRow<'_>> = viewed.iter().map(GlanceRow::new).collect();
        script.add(SEE).bind(Json(&rows));
        script.add(FORGET).bind(Json(&rows)).bind(GLANCES_MAX as i64);
    }
}

#[derive(Serialize)]
struct GlanceRow<'a> {
    account: CustomerId,
    slug: &'a str,
    at: i64,
}

impl<'a> GlanceRow<'a> {
    fn new(glance: &'a Glance) -> Self {
        let Glance { account, slug, at } = glance;
        Self { account: *account, slug: slug.as_str(), at: at.as_micros() }
    }
}

const INSERT: &str = "
INSERT INTO wishlist_items (id, account_id, variant_id, added_at) VALUES (?1, ?2, ?3, ?4)
";

const DELETE: &str = "
DELETE FROM wishlist_items WHERE id = ?1
";

const SEE: &str = "
INSERT INTO product_views (account_id, product_id, viewed_at)
SELECT a.id, p.id, w.value ->> '$.at'
  FROM json_each(?1) AS w
 CROSS JOIN accounts AS a ON a.id = unhex(w.value ->> '$.account', '-')
 CROSS JOIN products AS p ON p.slug = w.value ->> '$.slug'
 WHERE true
    ON CONFLICT (account_id, product_id) DO UPDATE SET viewed_at = max(viewed_at, excluded.viewed_at)
";

const FORGET: &str = "
DELETE FROM product_views
 WHERE (account_id, product_id) IN (
           SELECT account_id, product_id
             FROM (SELECT v.account_id, v.product_id,
                          row_number() OVER (PARTITION BY v.account_id
                                             ORDER BY v.viewed_at DESC, v.product_id DESC) AS place
                     FROM (SELECT DISTINCT unhex(value ->> '$.account', '-') AS id FROM json_each(?1)) AS a
                    CROSS JOIN product_views AS v ON v.account_id = a.id)
            WHERE place > ?2)
";

/// What is to be seen of a wishlist.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn wishlist(conn: &mut SqliteConnection, look: &Look, now: Timestamp) -> Result<View, StoreError> {
    let Look { account, variant, before: until, limit } = look;
    let (id, sku) = match variant {
        Some(VariantKey::Id(id)) => (Some(id.0), None),
        Some(VariantKey::Sku(sku)) => (None, Some(sku.as_str())),
        None => (None, None),
    };
    let row = sqlx::query(LOOK)
        .bind(account.0)
        .bind(id)
        .bind(sku)
        .bind(variant.is_some())
        .bind(before(until.map(|id| id.0)))
        .bind(limit)
        .fetch_one(conn)
        .await
        .map_err(trouble)?;
    let fields = Fields::new("accounts", "id", &row);
    let items: Vec<ItemRow> = fields.json("items")?;
    let offers: Vec<OfferRow> = fields.json("offers")?;
    Ok(View {
        now,
        account_known: fields.get("account_known")?,
        count: fields.count("count")?,
        items: items.into_iter().map(|item| item.read(*account)).collect(),
        offers: offers.into_iter().map(Offer::from).collect(),
        levels: fields.json::<Vec<StockLevel>>("levels")?,
    })
}

#[derive(serde::Deserialize)]
struct ItemRow {
    id: Uuid,
    variant: Uuid,
    #[serde(deserialize_with = "crate::row::instant")]
    added_at: Timestamp,
}

impl ItemRow {
    fn read(self, account: CustomerId) -> WishlistItem {
        let Self { id, variant, added_at } = self;
        WishlistItem { id: id.into(), account, variant: variant.into(), added_at }
    }
}

const LOOK: &str = concat!(
    "
  WITH asked AS (
           SELECT id FROM variants WHERE id = ?2
            UNION
           SELECT id FROM variants WHERE sku = ?3),
       items AS (
           SELECT id, variant_id, added_at
             FROM wishlist_items
            WHERE account_id = ?1 AND (NOT ?4 OR variant_id IN (SELECT id FROM asked)) AND id < ?5
            ORDER BY id DESC
            LIMIT ?6),
       wanted AS (
           SELECT variant_id AS id FROM items
            UNION
           SELECT id FROM asked)
SELECT ?1 AS id,
       EXISTS (SELECT 1 FROM accounts WHERE id = ?1) AS account_known,
       (SELECT count(*) FROM wishlist_items WHERE account_id = ?1) AS count,
       (SELECT json_group_array(json_object('id', hex(i.id), 'variant', hex(i.variant_id), 'added_at', i.added_at)
                                ORDER BY i.id DESC)
          FROM items AS i) AS items,",
    offers!(),
    "
"
);

/// The products that an account looked at, the last first. It takes two statements: on a snapshot.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn viewed_products(
    conn: &mut SqliteConnection,
    account: CustomerId,
) -> Result<ViewedProducts, StoreError> {
    let rows = sqlx::query(VIEWED).bind(account.0).fetch_all(&mut *conn).await.map_err(trouble)?;
    let viewed: Vec<Viewed> = rows.iter().map(read_viewed).collect::<Result<_, _>>()?;
    let products: Vec<Uuid> = viewed.iter().map(|viewed| viewed.product.0).collect();
    let on_sale = summaries(conn, &products).await?;
    Ok(ViewedProducts { viewed, on_sale })
}

fn read_viewed(row: &SqliteRow) -> Result<Viewed, StoreError> {
    let fields = Fields::new("product_views", "product_id", row);
    Ok(Viewed {
        product: fields.id("product_id")?,
        slug: fields.parse("slug")?,
        name: fields.get("name")?,
        at: fields.at("viewed_at")?,
    })
}

const VIEWED: &str = "
SELECT v.product_id, p.slug, p.name, v.viewed_at
  FROM product_views AS v
  JOIN products AS p ON p.id = v.product_id
 WHERE v.account_id = ?1
 ORDER BY v.viewed_at DESC, v.product_id DESC
";
