//! Reviews: who may write one, what becomes of it, and what products are rated.

use tokio::task::JoinSet;

use super::accounts::registered;
use super::own_data::{SECRET, member};
use super::{Shop, delivery, request};
use crate::account::{Account, Password};
use crate::audit::Actor;
use crate::cart::Delivery;
use crate::catalog::{ProductFilter, ProductKey, SortBy};
use crate::checkout::Confirm;
use crate::order::{MoveOn, OrderState};
use crate::payment::PaymentMethod;
use crate::review::{
    Changes, Content, Draft, Finding, Moderate, Of, Rating, RatingChange, Ratings, Reason, ReportCommand,
    Review, ReviewError, ReviewTerms, Search, Sort, Status, Vote, VoteChange, Write,
};
use crate::search::Ask;
use crate::testkit::{add, item, named};
use crate::{ChangeSet, CustomerId, Engine, Guard, OrderId, ReviewId, Timestamp};

/// Nobody reviews what they did not get; one review is all that a customer has of a product; and it counts as long as it is
/// there.
pub async fn a_buyer_has_one_review(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let (ada, eve) = (registered(shop, "ada@example.com").await, registered(shop, "eve@example.com").await);
    let reviews = shop.engine.reviews();
    let write = async |draft: &Draft| reviews.submit(&"mug".parse().unwrap(), ada.id, draft, None).await;
    assert!(matches!(write(&draft(4)).await, Err(ReviewError::NotBought)));
    let order = ordered(shop, &ada, "mug").await;
    assert!(matches!(write(&draft(4)).await, Err(ReviewError::NotBought)));
    deliver(shop, order).await;
    let elsewhere = reviews.submit(&"cup".parse().unwrap(), ada.id, &draft(4), None).await;
    assert!(matches!(elsewhere, Err(ReviewError::NotFound)));
    let before = shop.store.catalog_generation().await.unwrap();
    let again = request("once", "a review");
    let submit =
        async || reviews.submit(&"mug".parse().unwrap(), ada.id, &draft(4), Some(again.clone())).await;
    let made = submit().await.unwrap();
    let review = made.shown.review.clone();
    assert_eq!((review.status, review.order, review.version), (Status::Published, Some(order), 1));
    assert_eq!(made.shown.product.slug.as_str(), "mug");
    assert_ne!(shop.store.catalog_generation().await.unwrap(), before, "what is rated is shown");
    assert_eq!(rated(shop, "mug").await, Ratings([0, 0, 0, 1, 0]));
    // The same request is answered alike, another is refused.
    let repeated = submit().await.unwrap();
    assert_eq!((repeated.replayed, repeated.shown), (true, made.shown));
    assert!(matches!(write(&draft(5)).await, Err(ReviewError::Exists)));
    // What its author changes counts otherwise.
    let edit = async |rating, version| reviews.edit(review.id, ada.id, &draft(rating), version).await;
    let edited = edit(2, Some(1)).await.unwrap().shown.review;
    assert_eq!((edited.version, rated(shop, "mug").await), (2, Ratings([0, 1, 0, 0, 0])));
    assert!(matches!(edit(3, Some(1)).await, Err(ReviewError::Version(2))));
    assert_eq!(edit(2, None).await.unwrap().shown.review, edited, "nothing to write");
    // Nobody else's is theirs to change, whatever they send.
    let strange = reviews.edit(review.id, eve.id, &Draft::default(), Some(1)).await;
    assert!(matches!(strange, Err(ReviewError::NotFound)));
    assert!(matches!(reviews.withdraw(review.id, eve.id, None).await, Err(ReviewError::NotFound)));
    reviews.withdraw(review.id, ada.id, Some(2)).await.unwrap();
    assert!(matches!(reviews.withdraw(review.id, ada.id, None).await, Err(ReviewError::NotFound)));
    assert_eq!(rated(shop, "mug").await, Ratings::default());
    assert_eq!(listed(shop, "mug", None, Sort::Newest).await, []);
    // There is room for another one then.
    let next = write(&draft(5)).await.unwrap().shown.review;
    assert_ne!(next.id, review.id);
    assert_eq!(rated(shop, "mug").await.average().as_deref(), Some("5.00"));
}

/// What a rule finds waits for the shop; what the shop decides counts at once, and is told.
pub async fn what_a_rule_finds_waits_for_the_shop(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let ada = buyer(shop, "ada@example.com", "mug").await;
    let engine = shop.reviewing(ReviewTerms { words: vec!["scam".to_owned()], ..ReviewTerms::default() });
    let reviews = engine.reviews();
    let words = Draft { text: "A scam!".to_owned(), pros: vec!["blue".to_owned()], ..draft(1) };
    let made = reviews.submit(&"mug".parse().unwrap(), ada.id, &words, None).await.unwrap().shown.review;
    assert_eq!((made.status, made.findings.as_slice()), (Status::Pending, &[Finding::Word][..]));
    assert_eq!(
        (rated(shop, "mug").await, listed(shop, "mug", None, Sort::Newest).await),
        (Ratings::default(), vec![])
    );
    let queue = async || {
        let search = Search { of: Of::Queue, page: 1, page_size: 20 };
        let found = reviews.search(&search).await.unwrap();
        assert_eq!(found.page.count as usize, found.page.rows.len());
        found.page.rows.into_iter().map(|shown| shown.review.id).collect::<Vec<ReviewId>>()
    };
    assert_eq!(queue().await, [made.id]);
    let decide = Moderate {
        publish: true,
        note: "let them speak".to_owned(),
        version: Some(1),
        by: Actor::Staff("eve".to_owned()),
        request: Some(request("decide", "publish")),
    };
    let seen = reviews.moderate(made.id, &decide).await.unwrap().review.unwrap().review;
    assert_eq!((seen.status, seen.version, seen.findings.len()), (Status::Published, 2, 0));
    assert_eq!(seen.moderation.as_ref().map(|told| told.note.as_str()), Some("let them speak"));
    assert_eq!(
        reviews.moderate(made.id, &decide).await.unwrap().review.unwrap().review,
        seen,
        "it was done before"
    );
    assert_eq!((queue().await, rated(shop, "mug").await), (vec![], Ratings([1, 0, 0, 0, 0])));
    let told = crate::audit::Search { target: Some(format!("review:{}", made.id)), ..Default::default() };
    let told = shop.store.audit(&told, 9).await.unwrap();
    assert_eq!((told.len(), told[0].action.as_str()), (1, "review.publish"));
    let late = Moderate { publish: false, request: None, ..decide.clone() };
    assert!(matches!(reviews.moderate(made.id, &late).await, Err(ReviewError::Version(2))));
    let gone = Moderate { version: None, ..late };
    let seen = reviews.moderate(made.id, &gone).await.unwrap().review.unwrap().review;
    assert_eq!((seen.status, rated(shop, "mug").await), (Status::Rejected, Ratings::default()));
    let nothing = reviews.moderate(named("review", "none"), &gone).await;
    assert!(matches!(nothing, Err(ReviewError::NotFound)));
}

/// Votes are one for each customer and can be changed; enough reports take a review out of sight until the shop has looked.
pub async fn votes_and_reports(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let ada = buyer(shop, "ada@example.com", "mug").await;
    let engine = shop.reviewing(ReviewTerms { reports_max: 2, ..ReviewTerms::default() });
    let reviews = engine.reviews();
    let made = reviews.submit(&"mug".parse().unwrap(), ada.id, &draft(5), None).await.unwrap().shown.review;
    let mut others = Vec::new();
    for name in ["eve", "joe", "tom"] {
        others.push(registered(shop, &format!("{name}@example.com")).await.id);
    }
    let vote = async |by, helpful| {
        let review = reviews.vote(made.id, Vote { by, helpful }).await?.shown.review;
        Ok::<_, ReviewError>((review.helpful, review.unhelpful))
    };
    assert!(matches!(vote(ada.id, Some(true)).await, Err(ReviewError::Own)));
    assert_eq!(vote(others[0], Some(true)).await.unwrap(), (1, 0));
    assert_eq!(vote(others[0], Some(true)).await.unwrap(), (1, 0));
    assert_eq!(vote(others[1], Some(true)).await.unwrap(), (2, 0));
    assert_eq!(vote(others[0], Some(false)).await.unwrap(), (1, 1));
    assert_eq!(vote(others[1], None).await.unwrap(), (0, 1));
    let look = reviews.look(made.id, Some(others[0])).await.unwrap();
    assert_eq!(
        (look.vote, look.review.unwrap().review.version),
        (Some(false), 1),
        "a vote changes no version"
    );
    let report = async |by| {
        let command = ReportCommand { by, reason: Reason::Spam, text: "buy it elsewhere".to_owned() };
        reviews.report(made.id, &command).await
    };
    report(others[0]).await.unwrap();
    report(others[0]).await.unwrap();
    assert_eq!(rated(shop, "mug").await.count(), 1);
    report(others[1]).await.unwrap();
    assert_eq!(rated(shop, "mug").await.count(), 0);
    assert!(matches!(report(others[2]).await, Err(ReviewError::NotFound)), "they see it no more");
    assert!(matches!(vote(others[2], Some(true)).await, Err(ReviewError::NotFound)));
    let look = reviews.look(made.id, None).await.unwrap();
    let seen = look.review.unwrap().review;
    assert_eq!((seen.status, seen.findings.as_slice()), (Status::Pending, &[Finding::Reports][..]));
    assert_eq!(
        (look.reports.len(), look.reports[0].reason, look.reports[0].text.as_str()),
        (2, Reason::Spam, "buy it elsewhere")
    );
    let decide =
        Moderate { publish: true, note: String::new(), version: None, by: Actor::System, request: None };
    reviews.moderate(made.id, &decide).await.unwrap();
    report(others[2]).await.unwrap();
    assert_eq!(rated(shop, "mug").await.count(), 1, "one since the shop has looked");
}

/// Twenty reviews of one customer at once: one is written.
pub async fn twenty_reviews_of_one_customer(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let ada = buyer(shop, "ada@example.com", "mug").await;
    let mut writers = JoinSet::new();
    for number in 0..20 {
        let (reviews, author) = (shop.engine.reviews(), ada.id);
        writers.spawn(async move {
            let slug = "mug".parse().unwrap();
            reviews.submit(&slug, author, &draft(1 + number % 5), None).await
        });
    }
    let mut made = 0;
    while let Some(answer) = writers.join_next().await {
        match answer.unwrap() {
            Ok(_) => made += 1,
            Err(ReviewError::Exists) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((made, rated(shop, "mug").await.count()), (1, 1));
}

/// Many vote and report at once: every vote counts once, and the reports are noticed.
pub async fn many_vote_and_report_at_once(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let ada = buyer(shop, "ada@example.com", "mug").await;
    let engine = shop.reviewing(ReviewTerms { reports_max: 5, ..ReviewTerms::default() });
    let made = engine.reviews().submit(&"mug".parse().unwrap(), ada.id, &draft(5), None).await.unwrap();
    let id = made.shown.review.id;
    let mut asking = JoinSet::new();
    for number in 0..10 {
        let by = registered(shop, &format!("c{number}@example.com")).await.id;
        for helpful in [true, false, true] {
            let reviews = engine.reviews();
            asking
                .spawn(async move { reviews.vote(id, Vote { by, helpful: Some(helpful) }).await.map(drop) });
        }
        if number < 4 {
            let reviews = engine.reviews();
            let command = ReportCommand { by, reason: Reason::Other, text: String::new() };
            asking.spawn(async move { reviews.report(id, &command).await });
        }
    }
    while let Some(answer) = asking.join_next().await {
        answer.unwrap().unwrap();
    }
    let seen = engine.reviews().look(id, None).await.unwrap().review.unwrap().review;
    assert_eq!((seen.helpful + seen.unhelpful, seen.reports, seen.status), (10, 4, Status::Published));
    let fifth = registered(shop, "fifth@example.com").await.id;
    let command = ReportCommand { by: fifth, reason: Reason::Other, text: String::new() };
    engine.reviews().report(id, &command).await.unwrap();
    assert_eq!(rated(shop, "mug").await.count(), 0);
}

/// Lists of a product's reviews: each order, each rating, page by page.
pub async fn a_page_of_reviews(shop: &Shop) {
    shop.sell([item("mug"), item("cup")]).await;
    let mut expected: Vec<Row> = Vec::new();
    for (number, (rating, helpful)) in [(3, 0_u32), (5, 1), (4, 2), (5, 0)].into_iter().enumerate() {
        let author = registered(shop, &format!("c{number}@example.com")).await.id;
        let review = written(shop, author, "mug", rating).await;
        for voter in 0..helpful {
            let by = registered(shop, &format!("v{number}{voter}@example.com")).await.id;
            shop.engine.reviews().vote(review.id, Vote { by, helpful: Some(true) }).await.unwrap();
        }
        expected.push((helpful, rating, (review.published_at, review.id)));
    }
    // The clock may have stood still: what came in at one instant is in the order of the ids.
    expected.sort_by_key(|(.., newest)| std::cmp::Reverse(*newest));
    let of = async |rating: Option<u8>, sort| listed(shop, "mug", rating, sort).await;
    assert_eq!(of(None, Sort::Newest).await, ids(&expected));
    let fives: Vec<_> = expected.iter().copied().filter(|(_, rating, _)| *rating == 5).collect();
    assert_eq!(of(Some(5), Sort::Newest).await, ids(&fives));
    let mut sorted = expected.clone();
    sorted.sort_by_key(|(_, rating, _)| std::cmp::Reverse(*rating));
    assert_eq!(of(None, Sort::Rating).await, ids(&sorted));
    sorted = expected;
    sorted.sort_by_key(|(helpful, ..)| std::cmp::Reverse(*helpful));
    assert_eq!(of(None, Sort::Helpful).await, ids(&sorted));
    assert_eq!(of(Some(1), Sort::Newest).await, []);
    let page = |page, page_size| {
        let of = Of::Product { slug: "mug".parse().unwrap(), rating: None, sort: Sort::Newest };
        Search { of, page, page_size }
    };
    let second = shop.store.reviews(&page(2, 3)).await.unwrap();
    assert_eq!((second.page.count, second.page.count_is_exact, second.page.rows.len()), (4, true, 1));
    assert_eq!(second.product.unwrap().1, Ratings([0, 0, 1, 1, 2]));
    let none = Search {
        of: Of::Product { slug: "none".parse().unwrap(), rating: None, sort: Sort::Newest },
        page: 1,
        page_size: 9,
    };
    let none = shop.store.reviews(&none).await.unwrap();
    assert!(none.product.is_none() && none.page.rows.is_empty() && none.page.count == 0);
}

/// A review by how many it helped, its rating, and by what the newest come first.
type Row = (u32, u8, (Option<Timestamp>, ReviewId));

fn ids(rows: &[Row]) -> Vec<ReviewId> {
    rows.iter().map(|(.., (_, id))| *id).collect()
}

/// Listings and searches filter and sort by what buyers said.
pub async fn products_are_listed_by_their_rating(shop: &Shop) {
    shop.sell([item("mug"), item("cup"), item("pot"), item("jar"), item("pan")]).await;
    let mut number = 0;
    for (slug, ratings) in [("mug", &[4, 5][..]), ("cup", &[5]), ("pot", &[4, 5, 4, 5]), ("jar", &[2])] {
        for rating in ratings {
            let author = registered(shop, &format!("c{number}@example.com")).await.id;
            written(shop, author, slug, *rating).await;
            number += 1;
        }
    }
    let find = async |min_rating| {
        let filter = ProductFilter { min_rating, sort_by: SortBy::Rating, ..ProductFilter::default() };
        let listed = shop.store.products(&filter).await.unwrap();
        let order = crate::search::Order::By(SortBy::Rating);
        let ask = Ask { filter, order, ..Ask::default() };
        let found = shop.engine.search().find(&ask).await.unwrap().page;
        assert_eq!(found, listed);
        listed.rows.iter().map(|row| row.slug.to_string()).collect::<Vec<_>>()
    };
    // As good as others, the one with more ratings first.
    assert_eq!(find(None).await, ["cup", "pot", "mug", "jar", "pan"]);
    assert_eq!(find(Some(450)).await, ["cup", "pot", "mug"]);
    assert_eq!(find(Some(451)).await, ["cup"]);
    assert_eq!(find(Some(100)).await, ["cup", "pot", "mug", "jar"]);
    let listed = shop.store.products(&ProductFilter::default()).await.unwrap();
    let pot = listed.rows.iter().find(|row| row.slug.as_str() == "pot").unwrap();
    assert_eq!((pot.ratings, rated(shop, "pot").await), (Ratings([0, 0, 0, 2, 2]), pot.ratings));
    // A product that is written again keeps what it was rated.
    shop.sell([item("pot").name("Another pot")]).await;
    assert_eq!(rated(shop, "pot").await, pot.ratings);
}

/// Each guard is seen to refuse, and leaves nothing behind.
pub async fn what_was_read_and_is_no_longer_so(shop: &Shop) {
    shop.sell([item("mug")]).await;
    let (ada, eve) =
        (registered(shop, "ada@example.com").await.id, registered(shop, "eve@example.com").await.id);
    let review = written(shop, ada, "mug", 4).await;
    let changes = |review: Changes| ChangeSet { review, ..ChangeSet::default() };
    let twice = Review { id: named("review", "twice"), ..review.clone() };
    let created = changes(Changes { create: Some(twice.clone()), ..Changes::default() });
    assert_eq!(shop.stale(&created).await, Guard::Reviewed);
    let nobody: CustomerId = named("account", "nobody");
    let created =
        changes(Changes { create: Some(Review { customer: Some(nobody), ..twice }), ..Changes::default() });
    assert_eq!(shop.stale(&created).await, Guard::Account(nobody));
    for (version_read, reports_read) in [(2, 0), (1, 1)] {
        let write = Write { review: Review { version: 2, ..review.clone() }, version_read, reports_read };
        let written = changes(Changes { write: vec![write], ..Changes::default() });
        assert_eq!(shop.stale(&written).await, Guard::Review(review.id));
    }
    let voted = |customer, before, after| {
        changes(Changes {
            vote: Some(VoteChange { review: review.id, customer, before, after }),
            ..Changes::default()
        })
    };
    shop.store.commit(&voted(eve, None, Some(true))).await.unwrap();
    for (before, after) in [(None, Some(true)), (Some(false), Some(true)), (Some(false), None)] {
        assert_eq!(shop.stale(&voted(eve, before, after)).await, Guard::Review(review.id), "{before:?}");
    }
    assert_eq!(shop.stale(&voted(nobody, None, Some(true))).await, Guard::Account(nobody));
    let below = RatingChange { product: review.product, deltas: [0, 0, 0, 1, -1] };
    let rated_below = changes(Changes { ratings: vec![below], ..Changes::default() });
    assert_eq!(shop.stale(&rated_below).await, Guard::Product(review.product));
}

/// Of whoever leaves no review is left, nor a name beside a vote or a report; what was counted of these counts on. Until then
/// they are told all of it.
pub async fn who_leaves_takes_their_reviews_along(shop: &Shop) {
    shop.sell([item("mug"), item("cup")]).await;
    let ada = member(shop).await;
    let eve = registered(shop, "eve@example.com").await.id;
    let own = written(shop, ada.id, "mug", 2).await;
    let gone = written(shop, ada.id, "cup", 1).await;
    let theirs = written(shop, eve, "mug", 5).await;
    let reviews = shop.engine.reviews();
    reviews.withdraw(gone.id, ada.id, None).await.unwrap();
    reviews.vote(theirs.id, Vote { by: ada.id, helpful: Some(true) }).await.unwrap();
    reviews.vote(own.id, Vote { by: eve, helpful: Some(false) }).await.unwrap();
    let complaint = ReportCommand { by: ada.id, reason: Reason::Private, text: "my street".to_owned() };
    reviews.report(theirs.id, &complaint).await.unwrap();
    let told = shop.engine.personal().export(&ada).await.unwrap();
    let mut known: Vec<ReviewId> = told.reviews.iter().map(|shown| shown.review.id).collect();
    known.sort();
    let mut both = [own.id, gone.id];
    both.sort();
    assert_eq!((known, told.votes), (both.to_vec(), vec![(theirs.id, true)]));
    assert_eq!(told.reports[0].text, "my street");
    shop.engine.personal().erase(&ada, &SECRET.parse::<Password>().unwrap()).await.unwrap();
    for id in both {
        let left = reviews.look(id, None).await.unwrap().review.unwrap();
        assert_eq!((left.review.customer, left.review.order, left.author), (None, None, None));
        assert!(left.review.deleted_at.is_some() && left.review.content.text.is_empty());
    }
    assert_eq!(rated(shop, "mug").await, Ratings([0, 0, 0, 0, 1]));
    let look = reviews.look(theirs.id, None).await.unwrap();
    assert_eq!((look.review.unwrap().review.helpful, look.reports.len()), (1, 1));
    assert_eq!((look.reports[0].customer, look.reports[0].text.as_str()), (None, ""));
}

/// A review is edited, judged and reported while its author leaves, all at once: what the product is rated is what is left. The
/// harness counts again.
pub async fn a_review_changes_from_all_sides_at_once(shop: &Shop) {
    shop.sell([item("mug")]).await;
    let ada = member(shop).await;
    let eve = registered(shop, "eve@example.com").await.id;
    let own = written(shop, ada.id, "mug", 4).await;
    written(shop, eve, "mug", 2).await;
    let (id, author) = (own.id, ada.id);
    let mut asking = JoinSet::new();
    for number in 0..5 {
        let by = registered(shop, &format!("c{number}@example.com")).await.id;
        let reviews = shop.engine.reviews();
        asking.spawn(async move { drop(reviews.edit(id, author, &draft(1 + number), None).await) });
        let reviews = shop.engine.reviews();
        asking.spawn(async move { drop(reviews.moderate(id, &judged(number % 2 == 0)).await) });
        let reviews = shop.engine.reviews();
        let command = ReportCommand { by, reason: Reason::Other, text: String::new() };
        asking.spawn(async move { drop(reviews.report(id, &command).await) });
    }
    let (personal, leaving) = (shop.engine.personal(), ada.clone());
    let secret = SECRET.parse::<Password>().unwrap();
    asking.spawn(async move { drop(personal.erase(&leaving, &secret).await) });
    while let Some(done) = asking.join_next().await {
        done.unwrap();
    }
    // Among so many they may have been told to come back.
    drop(shop.engine.personal().erase(&ada, &SECRET.parse::<Password>().unwrap()).await);
    let left = shop.engine.reviews().look(id, None).await.unwrap().review.unwrap();
    assert!(left.review.deleted_at.is_some() && left.review.customer.is_none(), "{left:?}");
    assert_eq!(rated(shop, "mug").await, Ratings([0, 1, 0, 0, 0]));
}

/// Whatever is done in whatever order, what products are rated is what their reviews say. The harness counts again.
pub async fn a_random_walk_through_reviews(shop: &Shop) {
    shop.sell([item("mug").stock(9), item("cup").stock(9)]).await;
    let terms =
        ReviewTerms { buyers_only: false, publish_at_once: true, reports_max: 2, ..ReviewTerms::default() };
    let engine = shop.reviewing(terms);
    let mut people = Vec::new();
    for number in 0..4 {
        people.push(registered(shop, &format!("c{number}@example.com")).await.id);
    }
    let mut known: Vec<ReviewId> = Vec::new();
    let mut draw = crate::testkit::seed();
    let mut next = |most: u64| {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) % most
    };
    for _ in 0..80 {
        let reviews = engine.reviews();
        let by = people[next(4) as usize];
        let rating = 1 + next(5) as u32;
        let slug = ["mug", "cup"][next(2) as usize].parse().unwrap();
        let id = known.get(next(known.len().max(1) as u64) as usize).copied();
        match (next(7), id) {
            (0 | 1, _) | (_, None) => {
                if let Ok(made) = reviews.submit(&slug, by, &draft(rating), None).await {
                    known.push(made.shown.review.id);
                }
            }
            (2, Some(id)) => drop(reviews.edit(id, by, &draft(rating), None).await),
            (3, Some(id)) => drop(reviews.withdraw(id, by, None).await),
            (4, Some(id)) => drop(reviews.vote(id, Vote { by, helpful: Some(rating > 2) }).await),
            (5, Some(id)) => {
                let command = ReportCommand { by, reason: Reason::Other, text: String::new() };
                drop(reviews.report(id, &command).await);
            }
            (_, Some(id)) => {
                drop(reviews.moderate(id, &judged(rating > 1)).await);
            }
        }
        for slug in ["mug", "cup"] {
            let ratings = rated(shop, slug).await;
            assert_eq!(ratings.count() as usize, listed(shop, slug, None, Sort::Newest).await.len());
        }
    }
}

/// A decision of the shop.
fn judged(publish: bool) -> Moderate {
    Moderate { publish, note: String::new(), version: None, by: Actor::System, request: None }
}

/// A rating and nothing else.
fn draft(rating: u32) -> Draft {
    Draft { rating, ..Draft::default() }
}

/// What the product is rated.
async fn rated(shop: &Shop, slug: &str) -> Ratings {
    let key = ProductKey::Slug(slug.parse().unwrap());
    shop.store.product(&key).await.unwrap().unwrap().ratings
}

/// The reviews of the product that others see.
async fn listed(shop: &Shop, slug: &str, rating: Option<u8>, sort: Sort) -> Vec<ReviewId> {
    let rating = rating.map(|rating| Rating::try_from(rating).unwrap());
    let of = Of::Product { slug: slug.parse().unwrap(), rating, sort };
    let found = shop.store.reviews(&Search { of, page: 1, page_size: 100 }).await.unwrap();
    assert_eq!(found.page.count as usize, found.page.rows.len());
    found.page.rows.into_iter().map(|shown| shown.review.id).collect()
}

/// A review as it would be after it was published, without a purchase.
async fn written(shop: &Shop, author: CustomerId, slug: &str, rating: u8) -> Review {
    let key = ProductKey::Slug(slug.parse().unwrap());
    let seen = shop.store.product(&key).await.unwrap().unwrap();
    let mut ids = shop.ids(seen.now);
    let text = "as it should be".to_owned();
    let review = Review {
        id: ids.fresh(),
        product: seen.product.id,
        customer: Some(author),
        order: None,
        content: Content { text, ..Content::bare(Rating::try_from(rating).unwrap()) },
        status: Status::Published,
        findings: Vec::new(),
        moderation: None,
        reports: 0,
        reports_seen: 0,
        helpful: 0,
        unhelpful: 0,
        created_at: seen.now,
        updated_at: seen.now,
        published_at: Some(seen.now),
        deleted_at: None,
        version: 1,
    };
    let ratings = RatingChange::between(None, &review).into_iter().collect();
    let changes = Changes { create: Some(review.clone()), ratings, ..Changes::default() };
    shop.store.commit(&ChangeSet { review: changes, ..ChangeSet::default() }).await.unwrap();
    review
}

/// An account to which the product was delivered.
async fn buyer(shop: &Shop, email: &str, sku: &str) -> Account {
    let account = registered(shop, email).await;
    let order = ordered(shop, &account, sku).await;
    deliver(shop, order).await;
    account
}

async fn ordered(shop: &Shop, account: &Account, sku: &str) -> OrderId {
    let engine: &Engine = &shop.engine;
    engine.carts().add(account, &add(sku, 1), None).await.unwrap();
    let delivery = Delivery { email: account.email.clone(), ..delivery() };
    engine.carts().set_delivery(account, &delivery, None).await.unwrap();
    engine.carts().set_payment(account, PaymentMethod::CashOnDelivery, None).await.unwrap();
    engine.checkout().confirm(account, &Confirm::default()).await.unwrap().order.order.id
}

async fn deliver(shop: &Shop, order: OrderId) {
    for to in [OrderState::Processing, OrderState::Shipped, OrderState::Delivered] {
        let command = MoveOn { to, note: String::new(), restock: None, actor: Actor::System, request: None };
        shop.engine.orders().move_on(order, &command).await.unwrap();
    }
}
