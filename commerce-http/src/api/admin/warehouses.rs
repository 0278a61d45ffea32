//! `/api/admin/warehouses/`: where stock lies.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Read;
use super::inventory::ChangeStock;
use super::parts::{IfMatch, etag, expected};
use super::rows::Rows;
use crate::api::access::{MayReadStock, MayWriteWarehouses};
use crate::api::key::OptionalKey;
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, Body, Done, NewWarehouseBody, PageNumber, PageSize, Refused, Text, WarehouseBody,
    WarehouseChangeBody, WarehouseDto, WarehousePageDto,
};
use commerce_core::inventory::{LocationChange, LocationChanged};

pub(crate) struct WarehousesApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin/warehouses", tag = "Tag::BackOffice")]
impl WarehousesApi {
    /// Lists warehouses
    ///
    /// By priority, then code; those that are not active too.
    #[oai(path = "/", method = "get", operation_id = "listWarehouses")]
    async fn list(
        &self,
        _admin: MayReadStock,
        /// Which page.
        page: Query<Option<PageNumber>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<WarehousePageDto>, Refused<Read>> {
        let all = Rows::all(self.shop.engine.inventory().locations().await?);
        let (rows, pagination) = all.cut("/api/admin/warehouses/", page.0, page_size.0)?;
        let results = rows.into_iter().map(Into::into).collect();
        Ok(Answer::new(&WarehousePageDto { results, pagination })?)
    }

    /// Makes a warehouse
    #[oai(path = "/", method = "post", operation_id = "createWarehouse")]
    async fn create(
        &self,
        admin: MayWriteWarehouses,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<NewWarehouseBody>,
    ) -> Result<Answer<WarehouseDto, 201>, Refused<ChangeStock>> {
        let request = key.request(admin.actor().to_string(), "POST /api/admin/warehouses/", &body.canonical);
        let new = body.value.command()?;
        let stock = self.shop.engine.inventory();
        let made = settle(async move { stock.create_location(&new, &admin.actor(), request.as_ref()).await });
        let LocationChanged { location, replayed } = made.await?;
        let version = etag(location.version);
        Ok(Answer::new(&location.into())?.header("etag", Some(&version)).replayed(replayed))
    }

    /// Shows a warehouse
    #[oai(path = "/:code/", method = "get", operation_id = "getWarehouse")]
    async fn show(
        &self,
        _admin: MayReadStock,
        /// Its code.
        code: Path<Text>,
    ) -> Result<Answer<WarehouseDto>, Refused<Read>> {
        let location = self.shop.engine.inventory().location(&code.0.0).await?;
        let version = etag(location.version);
        Ok(Answer::new(&location.into())?.header("etag", Some(&version)))
    }

    /// Replaces a warehouse
    ///
    /// All but its code: what is left out is empty.
    #[oai(path = "/:code/", method = "put", operation_id = "replaceWarehouse")]
    async fn replace(
        &self,
        admin: MayWriteWarehouses,
        /// Its code.
        code: Path<Text>,
        /// The version of the warehouse for which it is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<WarehouseBody>,
    ) -> Result<Answer<WarehouseDto>, Refused<ChangeStock>> {
        let version = expected(&if_match, body.value.version)?;
        let change = body.value.command()?;
        self.revise(admin, code, change, version).await
    }

    /// Changes a warehouse
    ///
    /// What is left out stays. One that is to be active no more has to be empty: `in-use` says what lies there.
    #[oai(path = "/:code/", method = "patch", operation_id = "changeWarehouse")]
    async fn change(
        &self,
        admin: MayWriteWarehouses,
        /// Its code.
        code: Path<Text>,
        /// The version of the warehouse for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<WarehouseChangeBody>,
    ) -> Result<Answer<WarehouseDto>, Refused<ChangeStock>> {
        let version = expected(&if_match, body.value.version)?;
        let change = body.value.command()?;
        self.revise(admin, code, change, version).await
    }

    /// Deactivates a warehouse
    ///
    /// Nothing is sold from it any more. It has to be empty: `in-use` says what lies there. What its levels kept back, and
    /// when to order, goes with it.
    #[oai(path = "/:code/", method = "delete", operation_id = "deactivateWarehouse")]
    async fn deactivate(
        &self,
        admin: MayWriteWarehouses,
        /// Its code.
        code: Path<Text>,
    ) -> Result<Done, Refused<ChangeStock>> {
        let change = LocationChange { active: Some(false), ..LocationChange::default() };
        let stock = self.shop.engine.inventory();
        let (code, actor) = (code.0.0, admin.actor());
        settle(async move { stock.revise_location(&code, &change, None, &actor).await }).await?;
        Ok(Done)
    }
}

impl WarehousesApi {
    async fn revise(
        &self,
        admin: MayWriteWarehouses,
        code: Path<Text>,
        change: LocationChange,
        version: Option<u64>,
    ) -> Result<Answer<WarehouseDto>, Refused<ChangeStock>> {
        let stock = self.shop.engine.inventory();
        let (code, actor) = (code.0.0, admin.actor());
        let revised =
            settle(async move { stock.revise_location(&code, &change, version, &actor).await }).await?;
        let version = etag(revised.version);
        Ok(Answer::new(&revised.into())?.header("etag", Some(&version)))
    }
}
