//! Coupons: made one by one or by the thousand, listed, changed, ended.

use commerce_core::promotion::{CouponChanged, CouponCode, Issued};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::parts::{IfMatch, etag, expected};
use super::{Read, Write};
use crate::api::access::{MayReadCoupons, MayWriteCoupons};
use crate::api::key::OptionalKey;
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, Body, Check, CouponChangeBody, CouponDto, CouponPageDto, CursorLinks, GenerateBody, GeneratedDto,
    NewCouponBody, PageSize, Problem, Refused, Text,
};

pub(crate) struct CouponsApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin/coupons", tag = "Tag::BackOffice")]
impl CouponsApi {
    /// Lists coupons
    ///
    /// By code. There may be any number, so a page begins behind a code and not at a number.
    #[oai(path = "/", method = "get", operation_id = "listCoupons")]
    async fn list(
        &self,
        _admin: MayReadCoupons,
        /// The code of a promotion: those for it only.
        promotion: Query<Option<Text>>,
        /// The code behind which to begin: `next` of the page before leads there.
        cursor: Query<Option<Text>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<CouponPageDto>, Refused<Read>> {
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let after = cursor.0.and_then(|cursor| check.parse::<CouponCode>("/cursor", &cursor.0));
        let page_size = check.finish(size)?;
        let promotion = promotion.0.map(|promotion| promotion.0);
        let filters = vec![("promotion", promotion.clone())];
        let links = CursorLinks { path: "/api/admin/coupons/", filters, page_size };
        let mut found = self.shop.engine.promotions().coupons(promotion, after, links.rows()).await?;
        let next = links.cut(&mut found, |state| state.coupon.code.clone());
        Ok(Answer::new(&CouponPageDto { results: found.into_iter().map(CouponDto::from).collect(), next })?)
    }

    /// Makes a coupon
    #[oai(path = "/", method = "post", operation_id = "createCoupon")]
    async fn create(
        &self,
        admin: MayWriteCoupons,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<NewCouponBody>,
    ) -> Result<Answer<CouponDto, 201>, Refused<Write>> {
        let request = key.request(admin.actor().to_string(), "POST /api/admin/coupons/", &body.canonical);
        let (code, new) = body.value.command()?;
        let promotions = self.shop.engine.promotions();
        let made =
            settle(async move { promotions.create(code, &new, &admin.actor(), request.as_ref()).await });
        let CouponChanged { coupon, replayed } = made.await?;
        Ok(Answer::new(&coupon.into())?.replayed(replayed))
    }

    /// Makes many coupons
    ///
    /// With codes that nobody can guess: all of them, or none when the answer is a failure. For more than 10,000 there is
    /// `commerce coupons generate`.
    #[oai(path = "/generate/", method = "post", operation_id = "generateCoupons")]
    async fn generate(
        &self,
        admin: MayWriteCoupons,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<GenerateBody>,
    ) -> Result<Answer<GeneratedDto, 201>, Refused<Write>> {
        let route = "POST /api/admin/coupons/generate/";
        let request = key.request(admin.actor().to_string(), route, &body.canonical);
        let (count, prefix, new) = body.value.command()?;
        let promotions = self.shop.engine.promotions();
        let promotion = new.promotion.clone();
        let issued =
            settle(
                async move { promotions.issue(count, &prefix, &new, &admin.actor(), request.as_ref()).await },
            );
        let Issued { coupons, replayed } = issued.await?;
        let codes = coupons.iter().map(|coupon| coupon.code.to_string()).collect();
        Ok(Answer::new(&GeneratedDto { promotion, codes })?.replayed(replayed))
    }

    /// Shows a coupon
    #[oai(path = "/:code/", method = "get", operation_id = "getCoupon")]
    async fn show(
        &self,
        _admin: MayReadCoupons,
        /// Its code; case does not count.
        code: Path<Text>,
    ) -> Result<Answer<CouponDto>, Refused<Read>> {
        let code = code.0.0.parse::<CouponCode>().map_err(|_| Problem::not_found())?;
        let state = self.shop.engine.promotions().coupon(&code).await?;
        let version = state.coupon.version;
        Ok(Answer::new(&state.into())?.header("etag", Some(&etag(version))))
    }

    /// Changes a coupon
    ///
    /// Its window and its limits; what is left out stays, null lifts a bound. One that has ended stays as it is.
    #[oai(path = "/:code/", method = "patch", operation_id = "changeCoupon")]
    async fn change(
        &self,
        admin: MayWriteCoupons,
        /// Its code; case does not count.
        code: Path<Text>,
        /// The version of the coupon for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<CouponChangeBody>,
    ) -> Result<Answer<CouponDto>, Refused<Write>> {
        let code = code.0.0.parse::<CouponCode>().map_err(|_| Problem::not_found())?;
        let version = expected(&if_match, body.value.version)?;
        let change = body.value.command();
        let promotions = self.shop.engine.promotions();
        let revised =
            settle(async move { promotions.revise(&code, &change, version, &admin.actor(), None).await });
        let CouponChanged { coupon, .. } = revised.await?;
        let version = coupon.coupon.version;
        Ok(Answer::new(&coupon.into())?.header("etag", Some(&etag(version))))
    }

    /// Ends a coupon
    ///
    /// No order uses it from now on. One that has ended already stays as it is.
    #[oai(path = "/:code/end/", method = "post", operation_id = "endCoupon")]
    async fn end(
        &self,
        admin: MayWriteCoupons,
        /// Its code; case does not count.
        code: Path<Text>,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
    ) -> Result<Answer<CouponDto>, Refused<Write>> {
        let code = code.0.0.parse::<CouponCode>().map_err(|_| Problem::not_found())?;
        let route = "POST /api/admin/coupons/{code}/end/";
        let request = key.request(admin.actor().to_string(), route, code.as_str().as_bytes());
        let promotions = self.shop.engine.promotions();
        let ended = settle(async move { promotions.end(&code, &admin.actor(), request.as_ref()).await });
        let CouponChanged { coupon, replayed } = ended.await?;
        Ok(Answer::new(&coupon.into())?.replayed(replayed))
    }
}
