//! Watches due dates: records each deadline alert once and passes it on, so that no date goes by in silence.
//!
//! Trigger: schedule, every 15 minutes.
//! Reads: the deadline shards of the `wake` index, jobs, the notice that confirms a receipt. Needs no queue and no tenant key.
//! Writes: alert marks on jobs with their audit events and the step that tells officers, one transaction per job.
//! Sends: digests of the week by SES; warnings are log lines and metrics, and mail by `notification-worker`.
//! If run twice: a recorded alert is not due again; of two runs at once one loses by the job's version.

mod handler;

pub use handler::handle;
