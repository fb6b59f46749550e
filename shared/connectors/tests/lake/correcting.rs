//! An identity that is corrected in objects is the very field by which its rows are found (GDPR Art. 16).

use domain::correction::{Corrected, Correction};
use domain::datum::Datum;
use domain::request::IdentityKind;
use workflow::ports::{Erased, ErasureOrder};

use super::objects::{Kind, MAP, content, object, rows, user};
use super::{KINDS, Lake, key, order_for, run};

/// Nobody's number.
const RIGHT: u64 = 20_000;

/// What the map makes of a correction of a user's id.
fn order_of(kind: Kind, was: u64) -> ErasureOrder {
    let fields = "{name: id, fides_meta: {primary_key: true, data_type: integer}},
          {name: user_id, fides_meta: {identity: user_id, data_type: string}}";
    let text = MAP.replace("{name: user_id, fides_meta: {primary_key: true, identity: user_id}}", fields);
    let map = datamap::read_strs(&[("map.yml", &text)]).map.unwrap();
    let collection = map.collection(&format!("lake.{}", kind.folder())).unwrap();
    let of = Corrected::Identity { kind: IdentityKind::UserId, was: user(was) };
    let correction = Correction { of, value: Datum::Text(user(RIGHT)) };
    let treatment = map.correction(collection, "user_id", &[correction]).unwrap();
    ErasureOrder { treatment, ..order_for(map, collection, vec![Datum::Text(user(was))]) }
}

#[test]
fn the_identity_that_rows_are_found_by_is_corrected_in_every_format_through_deaths() {
    run(async {
        let before = rows(0, 300, true);
        let was = before[50].user;
        let own = before.iter().filter(|row| row.user == was).count() as u64;
        let mut expected = before.clone();
        expected.iter_mut().filter(|row| row.user == was).for_each(|row| row.user = RIGHT);
        for (kind, dies_after) in KINDS.into_iter().flat_map(|kind| (0..12).map(move |calls| (kind, calls))) {
            let lake = Lake::new("corrects", true).await;
            lake.bucket.put(&key(kind, 0), b"an older version");
            lake.bucket.put(&key(kind, 0), &object(kind, &before));
            let order = order_of(kind, was);
            let planned = lake.plan(&order).await;
            assert_eq!(planned.iter().map(|it| (it.rows, it.other_rows)).collect::<Vec<_>>(), [(own, 300 - own)]);
            lake.bucket.live_for(Some(dies_after));
            let first = lake.erase(&order, &planned).await;
            lake.bucket.live_for(None);
            let again = lake.erase(&order, &planned).await.unwrap();
            assert_eq!(again, [Erased::Done], "{kind:?} {dies_after} {first:?}");
            assert_eq!(lake.plan(&order).await, [], "nothing is left of what was wrong");
            let after = lake.bucket.get(&key(kind, 0)).unwrap().bytes();
            assert!(content(kind, &after) == content(kind, &object(kind, &expected)), "{kind:?} {dies_after}");
            let versions = lake.bucket.all().into_iter().filter(|(it, _)| *it == key(kind, 0)).count();
            assert_eq!(versions, 1, "{kind:?} {dies_after}: the wrong value is in an older version");
        }
    });
}
