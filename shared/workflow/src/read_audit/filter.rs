//! Which events are asked for, and in which index they are found soonest.

use domain::event::{Action, AuditEvent, EventIndex, EventOutcome, Level};
use domain::ids::{EventId, JobId};
use jiff::{SignedDuration, Timestamp};

use crate::ports::IdRange;
use crate::refusal::Refusal;

/// The longest range of one question: events leave the query after 730 days (V6), a day is left for time zones.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 731);
/// A text behind every id.
const BEHIND_ALL: &str = "evt_~";
/// Kinds of things that never belong to a job, and so have a place of their own in the index of resources.
const OF_NO_JOB: [&str; 8] =
    ["hold", "datamap", "audit_events", "audit_event", "audit_checkpoint", "audit_proof", "audit_log", "evidence"];

/// Which events; what isn't said is not asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// At this time and later.
    pub start: Option<Timestamp>,
    /// Before this time.
    pub end: Option<Timestamp>,
    /// By this actor: a keyed hash, or `worker`, `holder`, `operator`.
    pub actor: Option<String>,
    /// This act.
    pub action: Option<Action>,
    /// On this kind of thing.
    pub resource_type: Option<String>,
    /// On this thing: the id of a job or of a hold.
    pub resource_id: Option<String>,
    /// This loud.
    pub level: Option<Level>,
    /// With this end.
    pub outcome: Option<EventOutcome>,
}

impl EventFilter {
    /// The ids within the range.
    ///
    /// # Errors
    /// `Invalid` for a range that is turned round or too long.
    pub(crate) fn range(&self, now: Timestamp) -> Result<IdRange, Refusal> {
        let end = self.end.unwrap_or(now);
        let earliest = end.checked_sub(LONGEST).unwrap_or(Timestamp::UNIX_EPOCH);
        if let Some(start) = self.start {
            if self.end.is_some_and(|end| start >= end) {
                return Err(Refusal::field("?start", "must be before end"));
            }
            if start < earliest {
                return Err(Refusal::field("?start", "must be at most 731 days before end, or before now"));
            }
        }
        let above = EventId::bound(self.start.unwrap_or(earliest));
        // Ids hold milliseconds: the exact time is compared with each event.
        let past_end = self.end.and_then(|end| end.checked_add(SignedDuration::from_millis(1)).ok());
        let below = past_end.map_or_else(|| BEHIND_ALL.to_owned(), EventId::bound);
        Ok(IdRange { above, below })
    }

    /// The index in which the fewest other events stand between those asked for.
    pub(super) fn index(&self) -> EventIndex {
        let job = self.resource_id.as_ref().filter(|id| id.parse::<JobId>().is_ok());
        let kind = self.resource_type.as_deref().or_else(|| self.kind_of_id());
        let kind = kind.filter(|kind| OF_NO_JOB.contains(kind)).map(str::to_owned);
        job.cloned()
            .map(EventIndex::Resource)
            .or_else(|| self.actor.as_deref().and_then(EventIndex::of_actor))
            .or_else(|| kind.map(EventIndex::Resource))
            .or_else(|| self.action.and_then(EventIndex::of_action))
            .unwrap_or(EventIndex::All)
    }

    fn kind_of_id(&self) -> Option<&'static str> {
        self.resource_id.as_deref().filter(|id| id.starts_with("hold_")).map(|_| "hold")
    }

    /// Whether some events of the index are not asked for.
    pub(super) fn drops_within(&self, index: &EventIndex) -> bool {
        let Self { start, end, .. } = self;
        let dates_only = Self { start: *start, end: *end, ..Self::default() };
        let rest = match index {
            EventIndex::All => self.clone(),
            EventIndex::Actor(_) => Self { actor: None, ..self.clone() },
            EventIndex::Resource(id) if self.resource_id.as_ref() == Some(id) => {
                Self { resource_id: None, ..self.clone() }
            }
            EventIndex::Resource(_) => Self { resource_type: None, ..self.clone() },
            EventIndex::Action(_) => Self { action: None, ..self.clone() },
        };
        rest != dates_only
    }

    /// Whether an event is asked for.
    #[must_use]
    pub fn fits(&self, event: &AuditEvent) -> bool {
        let Self { start, end, actor, action, resource_type, resource_id, level, outcome } = self;
        start.is_none_or(|start| event.at >= start)
            && end.is_none_or(|end| event.at < end)
            && actor.as_ref().is_none_or(|actor| event.actor.name() == actor)
            && action.is_none_or(|action| event.action == action)
            && resource_type.as_ref().is_none_or(|kind| event.resource_type == *kind)
            && resource_id.as_ref().is_none_or(|id| event.resource_id().as_ref() == Some(id))
            && level.is_none_or(|level| event.level == level)
            && outcome.is_none_or(|outcome| event.outcome == outcome)
    }

    /// Everything that makes two lists different, as texts.
    pub(super) fn parts(&self) -> [String; 8] {
        let Self { start, end, actor, action, resource_type, resource_id, level, outcome } = self;
        let time = |at: &Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        [
            time(start),
            time(end),
            actor.clone().unwrap_or_default(),
            action.map(|it| it.as_str().to_owned()).unwrap_or_default(),
            resource_type.clone().unwrap_or_default(),
            resource_id.clone().unwrap_or_default(),
            level.map(|it| it.as_str().to_owned()).unwrap_or_default(),
            outcome.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> String {
        JobId::new(Timestamp::UNIX_EPOCH, [1; 10]).to_string()
    }

    #[test]
    fn the_rarest_filter_decides_the_index_and_the_rest_is_dropped_within() {
        let all = EventFilter::default;
        let text = |text: &str| Some(text.to_owned());
        let cases = [
            (all(), EventIndex::All, false),
            (EventFilter { actor: text("worker"), ..all() }, EventIndex::All, true),
            (EventFilter { actor: text("holder"), ..all() }, EventIndex::Actor("holder".to_owned()), false),
            (EventFilter { action: Some(Action::Export), ..all() }, EventIndex::Action(Action::Export), false),
            (EventFilter { action: Some(Action::Update), ..all() }, EventIndex::All, true),
            (EventFilter { resource_type: text("hold"), ..all() }, EventIndex::Resource("hold".to_owned()), false),
            (EventFilter { resource_type: text("step"), ..all() }, EventIndex::All, true),
            (EventFilter { resource_id: text("hold_1"), ..all() }, EventIndex::Resource("hold".to_owned()), true),
            (EventFilter { resource_id: Some(job()), ..all() }, EventIndex::Resource(job()), false),
            (
                EventFilter { resource_id: Some(job()), actor: text("holder"), ..all() },
                EventIndex::Resource(job()),
                true,
            ),
            (EventFilter { level: Some(Level::Error), ..all() }, EventIndex::All, true),
            (EventFilter { end: Some(Timestamp::UNIX_EPOCH), ..all() }, EventIndex::All, false),
        ];
        for (filter, index, drops) in cases {
            assert_eq!((filter.index(), filter.drops_within(&filter.index())), (index, drops), "{filter:?}");
        }
    }

    #[test]
    fn a_range_is_refused_when_turned_round_or_longer_than_731_days() {
        let at = |day: i64| Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * (1_000 + day)));
        let range = |start, end| EventFilter { start, end, ..EventFilter::default() }.range(at(731).unwrap());
        assert!(range(at(0), at(731)).is_ok() && range(at(0), None).is_ok() && range(None, None).is_ok());
        for (start, end) in [(at(1), at(1)), (at(2), at(1)), (at(-1), at(731)), (at(-1), None)] {
            let Err(Refusal::Invalid(errors)) = range(start, end) else { panic!("{start:?} to {end:?}") };
            assert_eq!(errors[0].pointer, "?start");
        }
    }
}
