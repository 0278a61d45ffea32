//! Products that come on sale, or go, when their time has come.

use super::{Edited, put};
use crate::Ids;
use crate::audit::Actor;
use crate::catalog::plan::CatalogView;
use crate::catalog::{Batch, Product, ProductStatus};

/// What becomes of the products at the time of the look: those whose time has come are published, or archived.
#[must_use]
pub fn due(view: &CatalogView, ids: &mut Ids) -> Batch {
    let mut batch = Batch::default();
    for before in view.products.iter().filter(|product| product.deleted_at.is_none()) {
        let (after, action) = at(before, view);
        let Edited { batch: one, .. } = put(view, before, after, action, Actor::System, ids);
        batch.products.extend(one.products);
        batch.audit.extend(one.audit);
    }
    batch
}

fn at(before: &Product, view: &CatalogView) -> (Product, &'static str) {
    let mut after = before.clone();
    let mut action = "product.publish";
    if after.publish_at.is_some_and(|at| at <= view.now) {
        after.publish_at = None;
        after.status = ProductStatus::Published;
    }
    if after.unpublish_at.is_some_and(|at| at <= view.now) {
        after.unpublish_at = None;
        if after.status == ProductStatus::Published {
            after.status = ProductStatus::Archived;
        }
        action = "product.unpublish";
    }
    (after, action)
}
