//! Reviews, votes and reports, and what products are rated.

use commerce_core::catalog::{Page, ROWS_MAX};
use commerce_core::review::{
    About, Changes, Content, Found, KnownProduct, Look, Of, Purchase, Rating, RatingChange, Ratings, Report,
    Review, Search, Shown, Sort, View, VoteChange, Write,
};
use commerce_core::{CommitError, CustomerId, Guard, ReviewId, StoreError, Timestamp};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::idempotency;
use crate::row::{Fields, signed};
use crate::script::{Script, Statement};
use crate::trouble::{is_reference, trouble};

/// Applies changes of reviews inside the caller's transaction.
///
/// # Errors
/// [`Guard::Review`], [`Guard::Reviewed`], [`Guard::Account`] or [`Guard::Product`] when what was read is no longer so.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    add_ratings(&mut script, &changes.ratings);
    script.run(conn).await
}

/// What has one owner. It refers to accounts, so it goes before those that leave.
pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { create, write, vote, report, forget, ratings: _ } = changes;
    if let Some(review) = create {
        let account = review.customer.map(Guard::Account);
        bind(script.add(INSERT), review)
            .unique(move |key| if is_reference(key) { account } else { Some(Guard::Reviewed) });
    }
    for Write { review, version_read, reports_read } in write {
        bind(script.add(UPDATE), review)
            .bind(signed(*version_read))
            .bind(signed(*reports_read))
            .one(Guard::Review(review.id));
    }
    if let Some(vote) = vote {
        add_vote(script, vote);
    }
    if let Some(Report { review, customer, reason, text, at }) = report {
        let (taken, left) = (Guard::Review(*review), customer.map(Guard::Account));
        script
            .add(REPORT)
            .bind(review.0)
            .bind(customer.map(|customer| customer.0))
            .bind(reason.as_str())
            .bind(text.as_str())
            .bind(at.as_micros())
            .unique(move |key| if is_reference(key) { left } else { Some(taken) });
    }
    if let Some(customer) = forget {
        script.add(FORGET_VOTES).bind(customer.0);
        script.add(FORGET_REPORTS).bind(customer.0);
    }
}

fn add_vote(script: &mut Script, vote: &VoteChange) {
    let (VoteChange { review, customer, before, after }, (helpful, unhelpful)) = (*vote, vote.deltas());
    let guard = Guard::Review(review);
    script.add(TALLY).bind(review.0).bind(helpful).bind(unhelpful).one(guard.clone());
    match (before, after) {
        (None, Some(helpful)) => {
            let left = Guard::Account(customer);
            let vote = script.add(VOTE).bind(review.0).bind(customer.0).bind(helpful);
            vote.unique(move |key| Some(if is_reference(key) { left } else { guard }));
        }
        (Some(was), Some(helpful)) => {
            let vote = script.add(REVOTE).bind(review.0).bind(customer.0).bind(was).bind(helpful);
            vote.one(guard);
        }
        (Some(was), None) => {
            script.add(UNVOTE).bind(review.0).bind(customer.0).bind(was).one(guard);
        }
        (None, None) => {}
    }
}

/// What products are rated: counters that others want too.
pub(crate) fn add_ratings(script: &mut Script, ratings: &[RatingChange]) {
    for RatingChange { product, deltas } in ratings {
        let mut statement = script.add(RATE).bind(product.0);
        for delta in deltas {
            statement = statement.bind(*delta);
        }
        statement.one(Guard::Product(*product));
    }
}

fn bind<'s>(statement: Statement<'s>, review: &Review) -> Statement<'s> {
    let Review {
        id,
        product,
        customer,
        order,
        content: Content { rating, title, text, pros, cons, images },
        status,
        findings,
        moderation,
        reports,
        reports_seen,
        helpful: _, // votes count by deltas
        unhelpful: _,
        created_at,
        updated_at,
        published_at,
        deleted_at,
        version,
    } = review;
    statement
        .bind(id.0)
        .bind(product.0)
        .bind(customer.map(|customer| customer.0))
        .bind(order.map(|order| order.0))
        .bind(i64::from(rating.get()))
        .bind(title.as_str())
        .bind(text.as_str())
        .bind(Json(pros))
        .bind(Json(cons))
        .bind(Json(images))
        .bind(status.as_str())
        .bind(Json(findings))
        .bind(moderation.as_ref().map(Json))
        .bind(signed(*reports))
        .bind(signed(*reports_seen))
        .bind(created_at.as_micros())
        .bind(updated_at.as_micros())
        .bind(published_at.map(Timestamp::as_micros))
        .bind(deleted_at.map(Timestamp::as_micros))
        .bind(signed(*version))
}

const INSERT: &str = "
INSERT INTO reviews (id, product_id, customer_id, order_id, rating, title, text, pros, cons, images, status, findings,
                     moderation, reports, reports_seen, created_at, updated_at, published_at, deleted_at, version,
                     helpful, unhelpful)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, 0, 0)
";

const UPDATE: &str = "
UPDATE reviews
   SET product_id = ?2, customer_id = ?3, order_id = ?4, rating = ?5, title = ?6, text = ?7, pros = ?8, cons = ?9,
       images = ?10, status = ?11, findings = ?12, moderation = ?13, reports = ?14, reports_seen = ?15, created_at = ?16,
       updated_at = ?17, published_at = ?18, deleted_at = ?19, version = ?20
 WHERE id = ?1 AND version = ?21 AND reports = ?22
";

const TALLY: &str = "
UPDATE reviews
   SET helpful = helpful + ?2, unhelpful = unhelpful + ?3
 WHERE id = ?1 AND status = 'published' AND deleted_at IS NULL AND helpful + ?2 >= 0 AND unhelpful + ?3 >= 0
";

const VOTE: &str = "
INSERT INTO review_votes (review_id, customer_id, helpful) VALUES (?1, ?2, ?3)
";

const REVOTE: &str = "
UPDATE review_votes SET helpful = ?4 WHERE review_id = ?1 AND customer_id = ?2 AND helpful = ?3
";

const UNVOTE: &str = "
DELETE FROM review_votes WHERE review_id = ?1 AND customer_id = ?2 AND helpful = ?3
";

const REPORT: &str = "
INSERT INTO review_reports (review_id, customer_id, reason, text, at) VALUES (?1, ?2, ?3, ?4, ?5)
";

const FORGET_VOTES: &str = "
UPDATE review_votes SET customer_id = NULL WHERE customer_id = ?1
";

const FORGET_REPORTS: &str = "
UPDATE review_reports SET customer_id = NULL, text = '' WHERE customer_id = ?1
";

// The average is that of `Ratings::average_hundredths`.
const RATE: &str = "
UPDATE products
   SET rated_1 = w.r1, rated_2 = w.r2, rated_3 = w.r3, rated_4 = w.r4, rated_5 = w.r5, rating_count = w.n,
       rating_average = iif(w.n = 0, 0, (200 * w.total + w.n) / (2 * w.n))
  FROM (SELECT r.*, r1 + r2 + r3 + r4 + r5 AS n, r1 + 2 * r2 + 3 * r3 + 4 * r4 + 5 * r5 AS total
          FROM (SELECT id, rated_1 + ?2 AS r1, rated_2 + ?3 AS r2, rated_3 + ?4 AS r3, rated_4 + ?5 AS r4,
                       rated_5 + ?6 AS r5
                  FROM products
                 WHERE id = ?1) AS r) AS w
 WHERE products.id = w.id AND min(w.r1, w.r2, w.r3, w.r4, w.r5) >= 0
";

/// What a decision about a review sees. It takes several statements: on a snapshot.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn view(conn: &mut SqliteConnection, look: &Look, now: Timestamp) -> Result<View, StoreError> {
    let Look { about, customer, repeated } = look;
    let customer = customer.map(|customer| customer.0);
    let (slug, id) = match about {
        About::Product(slug) => (Some(slug.as_str()), None),
        About::Review(id) => (None, Some(id.0)),
    };
    let row = sqlx::query(LOOK)
        .bind(slug)
        .bind(id)
        .bind(customer)
        .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
        .fetch_one(&mut *conn)
        .await
        .map_err(trouble)?;
    let known = Fields::new("products", "known_id", &row);
    let product = match known.get::<Option<uuid::Uuid>>("known_id")? {
        Some(_) => Some(product(&row)?),
        None => None,
    };
    let review = match known.get::<Option<uuid::Uuid>>("id")? {
        Some(_) => Some(shown(&row)?),
        None => None,
    };
    let purchases = sqlx::query(PURCHASES)
        .bind(customer)
        .bind(slug)
        .bind(Purchase::LOOKED_AT_MAX)
        .fetch_all(&mut *conn)
        .await
        .map_err(trouble)?;
    let reports =
        sqlx::query(REPORTS).bind(id).bind(Report::SHOWN_MAX).fetch_all(conn).await.map_err(trouble)?;
    Ok(View {
        now,
        product,
        review,
        purchases: purchases.iter().map(purchase).collect::<Result<_, _>>()?,
        vote: known.get("vote")?,
        reports: reports.iter().map(report).collect::<Result<_, _>>()?,
        has_reported: known.get("has_reported")?,
        record: idempotency::record(&row, repeated.as_ref())?,
    })
}

const LOOK: &str = "
  WITH asked AS (SELECT * FROM products WHERE slug = ?1 AND deleted_at IS NULL),
       wanted AS (
           SELECT * FROM reviews WHERE id = ?2
            UNION ALL
           SELECT r.* FROM reviews AS r JOIN asked AS p ON p.id = r.product_id
            WHERE r.customer_id = ?3 AND r.deleted_at IS NULL)
SELECT r.*, a.first_name, a.last_name, p.id AS known_id, p.slug AS product_slug, p.name AS product_name,
       p.status = 'published' AND p.deleted_at IS NULL AS on_sale,
       (SELECT v.helpful FROM review_votes AS v WHERE v.review_id = r.id AND v.customer_id = ?3) AS vote,
       EXISTS (SELECT 1 FROM review_reports AS t WHERE t.review_id = r.id AND t.customer_id = ?3) AS has_reported,
       i.fingerprint AS record_fingerprint, i.outcome AS record_outcome, i.outcome_id AS record_outcome_id,
       i.at AS record_at
  FROM (SELECT 1) AS one
  LEFT JOIN wanted AS r ON true
  LEFT JOIN products AS p ON p.id = coalesce(r.product_id, (SELECT id FROM asked))
  LEFT JOIN accounts AS a ON a.id = r.customer_id
  LEFT JOIN idempotency AS i ON i.actor = ?4 AND i.route = ?5 AND i.key = ?6
";

const PURCHASES: &str = "
SELECT o.id, o.status, o.payment_status, o.placed_at,
       (SELECT min(h.at)
          FROM order_history AS h
         WHERE h.order_id = o.id AND h.machine = 'order' AND h.to_state IN ('delivered', 'completed')) AS received_at
  FROM orders AS o
 WHERE o.customer_id = ?1
   AND EXISTS (SELECT 1
                 FROM order_lines AS l
                WHERE l.order_id = o.id
                  AND l.product_id = (SELECT p.id FROM products AS p WHERE p.slug = ?2 AND p.deleted_at IS NULL))
 ORDER BY o.id DESC
 LIMIT ?3
";

const REPORTS: &str = "
SELECT * FROM review_reports WHERE review_id = ?1 ORDER BY at, customer_id LIMIT ?2
";

/// A page of reviews. It takes two statements: on a snapshot.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn search(conn: &mut SqliteConnection, search: &Search) -> Result<Found, StoreError> {
    let reachable = ROWS_MAX.saturating_sub(search.offset());
    let limit = signed(reachable.min(u64::from(search.page_size)));
    let offset = signed(search.offset().min(ROWS_MAX));
    let (product, count, rows) = match &search.of {
        Of::Product { slug, rating, sort } => {
            let product =
                sqlx::query(RATED).bind(slug.as_str()).fetch_optional(&mut *conn).await.map_err(trouble)?;
            let product = product.map(|row| Ok((self::product(&row)?, ratings(&row)?))).transpose()?;
            let count = product.as_ref().map_or(0, |(_, ratings): &(KnownProduct, Ratings)| {
                rating.map_or(ratings.count(), |rating| ratings.of(rating))
            });
            let sql = match sort {
                Sort::Newest => NEWEST,
                Sort::Helpful => HELPFUL,
                Sort::Rating => BEST_RATED,
            };
            let rows = sqlx::query(sql)
                .bind(product.as_ref().map(|(product, _)| product.id.0))
                .bind(rating.map(|rating| i64::from(rating.get())))
                .bind(limit)
                .bind(offset)
                .fetch_all(conn)
                .await
                .map_err(trouble)?;
            (product, count, rows)
        }
        Of::Queue => {
            let count: i64 = sqlx::query_scalar(WAITING)
                .bind(signed(ROWS_MAX + 1))
                .fetch_one(&mut *conn)
                .await
                .map_err(trouble)?;
            let rows = sqlx::query(QUEUE).bind(limit).bind(offset).fetch_all(conn).await.map_err(trouble)?;
            (None, count.unsigned_abs(), rows)
        }
    };
    let rows = rows.iter().map(shown).collect::<Result<_, _>>()?;
    let page = Page { rows, count: count.min(ROWS_MAX), count_is_exact: count <= ROWS_MAX };
    Ok(Found { product, page })
}

const RATED: &str = "
SELECT p.id AS known_id, p.slug AS product_slug, p.name AS product_name, p.status = 'published' AS on_sale,
       p.rated_1, p.rated_2, p.rated_3, p.rated_4, p.rated_5
  FROM products AS p
 WHERE p.slug = ?1 AND p.deleted_at IS NULL
";

macro_rules! shown_of {
    () => {
        "
SELECT r.*, a.first_name, a.last_name, p.id AS known_id, p.slug AS product_slug, p.name AS product_name,
       p.status = 'published' AND p.deleted_at IS NULL AS on_sale
  FROM "
    };
}

macro_rules! joined {
    () => {
        " AS r
  JOIN products AS p ON p.id = r.product_id
  LEFT JOIN accounts AS a ON a.id = r.customer_id
"
    };
}

macro_rules! public {
    () => {
        "(SELECT * FROM reviews AS r
           WHERE r.product_id = ?1 AND r.status = 'published' AND r.deleted_at IS NULL AND (?2 IS NULL OR r.rating = ?2)
           ORDER BY "
    };
}

const NEWEST: &str = concat!(
    shown_of!(),
    public!(),
    "r.published_at DESC, r.id DESC LIMIT ?3 OFFSET ?4)",
    joined!(),
    " ORDER BY r.published_at DESC, r.id DESC"
);

const HELPFUL: &str = concat!(
    shown_of!(),
    public!(),
    "r.helpful DESC, r.published_at DESC, r.id DESC LIMIT ?3 OFFSET ?4)",
    joined!(),
    " ORDER BY r.helpful DESC, r.published_at DESC, r.id DESC"
);

const BEST_RATED: &str = concat!(
    shown_of!(),
    public!(),
    "r.rating DESC, r.published_at DESC, r.id DESC LIMIT ?3 OFFSET ?4)",
    joined!(),
    " ORDER BY r.rating DESC, r.published_at DESC, r.id DESC"
);

const WAITING: &str = "
SELECT count(*) FROM (SELECT 1 FROM reviews WHERE status = 'pending' AND deleted_at IS NULL LIMIT ?1)
";

const QUEUE: &str = concat!(
    shown_of!(),
    "(SELECT * FROM reviews AS r
       WHERE r.status = 'pending' AND r.deleted_at IS NULL
       ORDER BY r.updated_at, r.id LIMIT ?1 OFFSET ?2)",
    joined!(),
    " ORDER BY r.updated_at, r.id"
);

/// What is somebody's: reviews, votes, reports.
pub(crate) type Belongings = (Vec<Shown>, Vec<(ReviewId, bool)>, Vec<Report>);

/// Reviews of a customer, and what they said of others'. Three statements: on a snapshot.
pub(crate) async fn of_customer(
    conn: &mut SqliteConnection,
    customer: CustomerId,
) -> Result<Belongings, StoreError> {
    let reviews = sqlx::query(OF_CUSTOMER).bind(customer.0).fetch_all(&mut *conn).await.map_err(trouble)?;
    let votes: Vec<(uuid::Uuid, bool)> =
        sqlx::query_as(VOTES_OF_CUSTOMER).bind(customer.0).fetch_all(&mut *conn).await.map_err(trouble)?;
    let reports = sqlx::query(REPORTS_OF_CUSTOMER).bind(customer.0).fetch_all(conn).await.map_err(trouble)?;
    Ok((
        reviews.iter().map(shown).collect::<Result<_, _>>()?,
        votes.into_iter().map(|(review, helpful)| (ReviewId(review), helpful)).collect(),
        reports.iter().map(report).collect::<Result<_, _>>()?,
    ))
}

const OF_CUSTOMER: &str =
    concat!(shown_of!(), "reviews", joined!(), " WHERE r.customer_id = ?1 ORDER BY r.id");

const VOTES_OF_CUSTOMER: &str = "
SELECT review_id, helpful FROM review_votes WHERE customer_id = ?1 ORDER BY review_id
";

const REPORTS_OF_CUSTOMER: &str = "
SELECT * FROM review_reports WHERE customer_id = ?1 ORDER BY review_id
";

/// How often a product was given each rating.
pub(crate) fn ratings(row: &SqliteRow) -> Result<Ratings, StoreError> {
    let fields = Fields::new("products", "slug", row);
    let mut counts = [0; 5];
    for (count, column) in counts.iter_mut().zip(["rated_1", "rated_2", "rated_3", "rated_4", "rated_5"]) {
        *count = fields.count(column)?;
    }
    Ok(Ratings(counts))
}

fn product(row: &SqliteRow) -> Result<KnownProduct, StoreError> {
    let fields = Fields::new("products", "known_id", row);
    Ok(KnownProduct {
        id: fields.id("known_id")?,
        slug: fields.parse("product_slug")?,
        name: fields.get("product_name")?,
        on_sale: fields.get("on_sale")?,
    })
}

fn shown(row: &SqliteRow) -> Result<Shown, StoreError> {
    let fields = Fields::new("reviews", "id", row);
    let names = (fields.get::<Option<String>>("first_name")?, fields.get::<Option<String>>("last_name")?);
    let rating: u8 = fields.get("rating")?;
    let review = Review {
        id: fields.id("id")?,
        product: fields.id("product_id")?,
        customer: fields.id_if("customer_id")?,
        order: fields.id_if("order_id")?,
        content: Content {
            rating: Rating::try_from(rating).map_err(|error| fields.invalid("rating", error))?,
            title: fields.get("title")?,
            text: fields.get("text")?,
            pros: fields.json("pros")?,
            cons: fields.json("cons")?,
            images: fields.json("images")?,
        },
        status: fields.named("status")?,
        findings: fields.json("findings")?,
        moderation: fields.json_if("moderation")?,
        reports: fields.count("reports")?,
        reports_seen: fields.count("reports_seen")?,
        helpful: fields.count("helpful")?,
        unhelpful: fields.count("unhelpful")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
        published_at: fields.at_if("published_at")?,
        deleted_at: fields.at_if("deleted_at")?,
        version: fields.count("version")?,
    };
    Ok(Shown { review, author: names.0.zip(names.1), product: product(row)? })
}

fn purchase(row: &SqliteRow) -> Result<Purchase, StoreError> {
    let fields = Fields::new("orders", "id", row);
    Ok(Purchase {
        order: fields.id("id")?,
        status: fields.named("status")?,
        payment_status: fields.named("payment_status")?,
        placed_at: fields.at("placed_at")?,
        received_at: fields.at_if("received_at")?,
    })
}

fn report(row: &SqliteRow) -> Result<Report, StoreError> {
    let fields = Fields::new("review_reports", "review_id", row);
    Ok(Report {
        review: fields.id("review_id")?,
        customer: fields.id_if("customer_id")?,
        reason: fields.named("reason")?,
        text: fields.get("text")?,
        at: fields.at("at")?,
    })
}
