//! One world behind the real router: callers with tokens, calls as a gateway hands them over, archives as a person opens them.

use std::sync::Arc;

use adapters_memory::{MemoryWorld, SplitMix};
use axum::Router;
use axum::body::Body;
use domain::event::EventType;
use domain::ids::JobId;
use domain::job::Job;
use domain::key::TenantKey;
use domain::record::{KeyRecord, Record};
use domain::step::Step;
use habeas_tests::executor::{Ended, Task, run, run_together};
use habeas_tests::handlers::{ORIGIN, PUBLIC_URL, REGION};
use habeas_tests::invariants::{Expected, check_at_rest, check_canaries};
use habeas_tests::sample::{Person, tenant};
use habeas_tests::story::{first_code, newest_mail, ticket_of};
use habeas_tests::world::World;
use jiff::tz::TimeZone;
use lambda_kit::auth::Verifier;
use request_api::{App, Config, Ports, router};
use serde_json::{Value, json};
use workflow::legal_clock::LegalClock;
use workflow::submit_request::Quotas;

use crate::call::answered;
pub(crate) use crate::call::{Answer, Call, access, files, rows};
use crate::caller::{Caller, Issuer};

/// The path of all calls.
pub(crate) const BASE: &str = "/api/v1/privacy";
/// The path of calls about the audit log, which another function answers.
pub(crate) const AUDIT: &str = "/api/v1/audit";
/// The path of calls about evidence, which the same function answers.
pub(crate) const EVIDENCE: &str = "/api/v1/compliance/evidence";
/// The most bytes of an export of the log that is answered at once: 4 MB would make slow stories.
pub(crate) const MOST_ANSWERED: usize = 100_000;
/// An id that was never given.
pub(crate) const UNKNOWN_JOB: &str = "job_0199a000000070008000000000000000";

/// What of the settings a story changes.
pub(crate) struct Settings {
    pub(crate) quotas: Quotas,
    pub(crate) automated: bool,
    pub(crate) region: &'static str,
    pub(crate) erasure_pass_hours: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            quotas: Quotas { open_jobs: 1_000, jobs_per_month: 10_000 },
            automated: true,
            region: REGION,
            erasure_pass_hours: 0,
        }
    }
}

/// The house.
pub(crate) struct House {
    pub(crate) world: World,
    pub(crate) issuer: Issuer,
    pub(crate) expected: Expected,
    /// Every answer so far, as text.
    pub(crate) said: Vec<String>,
    router: Router,
    audit: Router,
    anonymize: Router,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self::over(World::new(7), settings)
    }

    pub(crate) fn over(world: World, settings: Settings) -> Self {
        let issuer = Issuer::new();
        let audit = audit_over(&world.memory, &issuer, settings.quotas);
        let router = router_over(&world.memory, &issuer, settings);
        let anonymize = anonymize_over(&world.memory, &issuer);
        let (expected, said) = (Expected::default(), Vec::new());
        let mut house = Self { world, issuer, expected, said, router, audit, anonymize };
        // The first call of a tenant makes its key; from here on a refused call writes nothing.
        for slug in ["acme", "globex"] {
            assert_eq!(house.get(&Caller::new(slug, "auditor"), "/jobs").status, 200);
        }
        house
    }

    /// The same world, seen by an API with other settings.
    pub(crate) fn restart(&mut self, settings: Settings) {
        self.router = router_over(&self.world.memory, &self.issuer, settings);
    }

    /// Sends a call as it is.
    pub(crate) fn send(&mut self, call: Call) -> Answer {
        let router = self.router_of(&call.path);
        self.drive(answered(router, call.request()))
    }

    /// The function that the gateway passes a path to.
    fn router_of(&self, path: &str) -> Router {
        let rest = path.strip_prefix(BASE).unwrap_or_default();
        let is_of =
            |prefix: &str| rest.strip_prefix(prefix).is_some_and(|it| it.is_empty() || it.starts_with(['/', '?']));
        if ["/scan", "/anonymize", "/analytics"].into_iter().any(is_of) {
            return self.anonymize.clone();
        }
        if path.starts_with(AUDIT) || path.starts_with(EVIDENCE) { self.audit.clone() } else { self.router.clone() }
    }

    /// Sends an event as the gateway hands it over.
    pub(crate) fn send_request(&mut self, request: lambda_http::Request) -> Answer {
        let router = self.router.clone();
        self.drive(answered(router, request.map(|body| Body::from(body.to_vec()))))
    }

    fn drive(&mut self, task: impl Future<Output = Answer>) -> Answer {
        let Ended::With(answer) = run(&self.world.memory, task) else { panic!("the API died") };
        self.said.push(format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.bytes)));
        answer
    }

    /// Sends a call of somebody; nothing of another tenant may be touched meanwhile (INV-T1).
    pub(crate) fn ask(&mut self, caller: &Caller, call: Call) -> Answer {
        let token = self.issuer.token(caller);
        self.world.memory.change(|state| state.acting_for = Some(tenant(&caller.tenant)));
        let answer = self.send(call.token(&token));
        self.world.memory.change(|state| state.acting_for = None);
        answer
    }

    pub(crate) fn get(&mut self, caller: &Caller, path: &str) -> Answer {
        self.ask(caller, Call::get(format!("{BASE}{path}")))
    }

    pub(crate) fn post(&mut self, caller: &Caller, path: &str, body: &Value) -> Answer {
        self.ask(caller, Call::post(format!("{BASE}{path}"), body))
    }

    /// Sends calls at the same time, one port call of each at a time, in an order that the seed decides.
    pub(crate) fn ask_together(&mut self, caller: &Caller, calls: Vec<Call>, seed: u64) -> Vec<Answer> {
        let token = self.issuer.token(caller);
        let task = |call: Call| {
            let router = self.router_of(&call.path);
            Box::pin(answered(router, call.token(&token).request())) as Task<'_, Answer>
        };
        let tasks = calls.into_iter().map(task).collect();
        let ended = run_together(&self.world.memory, tasks, &mut SplitMix::new(seed));
        ended.into_iter().map(Ended::answer).collect()
    }

    /// Submits, and remembers whom the job is about.
    pub(crate) fn submit(&mut self, caller: &Caller, path: &str, body: &Value, about: Person) -> String {
        let id = self.post(caller, path, body).job();
        self.remember(&caller.tenant, &id, about);
        id
    }

    pub(crate) fn remember(&mut self, tenant_slug: &str, id: &str, about: Person) {
        self.expected.accepted.push((tenant(tenant_slug), id.parse().unwrap(), about));
    }

    /// Lets the workers handle so many messages; says how many there were.
    pub(crate) fn deliver(&mut self, messages: usize) -> usize {
        for done in 0..messages {
            let received = self.world.memory.change(|state| {
                let now = state.now;
                state.queues.receive(None, now)
            });
            let Some(delivery) = received else { return done };
            self.world.deliver(&delivery);
        }
        messages
    }

    /// The steps of a job.
    pub(crate) fn steps(&self, tenant_slug: &str, id: &str) -> Vec<Step> {
        let (tenant, id) = (tenant(tenant_slug), id.parse::<JobId>().unwrap());
        let own = |record: &Record| match record {
            Record::Step(step) if step.tenant == tenant && step.job == id => Some(Step::clone(step)),
            _ => None,
        };
        self.world.memory.inspect(|state| state.items.values().filter_map(|record| own(record)).collect())
    }

    /// Proves the identity with the newest code that was mailed.
    pub(crate) fn prove(&mut self, caller: &Caller, id: &str) {
        let code = self.code(id);
        let answer = self.post(caller, &format!("/jobs/{id}/verify"), &json!({ "code": code }));
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    pub(crate) fn code(&self, id: &str) -> String {
        let mail = newest_mail(&self.world, &id.parse().unwrap(), "notify_code").expect("no code was mailed");
        first_code(&mail).unwrap()
    }

    /// The query of the mailed link: tenant and ticket.
    pub(crate) fn ticket(&self, tenant_slug: &str, id: &str) -> String {
        let mail = newest_mail(&self.world, &id.parse().unwrap(), "notify_ready").expect("no link was mailed");
        format!("tenant={tenant_slug}&ticket={}", ticket_of(&mail).unwrap())
    }

    /// Fetches the archive as its person does, through a session.
    pub(crate) fn fetch(&mut self, caller: &Caller, id: &str) -> Vec<u8> {
        let answer = self.get(caller, &format!("/jobs/{id}/download?redirect=false"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.expected.links_handed_out += 1;
        self.world.memory.follow_link(answer.body["url"].as_str().unwrap()).unwrap()
    }

    pub(crate) fn job(&self, tenant_slug: &str, id: &str) -> Job {
        self.world.job(&tenant(tenant_slug), &id.parse().unwrap()).expect("the job is there")
    }

    pub(crate) fn status(&self, tenant_slug: &str, id: &str) -> String {
        self.job(tenant_slug, id).status.to_string()
    }

    /// Subjects of the mails about a job, oldest first.
    pub(crate) fn mails(&self, id: &str) -> Vec<(String, String)> {
        let about = |notice: &str| notice.starts_with(id);
        self.world.memory.inspect(|state| {
            let sent = state.outbox.sent.iter().filter(|(_, mail)| about(&mail.notice_id));
            sent.map(|(_, mail)| (mail.to.expose().clone(), mail.subject.clone())).collect()
        })
    }

    /// Objects that are stored for a job, beside its receipt, which stays.
    pub(crate) fn objects(&self, id: &str) -> Vec<String> {
        self.world.memory.inspect(|state| {
            let own = state.objects.stored.keys().filter(|key| key.contains(id) && !key.starts_with("receipts/"));
            own.map(|key| key.to_string()).collect()
        })
    }

    pub(crate) fn has_key(&self, tenant_slug: &str, id: &str) -> bool {
        let job: JobId = id.parse().unwrap();
        let key: TenantKey = KeyRecord::key_of(&tenant(tenant_slug), &KeyRecord::job_owner(&job));
        self.world.memory.inspect(|state| state.items.contains_key(&key))
    }

    /// Everything stored and sent, for "nothing was written": beside the word in the trail that a call was refused.
    pub(crate) fn written(&self) -> (Vec<Arc<Record>>, usize, usize, usize) {
        self.world.memory.inspect(|state| {
            let items = state.items.values().filter(|record| !is_of_access(record)).map(Arc::clone).collect();
            (items, state.queues.sent.len(), state.objects.written.len(), state.outbox.sent.len())
        })
    }

    /// Every invariant that must hold once nothing is under way.
    pub(crate) fn assert_rest(&self) {
        let broken =
            self.world.memory.inspect(|state| [check_at_rest(state, &self.expected), check_canaries(state)].concat());
        assert_eq!(broken, [""; 0]);
    }
}

/// Whether an item is there because of an access that changed nothing.
fn is_of_access(record: &Record) -> bool {
    matches!(record, Record::Event(event) if event.event_type == EventType::UserAccess)
        || matches!(record, Record::Key(key) if key.owner.contains('/'))
}

fn router_over(memory: &MemoryWorld, issuer: &Issuer, settings: Settings) -> Router {
    let config = Config {
        verifier: Arc::new(Verifier::from_json(&issuer.trusted()).unwrap()),
        public_url: PUBLIC_URL.to_owned(),
        legal_clock: LegalClock { timezone: TimeZone::UTC, calendar: None, response_days: 30 },
        quotas: settings.quotas,
        region: settings.region.to_owned(),
        automated: settings.automated,
        erasure_pass_hours: settings.erasure_pass_hours,
        audit_origin: ORIGIN.to_owned(),
        is_local: false,
    };
    let ports = Ports {
        store: memory.job_store(),
        queue: memory.job_queue(),
        keys: memory.key_service(),
        exports: memory.export_store(),
        feed: memory.audit_feed(),
        evidence: memory.evidence_store(),
        checkpoints: memory.checkpoint_signer(),
        maps: memory.data_maps(),
        clock: memory.clock(),
        token_clock: memory.clock(),
        entropy: memory.entropy(),
    };
    router(App::new(ports, config, Vec::new))
}

fn audit_over(memory: &MemoryWorld, issuer: &Issuer, quotas: Quotas) -> Router {
    let config = audit_api::Config {
        verifier: Arc::new(Verifier::from_json(&issuer.trusted()).unwrap()),
        public_url: PUBLIC_URL.to_owned(),
        origin: ORIGIN.to_owned(),
        evidence_keep_days: 2_557,
        quotas,
        region: REGION.to_owned(),
        most_answered: MOST_ANSWERED,
    };
    let ports = audit_api::Ports {
        store: memory.job_store(),
        queue: memory.job_queue(),
        index: memory.audit_index(),
        feed: memory.audit_feed(),
        evidence: memory.evidence_store(),
        alerts: memory.alerts(),
        signer: memory.checkpoint_signer(),
        keys: memory.key_service(),
        clock: memory.clock(),
        token_clock: memory.clock(),
        entropy: memory.entropy(),
    };
    audit_api::router(audit_api::App::new(ports, config, Vec::new))
}

fn anonymize_over(memory: &MemoryWorld, issuer: &Issuer) -> Router {
    let config = anonymize_api::Config {
        verifier: Arc::new(Verifier::from_json(&issuer.trusted()).unwrap()),
        public_url: PUBLIC_URL.to_owned(),
        privacy_budget: pii::differential_privacy::Cost::epsilon(10.0).unwrap(),
        quotas: Settings::default().quotas,
        region: REGION.to_owned(),
    };
    let ports = anonymize_api::Ports {
        store: memory.job_store(),
        queue: memory.job_queue(),
        keys: memory.key_service(),
        maps: memory.data_maps(),
        reader: memory.source(),
        clock: memory.clock(),
        token_clock: memory.clock(),
        entropy: memory.entropy(),
    };
    anonymize_api::router(anonymize_api::App::new(ports, config, Vec::new))
}
