//! Claims about what a transition brings along.

use super::*;
use crate::event::Actor;
use crate::record::DataMapPointer;

#[test]
fn a_data_map_is_published_with_its_event() {
    let tenant: TenantId = "acme".parse().unwrap();
    let cause = Cause { actor: Actor::Operator, ..Cause::worker(jiff::Timestamp::UNIX_EPOCH) };
    let publish = |before: Option<&DataMapPointer>, hash: &str| {
        let mut builder = TransitionBuilder::new(&tenant, OpNonce::new([1; 16]), cause.clone(), [2; 10]);
        builder.point_to_data_map(before, hash);
        let mut changes = builder.build().changes.into_iter();
        let (Some(Change::Put { record: Record::Event(event), .. }), Some(Change::Put { record, expect }), None) =
            (changes.next(), changes.next(), changes.next())
        else {
            panic!("an event and a pointer")
        };
        (event, record.into_data_map_pointer().unwrap(), expect)
    };
    let (event, first, expect) = publish(None, "aa");
    assert_eq!((event.action, event.job, expect), (Action::Create, None, Expect::Absent));
    let (event, second, expect) = publish(Some(&first), "bb");
    assert_eq!((second.version, expect), (2, Expect::Version(1)));
    assert_eq!((event.from.as_deref(), event.to.as_deref()), (Some("aa"), Some("bb")));
    assert_eq!(event.item.as_ref().map(|item| item.version), Some(2));
    let key = event.key();
    assert_eq!((key.tenant(), key.partition()), (&tenant, &crate::key::Partition::Tenant));
}
