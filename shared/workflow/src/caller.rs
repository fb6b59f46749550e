//! Who calls a use case, and how that person appears in the audit trail.

use domain::event::Actor;
use domain::job::{Job, Scope};
use domain::notice::Language;
use domain::request::{Identity, IdentityKind};
use domain::role::{Permission, Principal, Role};
use domain::sensitive::Sensitive;
use domain::transition::Cause;
use jiff::Timestamp;

use crate::keyring::TenantSecrets;

/// A verified caller and the circumstances of the call.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whom the token speaks for.
    pub principal: Principal,
    /// Id of the HTTP request.
    pub request_id: String,
    /// The caller's address.
    pub ip: Option<Sensitive<String>>,
    /// The caller's user agent.
    pub user_agent: Option<Sensitive<String>>,
    /// The language the client asks for.
    pub language: Option<Language>,
}

impl Caller {
    /// The audit trail's view of the caller: keyed hashes and families only (R-AUD-1).
    #[must_use]
    pub fn cause(&self, secrets: &TenantSecrets, now: Timestamp) -> Cause {
        let pseudonym = secrets.pseudonym(&self.principal.subject);
        let role = self.principal.roles.first().copied();
        Cause { actor: Actor::Person { pseudonym, role }, ..self.anonymous_cause(secrets, now) }
    }

    /// The same circumstances for someone who only holds a code or a ticket.
    #[must_use]
    pub fn anonymous_cause(&self, secrets: &TenantSecrets, now: Timestamp) -> Cause {
        let hash = |ip: &Sensitive<String>| secrets.digest("ip v1", &[ip.expose().as_bytes()])[..32].to_owned();
        Cause {
            at: now,
            actor: Actor::Holder,
            reason: None,
            request_id: Some(self.request_id.clone()),
            ip_hash: self.ip.as_ref().map(hash),
            user_agent_family: self.user_agent.as_ref().map(|agent| family(agent.expose()).to_owned()),
        }
    }

    /// The e-mail identity a signed-in subject has proven by the session.
    #[must_use]
    pub fn own_identity(&self) -> Option<Identity> {
        let email = self.principal.email.as_ref()?;
        Identity::new(IdentityKind::Email, email.expose()).ok()
    }

    /// Whether the job is about the signed-in subject.
    #[must_use]
    pub fn is_subject_of(&self, job: &Job, secrets: &TenantSecrets) -> bool {
        self.own_identity().is_some_and(|own| job.subject_ref.as_ref() == Some(&secrets.alias(&own)))
            && job.scope == Scope::Subject
    }

    /// Whether the caller may see the job: staff of the tenant, owners of its organisation, the subject itself.
    #[must_use]
    pub fn may_see(&self, job: &Job, secrets: &TenantSecrets) -> bool {
        if self.is_subject_of(job, secrets) {
            return true;
        }
        let staff = self
            .principal
            .roles
            .iter()
            .any(|role| *role != Role::Owner && role.permissions().contains(&Permission::JobRead));
        staff || self.owns_organization_of(job)
    }

    /// Whether the caller owns the organisation the job is about.
    #[must_use]
    pub fn owns_organization_of(&self, job: &Job) -> bool {
        self.principal.is(Role::Owner)
            && job.organization_id.is_some()
            && job.organization_id == self.principal.organization_id
    }
}

/// The family of a user agent: enough to tell a browser from a program, too little to tell a person.
fn family(user_agent: &str) -> &'static str {
    const FAMILIES: &[(&str, &str)] = &[
        ("edg", "edge"),
        ("opr/", "opera"),
        ("firefox", "firefox"),
        ("chrome", "chrome"),
        ("safari", "safari"),
        ("curl", "curl"),
        ("python", "python"),
        ("habeas", "habeas"),
    ];
    let lower = user_agent.to_ascii_lowercase();
    FAMILIES.iter().find(|(part, _)| lower.contains(part)).map_or("other", |(_, family)| family)
}
