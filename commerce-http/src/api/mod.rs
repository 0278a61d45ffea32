//! The operations of the HTTP contract, a file per resource. Handlers are thin: read the request, call the engine, shape
//! the answer.

mod access;
mod admin;
mod answer;
mod auth;
mod cart;
mod catalog;
mod checkout;
mod health;
mod images;
mod imports;
mod key;
mod orders;
mod payments;
mod product_files;
mod products;
mod refusal;
mod reviews;
mod search;
mod sold;
mod token;
mod upload;
mod users;

use std::collections::HashMap;

use commerce_core::{Engine, LocationId};
use poem::IntoEndpoint;
use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, MetaPath, Registry};
use poem_openapi::{OpenApi, OpenApiService, Tags};

use crate::access_token::AccessTokens;
use crate::layer;
use crate::media::Pictures;
use crate::order_token::OrderTokens;
use crate::views::Views;
use crate::wire::{Problem, ReturnUrls, too_many};

pub(crate) use access::{Door, Known, permission_of};
pub(crate) use admin::AdminApi;
pub(crate) use answer::Cached;
pub(crate) use auth::AuthApi;
pub(crate) use cart::CartApi;
pub(crate) use catalog::CatalogApi;
pub(crate) use checkout::CheckoutApi;
pub(crate) use health::HealthApi;
pub(crate) use images::ImagesApi;
pub(crate) use imports::ImportsApi;
pub(crate) use orders::OrdersApi;
pub(crate) use payments::{MessageSources, PaymentsApi};
pub(crate) use product_files::ProductFilesApi;
pub(crate) use products::ProductsApi;
pub(crate) use reviews::ReviewsApi;
pub(crate) use search::SearchApi;
pub(crate) use sold::SoldApi;
pub(crate) use users::UsersApi;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) engine: Engine,
    /// Answers of the catalogue that are kept; absent: none are.
    pub(crate) cached: Option<Cached>,
    pub(crate) order_tokens: OrderTokens,
    pub(crate) access_tokens: AccessTokens,
    /// Who makes the copies of pictures.
    pub(crate) pictures: Pictures,
    /// Takes down which products are looked at.
    pub(crate) views: Views,
    /// Where browsers go after a page of the payment gateway.
    pub(crate) returns: ReturnUrls,
    /// The largest file that is imported, in bytes.
    pub(crate) import_bytes_max: u64,
}

impl Shop {
    /// The location of this code, which a request names at `pointer`.
    async fn location(&self, pointer: &str, code: Option<&str>) -> Result<Option<LocationId>, Problem> {
        let Some(code) = code else { return Ok(None) };
        let known = self.engine.inventory().locations().await?;
        let found = known.into_iter().find(|location| location.code == code && location.active);
        let found = found.map(|location| location.id);
        let unknown = || Problem::field(pointer, "unsupported", "no active location has this code");
        found.map(Some).ok_or_else(unknown)
    }
}

/// All operations.
pub(crate) type Operations = (
    ProductsApi,
    CatalogApi,
    (ProductFilesApi, ImportsApi),
    SearchApi,
    ImagesApi,
    ReviewsApi,
    CartApi,
    CheckoutApi,
    OrdersApi,
    SoldApi,
    PaymentsApi,
    AuthApi,
    UsersApi,
    AdminApi,
    HealthApi,
);

#[derive(Tags)]
enum Tag {
    /// What is on sale. Public, cacheable, with `ETag`.
    Catalogue,
    /// What buyers say of products.
    Reviews,
    /// What a shopper means to buy. A guest's cart is reached by the header `X-Cart-Token`.
    Cart,
    /// From a cart to an order.
    Checkout,
    /// What was bought. A guest's order is reached by the header `X-Order-Token`.
    Orders,
    /// How an order is paid, and how money goes back.
    Payments,
    /// Who somebody is: registering, logging in, sessions, profile and addresses.
    Accounts,
    /// What the shop decides: its rules and its coupons. Opened by `Authorization: Bearer` for whoever may do what the
    /// operation names: staff who are logged in, a program with its key, the admin token.
    #[oai(rename = "Back office")]
    BackOffice,
    /// For those who run the server.
    Operations,
}

/// The operations, to be called.
pub(crate) fn operations(shop: &Shop) -> BoxEndpoint<'static> {
    let operations: Operations = (
        ProductsApi { shop: shop.clone() },
        CatalogApi { shop: shop.clone() },
        (ProductFilesApi { shop: shop.clone() }, ImportsApi { shop: shop.clone() }),
        SearchApi { shop: shop.clone() },
        ImagesApi { shop: shop.clone() },
        ReviewsApi { shop: shop.clone() },
        CartApi { shop: shop.clone() },
        CheckoutApi { shop: shop.clone() },
        OrdersApi { shop: shop.clone() },
        SoldApi { shop: shop.clone() },
        PaymentsApi { shop: shop.clone() },
        AuthApi { shop: shop.clone() },
        UsersApi { shop: shop.clone() },
        admin::operations(shop),
        HealthApi { shop: shop.clone() },
    );
    OpenApiService::new(operations, TITLE, VERSION).into_endpoint()
}

/// The operations with their paths as the contract writes them: below `/api/` with a slash at the end, which
/// `poem-openapi` drops, and each path once, whoever has its operations.
pub(crate) fn contract() -> Vec<MetaApi> {
    let mut contract = Operations::meta();
    for path in contract.iter_mut().flat_map(|api| &mut api.paths) {
        if path.path.starts_with("/api/") && !path.path.ends_with('/') {
            path.path.push('/');
        }
        path.operations.iter_mut().for_each(access::scoped);
        if layer::is_counted(path.path.trim_end_matches('/')) {
            for operation in &mut path.operations {
                let responses = &mut operation.responses.responses;
                let default = responses.iter().position(|response| response.status.is_none());
                responses.insert(default.unwrap_or(responses.len()), too_many());
            }
        }
    }
    let mut paths: Vec<MetaPath> = Vec::new();
    for path in contract.into_iter().flat_map(|api| api.paths) {
        match paths.iter_mut().find(|known| known.path == path.path) {
            Some(known) => known.operations.extend(path.operations),
            None => paths.push(path),
        }
    }
    vec![MetaApi { paths }]
}

/// The OpenAPI document.
pub(crate) fn document() -> String {
    described().spec()
}

/// The page that shows the document.
pub(crate) fn documentation() -> String {
    described().swagger_ui_html()
}

const TITLE: &str = "Commerce";
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn described() -> OpenApiService<Described, ()> {
    OpenApiService::new(Described, TITLE, VERSION).description(include_str!("contract.md")).server("/")
}

/// The operations as the document describes them, without a shop to call them on.
struct Described;

impl OpenApi for Described {
    fn meta() -> Vec<MetaApi> {
        contract()
    }

    fn register(registry: &mut Registry) {
        Operations::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}
