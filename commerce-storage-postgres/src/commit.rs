//! A whole change set, in the order that keeps the locks short.

use commerce_core::{ChangeSet, CommitError, Expect, Guard};
use sqlx::postgres::PgConnection;

use crate::fused::{Fused, column};
use crate::{
    access, account, audit, bulk, cart, event, idempotency, interest, inventory, job, mail, order, payment,
    personal, pricing, promotion, reprice, review,
};

// Compared in the first statement of the transaction, and not locked: what must never slip is a guarded row.
pub(crate) const EXPECT_RULEBOOK: &str = "
select null::uuid as id where coalesce((select version from rulebook_current), 0) = $1";

pub(crate) const EXPECT_PRODUCTS: &str = "
select p.id
  from unnest($1::uuid[], $2::bigint[]) as e (id, version)
  join products p on p.id = e.id and p.version = e.version";

/// Applies a change set in the caller's transaction.
///
/// Two statements for an order: all that has one owner, then the counters that others want too, of coupons, of promotions
/// and of stock, so COMMIT soon after. What gives uses back, makes coupons, or changes what a
/// product is rated takes one more. There is no BEGIN, COMMIT or
/// savepoint in here, and nothing outside the database: the caller owns the transaction, which runs in READ COMMITTED, and
/// rolls it back on an error. Running it again with the same change set after that is right.
///
/// # Errors
/// [`CommitError::Stale`] names the first guard that does not hold. [`CommitError::Store`] when the database fails.
pub async fn apply(conn: &mut PgConnection, changes: &ChangeSet) -> Result<(), CommitError> {
    let ChangeSet {
        account,
        access,
        review,
        personal,
        cart,
        interest,
        order,
        payment,
        catalog,
        inventory,
        pricing,
        promotion,
        job,
        mail,
        bulk,
        idempotency,
        audit,
        seals,
        events,
        expects,
    } = changes;
    let mut own = Fused::new();
    expect(expects, &mut own);
    account::write(account, &mut own);
    access::write(access, &mut own);
    review::write(review, &mut own);
    personal::write(personal, &mut own);
    cart::write(cart, &mut own);
    interest::write(interest, &mut own);
    order::write(order, &mut own);
    payment::write(payment, &mut own);
    pricing::write(pricing, &mut own);
    job::write(job, &mut own);
    mail::write(mail, &mut own);
    bulk::write(bulk, &mut own);
    if let Some(record) = idempotency {
        idempotency::write(record, &mut own);
    }
    audit::write(audit, &mut own);
    audit::write_seals(seals, &mut own);
    event::write(events, &mut own);
    reprice::write(catalog, &mut own);
    promotion::write(promotion, &mut own);
    inventory::write(inventory, &mut own);
    own.run(conn).await?;
    review::rate(conn, &review.ratings).await?;
    promotion::issue(conn, &promotion.issue).await?;
    promotion::release(conn, promotion).await?;
    let moves = changes.moves_catalog();
    inventory::move_counters_after(conn, inventory, promotion::count(promotion), moves).await
}

fn expect(expects: &[Expect], fused: &mut Fused) {
    let mut products = Vec::new();
    for expect in expects {
        match expect {
            Expect::Rulebook(version) => {
                fused.guarded(EXPECT_RULEBOOK).bind(*version as i64).needs(None, Guard::Rulebook);
            }
            Expect::Product(product, version) => products.push((*product, *version as i64)),
        }
    }
    if !products.is_empty() {
        fused
            .guarded(EXPECT_PRODUCTS)
            .bind(column(&products, |(product, _)| product.0))
            .bind(column(&products, |(_, version)| *version));
        for (product, _) in &products {
            fused.needs(Some(product.0), Guard::Product(*product));
        }
    }
}
