//! The answer to work on a whole collection: where its job is shown.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// A job that does what was asked.
#[derive(Serialize, ToSchema)]
pub struct OrderedBody {
    /// The id of the job.
    pub job_id: String,
    /// `pending`: it starts at once.
    pub status: &'static str,
    /// Where it is shown, and from where its result is fetched once it is completed.
    pub links: BTreeMap<&'static str, String>,
}

impl OrderedBody {
    /// The job as it was accepted.
    #[must_use]
    pub fn of(job: &str) -> Self {
        let own = format!("/api/v1/privacy/jobs/{job}");
        let links = BTreeMap::from([("download", format!("{own}/download")), ("self", own)]);
        Self { job_id: job.to_owned(), status: "pending", links }
    }
}
