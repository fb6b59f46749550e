//! Samples of sources, for discovery: the first rows a table or a prefix gives.

use async_trait::async_trait;
use datamap::Source;
use domain::datum::Datum;
use std::sync::Arc;
use workflow::ports::{PortError, SampleOrder, Sampler, SourceLookup};

use super::Connectors;
use crate::dynamodb::sample_table;
use crate::s3::{ObjectSource, objects};
use crate::scope::Scope;

#[async_trait]
impl Sampler for Connectors {
    async fn sample(&self, order: &SampleOrder) -> Result<Vec<Datum>, PortError> {
        let lookup = SourceLookup {
            tenant: order.tenant.clone(),
            map: Arc::clone(&order.map),
            collection: order.collection,
            field: String::new(),
            values: Vec::new(),
        };
        let scope = Scope::of(&lookup)?;
        let pace = self.paces.of(&lookup.tenant, scope.connection);
        match &scope.collection.source {
            Source::DynamoDb { table, indexes: _, scan: _, segments: _ } => {
                let client = self.clients.dynamodb(scope.connection)?;
                sample_table(&scope, (&client, &pace), table, order.rows).await
            }
            Source::S3Objects { bucket, prefix, format, manifest } => {
                let client = self.clients.s3(scope.connection)?;
                let (manifest, format) = (manifest.as_deref(), *format);
                let source = ObjectSource { client: &client, bucket, prefix, format, manifest, pace: &pace };
                objects::sample(&scope, &source, order.rows).await
            }
            Source::S3Media { .. } => Ok(Vec::new()),
        }
    }
}
