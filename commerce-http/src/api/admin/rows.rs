//! Lists that are read whole and shown by pages.

use std::borrow::Cow;

use commerce_core::catalog::Page;

use crate::wire::{Check, Flag, PageLinks, PageNumber, PageSize, PaginationDto, Problem};

/// Rows that are read whole, and what they were asked for by.
pub(super) struct Rows<T> {
    rows: Vec<T>,
    filters: Vec<(Cow<'static, str>, String)>,
}

impl<T> Rows<T> {
    pub(super) fn all(rows: Vec<T>) -> Self {
        Self { rows, filters: Vec::new() }
    }

    /// Deleted ones if these are asked for, else the others.
    pub(super) fn only(
        mut self,
        asked: Option<Flag>,
        is_deleted: impl Fn(&T) -> bool,
    ) -> Result<Self, Problem> {
        let mut check = Check::default();
        let deleted = asked.map_or(Some(false), |flag| flag.check("/deleted", &mut check));
        let deleted = check.finish(deleted)?;
        self.rows.retain(|row| is_deleted(row) == deleted);
        if deleted {
            self.filters.push(("deleted".into(), "true".to_owned()));
        }
        Ok(self)
    }

    /// A page of them.
    pub(super) fn cut(
        self,
        path: &str,
        page: Option<PageNumber>,
        page_size: Option<PageSize>,
    ) -> Result<(Vec<T>, PaginationDto), Problem> {
        let mut check = Check::default();
        let page = page.map_or(Some(1), |page| page.check("/page", &mut check));
        let page_size = page_size.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let (page, page_size) = check.finish(page.zip(page_size))?;
        let Self { rows, filters } = self;
        let links = PageLinks { path: path.to_owned(), filters, page, page_size };
        let around =
            links.around(&Page::<()> { rows: Vec::new(), count: rows.len() as u64, count_is_exact: true });
        let begin = (u64::from(page) - 1).saturating_mul(u64::from(page_size));
        let begin = usize::try_from(begin).unwrap_or(usize::MAX);
        Ok((rows.into_iter().skip(begin).take(page_size as usize).collect(), around))
    }
}
