//! The data map of small scenes: people who are found by their address, and rows that belong to them.

/// A dataset of this key with two collections, people and what is theirs; more fields of the latter may follow it.
///
/// Rows of both are known by `id`; what is theirs names its `person`, and holds content in the field of this name.
pub(crate) fn people_and(key: &str, theirs: &str, content: &str) -> String {
    MAP.replace("KEY", key).replace("THEIRS", theirs).replace("CONTENT", content)
}

/// The same in two tables of these names; each entry may say more than its table and its index.
pub(crate) fn people_and_notes(key: &str, [people, notes]: [&str; 2], more: &str) -> String {
    let tables = TABLES.replace("KEY", key).replace("PEOPLE", people).replace("NOTES", notes).replace("MORE", more);
    people_and(key, "notes", "text") + &tables
}

const MAP: &str = r"
dataset:
  - fides_key: KEY
    name: KEY
    collections:
      - name: people
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - { name: email, data_categories: [user.contact.email], fides_meta: { identity: email, data_type: string } }
      - name: THEIRS
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - name: person
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: KEY, field: people.id, direction: from }], data_type: string }
          - { name: CONTENT, data_categories: [user.content], fides_meta: { data_type: string } }
";

const TABLES: &str = r"
connection:
  - fides_key: KEY_tables
    datasets: [KEY]
    connector: dynamodb
    collections:
      people: { table: PEOPLE, indexes: { email: by-email }MORE }
      notes: { table: NOTES, indexes: { person: by-person }MORE }
";
