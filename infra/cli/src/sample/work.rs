//! What people make and plan: documents with versions, schedules, automation runs, audit entries, calls to support.

use super::people::Person;
use super::row::Row;
use super::words::{SENTENCES, TOPICS};
use super::{Out, instant};

/// Writes `documents` and `document_versions`.
pub(super) fn documents(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("documents");
    let mut documents = out.collection("app", "documents")?;
    let mut versions = out.collection("app", "document_versions")?;
    for person in people {
        for _ in 0..random.between(1, 4) {
            let document_id = random.id("doc");
            let count = random.between(1, 3);
            let topics = [random.pick(&TOPICS), random.pick(&TOPICS)];
            let row = Row::new()
                .text("document_id", &document_id)
                .text("owner_id", &person.user_id)
                .text("title", &format!("Notes on the {}", topics[0]))
                .texts("tags", &topics)
                .raw("version_count", &count)
                .text("updated_at", &instant(random.below(200), 0));
            documents.line(row)?;
            for version in 1..=count {
                let sentences: Vec<&str> = (0..random.between(2, 6)).map(|_| random.pick(&SENTENCES)).collect();
                let row = Row::new()
                    .text("document_id", &document_id)
                    .raw("version", &version)
                    .text("saved_at", &instant(200 + 3 - version, 0))
                    .text("body", &sentences.join("\n"));
                versions.line(row)?;
            }
        }
    }
    documents.close()?;
    versions.close()
}

/// Writes `schedules`: an object with a list inside, and a list of objects.
pub(super) fn schedules(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("schedules");
    let mut file = out.collection("app", "schedules")?;
    for person in people {
        for _ in 0..random.between(1, 5) {
            let recurrence = Row::new().text("frequency", "weekly").texts("by_day", &["MO", "TH"]);
            let reminders = [10, 60]
                .iter()
                .map(|minutes| Row::new().text("channel", "push").raw("minutes_before", minutes))
                .collect();
            let row = Row::new()
                .text("schedule_id", &random.id("sch"))
                .text("owner_id", &person.user_id)
                .text("title", &format!("Meeting: {}", random.pick(&TOPICS)))
                .text("starts_at", &instant(random.below(120), 3600))
                .text("location", random.pick(&["Room 4", "online", "Harbour Row 1"]))
                .row("recurrence", recurrence)
                .rows("reminders", reminders);
            file.line(row)?;
        }
    }
    file.close()
}

/// Writes `runs`: jobs that people's automations ran.
pub(super) fn runs(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("runs");
    let mut file = out.collection("app", "runs")?;
    for person in people {
        for _ in 0..random.between(1, 5) {
            let row = Row::new()
                .text("run_id", &random.id("run"))
                .text("user_id", &person.user_id)
                .text("automation", random.pick(&["weekly digest", "calendar sync", "report export"]))
                .text("state", if random.chance(93) { "succeeded" } else { "failed" })
                .text("started_at", &instant(random.below(90), 0))
                .raw("duration_ms", &random.between(40, 90_000));
            file.line(row)?;
        }
    }
    file.close()
}

/// Writes `audit_entries`: what the system noted about a person, newest first within each person.
pub(super) fn audit_entries(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("audit_entries");
    let mut file = out.collection("app", "audit_entries")?;
    for person in people {
        for place in 0..random.between(3, 6) {
            let row = Row::new()
                .text("user_id", &person.user_id)
                .text("entry_id", &format!("{}_{:05}", random.id("aud"), person.index))
                .text("at", &instant(place * 9, random.below(80_000)))
                .text("action", random.pick(&["login", "logout", "update", "export", "permission_granted"]))
                .text("ip_address", &format!("198.51.100.{}", random.between(1, 254)));
            file.line(row)?;
        }
    }
    file.close()
}

/// Writes `support_calls`: known by the caller's number only.
pub(super) fn support_calls(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("support_calls");
    let mut file = out.collection("app", "support_calls")?;
    for person in people {
        if !person.is_demo() && !random.chance(30) {
            continue;
        }
        let row = Row::new()
            .text("call_id", &random.id("cal"))
            .text("caller_phone", &person.phone)
            .text("called_at", &instant(random.below(180), random.below(80_000)))
            .raw("duration_seconds", &random.between(20, 1800))
            .text("note", random.pick(&SENTENCES));
        file.line(row)?;
    }
    file.close()
}

/// Writes `feature_flags`, which hold nothing about people.
pub(super) fn feature_flags(out: &mut Out) -> std::io::Result<()> {
    let mut file = out.collection("app", "feature_flags")?;
    for (flag, percent) in [("new-editor", 100), ("dark-mode", 100), ("assistant", 25), ("bulk-import", 5)] {
        file.line(Row::new().text("flag", flag).raw("percent", &percent))?;
    }
    file.close()
}
