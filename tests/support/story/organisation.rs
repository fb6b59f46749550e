//! The deletion of an organisation: asked for by its owner, who types its name back, approved by an officer, with everybody in it.

use domain::job::Scope;
use domain::request::RequestType;
use domain::role::Role;
use domain::sensitive::Sensitive;
use jiff::SignedDuration;
use workflow::caller::Caller;
use workflow::submit_request::NewRequest;

use super::erasure::GRACE;
use super::{Act, Kind, Story};
use crate::sample::{ADA, BOB, Person, access, caller, officer};
use crate::world::World;

/// The organisation of everybody.
const ORGANISATION: &str = "org-1";
const NAME: &str = "Acme GmbH";
/// Its members, as the first tenant knows them.
const MEMBERS: [Person; 2] = [ADA, BOB];

/// A request to delete the organisation.
pub(super) fn request() -> NewRequest {
    NewRequest {
        request_type: RequestType::Erasure,
        scope: Scope::Organization,
        identities: Vec::new(),
        confirmed_name: Some(NAME.to_owned()),
        description: None,
        ..access(ADA)
    }
}

impl Story {
    pub(super) const ORGANISATION_DELETION: &[Act] = &[
        Act::People(Self::submit),
        Act::Alone(World::run_until_idle),
        Act::People(Self::approve),
        Act::Alone(|world| world.advance(GRACE)),
        // Processors know people, not organisations: the last of them counts as unreachable after its deadline.
        Act::Alone(|world| world.advance(SignedDuration::from_hours(24 * 40))),
        Act::People(Self::see_erased),
    ];

    /// Whoever asks.
    pub(super) fn asker(&self) -> Caller {
        if self.kind != Kind::OrganisationDeletion {
            return officer(self.person.tenant);
        }
        let mut owner = caller(self.person.tenant, "owner-1", &[Role::Owner], None);
        owner.principal.organization_id = Some(ORGANISATION.to_owned());
        owner.principal.organization_name = Some(Sensitive::new(NAME.to_owned()));
        owner
    }

    /// Whom the request is about.
    pub(super) fn people(&self) -> &[Person] {
        if self.kind == Kind::OrganisationDeletion { &MEMBERS } else { std::slice::from_ref(&self.person) }
    }
}
