//! What shoppers and exports read of the catalogue.

use serde::{Deserialize, Serialize};

use super::{Attribute, Brand, Category, Product, Slug};
use crate::review::Ratings;
use crate::{ProductId, StockLevel, Timestamp, UnitPrice, VariantId};

/// The most rows that a page may have.
pub const PAGE_SIZE_MAX: u32 = 100;
/// The most products that are said to go with one.
pub const RELATED_MAX: u32 = 20;
/// Line items of the last orders of a product by which it is told what is bought with it.
pub const RELATED_LINES: u32 = 300;
/// How many rows of a listing can be reached by page number, and how far they are counted.
pub const ROWS_MAX: u64 = 10_000;

/// Which products to list, in which order, and which page of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductFilter {
    /// In this category or below it.
    pub category: Option<Slug>,
    /// Of this brand.
    pub brand: Option<Slug>,
    /// With a variant that costs at least this, in ten-thousandths of a minor unit.
    pub min_price: Option<i64>,
    /// With a variant that costs at most this, in ten-thousandths of a minor unit. Given both bounds, one variant must
    /// lie within both.
    pub max_price: Option<i64>,
    /// With (or without) any variant that can be bought now.
    pub in_stock: Option<bool>,
    /// In the window, or not.
    pub featured: Option<bool>,
    /// Rated at least this, in hundredths, by at least one buyer.
    pub min_rating: Option<u32>,
    /// The order; ties by id, the newest first.
    pub sort_by: SortBy,
    /// Which page, from 1.
    pub page: u32,
    /// Rows on a page: 1 to [`PAGE_SIZE_MAX`].
    pub page_size: u32,
}

impl Default for ProductFilter {
    fn default() -> Self {
        Self {
            category: None,
            brand: None,
            min_price: None,
            max_price: None,
            in_stock: None,
            featured: None,
            min_rating: None,
            sort_by: SortBy::Newest,
            page: 1,
            page_size: 20,
        }
    }
}

impl ProductFilter {
    /// How many rows come before the page.
    #[must_use]
    pub fn offset(&self) -> u64 {
        u64::from(self.page.saturating_sub(1)) * u64::from(self.page_size)
    }
}

impl SortBy {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Newest, Self::PriceAsc, Self::PriceDesc, Self::Name, Self::Rating, Self::BestSelling];
}

/// The order of a listing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// What came in last, first.
    #[default]
    Newest,
    /// By the price of the cheapest variant, upwards.
    PriceAsc,
    /// By the price of the cheapest variant, downwards.
    PriceDesc,
    /// By name: [`Product::sort_name`], compared bytewise.
    Name,
    /// By units sold, as they were [counted](crate::Store::count_sold) last: the most first.
    BestSelling,
    /// By the average of what buyers rated it, in hundredths, then by how many did, both downwards; what nobody rated last.
    Rating,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows of the page.
    pub rows: Vec<T>,
    /// How many rows there are on all pages, counted up to [`ROWS_MAX`].
    pub count: u64,
    /// Whether `count` is all of them.
    pub count_is_exact: bool,
}

/// A product in a listing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductSummary {
    /// Its id.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its brand's name and slug.
    pub brand: Option<(String, Slug)>,
    /// Its category's name and slug.
    pub category: Option<(String, Slug)>,
    /// The price of its cheapest variant.
    pub price: UnitPrice,
    /// What that variant's price is compared at.
    pub compare_at_price: Option<UnitPrice>,
    /// The price of its dearest variant.
    pub price_max: UnitPrice,
    /// The address of its first picture.
    pub image: Option<String>,
    /// Whether any variant can be bought now.
    pub in_stock: bool,
    /// What buyers rated it.
    pub ratings: Ratings,
}

/// How one product is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductKey {
    /// By id.
    Id(ProductId),
    /// By its name in addresses.
    Slug(Slug),
    /// By a name that it had in addresses before.
    Former(Slug),
}

/// One product with all that its page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductDetail {
    /// When it was read.
    pub now: Timestamp,
    /// The product.
    pub product: Product,
    /// Its brand.
    pub brand: Option<Brand>,
    /// Its category, from the root down.
    pub breadcrumb: Vec<Category>,
    /// The attributes that its values and options name.
    pub attributes: Vec<Attribute>,
    /// What is left of each tracked variant, in the order of the variants; a variant without a stock row has 0.
    pub availability: Vec<Availability>,
    /// What buyers rated it.
    pub ratings: Ratings,
}

/// How many units of a variant can be bought now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// Which variant.
    pub variant: VariantId,
    /// The sum over locations of what is on hand, neither reserved nor safety stock; at least 0.
    pub available: i64,
}

/// A slice of the whole catalogue, for an export: ordered by slug, bytewise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExportPage {
    /// The products, all but deleted ones.
    pub products: Vec<Product>,
    /// The brands that they name.
    pub brands: Vec<Brand>,
    /// The categories that they name, and all their ancestors.
    pub categories: Vec<Category>,
    /// The attributes that they name.
    pub attributes: Vec<Attribute>,
    /// The stock of their variants.
    pub levels: Vec<StockLevel>,
}
