//! Decisions about tags: words that products have, and nothing beside them.

use serde_json::json;

use super::{By, Decided, TaxonomyError, TaxonomyView, fresh_row, name_of};
use crate::Ids;

/// A tag with how many products have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagCount {
    /// The tag.
    pub tag: String,
    /// How many products that are not deleted have it.
    pub products: u64,
}

/// Gives all products of a tag another one in its place, or none.
pub(super) fn change(
    view: &TaxonomyView,
    found: &TagCount,
    to: Option<&str>,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<String>, TaxonomyError> {
    let to = to.map(|to| name_of("to", to)).transpose()?;
    let TagCount { tag, products } = found.clone();
    if to.as_ref() == Some(&tag) {
        return Ok(Decided::unchanged(tag, products));
    }
    let verb = if to.is_some() { "rename" } else { "delete" };
    let [was, is] = [Some(&tag), to.as_ref()].map(|tag| json!({"tag": tag, "products": products}));
    let mut batch = view.batch(by, fresh_row(ids), ("tag", verb), &tag, [Some(&was), Some(&is)]);
    batch.revise.rewrite = view.rewrite();
    batch.revise.rewrite.tag = Some((tag.clone(), to.clone()));
    Ok(Decided { row: to.unwrap_or(tag), products, batch: Some(batch) })
}
