//! Tests of input that is broken, deep, long or contradicts itself: it is read as far as it goes, and nothing in it stays readable.

use std::fs;

use clap::Parser as _;
use pii::detect::Scanner;

use super::reader::read;
use crate::args::{Arguments, Command};

/// Each holds the address of one person, and is no good as JSON or hardly any.
fn inputs() -> Vec<Vec<u8>> {
    let deep = format!("{{\"a\":{}\"ada@example.com\"{}}}\n", "[".repeat(10_000), "]".repeat(10_000));
    let open = format!("{}\"ada@example.com\"\n", "{\"a\":".repeat(10_000));
    vec![
        deep.into_bytes(),
        open.into_bytes(),
        b"{\"x\":\"\xff\xfe ada@example.com\"}\n".to_vec(),
        b"\xc3 ada@example.com \xf0\x9f\n".to_vec(),
        b"{\"x\":NaN,\"y\":\"ada@example.com\"}\n".to_vec(),
        b"{\"x\":1,\"x\":\"ada@example.com\"}\n".to_vec(),
        b"{\"x\":\"ada@example.com\n".to_vec(),
    ]
}

#[test]
fn bad_input_is_scanned_as_far_as_it_goes() {
    for input in inputs() {
        let mut found = 0;
        let mut sink = |_, _: super::Finding<'_>| {
            found += 1;
            Ok(())
        };
        read(&input[..], None, &Scanner::new(), &mut sink).unwrap();
        assert!(found > 0, "{}", String::from_utf8_lossy(&input[..input.len().min(60)]));
    }
    let (long, mut found) = (format!("{{\"x\":\"{}ada@example.com\"}}", "a ".repeat(5_000_000)), 0);
    let mut sink = |_, _: super::Finding<'_>| {
        found += 1;
        Ok(())
    };
    read(long.as_bytes(), None, &Scanner::new(), &mut sink).unwrap();
    assert_eq!(found, 1, "a string of ten megabytes is read");
}

#[test]
fn bad_input_leaves_no_address_readable() {
    let dir = std::env::temp_dir().join(format!("habeas-bad-input-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    for (at, input) in inputs().into_iter().enumerate() {
        for ending in ["ndjson", "json", "csv", "txt"] {
            let (from, to) = (dir.join(format!("{at}.{ending}")), dir.join(format!("{at}.{ending}.out")));
            let head: &[u8] = if ending == "csv" { b"a\n" } else { b"" };
            fs::write(&from, [head, &input].concat()).unwrap();
            let words = ["habeas", "anonymize", from.to_str().unwrap(), "--out", to.to_str().unwrap()];
            let Command::Anonymize(arguments) = Arguments::parse_from(words).command else { unreachable!() };
            crate::commands::anonymize::run(&arguments).unwrap();
            let out = fs::read(&to).unwrap();
            assert!(!String::from_utf8_lossy(&out).contains("ada@"), "{at}.{ending}");
        }
    }
    fs::remove_dir_all(dir).unwrap();
}
