//! What the decisions promise, given as data; and a random walk whose sums are counted again.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::audit::Actor;
use crate::idempotency::{Request, Scope};
use crate::order::OrderState;
use crate::payment::PaymentState;
use crate::testkit::named;
use crate::{ChangeSet, CustomerId, Ids, OrderId, Timestamp};

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

fn at(day: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + day * DAY).unwrap()
}

fn ids(now: Timestamp) -> Ids {
    Ids::new([7; 32], now)
}

fn who(name: &str) -> CustomerId {
    named("account", name)
}

fn bought(status: OrderState, payment_status: PaymentState, received: Option<i64>) -> Purchase {
    let order: OrderId = named("order", "one");
    Purchase { order, status, payment_status, placed_at: at(0), received_at: received.map(at) }
}

fn product() -> KnownProduct {
    let slug = "mug".parse().unwrap();
    KnownProduct { id: named("product", "mug"), slug, name: "Mug".to_owned(), on_sale: true }
}

fn view(day: i64, purchases: Vec<Purchase>, review: Option<Review>) -> View {
    let shown = |review| Shown { review, author: None, product: product() };
    View {
        now: at(day),
        product: Some(product()),
        review: review.map(shown),
        purchases,
        vote: None,
        reports: Vec::new(),
        has_reported: false,
        record: None,
    }
}

fn delivered() -> Vec<Purchase> {
    vec![bought(OrderState::Delivered, PaymentState::Paid, Some(3))]
}

fn says(rating: u8, text: &str) -> Content {
    Content { text: text.to_owned(), ..Content::bare(rating.try_into().unwrap()) }
}

fn submitted(view: &View, content: Content, terms: &ReviewTerms) -> Result<Review, ReviewError> {
    let command = Submit { author: who("ada"), content, request: None };
    submit(view, &command, terms, &mut ids(view.now)).map(|(review, changes)| {
        assert_eq!(changes.review.create.as_ref(), Some(&review));
        review
    })
}

#[test]
fn only_what_arrived_is_a_purchase() {
    use OrderState::{Cancelled, Completed, Delivered, Pending, Processing, Refunded, Returned, Shipped};
    use PaymentState::{Due, Paid, PartiallyRefunded};
    let terms = ReviewTerms::default();
    for (status, payment, received, counts) in [
        (Delivered, Paid, Some(3), true),
        (Delivered, Due, Some(3), true),
        (Completed, Paid, Some(3), true),
        (Shipped, Paid, None, true),
        (Shipped, PartiallyRefunded, None, true),
        (Shipped, Due, None, false),
        (Processing, Paid, None, false),
        (Pending, Due, None, false),
        (Cancelled, Paid, None, false),
        (Returned, Paid, Some(3), false),
        (Refunded, PaymentState::Refunded, Some(3), false),
    ] {
        let review = submitted(&view(10, vec![bought(status, payment, received)], None), says(4, ""), &terms);
        assert_eq!(review.is_ok(), counts, "{status} {payment:?}");
        assert!(counts || matches!(review, Err(ReviewError::NotBought)));
    }
    assert!(matches!(submitted(&view(10, vec![], None), says(4, ""), &terms), Err(ReviewError::NotBought)));
}

#[test]
fn the_window_begins_with_the_delivery() {
    let terms = ReviewTerms { window_days: 30, ..ReviewTerms::default() };
    let on = |day: i64, purchase: Purchase| submitted(&view(day, vec![purchase], None), says(4, ""), &terms);
    let delivered = bought(OrderState::Delivered, PaymentState::Paid, Some(3));
    assert!(on(33, delivered).is_ok());
    assert!(matches!(on(34, delivered), Err(ReviewError::WindowOver(30))));
    let shipped = bought(OrderState::Shipped, PaymentState::Paid, None);
    assert!(on(30, shipped).is_ok() && on(31, shipped).is_err());
    // The latest counts, and where nobody needs one it is missing and said to be.
    let earlier = Purchase { received_at: Some(at(1)), ..delivered };
    assert!(submitted(&view(32, vec![earlier, delivered], None), says(4, ""), &terms).is_ok());
    let open = ReviewTerms { buyers_only: false, ..terms };
    let review = submitted(&view(34, vec![delivered], None), says(4, ""), &open).unwrap();
    assert_eq!((review.order, review.status), (None, Status::Pending));
    assert_eq!(review.findings, [Finding::Policy]);
}

#[test]
fn what_was_rejected_waits_whatever_it_says_next() {
    let terms = ReviewTerms::default();
    let review = submitted(&view(4, delivered(), None), says(1, "bad"), &terms).unwrap();
    assert_eq!((review.status, review.published_at), (Status::Published, Some(at(4))));
    let command = Moderate {
        publish: false,
        note: "rude".to_owned(),
        version: Some(1),
        by: Actor::Staff("eve".to_owned()),
        request: None,
    };
    let seen = view(5, vec![], Some(review));
    let (rejected, changes) = moderate(&seen, &command, &mut ids(seen.now)).unwrap();
    assert_eq!((rejected.status, rejected.version), (Status::Rejected, 2));
    assert_eq!(changes.review.ratings[0].deltas, [-1, 0, 0, 0, 0]);
    assert_eq!(changes.audit[0].data["before"]["status"], "published");
    let (same, none) = moderate(
        &view(5, vec![], Some(rejected.clone())),
        &Moderate { version: None, ..command.clone() },
        &mut ids(at(5)),
    )
    .unwrap();
    assert_eq!((same.version, none), (2, ChangeSet::default()));
    let scope = Scope { actor: "staff:eve".to_owned(), route: String::new(), key: "k".parse().unwrap() };
    let under_a_key =
        Moderate { version: None, request: Some(Request::new(scope, b"reject")), ..command.clone() };
    let seen = view(5, vec![], Some(rejected.clone()));
    let (same, told) = moderate(&seen, &under_a_key, &mut ids(seen.now)).unwrap();
    assert_eq!((same.version, told.review), (2, Changes::default()));
    assert!(told.idempotency.is_some(), "its repetition decides nothing about what is written next");
    let seen = view(6, vec![], Some(rejected));
    let change = Edit { author: who("ada"), content: says(2, "not so good"), version: None };
    let (edited, changes) = edit(&seen, &change, &terms, &mut ids(seen.now)).unwrap();
    assert_eq!((edited.status, edited.findings.as_slice()), (Status::Pending, &[Finding::Rejected][..]));
    assert_eq!((changes.review.ratings.len(), changes.events[0].name), (0, "review.pending"));
    let again = view(7, vec![], Some(edited));
    let change = Edit { author: who("ada"), content: says(3, "it is all right"), version: Some(3) };
    let (edited, _) = edit(&again, &change, &terms, &mut ids(again.now)).unwrap();
    assert_eq!((edited.status, edited.findings.as_slice()), (Status::Pending, &[Finding::Rejected][..]));
    let late = Edit { version: Some(3), ..change };
    assert!(matches!(
        edit(&view(8, vec![], Some(edited.clone())), &late, &terms, &mut ids(at(8))),
        Err(ReviewError::Version(4))
    ));
    let published = Moderate { publish: true, note: String::new(), version: None, ..command };
    let (published, changes) = moderate(&view(8, vec![], Some(edited)), &published, &mut ids(at(8))).unwrap();
    assert_eq!((published.status, published.findings.len()), (Status::Published, 0));
    assert_eq!(published.published_at, Some(at(4)), "first seen then");
    assert_eq!(changes.review.ratings[0].deltas, [0, 0, 1, 0, 0]);
}

#[test]
fn nobody_has_a_say_in_what_is_their_own() {
    let review = submitted(&view(4, delivered(), None), says(4, "good"), &ReviewTerms::default()).unwrap();
    let seen = view(5, vec![], Some(review.clone()));
    let by = who("ada");
    assert!(matches!(vote(&seen, Vote { by, helpful: Some(true) }), Err(ReviewError::Own)));
    let complaint = ReportCommand { by, reason: Reason::Spam, text: String::new() };
    let terms = ReviewTerms::default();
    assert!(matches!(report(&seen, &complaint, &terms, &mut ids(at(5))), Err(ReviewError::Own)));
    // Others have one while they see it.
    let by = who("eve");
    let (voted, changes) = vote(&seen, Vote { by, helpful: Some(false) }).unwrap();
    assert_eq!((voted.helpful, voted.unhelpful, changes.review.write.len()), (0, 1, 0));
    assert_eq!(vote(&seen, Vote { by, helpful: None }).unwrap().1, ChangeSet::default());
    let hidden = view(5, vec![], Some(Review { status: Status::Pending, ..review.clone() }));
    assert!(matches!(vote(&hidden, Vote { by, helpful: Some(true) }), Err(ReviewError::NotFound)));
    assert!(matches!(
        edit(&seen, &Edit { author: by, content: says(1, ""), version: None }, &terms, &mut ids(at(5))),
        Err(ReviewError::NotFound)
    ));
    assert!(matches!(
        withdraw(&seen, &Withdraw { author: by, version: None }, &mut ids(at(5))),
        Err(ReviewError::NotFound)
    ));
    // The last report that it takes has it wait, and only new ones do once the shop has looked.
    let known =
        |reports, reports_seen| view(5, vec![], Some(Review { reports, reports_seen, ..review.clone() }));
    for (reports, seen, waits) in [(0, 0, false), (1, 0, false), (2, 0, true), (5, 3, true), (5, 4, false)] {
        let complaint = ReportCommand { by, reason: Reason::Fake, text: " so\u{202e} fake ".to_owned() };
        let changes = report(&known(reports, seen), &complaint, &terms, &mut ids(at(5))).unwrap();
        let write = &changes.review.write[0];
        assert_eq!(write.review.status == Status::Pending, waits, "{reports} {seen}");
        assert_eq!((write.review.reports, write.reports_read), (reports + 1, reports));
        assert_eq!(write.review.version - write.version_read, u64::from(waits));
        assert_eq!(changes.review.report.unwrap().text, "so fake");
    }
}

#[test]
fn names_are_shortened() {
    let review = submitted(&view(4, delivered(), None), says(4, ""), &ReviewTerms::default()).unwrap();
    let name = |first: &str, last: &str| {
        let author = Some((first.to_owned(), last.to_owned()));
        Shown { review: review.clone(), author, product: product() }.display_name()
    };
    assert_eq!(name("Ada", "Obi").as_deref(), Some("Ada O."));
    assert_eq!(name("", "Obi").as_deref(), Some("O."));
    assert_eq!(name("Ada\u{202e}", " ").as_deref(), Some("Ada"));
    assert_eq!(name("", ""), None);
}

/// A shop in memory: what a store would have after these commits.
#[derive(Default)]
struct Memory {
    reviews: BTreeMap<crate::ReviewId, Review>,
    votes: BTreeMap<(crate::ReviewId, CustomerId), bool>,
    reported: Vec<(crate::ReviewId, CustomerId)>,
    ratings: [i64; 5],
    clock: i64,
}

impl Memory {
    fn look(&self, review: Option<&Review>, customer: CustomerId) -> View {
        let id = review.map(|review| review.id);
        View {
            vote: id.and_then(|id| self.votes.get(&(id, customer)).copied()),
            has_reported: id.is_some_and(|id| self.reported.contains(&(id, customer))),
            ..view(self.clock, delivered(), review.cloned())
        }
    }

    fn apply(&mut self, changes: ChangeSet) {
        let Changes { create, write, vote, report, forget, ratings } = changes.review;
        assert_eq!(forget, None);
        for review in create.into_iter().chain(write.into_iter().map(|write| write.review)) {
            self.reviews.insert(review.id, review);
        }
        if let Some(change) = vote {
            let (helpful, unhelpful) = change.deltas();
            let review = self.reviews.get_mut(&change.review).unwrap();
            review.helpful = review.helpful.checked_add_signed(helpful).unwrap();
            review.unhelpful = review.unhelpful.checked_add_signed(unhelpful).unwrap();
            let key = (change.review, change.customer);
            match change.after {
                Some(vote) => drop(self.votes.insert(key, vote)),
                None => drop(self.votes.remove(&key)),
            }
        }
        self.reported.extend(report.and_then(|report| Some((report.review, report.customer?))));
        for change in ratings {
            self.ratings.iter_mut().zip(change.deltas).for_each(|(count, delta)| *count += delta);
            assert!(self.ratings.iter().all(|count| *count >= 0));
        }
    }

    fn check(&self) {
        let mut counted = [0; 5];
        for review in self.reviews.values() {
            if review.status == Status::Published && review.deleted_at.is_none() {
                counted[usize::from(review.content.rating.get()) - 1] += 1;
            }
            let votes = |wanted| {
                self.votes.iter().filter(|((id, _), vote)| *id == review.id && **vote == wanted).count()
                    as u64
            };
            assert_eq!((review.helpful, review.unhelpful), (votes(true), votes(false)));
            let reports = self.reported.iter().filter(|(id, _)| *id == review.id).count() as u64;
            assert_eq!(review.reports, reports);
            assert!(review.status != Status::Published || review.reports_open() < 3);
        }
        assert_eq!(self.ratings, counted);
        for customer in 0..CUSTOMERS {
            let customer = who(&customer.to_string());
            assert!(self.reviews.values().filter(|review| review.is_of(customer)).count() <= 1);
        }
    }
}

const CUSTOMERS: u8 = 6;

proptest! {
    #[test]
    fn a_walk_through_reviews_adds_up(steps in prop::collection::vec((0_u8..7, 0..CUSTOMERS, 0..CUSTOMERS, 1_u8..6), 0..80)) {
        let terms = ReviewTerms { words: vec!["scam".to_owned()], ..ReviewTerms::default() };
        let mut shop = Memory::default();
        for (step, author, other, rating) in steps {
            shop.clock += 1;
            let (now, seed) = (at(4 + shop.clock), [u8::try_from(shop.clock).unwrap(); 32]);
            let mut ids = Ids::new(seed, now);
            let (author, by) = (who(&author.to_string()), who(&other.to_string()));
            let own = shop.reviews.values().find(|review| review.is_of(author)).cloned();
            let seen = shop.look(own.as_ref(), by);
            let theirs = shop.look(own.as_ref(), author);
            let text = if rating % 2 == 0 { "what a scam" } else { "a good one" };
            let decided = match step {
                0 => {
                    let content = says(rating, text);
                    submit(&theirs, &Submit { author, content, request: None }, &terms, &mut ids).map(|(_, changes)| changes)
                }
                1 => {
                    let content = says(rating, text);
                    edit(&theirs, &Edit { author, content, version: None }, &terms, &mut ids).map(|(_, changes)| changes)
                }
                2 => withdraw(&theirs, &Withdraw { author, version: None }, &mut ids),
                3 | 4 => {
                    let helpful = [None, Some(true), Some(false)][usize::from(rating) % 3];
                    vote(&seen, Vote { by, helpful }).map(|(_, changes)| changes)
                }
                5 => {
                    let command = ReportCommand { by, reason: Reason::Other, text: String::new() };
                    report(&seen, &command, &terms, &mut ids)
                }
                _ => {
                    let command = Moderate {
                        publish: rating > 2,
                        note: String::new(),
                        version: None,
                        by: Actor::System,
                        request: None,
                    };
                    moderate(&seen, &command, &mut ids).map(|(_, changes)| changes)
                }
            };
            if let Ok(changes) = decided {
                shop.apply(changes);
            }
            shop.check();
        }
    }
}
