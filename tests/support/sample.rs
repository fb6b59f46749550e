//! Two tenants, three people, one shared data map. Every value of a person is a canary that names its owner.

use std::sync::{Arc, LazyLock};

use adapters_memory::{MediaObject, MemoryWorld};
use datamap::DataMap;
use domain::datum::Datum;
use domain::ids::TenantId;
use domain::request::{Identity, IdentityKind, RequestType};
use domain::role::{Principal, Role};
use domain::sensitive::Sensitive;
use workflow::caller::Caller;
use workflow::submit_request::NewRequest;

/// The data map of both tenants: people, their orders in another dataset, their notes.
pub const MAP: &str = r"
dataset:
  - fides_key: app
    name: App
    collections:
      - name: users
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta: { primary_key: true, data_type: string }
          - name: email
            data_categories: [user.contact.email]
            fides_meta: { identity: email, data_type: string }
          - name: organization_id
            data_categories: [user.workplace]
            fides_meta: { identity: organization_id, data_type: string }
          - name: tenant
            data_categories: [system.operations]
          - name: name
            data_categories: [user.name]
      - name: notes
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta: { primary_key: true, data_type: string }
          - name: owner
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: app, field: users.id, direction: from }] }
          - name: tenant
            data_categories: [system.operations]
          - name: text
            data_categories: [user.content]
  - fides_key: shop
    name: Shop
    collections:
      - name: orders
        fields:
          - name: id
            data_categories: [user.financial]
            fides_meta: { primary_key: true, data_type: string }
          - name: buyer
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: app, field: users.id, direction: from }] }
          - name: tenant
            data_categories: [system.operations]
          - name: goods
            data_categories: [user.financial]
connection:
  - fides_key: tables
    datasets: [app, shop]
    connector: dynamodb
    region: eu-central-1
    tenant_field: tenant
    collections:
      users: { table: users, indexes: { email: by-email, organization_id: by-organization } }
      notes: { table: notes, indexes: { owner: by-owner } }
      orders: { table: orders, indexes: { buyer: by-buyer } }
";

/// The first tenant's pictures. Keys of media name no tenant, so that a bucket belongs to one.
pub const MEDIA_MAP: &str = r"
dataset:
  - fides_key: media
    name: Media
    collections:
      - name: pictures
        fields:
          - name: user
            data_categories: [user.unique_id]
            fides_meta: { primary_key: true, references: [{ dataset: app, field: users.id, direction: from }] }
          - name: file
            data_categories: [user.content]
connection:
  - fides_key: files
    datasets: [media]
    connector: s3
    region: eu-central-1
    collections:
      pictures: { bucket: media, format: media, key_template: 'u/{user}/{file}.png' }
";

/// Who else holds the first tenant's data: a mailer that knows people by address, a shipper that knows no pictures.
pub const PROCESSORS_MAP: &str = r"
processors:
  - fides_key: mailer
    url: https://mailer.example.com/hooks
    protocol: webhook
    secret: processors/mailer
    datasets: [app.users]
    identities: [email]
    answer_within_days: 14
  - fides_key: shipper
    url: https://shipper.example.com/opendsr/v2
    protocol: opendsr
    secret: processors/shipper
    data_categories: [user.financial]
    identities: { email: email }
";

static COMPILED: LazyLock<[Arc<DataMap>; 2]> = LazyLock::new(|| {
    let both = [("sample.yml", MAP), ("media.yml", MEDIA_MAP), ("processors.yml", PROCESSORS_MAP)];
    [&both[..], &both[..1]].map(|files| {
        let checked = datamap::read_strs(files);
        let errors =
            || checked.findings.iter().filter(|it| it.severity == datamap::Severity::Error).collect::<Vec<_>>();
        Arc::new(checked.map.clone().unwrap_or_else(|| panic!("{:?}", errors())))
    })
});

/// A person of the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Whose customer.
    pub tenant: &'static str,
    /// The id of the row.
    pub id: &'static str,
    /// The address on record.
    pub email: &'static str,
    /// What every value of the person holds, and nobody else's.
    pub canary: &'static str,
}

/// A person of the first tenant.
pub const ADA: Person = Person { tenant: "acme", id: "u-ada", email: "ada.canary@example.com", canary: "canary-ada" };
/// Another person of the first tenant.
pub const BOB: Person = Person { tenant: "acme", id: "u-bob", email: "bob.canary@example.com", canary: "canary-bob" };
/// A customer of the second tenant with Ada's address and id.
pub const EVE: Person = Person { tenant: "globex", id: "u-ada", email: "ada.canary@example.com", canary: "canary-eve" };
/// Everybody.
pub const PEOPLE: [Person; 3] = [ADA, BOB, EVE];

/// Rows of notes and of orders that each person has.
pub const ROWS_EACH: usize = 3;
/// Bytes of each person's picture.
pub const PICTURE_BYTES: usize = 300;

/// A tenant by its slug.
#[must_use]
pub fn tenant(slug: &str) -> TenantId {
    slug.parse().unwrap()
}

/// The compiled data map of a tenant.
#[must_use]
pub fn data_map(tenant_slug: &str) -> Arc<DataMap> {
    Arc::clone(&COMPILED[usize::from(tenant_slug != "acme")])
}

/// Fills the sources and publishes the data map for both tenants.
pub fn load(world: &MemoryWorld) {
    for slug in ["acme", "globex"] {
        world.publish(&tenant(slug), data_map(slug)).unwrap();
    }
    world.change(|state| {
        for (name, secret) in
            [("mailer", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), ("shipper", "token-of-the-shipper")]
        {
            state.outside.secrets.insert((tenant("acme"), format!("processors/{name}")), secret.to_owned());
        }
    });
    world.change_sources(|sources| {
        // Small pages, so that every lookup has several.
        sources.page_rows = 2;
        for person in PEOPLE {
            let row = |fields: &[(&str, String)]| {
                let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Datum::Text(value.clone())));
                Datum::Map(fields.chain([("tenant".to_owned(), Datum::Text(person.tenant.to_owned()))]).collect())
            };
            let own = |text: &str| format!("{}-{text}", person.canary);
            sources.table("app.users").insert(row(&[
                ("id", person.id.to_owned()),
                ("email", person.email.to_owned()),
                ("organization_id", "org-1".to_owned()),
                ("name", own("name")),
            ]));
            for at in 0..ROWS_EACH {
                let note = [("id", own(&format!("note-{at}"))), ("owner", person.id.to_owned()), ("text", own("text"))];
                sources.table("app.notes").insert(row(&note));
                let order =
                    [("id", own(&format!("order-{at}"))), ("buyer", person.id.to_owned()), ("goods", own("goods"))];
                sources.table("shop.orders").insert(row(&order));
            }
        }
        // Media have no tenant field: only the first tenant keeps any.
        for person in [ADA, BOB] {
            let bytes = person.canary.bytes().cycle().take(PICTURE_BYTES).collect();
            let picture = MediaObject {
                written_at: None,
                etag: "1".to_owned(),
                content_type: Some("image/png".to_owned()),
                bytes: Arc::new(bytes),
            };
            sources.put_media("media.pictures", &format!("u/{}/{}-face.png", person.id, person.canary), picture);
        }
    });
}

/// A caller with these roles.
#[must_use]
pub fn caller(tenant_slug: &str, subject: &str, roles: &[Role], email: Option<&str>) -> Caller {
    Caller {
        principal: Principal {
            tenant: tenant(tenant_slug),
            subject: Sensitive::new(subject.to_owned()),
            roles: roles.to_vec(),
            email: email.map(|email| Sensitive::new(email.to_owned())),
            organization_id: None,
            organization_name: None,
        },
        request_id: "req-1".to_owned(),
        ip: Some(Sensitive::new("203.0.113.7".to_owned())),
        user_agent: Some(Sensitive::new("curl/8.0".to_owned())),
        language: None,
    }
}

/// Somebody of the tenant who works on requests and may start them by hand.
#[must_use]
pub fn officer(tenant_slug: &str) -> Caller {
    caller(tenant_slug, "officer-7", &[Role::Dpo, Role::Operator, Role::SuperAdmin], None)
}

/// The person, signed in.
#[must_use]
pub fn signed_in(person: Person) -> Caller {
    caller(person.tenant, person.id, &[Role::DataSubject], Some(person.email))
}

/// An access request for a person, with words of the person.
#[must_use]
pub fn access(person: Person) -> NewRequest {
    NewRequest {
        request_type: RequestType::Access,
        regime: None,
        scope: domain::job::Scope::Subject,
        identities: vec![Identity::new(IdentityKind::Email, person.email).unwrap()],
        organization_id: None,
        confirmed_name: None,
        received_at: None,
        description: Some(Sensitive::new(format!("{} asks", person.canary))),
        format: None,
        include_media: true,
        purpose: None,
        corrections: Vec::new(),
        grace_days: None,
        language: None,
        order: None,
    }
}
