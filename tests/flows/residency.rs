//! Residency: a job stays in its region; a worker of another one parks it and reads nothing (R-EXP-6).

use habeas_tests::sample::ADA;
use serde_json::json;

use crate::caller::{admin, dpo, owner, subject};
use crate::house::{House, Settings};

#[test]
fn a_job_of_another_region_is_parked_before_anything_is_read() {
    let mut house = House::with(Settings { region: "us-east-1", ..Settings::default() });
    let mine = house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
    let ours = house.post(&owner("acme", "org-1"), "/export", &json!({})).job();
    house.world.memory.change(|state| state.faults.reset());
    house.world.run_until_idle();
    for id in [&mine, &ours] {
        let shown = house.get(&dpo("acme"), &format!("/jobs/{id}")).body;
        assert_eq!(shown["status"], "needs_human");
        assert!(shown["parked_because"].as_str().unwrap().ends_with("the job belongs to another region"), "{shown}");
        assert_eq!((house.objects(id), house.mails(id)), (Vec::new(), Vec::new()));
    }
    let read = house.world.memory.inspect(|state| {
        state.faults.calls().iter().filter(|call| matches!(call.operation, "locate" | "export" | "read_media")).count()
    });
    assert_eq!(read, 0);
    assert!(house.world.memory.inspect(|state| state.alerts.len()) >= 2);
    // Starting it again does not make the region another one.
    assert_eq!(house.post(&admin("acme"), &format!("/jobs/{mine}/process"), &json!({})).status, 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &mine), "needs_human");
}
