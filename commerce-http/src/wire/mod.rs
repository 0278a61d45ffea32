//! What goes over the wire: the server's own request and response types, and how they are read and written.
//!
//! Nothing of the domain is serialized by accident: each answer is made field by field from what the engine gives, and
//! each request is read by one reader ([`Body`]) that says precisely what is wrong and where.

mod account;
mod address;
mod answer;
mod api_key;
mod audit;
mod body;
mod cart;
mod cart_body;
mod catalogue_file;
mod check;
mod coupon;
mod document;
mod image;
mod import;
mod interest;
mod journal;
pub(crate) mod json;
mod money;
mod nullable;
mod operation;
mod order;
mod order_list;
mod own_data;
mod page;
mod param;
mod payment;
mod price;
mod problem;
mod product;
mod product_body;
mod product_line;
mod product_list;
pub(crate) mod reader;
mod refund;
mod review;
mod role;
mod schema;
mod search;
mod sold;
mod stock;
mod taxonomy;
mod time;
mod word;

pub(crate) use account::{
    AcceptedDto, ChangeEmailBody, ChangePasswordBody, EmailBody, LinkBody, LoginBody, LogoutBody,
    ProfileBody, RefreshBody, RegisterBody, ResetBody, SavedAddressBody, SavedAddressDto, SavedAddressesDto,
    SessionsDto, StandingBody, TokenPairDto, UserDto, UserPageDto,
};
pub(crate) use address::{AddressBody, AddressDto};
pub(crate) use answer::{
    Answer, Catalogue, Done, Moving, Refused, Shown, Statuses, json_bytes, names, statuses, too_many, version,
};
pub(crate) use api_key::{ApiKeyDto, ApiKeyMadeDto, ApiKeyPageDto, NewKeyBody};
pub(crate) use audit::{AuditDto, AuditFile, AuditPageDto};
pub(crate) use body::{Body, faulty, json_of};
pub(crate) use cart::{CartDto, ShippingOptionsDto};
pub(crate) use cart_body::{AddItemBody, CouponBody, DeliveryBody, PaymentBody, QuantityBody};
pub(crate) use catalogue_file::CatalogueFile;
pub(crate) use check::Check;
pub(crate) use coupon::{
    CouponChangeBody, CouponDto, CouponPageDto, GenerateBody, GeneratedDto, NewCouponBody, TrialDto,
};
pub(crate) use document::{
    CustomerGroups, Document, DocumentPage, Part, PriceLists, Promotions, Settings, SettingsDocument,
    ShippingMethods, ShippingZones, TaxRates, TaxZones,
};
pub(crate) use image::{ImageChangeBody, ImageDto, ProductImageDto};
pub(crate) use import::{ImportDto, ImportPageDto};
pub(crate) use interest::{ProductsDto, ViewedDto, Wish, WishBody, WishDto, WishlistDto};
pub(crate) use journal::{BalancesDto, OrderJournalDto};
pub(crate) use money::{MoneyBody, MoneyDto};
pub(crate) use nullable::OrNull;
pub(crate) use operation::{InvariantsDto, JobDto, JobsDto};
pub(crate) use order::{CancelBody, ConfirmBody, ConfirmedDto, OrderDto, ReturnBody, StatusBody};
pub(crate) use order_list::{OrderNoteBody, OrderNoteDto, OrderNotePageDto, OrderPageDto, OrderQuery};
pub(crate) use own_data::{ClaimedDto, EraseBody, OwnDataDto};
pub(crate) use page::{CursorLinks, PageLinks, PaginationDto};
pub(crate) use param::{
    Country, Days, Decimal, Flag, Id, PageNumber, PageSize, ReviewSort, ReviewStars, SearchSort, Sort, Stars,
    Text,
};
pub(crate) use payment::{InitializeBody, MobileMoneyBody, PaymentDto, ReturnUrls, VerificationDto};
pub(crate) use price::BulkPricesBody;
pub(crate) use problem::{Code, FieldError, Problem, ProblemDto, ShortLineDto};
pub(crate) use product::{BranchDto, CategoriesDto, ProductDto, ProductPageDto};
pub(crate) use product_body::{OfVersionBody, ProductBody, Said, VariantBody};
pub(crate) use product_line::product_line;
pub(crate) use product_list::{ListedProductPageDto, PriceHistoryDto};
pub(crate) use refund::{
    CollectBody, MessagePageDto, NoteBody, RefundBody, RefundDto, RefundsDto, TransactionDto,
    TransactionPageDto, UnmatchedDto, UnmatchedPageDto,
};
pub(crate) use review::{
    ModerateBody, ModeratedReviewDto, OwnReportDto, OwnVoteDto, RatingSummaryDto, ReportBody, ReviewBody,
    ReviewDto, ReviewForYouDto, ReviewPageDto, ReviewQueueDto, VoteBody,
};
pub(crate) use role::RolesDto;
pub(crate) use schema::wire_type;
pub(crate) use search::{CompletionsDto, FacetsAloneDto, SearchBody, SearchPageDto};
pub(crate) use sold::{SoldDto, SoldPageDto};
pub(crate) use stock::{
    AdjustmentBody, BulkDto, BulkStockBody, CountBody, LevelChangeBody, LevelDto, LevelPageDto, MovedDto,
    MovementPageDto, NewWarehouseBody, ReceiptBody, RefusedRowDto, TransferBody, WarehouseBody,
    WarehouseChangeBody, WarehouseDto, WarehousePageDto,
};
pub(crate) use taxonomy::{
    AttributeBody, AttributeChangeBody, AttributeDto, AttributePageDto, BrandBody, BrandChangeBody, BrandDto,
    BrandPageDto, CategoryBody, CategoryChangeBody, ManagedCategoryDto, ManagedCategoryPageDto,
    TagChangeBody, TagChangedDto, TagDto, TagPageDto,
};
pub(crate) use time::Instant;
