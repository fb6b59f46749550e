//! The steps of a job, one file each. A step is a struct of its own ports plus `run`.

pub use archive::Packing;

mod again;
mod anonymize;
mod clock_notice;
mod collect;
mod erasure;
mod expire;
mod export_events;
mod locate;
mod notify;
mod owners;
mod package;
mod plan;
pub(crate) mod processors;
mod receipts;
mod screen;
mod sources;
mod verify;

pub use anonymize::Anonymize;
pub use collect::{Collect, format_of};
pub use erasure::{Conclude, Erasing, Issuers, erasure_steps};
pub(crate) use erasure::{PlannedTarget, of_round};
pub use expire::Expire;
pub use export_events::ExportEvents;
pub use locate::Locate;
pub use notify::Notify;
pub use package::Package;
pub use plan::PlanStore;
pub(crate) use plan::{BearsOn, ShardPlan};
pub use processors::TellProcessors;
pub use screen::Screen;
pub use sources::Sources;
pub(crate) use sources::source_lookup;
pub use verify::Verify;
