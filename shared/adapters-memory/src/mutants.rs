//! Deliberate bugs. A suite that does not catch each of them proves nothing.
//!
//! Most are here, at the border of the ports; the last four are wrong steps, which whoever wires the steps puts in.

/// One deliberate bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutant {
    /// The store commits under an old fence.
    NoFence,
    /// The store takes a valid lease for a fence: whoever comes while any lease runs may write.
    ClockInsteadOfFence,
    /// The store looks at the fence alone: a worker may write over what it has written itself.
    NoVersionUnderFence,
    /// The store ignores versions.
    NoVersionCondition,
    /// The store overwrites what should be absent.
    NoAbsenceCondition,
    /// The store does not look whether the job is still open.
    NoGuard,
    /// The store looks for holds before the claim instead of within it.
    HoldOutsideClaim,
    /// Queries of claims read an index that lags behind: what has just begun is not found.
    StaleClaims,
    /// The store keeps all tenants under one key.
    NoTenantInKey,
    /// Nothing is entered in the sweep's index: a write, then a send, without an outbox.
    NoOutbox,
    /// The store knows neither tokens nor nonces: a retried write conflicts with itself.
    NoOpNonce,
    /// Counters ignore their limits.
    NoCounterLimit,
    /// Nudges for what a transition makes leave before it is committed, and not after.
    SendBeforeCommit,
    /// The store commits the changes but forgets the audit events among them.
    NoAuditEvent,
    /// Transactions are torn: only the first half of the changes is written.
    TornTransaction,
    /// The key service ignores the context a key is bound to.
    NoKeyContext,
    /// Sources ignore the tenant field of shared tables.
    NoTenantFieldCheck,
    /// Links never end.
    EndlessLink,
    /// Completing an upload replaces what is there.
    OverwriteOnComplete,
    /// Sources erase a row that is not what was planned any more.
    NoVersionAtErase,
    /// The end of the grace period goes by the plan that is there instead of planning anew.
    PlanNotRechecked,
    /// The subject's keys go before the subject's rows.
    ShredFirst,
    /// The erasure is concluded without searching again.
    ReceiptBeforeConfirmation,
    /// Whoever reads an archive back is shown what was sent instead of what is stored: nothing is verified.
    ArchiveNotVerified,
    /// The retention sweep finds no holds.
    HoldsUnread,
    /// Placing a hold does not look at what the retention sweep has begun.
    SweepUnseen,
    /// The retention sweep knows no cap; whoever wires it puts that in.
    CapIgnored,
    /// Processors are forgotten.
    ProcessorsNotTold,
    /// What the rules over events remember is not stored with the head of the log.
    MemoryLost,
    /// That something waits to be delivered is not stored with the head of the log.
    DeliveryForgotten,
    /// A head says that everything was delivered, whatever was.
    DeliveredUnseen,
    /// A pass takes a partner without looking at the partner's own guards: whoever was held in between goes along.
    PartnerNotGuarded,
    /// A pass leaves no claim beside its partner's guards: whoever places a hold finds nobody under way.
    PartnerClaimHidden,
    /// A pass erases for its first job alone and counts its partners as done.
    PartnersUntouched,
    /// A correction of an identity is behind the guard of one of its values only.
    CorrectionHalfGuarded,
    /// A correction of an identity comes behind its guards after its first rows instead of before.
    CorrectionGuardedLate,
    /// Restrictions stay under the wrong value alone.
    RestrictionLeftBehind,
    /// Whoever looks for suppressions, or asks that there be none, finds none.
    SuppressionUnseen,
}

impl Mutant {
    /// Bugs that only a pass of several erasures could have: its own stories must catch them.
    pub const OF_PASSES: &'static [Self] =
        &[Self::PartnerNotGuarded, Self::PartnerClaimHidden, Self::PartnersUntouched];

    /// Bugs that only a correction of an identity could have: its own stories must catch them.
    pub const OF_CORRECTIONS: &'static [Self] = &[
        Self::CorrectionHalfGuarded,
        Self::CorrectionGuardedLate,
        Self::RestrictionLeftBehind,
        Self::SuppressionUnseen,
    ];

    /// Bugs of what follows the sealing of a log: its own stories must catch them.
    pub const OF_FOLLOWING: &'static [Self] = &[Self::MemoryLost, Self::DeliveryForgotten, Self::DeliveredUnseen];

    /// Bugs that only the retention sweep could have, with those it shares: its own stories must catch them.
    pub const OF_RETENTION: &'static [Self] = &[
        Self::ArchiveNotVerified,
        Self::HoldsUnread,
        Self::SweepUnseen,
        Self::CapIgnored,
        Self::NoVersionAtErase,
        Self::NoTenantFieldCheck,
        Self::NoVersionCondition,
    ];

    /// Every bug of the work on requests, in the order of the report.
    pub const ALL: &'static [Self] = &[
        Self::NoFence,
        Self::ClockInsteadOfFence,
        Self::NoVersionUnderFence,
        Self::NoVersionCondition,
        Self::NoAbsenceCondition,
        Self::NoGuard,
        Self::HoldOutsideClaim,
        Self::StaleClaims,
        Self::NoTenantInKey,
        Self::NoOutbox,
        Self::NoOpNonce,
        Self::NoCounterLimit,
        Self::SendBeforeCommit,
        Self::NoAuditEvent,
        Self::TornTransaction,
        Self::NoKeyContext,
        Self::NoTenantFieldCheck,
        Self::EndlessLink,
        Self::OverwriteOnComplete,
        Self::NoVersionAtErase,
        Self::PlanNotRechecked,
        Self::ShredFirst,
        Self::ReceiptBeforeConfirmation,
        Self::ProcessorsNotTold,
        Self::PartnerNotGuarded,
        Self::PartnerClaimHidden,
        Self::PartnersUntouched,
        Self::CorrectionHalfGuarded,
        Self::CorrectionGuardedLate,
        Self::RestrictionLeftBehind,
        Self::SuppressionUnseen,
    ];
}

/// The bugs that are switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mutants(u64);

impl Mutants {
    /// No bugs.
    pub const NONE: Self = Self(0);

    /// One bug.
    #[must_use]
    pub const fn only(mutant: Mutant) -> Self {
        Self(1 << mutant as u64)
    }

    /// These and one more.
    #[must_use]
    pub const fn and(self, mutant: Mutant) -> Self {
        Self(self.0 | 1 << mutant as u64)
    }

    /// Whether the bug is on.
    #[must_use]
    pub const fn has(self, mutant: Mutant) -> bool {
        self.0 & (1 << mutant as u64) != 0
    }
}
