//! Conversations of two to four people of one organisation, their messages, and what is attached to them.

use super::people::Person;
use super::random::Random;
use super::row::Row;
use super::words::{SENTENCES, TOPICS};
use super::{Out, Settings, instant};

/// One file that hangs on a message; its bytes are written by `media`.
pub(super) struct Attachment {
    pub(super) attachment_id: String,
    pub(super) file_name: String,
    pub(super) picture: bool,
    message_id: String,
    size_bytes: usize,
}

struct Conversation {
    conversation_id: String,
    members: Vec<usize>,
    started_days_ago: usize,
}

/// Writes conversations, members and messages; gives back the attachments the messages name.
pub(super) fn write(out: &mut Out, settings: &Settings, people: &[Person]) -> std::io::Result<Vec<Attachment>> {
    let conversations = conversations(out, settings, people)?;
    let attachments = messages(out, settings, people, &conversations)?;
    write_attachments(out, &attachments)?;
    Ok(attachments)
}

fn conversations(out: &mut Out, settings: &Settings, people: &[Person]) -> std::io::Result<Vec<Conversation>> {
    let mut random = out.random("conversations");
    let made: Vec<Conversation> =
        (0..settings.conversations()).map(|index| conversation(index, people, &mut random)).collect();
    let mut file = out.collection("app", "conversations")?;
    for one in &made {
        let row = Row::new()
            .text("conversation_id", &one.conversation_id)
            .text("kind", if one.members.len() == 2 { "direct" } else { "group" })
            .text("title", &format!("About the {}", random.pick(&TOPICS)))
            .raw("member_count", &one.members.len())
            .text("started_at", &instant(one.started_days_ago, 0));
        file.line(row)?;
    }
    file.close()?;
    write_members(out, people, &made)?;
    Ok(made)
}

fn conversation(index: usize, people: &[Person], random: &mut Random) -> Conversation {
    // Everyone starts a conversation in turn, so nobody is without one.
    let first = index % people.len().max(1);
    let mut members = vec![first];
    let wanted = if random.chance(75) { 2 } else { random.between(3, 4) };
    for _ in 0..20 {
        let other = random.below(people.len());
        let same_organization = people[other].organization == people[first].organization;
        if members.len() < wanted && same_organization && !members.contains(&other) {
            members.push(other);
        }
    }
    Conversation { conversation_id: random.id("cnv"), members, started_days_ago: random.between(40, 400) }
}

fn write_members(out: &mut Out, people: &[Person], conversations: &[Conversation]) -> std::io::Result<()> {
    let mut file = out.collection("app", "conversation_members")?;
    for one in conversations {
        for (place, &member) in one.members.iter().enumerate() {
            let row = Row::new()
                .text("user_id", &people[member].user_id)
                .text("conversation_id", &one.conversation_id)
                .text("role", if place == 0 { "owner" } else { "member" })
                .text("joined_at", &instant(one.started_days_ago, place));
            file.line(row)?;
        }
    }
    file.close()
}

fn messages(
    out: &mut Out,
    settings: &Settings,
    people: &[Person],
    conversations: &[Conversation],
) -> std::io::Result<Vec<Attachment>> {
    let mut random = out.random("messages");
    let mut file = out.collection("app", "messages")?;
    let mut attachments = Vec::new();
    let mut with_media = vec![false; people.len()];
    for number in 0..settings.messages {
        let one = &conversations[number % conversations.len()];
        let author = one.members[random.below(one.members.len())];
        let message_id = format!("{}_{number:06}", random.id("msg"));
        let mut attached = Vec::new();
        // The first message of each of the people who have media carries one to three files.
        if author < settings.people_with_media && !with_media[author] {
            with_media[author] = true;
            attached = (0..random.between(1, 3)).map(|place| attachment(&message_id, place, &mut random)).collect();
        }
        let days_ago = one.started_days_ago * (settings.messages - number) / settings.messages;
        let listed = attached.iter().map(listed).collect();
        let row = Row::new()
            .text("conversation_id", &one.conversation_id)
            .text("message_id", &message_id)
            .text("author_id", &people[author].user_id)
            .text("sent_at", &instant(days_ago, random.below(80_000)))
            .text("body", &body(&mut random))
            .rows("attachments", listed);
        file.line(row)?;
        attachments.extend(attached);
    }
    file.close()?;
    Ok(attachments)
}

fn body(random: &mut Random) -> String {
    let sentences: Vec<&str> = (0..random.between(1, 3)).map(|_| random.pick(&SENTENCES)).collect();
    sentences.join(" ")
}

fn attachment(message_id: &str, place: usize, random: &mut Random) -> Attachment {
    let picture = place.is_multiple_of(2);
    let stem = random.pick(&TOPICS).replace(' ', "-");
    Attachment {
        attachment_id: random.id("att"),
        file_name: format!("{stem}.{}", if picture { "png" } else { "txt" }),
        picture,
        message_id: message_id.to_owned(),
        size_bytes: random.between(400, 9000),
    }
}

fn listed(attachment: &Attachment) -> Row {
    Row::new().text("attachment_id", &attachment.attachment_id).text("file_name", &attachment.file_name)
}

fn write_attachments(out: &mut Out, attachments: &[Attachment]) -> std::io::Result<()> {
    let mut file = out.collection("app", "attachments")?;
    for one in attachments {
        let row = Row::new()
            .text("attachment_id", &one.attachment_id)
            .text("message_id", &one.message_id)
            .text("content_type", if one.picture { "image/png" } else { "text/plain" })
            .raw("declared_size_bytes", &one.size_bytes);
        file.line(row)?;
    }
    file.close()
}
