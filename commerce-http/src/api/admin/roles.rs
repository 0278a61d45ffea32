//! `/api/admin/roles/`: what each role may do.

use poem_openapi::OpenApi;

use crate::api::Tag;
use crate::api::access::MayReadCustomers;
use crate::wire::{Answer, Refused, RolesDto, statuses};

statuses! {
    /// Refusals of reading roles.
    ReadRoles:
        401 "The token is missing or wrong.",
        403 "You may not do this.";
}

pub(crate) struct RolesApi;

#[OpenApi(prefix_path = "/api/admin/roles", tag = "Tag::BackOffice")]
impl RolesApi {
    /// Lists the roles and the permissions that there are
    ///
    /// The same for every shop. An account gets its role by `PATCH /api/users/{id}/`, a key of a program single permissions.
    #[oai(path = "/", method = "get", operation_id = "listRoles")]
    async fn list(&self, _admin: MayReadCustomers) -> Result<Answer<RolesDto>, Refused<ReadRoles>> {
        Ok(Answer::new(&RolesDto::all())?)
    }
}
