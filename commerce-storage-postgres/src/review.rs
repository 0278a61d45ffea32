//! Reviews, votes and reports, and what products are rated.

use commerce_core::catalog::{Page, ROWS_MAX};
use commerce_core::review::{
    About, Changes, Content, Found, KnownProduct, Look, Of, Purchase, RatingChange, Ratings, Report, Review,
    Search, Shown, Sort, View, VoteChange, Write,
};
use commerce_core::{CommitError, CustomerId, Guard, ReviewId, StoreError};
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::idempotency::{RecordRow, record_column};
use crate::instant::Instant;
use crate::row::Row;

macro_rules! columns {
    () => {
        "id, product_id, customer_id, order_id, rating, title, text, pros, cons, images, status, findings, moderation, reports,
         reports_seen, created_at, updated_at, published_at, deleted_at, version"
    };
}

macro_rules! rows {
    () => {
        "unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::text[], $8::jsonb[], $9::jsonb[],
                $10::jsonb[], $11::text[], $12::jsonb[], $13::jsonb[], $14::bigint[], $15::bigint[], $16::timestamptz[],
                $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::bigint[]"
    };
}

pub(crate) const INSERT: &str = concat!(
    "insert into reviews (",
    columns!(),
    ", helpful, unhelpful) select w.*, 0, 0 from ",
    rows!(),
    ") as w where (select held from guards)"
);

pub(crate) const UPDATE: &str = concat!(
    "update reviews r
        set product_id = w.product_id, customer_id = w.customer_id, order_id = w.order_id, rating = w.rating,
            title = w.title, text = w.text, pros = w.pros, cons = w.cons, images = w.images, status = w.status,
            findings = w.findings, moderation = w.moderation, reports = w.reports, reports_seen = w.reports_seen,
            created_at = w.created_at, updated_at = w.updated_at, published_at = w.published_at,
            deleted_at = w.deleted_at, version = w.version
       from ", rows!(), ", $21::bigint[], $22::bigint[]) as w (", columns!(), ", version_read, reports_read)
      where r.id = w.id and r.version = w.version_read and r.reports = w.reports_read
     returning r.id"
);

pub(crate) const TALLY: &str = "
update reviews
   set helpful = helpful + $2, unhelpful = unhelpful + $3
 where id = $1 and status = 'published' and deleted_at is null and helpful + $2 >= 0 and unhelpful + $3 >= 0
returning id";

pub(crate) const VOTE: &str = "
insert into review_votes (review_id, customer_id, helpful)
select $1::uuid, $2::uuid, $3::bool where (select held from guards)";

pub(crate) const REVOTE: &str = "
update review_votes set helpful = $4
 where review_id = $1 and customer_id = $2 and helpful = $3
returning review_id as id";

pub(crate) const UNVOTE: &str = "
delete from review_votes where review_id = $1 and customer_id = $2 and helpful = $3 returning review_id as id";

pub(crate) const REPORT: &str = "
insert into review_reports (review_id, customer_id, reason, text, at)
select $1::uuid, $2::uuid, $3::text, $4::text, $5::timestamptz where (select held from guards)";

pub(crate) const FORGET_VOTES: &str = "
update review_votes set customer_id = null where customer_id = $1 and (select held from guards)";

pub(crate) const FORGET_REPORTS: &str = "
update review_reports set customer_id = null, text = '' where customer_id = $1 and (select held from guards)";

// Locked by id, as everybody does. The average is that of `Ratings::average_hundredths`.
pub(crate) const RATE: &str = "
with wanted as (
    select p.id, p.rated_1 + w.d1 as r1, p.rated_2 + w.d2 as r2, p.rated_3 + w.d3 as r3, p.rated_4 + w.d4 as r4,
           p.rated_5 + w.d5 as r5
      from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
           as w (id, d1, d2, d3, d4, d5)
      join products p on p.id = w.id
     order by p.id
       for update of p
), counted as (
    select w.*, r1 + r2 + r3 + r4 + r5 as n, r1 + 2 * r2 + 3 * r3 + 4 * r4 + 5 * r5 as total from wanted w
)
update products p
   set rated_1 = w.r1, rated_2 = w.r2, rated_3 = w.r3, rated_4 = w.r4, rated_5 = w.r5, rating_count = w.n,
       rating_average = case when w.n = 0 then 0 else (200 * w.total + w.n) / (2 * w.n) end
  from counted w
 where p.id = w.id and least(w.r1, w.r2, w.r3, w.r4, w.r5) >= 0
returning p.id";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// The last statement locks counters that others want too: COMMIT soon after.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Review`], [`Guard::Reviewed`], [`Guard::Account`] or [`Guard::Product`] when what was
/// read is no longer so.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await?;
    rate(conn, &changes.ratings).await
}

/// What has one owner.
pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { create, write, vote, report, forget, ratings: _ } = changes;
    if let Some(review) = create {
        fused.write(INSERT);
        bind(fused, &[review]).constraint("reviews_of_customer_key", Guard::Reviewed);
        if let Some(customer) = review.customer {
            fused.constraint("reviews_account_fkey", Guard::Account(customer));
        }
    }
    if !write.is_empty() {
        fused.guarded(UPDATE);
        bind(fused, &column(write, |Write { review, .. }| review))
            .bind(column(write, |write| write.version_read as i64))
            .bind(column(write, |write| write.reports_read as i64));
        for Write { review, .. } in write {
            fused.needs(Some(review.id.0), Guard::Review(review.id));
        }
    }
    if let Some(vote) = vote {
        write_vote(vote, fused);
    }
    if let Some(Report { review, customer, reason, text, at }) = report {
        fused
            .write(REPORT)
            .bind(review.0)
            .bind(customer.map(|customer| customer.0))
            .bind(reason.as_str())
            .bind(text.as_str())
            .bind(Instant(*at))
            .constraint("review_reports_key", Guard::Review(*review));
        if let Some(customer) = customer {
            fused.constraint("review_reports_account_fkey", Guard::Account(*customer));
        }
    }
    if let Some(customer) = forget {
        fused.write(FORGET_VOTES).bind(customer.0);
        fused.write(FORGET_REPORTS).bind(customer.0);
    }
}

fn write_vote(vote: &VoteChange, fused: &mut Fused) {
    let (VoteChange { review, customer, before, after }, (helpful, unhelpful)) = (*vote, vote.deltas());
    let guard = Guard::Review(review);
    let tally = fused.guarded(TALLY).bind(review.0).bind(helpful).bind(unhelpful);
    tally.needs(Some(review.0), guard.clone());
    match (before, after) {
        (None, Some(helpful)) => {
            let vote = fused.write(VOTE).bind(review.0).bind(customer.0).bind(helpful);
            vote.constraint("review_votes_key", guard);
            fused.constraint("review_votes_account_fkey", Guard::Account(customer));
        }
        (Some(was), Some(helpful)) => {
            let vote = fused.guarded(REVOTE).bind(review.0).bind(customer.0).bind(was).bind(helpful);
            vote.needs(Some(review.0), guard);
        }
        (Some(was), None) => {
            let vote = fused.guarded(UNVOTE).bind(review.0).bind(customer.0).bind(was);
            vote.needs(Some(review.0), guard);
        }
        (None, None) => {}
    }
}

/// What products are rated: counters that others want too.
pub(crate) async fn rate(conn: &mut PgConnection, ratings: &[RatingChange]) -> Result<(), CommitError> {
    if ratings.is_empty() {
        return Ok(());
    }
    let mut statement = sqlx::query_scalar(RATE).bind(column(ratings, |change| change.product.0));
    for place in 0..5 {
        statement = statement.bind(column(ratings, |change| change.deltas[place]));
    }
    let rated: Vec<Uuid> = statement.fetch_all(conn).await.map_err(store_error)?;
    let missed = ratings.iter().find(|change| !rated.contains(&change.product.0));
    missed.map_or(Ok(()), |change| Err(CommitError::Stale { guard: Guard::Product(change.product) }))
}

fn bind<'f>(fused: &'f mut Fused, reviews: &[&Review]) -> &'f mut Fused {
    fn each<V>(reviews: &[&Review], value: impl Fn(&Review) -> V) -> Vec<V> {
        reviews.iter().map(|review| value(review)).collect()
    }
    fused
        .bind(each(reviews, |review| review.id.0))
        .bind(each(reviews, |review| review.product.0))
        .bind(each(reviews, |review| review.customer.map(|customer| customer.0)))
        .bind(each(reviews, |review| review.order.map(|order| order.0)))
        .bind(each(reviews, |review| i64::from(review.content.rating.get())))
        .bind(each(reviews, |review| review.content.title.clone()))
        .bind(each(reviews, |review| review.content.text.clone()))
        .bind(each(reviews, |review| Json(review.content.pros.clone())))
        .bind(each(reviews, |review| Json(review.content.cons.clone())))
        .bind(each(reviews, |review| Json(review.content.images.clone())))
        .bind(each(reviews, |review| review.status.as_str()))
        .bind(each(reviews, |review| Json(review.findings.clone())))
        .bind(each(reviews, |review| review.moderation.clone().map(Json)))
        .bind(each(reviews, |review| review.reports as i64))
        .bind(each(reviews, |review| review.reports_seen as i64))
        .bind(each(reviews, |review| Instant(review.created_at)))
        .bind(each(reviews, |review| Instant(review.updated_at)))
        .bind(each(reviews, |review| review.published_at.map(Instant)))
        .bind(each(reviews, |review| review.deleted_at.map(Instant)))
        .bind(each(reviews, |review| review.version as i64))
}

/// What is to be known of a product `p`, as [`ProductRow`] reads it.
macro_rules! known {
    () => {
        "json_build_object('id', p.id, 'slug', p.slug, 'name', p.name,
                           'on_sale', p.status = 'published' and p.deleted_at is null)"
    };
}

/// A review `r` of a product `p`, as [`ShownRow`] reads it.
macro_rules! shown {
    () => {
        concat!(
            "json_build_object('review', row_to_json(r), 'product', ",
            known!(),
            ", 'author', (select json_build_array(a.first_name, a.last_name) from accounts a where a.id = r.customer_id))"
        )
    };
}

pub(crate) const LOOK: &str = concat!(
    "
with asked as (
    select p.* from products p where p.slug = $1 and p.deleted_at is null
), r as (
    select * from reviews where id = $2
     union all
    select r.* from reviews r join asked p on p.id = r.product_id where r.customer_id = $3 and r.deleted_at is null
)
select statement_timestamp(),
       (select ",
    known!(),
    " from asked p),
       (select ",
    shown!(),
    " from r join products p on p.id = r.product_id),
       (select coalesce(json_agg(o order by o.id desc), '[]')
          from (select o.id, o.status, o.payment_status, o.placed_at,
                       (select min(h.at)
                          from order_history h
                         where h.order_id = o.id and h.machine = 'order'
                           and h.to_state in ('delivered', 'completed')) as received_at
                  from orders o
                 where o.customer_id = $3
                   and exists (select 1 from order_lines l join asked p on p.id = l.product_id where l.order_id = o.id)
                 order by o.id desc
                 limit $7) o),
       (select v.helpful from review_votes v join r on r.id = v.review_id where v.customer_id = $3),
       (select coalesce(json_agg(t order by t.at, t.customer_id), '[]')
          from (select * from review_reports where review_id = $2 order by at, customer_id limit $8) t),
       exists (select 1 from review_reports t join r on r.id = t.review_id where t.customer_id = $3),
       ", record_column!("$4", "$5", "$6")
);

type LookRow = (
    Instant,
    Option<Json<ProductRow>>,
    Option<Json<ShownRow>>,
    Json<Vec<PurchaseRow>>,
    Option<bool>,
    Json<Vec<ReportRow>>,
    bool,
    Option<Json<RecordRow>>,
);

/// What a decision about a review sees: one statement, so one snapshot.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(conn: &mut PgConnection, look: &Look) -> Result<View, StoreError> {
    let Look { about, customer, repeated } = look;
    let (slug, id) = match about {
        About::Product(slug) => (Some(slug.as_str()), None),
        About::Review(id) => (None, Some(id.0)),
    };
    let row: LookRow = sqlx::query_as(LOOK)
        .bind(slug)
        .bind(id)
        .bind(customer.map(|customer| customer.0))
        .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
        .bind(i64::from(Purchase::LOOKED_AT_MAX))
        .bind(i64::from(Report::SHOWN_MAX))
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    let (now, product, review, Json(purchases), vote, Json(reports), has_reported, record) = row;
    let review = review.map(|Json(row)| row.read()).transpose()?;
    let product = product.map(|Json(row)| row.read()).transpose()?;
    Ok(View {
        now: now.0,
        product: product.or_else(|| review.as_ref().map(|shown| shown.product.clone())),
        review,
        purchases: purchases.into_iter().map(PurchaseRow::read).collect::<Result<_, _>>()?,
        vote,
        reports: reports.into_iter().map(ReportRow::read).collect::<Result<_, _>>()?,
        has_reported,
        record: record.map(|Json(record)| record.read()).transpose()?,
    })
}

macro_rules! page {
    () => {
        concat!(
            "
with asked as (
    select p.* from products p where p.slug = $1 and p.deleted_at is null
)
select (select json_build_array(",
            known!(),
            ", array[p.rated_1, p.rated_2, p.rated_3, p.rated_4, p.rated_5]) from asked p),
       coalesce((select json_agg(",
            shown!()
        )
    };
}

/// The page of a product's reviews in an order.
macro_rules! listed {
    ($order:literal) => {
        concat!(
            page!(),
            " order by ",
            $order,
            ")
  from (select r.* from reviews r
         where r.product_id = (select id from asked) and r.status = 'published' and r.deleted_at is null
           and ($2::bigint is null or r.rating = $2)
         order by ",
            $order,
            " limit $3 offset $4) r
  join products p on p.id = r.product_id), '[]')"
        )
    };
}

pub(crate) const NEWEST: &str = listed!("r.published_at desc, r.id desc");
pub(crate) const HELPFUL: &str = listed!("r.helpful desc, r.published_at desc, r.id desc");
pub(crate) const BEST_RATED: &str = listed!("r.rating desc, r.published_at desc, r.id desc");

pub(crate) const QUEUE: &str = concat!(
    "
select (select count(*)
          from (select 1 from reviews where status = 'pending' and deleted_at is null limit $3) counted),
       coalesce((select json_agg(",
    shown!(),
    " order by r.updated_at, r.id)
  from (select r.* from reviews r
         where r.status = 'pending' and r.deleted_at is null
         order by r.updated_at, r.id
         limit $1 offset $2) r
  join products p on p.id = r.product_id), '[]')"
);

type PageRow = (Option<Json<(ProductRow, Ratings)>>, Json<Vec<ShownRow>>);

/// A page of reviews: one statement.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn search(conn: &mut PgConnection, search: &Search) -> Result<Found, StoreError> {
    let reachable = ROWS_MAX.saturating_sub(search.offset());
    let limit = reachable.min(u64::from(search.page_size)) as i64;
    let offset = search.offset().min(ROWS_MAX) as i64;
    let (product, count, Json(rows)) = match &search.of {
        Of::Product { slug, rating, sort } => {
            let sql = match sort {
                Sort::Newest => NEWEST,
                Sort::Helpful => HELPFUL,
                Sort::Rating => BEST_RATED,
            };
            let (product, rows): PageRow = sqlx::query_as(sql)
                .bind(slug.as_str())
                .bind(rating.map(|rating| i64::from(rating.get())))
                .bind(limit)
                .bind(offset)
                .fetch_one(conn)
                .await
                .map_err(store_error)?;
            let product = product.map(|Json((row, ratings))| Ok((row.read()?, ratings))).transpose()?;
            let count = product.as_ref().map_or(0, |(_, ratings): &(KnownProduct, Ratings)| {
                rating.map_or(ratings.count(), |rating| ratings.of(rating))
            });
            (product, count, rows)
        }
        Of::Queue => {
            let (count, rows): (i64, Json<Vec<ShownRow>>) = sqlx::query_as(QUEUE)
                .bind(limit)
                .bind(offset)
                .bind(ROWS_MAX as i64 + 1)
                .fetch_one(conn)
                .await
                .map_err(store_error)?;
            (None, count.unsigned_abs(), rows)
        }
    };
    let rows = rows.into_iter().map(ShownRow::read).collect::<Result<_, _>>()?;
    let page = Page { rows, count: count.min(ROWS_MAX), count_is_exact: count <= ROWS_MAX };
    Ok(Found { product, page })
}

pub(crate) const OF_CUSTOMER: &str = concat!(
    "
select (select coalesce(json_agg(",
    shown!(),
    " order by r.id), '[]')
  from reviews r join products p on p.id = r.product_id where r.customer_id = $1),
       (select coalesce(json_agg(json_build_array(v.review_id, v.helpful) order by v.review_id), '[]')
          from review_votes v where v.customer_id = $1),
       (select coalesce(json_agg(t order by t.review_id), '[]') from review_reports t where t.customer_id = $1)"
);

/// What is somebody's: reviews, votes, reports.
pub(crate) type Belongings = (Vec<Shown>, Vec<(ReviewId, bool)>, Vec<Report>);

type BelongingsRow = (Json<Vec<ShownRow>>, Json<Vec<(Uuid, bool)>>, Json<Vec<ReportRow>>);

/// Reviews of a customer, and what they said of others'.
pub(crate) async fn of_customer(
    conn: &mut PgConnection,
    customer: CustomerId,
) -> Result<Belongings, StoreError> {
    let (Json(reviews), Json(votes), Json(reports)): BelongingsRow =
        sqlx::query_as(OF_CUSTOMER).bind(customer.0).fetch_one(conn).await.map_err(store_error)?;
    Ok((
        reviews.into_iter().map(ShownRow::read).collect::<Result<_, _>>()?,
        votes.into_iter().map(|(review, helpful)| (review.into(), helpful)).collect(),
        reports.into_iter().map(ReportRow::read).collect::<Result<_, _>>()?,
    ))
}

#[derive(Deserialize)]
struct ProductRow {
    id: Uuid,
    slug: String,
    name: String,
    on_sale: bool,
}

impl ProductRow {
    fn read(self) -> Result<KnownProduct, StoreError> {
        let slug = Row::new("products", &self.id).text("slug", &self.slug)?;
        Ok(KnownProduct { id: self.id.into(), slug, name: self.name, on_sale: self.on_sale })
    }
}

#[derive(Deserialize)]
struct ShownRow {
    review: ReviewRow,
    author: Option<(String, String)>,
    product: ProductRow,
}

impl ShownRow {
    fn read(self) -> Result<Shown, StoreError> {
        Ok(Shown { review: self.review.read()?, author: self.author, product: self.product.read()? })
    }
}

#[derive(Deserialize)]
struct ReviewRow {
    id: Uuid,
    product_id: Uuid,
    customer_id: Option<Uuid>,
    order_id: Option<Uuid>,
    rating: u8,
    title: String,
    text: String,
    pros: Vec<String>,
    cons: Vec<String>,
    images: Vec<String>,
    status: String,
    findings: Value,
    moderation: Option<Value>,
    reports: i64,
    reports_seen: i64,
    helpful: i64,
    unhelpful: i64,
    created_at: String,
    updated_at: String,
    published_at: Option<String>,
    deleted_at: Option<String>,
    version: i64,
}

impl ReviewRow {
    fn read(self) -> Result<Review, StoreError> {
        let row = Row::new("reviews", &self.id);
        let rating = self.rating.try_into().map_err(|error| row.invalid("rating", error))?;
        Ok(Review {
            id: self.id.into(),
            product: self.product_id.into(),
            customer: self.customer_id.map(Into::into),
            order: self.order_id.map(Into::into),
            status: row.text("status", &self.status)?,
            findings: row.json("findings", self.findings)?,
            moderation: row.optional_json("moderation", self.moderation)?,
            reports: row.count("reports", self.reports)?,
            reports_seen: row.count("reports_seen", self.reports_seen)?,
            helpful: row.count("helpful", self.helpful)?,
            unhelpful: row.count("unhelpful", self.unhelpful)?,
            created_at: row.text("created_at", &self.created_at)?,
            updated_at: row.text("updated_at", &self.updated_at)?,
            published_at: row.optional_text("published_at", self.published_at.as_deref())?,
            deleted_at: row.optional_text("deleted_at", self.deleted_at.as_deref())?,
            version: row.count("version", self.version)?,
            content: Content {
                rating,
                title: self.title,
                text: self.text,
                pros: self.pros,
                cons: self.cons,
                images: self.images,
            },
        })
    }
}

#[derive(Deserialize)]
struct PurchaseRow {
    id: Uuid,
    status: String,
    payment_status: String,
    placed_at: String,
    received_at: Option<String>,
}

impl PurchaseRow {
    fn read(self) -> Result<Purchase, StoreError> {
        let row = Row::new("orders", &self.id);
        Ok(Purchase {
            order: self.id.into(),
            status: row.text("status", &self.status)?,
            payment_status: row.text("payment_status", &self.payment_status)?,
            placed_at: row.text("placed_at", &self.placed_at)?,
            received_at: row.optional_text("received_at", self.received_at.as_deref())?,
        })
    }
}

#[derive(Deserialize)]
struct ReportRow {
    review_id: Uuid,
    customer_id: Option<Uuid>,
    reason: String,
    text: String,
    at: String,
}

impl ReportRow {
    fn read(self) -> Result<Report, StoreError> {
        let row = Row::new("review_reports", &self.review_id);
        Ok(Report {
            review: self.review_id.into(),
            customer: self.customer_id.map(Into::into),
            reason: row.text("reason", &self.reason)?,
            text: self.text,
            at: row.text("at", &self.at)?,
        })
    }
}
