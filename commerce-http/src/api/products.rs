//! `/api/products/`: what is on sale.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use commerce_core::UnitPrice;
use commerce_core::cache::Question;
use commerce_core::catalog::{CategoryNode, ProductFilter, RELATED_MAX, ROWS_MAX, Slug, SortBy};
use poem::Request;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::access::{Door, Onlooker};
use super::admin::etag;
use super::{Shop, Tag};
use crate::percent::escaped;
use crate::wire::{
    Answer, BranchDto, Catalogue, CategoriesDto, Check, Code, Decimal, Flag, Moving, PageLinks, PageNumber,
    PageSize, Problem, ProductDto, ProductPageDto, ProductsDto, Refused, Shown, Sort, Stars, Text, statuses,
};

statuses! {
    /// Refusals of a listing.
    Listing: 422 "A filter cannot be understood, or the page lies beyond row 10,000.";
    /// Refusals of a listing of a branch.
    Branch: 404 "There is no such category.", 422 "A filter cannot be understood, or the page lies beyond row 10,000.";
    /// Refusals of one product.
    OneProduct: 404 "There is no such product on sale.";
    /// Refusals of what goes with a product.
    RelatedTo: 404 "There is no such product on sale.", 422 "`limit` is out of range.";
    /// The tree is always there.
    Tree: ;
}

/// How many products that go with one are told unless more are asked for.
const RELATED: u32 = 10;

#[derive(Clone)]
pub(crate) struct ProductsApi {
    pub(super) shop: Shop,
}

/// The filters of a listing or a search as they were sent: all that a listing depends on.
#[derive(Debug)]
pub(super) struct Filters {
    pub(super) category: Option<Text>,
    pub(super) brand: Option<Text>,
    pub(super) min_price: Option<Decimal>,
    pub(super) max_price: Option<Decimal>,
    pub(super) in_stock: Option<Flag>,
    pub(super) featured: Option<Flag>,
    pub(super) min_rating: Option<Stars>,
    pub(super) sort_by: Option<Sort>,
    pub(super) page: Option<PageNumber>,
    pub(super) page_size: Option<PageSize>,
}

type IfNoneMatch = Header<Option<Text>>;

#[OpenApi(prefix_path = "/api/products", tag = "Tag::Catalogue")]
impl ProductsApi {
    /// Lists products
    ///
    /// A page of the products on sale.
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    #[oai(path = "/", method = "get", operation_id = "listProducts")]
    async fn list(
        &self,
        /// The slug of a category; what grows on it is included.
        category: Query<Option<Text>>,
        /// The slug of a brand.
        brand: Query<Option<Text>>,
        /// With a variant that costs at least this, in the shop's currency.
        min_price: Query<Option<Decimal>>,
        /// With a variant that costs at most this, in the shop's currency.
        max_price: Query<Option<Decimal>>,
        /// With (or without) a variant that can be bought now.
        in_stock: Query<Option<Flag>>,
        /// In the window, or not.
        featured: Query<Option<Flag>>,
        /// Rated at least this by buyers, on average: 1 to 5.
        min_rating: Query<Option<Stars>>,
        /// The order.
        sort_by: Query<Option<Sort>>,
        /// Which page, from 1.
        page: Query<Option<PageNumber>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
        /// The `ETag` of an answer that the client has already.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
    ) -> Result<Catalogue<ProductPageDto>, Refused<Listing>> {
        let filters = Filters {
            category: category.0,
            brand: brand.0,
            min_price: min_price.0,
            max_price: max_price.0,
            in_stock: in_stock.0,
            featured: featured.0,
            min_rating: min_rating.0,
            sort_by: sort_by.0,
            page: page.0,
            page_size: page_size.0,
        };
        let question = Question::new("list", &filters.sent());
        let api = self.clone();
        let make = async move {
            let (filter, links) = api.filter(filters, "/api/products/").await?;
            let page = api.shop.engine.catalog().products(&filter).await?;
            Ok(ProductPageDto::new(page, &links))
        };
        Ok(self.shop.answer(&question, known(&if_none_match), make).await?)
    }

    /// Shows the category tree
    ///
    /// All categories with the number of products on sale in and below each.
    #[oai(path = "/categories/", method = "get", operation_id = "listCategories")]
    async fn categories(
        &self,
        /// The `ETag` of an answer that the client has already.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
    ) -> Result<Catalogue<CategoriesDto>, Refused<Tree>> {
        let catalog = self.shop.engine.catalog();
        let make = async move {
            let tree = catalog.categories().await?;
            Ok(CategoriesDto { results: tree.into_iter().map(Into::into).collect() })
        };
        Ok(self.shop.answer(&Question::new("tree", ""), known(&if_none_match), make).await?)
    }

    /// Shows one branch of the category tree with its products
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    #[oai(path = "/categories/:slug/", method = "get", operation_id = "getCategory")]
    async fn category(
        &self,
        /// The category's name in addresses.
        slug: Path<Text>,
        /// The slug of a brand.
        brand: Query<Option<Text>>,
        /// With a variant that costs at least this, in the shop's currency.
        min_price: Query<Option<Decimal>>,
        /// With a variant that costs at most this, in the shop's currency.
        max_price: Query<Option<Decimal>>,
        /// With (or without) a variant that can be bought now.
        in_stock: Query<Option<Flag>>,
        /// In the window, or not.
        featured: Query<Option<Flag>>,
        /// Rated at least this by buyers, on average: 1 to 5.
        min_rating: Query<Option<Stars>>,
        /// The order.
        sort_by: Query<Option<Sort>>,
        /// Which page, from 1.
        page: Query<Option<PageNumber>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
        /// The `ETag` of an answer that the client has already.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        request: &Request,
    ) -> Result<Moving<BranchDto>, Refused<Branch>> {
        let slug: Slug = slug.0.0.parse().map_err(|_| Problem::not_found())?;
        let before = slug.clone();
        let filters = Filters {
            category: None,
            brand: brand.0,
            min_price: min_price.0,
            max_price: max_price.0,
            in_stock: in_stock.0,
            featured: featured.0,
            min_rating: min_rating.0,
            sort_by: sort_by.0,
            page: page.0,
            page_size: page_size.0,
        };
        let question = Question::new("branch", &format!("{slug} {}", filters.sent()));
        let api = self.clone();
        let make = async move {
            let (filter, links) = api.filter(filters, &format!("/api/products/categories/{slug}/")).await?;
            let catalog = api.shop.engine.catalog();
            let branch = branch(catalog.categories().await?, &slug).ok_or_else(Problem::not_found)?;
            let page = catalog.products(&ProductFilter { category: Some(slug), ..filter }).await?;
            Ok(BranchDto::new(branch, ProductPageDto::new(page, &links)))
        };
        match self.shop.answer(&question, known(&if_none_match), make).await {
            Ok(found) => Ok(found.into()),
            Err(problem) if problem.is_not_found() => {
                let now = self.shop.engine.taxonomy().moved_category(&before).await?.ok_or(problem)?;
                let path = format!("/api/products/categories/{}/", escaped(now.as_str()));
                Ok(Moving::moved(&path, request.uri().query())?)
            }
            Err(problem) => Err(problem.into()),
        }
    }

    /// Shows one product
    ///
    /// To those who keep the catalogue (`catalog.read`) in whatever status, with its version as `ETag` and what only they see;
    /// to merchants their own. Under a slug that it had before, the answer leads to the present one. That somebody who is logged
    /// in looked at it is remembered for `/api/users/recently-viewed/`.
    #[oai(path = "/:slug/", method = "get", operation_id = "getProduct")]
    async fn product(
        &self,
        onlooker: Onlooker,
        request: &Request,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// The `ETag` of an answer that the client has already.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
    ) -> Result<Shown<ProductDto>, Refused<OneProduct>> {
        let slug: Slug = slug.0.0.parse().map_err(|_| Problem::not_found())?;
        let catalog = self.shop.engine.catalog();
        if let Some(keeper) = onlooker.keeper
            && let Ok(found) = catalog.product_in_full(&keeper, &slug).await
        {
            let shown = ProductDto::in_full(&found).ok_or_else(Problem::not_found)?;
            return Ok(Answer::new(&shown)?.header("etag", Some(&etag(found.product.version))).into());
        }
        let question = Question::new("product", &slug.to_string());
        let (asked, former) = (slug.clone(), catalog.clone());
        let make = async move {
            let found = catalog.product(&asked).await?;
            found.as_ref().and_then(ProductDto::new).ok_or_else(Problem::not_found)
        };
        match self.shop.answer(&question, known(&if_none_match), make).await {
            Ok(answer) => {
                if let Some(account) = Door::account(request).await {
                    self.shop.views.seen(&self.shop.engine, account, slug);
                }
                Ok(answer.into())
            }
            Err(problem) if problem.is(Code::NotFound) => match former.moved(&slug).await? {
                Some(now) => Ok(Shown::moved(&format!("/api/products/{}/", escaped(now.as_str())))?),
                None => Err(problem.into()),
            },
            Err(problem) => Err(problem.into()),
        }
    }

    /// Lists what goes with a product
    ///
    /// What was bought with it of late, then what is of its category, then what is of its brand: only what is on sale.
    #[oai(path = "/:slug/related/", method = "get", operation_id = "listRelatedProducts")]
    async fn related(
        &self,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// At most so many: 1 to 20, 10 when left out.
        limit: Query<Option<Text>>,
        /// The `ETag` of an answer that the client has already.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
    ) -> Result<Catalogue<ProductsDto>, Refused<RelatedTo>> {
        let mut check = Check::default();
        let limit = limit.0.map_or(Some(RELATED), |text| {
            let limit = text.0.parse().ok().filter(|limit| (1..=RELATED_MAX).contains(limit));
            if limit.is_none() {
                let words = format_args!("must be a whole number from 1 to {RELATED_MAX}");
                check.wrong("/limit", "out-of-range", words);
            }
            limit
        });
        let limit = check.finish(limit)?;
        let slug: Slug = slug.0.0.parse().map_err(|_| Problem::not_found())?;
        let question = Question::new("related", &format!("{slug} {limit}"));
        let catalog = self.shop.engine.catalog();
        let make = async move {
            let found = catalog.related(&slug, limit).await?;
            found.map(ProductsDto::from).ok_or_else(Problem::not_found)
        };
        Ok(self.shop.answer(&question, known(&if_none_match), make).await?)
    }
}

impl ProductsApi {
    /// What was asked for, and the links that ask for other pages of it.
    async fn filter(&self, sent: Filters, path: &str) -> Result<(ProductFilter, PageLinks), Problem> {
        let mut check = Check::default();
        let filter = sent.read(&self.shop, &mut check).await?;
        let filter = check.finish(Some(filter))?;
        let mut filters = asked(&filter, &sent);
        if filter.sort_by != SortBy::default() {
            filters.push(("sort_by".into(), Sort::name(filter.sort_by).to_owned()));
        }
        let links =
            PageLinks { path: path.to_owned(), filters, page: filter.page, page_size: filter.page_size };
        Ok((filter, links))
    }
}

impl Filters {
    /// What was sent, for the key of an answer: a name and a value for each that was.
    fn sent(&self) -> String {
        let Self {
            category,
            brand,
            min_price,
            max_price,
            in_stock,
            featured,
            min_rating,
            sort_by,
            page,
            page_size,
        } = self;
        let mut text = String::new();
        let mut add = |name: &str, value: Option<&dyn fmt::Debug>| {
            // What is written keeps quotation marks apart from what they hold.
            if let Some(value) = value {
                let _ = write!(text, "{name}={value:?} ");
            }
        };
        add("category", category.as_ref().map(|value| value as _));
        add("brand", brand.as_ref().map(|value| value as _));
        add("min_price", min_price.as_ref().map(|value| value as _));
        add("max_price", max_price.as_ref().map(|value| value as _));
        add("in_stock", in_stock.as_ref().map(|value| value as _));
        add("featured", featured.as_ref().map(|value| value as _));
        add("min_rating", min_rating.as_ref().map(|value| value as _));
        add("sort_by", sort_by.as_ref().map(|value| value as _));
        add("page", page.as_ref().map(|value| value as _));
        add("page_size", page_size.as_ref().map(|value| value as _));
        text
    }

    /// What was asked for; what is wrong with it is noted.
    pub(super) async fn read(&self, shop: &Shop, check: &mut Check) -> Result<ProductFilter, Problem> {
        let sent = self;
        let usual = ProductFilter::default();
        let mut filter = ProductFilter {
            category: slug(sent.category.as_ref(), "/category", check),
            brand: slug(sent.brand.as_ref(), "/brand", check),
            in_stock: sent.in_stock.as_ref().and_then(|flag| flag.check("/in_stock", check)),
            featured: sent.featured.as_ref().and_then(|flag| flag.check("/featured", check)),
            min_rating: sent.min_rating.as_ref().and_then(|stars| stars.check("/min_rating", check)),
            sort_by: (sent.sort_by.as_ref().and_then(|sort| sort.check("/sort_by", check)))
                .unwrap_or(usual.sort_by),
            page: sent.page.as_ref().and_then(|page| page.check("/page", check)).unwrap_or(usual.page),
            page_size: (sent.page_size.as_ref().and_then(|size| size.check("/page_size", check)))
                .unwrap_or(usual.page_size),
            ..usual
        };
        if sent.min_price.is_some() || sent.max_price.is_some() {
            let currency = shop.engine.rules().show().await?.rulebook.currency;
            let mut price = |sent: &Option<Decimal>, pointer| {
                let text = &sent.as_ref()?.0;
                let price = check.take(pointer, UnitPrice::parse(text, currency))?;
                if text.starts_with('-') {
                    check.wrong(pointer, "out-of-range", "must not be below 0");
                }
                Some(price.ten_thousandths)
            };
            filter.min_price = price(&sent.min_price, "/min_price");
            filter.max_price = price(&sent.max_price, "/max_price");
            if filter.min_price.zip(filter.max_price).is_some_and(|(min, max)| min > max) {
                check.wrong("/max_price", "out-of-range", "must not be below min_price");
            }
        }
        if filter.offset() >= ROWS_MAX {
            check.wrong(
                "/page",
                "out-of-range",
                format_args!(
                    "lies beyond row {ROWS_MAX}: narrow the listing by category, brand or price instead"
                ),
            );
        }
        Ok(filter)
    }
}

fn slug(sent: Option<&Text>, pointer: &str, check: &mut Check) -> Option<Slug> {
    check.parse_optional(pointer, sent.map(|text| text.0.as_str()))
}

/// The filters, for the links to other pages: what was sent and known, in the order of the contract.
pub(super) fn asked(filter: &ProductFilter, sent: &Filters) -> Vec<(Cow<'static, str>, String)> {
    let flag = |flag: Option<bool>| flag.map(|flag| flag.to_string());
    [
        ("category", filter.category.as_ref().map(ToString::to_string)),
        ("brand", filter.brand.as_ref().map(ToString::to_string)),
        ("min_price", sent.min_price.as_ref().map(|price| price.0.clone())),
        ("max_price", sent.max_price.as_ref().map(|price| price.0.clone())),
        ("in_stock", flag(filter.in_stock)),
        ("featured", flag(filter.featured)),
        ("min_rating", sent.min_rating.as_ref().map(|stars| stars.0.clone())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.into(), value?)))
    .collect()
}

fn known(if_none_match: &IfNoneMatch) -> Option<&str> {
    if_none_match.0.as_ref().map(|text| text.0.as_str())
}

fn branch(nodes: Vec<CategoryNode>, slug: &Slug) -> Option<CategoryNode> {
    nodes
        .into_iter()
        .find_map(|node| if node.category.slug == *slug { Some(node) } else { branch(node.children, slug) })
}

#[cfg(test)]
mod tests {
    use commerce_core::CategoryId;
    use commerce_core::catalog::Category;

    use super::*;

    fn node(slug: &str, children: Vec<CategoryNode>) -> CategoryNode {
        let slug: Slug = slug.parse().unwrap();
        let name = slug.to_string();
        let category = Category::new(CategoryId(uuid::Uuid::nil()), None, slug, name);
        CategoryNode { category, product_count: 0, children }
    }

    #[test]
    fn a_branch_is_found_at_any_depth() {
        let tree = || {
            vec![node("home", vec![]), node("fashion", vec![node("women", vec![node("dresses", vec![])])])]
        };
        let found = |slug: &str| branch(tree(), &slug.parse().unwrap()).map(|node| node.category.name);
        assert_eq!(found("dresses"), Some("dresses".to_owned()));
        assert_eq!(found("home"), Some("home".to_owned()));
        assert_eq!(found("shoes"), None);
    }
}
