//! What every store must do, as tests that any adapter runs.
//!
//! An adapter says how a fresh store is opened, and gets one `#[test]` for each case:
//!
//! ```ignore
//! struct InMemory;
//!
//! #[async_trait::async_trait]
//! impl Fixture for InMemory {
//!     async fn open(&self) -> Opened {
//!         let clock = Arc::new(MockClock::default());
//!         Opened::new(MyStore::in_memory(Arc::clone(&clock)).await.unwrap()).clock(clock)
//!     }
//! }
//!
//! commerce_core::store_conformance!(InMemory);
//! ```
//!
//! The cases ask for exact answers, so stores that pass give the same ones. They live in a file per concept:
//!
//! - [`listing`], [`catalog`], [`looks`]: every read of the port, its shape, order and empty form;
//! - [`catalog_edits`]: products and variants as somebody edits them;
//! - [`search`]: what shoppers find, and how much of each kind, beside a model that looks at every product;
//! - [`round_trips`]: what is written is what is read, with every optional field present and absent;
//! - [`guards`], [`import_guards`]: each guard is seen to refuse, and a refused commit leaves nothing behind;
//! - [`images`]: pictures of products, one by one;
//! - [`import`]: the bulk door; [`generation`]: what moves the generation of the catalogue;
//! - [`taxonomy`]: brands, categories, attributes and tags, and what products say of them;
//! - [`checkout`], [`idempotency`], [`cancelling`], [`stock`]: what the services promise, over this store;
//! - [`inventory`], [`prices`]: warehouses, levels, movements and prices as staff keeps them;
//! - [`moving_on`]: what staff does with orders, from their acceptance to their end;
//! - [`orders`]: lists of orders, and notes on them;
//! - [`payment_flow`]: how orders are paid and money goes back, through a gateway that misbehaves when told to;
//! - [`mails`]: what the shop writes to people, and how it is sent;
//! - [`accounts`], [`sign_in`]: accounts, sessions, links and keys, and what the services promise of them;
//! - [`own_data`]: the cart of an account, its orders, and what becomes of all that when its owner leaves;
//! - [`reviews`]: what buyers say of products, and what these are rated;
//! - [`interests`]: wishlists, what people looked at, and what goes with a product;
//! - [`audit`]: who did what;
//! - [`promotions`]: coupons, the uses of promotions with their caps, and the carts of late;
//! - [`taxes`], [`outside`]: who pays which tax; carriers and tax services;
//! - [`races`], [`crossings`]: many at once; and two at once in an order that a decorator of the store brings about.
//!
//! Each case has a store, a runtime with several threads, and two minutes. When it is over, every invariant must hold:
//! the harness asks [`Store::violations`] so that no case forgets. A case needs no clock that
//! can be set; where a store has one, some go further.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::Store;
use crate::testkit::MockClock;

pub mod accounts;
pub mod audit;
pub mod bulk;
pub mod cancelling;
pub mod catalog;
pub mod catalog_edits;
pub mod checkout;
pub mod crossings;
pub mod generation;
pub mod guards;
pub mod idempotency;
pub mod images;
pub mod import;
pub mod import_guards;
pub mod interests;
pub mod inventory;
pub mod jobs;
pub mod listing;
pub mod looks;
pub mod mails;
pub mod messages;
pub mod moving_on;
pub mod orders;
pub mod outside;
pub mod own_data;
pub mod payment_flow;
pub mod payments;
pub mod prices;
pub mod promotions;
pub mod races;
pub mod reviews;
pub mod round_trips;
pub mod search;
mod shop;
pub mod sign_in;
mod snapshot;
pub mod stock;
pub mod taxes;
pub mod taxonomy;

pub use shop::{Shop, before, cancel, check_out, delivery, fill, guard, request, short, shortages};
pub use snapshot::Snapshot;

/// How the adapter under test opens a store.
#[async_trait]
pub trait Fixture: Send + Sync + 'static {
    /// Opens a store that is fresh, empty and migrated, and that nobody else writes to.
    async fn open(&self) -> Opened;
}

/// What closes a store: a folder is removed, a schema dropped.
pub(crate) type Closing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A store that was opened for a case.
#[must_use = "an opened store is there to be tested"]
pub struct Opened {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock that it reads, when that can be set.
    pub clock: Option<Arc<MockClock>>,
    pub(crate) closing: Option<Closing>,
}

impl Opened {
    /// This store, which has a clock of its own.
    pub fn new(store: impl Store) -> Self {
        Self { store: Arc::new(store), clock: None, closing: None }
    }

    /// It reads this clock.
    pub fn clock(mut self, clock: Arc<MockClock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// When the case is over, and right, this is done.
    pub fn closing(mut self, closing: impl Future<Output = ()> + Send + 'static) -> Self {
        self.closing = Some(Box::pin(closing));
        self
    }

    /// The same, with something put before the store.
    pub fn behind(mut self, decorate: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Self {
        self.store = decorate(self.store);
        self
    }
}

/// A case of the suite.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name: `races::last_unit`.
    pub name: &'static str,
    body: for<'a> fn(&'a Shop) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
}

/// Runs a case over a fresh store, and sees that every invariant holds afterwards.
///
/// # Panics
/// When the store does not do what the case asks for.
pub fn run(fixture: &dyn Fixture, case: impl AsyncFn(&Shop)) {
    block_on(async {
        let shop = Shop::open(fixture).await;
        case(&shop).await;
        shop.close().await;
    });
}

/// Runs a case of the [list](cases), as [`run`] does.
///
/// # Panics
/// When the store does not do what the case asks for.
pub fn run_case(fixture: &dyn Fixture, case: &Case) {
    block_on(async {
        let shop = Shop::open(fixture).await;
        (case.body)(&shop).await;
        shop.close().await;
    });
}

/// Runs the future on a runtime of its own with several threads.
///
/// # Panics
/// When it does, or when it takes more than two minutes: a case that hangs is red. In a soak it has an hour.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(if crate::testkit::soaking() { 3_600 } else { 120 });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let done = runtime.block_on(async { tokio::time::timeout(limit, future).await });
    runtime.shutdown_background();
    done.expect("the case ends in time")
}

/// Makes a `#[test]` of every case of the suite, over the store that this [`Fixture`] opens. Once in a module: see
/// [`conformance`](crate::testkit::conformance).
#[macro_export]
macro_rules! store_conformance {
    ($fixture:expr) => {
        fn store_under_test() -> impl $crate::testkit::conformance::Fixture {
            $fixture
        }
        $crate::__each_store_case! { __store_case_tests }
    };
}

/// A `#[test]` of each case.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_case_tests {
    ($($concept:ident: $($case:ident)*;)*) => {$(
        mod $concept {$(
            #[test]
            fn $case() {
                $crate::testkit::conformance::run(
                    &super::store_under_test(),
                    $crate::testkit::conformance::$concept::$case,
                );
            }
        )*}
    )*};
}

/// The list of cases.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_case_list {
    ($($concept:ident: $($case:ident)*;)*) => {
        [$($(Case {
            name: concat!(stringify!($concept), "::", stringify!($case)),
            body: |shop| Box::pin($concept::$case(shop)),
        },)*)*]
    };
}

/// Every case by concept and name: the one place where they are listed. A test sees that none is left out.
#[doc(hidden)]
#[macro_export]
macro_rules! __each_store_case {
    ($then:ident) => {
        $crate::$then! {
            accounts:
                an_account_in_full_and_one_with_nothing
                a_session_in_full_and_one_with_nothing
                links_in_full_and_the_newest_are_kept
                addresses_come_by_id
                accounts_are_listed_newest_first
                a_key_in_full_and_one_with_nothing
                a_key_that_was_revoked
                a_key_of_somebody_who_left
                an_account_that_changed
                an_email_address_that_is_taken
                a_session_that_changed
                sessions_are_ended_by_their_account
                a_link_that_was_used
                what_is_over_is_forgotten
            ;
            sign_in:
                somebody_registers_and_logs_in
                an_address_is_not_told_from_another
                a_password_is_set_anew
                a_present_password_is_checked_once
                a_hash_of_before_is_replaced
                an_address_is_changed
                a_look_alike_is_registered_first
                an_address_changes_while_a_new_password_is_asked_for
                a_role_counts_at_once
                one_address_registered_eight_times
                one_refresh_token_shown_thirty_times
                one_link_opened_fifty_times
                a_password_changes_while_somebody_logs_in
                an_account_is_deactivated_while_it_goes_on
                addresses_written_down_at_once
            ;
            own_data:
                an_account_has_one_cart
                a_cart_of_no_account
                a_forgotten_cart_of_an_account_begins_anew
                a_guest_cart_is_merged_once
                carts_are_merged_by_the_policy
                uses_count_together_with_the_address_of_before
                thirty_devices_add_to_one_account
                a_guest_cart_changes_while_it_is_merged
                one_guest_cart_merged_thirty_times
                guest_orders_are_claimed_once
                an_order_that_is_somebodys
                belongings_come_by_id
                somebody_leaves
                who_may_not_leave
                somebody_orders_while_they_leave
                somebody_asks_for_a_link_while_they_leave
            ;
            listing:
                an_empty_shop_lists_nothing
                a_row_shows_the_cheapest_variant
                a_plain_row_has_nothing_to_show
                drafts_archived_and_deleted_products_are_hidden
                a_category_holds_its_descendants
                a_brand_holds_its_products
                price_bounds_are_met_by_one_variant
                in_stock_is_what_can_be_bought_now
                featured_products_can_be_asked_for
                filters_hold_together
                the_newest_come_first
                sorted_by_price
                sorted_by_name
                pages_cover_the_listing
                a_sale_moves_the_listing
                what_sold_best_comes_first
            ;
            search:
                an_empty_shop_finds_nothing
                a_product_is_found_by_all_that_it_says
                quotes_minus_and_or
                any_text_is_safe
                attributes_filter_and_are_counted
                facets_leave_their_own_filter_out
                the_best_comes_first
                a_change_is_found_at_once
                did_you_mean
                words_are_completed
                settings_are_the_shops_own
                searches_agree_with_the_model
            ;
            taxonomy:
                a_renamed_brand_is_said_by_its_products
                a_branch_moves_with_its_products
                what_nobody_has_is_deleted_and_restored
                a_product_comes_while_its_brand_is_deleted
                a_brand_is_restored_before_its_products
                two_moves_at_once_make_no_circle
                moves_and_imports_at_once_leave_a_tree
                facets_count_what_is_filterable
                a_tag_is_renamed_on_all_products
                a_brand_of_many_products_is_renamed
            ;
            generation:
                an_import_moves_the_catalogue
                what_is_left_moves_the_catalogue
                carts_leave_the_catalogue_alone
                sales_at_once_all_move_the_catalogue
            ;
            catalog:
                an_empty_shop_knows_nothing
                a_product_with_all_its_page_shows
                a_product_in_any_status
                what_is_left_is_summed_over_locations
                the_tree_counts_what_is_on_sale
                an_export_goes_by_slug
                an_export_names_what_its_products_name
                an_import_sees_what_it_touches
                locations_come_by_priority
                stock_comes_by_variant_and_location
            ;
            images:
                a_picture_comes_and_goes
                pictures_at_once_are_all_there
                a_file_comes_before_its_row
            ;
            catalog_edits:
                a_variant_that_goes
                a_slug_of_before
                prices_of_before
                products_come_on_sale_in_time
                products_in_whatever_status
                one_key_makes_one_product
                what_was_given_away_is_not_told_again
                whoever_saw_it_last_changes_it
            ;
            looks:
                a_look_at_nothing
                an_unknown_token
                an_open_cart_with_its_offers
                an_offer_in_full
                what_is_not_on_sale_is_seen_as_such
                a_closed_cart_leaves_its_token
                an_expired_cart_is_refused
                a_record_is_found_by_its_whole_scope
                the_rulebook_in_force
                an_unknown_order
                an_order_reads_back_as_it_was_answered
                a_cancelled_order_has_no_open_reservations
                overdue_orders_come_by_expiry
                tokens_that_are_alike_are_not_the_same
            ;
            round_trips:
                a_product_in_full
                a_product_with_nothing_optional
                a_product_put_in_place_of_another
                prices_in_every_kind_of_currency
                a_cart_in_full_and_one_with_nothing
                line_items_keep_their_order
                an_order_in_full
                an_order_with_its_taxes_and_its_rounding
                an_order_with_nothing_optional
                orders_in_a_currency_without_decimals
                orders_in_a_currency_with_three_decimals
                every_way_to_pay
                an_order_that_gets_further
                payment_attempts_come_oldest_first
                a_cancellation_with_its_reason
                stock_of_every_size
                a_rulebook_in_full
                an_expected_total_is_kept
            ;
            guards:
                a_cart_that_changed
                a_cart_that_became_an_order
                a_second_order_of_one_cart
                a_cart_that_is_not_there
                a_second_open_cart_of_one_token
                an_order_that_changed
                an_order_number_that_is_taken
                a_payment_that_changed
                a_payment_reference_that_is_taken
                stock_that_is_gone
                stock_is_guarded_by_location_and_safety
                two_reservations_of_one_row
                a_backorder_is_not_guarded
                a_movement_below_what_is_promised
                a_movement_from_another_level
                a_reservation_that_has_ended
                a_reservation_released_twice_at_once
                a_reservation_of_which_a_part_is_released
                goods_that_leave
                goods_that_are_not_there
                a_reservation_that_is_held_longer
                a_location_code_that_is_taken
                a_rulebook_that_changed
                a_promotion_that_got_a_coupon
                a_rulebook_that_was_relied_on
                a_product_that_was_relied_on
                a_request_that_was_recorded
                what_nothing_came_between_is_committed
            ;
            promotions:
                a_coupon_in_full_and_one_with_nothing
                coupons_come_by_code
                a_cart_comes_with_its_coupons
                who_has_ordered_before
                a_new_email_address_is_priced_at_once
                uses_are_counted_in_all_and_by_customer
                a_cancelled_order_gives_its_uses_back_once
                a_use_that_was_given_back_is_counted_again
                an_unpaid_order_gives_its_uses_back
                a_coupon_code_that_is_taken
                a_coupon_that_changed
                a_coupon_is_revised
                a_promotion_with_coupons_stays
                a_coupon_that_is_used_up
                a_coupon_that_has_ended
                a_promotion_that_is_used_up
                an_order_with_coupons_is_all_or_nothing
                recent_carts_come_by_id
            ;
            interests:
                a_wishlist_shows_what_is_so_now
                a_line_item_is_saved_for_later
                a_wishlist_that_changed
                products_that_were_looked_at
                what_goes_with_a_product
            ;
            audit:
                rows_come_newest_first
                rows_are_sealed_behind_each_other
                rows_are_sealed_after_a_clock_was_ahead
                a_place_in_the_chain_is_taken_once
                servers_that_seal_at_once
            ;
            import:
                a_large_batch
                a_product_is_put_and_changed
                an_import_twice_changes_nothing
                an_import_that_sets_stock
                what_products_share_is_made_once
                a_product_that_is_refused
                an_import_takes_what_it_can
                imports_at_once_share_what_they_make
                what_was_put_is_sold
            ;
            import_guards:
                a_product_that_changed
                a_slug_that_is_taken
                a_sku_that_is_taken
                a_name_that_was_made_meanwhile
                stock_in_a_batch_is_guarded
                what_nothing_came_between_is_imported
            ;
            payments:
                attempts_in_full_and_one_with_nothing
                attempts_are_listed_newest_first
                an_order_is_found_by_a_reference
                what_is_due_comes_by_its_time
                a_refund_in_full_and_one_with_nothing
                a_refund_that_changed
                money_that_counts_for_nothing
                money_that_counts_for_nothing_is_listed
                money_that_is_known_already
                the_journal_is_kept
            ;
            messages:
                a_message_in_full_and_one_with_nothing
                the_same_message_fifty_times_at_once
                a_message_that_is_known_is_left_as_it_is
                waiting_messages_come_by_their_time
                parked_messages_are_listed
                a_message_that_changed
            ;
            bulk:
                an_import_in_full_and_one_with_nothing
                a_file_is_received_and_waits
                a_file_that_is_sent_again_is_one_import
                so_many_imports_may_wait
                an_import_is_taken_up_by_one_and_taken_over
                progress_commits_with_the_batch
                an_import_is_cancelled
                imports_are_forgotten
            ;
            jobs:
                a_job_in_full_and_one_with_nothing
                a_job_that_changed
                a_lease_is_taken_by_one
            ;
            mails:
                a_mail_in_full_and_one_with_nothing
                every_kind_of_mail
                waiting_mails_come_by_their_time
                mails_are_listed_newest_first
                a_mail_that_changed
                what_happens_to_an_order_is_mailed
                an_order_that_lapses_is_mailed
                a_shop_without_a_mailer_writes_no_mail_down
                a_mail_is_sent_by_one_of_many_servers
                a_mail_that_is_refused_is_parked_and_others_go
                a_mail_is_tried_again
                a_slow_mail_system_gets_each_mail_once
                a_mail_whose_sending_was_not_recorded_goes_again
                a_link_is_kept_no_longer_than_it_waits
            ;
            payment_flow:
                an_order_is_paid_through_the_gateway
                signs_of_a_payment_in_any_order
                signs_of_a_payment_and_a_cancellation_in_any_order
                every_sign_and_end_in_any_order
                late_money_for_goods_that_are_gone
                money_that_came_in_the_last_moment
                an_order_that_is_paid_twice
                money_that_does_not_match
                the_reconciler_finds_what_was_missed
                an_answer_of_the_gateway_that_is_lost
                an_answer_to_another_attempt_that_is_lost
                a_confirmation_repeated_at_once_asks_once
                a_message_fifty_times_at_once
                messages_that_mean_nothing
                two_refunds_of_more_than_half_at_once
                a_refund_whose_answer_is_lost
                units_are_refunded_at_what_was_paid
                what_cannot_be_refunded
                refunds_that_end_otherwise
                cash_is_collected
                a_transfer_by_hand
            ;
            checkout:
                an_order_reserves_its_stock
                an_online_payment_holds_the_goods
                the_stock_runs_out
                two_lines_of_one_variant_count_together
                an_order_is_split_over_locations
                what_is_not_limited_is_always_sold
                an_incomplete_checkout_says_what_is_missing
                a_placed_order_is_frozen
                a_changed_price_is_asked_about
                changed_rules_are_asked_about
                a_changed_cart_is_asked_about
                a_product_that_left_the_shop
                an_order_that_costs_nothing
            ;
            stock:
                a_count_sets_what_is_there
                safety_stock_is_set_on_purpose
                a_count_below_what_is_promised
                what_cannot_be_counted
                a_location_is_added_once
                counts_at_once_end_in_one_of_them
            ;
            inventory:
                a_warehouse_in_full_and_changed
                a_warehouse_is_closed
                goods_come_in_while_a_warehouse_is_closed
                goods_are_moved
                what_cannot_be_moved
                levels_are_set_and_listed
                a_merchant_moves_what_is_their_own
                goods_are_moved_while_they_are_sold
                many_levels_at_once
            ;
            prices:
                prices_are_set_and_seen
                prices_are_set_while_others_decide
            ;
            idempotency:
                a_repeated_confirm
                a_repetition_shows_the_present_state
                a_key_is_not_taken_twice
                a_key_belongs_to_its_actor_and_route
                a_repeated_change_of_a_cart
                a_repeated_cancellation
                a_repeated_change_of_the_rules
                a_repeated_making_of_coupons
                a_repeated_ending_of_a_coupon
                a_change_of_the_back_office_whose_answer_was_lost
                one_making_of_coupons_asked_for_many_times_at_once
                a_confirm_whose_answer_was_lost
                a_change_of_a_cart_whose_answer_was_lost
                a_cancellation_whose_answer_was_lost
            ;
            cancelling:
                a_cancelled_order_gives_its_stock_back
                an_order_is_cancelled_once
                what_cannot_be_cancelled
                a_paid_order_is_cancelled_and_its_money_goes_back
                an_unpaid_order_expires
                expiry_goes_step_by_step
                the_window_closes_on_the_microsecond
                a_cart_is_forgotten_after_thirty_days
            ;
            moving_on:
                cash_on_delivery_ends_well
                cash_on_delivery_that_comes_back
                what_was_paid_in_part_comes_back
                a_paid_order_that_comes_back
                a_part_was_refunded_before_it_is_shipped
                nothing_of_it_is_shipped
                what_is_not_moved_on
                a_repeated_move
                goods_that_are_not_there_yet
                a_cancelled_order_is_not_shipped
            ;
            orders:
                orders_are_listed_newest_first
                a_list_is_of_what_was_asked_for
                a_list_is_of_a_time
                what_was_sold_is_known_by_its_seller
                notes_on_an_order
            ;
            reviews:
                a_buyer_has_one_review
                what_a_rule_finds_waits_for_the_shop
                votes_and_reports
                twenty_reviews_of_one_customer
                many_vote_and_report_at_once
                a_page_of_reviews
                products_are_listed_by_their_rating
                what_was_read_and_is_no_longer_so
                who_leaves_takes_their_reviews_along
                a_review_changes_from_all_sides_at_once
                a_random_walk_through_reviews
            ;
            taxes:
                a_business_of_another_member_state_owes_the_tax
                what_is_not_shipped_is_taxed_where_the_bill_goes
                who_is_in_an_exempt_group_pays_no_tax
            ;
            outside:
                a_carriers_price_is_in_the_options_the_cart_and_the_order
                a_carrier_that_hangs_costs_the_deadline_and_falls_back
                what_a_tax_service_says_is_kept_as_given
                without_the_tax_service_nothing_is_written_and_the_same_request_may_succeed_later
            ;
            crossings:
                a_price_changes_while_an_expected_total_is_confirmed
                a_price_changes_while_a_cart_is_confirmed
                the_rules_change_while_a_cart_is_confirmed
                a_product_leaves_the_shop_while_a_cart_is_confirmed
                the_stock_goes_while_a_cart_is_confirmed
                the_stock_goes_and_there_is_more_elsewhere
                two_add_to_one_cart
                a_cart_changes_while_it_is_confirmed
                a_cart_is_confirmed_while_it_changes
                one_request_is_confirmed_twice
                one_order_is_cancelled_twice
                an_order_is_cancelled_while_it_expires
                an_order_is_cancelled_while_it_ships
                an_order_ships_while_it_is_cancelled
                stock_is_promised_while_it_is_counted
                stock_comes_in_while_it_is_counted
                two_apply_rules
                a_promotion_goes_while_coupons_are_made
                a_coupon_is_made_while_its_promotion_goes
            ;
            races:
                the_last_unit
                two_hundred_buyers_of_fifty_units
                buyers_over_several_locations
                buyers_of_two_variants_in_either_order
                one_key_confirmed_thirty_times
                one_cart_confirmed_under_thirty_keys
                thirty_add_to_one_cart
                confirms_while_the_price_changes
                one_order_cancelled_ten_times
                one_cancellation_repeated_ten_times
                expiry_on_several_servers
                one_order_shipped_ten_times
                orders_shipped_while_others_buy
                cancellations_while_others_buy
                a_closed_cart_is_followed_by_one
                a_hundred_carts_and_ten_uses_of_a_coupon
                one_customer_in_several_carts
                a_budget_that_holds_three_orders
                coupons_and_stock_in_either_order
            ;
        }
    };
}

/// Every case of the suite.
#[must_use]
pub fn cases() -> Vec<Case> {
    crate::__each_store_case! { __store_case_list }.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_in_the_list() {
        let files = [
            ("accounts", include_str!("accounts.rs")),
            ("taxonomy", include_str!("taxonomy.rs")),
            ("audit", include_str!("audit.rs")),
            ("sign_in", include_str!("sign_in.rs")),
            ("bulk", include_str!("bulk.rs")),
            ("cancelling", include_str!("cancelling.rs")),
            ("catalog", include_str!("catalog.rs")),
            ("catalog_edits", include_str!("catalog_edits.rs")),
            ("checkout", include_str!("checkout.rs")),
            ("crossings", include_str!("crossings.rs")),
            ("generation", include_str!("generation.rs")),
            ("guards", include_str!("guards.rs")),
            ("idempotency", include_str!("idempotency.rs")),
            ("images", include_str!("images.rs")),
            ("import", include_str!("import.rs")),
            ("import_guards", include_str!("import_guards.rs")),
            ("interests", include_str!("interests.rs")),
            ("inventory", include_str!("inventory.rs")),
            ("listing", include_str!("listing.rs")),
            ("jobs", include_str!("jobs.rs")),
            ("looks", include_str!("looks.rs")),
            ("mails", include_str!("mails.rs")),
            ("messages", include_str!("messages.rs")),
            ("moving_on", include_str!("moving_on.rs")),
            ("orders", include_str!("orders.rs")),
            ("own_data", include_str!("own_data.rs")),
            ("outside", include_str!("outside.rs")),
            ("payment_flow", include_str!("payment_flow.rs")),
            ("payments", include_str!("payments.rs")),
            ("prices", include_str!("prices.rs")),
            ("promotions", include_str!("promotions.rs")),
            ("races", include_str!("races.rs")),
            ("reviews", include_str!("reviews.rs")),
            ("round_trips", include_str!("round_trips.rs")),
            ("search", include_str!("search.rs")),
            ("stock", include_str!("stock.rs")),
            ("taxes", include_str!("taxes.rs")),
        ];
        let mut written: Vec<String> = Vec::new();
        for (concept, text) in files {
            let names =
                text.split("\npub async fn ").skip(1).filter_map(|rest| rest.split_once("(shop: &Shop)"));
            written.extend(names.map(|(name, _)| format!("{concept}::{name}")));
        }
        let mut listed: Vec<String> = cases().iter().map(|case| case.name.to_owned()).collect();
        written.sort();
        listed.sort();
        assert_eq!(written, listed);
    }
}
