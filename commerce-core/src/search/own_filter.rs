//! The filter of a facet's own, which the facet leaves out when it counts: whoever chose black still sees how much is white.

use super::{AttributeFilter, Request};
use crate::catalog::ProductFilter;

/// A filter of a [`Request`] that has a facet of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnFilter<'r> {
    /// The category.
    Category,
    /// The brand.
    Brand,
    /// The range of prices.
    Price,
    /// Values of an attribute.
    Attribute(&'r AttributeFilter),
}

impl<'r> OwnFilter<'r> {
    /// The code of the attribute, when it is one's.
    #[must_use]
    pub fn code(self) -> Option<&'r str> {
        match self {
            Self::Attribute(filter) => Some(&filter.code),
            Self::Category | Self::Brand | Self::Price => None,
        }
    }

    /// This one and nothing else of the filters that a listing has too: of [`OwnFilter::Attribute`] nothing.
    #[must_use]
    pub fn alone(self, filter: &ProductFilter) -> ProductFilter {
        let (category, brand) = (filter.category.clone(), filter.brand.clone());
        let (min_price, max_price) = (filter.min_price, filter.max_price);
        match self {
            Self::Category => ProductFilter { category, ..ProductFilter::default() },
            Self::Brand => ProductFilter { brand, ..ProductFilter::default() },
            Self::Price => ProductFilter { min_price, max_price, ..ProductFilter::default() },
            Self::Attribute(_) => ProductFilter::default(),
        }
    }
}

impl Request {
    /// Those of its filters that have a facet of their own.
    ///
    /// ```
    /// use commerce_core::catalog::ProductFilter;
    /// use commerce_core::search::{OwnFilter, Request};
    /// let filter = ProductFilter { max_price: Some(1_000_000), in_stock: Some(true), ..Default::default() };
    /// let request = Request { filter, ..Default::default() };
    /// assert_eq!(request.own_filters(), [OwnFilter::Price]);
    /// let (filter, _) = request.filters_without(&[OwnFilter::Price]);
    /// assert_eq!((filter.max_price, filter.in_stock), (None, Some(true)));
    /// ```
    #[must_use]
    pub fn own_filters(&self) -> Vec<OwnFilter<'_>> {
        let filter = &self.filter;
        let set = [
            (filter.category.is_some(), OwnFilter::Category),
            (filter.brand.is_some(), OwnFilter::Brand),
            (filter.min_price.is_some() || filter.max_price.is_some(), OwnFilter::Price),
        ];
        let set = set.into_iter().filter_map(|(is_set, own)| is_set.then_some(own));
        set.chain(self.attributes.iter().map(OwnFilter::Attribute)).collect()
    }

    /// Its filters but those: the ones that a listing has too, and those on attributes.
    #[must_use]
    pub fn filters_without(&self, left_out: &[OwnFilter<'_>]) -> (ProductFilter, Vec<&AttributeFilter>) {
        let mut filter = self.filter.clone();
        for own in left_out {
            match own {
                OwnFilter::Category => filter.category = None,
                OwnFilter::Brand => filter.brand = None,
                OwnFilter::Price => (filter.min_price, filter.max_price) = (None, None),
                OwnFilter::Attribute(_) => {}
            }
        }
        let stays = |filter: &&AttributeFilter| !left_out.contains(&OwnFilter::Attribute(filter));
        (filter, self.attributes.iter().filter(stays).collect())
    }
}
