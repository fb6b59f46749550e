//! Placing a hold: the hold first, then its guards, and only then a look at what had been claimed before (INV-E1, INV-E2).

use domain::hold::{Hold, HoldScope, HoldStatus};
use domain::ids::{HoldId, OpNonce};
use domain::record::Record;
use domain::role::Permission;
use domain::transition::TransitionBuilder;
use jiff::Timestamp;

use super::settling::{persist, settle};
use super::{HoldView, Holds, NewHold, NewScope, Words, view, words_place};
use crate::caller::Caller;
use crate::keyring::TenantSecrets;
use crate::ports::CommitError;
use crate::refusal::Refusal;
use crate::submit_request::Idempotency;

impl Holds {
    /// Places a hold and answers with every claim that had begun before. It is effective once those are over.
    ///
    /// # Errors
    /// `Forbidden` without the permission, `Port` while the store refuses everything. Never for load: what the store
    /// refuses is tried again, and a hold that was written halfway is finished by whoever asks again or lists holds.
    pub async fn place(
        &self,
        caller: &Caller,
        new: &NewHold,
        idempotency: Option<&Idempotency>,
    ) -> Result<HoldView, Refusal> {
        let secrets = self.allowed(caller, Permission::HoldCreate).await?;
        let now = self.ports.clock.now();
        let hold = self.new_hold(caller, &secrets, (new, idempotency), now);
        let entropy = self.ports.entropy.as_ref();
        let nonce = OpNonce::new(entropy.bytes());
        let mut builder =
            TransitionBuilder::new(&hold.tenant, nonce.clone(), caller.cause(&secrets, entropy, now), entropy.bytes());
        builder.write_hold(None, hold.clone());
        let hold = match persist(&self.ports, &builder.build()).await {
            Ok(()) => Hold { version: 1, op_nonce: nonce, ..hold },
            Err(CommitError::Conflict { .. }) => self.placed_before(&hold).await?,
            Err(CommitError::LimitReached { .. }) => return Err(Refusal::Busy),
            Err(CommitError::Port(error)) => return Err(error.into()),
        };
        let (hold, in_flight) = settle(&self.ports, hold).await?;
        view(&secrets, hold, in_flight)
    }

    fn new_hold(
        &self,
        caller: &Caller,
        secrets: &TenantSecrets,
        asked: (&NewHold, Option<&Idempotency>),
        now: Timestamp,
    ) -> Hold {
        let (new, idempotency) = asked;
        let tenant = caller.principal.tenant.clone();
        let entropy = self.ports.entropy.as_ref();
        // Under a key the id follows from it: the same call finds the same hold.
        let id = idempotency.map_or_else(|| HoldId::new(now, entropy.bytes()), |it| id_under(caller, secrets, it));
        let words = Words { matter: new.matter.expose().clone(), reason: new.reason.expose().clone() };
        let plain = serde_json::to_vec(&words).expect("texts serialise");
        let scope = scope_of(secrets, &new.scope);
        Hold {
            v: 1,
            version: 0,
            op_nonce: OpNonce::new([0; 16]),
            scope,
            words: secrets.seal(&words_place(&Hold::key_of(&tenant, &id)), &plain, entropy),
            placed_by: secrets.pseudonym(&caller.principal.subject),
            placed_at: now,
            status: HoldStatus::Pending,
            effective_at: None,
            released_by: None,
            released_at: None,
            cleared: false,
            body: idempotency.map(|it| secrets.digest("idempotency body v1", &[&it.body])),
            id,
            tenant,
        }
    }

    /// The hold that an earlier call with the same key has placed.
    async fn placed_before(&self, asked: &Hold) -> Result<Hold, Refusal> {
        let found = self.ports.store.load(&[asked.key()]).await?;
        let stored = found.into_iter().flatten().find_map(Record::into_hold).ok_or(Refusal::Busy)?;
        if stored.body == asked.body { Ok(*stored) } else { Err(Refusal::IdempotencyMismatch) }
    }
}

fn scope_of(secrets: &TenantSecrets, scope: &NewScope) -> HoldScope {
    match scope {
        NewScope::Subject(identities) => {
            let mut aliases: Vec<_> = identities.iter().map(|identity| secrets.alias(identity)).collect();
            aliases.sort_unstable();
            aliases.dedup();
            HoldScope::Subject { aliases }
        }
        NewScope::Organization(identity) => {
            HoldScope::Organization { organization_id: identity.value.expose().clone(), alias: secrets.alias(identity) }
        }
        NewScope::Tenant => HoldScope::Tenant,
    }
}

fn id_under(caller: &Caller, secrets: &TenantSecrets, idempotency: &Idempotency) -> HoldId {
    let principal = caller.principal.subject.expose().as_bytes();
    let parts: [&[u8]; 3] = [principal, idempotency.route.as_bytes(), idempotency.key.as_bytes()];
    let digest = secrets.digest("hold id v1", &parts);
    let mut bytes = [0; 10];
    for (byte, digits) in bytes.iter_mut().zip(digest.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(digits[at]).to_digit(16).and_then(|it| u8::try_from(it).ok()).unwrap_or(0);
        *byte = digit(0) << 4 | digit(1);
    }
    HoldId::new(Timestamp::UNIX_EPOCH, bytes)
}
