//! What erasure does with each collection of a map.

use datamap::{DataMap, Strategy, Treatment};

pub(crate) const MAP: &str = r"
dataset:
  - fides_key: app
    name: App
    collections:
      - name: users
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true } }
          - { name: email, data_categories: [user.contact.email], fides_meta: { identity: email } }
          - { name: seen_on, data_categories: [system.operations] }
      - name: memberships
        fields:
          - { name: room, data_categories: [user.social], fides_meta: { primary_key: true } }
          - name: member
            data_categories: [user.unique_id]
            fides_meta: { primary_key: true, references: [{ dataset: app, field: users.id, direction: from }] }
      - name: rooms
        fields:
          - name: id
            data_categories: [user.social]
            fides_meta: { primary_key: true, references: [{ dataset: app, field: memberships.room, direction: from }] }
          - { name: title, data_categories: [user.content] }
      - name: drafts
        fides_meta: { masking_strategy_override: { strategy: delete } }
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta: { primary_key: true, references: [{ dataset: app, field: memberships.room, direction: from }] }
      - name: invoices
        fields:
          - { name: number, data_categories: [user.financial], fides_meta: { primary_key: true } }
          - name: buyer
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: app, field: users.id, direction: from }] }
          - { name: total, data_categories: [user.financial] }
          - { name: street, data_categories: [user.contact.address.street] }
          - { name: city, data_categories: [user.contact.address.city] }
          - { name: note, data_categories: [user.content], fides_meta: { masking_strategy_override: { strategy: hash } } }
connection:
  - fides_key: tables
    datasets: [app]
    connector: dynamodb
    collections:
      users: { table: users, indexes: { email: by-email } }
      memberships: { table: memberships, indexes: { member: by-member } }
      rooms: { table: rooms }
      drafts: { table: drafts }
      invoices: { table: invoices, indexes: { buyer: by-buyer } }
erasure:
  - { data_categories: [user.financial], strategy: preserve, exemption: Art. 17(3)(b) GDPR, reason: Tax law. }
  - { data_categories: [user.contact.address.city], strategy: null_rewrite }
";

pub(crate) fn map() -> DataMap {
    let checked = datamap::read_strs(&[("map.yml", MAP)]);
    checked.map.clone().unwrap_or_else(|| panic!("{:?}", checked.findings))
}

fn treatment(collection: &str, field: &str) -> Treatment {
    let map = map();
    map.treatment(map.collection(collection).unwrap(), field)
}

#[test]
fn rows_go_where_nothing_needs_them_to_stay() {
    assert_eq!(treatment("app.users", "email"), Treatment::Delete);
    assert_eq!(treatment("app.memberships", "member"), Treatment::Delete);
}

#[test]
fn rows_that_others_may_point_at_are_kept_unless_the_collection_says_otherwise() {
    let Treatment::Keep { kept } = treatment("app.rooms", "id") else { panic!("kept") };
    assert_eq!(kept.exemption, "belongs to several people");
    assert_eq!(treatment("app.drafts", "id"), Treatment::Delete);
}

#[test]
fn a_row_under_an_exemption_keeps_it_and_its_keys_and_loses_the_rest() {
    let Treatment::Rewrite { fields, kept } = treatment("app.invoices", "buyer") else { panic!("rewritten") };
    let kept = kept.unwrap();
    assert_eq!((kept.exemption.as_str(), kept.reason.as_deref()), ("Art. 17(3)(b) GDPR", Some("Tax law.")));
    let fields: Vec<(&str, Strategy)> = fields.iter().map(|it| (it.path.as_str(), it.masking.strategy)).collect();
    assert_eq!(fields, [("street", Strategy::Delete), ("city", Strategy::NullRewrite), ("note", Strategy::Hash)]);
}
