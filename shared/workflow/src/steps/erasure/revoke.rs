//! Revokes the tokens of the person at their issuer as soon as an erasure is approved (RFC 7009, R-ERA-3).
//!
//! Revoking again is harmless: an issuer answers 200 for a token that is no longer any. A token that was revoked stays so,
//! also if the erasure is cancelled.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use datamap::{Lookup, Revocation, values_at};
use domain::datum::Datum;
use domain::ids::TenantId;
use domain::job::Outcome;
use domain::sensitive::Sensitive;
use domain::step::{Checkpoint, RevokeCheckpoint, Step, StepKind};

use super::{Erasing, OpenShard, of_round};
use crate::advance_job::{Ran, RunStep};
use crate::gate::steps_of;
use crate::ports::{Alert, Alerts, Cursor, ErasureOrder, OutgoingCall, OutgoingCalls, Secrets};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;
use crate::steps::again::wait_after;

/// Rounds after which officers hear of it.
const ALERT_AFTER: u32 = 3;

/// Revokes tokens.
pub(super) struct RevokeTokens {
    // Dependencies.
    /// The customer's systems.
    pub(super) erasing: Erasing,
    /// Calls the issuers.
    pub(super) calls: Arc<dyn OutgoingCalls>,
    /// What issuers know us by.
    pub(super) secrets: Arc<dyn Secrets>,
    /// Where officers hear of issuers that don't answer.
    pub(super) alerts: Arc<dyn Alerts>,
}

#[async_trait]
impl RunStep for RevokeTokens {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::RevokeTokens]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let mut state = match &context.step.checkpoint {
            Some(Checkpoint::Revoke(state)) => state.clone(),
            _ => RevokeCheckpoint::default(),
        };
        let steps = steps_of(context.ports.store.as_ref(), &context.job.tenant, &context.job.id).await?;
        let shards: Vec<&Step> = of_round(&steps, StepKind::PlanErasure, context.step.shard).collect();
        let mut position = 0;
        for step in shards {
            let input = step.input.as_ref().ok_or_else(|| unreadable("plan"))?;
            let shard = self.erasing.open(context, input).await?;
            for lookup in &shard.plan.lookups {
                position += 1;
                let revocation = shard.map.collections.get(lookup.collection).and_then(|it| it.revoke.as_ref());
                if revocation.is_none() || position <= state.lookups_done {
                    continue;
                }
                self.lookup(context, &shard, lookup, &mut state).await?;
                state.lookups_done = position;
                context.save(Checkpoint::Revoke(state.clone()), Vec::new()).await?;
                if context.time_is_short() {
                    return Ok(Ran::Continue);
                }
            }
        }
        self.end_round(context, state).await
    }
}

impl RevokeTokens {
    /// Every token found by one lookup.
    async fn lookup(
        &self,
        context: &StepContext,
        shard: &OpenShard,
        lookup: &Lookup,
        state: &mut RevokeCheckpoint,
    ) -> Result<(), StepError> {
        let collection = shard.map.collections.get(lookup.collection);
        let Some(revocation) = collection.and_then(|it| it.revoke.as_ref()) else { return Ok(()) };
        let (_, order) = shard.order(context, lookup)?;
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = self.erasing.sources.connector.export(&order.lookup, cursor.as_ref()).await?;
            for token in tokens(&order, &page.rows, &revocation.token) {
                let revoked = self.revoke(&context.job.tenant, revocation, &token).await;
                *if revoked { &mut state.revoked } else { &mut state.failed } += 1;
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// Whether the issuer says that the token is none any more.
    async fn revoke(&self, tenant: &TenantId, revocation: &Revocation, token: &Sensitive<String>) -> bool {
        let secret = match self.secrets.read(tenant, &revocation.secret).await {
            Ok(secret) => secret,
            Err(error) => {
                tracing::warn!(%error, "the secret of an issuer was not read");
                return false;
            }
        };
        match self.calls.call(&call(revocation, &secret, token)).await {
            // An issuer answers 200 for invalid tokens as well: there is nothing left to revoke (RFC 7009, 2.2).
            Ok(answer) if answer.status == 200 => true,
            Ok(answer) => {
                tracing::warn!(status = answer.status, "an issuer did not revoke a token");
                false
            }
            Err(error) => {
                tracing::warn!(%error, "an issuer of tokens was not reached");
                false
            }
        }
    }

    async fn end_round(&self, context: &mut StepContext, mut state: RevokeCheckpoint) -> Result<Ran, StepError> {
        // Rows that are gone say nothing of the tokens that they held.
        let is_gone = state.revoked + state.failed == 0;
        if state.failed == 0 {
            let left = if is_gone { state.left } else { 0 };
            state.rounds += 1;
            context.step.checkpoint = Some(Checkpoint::Revoke(RevokeCheckpoint { left, ..state }));
            return Ok(Ran::Done(Outcome::Nothing));
        }
        let wait = wait_after(state.rounds);
        state.rounds += 1;
        state.left = state.failed;
        state.lookups_done = 0;
        state.failed = 0;
        state.revoked = 0;
        if state.rounds >= ALERT_AFTER {
            let reason = Some("tokens of the person are not revoked".to_owned());
            self.alerts.raise(&Alert { job: context.job.id.clone(), step: StepKind::RevokeTokens, reason });
        }
        context.save(Checkpoint::Revoke(state), Vec::new()).await?;
        Ok(Ran::NotBefore(context.ports.clock.now() + wait))
    }
}

/// The tokens of the rows that are the person's.
fn tokens(order: &ErasureOrder, rows: &[Datum], path: &str) -> Vec<Sensitive<String>> {
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| order.takes(row)) {
        values_at(row, path, &mut |value| {
            if let Datum::Text(text) = value
                && !text.is_empty()
            {
                found.push(Sensitive::new(text.clone()));
            }
        });
    }
    found
}

/// One revocation request (RFC 7009, 2.1), the client known by HTTP Basic (RFC 6749, 2.3.1).
fn call(revocation: &Revocation, secret: &Sensitive<String>, token: &Sensitive<String>) -> OutgoingCall {
    let mut body = format!("token={}", form(token.expose()));
    if let Some(hint) = &revocation.token_type_hint {
        body.push_str("&token_type_hint=");
        body.push_str(&form(hint));
    }
    let known_by = format!("{}:{}", form(&revocation.client_id), form(secret.expose().trim()));
    OutgoingCall {
        url: revocation.url.clone(),
        content_type: "application/x-www-form-urlencoded",
        headers: vec![("authorization", Sensitive::new(format!("Basic {}", BASE64.encode(known_by))))],
        body: Sensitive::new(body),
    }
}

/// A value of a form (`application/x-www-form-urlencoded`).
fn form(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_that_of_the_standard() {
        let revocation = Revocation {
            url: "https://issuer.example.com/revoke".to_owned(),
            token: "refresh_token".to_owned(),
            token_type_hint: Some("refresh_token".to_owned()),
            client_id: "s6BhdRkqt3".to_owned(),
            secret: "oauth".to_owned(),
        };
        let (secret, token) = (Sensitive::new("a b&c".to_owned()), Sensitive::new("45ghiukldjahdnhzdauz".to_owned()));
        let call = call(&revocation, &secret, &token);
        assert_eq!(call.body.expose(), "token=45ghiukldjahdnhzdauz&token_type_hint=refresh_token");
        assert_eq!(call.headers[0].1.expose(), &format!("Basic {}", BASE64.encode("s6BhdRkqt3:a+b%26c")));
    }
}
