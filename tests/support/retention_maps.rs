//! The data maps of what expires: a chat whose messages stand in a table, or whose pictures and visits lie in a bucket.
//!
//! Of the same text are the sweep in memory, the one over a million generated rows, and the one on the stack.

/// People, and messages that are kept for 90 days, in tables of these names.
#[must_use]
pub fn tables(people: &str, messages: &str) -> String {
    let text = format!("{HEAD}{MESSAGES}{CONNECTION}{MESSAGES_IN_TABLE}");
    text.replace("PEOPLE", people).replace("MESSAGES", messages)
}

/// People in a table of this name; their pictures and visits, kept for 90 days, in a bucket.
#[must_use]
pub fn objects(people: &str, bucket: &str) -> String {
    format!("{HEAD}{OBJECTS}{CONNECTION}{OBJECTS_IN_BUCKET}").replace("PEOPLE", people).replace("BUCKET", bucket)
}

/// The same with events of nobody in a table, which an index by day finds.
#[must_use]
pub fn objects_and_events(people: &str, bucket: &str, events: &str) -> String {
    let text = format!("{HEAD}{OBJECTS}{EVENTS}{CONNECTION}{EVENTS_IN_TABLE}{OBJECTS_IN_BUCKET}");
    text.replace("PEOPLE", people).replace("BUCKET", bucket).replace("EVENTS", events)
}

const HEAD: &str = r"
dataset:
  - fides_key: chat
    name: Chat
    description: What is said and shown, kept for 90 days
    collections:
      - name: people
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - { name: email, data_categories: [user.contact.email], fides_meta: { identity: email, data_type: string } }
";

const MESSAGES: &str = r"
      - name: messages
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - name: person
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: chat, field: people.id, direction: from }], data_type: string }
          - { name: sent_at, data_categories: [system.operations], fides_meta: { data_type: string } }
          - { name: text, data_categories: [user.content], fides_meta: { data_type: string } }
";

const OBJECTS: &str = r"
      - name: pictures
        fields:
          - name: person
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: chat, field: people.id, direction: from }], data_type: string }
          - { name: day, data_categories: [system.operations], fides_meta: { data_type: string } }
      - name: visits
        fields:
          - name: person
            data_categories: [user.unique_id]
            fides_meta:
              references: [{ dataset: chat, field: people.id, direction: from }]
              data_type: string
              primary_key: true
          - { name: at, data_categories: [system.operations], fides_meta: { data_type: string } }
";

const EVENTS: &str = r"
      - name: events
        fides_meta: { skip_processing: true }
        fields:
          - { name: id, data_categories: [system.operations], fides_meta: { primary_key: true, data_type: string } }
          - { name: at, data_categories: [system.operations], fides_meta: { data_type: string } }
          - { name: day, data_categories: [system.operations], fides_meta: { data_type: string } }
";

const CONNECTION: &str = r"
connection:
  - fides_key: chat_tables
    datasets: [chat]
    connector: dynamodb
    purpose: Talking
    lawful_basis: Contract (Art. 6(1)(b) GDPR)
    collections:
      people: { table: PEOPLE, indexes: { email: by-email } }
";

const MESSAGES_IN_TABLE: &str = r"
      messages:
        table: MESSAGES
        scan: allow
        indexes: { person: by-person }
        retention: { class: messages_days, time_field: sent_at, archive: true }
";

const EVENTS_IN_TABLE: &str = r"
      events:
        table: EVENTS
        retention:
          class: job_executions_days
          time_field: at
          index: { name: by-day, partition_field: day, days_since: 2025-01-01 }
";

const OBJECTS_IN_BUCKET: &str = r"
  - fides_key: chat_objects
    datasets: [chat]
    connector: s3
    purpose: Talking
    lawful_basis: Contract (Art. 6(1)(b) GDPR)
    collections:
      pictures:
        bucket: BUCKET
        format: media
        key_template: pictures/{person}/{day}/
        retention: { class: messages_days, time_field: day, archive: true }
      visits:
        bucket: BUCKET
        prefix: visits/
        format: ndjson
        retention: { class: messages_days, time_field: at, archive: true }
";
