//! `/health/`: for whoever runs the server.

use std::time::Duration;

use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::{Shop, Tag};
use crate::wire::{Answer, Problem, Refused, statuses};

statuses! {
    /// Refusals of a health check.
    Health: ;
}

/// How the server is.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Health")]
pub(crate) struct HealthDto {
    /// `ok`.
    status: String,
}

pub(crate) struct HealthApi {
    pub(super) shop: Shop,
}

/// A store that does not answer in this time is not ready, whatever it says later.
const PATIENCE: Duration = Duration::from_secs(2);

#[OpenApi(prefix_path = "/health", tag = "Tag::Operations")]
impl HealthApi {
    /// Says that the server runs
    #[oai(path = "/live", method = "get", operation_id = "live")]
    async fn live(&self) -> Result<Answer<HealthDto>, Refused<Health>> {
        ok()
    }

    /// Says that the server can work: that its store answers
    #[oai(path = "/ready", method = "get", operation_id = "ready")]
    async fn ready(&self) -> Result<Answer<HealthDto>, Refused<Health>> {
        match tokio::time::timeout(PATIENCE, self.shop.engine.store().ping()).await {
            Ok(Ok(())) => ok(),
            Ok(Err(error)) => Err(Problem::unavailable(error).into()),
            Err(late) => Err(Problem::unavailable(late).into()),
        }
    }
}

fn ok() -> Result<Answer<HealthDto>, Refused<Health>> {
    Ok(Answer::new(&HealthDto { status: "ok".to_owned() })?)
}
