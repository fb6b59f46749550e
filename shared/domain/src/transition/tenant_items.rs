//! What a transition writes for the tenant as a whole: its data map, its legal holds, the guards these stand behind.

use super::{Change, Expect, TransitionBuilder};
use crate::event::{Action, EventOutcome, EventType, ItemVersion, Level};
use crate::hold::Hold;
use crate::ids::HoldId;
use crate::job::Job;
use crate::key::TenantKey;
use crate::notice::NoticeSettings;
use crate::record::{DataMapPointer, Record};
use crate::restriction::mark_of;
use crate::retention_run::{RetentionRun, RunPhase};

impl TransitionBuilder {
    /// Makes a data map the current one: its first pointer, or the next version of it.
    pub fn point_to_data_map(&mut self, before: Option<&DataMapPointer>, hash: &str) {
        let version = before.map_or(0, |pointer| pointer.version) + 1;
        let mut event = self.tenant_event("datamap", if before.is_some() { Action::Update } else { Action::Create });
        event.event_type = EventType::ConfigurationChange;
        event.item = Some(ItemVersion { item: "datamap".to_owned(), version });
        event.from = before.map(|pointer| pointer.hash.clone());
        event.to = Some(hash.to_owned());
        self.event(event);
        let pointer = DataMapPointer {
            v: 1,
            tenant: self.transition.tenant.clone(),
            version,
            op_nonce: self.transition.op_nonce.clone(),
            hash: hash.to_owned(),
            published_at: self.cause.at,
        };
        let expect = before.map_or(Expect::Absent, |pointer| Expect::Version(pointer.version));
        self.put(Record::DataMapPointer(pointer), expect);
    }

    /// Puts a restriction behind its guards, or takes it away, in the write of the job that begins or ends it.
    pub(super) fn restrict(&mut self, before: &Job, after: &Job) {
        let Some(restriction) = after.restriction.as_deref().filter(|it| it.stands() != before.restricts()) else {
            return;
        };
        for key in restriction.guards(&after.tenant, &after.id) {
            self.guard(key, mark_of(&after.id), restriction.stands());
        }
    }

    /// Writes the next version of a hold, or its first.
    pub fn write_hold(&mut self, before: Option<&Hold>, after: Hold) {
        let version = before.map_or(0, |hold| hold.version) + 1;
        let hold = Hold { version, op_nonce: self.transition.op_nonce.clone(), ..after };
        let action = if before.is_none() { Action::Create } else { Action::Update };
        let mut event = self.tenant_event("hold", action);
        event.event_type = EventType::HoldChange;
        event.item = Some(ItemVersion { item: Hold::sort_of(&hold.id), version });
        event.from = before.map(|hold| hold.status.as_str().to_owned());
        event.to = Some(hold.status.as_str().to_owned());
        self.event(event);
        let expect = before.map_or(Expect::Absent, |hold| Expect::Version(hold.version));
        self.put(Record::Hold(Box::new(hold)), expect);
    }

    /// Writes how far a retention run is, with its event.
    pub fn write_retention_run(&mut self, before: Option<&RetentionRun>, after: RetentionRun) {
        let version = before.map_or(0, |run| run.version) + 1;
        let run = RetentionRun { version, op_nonce: self.transition.op_nonce.clone(), ..after };
        let mut event = self.tenant_event("retention_run", Action::Execute);
        event.event_type = EventType::RetentionRun;
        event.item = Some(ItemVersion { item: run.key().sort().to_owned(), version });
        event.from = before.map(|run| run.phase.as_str().to_owned());
        event.to = Some(run.phase.as_str().to_owned());
        event.counts = run.told().counts();
        if run.phase == RunPhase::BeyondCap {
            event.level = Level::Error;
            event.outcome = EventOutcome::Failure;
        }
        self.event(event);
        let expect = before.map_or(Expect::Absent, |run| Expect::Version(run.version));
        self.put(Record::RetentionRun(Box::new(run)), expect);
    }

    /// Writes the next version of a tenant's settings of notices, or its first.
    pub fn write_notices(&mut self, before: Option<&NoticeSettings>, after: NoticeSettings, action: Action) {
        let version = before.map_or(0, |settings| settings.version) + 1;
        let settings = NoticeSettings { version, op_nonce: self.transition.op_nonce.clone(), ..after };
        let mut event = self.tenant_event("notices", action);
        event.event_type = EventType::ConfigurationChange;
        event.item = Some(ItemVersion { item: NoticeSettings::SORT.to_owned(), version });
        self.event(event);
        let expect = before.map_or(Expect::Absent, |settings| Expect::Version(settings.version));
        self.put(Record::Notices(Box::new(settings)), expect);
    }

    /// Puts a hold behind a guard, or takes it away.
    pub fn guard(&mut self, key: TenantKey, hold: HoldId, holds: bool) {
        self.transition.changes.push(Change::Guard { key, hold, holds });
    }
}
