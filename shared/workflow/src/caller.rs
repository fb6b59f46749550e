//! Who calls a use case, and how that person appears in the audit trail.

use domain::event::Actor;
use domain::job::{Job, Scope};
use domain::notice::Language;
use domain::record::KeyRecord;
use domain::request::{Identity, IdentityKind};
use domain::role::{Permission, Principal, Role};
use domain::sensitive::Sensitive;
use domain::transition::Cause;
use jiff::Timestamp;

use crate::actor_detail::{ActorDetail, OfCall};
use crate::keyring::TenantSecrets;
use crate::ports::Entropy;
use crate::words::owner_of;

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

/// What is known of a call beside its content, where nobody in particular makes it.
#[derive(Debug, Clone, Default)]
pub struct Circumstances {
    /// Id of the HTTP request.
    pub request_id: String,
    /// The caller's address.
    pub ip: Option<Sensitive<String>>,
    /// The caller's user agent.
    pub user_agent: Option<Sensitive<String>>,
}

impl Circumstances {
    /// The cause of what the holder of a code or ticket of a job does; the rest is sealed for whom the job is about.
    #[must_use]
    pub fn holder_cause(&self, job: &Job, secrets: &TenantSecrets, entropy: &dyn Entropy, now: Timestamp) -> Cause {
        let Self { request_id, ip, user_agent } = self;
        let detail = ActorDetail { ip: ip.clone(), user_agent: user_agent.clone(), ..ActorDetail::default() };
        let call = OfCall { tenant: &job.tenant, request_id };
        let (sealed, key) = detail.seal_for_person(call, secrets, &owner_of(job), entropy).unzip();
        Cause { sealed, key, ..self.open_cause(secrets, now) }
    }

    /// The cause of what somebody does who is neither the person nor staff: nothing is sealed, and no key is made.
    #[must_use]
    pub fn open_cause(&self, secrets: &TenantSecrets, now: Timestamp) -> Cause {
        let hash = |ip: &Sensitive<String>| secrets.digest("ip v1", &[ip.expose().as_bytes()])[..32].to_owned();
        Cause {
            actor: Actor::Holder,
            request_id: Some(self.request_id.clone()),
            ip_hash: self.ip.as_ref().map(hash),
            user_agent_family: self.user_agent.as_ref().map(|agent| family(agent.expose()).to_owned()),
            ..Cause::worker(now)
        }
    }
}

impl Caller {
    /// The audit trail's view of the caller: keyed hashes and families in the open, the rest sealed (R-AUD-1).
    #[must_use]
    pub fn cause(&self, secrets: &TenantSecrets, entropy: &dyn Entropy, now: Timestamp) -> Cause {
        let pseudonym = secrets.pseudonym(&self.principal.subject);
        let role = self.principal.roles.first().copied();
        let organization_id = self.principal.organization_id.clone().filter(|id| is_plain(id));
        let actor = Actor::Person { pseudonym, role };
        Cause { actor, organization_id, ..self.code_holder_cause(secrets, entropy, now) }
    }

    /// The same circumstances for a session that acts by a code it holds, not by who it is.
    #[must_use]
    pub fn code_holder_cause(&self, secrets: &TenantSecrets, entropy: &dyn Entropy, now: Timestamp) -> Cause {
        let circumstances = self.circumstances();
        let open = circumstances.open_cause(secrets, now);
        let principal = &self.principal;
        let detail = ActorDetail {
            subject: Some(principal.subject.clone()),
            email: principal.email.clone(),
            ip: circumstances.ip,
            user_agent: circumstances.user_agent,
        };
        let call = OfCall { tenant: &principal.tenant, request_id: &self.request_id };
        if principal.is_staff() {
            return Cause { sealed: Some(detail.seal_for_tenant(call, secrets, entropy)), ..open };
        }
        let sealed = detail.seal_for_person(call, secrets, &self.key_owner(secrets), entropy);
        let (sealed, key) = sealed.unzip();
        Cause { sealed, key, ..open }
    }

    /// What is known of the call apart from who made it.
    #[must_use]
    pub fn circumstances(&self) -> Circumstances {
        let Self { principal: _, request_id, ip, user_agent, language: _ } = self.clone();
        Circumstances { request_id, ip, user_agent }
    }

    /// Whose keys seal what is kept of the caller: by address, under which an erasure finds them.
    fn key_owner(&self, secrets: &TenantSecrets) -> String {
        match self.own_identity() {
            Some(own) => KeyRecord::subject_owner(secrets.alias(&own).as_str()),
            None => KeyRecord::subject_owner(secrets.pseudonym(&self.principal.subject).as_str()),
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
        if self.is_subject_of(job, secrets) || self.ordered(job, secrets) {
            return true;
        }
        let staff = self
            .principal
            .roles
            .iter()
            .any(|role| *role != Role::Owner && role.permissions().contains(&Permission::JobRead));
        staff || self.owns_organization_of(job)
    }

    /// Whether the caller ordered the job's work on a collection, and still may.
    #[must_use]
    pub fn ordered(&self, job: &Job, secrets: &TenantSecrets) -> bool {
        job.scope == Scope::Collection
            && self.principal.may(Permission::ResourceWrite)
            && job.requester == secrets.pseudonym(&self.principal.subject)
    }

    /// Whether the caller owns the organisation the job is about.
    #[must_use]
    pub fn owns_organization_of(&self, job: &Job) -> bool {
        self.principal.is(Role::Owner)
            && job.organization_id.is_some()
            && job.organization_id == self.principal.organization_id
    }
}

/// Whether an id is a plain name that may stand in the open: no address, no sentence.
fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
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
