//! `/api/admin/inventory/`: what lies where, what moved, and what is to move.

use commerce_core::catalog::{Sku, Slug};
use commerce_core::inventory::{
    InventoryError, LevelSearch, Location, MovedStock, MovementReason, MovementSearch, Moving, Part,
    Refused as RefusedRow,
};
use commerce_core::{LocationId, MovementId, Timestamp, VariantId};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Read;
use crate::api::access::{MayReadStock, MayWriteStock};
use crate::api::key::OptionalKey;
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    AdjustmentBody, Answer, Body, BulkDto, BulkStockBody, Check, Code, CountBody, CursorLinks, FieldError,
    Flag, Id, LevelChangeBody, LevelDto, LevelPageDto, MovedDto, MovementPageDto, OrNull, PageSize, Problem,
    ReceiptBody, Refused, RefusedRowDto, Text, TransferBody, statuses,
};

statuses! {
    /// Refusals of a change of stock.
    ChangeStock:
        400 "The body cannot be understood, or the `Idempotency-Key` is none.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such warehouse or variant.",
        409 "Less is there than is to leave (`out-of-stock`; `errors` says how much), the code is taken \
            (`already-exists`), or goods lie in the warehouse (`in-use`).",
        412 "Another version than the one that is named, or another number is on hand: `version-conflict`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, with every row that cannot be taken. Or `idempotency-key-reused`.";
}

pub(crate) struct InventoryApi {
    pub(super) shop: Shop,
}

/// What somebody sent, as text.
fn text(sent: &Query<Option<Text>>) -> Option<String> {
    sent.0.as_ref().map(|text| text.0.clone())
}

#[OpenApi(prefix_path = "/api/admin/inventory", tag = "Tag::BackOffice")]
impl InventoryApi {
    /// Lists what lies where
    ///
    /// By SKU. There may be any number, so a page begins behind a row and not at a number. Merchants see what they sell.
    #[oai(path = "/", method = "get", operation_id = "listStock")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        admin: MayReadStock,
        /// The code of a warehouse.
        warehouse: Query<Option<Text>>,
        /// The code of a variant.
        sku: Query<Option<Text>>,
        /// The slug of a product.
        product: Query<Option<Text>>,
        /// `true`: only levels with fewer available units than their reorder level says.
        below_reorder: Query<Option<Flag>>,
        /// The row behind which to begin: `next` of the page before leads there.
        cursor: Query<Option<Text>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<LevelPageDto>, Refused<Read>> {
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let below =
            below_reorder.0.as_ref().map_or(Some(false), |flag| flag.check("/below_reorder", &mut check));
        let product_slug = check.parse_optional::<Slug>("/product", text(&product).as_deref());
        let wanted_sku = check.parse_optional::<Sku>("/sku", text(&sku).as_deref());
        let after = text(&cursor).and_then(|cursor| {
            let behind = behind(&cursor);
            if behind.is_none() {
                check.wrong("/cursor", "invalid", "is no cursor of a page");
            }
            behind
        });
        let (page_size, below_reorder) = check.finish(size.zip(below))?;
        let filters = vec![
            ("warehouse", text(&warehouse)),
            ("sku", text(&sku)),
            ("product", text(&product)),
            ("below_reorder", below_reorder.then(|| "true".to_owned())),
        ];
        let search = LevelSearch {
            location: self.known("/warehouse", text(&warehouse)).await?,
            sku: wanted_sku,
            product: product_slug,
            seller: admin.caller.seller(),
            below_reorder,
            after,
        };
        let links = CursorLinks { path: "/api/admin/inventory/", filters, page_size };
        let mut found = self.shop.engine.inventory().stock(&search, links.rows()).await?;
        let next = links.cut(&mut found, |row| format!("{}:{}", row.shelf.level.location, row.sku));
        Ok(Answer::new(&LevelPageDto { results: found.into_iter().map(Into::into).collect(), next })?)
    }

    /// Lists what moved
    ///
    /// The newest first. Movements are only ever added. Merchants see those of what they sell.
    #[oai(path = "/movements/", method = "get", operation_id = "listStockMovements")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn movements(
        &self,
        admin: MayReadStock,
        /// The code of a variant.
        sku: Query<Option<Text>>,
        /// The code of a warehouse.
        warehouse: Query<Option<Text>>,
        /// Why: `receipt`, `sale`, `damaged`, ...
        reason: Query<Option<Text>>,
        /// From this instant on.
        from: Query<Option<Text>>,
        /// Before this instant.
        until: Query<Option<Text>>,
        /// Of one change: the `change_id` of an answer.
        change: Query<Option<Id>>,
        /// The row behind which to begin: `next` of the page before leads there.
        cursor: Query<Option<Id>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<MovementPageDto>, Refused<Read>> {
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let all = MovementReason::ALL;
        let wanted = text(&reason);
        let wanted_reason =
            wanted.as_deref().and_then(|name| check.word("/reason", name, all, MovementReason::as_str));
        let change_id = change.0.as_ref().map(|id| id.0.clone());
        let search = MovementSearch {
            sku: check.parse_optional::<Sku>("/sku", text(&sku).as_deref()),
            location: None,
            reason: wanted_reason,
            from: check.parse_optional::<Timestamp>("/from", text(&from).as_deref()),
            until: check.parse_optional::<Timestamp>("/until", text(&until).as_deref()),
            seller: admin.caller.seller(),
            audit: check.parse_optional("/change", change_id.as_deref()),
            after: cursor.0.as_ref().and_then(|id| check.parse::<MovementId>("/cursor", &id.0)),
        };
        let page_size = check.finish(size)?;
        let location = self.known("/warehouse", text(&warehouse)).await?;
        let search = MovementSearch { location, ..search };
        let filters = vec![
            ("sku", text(&sku)),
            ("warehouse", text(&warehouse)),
            ("reason", wanted),
            ("from", text(&from)),
            ("until", text(&until)),
            ("change", change_id),
        ];
        let links = CursorLinks { path: "/api/admin/inventory/movements/", filters, page_size };
        let mut found = self.shop.engine.inventory().movements(&search, links.rows()).await?;
        let next = links.cut(&mut found, |row| row.movement.id);
        Ok(Answer::new(&MovementPageDto { results: found.into_iter().map(Into::into).collect(), next })?)
    }

    /// Sets safety stock and reorder level
    ///
    /// Of a variant at a warehouse; what is left out stays.
    #[oai(path = "/levels/:variant_id/:warehouse/", method = "patch", operation_id = "changeStockLevel")]
    async fn set_level(
        &self,
        admin: MayWriteStock,
        /// The variant.
        variant_id: Path<Id>,
        /// The warehouse's code.
        warehouse: Path<Text>,
        body: Body<LevelChangeBody>,
    ) -> Result<Answer<LevelDto>, Refused<ChangeStock>> {
        let variant: VariantId = variant_id.0.0.parse().map_err(|_| Problem::not_found())?;
        let change = body.value.command();
        let stock = self.shop.engine.inventory();
        let code = warehouse.0.0;
        let set = settle(async move { stock.set_level(variant, &code, change, &admin.caller).await });
        Ok(Answer::new(&LevelDto::from(set.await?))?)
    }

    /// Adjusts a level
    ///
    /// By so many units more or fewer, with a reason. Fewer than are reserved for open orders never stay.
    #[oai(path = "/adjustments/", method = "post", operation_id = "adjustStock")]
    async fn adjust(
        &self,
        admin: MayWriteStock,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<AdjustmentBody>,
    ) -> Result<Answer<MovedDto, 201>, Refused<ChangeStock>> {
        let moving = body.value.command()?;
        let shape =
            Shape { list: "", warehouse: Some("/warehouse"), units: vec!["delta"], most: Moving::LINES_MAX };
        let route = "POST /api/admin/inventory/adjustments/";
        Ok(moved(self.make(admin, &key, route, &body.canonical, moving, shape).await?)?)
    }

    /// Takes goods in
    #[oai(path = "/receipts/", method = "post", operation_id = "receiveStock")]
    async fn receive(
        &self,
        admin: MayWriteStock,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<ReceiptBody>,
    ) -> Result<Answer<MovedDto, 201>, Refused<ChangeStock>> {
        let (list, warehouse) = ("/lines", Some("/warehouse"));
        let shape = Shape { list, warehouse, units: vec!["quantity"], most: Moving::LINES_MAX };
        let route = "POST /api/admin/inventory/receipts/";
        let moving = body.value.command();
        Ok(moved(self.make(admin, &key, route, &body.canonical, moving, shape).await?)?)
    }

    /// Sets levels to what was counted
    #[oai(path = "/counts/", method = "post", operation_id = "countStock")]
    async fn count(
        &self,
        admin: MayWriteStock,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<CountBody>,
    ) -> Result<Answer<MovedDto, 201>, Refused<ChangeStock>> {
        let (list, warehouse) = ("/lines", Some("/warehouse"));
        let shape = Shape { list, warehouse, units: vec!["on_hand"], most: Moving::LINES_MAX };
        let route = "POST /api/admin/inventory/counts/";
        let moving = body.value.command();
        Ok(moved(self.make(admin, &key, route, &body.canonical, moving, shape).await?)?)
    }

    /// Moves goods from one warehouse to another
    ///
    /// All of them or none. What is reserved for open orders stays.
    #[oai(path = "/transfers/", method = "post", operation_id = "transferStock")]
    async fn transfer(
        &self,
        admin: MayWriteStock,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<TransferBody>,
    ) -> Result<Answer<MovedDto, 201>, Refused<ChangeStock>> {
        let moving = body.value.command()?;
        // Two moves for each line item.
        let (list, warehouse) = ("/lines", Some("/from"));
        let shape = Shape { list, warehouse, units: vec!["quantity"], most: 2 * Moving::LINES_MAX };
        let route = "POST /api/admin/inventory/transfers/";
        Ok(moved(self.make(admin, &key, route, &body.canonical, moving, shape).await?)?)
    }

    /// Sets many levels
    ///
    /// Up to 10,000, all in one commit: by how many are there (`on_hand`) or by how many more or fewer (`delta`). When a row
    /// cannot be taken nothing is written, or with `"mode": "valid"` all the others are.
    #[oai(path = "/bulk/", method = "post", operation_id = "bulkStock")]
    async fn bulk(
        &self,
        admin: MayWriteStock,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<BulkStockBody>,
    ) -> Result<Answer<BulkDto>, Refused<ChangeStock>> {
        let rows: Vec<&'static str> = body.value.rows.iter().map(|row| row.units()).collect();
        let moving = body.value.command()?;
        let shape = Shape { list: "/rows", warehouse: None, units: rows.clone(), most: Moving::BULK_MAX };
        let route = "POST /api/admin/inventory/bulk/";
        let MovedStock { audit, written, unchanged, refusals, replayed, .. } =
            self.make(admin, &key, route, &body.canonical, moving, shape).await?;
        let refused = refusals.into_iter().map(|refused| RefusedRowDto {
            index: refused.index,
            field: field(refused.part, rows.get(refused.index).copied().unwrap_or("on_hand")).to_owned(),
            code: refused.code.to_owned(),
            reason: refused.reason,
        });
        let change_id = OrNull(audit.map(|row| row.0));
        let done = BulkDto { change_id, written, unchanged, refused: refused.collect() };
        Ok(Answer::new(&done)?.replayed(replayed))
    }
}

/// How the rows of a request are named.
struct Shape {
    /// Where the list is; empty: the body is the one row.
    list: &'static str,
    /// Where the warehouse of all rows is named; absent: each names its own.
    warehouse: Option<&'static str>,
    /// What the units of each row are called; of all of them, when there is one.
    units: Vec<&'static str>,
    /// How many moves there may be.
    most: usize,
}

impl InventoryApi {
    async fn make(
        &self,
        admin: MayWriteStock,
        key: &OptionalKey,
        route: &str,
        body: &[u8],
        moving: Moving,
        shape: Shape,
    ) -> Result<MovedStock, Problem> {
        let Shape { list, most, .. } = &shape;
        if moving.moves.is_empty() || moving.moves.len() > *most {
            let most = if moving.action == "stock.transfer" { most / 2 } else { *most };
            let words = format!("must have 1 to {most} rows");
            return Err(Problem::field(list, "out-of-range", words));
        }
        let request = key.request(admin.actor().to_string(), route, body);
        let stock = self.shop.engine.inventory();
        settle(async move {
            let made = stock.move_stock(&moving, &admin.caller, request.as_ref()).await;
            made.map_err(|error| match error {
                InventoryError::Refused(refusals) => refused(&refusals, &shape),
                other => other.into(),
            })
        })
        .await
    }

    /// The warehouse of this code, which a parameter names.
    async fn known(&self, pointer: &str, code: Option<String>) -> Result<Option<LocationId>, Problem> {
        let Some(code) = code else { return Ok(None) };
        let known: Vec<Location> = self.shop.engine.inventory().locations().await?;
        let found = known.into_iter().find(|location| location.code == code).map(|location| location.id);
        found.map(Some).ok_or_else(|| Problem::field(pointer, "unsupported", "no warehouse has this code"))
    }
}

fn moved(made: MovedStock) -> Result<Answer<MovedDto, 201>, Problem> {
    let replayed = made.replayed;
    Ok(Answer::new(&MovedDto::from(made))?.replayed(replayed))
}

/// Where a listing goes on: the location's id, a colon, the SKU.
fn behind(cursor: &str) -> Option<(Sku, LocationId)> {
    let (location, sku) = cursor.split_once(':')?;
    Some((sku.parse().ok()?, location.parse().ok()?))
}

fn field(part: Part, units: &'static str) -> &'static str {
    match part {
        Part::Sku => "sku",
        Part::Location => "warehouse",
        Part::Destination => "to",
        Part::Units => units,
    }
}

/// Every row that cannot be taken. What the present stock refuses is a conflict, unless something else is wrong too.
fn refused(refusals: &[RefusedRow], shape: &Shape) -> Problem {
    let Shape { list, warehouse, units, .. } = shape;
    let mut errors: Vec<FieldError> = Vec::new();
    for refused in refusals {
        let name =
            field(refused.part, units.get(refused.index).or(units.first()).copied().unwrap_or("units"));
        let row = if list.is_empty() { String::new() } else { format!("{list}/{}", refused.index) };
        let pointer = match (refused.part, warehouse) {
            (Part::Location, Some(pointer)) => (*pointer).to_owned(),
            (Part::Destination, _) => "/to".to_owned(),
            _ => format!("{row}/{name}"),
        };
        let error = FieldError::new(&pointer, refused.code, &refused.reason);
        // A warehouse that all rows share is refused once.
        if refused.part == Part::Sku
            || refused.part == Part::Units
            || warehouse.is_none()
            || !errors.contains(&error)
        {
            errors.push(error);
        }
    }
    let all = |codes: &[&str]| refusals.iter().all(|refused| codes.contains(&refused.code));
    let code = if all(&["changed"]) {
        Code::VersionConflict
    } else if all(&["out-of-stock", "reserved", "changed"]) {
        Code::OutOfStock
    } else {
        Code::ValidationFailed
    };
    Problem::fields(code, errors)
}
