//! Every rule of the lint, with the line it points at.

use crate::support::dataset;
use datamap::{Severity, read_strs};

/// A map without findings, to be spoiled line by line.
const GOOD: &str = "\
dataset:
- fides_key: app
  collections:
  - name: users
    fields:
    - name: id
      fides_meta: {primary_key: true, data_type: string}
    - name: email
      data_categories: [user.contact.email]
      fides_meta: {identity: email}
  - name: orders
    fields:
    - name: id
      fides_meta: {primary_key: true}
    - name: user_id
      fides_meta:
        references:
        - dataset: app
          field: users.id
          direction: from
connection:
- fides_key: tables
  datasets: [app]
  connector: dynamodb
  region: eu-central-1
  purpose: p
  lawful_basis: b
  recipients: []
  retention_class: c
  source: s
  collections:
    users: {table: users, indexes: {email: by_email}}
    orders: {table: orders, indexes: {user_id: by_user}}
controller: {name: n, contact: c, complaint_authority: a}
";

fn codes(text: &str) -> Vec<(Severity, &'static str, u32)> {
    let findings = read_strs(&[("m.yml", text)]).findings;
    findings.iter().map(|finding| (finding.severity, finding.code, finding.line)).collect()
}

/// Replaces one line (from 1) of the good map and expects this finding on that line among those made.
fn check(line: usize, text: &str, severity: Severity, code: &'static str) {
    check_at(line, text, severity, code, u32::try_from(line).unwrap());
}

fn check_at(line: usize, text: &str, severity: Severity, code: &'static str, at: u32) {
    let mut lines: Vec<&str> = GOOD.lines().collect();
    lines[line - 1] = text;
    let checked = read_strs(&[("m.yml", &lines.join("\n"))]);
    let found = checked.findings.iter().any(|it| (it.severity, it.code, it.line) == (severity, code, at));
    assert!(found, "{code} on {at}: {:#?}", checked.findings);
    assert_eq!(checked.map.is_none(), checked.findings.iter().any(|it| it.severity == Severity::Error));
}

const ERROR: Severity = Severity::Error;
const WARNING: Severity = Severity::Warning;

#[test]
fn good_map_has_no_findings() {
    assert_eq!(codes(GOOD), []);
}

#[test]
fn finding_is_shown_with_its_place() {
    let text = GOOD.replace("connector: dynamodb", "connector: oracle");
    let finding = read_strs(&[("m.yml", &text)]).findings.into_iter().find(|it| it.severity == ERROR).unwrap();
    assert_eq!(
        finding.to_string(),
        "m.yml:24:14: error[unknown-connector]: unknown connector `oracle` (known: dynamodb, s3)"
    );
}

#[test]
fn other_accounts_are_refused_until_they_are_supported() {
    let arn = "  region: eu-central-1\n  role_arn: arn:aws:iam::111122223333:role/habeas";
    check_at(25, arn, ERROR, "other-account", 26);
    check_at(25, "  region: eu-central-1\n  external_id: x", ERROR, "other-account", 26);
}

#[test]
fn yaml_mistakes_are_found() {
    check_at(3, "  collections: [", ERROR, "yaml-syntax", 4);
    check(2, "- {fides_key: app, fides_key: app}", ERROR, "duplicate-key");
    check(2, "- ? [a]\n  : b", ERROR, "yaml-key");
    let deep = format!("dataset: {}", "[".repeat(100));
    assert_eq!(codes(&deep), [(ERROR, "yaml-limit", 1)]);
    let bomb =
        (1..40).fold("dataset: \n- &a0 [x]".to_owned(), |text, n| format!("{text}\n- &a{n} [*a{0}, *a{0}]", n - 1));
    assert!(codes(&bomb).iter().any(|(_, code, _)| *code == "yaml-limit"));
}

#[test]
fn shape_mistakes_are_found() {
    check_at(2, "- fides_key: app\n  color: red", WARNING, "unknown-key", 3);
    check_at(22, "- fides_key: tables\n  colour: red", ERROR, "unknown-key", 23);
    check(28, "  recipients: everybody", ERROR, "wrong-type");
    check(7, "      fides_meta: {primary_key: maybe}", ERROR, "wrong-type");
    check(2, "- name: app", ERROR, "missing-required");
    check_at(19, "          direction: from", ERROR, "missing-required", 18);
    check(24, "  connector: oracle", ERROR, "unknown-connector");
    check_at(26, "", WARNING, "missing-art-15", 22);
    check(32, "    users: {table: users, scan: perhaps}", ERROR, "invalid-scan");
    check_at(25, "  region: r\n  max_requests_per_second: 0", ERROR, "wrong-type", 26);
}

#[test]
fn names_used_twice_are_found() {
    check(11, "  - name: users", ERROR, "duplicate-collection");
    check(8, "    - name: id", ERROR, "duplicate-field");
    let twice = [("a.yml", GOOD), ("b.yml", "dataset:\n- fides_key: app\n  collections: []\n")];
    let findings = read_strs(&twice).findings;
    assert!(findings.iter().any(|it| it.code == "duplicate-dataset" && it.file == "b.yml" && it.line == 2));
    let controllers = [("a.yml", GOOD), ("b.yml", "controller: {name: n, contact: c, complaint_authority: a}\n")];
    assert!(read_strs(&controllers).findings.iter().any(|it| it.code == "duplicate-controller" && it.file == "b.yml"));
    let connections = GOOD.replace(
        "controller:",
        "- fides_key: tables\n  datasets: []\n  connector: s3\n  region: r\n  collections: {}\ncontroller:",
    );
    assert!(codes(&connections).contains(&(ERROR, "duplicate-connection", 34)));
    check(33, "    app.users: {table: users}", ERROR, "duplicate-entry");
}

#[test]
fn broken_references_are_found() {
    check(18, "        - dataset: application", ERROR, "dangling-reference");
    check(19, "          field: people.id", ERROR, "dangling-reference");
    check(19, "          field: users.key", ERROR, "dangling-reference");
    check(19, "          field: users", ERROR, "reference-format");
    check(19, "          field: app.users.id", ERROR, "reference-format");
    check(20, "          direction: sideways", ERROR, "invalid-direction");
    check(12, "    fides_meta: {erase_after: [app.nobody]}\n    fields:", ERROR, "dangling-reference");
    check_at(15, "    - name: user\n      fields: [{name: id}]", ERROR, "object-field", 20);
}

#[test]
fn keys_and_indexes_are_checked() {
    check_at(7, "      fides_meta: {data_type: string}", ERROR, "no-primary-key", 4);
    check_at(33, "    orders: {table: orders}", ERROR, "no-index", 15);
    check(33, "    orders: {table: orders, indexes: {user: by_user}}", ERROR, "unknown-field");
    check_at(25, "  region: r\n  tenant_field: tenant", ERROR, "unknown-field", 26);
    let scanned = GOOD.replace("orders, indexes: {user_id: by_user}", "orders, scan: allow, scan_segments: 8");
    let map = read_strs(&[("m.yml", &scanned)]).map.unwrap();
    assert_eq!(map.collections[1].access("user_id"), datamap::Access::Scan(8));
}

#[test]
fn connections_must_fit_the_datasets() {
    check(23, "  datasets: [app, shop]", ERROR, "unknown-dataset");
    check(33, "    bills: {table: orders}", ERROR, "unknown-collection");
    check_at(33, "", ERROR, "no-connection-entry", 11);
    let (dataset, _) = GOOD.split_once("connection:").unwrap();
    assert_eq!(codes(dataset), [(WARNING, "no-controller", 1), (WARNING, "no-connection", 2)]);
    let two = GOOD.replace("[app]", "[app, other]").replace(
        "connection:\n",
        "- fides_key: other\n  collections:\n  - name: users\n    fields: [{name: id, fides_meta: {primary_key: true, identity: user_id}}]\nconnection:\n",
    );
    assert!(codes(&two).contains(&(ERROR, "ambiguous-collection", 36)), "{:?}", codes(&two));
}

#[test]
fn objects_in_s3_are_checked() {
    let s3 = |orders: &str| {
        GOOD.replace("dynamodb", "s3")
            .replace("{table: users, indexes: {email: by_email}}", "{bucket: b, prefix: u/, format: csv}")
            .replace("{table: orders, indexes: {user_id: by_user}}", orders)
    };
    assert_eq!(codes(&s3("{bucket: b, prefix: o/, format: ndjson}")), []);
    assert_eq!(codes(&s3("{bucket: b, prefix: 'o/{user_id}/', format: parquet, manifest: o/all.txt}")), []);
    assert_eq!(codes(&s3("{bucket: b, format: media, key_template: 'o/{user_id}/'}")), []);
    for (orders, code, line) in [
        ("{bucket: b, prefix: o/, format: xml}", "unknown-format", 33),
        ("{bucket: b, format: ndjson}", "missing-required", 33),
        ("{bucket: b, prefix: o/, format: parquet, manifest: p/all.txt}", "manifest-place", 33),
        ("{bucket: b, prefix: o/, format: parquet, manifest: 'o/{user_id}.txt'}", "manifest-place", 33),
        ("{bucket: b, format: media, key_template: 'o/{owner}/'}", "unknown-field", 33),
        ("{bucket: b, format: media, key_template: 'o/{user_id}'}", "key-template", 33),
        ("{bucket: b, format: media, key_template: 'o/'}", "key-template", 33),
        ("{bucket: b, format: media, key_template: 'o/{id}/{user_id}/'}", "no-index", 15),
    ] {
        let found = codes(&s3(orders));
        assert!(found.contains(&(ERROR, code, line)), "{code}: {found:?}");
    }
}

#[test]
fn words_are_checked() {
    check(9, "      data_categories: [user.shoe_size]", WARNING, "unknown-category");
    check(10, "      fides_meta: {identity: shoe_size}", WARNING, "unknown-identity");
    check(7, "      fides_meta: {primary_key: true, data_type: varchar}", ERROR, "unknown-data-type");
    check(
        7,
        "      fides_meta: {primary_key: true, data_type: string}\n      fields: [{name: x}]",
        ERROR,
        "unknown-data-type",
    );
    check(6, "    - name: the.id", ERROR, "invalid-name");
    let rule = |rule: &str| codes(&format!("{GOOD}erasure:\n- {rule}\n"));
    assert_eq!(rule("{data_categories: [user.contact], strategy: null_rewrite}"), []);
    assert_eq!(rule("{data_categories: [user.contact], strategy: burn}"), [(ERROR, "unknown-strategy", 36)]);
    let setting = |strategy: &str, configuration: &str| {
        rule(&format!("{{data_categories: [user.contact], strategy: {strategy}, configuration: {{{configuration}}}}}"))
    };
    assert_eq!(setting("string_rewrite", "rewrite_value: 'x-{pseudonym}'"), []);
    assert_eq!(setting("string_rewrite", "rewrite_value: '{uuid}'"), []);
    assert_eq!(setting("pii_rewrite", "names: true"), []);
    for (strategy, wrong) in [
        ("string_rewrite", "rewrite_value: '{pseudonym}'"),
        ("string_rewrite", "rewrite_value: 'x-{name}'"),
        ("string_rewrite", "rewrite_value: '{uuid}{uuid}'"),
        ("pii_rewrite", "names: perhaps"),
        ("pii_rewrite", "name: true"),
    ] {
        assert_eq!(setting(strategy, wrong), [(ERROR, "wrong-setting", 36)], "{strategy}: {wrong}");
    }
    assert_eq!(rule("{data_categories: [user.contact], strategy: preserve}"), [(ERROR, "missing-required", 36)]);
    assert_eq!(rule("{data_categories: [shoes], strategy: delete}"), [(WARNING, "unknown-category", 36)]);
    let own = format!(
        "{}data_category:\n- fides_key: user.shoe_size\n",
        GOOD.replace("user.contact.email", "user.shoe_size")
    );
    assert_eq!(codes(&own), []);
}

#[test]
fn reachability_is_checked() {
    check_at(10, "", ERROR, "no-identity", 1);
    check_at(20, "          direction: to", ERROR, "unreachable", 11);
    let skipped = GOOD
        .replace("direction: from", "direction: to")
        .replace("name: orders\n", "name: orders\n    fides_meta: {skip_processing: true}\n");
    assert_eq!(codes(&skipped), []);
    let organization =
        dataset("# users\n id key\n org_id id=organization_id\n email id=email\n# news\n email key id=email");
    assert!(codes(&organization).contains(&(WARNING, "not-reached-by-organization", 15)), "{:?}", codes(&organization));
    let several = dataset("# invites\n id key\n inviter id=email\n invitee id=email");
    assert!(codes(&several).contains(&(WARNING, "several-people", 12)), "{:?}", codes(&several));
    let wrong_way =
        dataset("# customers\n email key id=email\n rep_id to=employees.id\n# employees\n id key\n email id=email");
    assert!(codes(&wrong_way).contains(&(WARNING, "other-people", 13)), "{:?}", codes(&wrong_way));
}

#[test]
fn cycles_are_named() {
    let cycles = |short: &str| -> Vec<(u32, String)> {
        let findings = read_strs(&[("m.yml", &dataset(short))]).findings;
        findings.into_iter().filter(|it| it.code == "reference-cycle").map(|it| (it.line, it.message)).collect()
    };
    let two = "# a\n id key id=email to=b.a_id\n b_id from=b.id\n# b\n id key\n a_id";
    assert_eq!(cycles(two), [(15, "references form a cycle: d.a -> d.b -> d.a".to_owned())]);
    let own = "# a\n id key id=email\n parent_id from=a.id";
    assert_eq!(cycles(own), [(13, "references form a cycle: d.a -> d.a".to_owned())]);
    let undirected = "# a\n id key id=email\n parent_id ref=a.id";
    assert_eq!(cycles(undirected).len(), 1);
    let three = "# a\n id key id=email ref=c.id\n# b\n id key ref=a.id\n# c\n id key ref=b.id";
    assert_eq!(cycles(three).len(), 1);
    let both_ends = "# a\n id key id=email ref=b.a_id\n# b\n id key\n a_id ref=a.id";
    assert_eq!(cycles(both_ends), []);
    let tree = "# a\n id key id=email\n# b\n id key\n a_id ref=a.id";
    assert_eq!(cycles(tree), []);
}

#[test]
fn no_input_panics_the_reader() {
    let directory = datamap::read_dir(std::path::Path::new("src")).unwrap();
    assert!(directory.findings.iter().any(|it| it.code == "no-dataset"));
    assert!(datamap::read_dir(std::path::Path::new("no/such")).is_err());
    for (index, _) in GOOD.char_indices() {
        let checked = read_strs(&[("m.yml", &GOOD[..index]), ("n.yml", &GOOD[index..])]);
        assert!(checked.map.is_none() || !checked.findings.iter().any(|it| it.severity == ERROR));
    }
}

#[test]
fn issuers_of_tokens_are_checked() {
    let revoke =
        |more: &str| format!("    orders: {{table: orders, indexes: {{user_id: by_user}}, revoke: {{{more}}}}}");
    let good = "url: 'https://issuer.example.com/revoke', token: id, client_id: c, secret: oauth/issuer";
    let text = GOOD.lines().enumerate().map(|(at, line)| if at == 32 { revoke(good) } else { line.to_owned() });
    let map = read_strs(&[("m.yml", &text.collect::<Vec<_>>().join("\n"))]).map.unwrap();
    let found = map.collections[1].revoke.as_ref().unwrap();
    assert_eq!((found.token.as_str(), found.token_type_hint.as_deref()), ("id", None));
    for (from, to, code) in [
        ("https:", "http:", "processor-address"),
        ("token: id", "token: secret_id", "unknown-field"),
        ("secret: oauth/issuer", "secret: '5tr0ng!'", "processor-secret"),
        (", client_id: c", "", "missing-required"),
        (", client_id: c", ", client_id: c, retries: 3", "unknown-key"),
    ] {
        check(33, &revoke(&good.replace(from, to)), ERROR, code);
    }
}

#[test]
fn what_expires_must_be_found_and_say_whose_it_is() {
    let entry = |place: &str, retention: &str| {
        let s3 = GOOD
            .replace("dynamodb", "s3")
            .replace("{table: users, indexes: {email: by_email}}", "{bucket: b, prefix: u/, format: csv}");
        let map = if place.contains("table:") { GOOD.to_owned() } else { s3 };
        map.replace(
            "{table: orders, indexes: {user_id: by_user}}",
            &format!("{{{place}, retention: {{class: logs_days{retention}}}}}"),
        )
    };
    let table = "table: orders, indexes: {user_id: by_user}";
    let rows = "bucket: b, prefix: o/, format: ndjson";
    let days = "bucket: b, prefix: 'o/{id}/', format: ndjson";
    let media = "bucket: b, format: media, key_template: 'o/{user_id}/{id}/'";
    for (place, retention) in [
        (table, ", time_field: id, index: {name: i, partition_field: id, days_since: 2024-01-01, shards: 4}"),
        (table, ", time_field: id, index: {name: i, partition_field: id, partitions: [a, b]}"),
        (rows, ", time_field: id"),
        (media, ""),
        (media, ", time_field: id, organization_field: user_id"),
        (media, ", time_field: last_modified, whole_objects: true"),
    ] {
        assert_eq!(codes(&entry(place, retention)), [], "{place} {retention}");
    }
    for (place, retention, code) in [
        (table, ", time_field: id", "retention-source"),
        (table, ", time_field: id, whole_objects: true", "retention-source"),
        (table, ", time_field: id, index: {name: i, partition_field: id}", "invalid-retention"),
        (table, ", time_field: id, index: {name: i, partition_field: id, days_since: soon}", "invalid-retention"),
        (table, ", time_field: id, index: {name: i, partition_field: x, partitions: [a]}", "unknown-field"),
        (
            table,
            ", time_field: id, index: {name: i, partition_field: id, partitions: [a], shards: 2}",
            "invalid-retention",
        ),
        (rows, ", time_field: id, index: {name: i, partition_field: id, partitions: [a]}", "retention-source"),
        (rows, "", "missing-required"),
        (rows, ", time_field: last_modified", "unknown-field"),
        (days, ", whole_objects: true", "retention-subject"),
        (media, ", whole_objects: false, time_field: id", "retention-source"),
        (media, ", act: anonymize", "retention-source"),
        (media, ", time_unit: seconds", "retention-time"),
    ] {
        let found = codes(&entry(place, retention));
        assert!(found.iter().any(|it| (it.0, it.1) == (ERROR, code)), "{place} {retention}: {found:?}");
    }
}
