//! Secrets that tenants keep in Secrets Manager, as `habeas/<tenant>/<name>`. They are read for each use and kept nowhere.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use domain::ids::TenantId;
use domain::sensitive::Sensitive;
use workflow::ports::{PortError, PortErrorKind, Secrets};

use crate::failure::failed;

const OPERATION: &str = "read secret";

/// Secrets Manager.
#[derive(Debug, Clone)]
pub struct ManagedSecrets {
    // Dependencies.
    client: Client,
}

impl ManagedSecrets {
    pub(crate) const fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Secrets for ManagedSecrets {
    async fn read(&self, tenant: &TenantId, name: &str) -> Result<Sensitive<String>, PortError> {
        let id = format!("habeas/{tenant}/{name}");
        let answer = self.client.get_secret_value().secret_id(id).send().await;
        let answer = answer.map_err(|error| {
            let is_absent = error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception);
            if is_absent { PortError::new(PortErrorKind::NotFound, OPERATION) } else { failed(OPERATION, error) }
        })?;
        // A secret of bytes is none that anybody wrote for us.
        answer.secret_string.map(Sensitive::new).ok_or(PortError::new(PortErrorKind::Corrupt, OPERATION))
    }
}
