//! What the servers do by themselves, once for each period.

use poem_openapi::OpenApi;

use super::Read;
use crate::api::access::MayReadSettings;
use crate::api::{Shop, Tag};
use crate::wire::{Answer, JobDto, JobsDto, Refused};

pub(crate) struct JobsApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin/jobs", tag = "Tag::BackOffice")]
impl JobsApi {
    /// Lists the jobs
    ///
    /// Each that the servers run once for each period, whether somebody runs it now, and what its last run did.
    #[oai(path = "/", method = "get", operation_id = "listJobs")]
    async fn list(&self, _admin: MayReadSettings) -> Result<Answer<JobsDto>, Refused<Read>> {
        let jobs = self.shop.engine.jobs().await?;
        let results = jobs.into_iter().map(|(now, job)| JobDto::new(job, now)).collect();
        Ok(Answer::new(&JobsDto { results })?)
    }
}
