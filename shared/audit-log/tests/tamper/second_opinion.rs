//! Asks `independent.py`, which shares no code with us, about the same logs; python3 must be installed, it is not skipped.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::kinds::Kind;
use crate::numbers::Numbers;
use crate::world::{Log, pair, verifier_of};

pub(crate) fn compare(logs: usize) {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("second-opinion");
    drop(fs::remove_dir_all(&root));
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("key"), verifier_of(&pair(1)).to_text()).unwrap();
    let mut ours = Vec::new();
    for seed in 0..logs as u64 {
        let mut numbers = Numbers::new(seed);
        let log = Log::random(&mut numbers);
        write(&log, &root.join(format!("{seed:05}-Clean")));
        ours.push(true);
        for kind in Kind::ALL {
            let tampered = kind.apply(&log, &mut numbers);
            write(&tampered, &root.join(format!("{seed:05}-{kind:?}")));
            ours.push(tampered.verify().is_ok());
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent.py");
    let output =
        Command::new("python3").arg(script).arg(&root).output().expect("python3 is a prerequisite of the tests");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(theirs.lines().count(), ours.len());
    let cases = (0..logs).flat_map(|seed| {
        std::iter::once(format!("{seed:05}-Clean"))
            .chain(Kind::ALL.iter().map(move |kind| format!("{seed:05}-{kind:?}")))
    });
    for (case, ours) in cases.zip(ours) {
        let theirs = theirs.lines().find_map(|line| line.strip_prefix(&format!("{case} "))).unwrap();
        assert_eq!(theirs.starts_with("holds"), ours, "{case}: {theirs}");
        assert_eq!(ours, case.ends_with("Clean"), "{case}");
    }
    fs::remove_dir_all(&root).unwrap();
}

fn write(log: &Log, dir: &Path) {
    for (name, bytes) in &log.files {
        let path = dir.join("log").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::create_dir_all(dir.join("known")).unwrap();
    for (place, note) in log.known.iter().enumerate() {
        fs::write(dir.join("known").join(place.to_string()), note).unwrap();
    }
}
