//! Every crash at every call, and what must hold after each.

use habeas_tests::invariants::{check_at_rest, check_canaries};
use habeas_tests::sample::ADA;
use habeas_tests::story::Story;
use habeas_tests::world::World;

#[test]
fn happy_run_keeps_every_invariant() {
    let mut world = World::new(1);
    let mut story = Story::new(ADA);
    story.play(&mut world);
    assert_eq!(story.broken, [""; 0]);
    let broken = world.memory.inspect(|state| [check_at_rest(state, &story.expected), check_canaries(state)].concat());
    assert_eq!(broken, [""; 0]);
    let calls = world.memory.inspect(|state| state.faults.calls().len());
    println!("{calls} calls");
    let start = std::time::Instant::now();
    let base = World::new(1).memory.snapshot();
    for _ in 0..100 {
        world.restore(&base);
        Story::new(ADA).play(&mut world);
    }
    println!("{:?} a story", start.elapsed() / 100);
}
