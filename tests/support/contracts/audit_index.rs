//! The contract of the indexes of audit events: each event where it belongs, in the order of time, and nobody else's.

use std::sync::Arc;

use domain::event::{Action, AuditEvent, EventIndex};
use domain::ids::{EventId, TenantId};
use domain::transition::{Cause, TransitionBuilder};
use workflow::ports::{AuditIndex, IdRange, JobStore};

use crate::contracts::cases;
use crate::names::Names;

/// The indexes, and the store whose events they show.
pub struct Shown {
    /// Commits events.
    pub store: Arc<dyn JobStore>,
    /// Shows them.
    pub index: Arc<dyn AuditIndex>,
}

cases!(Shown: an_event_is_found_by_its_id_in_its_tenant_only, every_index_holds_its_events_newest_first, a_range_leaves_out_both_ends_and_a_page_says_whether_more_follow);

/// Commits events of two jobs and of none, each act in turn, and answers them in the order of time.
async fn plant(shown: &Shown, names: &mut Names, tenant: &TenantId, count: usize) -> Vec<AuditEvent> {
    let jobs = [names.job(), names.job()];
    let mut events = Vec::new();
    for number in 0..count {
        let mut builder = TransitionBuilder::new(tenant, names.nonce(), Cause::worker(names.tick()), names.bytes());
        let action = Action::ALL[number % Action::ALL.len()];
        let event = match number % 3 {
            0 => builder.tenant_event("hold", action),
            at => builder.plain_event(&jobs[at - 1], "job", action),
        };
        builder.event(event.clone());
        shown.store.commit(&builder.build()).await.unwrap();
        events.push(event);
    }
    events
}

fn everything() -> IdRange {
    IdRange { above: "evt_".to_owned(), below: "evt_~".to_owned() }
}

/// An index may be behind for a moment: it is asked until it shows as many.
async fn shown_of(shown: &Shown, tenant: &TenantId, index: &EventIndex, expected: usize) -> Vec<AuditEvent> {
    for _ in 0..200 {
        let page = shown.index.newest(tenant, index, &everything(), 1_000).await.unwrap();
        if page.events.len() >= expected {
            assert!(!page.more);
            return page.events;
        }
    }
    panic!("{index:?} never showed {expected} events")
}

async fn an_event_is_found_by_its_id_in_its_tenant_only(shown: &Shown, names: &mut Names) {
    let (one, other) = (names.tenant(), names.tenant());
    let events = plant(shown, names, &one, 2).await;
    shown_of(shown, &one, &EventIndex::All, 2).await;
    assert_eq!(shown.index.find(&one, &events[1].id).await.unwrap().as_ref(), Some(&events[1]));
    assert_eq!(shown.index.find(&other, &events[1].id).await.unwrap(), None);
    let unknown = EventId::new(names.tick(), names.bytes());
    assert_eq!(shown.index.find(&one, &unknown).await.unwrap(), None);
}

async fn every_index_holds_its_events_newest_first(shown: &Shown, names: &mut Names) {
    let (tenant, other) = (names.tenant(), names.tenant());
    let mut events = plant(shown, names, &tenant, 12).await;
    plant(shown, names, &other, 3).await;
    events.reverse();
    let mut indexes: Vec<EventIndex> = events.iter().flat_map(EventIndex::of_event).collect();
    indexes.sort();
    indexes.dedup();
    assert!(indexes.len() >= 7, "{indexes:?}");
    for index in indexes {
        let expected: Vec<&AuditEvent> =
            events.iter().filter(|event| EventIndex::of_event(event).contains(&index)).collect();
        let found = shown_of(shown, &tenant, &index, expected.len()).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{index:?}");
    }
    let nobody = EventIndex::Actor("0".repeat(32));
    assert_eq!(shown.index.newest(&tenant, &nobody, &everything(), 5).await.unwrap().events, []);
}

async fn a_range_leaves_out_both_ends_and_a_page_says_whether_more_follow(shown: &Shown, names: &mut Names) {
    let tenant = names.tenant();
    let events = plant(shown, names, &tenant, 8).await;
    shown_of(shown, &tenant, &EventIndex::All, 8).await;
    let id = |at: usize| events[at].id.as_str().to_owned();
    let newest = async |above: String, below: String, limit| {
        let range = IdRange { above, below };
        let page = shown.index.newest(&tenant, &EventIndex::All, &range, limit).await.unwrap();
        (page.events.into_iter().map(|event| event.id).collect::<Vec<_>>(), page.more)
    };
    let ids = |places: &[usize]| places.iter().map(|at| events[*at].id.clone()).collect::<Vec<_>>();
    assert_eq!(newest(id(1), id(6), 100).await, (ids(&[5, 4, 3, 2]), false));
    assert_eq!(newest(id(1), id(6), 3).await, (ids(&[5, 4, 3]), true));
    let oldest = async |limit| {
        let range = IdRange { above: id(1), below: id(6) };
        let page = shown.index.oldest(&tenant, &EventIndex::All, &range, limit).await.unwrap();
        (page.events.into_iter().map(|event| event.id).collect::<Vec<_>>(), page.more)
    };
    assert_eq!(oldest(100).await, (ids(&[2, 3, 4, 5]), false));
    assert_eq!(oldest(3).await, (ids(&[2, 3, 4]), true));
    assert_eq!(newest(EventId::bound(events[2].at), EventId::bound(events[4].at), 100).await, (ids(&[3, 2]), false));
    for (above, below) in [(id(6), id(1)), (id(3), id(3))] {
        assert_eq!(newest(above, below, 100).await, (Vec::new(), false));
    }
}
