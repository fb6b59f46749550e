//! What a person is told when the legal clock of a request is moved, or the request refused. Sending is in `notify`.

use domain::job::Job;
use domain::record::Record;
use domain::step::{Step, StepKind, StepState};
use jiff::tz::TimeZone;

use crate::notice::{ClockNotice, Moment, Moved, Notice};
use crate::ports::PortError;
use crate::step_context::StepContext;

/// The notice of a step; `None` where the job holds nothing to tell.
#[must_use]
pub(super) fn clock_notice(job: &Job, kind: StepKind, shard: u32, timezone: &TimeZone) -> Option<Notice> {
    let timing = &job.timing;
    let pause = usize::try_from(shard).ok().and_then(|at| timing.pauses.get(at));
    let (moved, reason) = match kind {
        StepKind::NotifyExtended => (Moved::Extended, timing.extension.as_ref()?.reason.clone()),
        StepKind::NotifyPaused => (Moved::Paused(pause?.waiting_for), pause?.reason.clone()),
        StepKind::NotifyResumed => (Moved::Resumed, pause?.resumed_because.clone()?),
        StepKind::NotifyRejected => (Moved::Rejected(job.regime), timing.refused_because.clone()?),
        StepKind::Screen
        | StepKind::Verify
        | StepKind::Locate
        | StepKind::Collect
        | StepKind::Anonymize
        | StepKind::ExportEvents
        | StepKind::Package
        | StepKind::PlanErasure
        | StepKind::SealPlan
        | StepKind::Approve
        | StepKind::Grace
        | StepKind::Quarantine
        | StepKind::LiftQuarantine
        | StepKind::RevokeTokens
        | StepKind::BeginErasure
        | StepKind::Erase
        | StepKind::Confirm
        | StepKind::TellProcessor
        | StepKind::Conclude
        | StepKind::NotifyReceived
        | StepKind::NotifyCode
        | StepKind::NotifyReady
        | StepKind::NotifyScheduled
        | StepKind::NotifyErased
        | StepKind::NotifyCancelled
        | StepKind::NotifyDecided
        | StepKind::NotifyLifting
        | StepKind::NotifyApproval
        | StepKind::NotifyUndelivered
        | StepKind::NotifyDeadline
        | StepKind::Expire => return None,
    };
    let due_on = Moment::of(job.due_at, timezone);
    let lifts = kind == StepKind::NotifyRejected && job.restricts();
    Some(Notice::Clock(ClockNotice { job: job.id.to_string(), moved, reason, due_on, lifts }))
}

/// What a person is told of a restriction; `None` where there is nothing to tell any more.
pub(super) fn restriction_notice(job: &Job, kind: StepKind) -> Option<Notice> {
    let restriction = job.restriction.as_ref()?;
    let id = job.id.to_string();
    if kind == StepKind::NotifyDecided {
        if restriction.purpose.is_some() {
            return Some(Notice::NoMarketing { job: id });
        }
        return Some(Notice::Restricted { job: id, objected: restriction.upheld.is_some() });
    }
    let lift = restriction.lift.as_ref().filter(|_| restriction.stands())?;
    Some(Notice::Lifting { job: id, reason: lift.reason.clone() })
}

/// Whether the address on record may still be found.
pub(super) async fn is_being_screened(context: &StepContext) -> Result<bool, PortError> {
    let key = Step::key_of(&context.job.tenant, &context.job.id, StepKind::Screen, 0);
    let found = context.ports.store.load(&[key]).await?;
    let screen = found.into_iter().flatten().find_map(Record::into_step);
    Ok(context.job.is_open() && screen.is_some_and(|step| step.state != StepState::Done))
}
