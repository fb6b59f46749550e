//! What people find in their mail: codes and tickets.

use domain::ids::JobId;

use crate::world::World;

/// The text of the newest mail of a kind about a job.
#[must_use]
pub fn newest_mail(world: &World, job: &JobId, kind: &str) -> Option<String> {
    mails(world, job, kind).into_iter().next()
}

/// The texts of all mails of a kind about a job, newest first.
#[must_use]
pub fn mails(world: &World, job: &JobId, kind: &str) -> Vec<String> {
    let prefix = format!("{job}-{kind}");
    world.memory.inspect(|state| {
        let of_kind = state.outbox.sent.iter().rev().filter(|(_, mail)| mail.notice_id.starts_with(&prefix));
        of_kind.map(|(_, mail)| mail.text.expose().clone()).collect()
    })
}

/// The first run of eight digits.
#[must_use]
pub fn first_code(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .find(|word| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
}

/// The secret of the ticket in a mailed link.
#[must_use]
pub fn ticket_of(text: &str) -> Option<String> {
    let after = text.split_once("ticket=")?.1;
    after.split(|c: char| c.is_whitespace() || c == '"' || c == '&').next().map(str::to_owned)
}
