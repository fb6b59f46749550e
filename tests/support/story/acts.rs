//! The acts of each kind of story, and those of an access.

use jiff::SignedDuration;

use super::{Act, Kind, Story};
use crate::world::World;

impl Story {
    /// The acts in order; a simulation may take them one by one.
    #[must_use]
    pub const fn acts(&self) -> &'static [Act] {
        match self.kind {
            Kind::Access => Self::ACCESS,
            Kind::Erasure => Self::ERASURE,
            Kind::DriftingErasure => Self::DRIFTING_ERASURE,
            Kind::ParkedErasure => Self::PARKED_ERASURE,
            Kind::HeldErasure => Self::HELD_ERASURE,
            Kind::CancelledErasure => Self::CANCELLED_ERASURE,
            Kind::SharedErasure => Self::SHARED_ERASURE,
            Kind::RestoredErasure => Self::RESTORED_ERASURE,
            Kind::OrganisationDeletion => Self::ORGANISATION_DELETION,
            Kind::Restriction => Self::RESTRICTION,
            Kind::Rectification => Self::RECTIFICATION,
            Kind::RenamedIdentity => Self::RENAMED_IDENTITY,
        }
    }

    const ACCESS: &[Act] = &[
        Act::People(Self::submit),
        Act::Alone(World::run_until_idle),
        Act::People(Self::prove),
        Act::Alone(World::run_until_idle),
        Act::People(Self::fetch),
        Act::Alone(|world| world.advance(SignedDuration::from_hours(26))),
        Act::People(Self::find_nothing),
    ];
}
