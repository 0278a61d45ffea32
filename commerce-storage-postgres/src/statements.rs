//! Every statement is prepared against the migrated schema: names, types and the number of parameters are right.

use commerce_core::catalog::{ProductFilter, SortBy};
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr, Statement};

use crate::search_find::Sets;
use crate::{
    access, account, audit, bulk, cart, catalog, catalog_list, commit, doctor, event, generation,
    idempotency, import, interest, inventory, inventory_look, job, journal, listing, mail, message, order,
    order_line,
};
use crate::{
    order_list, order_note, payment, personal, pricing, promotion, refund, reprice, review, search,
    search_find, sold, taxonomy, unmatched,
};

#[path = "../tests/shop/mod.rs"]
pub(crate) mod shop;

const STATEMENTS: &[&str] = &[
    access::INSERT,
    access::REVOKE,
    access::USED,
    access::LOOK,
    access::LIST,
    account::INSERT,
    account::UPDATE,
    account::SPEND,
    account::WITHDRAW,
    account::RENEW,
    account::END,
    account::END_ALL,
    account::OPEN,
    account::ISSUE,
    account::CROWD_LINKS,
    account::WRITE_ADDRESSES,
    account::REMOVE_ADDRESSES,
    account::FORGET_LINKS,
    account::FORGET_SESSIONS,
    account::LOOK,
    account::LIST,
    audit::INSERT,
    audit::SEARCH,
    audit::INSERT_SEALS,
    audit::LAST_SEAL,
    audit::UNSEALED,
    audit::SEALED,
    bulk::INSERT,
    bulk::INSERT_CHUNK,
    bulk::UPDATE,
    bulk::INSERT_REFUSALS,
    bulk::CLEAR,
    bulk::FORGET,
    bulk::LOOK,
    bulk::LIST,
    bulk::LIST_OF_SELLER,
    bulk::DUE,
    bulk::CHUNK,
    bulk::REFUSALS,
    cart::INSERT,
    cart::UPDATE,
    cart::WRITE_LINES,
    cart::REMOVE_LINES,
    cart::LOOK,
    cart::LOOK_BY_ID,
    cart::RECENT,
    catalog::INSERT_BRANDS,
    catalog::INSERT_CATEGORIES,
    catalog::INSERT_ATTRIBUTES,
    catalog::INSERT_PRODUCTS,
    catalog::UPDATE_PRODUCTS,
    catalog::DELETE_TAGS,
    catalog::DELETE_IMAGES,
    catalog::DELETE_OPTIONS,
    catalog::DELETE_OPTION_VALUES,
    catalog::DELETE_ATTRIBUTES,
    catalog::DELETE_VARIANT_VALUES,
    catalog::REMOVE_VARIANTS,
    catalog::INSERT_PRICES,
    catalog::INSERT_REDIRECTS,
    catalog::INSERT_TAGS,
    catalog::INSERT_IMAGES,
    catalog::INSERT_OPTIONS,
    catalog::INSERT_OPTION_VALUES,
    catalog::INSERT_PRODUCT_ATTRIBUTES,
    catalog::WRITE_VARIANTS,
    catalog::INSERT_VARIANT_VALUES,
    catalog::NAMES,
    catalog_list::LIST,
    catalog_list::PRICES,
    catalog_list::DUE,
    commit::EXPECT_RULEBOOK,
    commit::EXPECT_PRODUCTS,
    doctor::STOCK_SUM,
    doctor::RESERVED_SUM,
    doctor::RESERVATION_LIVE,
    doctor::NO_OVERSELL,
    doctor::ORDER_TOTAL,
    doctor::STATE_LEGAL,
    doctor::PAID_IS_PAID,
    doctor::REF_ONE,
    doctor::KEY_ONE,
    doctor::CART_ONE,
    doctor::OUTBOX_ONCE,
    doctor::COUPON_CAP,
    doctor::CAPTURE_BAL,
    doctor::LEDGER_ZERO,
    doctor::AUDIT_CHAIN,
    doctor::MAIL_SECRET,
    doctor::ACCOUNT_ONE,
    doctor::SESSION_ONE,
    doctor::ROLE_AUDIT,
    doctor::CATEGORY_PATH,
    doctor::CATALOG_NAMES,
    doctor::RATING_SUM,
    doctor::PING,
    event::INSERT,
    generation::ADVANCE,
    generation::CURRENT,
    idempotency::INSERT,
    import::IMPORT_LOOK,
    import::EXPORT_LOOK,
    interest::INSERT,
    interest::DELETE,
    interest::SEE,
    interest::FORGET,
    interest::LOOK,
    inventory::INSERT_LOCATIONS,
    inventory::UPDATE_LOCATIONS,
    inventory::CLOSE_LEVELS,
    inventory::LEFT,
    inventory::INSERT_MOVEMENTS,
    inventory::INSERT_RESERVATIONS,
    inventory::RELEASE,
    inventory::REHOLD,
    inventory::OPEN_LEVELS,
    inventory::SET_LEVELS,
    inventory::MOVE_COUNTERS,
    inventory::LOCATIONS,
    inventory::LEVELS,
    reprice::LOOK,
    reprice::UPDATE_PRODUCTS,
    reprice::UPDATE_VARIANTS,
    reprice::UPDATE_DOCUMENTS,
    inventory_look::LOOK,
    inventory_look::LIST,
    inventory_look::MOVEMENTS,
    job::INSERT,
    job::UPDATE,
    job::LOOK,
    journal::INSERT,
    journal::INSERT_LEGS,
    journal::OF_ORDER,
    journal::BALANCES,
    listing::DETAIL_BY_ID,
    listing::DETAIL_BY_SLUG,
    listing::DETAIL_BY_FORMER_SLUG,
    listing::CATEGORIES,
    mail::INSERT,
    mail::UPDATE,
    mail::WAITING,
    mail::LIST,
    mail::LIST_PARKED,
    mail::LIST_IN,
    mail::ONE,
    message::RECEIVE,
    message::ADVANCE,
    message::WAITING,
    message::PARKED,
    message::ONE,
    order::INSERT,
    order::ADVANCE,
    order::INSERT_HISTORY,
    order::LOOK,
    order::LOOKS,
    order::OVERDUE,
    order_note::INSERT,
    order_note::OF_ORDER,
    order_line::INSERT,
    order_line::INSERT_ADJUSTMENTS,
    personal::CLAIM,
    personal::CLEAR_CARTS,
    personal::DELETE_LINES,
    personal::ANONYMISE,
    personal::DROP_WISHES,
    personal::DROP_PHONES,
    personal::DELETE_MAILS,
    personal::DELETE_ACCOUNT,
    personal::ORDERS,
    payment::INSERT,
    payment::ADVANCE,
    payment::DUE,
    payment::KNOWN,
    payment::ONE,
    payment::LIST,
    payment::LIST_IN,
    pricing::INSERT,
    pricing::BEGIN,
    pricing::REPLACE,
    pricing::CURRENT,
    promotion::ISSUE,
    promotion::ISSUED,
    promotion::REVISE,
    promotion::REDEEM,
    promotion::COUNT_COUPON,
    promotion::COUNT_COUPON_CUSTOMER,
    promotion::COUNT_PROMOTION,
    promotion::COUNT_PROMOTION_CUSTOMER,
    promotion::RELEASE,
    promotion::USAGE,
    promotion::COUPONS,
    promotion::COUPONS_OF,
    refund::INSERT,
    refund::INSERT_LINES,
    refund::ADVANCE,
    refund::DUE,
    refund::LOOK,
    review::INSERT,
    review::UPDATE,
    review::TALLY,
    review::VOTE,
    review::REVOTE,
    review::UNVOTE,
    review::REPORT,
    review::FORGET_VOTES,
    review::FORGET_REPORTS,
    review::RATE,
    review::LOOK,
    review::NEWEST,
    review::HELPFUL,
    review::BEST_RATED,
    review::QUEUE,
    review::OF_CUSTOMER,
    search::SETTINGS,
    search::SET_SETTINGS,
    search::PUT_DOCUMENTS,
    search::INSERT_WORDS,
    search::UNINDEXED,
    search::WHOLE,
    taxonomy::LOOK,
    taxonomy::MOVED_CATEGORY,
    taxonomy::TAGS,
    taxonomy::REVISE,
    taxonomy::ADD,
    taxonomy::KEEP,
    taxonomy::UNUSED_BRANDS,
    taxonomy::UNUSED_CATEGORIES,
    taxonomy::UNUSED_ATTRIBUTES,
    taxonomy::SAME_VALUES,
    taxonomy::UPDATE_BRANDS,
    taxonomy::UPDATE_CATEGORIES,
    taxonomy::UPDATE_ATTRIBUTES,
    taxonomy::REMOVE_ATTRIBUTES,
    taxonomy::REWRITE_BRANDS,
    taxonomy::REWRITE_CATEGORIES,
    taxonomy::REWRITE_ATTRIBUTES,
    taxonomy::DROP_TAG,
    taxonomy::RENAME_TAG,
    taxonomy::REWRITE_TAGS,
    taxonomy::PATIENCE,
    search::COMPLETE,
    search::SIMILAR,
    sold::COUNT,
    unmatched::INSERT,
    unmatched::ADVANCE,
    unmatched::LOOK_BY_ID,
    unmatched::LOOK_BY_REFERENCE,
    unmatched::LIST,
    unmatched::LIST_IN,
];

#[tokio::test]
async fn every_statement_fits_the_schema() {
    shop::in_shop(|store| async move {
        for sql in STATEMENTS {
            // What waits for others is prepared as if they had come.
            let awaited =
                ["guards", "before"].into_iter().find(|held| sql.contains(&format!("from {held})")));
            let standing = match (awaited, sql.trim_start().strip_prefix("with ")) {
                (None, _) => (*sql).to_owned(),
                (Some(held), None) => format!("with {held} as (select true as held) {sql}"),
                (Some(held), Some(more)) => format!("with {held} as (select true as held), {more}"),
            };
            let standing = AssertSqlSafe(standing).into_sql_str();
            let prepared = store.pool().prepare(standing).await;
            let prepared = prepared.unwrap_or_else(|error| panic!("{error}\n{sql}"));
            let parameters = (1..).take_while(|number| mentions(sql, *number)).count();
            let known =
                prepared.parameters().map_or(0, |known| known.either(|types| types.len(), |count| count));
            assert_eq!(known, parameters, "{sql}");
        }
    })
    .await;
}

fn mentions(sql: &str, parameter: usize) -> bool {
    let name = format!("${parameter}");
    sql.match_indices(&name).any(|(at, _)| !sql[at + name.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

#[tokio::test]
async fn a_listing_fits_the_schema_whatever_it_filters_and_sorts_by() {
    shop::in_shop(|store| async move {
        let mut conn = store.pool().acquire().await.unwrap();
        for chosen in 0..128_u32 {
            let when = |bit: u32| chosen & (1 << bit) != 0;
            for sort_by in SortBy::ALL {
                let filter = ProductFilter {
                    category: when(0).then(|| "mugs".parse().unwrap()),
                    brand: when(1).then(|| "adire".parse().unwrap()),
                    min_price: when(2).then_some(1),
                    max_price: when(3).then_some(2),
                    in_stock: when(4).then_some(true),
                    featured: when(5).then_some(false),
                    min_rating: when(6).then_some(400),
                    sort_by,
                    ..ProductFilter::default()
                };
                let page = listing::products(&mut conn, &filter).await;
                assert_eq!(page.unwrap_or_else(|error| panic!("{error} of {filter:?}")).count, 0);
            }
        }
    })
    .await;
}

/// However the sets are found in which facets are counted, the answer is the same.
#[tokio::test]
async fn facets_are_counted_alike_in_one_set_and_in_each() {
    use commerce_core::Store;
    use commerce_core::catalog::{AttributeKind, ImportKeys};
    use commerce_core::search::{AttributeFilter, Request};
    use commerce_core::testkit::{batch, ids, item};

    shop::in_shop(|store| async move {
        let items: Vec<_> = (0..24)
            .map(|number: usize| {
                let item = item(&format!("p{number}")).brand(["Acme", "Zeta"][number % 2]);
                let item = item.category(&[["Home", "Garden"][number / 2 % 2]]);
                item.attribute("colour", AttributeKind::Colour, ["Red", "Blue", "Green"][number % 3])
                    .price(&(number + 1).to_string())
            })
            .collect();
        let seen = store.import_view(&ImportKeys::default()).await.unwrap();
        store.import(&batch(&items, &seen, &mut ids(seen.now))).await.unwrap();
        let mut conn = store.pool().acquire().await.unwrap();
        for chosen in 0..16_u32 {
            let when = |bit: u32| chosen & (1 << bit) != 0;
            let colours = AttributeFilter { code: "colour".to_owned(), values: vec!["red".to_owned()] };
            let filter = ProductFilter {
                brand: when(0).then(|| "acme".parse().unwrap()),
                category: when(1).then(|| "home".parse().unwrap()),
                max_price: when(2).then_some(15_000_000),
                ..ProductFilter::default()
            };
            let attributes = when(3).then_some(colours).into_iter().collect();
            let request = Request { filter, attributes, facets: true, ..Request::default() };
            let (of_one, beyond) = search_find::find_in(&mut conn, &request, Sets::OfOne).await.unwrap();
            let (of_each, _) = search_find::find_in(&mut conn, &request, Sets::Each).await.unwrap();
            assert!(!beyond && of_one.page.count > 0);
            assert_eq!(of_one, of_each, "{request:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_of_orders_fits_the_schema_whatever_is_asked_for() {
    shop::in_shop(|store| async move {
        let mut conn = store.pool().acquire().await.unwrap();
        for search in commerce_core::testkit::order_searches() {
            let found = order_list::orders(&mut conn, &search, 21).await;
            assert_eq!(found.unwrap_or_else(|error| panic!("{error} of {search:?}")), []);
        }
    })
    .await;
}

/// Every constant that looks like a statement is in the list above.
#[test]
fn no_statement_is_forgotten() {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let Some(name) =
                line.strip_prefix("pub(crate) const ").and_then(|rest| rest.split_once(": &str"))
            else {
                continue;
            };
            let listed = format!("    {module}::{},", name.0);
            assert!(include_str!("statements.rs").contains(&listed), "{listed} is in no list");
        }
    }
}
