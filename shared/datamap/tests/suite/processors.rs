//! Processors: how they are read, what each receives, and every mistake at its line.

use datamap::{DataMap, ProcessorProtocol, Severity, read_strs};

use crate::support::dataset;

/// Two collections that are found by an address; nothing else.
fn text(processor: &str) -> String {
    let data = dataset("# users\n id key\n email id=email\n# notes\n id key\n owner from=users.id");
    format!("{data}processors:\n{processor}\n")
}

const MAILER: &str = "- fides_key: mailer
  url: https://mail.example.com/hooks/
  protocol: webhook
  secret: processors/mailer
  datasets: [d.users]
  identities: [email]";

fn map(processor: &str) -> DataMap {
    let checked = read_strs(&[("m.yml", &text(processor))]);
    checked.map.unwrap_or_else(|| panic!("{:#?}", checked.findings))
}

/// Replaces one line (from 1) of the processor and gives what is said of processors at that line.
fn said(line: usize, with: &str) -> Vec<(Severity, &'static str)> {
    let lines: Vec<String> = MAILER.lines().map(str::to_owned).collect();
    let spoiled: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(at, text)| if at + 1 == line { with.to_owned() } else { text.clone() })
        .collect();
    let text = text(&spoiled.join("\n"));
    let before = text.lines().position(|line| line == "processors:").unwrap();
    let findings = read_strs(&[("m.yml", &text)]).findings;
    let here = findings.iter().filter(|it| it.line as usize == before + 1 + line);
    here.map(|it| (it.severity, it.code)).collect()
}

#[test]
fn a_processor_is_read_with_its_defaults() {
    let map = map(MAILER);
    let [mailer] = map.processors.as_slice() else { panic!("one processor") };
    assert_eq!((mailer.fides_key.as_str(), mailer.protocol), ("mailer", ProcessorProtocol::Webhook));
    assert_eq!((mailer.url.as_str(), mailer.answer_within_days), ("https://mail.example.com/hooks", 30));
    assert_eq!(mailer.identities["email"], "email");
}

#[test]
fn a_map_without_processors_keeps_its_hash() {
    let plain = read_strs(&[("m.yml", &dataset("# users\n id key\n email id=email"))]).map.unwrap();
    let stored = String::from_utf8(plain.canonical_json().unwrap()).unwrap();
    assert!(!stored.contains("processors"), "{stored}");
    assert_eq!(serde_json::from_str::<DataMap>(&stored).unwrap(), plain);
}

#[test]
fn only_who_received_something_of_what_went_is_concerned() {
    let sources = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let concerned = |map: &DataMap, went: &[&str]| map.processors_of(&sources(went)).count();
    let one = map(MAILER);
    assert_eq!([concerned(&one, &["d.users"]), concerned(&one, &["d.notes"]), concerned(&one, &[])], [1, 0, 0]);
    let all = map(&MAILER.replace("[d.users]", "[d]"));
    assert_eq!(concerned(&all, &["d.notes"]), 1);
    let other = map(&MAILER.replace("  datasets: [d.users]", "  data_categories: [user.health]"));
    assert_eq!(concerned(&other, &["d.users", "d.notes"]), 0);
}

#[test]
fn own_names_of_identities_are_kept() {
    let map = map(&MAILER.replace("[email]", "{email: e_mail, user_id: controller_customer_id}"));
    assert_eq!(map.processors[0].identities["user_id"], "controller_customer_id");
}

#[test]
fn mistakes_are_found_at_their_line() {
    for (line, with, code) in [
        (1, "- fides_key: 'mail er'", "invalid-name"),
        (2, "  url: http://mail.example.com/", "processor-address"),
        (2, "  url: https://u:p@mail.example.com/", "processor-address"),
        (2, "  url: https://intranet/", "processor-address"),
        (2, "  url: 'https://mail.example.com/a b'", "processor-address"),
        (3, "  protocol: pigeon", "unknown-protocol"),
        (4, "  secret: 'whsec_c2VjcmV0IG9mIHRoZSBtYWlsZXI='", "processor-secret"),
        (4, "  secret: a//b", "processor-secret"),
        (5, "  datasets: [d.nobody]", "unknown-dataset"),
        (6, "  identities: [shoe_size]", "unknown-identity"),
        (6, "  identities: {email: [a]}", "wrong-type"),
    ] {
        assert!(said(line, with).contains(&(Severity::Error, code)), "{with}: {:?}", said(line, with));
    }
    for (line, with, code) in [
        (2, "", "missing-required"),
        (3, "", "missing-required"),
        (4, "", "missing-required"),
        (5, "", "processor-scope"),
        (6, "", "missing-required"),
    ] {
        let spoiled = MAILER.lines().enumerate().filter(|(at, _)| at + 1 != line).map(|(_, text)| text.to_owned());
        let spoiled = spoiled.collect::<Vec<_>>().join("\n");
        let findings = read_strs(&[("m.yml", &text(&spoiled))]).findings;
        assert!(findings.iter().any(|it| it.code == code && it.severity == Severity::Error), "{with}{findings:?}");
    }
}

#[test]
fn what_is_added_wrongly_is_found_too() {
    let found = |more: &str| {
        let findings = read_strs(&[("m.yml", &text(&format!("{MAILER}\n{more}")))]).findings;
        findings.into_iter().map(|it| (it.severity, it.code)).collect::<Vec<_>>()
    };
    for (more, code) in [
        ("  retries: 3", "unknown-key"),
        ("  answer_within_days: 0", "wrong-type"),
        ("  answer_within_days: 366", "wrong-type"),
        ("  public_key: MIIB", "processor-key"),
        (MAILER, "duplicate-processor"),
    ] {
        assert!(found(more).contains(&(Severity::Error, code)), "{more}: {:?}", found(more));
    }
    assert!(found("  data_categories: [user.shoe_size]").contains(&(Severity::Warning, "unknown-category")));
    let local =
        read_strs(&[("m.yml", &text(&MAILER.replace("https://mail.example.com/hooks/", "http://127.0.0.1:9/h")))]);
    assert!(local.map.is_some() && local.findings.iter().any(|it| it.code == "processor-address"));
    let many: String = (0..31).map(|at| format!("{}\n", MAILER.replace("mailer", &format!("m{at}")))).collect();
    assert!(read_strs(&[("m.yml", &text(&many))]).findings.iter().any(|it| it.code == "too-many-processors"));
}
