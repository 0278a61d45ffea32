//! Pages of a listing.

use std::borrow::Cow;

use commerce_core::catalog::{Page, ROWS_MAX};
use poem_openapi::Object;
use serde::Serialize;

use super::OrNull;
use crate::percent::escaped;

/// Where a page lies among the others.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Pagination")]
pub(crate) struct PaginationDto {
    /// Rows on all pages, counted up to 10,000.
    count: u64,
    /// Whether `count` is all of them.
    count_is_exact: bool,
    /// Which page this is, from 1.
    page: u32,
    /// Rows on a page.
    page_size: u32,
    /// How many pages can be asked for.
    total_pages: u64,
    /// The next page, as a relative link with the same filters.
    next: OrNull<String>,
    /// The page before.
    previous: OrNull<String>,
}

/// The address of the pages of a listing.
#[derive(Debug)]
pub(crate) struct PageLinks {
    /// The path of the listing.
    pub(crate) path: String,
    /// The filters, and the order if it is not the usual one, in the order of the contract.
    pub(crate) filters: Vec<(Cow<'static, str>, String)>,
    pub(crate) page: u32,
    pub(crate) page_size: u32,
}

impl PageLinks {
    /// Where `page` lies.
    pub(crate) fn around<T>(&self, page: &Page<T>) -> PaginationDto {
        let total_pages = page.count.min(ROWS_MAX).div_ceil(u64::from(self.page_size));
        let here = u64::from(self.page);
        PaginationDto {
            count: page.count,
            count_is_exact: page.count_is_exact,
            page: self.page,
            page_size: self.page_size,
            total_pages,
            next: OrNull((here < total_pages).then(|| self.link(here + 1))),
            previous: OrNull((here > 1 && total_pages > 0).then(|| self.link((here - 1).min(total_pages)))),
        }
    }

    fn link(&self, page: u64) -> String {
        let mut link = format!("{}?page={page}&page_size={}", self.path, self.page_size);
        for (name, value) in &self.filters {
            link.push('&');
            link.push_str(&escaped(name));
            link.push('=');
            link.push_str(&escaped(value));
        }
        link
    }
}

/// The address of a listing of any length, whose pages begin behind a row and not at a number.
#[derive(Debug)]
pub(crate) struct CursorLinks<'a> {
    /// The path of the listing.
    pub(crate) path: &'a str,
    /// The filters that were sent, in the order of the contract.
    pub(crate) filters: Vec<(&'static str, Option<String>)>,
    pub(crate) page_size: u32,
}

impl CursorLinks<'_> {
    /// How many rows to read: one more than is shown tells whether there is more.
    pub(crate) fn rows(&self) -> u32 {
        self.page_size + 1
    }

    /// Takes off the row too many, and says where the next page begins: behind the `cursor` of the last row.
    pub(crate) fn cut<T, C: ToString>(
        &self,
        rows: &mut Vec<T>,
        cursor: impl FnOnce(&T) -> C,
    ) -> OrNull<String> {
        let more = rows.len() > self.page_size as usize;
        rows.truncate(self.page_size as usize);
        OrNull(rows.last().filter(|_| more).map(|last| {
            let mut link = format!("{}?cursor=", self.path);
            link.push_str(&escaped(&cursor(last).to_string()));
            link.push_str(&format!("&page_size={}", self.page_size));
            for (name, value) in &self.filters {
                if let Some(value) = value {
                    link.push_str(&format!("&{name}="));
                    link.push_str(&escaped(value));
                }
            }
            link
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(page: u32, page_size: u32, count: u64) -> (u64, Option<String>, Option<String>) {
        let links = PageLinks {
            path: "/api/products/".to_owned(),
            filters: vec![("brand".into(), "tee-été".to_owned())],
            page,
            page_size,
        };
        let rows = Page::<()> { rows: Vec::new(), count, count_is_exact: true };
        let pagination = links.around(&rows);
        (pagination.total_pages, pagination.next.0, pagination.previous.0)
    }

    #[test]
    fn links_keep_the_filters_and_lead_to_pages_that_exist() {
        let link =
            |page: u32| Some(format!("/api/products/?page={page}&page_size=20&brand=tee-%C3%A9t%C3%A9"));
        assert_eq!(around(1, 20, 0), (0, None, None));
        assert_eq!(around(1, 20, 20), (1, None, None));
        assert_eq!(around(1, 20, 21), (2, link(2), None));
        assert_eq!(around(2, 20, 41), (3, link(3), link(1)));
        assert_eq!(around(9, 20, 41), (3, None, link(3)));
        assert_eq!(around(500, 20, 10_000), (500, None, link(499)));
    }
    #[test]
    fn a_page_that_begins_behind_a_row_leads_to_the_next_one_only_when_there_is_one() {
        let filters = vec![("status", Some("a b".to_owned())), ("actor", None)];
        let links = CursorLinks { path: "/api/admin/audit/", filters, page_size: 2 };
        assert_eq!(links.rows(), 3);
        let mut rows = vec!["x", "y/", "z"];
        let next = links.cut(&mut rows, |row| *row).0;
        assert_eq!(rows, ["x", "y/"]);
        assert_eq!(next.as_deref(), Some("/api/admin/audit/?cursor=y%2F&page_size=2&status=a%20b"));
        assert_eq!(links.cut(&mut rows, |row| *row).0, None);
        assert_eq!(rows, ["x", "y/"]);
    }
}
