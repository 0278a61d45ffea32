//! What a promotion would do, before it does anything.

use std::time::Duration;

use commerce_core::promotion::{CouponError, Promotion};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::parts::field;
use super::{Read, Write};
use crate::api::access::MayReadRules;
use crate::api::{Shop, Tag};
use crate::wire::{Answer, Check, Days, Document, Problem, Promotions, Refused, Text, TrialDto};

pub(crate) struct TrialApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin/promotions", tag = "Tag::BackOffice")]
impl TrialApi {
    /// Tries a promotion out
    ///
    /// What it would have done to the carts of the last days, with all else as it is in force; it takes the place of one of
    /// the same code. Nothing is changed by it; coupons and limits are not looked at.
    #[oai(path = "/try/", method = "post", operation_id = "tryPromotion")]
    async fn try_out(
        &self,
        _admin: MayReadRules,
        /// Carts that changed in the last so many days.
        days: Query<Option<Days>>,
        body: Document<Promotions>,
    ) -> Result<Answer<TrialDto>, Refused<Write>> {
        Ok(self.run(&body.part, days.0).await?)
    }

    /// Tries a promotion of the rules out
    ///
    /// What it would have done to the carts of the last days if it were in force at all times of its window.
    #[oai(path = "/:code/try/", method = "post", operation_id = "tryKnownPromotion")]
    async fn try_known(
        &self,
        _admin: MayReadRules,
        /// Its code.
        code: Path<Text>,
        /// Carts that changed in the last so many days.
        days: Query<Option<Days>>,
    ) -> Result<Answer<TrialDto>, Refused<Read>> {
        let rules = self.shop.engine.rules().show().await?;
        let promotion = rules.rulebook.promotions.iter().find(|promotion| promotion.code == code.0.0);
        Ok(self.run(promotion.ok_or_else(Problem::not_found)?, days.0).await?)
    }
}

impl TrialApi {
    async fn run(&self, promotion: &Promotion, days: Option<Days>) -> Result<Answer<TrialDto>, Problem> {
        const DAY: u64 = 24 * 60 * 60;
        let mut check = Check::default();
        let days = days.map_or(Some(7), |days| days.check("/days", &mut check));
        let days = check.finish(days)?;
        let trial = self
            .shop
            .engine
            .promotions()
            .try_out(promotion, Duration::from_secs(u64::from(days) * DAY))
            .await;
        let trial = match trial {
            Err(CouponError::Promotion(errors)) => {
                // It was tried behind all others.
                let rules = self.shop.engine.rules().show().await?;
                let others = rules.rulebook.promotions.iter().filter(|known| known.code != promotion.code);
                let own = format!("/promotions/{}", others.count());
                return Err(Problem::validation(
                    errors.iter().map(|error| field(error, Some(&own))).collect(),
                ));
            }
            other => other?,
        };
        Answer::new(&trial.into())
    }
}
