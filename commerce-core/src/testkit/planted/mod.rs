//! Bugs to plant between the engine and a store, to see that the tests which guard against them go red.
//!
//! A planted bug spoils what the engine commits, or what it gets to see, and lets the rest through: it is a store that
//! keeps none of the promises that the bug is about. For each one there is a list of cases of the
//! [`conformance`](super::conformance) suite that must fail with it, and for most the [`Invariant`] that the checker must
//! name. Where the constraints of a database refuse the spoiled data, that is as good: what matters is that it does not
//! pass.
//!
//! What no change set can say wrongly - a counter that differs from the sum beside it - is planted with SQL in the tests
//! of the adapters.
//!
//! A server that was built with the feature `planted` can be started with a bug by its name: see [`from_env`].

mod journey;
mod sabotage;

use std::sync::Arc;

use async_trait::async_trait;

use super::conformance::{Fixture, Opened, block_on, cases, run_case};
use super::model;
use crate::{Invariant, Store};
use journey::journey;
pub use sabotage::{Sabotage, Sabotaged};

/// The variable that names a bug to plant.
pub const VARIABLE: &str = "COMMERCE_PLANTED";

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Every reservation may go beyond what is free.
    StockGuardOff,
    /// An order reserves nothing.
    ReservationSkipped,
    /// An order that comes from several locations reserves at the first alone.
    SplitForgotten,
    /// A cancelled order keeps its stock.
    ReleaseSkipped,
    /// A cancelled order gives its stock back twice.
    ReleaseTwice,
    /// Goods that an online payment is awaited for are held for ever.
    HeldForever,
    /// Goods that are paid on delivery are held for a time that is over.
    CommittedExpires,
    /// The safety stock is not set.
    SafetyForgotten,
    /// A count does not compare what it was counted on.
    CountUnguarded,
    /// A cart is written over whatever is there.
    CartVersionIgnored,
    /// An order and its payments are written over whatever is there.
    OrderVersionIgnored,
    /// A rulebook follows whatever is in force.
    RulebookVersionIgnored,
    /// A product is written over whatever is there.
    ProductVersionIgnored,
    /// What was relied on is not compared.
    ExpectsDropped,
    /// Repeated requests are not recorded.
    IdempotencyDropped,
    /// The record of a request names an order that is not there.
    OutcomeLost,
    /// An order has no event.
    EventDropped,
    /// An order has its event twice.
    EventDoubled,
    /// An order's total is not the sum of its parts.
    TotalWrong,
    /// A line's total is not what the order's totals were made of.
    LineTotalWrong,
    /// An order's history has a move that is not in the table.
    HistoryIllegal,
    /// An order has no history.
    HistoryDropped,
    /// A payment is paid before any money came.
    PaymentMarkedPaid,
    /// An order has no payment.
    PaymentDropped,
    /// A cancelled order's payment stays open.
    PaymentLeftOpen,
    /// Two payments have one reference.
    ReferenceReused,
    /// An order leaves its cart open.
    CartLeftOpen,
    /// A cart is closed by an order that is not there.
    OrderLost,
    /// The stock is written in a transaction of its own.
    NotAtomic,
    /// A guard that does not hold is not reported.
    StaleSwallowed,
    /// A commit is acknowledged and not written.
    WriteLost,
    /// What is not on sale looks as if it were.
    DraftsSold,
    /// A promotion and a coupon may be used beyond their caps.
    UsesCapIgnored,
    /// A customer may use a promotion and a coupon beyond their caps.
    CustomerCapIgnored,
    /// A promotion takes off more than its budget.
    BudgetIgnored,
    /// A cancelled order keeps its uses.
    UsesKept,
    /// What goes back is not taken from what was captured.
    RefundUncounted,
    /// Money comes and goes without an entry in the journal.
    JournalSkipped,
    /// An entry of the journal says where money is gone, and not where it came from.
    JournalLopsided,
    /// Money that counts towards no order is not kept.
    StrayMoneyDropped,
    /// Money that counts towards no order does not name the attempt whose reference it carries.
    StrayMoneyUnnamed,
    /// An order that is paid, or may be paid for longer, holds its goods no longer than before.
    ReholdSkipped,
    /// Goods of an order that is shipped stay in stock.
    FulfilSkipped,
    /// Messages of gateways are not kept.
    MessagesDropped,
    /// The lease of a job is taken whoever has it.
    LeaseIgnored,
    /// Sessions that should end go on.
    SessionsKept,
    /// A refresh token that comes back after it was spent ends nothing.
    ReuseForgiven,
    /// A refresh token is exchanged whatever it is by now.
    RefreshUnguarded,
    /// An account is written over whatever is there.
    AccountVersionIgnored,
    /// Two accounts may have one e-mail address.
    EmailKeyWrong,
    /// A link can be used again.
    LinkKept,
    /// A role has no audit row.
    RoleUnaudited,
    /// A key that was revoked goes on letting programs in.
    KeyRevocationLost,
    /// A mail is not written down.
    MailDropped,
    /// A mail that was sent keeps the token of its link.
    MailTokenKept,
    /// A guest's cart that was merged keeps its line items.
    MergedCartKept,
    /// Orders of a guest stay nobody's when they are claimed.
    ClaimDropped,
    /// Orders of somebody who left say who they were.
    PersonKept,
    /// A cart that changed is no reason to look again at somebody who leaves.
    LeftCartUnguarded,
    /// A review that begins or ceases to count leaves what its product is rated as it was.
    RatingSkipped,
}

/// The list of bugs, with the name of the test of each.
#[doc(hidden)]
#[macro_export]
macro_rules! __each_planted_bug {
    ($then:ident) => {
        $crate::$then! {
            stock_guard_off: StockGuardOff;
            reservation_skipped: ReservationSkipped;
            split_forgotten: SplitForgotten;
            release_skipped: ReleaseSkipped;
            release_twice: ReleaseTwice;
            held_forever: HeldForever;
            committed_expires: CommittedExpires;
            safety_forgotten: SafetyForgotten;
            count_unguarded: CountUnguarded;
            cart_version_ignored: CartVersionIgnored;
            order_version_ignored: OrderVersionIgnored;
            rulebook_version_ignored: RulebookVersionIgnored;
            product_version_ignored: ProductVersionIgnored;
            expects_dropped: ExpectsDropped;
            idempotency_dropped: IdempotencyDropped;
            outcome_lost: OutcomeLost;
            event_dropped: EventDropped;
            event_doubled: EventDoubled;
            total_wrong: TotalWrong;
            line_total_wrong: LineTotalWrong;
            history_illegal: HistoryIllegal;
            history_dropped: HistoryDropped;
            payment_marked_paid: PaymentMarkedPaid;
            payment_dropped: PaymentDropped;
            payment_left_open: PaymentLeftOpen;
            reference_reused: ReferenceReused;
            cart_left_open: CartLeftOpen;
            order_lost: OrderLost;
            not_atomic: NotAtomic;
            stale_swallowed: StaleSwallowed;
            write_lost: WriteLost;
            drafts_sold: DraftsSold;
            uses_cap_ignored: UsesCapIgnored;
            customer_cap_ignored: CustomerCapIgnored;
            budget_ignored: BudgetIgnored;
            uses_kept: UsesKept;
            refund_uncounted: RefundUncounted;
            journal_skipped: JournalSkipped;
            journal_lopsided: JournalLopsided;
            stray_money_dropped: StrayMoneyDropped;
            stray_money_unnamed: StrayMoneyUnnamed;
            rehold_skipped: ReholdSkipped;
            fulfil_skipped: FulfilSkipped;
            messages_dropped: MessagesDropped;
            lease_ignored: LeaseIgnored;
            sessions_kept: SessionsKept;
            reuse_forgiven: ReuseForgiven;
            refresh_unguarded: RefreshUnguarded;
            account_version_ignored: AccountVersionIgnored;
            email_key_wrong: EmailKeyWrong;
            link_kept: LinkKept;
            role_unaudited: RoleUnaudited;
            key_revocation_lost: KeyRevocationLost;
            mail_dropped: MailDropped;
            mail_token_kept: MailTokenKept;
            merged_cart_kept: MergedCartKept;
            claim_dropped: ClaimDropped;
            person_kept: PersonKept;
            left_cart_unguarded: LeftCartUnguarded;
            rating_skipped: RatingSkipped;
        }
    };
}

/// Makes a `#[test]` of every planted bug, over the store that this [`Fixture`] opens: the cases that guard against it
/// must go red. Once in a module.
#[macro_export]
macro_rules! planted_bugs {
    ($fixture:expr) => {
        fn store_to_spoil() -> impl $crate::testkit::conformance::Fixture {
            $fixture
        }
        $crate::__each_planted_bug! { __planted_bug_tests }
    };
}

/// A `#[test]` of each bug.
#[doc(hidden)]
#[macro_export]
macro_rules! __planted_bug_tests {
    ($($name:ident: $bug:ident;)*) => {$(
        #[test]
        fn $name() {
            $crate::testkit::planted::goes_red(store_to_spoil(), $crate::testkit::planted::Bug::$bug);
        }
    )*};
}

/// The bugs with their names.
#[doc(hidden)]
#[macro_export]
macro_rules! __planted_bug_list {
    ($($name:ident: $bug:ident;)*) => {
        &[$(($crate::testkit::planted::Bug::$bug, stringify!($name)),)*]
    };
}

impl Bug {
    /// Every bug, with the name by which it is planted: `stock_guard_off`.
    pub const ALL: &[(Self, &str)] = crate::__each_planted_bug! { __planted_bug_list };

    /// The bug of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(bug, _)| *bug)
    }

    /// The cases of the suite that must go red with it.
    #[must_use]
    pub fn red(self) -> &'static [&'static str] {
        match self {
            Self::StockGuardOff => &[
                "guards::stock_that_is_gone",
                "guards::two_reservations_of_one_row",
                "crossings::the_stock_goes_while_a_cart_is_confirmed",
                "races::the_last_unit",
                "races::two_hundred_buyers_of_fifty_units",
                "races::buyers_over_several_locations",
                "races::buyers_of_two_variants_in_either_order",
            ],
            Self::ReservationSkipped => &[
                "checkout::the_stock_runs_out",
                "races::two_hundred_buyers_of_fifty_units",
                "races::cancellations_while_others_buy",
            ],
            Self::SplitForgotten => &["checkout::an_order_is_split_over_locations"],
            Self::ReleaseSkipped => &[
                "cancelling::a_cancelled_order_gives_its_stock_back",
                "races::one_order_cancelled_ten_times",
                "races::expiry_on_several_servers",
            ],
            Self::ReleaseTwice => &["cancelling::an_order_is_cancelled_once"],
            Self::HeldForever => {
                &["checkout::an_online_payment_holds_the_goods", "cancelling::an_unpaid_order_expires"]
            }
            Self::CommittedExpires => {
                &["checkout::an_order_reserves_its_stock", "cancelling::an_unpaid_order_expires"]
            }
            Self::SafetyForgotten => {
                &["stock::safety_stock_is_set_on_purpose", "guards::stock_is_guarded_by_location_and_safety"]
            }
            Self::CountUnguarded => {
                &["guards::a_movement_from_another_level", "crossings::stock_comes_in_while_it_is_counted"]
            }
            Self::CartVersionIgnored => &[
                "guards::a_cart_that_changed",
                "crossings::two_add_to_one_cart",
                "crossings::a_cart_changes_while_it_is_confirmed",
                "races::thirty_add_to_one_cart",
                "own_data::thirty_devices_add_to_one_account",
            ],
            Self::OrderVersionIgnored => {
                &["crossings::one_order_is_cancelled_twice", "races::one_order_cancelled_ten_times"]
            }
            Self::RulebookVersionIgnored => {
                &["guards::a_rulebook_that_changed", "crossings::two_apply_rules"]
            }
            Self::ProductVersionIgnored => &["import_guards::a_product_that_changed"],
            Self::ExpectsDropped => &[
                "guards::a_product_that_was_relied_on",
                "guards::a_rulebook_that_was_relied_on",
                "crossings::a_price_changes_while_an_expected_total_is_confirmed",
                "crossings::a_price_changes_while_a_cart_is_confirmed",
                "crossings::the_rules_change_while_a_cart_is_confirmed",
                "crossings::a_product_leaves_the_shop_while_a_cart_is_confirmed",
            ],
            Self::IdempotencyDropped => &[
                "idempotency::a_repeated_confirm",
                "idempotency::a_confirm_whose_answer_was_lost",
                "crossings::one_request_is_confirmed_twice",
                "races::one_key_confirmed_thirty_times",
                "races::one_cancellation_repeated_ten_times",
            ],
            Self::OutcomeLost => &["idempotency::a_repeated_confirm"],
            Self::EventDropped | Self::EventDoubled | Self::HistoryIllegal | Self::HistoryDropped => {
                &["checkout::an_order_reserves_its_stock"]
            }
            Self::TotalWrong | Self::LineTotalWrong => &[
                "checkout::an_order_reserves_its_stock",
                "looks::an_order_reads_back_as_it_was_answered",
                "races::confirms_while_the_price_changes",
            ],
            Self::PaymentMarkedPaid | Self::PaymentDropped => {
                &["looks::an_order_reads_back_as_it_was_answered"]
            }
            Self::PaymentLeftOpen => &["cancelling::a_cancelled_order_gives_its_stock_back"],
            Self::ReferenceReused => &["checkout::the_stock_runs_out"],
            Self::CartLeftOpen => {
                &["looks::a_closed_cart_leaves_its_token", "races::one_cart_confirmed_under_thirty_keys"]
            }
            Self::OrderLost => &["looks::an_order_reads_back_as_it_was_answered"],
            Self::NotAtomic => &["guards::stock_that_is_gone", "races::the_last_unit"],
            Self::StaleSwallowed => &[
                "guards::a_cart_that_changed",
                "races::the_last_unit",
                "races::thirty_add_to_one_cart",
                "races::a_closed_cart_is_followed_by_one",
            ],
            Self::WriteLost => &["looks::a_closed_cart_leaves_its_token"],
            Self::DraftsSold => {
                &["looks::what_is_not_on_sale_is_seen_as_such", "checkout::a_product_that_left_the_shop"]
            }
            Self::UsesCapIgnored => {
                &["promotions::a_coupon_that_is_used_up", "races::a_hundred_carts_and_ten_uses_of_a_coupon"]
            }
            Self::CustomerCapIgnored => {
                &["promotions::a_coupon_that_is_used_up", "races::one_customer_in_several_carts"]
            }
            Self::BudgetIgnored => {
                &["promotions::a_promotion_that_is_used_up", "races::a_budget_that_holds_three_orders"]
            }
            Self::UsesKept => &[
                "promotions::a_cancelled_order_gives_its_uses_back_once",
                "promotions::an_unpaid_order_gives_its_uses_back",
                "races::coupons_and_stock_in_either_order",
            ],
            Self::RefundUncounted => &[
                "cancelling::a_paid_order_is_cancelled_and_its_money_goes_back",
                "payment_flow::two_refunds_of_more_than_half_at_once",
            ],
            Self::JournalSkipped => {
                &["payments::the_journal_is_kept", "payment_flow::an_order_is_paid_through_the_gateway"]
            }
            Self::JournalLopsided => &["payment_flow::an_order_is_paid_through_the_gateway"],
            Self::StrayMoneyDropped => {
                &["payment_flow::an_order_that_is_paid_twice", "payment_flow::money_that_does_not_match"]
            }
            Self::StrayMoneyUnnamed => &["payment_flow::an_order_that_is_paid_twice"],
            Self::ReholdSkipped => &[
                "guards::a_reservation_that_is_held_longer",
                "payment_flow::an_order_is_paid_through_the_gateway",
            ],
            Self::FulfilSkipped => &[
                "moving_on::cash_on_delivery_ends_well",
                "moving_on::nothing_of_it_is_shipped",
                "races::one_order_shipped_ten_times",
                "races::orders_shipped_while_others_buy",
            ],
            Self::MessagesDropped => &[
                "messages::the_same_message_fifty_times_at_once",
                "payment_flow::a_message_fifty_times_at_once",
            ],
            Self::LeaseIgnored => &["jobs::a_job_that_changed", "jobs::a_lease_is_taken_by_one"],
            Self::SessionsKept => &[
                "accounts::sessions_are_ended_by_their_account",
                "sign_in::somebody_registers_and_logs_in",
                "sign_in::a_password_is_set_anew",
                "sign_in::a_role_counts_at_once",
            ],
            Self::ReuseForgiven => &["sign_in::one_refresh_token_shown_thirty_times"],
            Self::RefreshUnguarded => &[
                "accounts::a_session_that_changed",
                "sign_in::one_refresh_token_shown_thirty_times",
                "sign_in::an_account_is_deactivated_while_it_goes_on",
            ],
            Self::AccountVersionIgnored => &[
                "accounts::an_account_that_changed",
                "sign_in::a_password_changes_while_somebody_logs_in",
                "sign_in::addresses_written_down_at_once",
            ],
            Self::EmailKeyWrong => {
                &["accounts::an_email_address_that_is_taken", "sign_in::one_address_registered_eight_times"]
            }
            Self::LinkKept => &["accounts::a_link_that_was_used", "sign_in::an_address_is_changed"],
            Self::RoleUnaudited => &["sign_in::a_role_counts_at_once"],
            Self::KeyRevocationLost => &["accounts::a_key_that_was_revoked"],
            Self::MailDropped => {
                &["mails::a_mail_in_full_and_one_with_nothing", "mails::what_happens_to_an_order_is_mailed"]
            }
            Self::MailTokenKept => &["mails::a_link_is_kept_no_longer_than_it_waits"],
            Self::MergedCartKept => {
                &["own_data::a_guest_cart_is_merged_once", "own_data::one_guest_cart_merged_thirty_times"]
            }
            Self::ClaimDropped => &["own_data::guest_orders_are_claimed_once"],
            Self::PersonKept => &["own_data::somebody_leaves"],
            Self::LeftCartUnguarded => &["own_data::somebody_orders_while_they_leave"],
            Self::RatingSkipped => {
                &["reviews::a_buyer_has_one_review", "reviews::a_random_walk_through_reviews"]
            }
        }
    }

    /// Whether a few walks beside the [model] stumble over it: whether it shows with nobody else
    /// in the shop.
    #[must_use]
    pub fn trips_the_model(self) -> bool {
        matches!(
            self,
            Self::ReservationSkipped
                | Self::SplitForgotten
                | Self::ReleaseSkipped
                | Self::ReleaseTwice
                | Self::FulfilSkipped
                | Self::HeldForever
                | Self::CommittedExpires
                | Self::IdempotencyDropped
                | Self::OutcomeLost
                | Self::TotalWrong
                | Self::LineTotalWrong
                | Self::CartLeftOpen
                | Self::OrderLost
                | Self::WriteLost
                | Self::DraftsSold
        )
    }

    /// The invariant that it breaks, where it breaks one that is checked.
    #[must_use]
    pub fn breaks(self) -> Option<Invariant> {
        match self {
            Self::StockGuardOff | Self::ReservationSkipped | Self::SplitForgotten | Self::NotAtomic => {
                Some(Invariant::NoOversell)
            }
            Self::ReleaseSkipped
            | Self::HeldForever
            | Self::CommittedExpires
            | Self::ReholdSkipped
            | Self::FulfilSkipped => Some(Invariant::ReservationLive),
            Self::OutcomeLost => Some(Invariant::KeyOne),
            Self::EventDropped | Self::EventDoubled => Some(Invariant::OutboxOnce),
            Self::TotalWrong | Self::LineTotalWrong => Some(Invariant::OrderTotal),
            Self::HistoryIllegal | Self::HistoryDropped => Some(Invariant::StateLegal),
            Self::PaymentMarkedPaid => Some(Invariant::PaidIsPaid),
            Self::PaymentDropped | Self::ReferenceReused | Self::StrayMoneyUnnamed => Some(Invariant::RefOne),
            Self::RefundUncounted => Some(Invariant::CaptureBal),
            Self::JournalSkipped | Self::JournalLopsided => Some(Invariant::LedgerZero),
            Self::CartLeftOpen | Self::OrderLost => Some(Invariant::CartOne),
            Self::UsesCapIgnored | Self::CustomerCapIgnored | Self::UsesKept => Some(Invariant::CouponCap),
            Self::SessionsKept => Some(Invariant::SessionOne),
            Self::EmailKeyWrong => Some(Invariant::AccountOne),
            Self::RoleUnaudited => Some(Invariant::RoleAudit),
            Self::RatingSkipped => Some(Invariant::RatingSum),
            Self::MailTokenKept => Some(Invariant::MailSecret),
            Self::ReleaseTwice
            | Self::MergedCartKept
            | Self::ClaimDropped
            | Self::PersonKept
            | Self::LeftCartUnguarded
            | Self::MailDropped
            | Self::SafetyForgotten
            | Self::CountUnguarded
            | Self::CartVersionIgnored
            | Self::OrderVersionIgnored
            | Self::RulebookVersionIgnored
            | Self::ProductVersionIgnored
            | Self::ExpectsDropped
            | Self::IdempotencyDropped
            | Self::PaymentLeftOpen
            | Self::StaleSwallowed
            | Self::WriteLost
            | Self::DraftsSold
            | Self::BudgetIgnored
            | Self::StrayMoneyDropped
            | Self::MessagesDropped
            | Self::LeaseIgnored
            | Self::ReuseForgiven
            | Self::RefreshUnguarded
            | Self::AccountVersionIgnored
            | Self::LinkKept
            | Self::KeyRevocationLost => None,
        }
    }
}

/// The store with the bug that the variable [`VARIABLE`] names, if it is set.
///
/// # Errors
/// When it names none of the bugs: a test that plants nothing would be green for the wrong reason.
pub fn from_env(store: Arc<dyn Store>) -> Result<Arc<dyn Store>, String> {
    let Ok(name) = std::env::var(VARIABLE) else { return Ok(store) };
    let bug =
        Bug::from_name(&name).ok_or_else(|| format!("{VARIABLE}: there is no bug {name:?} to plant"))?;
    Ok(Arc::new(Sabotaged::new(store, Sabotage::of(bug))))
}

/// Opens stores with a bug before them.
struct Spoiled<F> {
    fixture: F,
    bug: Bug,
}

#[async_trait]
impl<F: Fixture> Fixture for Spoiled<F> {
    async fn open(&self) -> Opened {
        let sabotage = Sabotage::of(self.bug);
        self.fixture.open().await.behind(|store| Arc::new(Sabotaged::new(store, sabotage)))
    }
}

/// Plants the bug and sees that every case that guards against it goes red, and that the checker names the invariant
/// which it breaks, unless the store refused the spoiled data.
///
/// # Panics
/// When a case stays green, or the checker finds nothing.
#[expect(clippy::print_stdout, reason = "who plants a bug wants to know who found it")]
pub fn goes_red(fixture: impl Fixture, bug: Bug) {
    let spoiled = Spoiled { fixture, bug };
    let cases = cases();
    for name in bug.red() {
        let case = cases.iter().find(|case| case.name == *name).expect("the case is in the suite");
        assert!(
            quietly(|| {
                run_case(&spoiled, case);
                Ok(())
            })
            .is_err(),
            "{name} stays green with {bug:?}"
        );
    }
    if bug.trips_the_model() {
        assert!(
            quietly(|| model::walk(&spoiled, crate::testkit::seed(), 16, 0)).is_err(),
            "the model does not stumble over {bug:?}"
        );
    }
    let Some(invariant) = bug.breaks() else { return };
    block_on(async {
        let opened = spoiled.open().await;
        let store = Arc::clone(&opened.store);
        let refused = journey(opened).await;
        let violations = store.violations().await.unwrap();
        if violations.iter().any(|violation| violation.invariant == invariant) {
            println!("{bug:?}: the checker names {invariant}");
        } else {
            assert!(
                !refused.is_empty(),
                "the checker does not see {invariant} with {bug:?}, but {violations:#?}"
            );
            println!("{bug:?}: the store refuses it: {refused:?}");
        }
    });
}

/// Sees that each of these cases goes red over the stores that this [`Fixture`] opens: for bugs that no change set can
/// show, and that an adapter plants in its database.
///
/// # Panics
/// When one of them stays green.
pub fn spoils(fixture: &dyn Fixture, names: &[&str]) {
    let cases = cases();
    for name in names {
        let case = cases.iter().find(|case| case.name == *name).expect("the case is in the suite");
        let ran = quietly(|| {
            run_case(fixture, case);
            Ok(())
        });
        assert!(ran.is_err(), "{name} stays green");
    }
}

/// What came of it; a panic is an error like others.
fn quietly(test: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(test))
        .unwrap_or_else(|_| Err("it panicked".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_race_and_crossing_is_guarded_against_a_bug() {
        let red: Vec<&str> = Bug::ALL.iter().flat_map(|(bug, _)| bug.red()).copied().collect();
        for name in &red {
            assert!(cases().iter().any(|case| case.name == *name), "{name} is no case");
        }
        for case in cases().iter().filter(|case| case.name.starts_with("races::")) {
            assert!(red.contains(&case.name), "{} was never seen to fail", case.name);
        }
    }

    #[test]
    fn every_invariant_is_broken_by_a_bug() {
        // What is on hand, and what is reserved, a store sums up itself, and a seal comes from the row that it seals: the tests
        // of the adapters spoil these by SQL.
        let by_sql = [Invariant::StockSum, Invariant::ReservedSum, Invariant::AuditChain];
        for invariant in Invariant::ALL.into_iter().filter(|invariant| !by_sql.contains(invariant)) {
            assert!(Bug::ALL.iter().any(|(bug, _)| bug.breaks() == Some(invariant)), "{invariant}");
        }
    }

    #[test]
    fn bugs_are_planted_by_name() {
        assert_eq!(Bug::from_name("stock_guard_off"), Some(Bug::StockGuardOff));
        assert_eq!(Bug::from_name("nothing"), None);
    }
}
