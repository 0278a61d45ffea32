//! All that can be read of a store, to see that a refused commit left nothing behind.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use super::delivery;
use super::shop::Known;
use crate::account::{self, By, Search};
use crate::cart::{Look, VariantKey};
use crate::catalog::{ImportKeys, PAGE_SIZE_MAX, ProductFilter, ProductKey};
use crate::inventory::{LevelSearch, MovementSearch};
use crate::promotion::CustomerKey;
use crate::testkit::start;
use crate::{Store, Timestamp, VariantId};

/// All that can be read of a store, as text by name. The time of the look is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, String>);

impl Snapshot {
    pub(super) async fn take(store: &Arc<dyn Store>, known: &Known) -> Self {
        let mut seen = Self(BTreeMap::new());
        let exported = seen.catalog(store).await;
        let variants: Vec<VariantId> = exported.iter().map(|(_, variant)| *variant).collect();
        seen.note("stock", store.stock(&variants).await.unwrap().1);
        seen.note("levels", store.levels(&LevelSearch::default(), 10_000).await.unwrap());
        seen.note("movements", store.movements(&MovementSearch::default(), 10_000).await.unwrap());
        for (product, variant) in &exported {
            let look = Look { variant: Some(VariantKey::Id(*variant)), ..Look::default() };
            let mut view = store.cart(&look).await.unwrap();
            view.now = start();
            seen.note(&format!("offer {variant}"), view);
            let mut detail = store.product(&ProductKey::Id(*product)).await.unwrap().unwrap();
            detail.now = start();
            seen.note(&format!("product {product}"), detail);
        }
        for token in &known.tokens {
            let look = Look { token: Some(*token), ..Look::default() };
            let mut view = store.cart(&look).await.unwrap();
            view.now = start();
            seen.note(&format!("cart {token:?}"), view);
        }
        for id in &known.orders {
            let mut view = store.order((*id).into(), None).await.unwrap();
            if let Some(view) = &mut view {
                view.now = start();
            }
            seen.note(&format!("order {id}"), view);
        }
        for scope in &known.scopes {
            let look = Look { repeated: Some(scope.clone()), ..Look::default() };
            seen.note(&format!("record {scope:?}"), store.cart(&look).await.unwrap().record);
        }
        for account in store.accounts(&Search::default(), 1_000).await.unwrap() {
            let look =
                account::Look { sessions: true, addresses: true, ..account::Look::by(By::Id(account.id)) };
            let mut view = store.account(&look).await.unwrap();
            view.now = start();
            seen.note(&format!("account {}", account.id), view);
        }
        let keys = store.api_keys(None, 1_000).await.unwrap();
        seen.note("keys", keys.into_iter().map(|view| (view.key, view.owner)).collect::<Vec<_>>());
        seen.note("overdue", store.overdue_orders(1_000).await.unwrap());
        seen.note("due payments", store.due_payments(1_000).await.unwrap());
        seen.note("due refunds", store.due_refunds(1_000).await.unwrap());
        seen.note("attempts", store.payments(None, None, 1_000).await.unwrap());
        seen.note("unmatched", store.unmatched_list(None, None, 1_000).await.unwrap());
        seen.note("waiting messages", store.waiting_messages(1_000).await.unwrap().1);
        seen.note("parked messages", store.parked_messages(None, 1_000).await.unwrap());
        let (from, to) = crate::testkit::always(start());
        seen.note("balances", store.balances(from, to).await.unwrap());
        let rulebook = store.rulebook().await.unwrap();
        let coupons = store.coupons(None, None, 1_000).await.unwrap();
        let named =
            rulebook.iter().flat_map(|stored| &stored.rulebook.promotions).map(|promotion| &promotion.code);
        let of_coupons = coupons.iter().map(|state| &state.coupon.promotion);
        let promotions: Vec<String> = named.chain(of_coupons).cloned().collect();
        let customer = CustomerKey::of_email(&delivery().email);
        seen.note("uses", store.promotion_usage(&promotions, Some(customer)).await.unwrap());
        seen.note("coupons", coupons);
        seen.note("rulebook", rulebook);
        let mut recent = store.recent_carts(Timestamp::from_micros(0).unwrap(), None, 1_000).await.unwrap();
        recent.iter_mut().for_each(|view| view.now = start());
        seen.note("recent carts", recent);
        seen
    }

    async fn catalog(&mut self, store: &Arc<dyn Store>) -> Vec<(crate::ProductId, VariantId)> {
        let mut variants = Vec::new();
        let mut after = None;
        loop {
            let page = store.export(after.clone(), PAGE_SIZE_MAX).await.unwrap();
            let Some(last) = page.products.last() else { break };
            after = Some(last.slug.clone());
            for product in &page.products {
                variants.extend(product.variants.iter().map(|variant| (product.id, variant.id)));
                self.note(&format!("export {}", product.slug), product);
            }
        }
        let mut filter = ProductFilter { page_size: PAGE_SIZE_MAX, ..ProductFilter::default() };
        loop {
            let page = store.products(&filter).await.unwrap();
            self.note(&format!("listing {}", filter.page), &page);
            if page.rows.is_empty() {
                break;
            }
            filter.page += 1;
        }
        self.note("categories", store.categories().await.unwrap());
        let all = store.import_view(&ImportKeys::default()).await.unwrap();
        self.note("brands", all.brands);
        self.note("all categories", all.categories);
        self.note("attributes", all.attributes);
        self.note("locations", all.locations);
        variants
    }

    fn note(&mut self, name: &str, value: impl Debug) {
        self.0.insert(name.to_owned(), format!("{value:#?}"));
    }

    /// Asserts that the other is the same, and shows the lines that are not.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn assert_same(&self, other: &Self) {
        for name in self.0.keys().chain(other.0.keys()) {
            let lines = |seen: &Self| -> Vec<String> {
                seen.0.get(name).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
            };
            let (before, after) = (lines(self), lines(other));
            let gone: Vec<&String> = before.iter().filter(|line| !after.contains(line)).collect();
            let new: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
            assert!(before == after, "{name} is not what it was\ngone: {gone:#?}\nnew: {new:#?}");
        }
    }
}
