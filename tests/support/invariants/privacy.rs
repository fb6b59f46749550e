//! Who is told what, by which link, and that nothing personal is where nothing personal may be.

use adapters_memory::State;
use domain::event::EventType;
use domain::record::Record;
use jiff::SignedDuration;

use super::Expected;
use crate::sample::{PEOPLE, PICTURE_BYTES, Person, ROWS_EACH};

/// INV-X1: mail goes to the address on record of the person the job is about.
pub(super) fn check_mail(state: &State, expected: &Expected, broken: &mut Vec<String>) {
    let to_people = |mail: &&(jiff::Timestamp, std::sync::Arc<workflow::ports::Mail>)| {
        let to_staff = ["-notify_deadline-", "-notify_approval-", "-notify_undelivered-"];
        !to_staff.iter().any(|kind| mail.1.notice_id.contains(kind))
    };
    for (_, mail) in state.outbox.sent.iter().filter(to_people) {
        let job = expected.accepted.iter().find(|(_, id, _)| mail.notice_id.starts_with(id.as_str()));
        match job {
            Some((_, _, person)) if person.email == mail.to.expose() => {}
            Some(_) => broken.push("INV-X1 a mail went to an address that is not on record".to_owned()),
            // A crash between commit and answer: the caller asks again and learns the id later.
            None => {}
        }
    }
}

/// INV-X3: links end in time, and each one that was handed out is in the audit trail.
pub(super) fn check_links(state: &State, expected: &Expected, broken: &mut Vec<String>) {
    for link in &state.objects.links {
        if link.expires_at > link.at + SignedDuration::from_mins(15) {
            broken.push("INV-X3 a link lives longer than 15 minutes".to_owned());
        }
        let archive = state.items.values().find_map(|record| match record.as_ref() {
            Record::Job(job) => job.archive.as_ref().filter(|archive| archive.key == link.key),
            _ => None,
        });
        match archive {
            Some(archive) if link.expires_at <= archive.expires_at => {}
            Some(_) => broken.push("INV-X3 a link outlives its archive".to_owned()),
            None => broken.push("INV-X3 a link to what is no archive".to_owned()),
        }
    }
    let audited = state.items.values().filter(
        |record| matches!(record.as_ref(), Record::Event(event) if event.event_type == EventType::ExportIssued),
    );
    if audited.count() < expected.links_handed_out {
        broken.push("INV-X3 a link was handed out without its event".to_owned());
    }
}

/// INV-A4: no planted value in queues, audit events, object keys, stored items or mail tags.
pub(super) fn check_canaries(state: &State, broken: &mut Vec<String>) {
    let mut look = |place: &str, text: &str| {
        if text.contains("canary") {
            broken.push(format!("INV-A4 personal data in {place}"));
        }
    };
    for sent in &state.queues.sent {
        look("a queue message", &serde_json::to_string(sent.nudge.as_ref()).unwrap());
    }
    for (key, _) in &state.objects.written {
        look("an object key", key);
    }
    for object in state.objects.stored.iter().filter(|(key, _)| key.starts_with("plans/")) {
        look("an unsealed plan", &String::from_utf8_lossy(&object.1.bytes));
    }
    for (_, mail) in &state.outbox.sent {
        look("a mail's tag or subject", &format!("{} {}", mail.notice_id, mail.subject));
        look("a mail's text", &mail.text.expose().replace(mail.to.expose().as_str(), ""));
    }
    for (_, webhook) in &state.outbox.webhooks {
        look("a webhook", &format!("{} {}", webhook.id, webhook.body));
    }
    for (_, message) in &state.outbox.published {
        look("a topic's message", &format!("{} {}", message.id, message.body));
    }
    for commit in &state.journal {
        for record in commit.writes.iter().filter_map(|write| write.after.as_deref()) {
            look("a stored item", &serde_json::to_string(record).unwrap());
        }
    }
}

/// INV-X2: the archive holds every row of the person once in each form, and nothing of anybody else.
///
/// # Errors
/// Says what is missing, doubled or foreign.
pub fn check_archive(bytes: &[u8], person: Person, has_media: bool) -> Result<(), String> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut counts = [0; 3];
    let mut media_bytes = 0;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|error| error.to_string())?;
        let name = entry.name().map_err(|error| error.to_string())?.into_owned();
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut text).map_err(|error| format!("{name}: {error}"))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let foreign = PEOPLE.iter().find(|other| other.canary != person.canary && text.contains(other.canary));
        if foreign.is_some() {
            return Err(format!("INV-X2 {name} holds somebody else's data"));
        }
        if name.contains("canary") {
            return Err("INV-A4 the name of an entry holds personal data".to_owned());
        }
        let own = |what: &str| text.matches(&format!("{}-{what}", person.canary)).count();
        if name.starts_with("json/") {
            counts[0] += own("name");
            counts[1] += own("text");
            counts[2] += own("goods");
        }
        if name.starts_with("media/") {
            media_bytes += text.len();
        }
    }
    if counts != [1, ROWS_EACH, ROWS_EACH] {
        return Err(format!("INV-X2 rows in the archive: {counts:?}"));
    }
    if media_bytes != if has_media { PICTURE_BYTES } else { 0 } {
        return Err(format!("INV-X2 {media_bytes} bytes of media in the archive"));
    }
    Ok(())
}
