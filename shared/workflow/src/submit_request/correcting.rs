//! What is looked at before corrections are taken in: the data map, and who was erased.

use domain::correction::Correction;
use domain::key::TenantKey;
use domain::record::SuppressionRecord;

use super::SubmitRequest;
use super::rules::check_corrections;
use crate::keyring::TenantSecrets;
use crate::refusal::Refusal;

impl SubmitRequest {
    /// Refuses corrections that are possible nowhere by the map the job will follow.
    ///
    /// Staff also hear at once that the right value is that of somebody who was erased. A person does not learn who was: the
    /// plan stops instead.
    pub(super) async fn check_corrections(
        &self,
        secrets: &TenantSecrets,
        (data_map, by_subject): (&str, bool),
        (tenant, corrections): (&domain::ids::TenantId, &[Correction]),
    ) -> Result<(), Refusal> {
        if corrections.is_empty() {
            return Ok(());
        }
        check_corrections(self.maps.load(tenant, data_map).await?.as_ref(), corrections)?;
        let renamed = corrections.iter().filter(|_| !by_subject).filter_map(Correction::renames);
        let aliases = renamed.map(|it| secrets.alias_of(it.kind.as_str(), it.right));
        let keys: Vec<TenantKey> = aliases.map(|alias| SuppressionRecord::key_of(tenant, &alias)).collect();
        if !keys.is_empty() && self.store.load(&keys).await?.iter().any(Option::is_some) {
            let why = "is that of somebody who was erased and must not come back";
            return Err(Refusal::field("/corrections/0/value", why));
        }
        Ok(())
    }
}
