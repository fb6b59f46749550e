//! What is read and written: the field names of the HTTP contract, and nothing else.
//!
//! Incoming bodies refuse unknown fields. Outgoing ones hold no personal data beyond what the caller may see.

mod acts;
mod answers;
mod correction;
mod forms;
mod hold;
mod job;
mod notices;
mod plan;
mod processor;
mod result;
mod retention;
mod risk;
mod schema;
mod step;
mod suppression;

pub use acts::{ApproveBody, AssignBody, CancelBody, LiftBody, NoteBody, PauseBody, ReasonBody, RejectBody};
pub use answers::{DashboardBody, DataHeld, EventBody, EventList, JobList, JobSummary, LinkBody, Rights};
pub use correction::CorrectionForm;
pub use forms::{
    CodeBody, DeleteBody, EmptyBody, ExportBody, IdentityForm, ManualBody, OwnDeletionBody, OwnExportBody, RequestForm,
    SubjectForm,
};
pub use hold::{HoldBody, HoldForm, HoldList, HoldScopeBody, HoldScopeForm, InFlightBody, OrganizationForm};
pub use job::{ArchiveBody, JobBody, RestrictionBody, VerificationBody};
pub use notices::{NoticesBody, NoticesForm, RecipientForm, TemplateForm, WebhookBody, WebhookForm};
pub use plan::{EstimateBody, PlanAnswer, PlanBody, PlanRecordBody, PlanRecordList, PlannedSourceBody};
pub use processor::{ProcessorBody, TokensBody};
pub use result::ResultBody;
pub use retention::{
    LastRunBody, RetentionBody, RetentionForm, RetentionScheduleBody, RetentionScheduleItem, RetentionVersion,
    ScheduledCollectionBody,
};
pub use risk::{ConsentRecordBody, HeldForBody, RiskBody, RiskRecordsBody};
pub use step::{ProgressBody, StepBody};
pub use suppression::{ObjectedBody, RestrictedBody, SuppressedBody, SuppressionsBody, SuppressionsForm};
