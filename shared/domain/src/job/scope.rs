//! What a job is about.

use crate::request::wire_enum;

wire_enum! {
    /// What the job is about.
    Scope {
        /// One person.
        Subject = "subject",
        /// Everything an organisation holds.
        Organization = "organization",
        /// The rows of one mapped collection, whosever they are; only for a job that anonymises them.
        Collection = "collection",
        /// A period of the tenant's audit log; nobody's data is asked for.
        AuditLog = "audit_log",
    }
}
