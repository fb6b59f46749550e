//! The use cases of Habeas, one file each, and the steps of a job. Owns its ports; knows no AWS.

pub mod act_on_clock;
pub mod act_on_job;
pub mod advance_job;
pub mod archive_info;
pub mod caller;
pub mod dashboard;
pub mod following;
pub mod gate;
pub mod issue_download;
pub mod keyring;
pub mod legal_clock;
pub mod notice;
pub mod nudging;
pub mod ports;
pub mod read_jobs;
pub mod refusal;
pub mod request_body;
pub mod retention;
pub mod sealing;
pub mod step_context;
pub mod step_error;
pub mod steps;
pub mod submit_request;
pub mod sweep_deadlines;
pub mod sweep_jobs;
pub mod verify_identity;
