//! Who acts: roles, the permissions each has (V1), and the principal a verified token stands for.

use serde::{Deserialize, Serialize};

use crate::ids::TenantId;
use crate::request::wire_enum;
use crate::sensitive::Sensitive;

wire_enum! {
    /// A role as claimed by a verified token.
    Role {
        /// Owner of one organisation.
        Owner = "owner",
        /// Data protection officer.
        Dpo = "dpo",
        /// Works on requests.
        Operator = "operator",
        /// Works on data and on the systems that hold it.
        Developer = "developer",
        /// Reads evidence, writes nothing.
        Auditor = "auditor",
        /// The person whose data it is.
        DataSubject = "data_subject",
        /// Has every ordinary permission; owner-only acts stay with owners.
        SuperAdmin = "super_admin",
    }
}

wire_enum! {
    /// What one may do (V1).
    Permission {
        /// Submit a request.
        JobCreate = "job:create",
        /// See jobs.
        JobRead = "job:read",
        /// Assign, note, extend, pause.
        JobUpdate = "job:update",
        /// Cancel or reject.
        JobDelete = "job:delete",
        /// Start processing by hand.
        JobExecute = "job:execute",
        /// Approve the plan of an erasure.
        JobApprove = "job:approve",
        /// Confirm an identity by hand.
        IdentityVerifyManual = "identity:verify_manual",
        /// Start an export of a whole organisation.
        OrgJobExport = "org_job:export",
        /// Start the deletion of a whole organisation.
        OrgJobDelete = "org_job:delete",
        /// Place a legal hold.
        HoldCreate = "hold:create",
        /// See legal holds.
        HoldRead = "hold:read",
        /// Release a legal hold.
        HoldRelease = "hold:release",
        /// Read retention policies.
        RetentionRead = "retention:read",
        /// Replace the retention policy of one's organisation.
        RetentionUpdate = "retention:update",
        /// Scan and anonymise data, collect evidence.
        ResourceWrite = "resource:write",
        /// Read and replace whom the tenant wants told of what.
        NoticeUpdate = "notice:update",
        /// See evidence and its custody, and check it.
        EvidenceRead = "evidence:read",
        /// Settings; processing a request by hand.
        AdminSystemConfig = "admin:system_config",
        /// Audit query and export.
        AdminAuditLog = "admin:audit_log",
    }
}

impl Role {
    /// Whether whoever has it works for the tenant; owners and data subjects act for themselves.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        match self {
            Self::Dpo | Self::Operator | Self::Auditor | Self::Developer | Self::SuperAdmin => true,
            Self::Owner | Self::DataSubject => false,
        }
    }

    /// The permissions of the role.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Owner => &[P::JobRead, P::OrgJobExport, P::OrgJobDelete, P::RetentionRead, P::RetentionUpdate],
            Self::Dpo => &[
                P::JobCreate,
                P::JobRead,
                P::JobUpdate,
                P::JobDelete,
                P::JobExecute,
                P::JobApprove,
                P::IdentityVerifyManual,
                P::HoldCreate,
                P::HoldRead,
                P::HoldRelease,
                P::RetentionRead,
                P::NoticeUpdate,
                P::AdminAuditLog,
            ],
            Self::Operator => &[P::JobCreate, P::JobRead, P::JobUpdate, P::JobExecute, P::RetentionRead],
            Self::Developer => &[P::JobCreate, P::JobRead, P::JobUpdate, P::JobExecute, P::ResourceWrite],
            Self::Auditor => &[P::JobRead, P::AdminAuditLog, P::EvidenceRead],
            Self::DataSubject => &[],
            Self::SuperAdmin => &[
                P::JobCreate,
                P::JobRead,
                P::JobUpdate,
                P::JobDelete,
                P::JobExecute,
                P::ResourceWrite,
                P::NoticeUpdate,
                P::EvidenceRead,
                P::AdminSystemConfig,
                P::AdminAuditLog,
            ],
        }
    }
}

/// A keyed hash that stands for an acting person (the token's `sub`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pseudonym(String);

impl Pseudonym {
    /// Wraps the text of a keyed hash.
    #[must_use]
    pub fn from_keyed_hash(hash: String) -> Self {
        Self(hash)
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whom a verified token speaks for.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The tenant of the token; a request can narrow it, never widen it.
    pub tenant: TenantId,
    /// The token's `sub`.
    pub subject: Sensitive<String>,
    /// The token's roles.
    pub roles: Vec<Role>,
    /// The token's e-mail address, if its issuer says it is verified.
    pub email: Option<Sensitive<String>>,
    /// The organisation of the token.
    pub organization_id: Option<String>,
    /// Its name, as the issuer knows it.
    pub organization_name: Option<Sensitive<String>>,
}

impl Principal {
    /// Whether a role of the principal has the permission.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.roles.iter().any(|role| role.permissions().contains(&permission))
    }

    /// Whether the principal works for the tenant.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        self.roles.iter().any(|role| role.is_staff())
    }

    /// Whether the principal has the role.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owners_export_an_organisation() {
        for role in Role::ALL {
            assert_eq!(role.permissions().contains(&Permission::OrgJobExport), *role == Role::Owner);
        }
    }

    #[test]
    fn only_privacy_officers_place_and_release_holds() {
        for role in Role::ALL {
            for permission in [Permission::HoldCreate, Permission::HoldRelease] {
                assert_eq!(role.permissions().contains(&permission), *role == Role::Dpo, "{role}");
            }
        }
    }

    #[test]
    fn auditors_only_read() {
        assert_eq!(
            Role::Auditor.permissions(),
            [Permission::JobRead, Permission::AdminAuditLog, Permission::EvidenceRead]
        );
    }
}
