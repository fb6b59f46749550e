//! The table of contents: which connector reads which source. A new kind of source is a new arm here and a module.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use datamap::Source;
use workflow::ports::{
    ByteRange, CollectionReader, Connector, Cursor, Media, PortError, PortErrorKind, SourceLookup, SourcePage,
    WholeCollection,
};

use crate::clients::Clients;
use crate::dynamodb::{DynamoDb, Table, whole};
use crate::pace::Paces;
use crate::s3::{MediaSource, ObjectSource, media, objects};
use crate::scope::Scope;

mod erase;
mod expire;
mod sample;

/// All connectors of a process; makes clients and looks at tables when first needed. Reading twice is harmless.
#[derive(Debug)]
pub struct Connectors {
    // Dependencies.
    clients: Clients,
    dynamodb: DynamoDb,
    paces: Paces,
}

impl Connectors {
    /// Connectors that reach AWS as the configuration says; makes no call yet.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { clients: Clients::new(config.clone()), dynamodb: DynamoDb::default(), paces: Paces::default() }
    }

    /// The same connectors with every request shown to an interceptor, such as one that counts calls.
    #[must_use]
    pub fn watched_by(mut self, interceptor: SharedInterceptor) -> Self {
        self.clients.watch(interceptor);
        self
    }

    async fn page(
        &self,
        lookup: &SourceLookup,
        projection: Option<&[String]>,
        after: Option<&Cursor>,
    ) -> Result<SourcePage, PortError> {
        let scope = Scope::of(lookup)?;
        let pace = self.paces.of(&lookup.tenant, scope.connection);
        match &scope.collection.source {
            Source::DynamoDb { table, indexes, scan, segments } => {
                let index = indexes.get(&lookup.field).map(String::as_str);
                let segments = scan.then_some(*segments);
                let client = self.clients.dynamodb(scope.connection)?;
                let table = Table { client: &client, name: table, index, segments, pace: &pace, is_consistent: false };
                self.dynamodb.page(&scope, &table, projection, after).await
            }
            Source::S3Objects { bucket, prefix, format, manifest } => {
                let client = self.clients.s3(scope.connection)?;
                let (manifest, format) = (manifest.as_deref(), *format);
                let source = ObjectSource { client: &client, bucket, prefix, format, manifest, pace: &pace };
                objects::page(&scope, &source, after).await
            }
            Source::S3Media { bucket, key_template } => {
                let client = self.clients.s3(scope.connection)?;
                let source = MediaSource { client: &client, bucket, template: key_template, pace: &pace };
                media::page(&scope, &source, projection.is_none(), after).await
            }
        }
    }
}

#[async_trait]
impl Connector for Connectors {
    async fn locate(
        &self,
        lookup: &SourceLookup,
        projection: &[String],
        after: Option<&Cursor>,
    ) -> Result<SourcePage, PortError> {
        self.page(lookup, Some(projection), after).await
    }

    async fn export(&self, lookup: &SourceLookup, after: Option<&Cursor>) -> Result<SourcePage, PortError> {
        self.page(lookup, None, after).await
    }

    async fn read_media(&self, lookup: &SourceLookup, it: &Media, range: ByteRange) -> Result<Vec<u8>, PortError> {
        let scope = Scope::of(lookup)?;
        let Source::S3Media { bucket, key_template } = &scope.collection.source else {
            return Err(PortError::new(PortErrorKind::Corrupt, "read media of a collection of rows"));
        };
        let client = self.clients.s3(scope.connection)?;
        let pace = self.paces.of(&lookup.tenant, scope.connection);
        let source = MediaSource { client: &client, bucket, template: key_template, pace: &pace };
        media::read(&scope, &source, it, range).await
    }
}

#[async_trait]
impl CollectionReader for Connectors {
    async fn rows(&self, of: &WholeCollection, limit: usize, after: Option<&Cursor>) -> Result<SourcePage, PortError> {
        // A lookup of nobody: the scope needs the map and the tenant, and nothing is compared.
        let lookup = SourceLookup {
            tenant: of.tenant.clone(),
            map: std::sync::Arc::clone(&of.map),
            collection: of.collection,
            field: String::new(),
            values: Vec::new(),
        };
        let scope = Scope::of(&lookup)?;
        let pace = self.paces.of(&of.tenant, scope.connection);
        match &scope.collection.source {
            Source::DynamoDb { table, .. } => {
                let client = self.clients.dynamodb(scope.connection)?;
                let table = Table {
                    client: &client,
                    name: table,
                    index: None,
                    segments: Some(1),
                    pace: &pace,
                    is_consistent: false,
                };
                whole::page(&scope, &table, limit, after).await
            }
            Source::S3Objects { bucket, prefix, format, manifest } => {
                let client = self.clients.s3(scope.connection)?;
                let (manifest, format) = (manifest.as_deref(), *format);
                let source = ObjectSource { client: &client, bucket, prefix, format, manifest, pace: &pace };
                objects::whole_page(&scope, &source, limit, after).await
            }
            Source::S3Media { .. } => Ok(SourcePage::default()),
        }
    }
}
