//! Coupons: made one by one or by the thousand, listed, ended.

use commerce_core::promotion::{Coupon, CouponCode};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::access::Admin;
use super::{Read, Write};
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, Body, Check, CouponDto, CouponPageDto, GenerateBody, GeneratedDto, NewCouponBody, OrNull,
    PageSize, Problem, Refused, Text, encode_into,
};

pub(crate) struct CouponsApi {
    pub(super) shop: Shop,
}

const PATH: &str = "/api/admin/coupons/";

#[OpenApi(prefix_path = "/api/admin/coupons", tag = "Tag::BackOffice")]
impl CouponsApi {
    /// Lists coupons
    ///
    /// By code. There may be any number, so a page begins behind a code and not at a number.
    #[oai(path = "/", method = "get", operation_id = "listCoupons")]
    async fn list(
        &self,
        _admin: Admin,
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
        let size = check.finish(size)?;
        let promotion = promotion.0.map(|promotion| promotion.0);
        // One more than is shown tells whether there is more.
        let mut found = self.shop.engine.promotions().coupons(promotion.clone(), after, size + 1).await?;
        let more = found.len() > size as usize;
        found.truncate(size as usize);
        let last = found.last().map(|state| state.coupon.code.to_string()).filter(|_| more);
        let next = last.map(|last| {
            let mut link = format!("{PATH}?cursor=");
            encode_into(&mut link, &last);
            link.push_str(&format!("&page_size={size}"));
            if let Some(promotion) = &promotion {
                link.push_str("&promotion=");
                encode_into(&mut link, promotion);
            }
            link
        });
        let results = found.into_iter().map(CouponDto::from).collect();
        Ok(Answer::new(&CouponPageDto { results, next: OrNull(next) })?)
    }

    /// Makes a coupon
    #[oai(path = "/", method = "post", operation_id = "createCoupon")]
    async fn create(
        &self,
        _admin: Admin,
        body: Body<NewCouponBody>,
    ) -> Result<Answer<CouponDto, 201>, Refused<Write>> {
        let (code, new) = body.value.command()?;
        let promotions = self.shop.engine.promotions();
        let coupon = settle(async move {
            let made = promotions.create(code, &new, &Admin::actor()).await?;
            promotions.coupon(&made.code).await
        });
        Ok(Answer::new(&coupon.await?.into())?)
    }

    /// Makes many coupons
    ///
    /// With codes that nobody can guess. They are made a thousand at a time: when the answer is a failure, some may be
    /// there, and can be found by their promotion. For more than 10,000 there is `commerce coupons generate`.
    #[oai(path = "/generate/", method = "post", operation_id = "generateCoupons")]
    async fn generate(
        &self,
        _admin: Admin,
        body: Body<GenerateBody>,
    ) -> Result<Answer<GeneratedDto, 201>, Refused<Write>> {
        let (count, prefix, new) = body.value.command()?;
        let promotions = self.shop.engine.promotions();
        let generated = settle(async move {
            let mut codes = Vec::new();
            let made =
                |coupons: &[Coupon]| codes.extend(coupons.iter().map(|coupon| coupon.code.to_string()));
            promotions.generate(count, &prefix, &new, &Admin::actor(), made).await?;
            Ok::<_, Problem>(GeneratedDto { promotion: new.promotion, codes })
        });
        Ok(Answer::new(&generated.await?)?)
    }

    /// Shows a coupon
    #[oai(path = "/:code/", method = "get", operation_id = "getCoupon")]
    async fn show(
        &self,
        _admin: Admin,
        /// Its code; case does not count.
        code: Path<Text>,
    ) -> Result<Answer<CouponDto>, Refused<Read>> {
        let code = code.0.0.parse::<CouponCode>().map_err(|_| Problem::not_found())?;
        Ok(Answer::new(&self.shop.engine.promotions().coupon(&code).await?.into())?)
    }

    /// Ends a coupon
    ///
    /// No order uses it from now on. One that has ended already stays as it is.
    #[oai(path = "/:code/end/", method = "post", operation_id = "endCoupon")]
    async fn end(
        &self,
        _admin: Admin,
        /// Its code; case does not count.
        code: Path<Text>,
    ) -> Result<Answer<CouponDto>, Refused<Read>> {
        let code = code.0.0.parse::<CouponCode>().map_err(|_| Problem::not_found())?;
        let promotions = self.shop.engine.promotions();
        let ended = settle(async move {
            promotions.end(&code, &Admin::actor()).await?;
            promotions.coupon(&code).await
        });
        Ok(Answer::new(&ended.await?.into())?)
    }
}
