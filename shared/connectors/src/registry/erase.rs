//! The other half of the table of contents: which connector erases in which source.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use datamap::Source;
use workflow::ports::{Cursor, Erased, Eraser, ErasureOrder, Flag, Former, PortError, Share, Target, TargetPage};

use super::Connectors;
use crate::dynamodb::Table;
use crate::pace::Pace;
use crate::s3::{MediaSource, ObjectSource, erase_media, erase_objects};
use crate::scope::Scope;

#[async_trait]
impl Eraser for Connectors {
    async fn plan(&self, order: &ErasureOrder, after: Option<&Cursor>) -> Result<TargetPage, PortError> {
        let scope = Scope::of(&order.lookup)?;
        let pace = self.paces.of(&order.lookup.tenant, scope.connection);
        match &scope.collection.source {
            Source::DynamoDb { table, indexes, scan, segments } => {
                let index = indexes.get(&order.lookup.field).map(String::as_str);
                let segments = scan.then_some(*segments);
                let client = self.clients.dynamodb(scope.connection)?;
                let table = Table { client: &client, name: table, index, segments, pace: &pace, is_consistent: true };
                self.dynamodb.plan(&scope, &table, order, after).await
            }
            Source::S3Objects { bucket, prefix, format, manifest } => {
                let client = self.clients.s3(scope.connection)?;
                let (manifest, format) = (manifest.as_deref(), *format);
                let source = ObjectSource { client: &client, bucket, prefix, format, manifest, pace: &pace };
                erase_objects::plan(&scope, &source, order, after).await
            }
            Source::S3Media { bucket, key_template } => {
                let client = self.clients.s3(scope.connection)?;
                let source = MediaSource { client: &client, bucket, template: key_template, pace: &pace };
                erase_media::plan(&scope, &source, order, after).await
            }
        }
    }

    async fn erase(&self, order: &ErasureOrder, targets: &[Target]) -> Result<Vec<Erased>, PortError> {
        let scope = Scope::of(&order.lookup)?;
        let pace = self.paces.of(&order.lookup.tenant, scope.connection);
        match &scope.collection.source {
            Source::DynamoDb { table, indexes, scan, segments } => {
                let index = indexes.get(&order.lookup.field).map(String::as_str);
                let segments = scan.then_some(*segments);
                let client = self.clients.dynamodb(scope.connection)?;
                let table = Table { client: &client, name: table, index, segments, pace: &pace, is_consistent: true };
                self.dynamodb.erase(&scope, &table, order, targets).await
            }
            Source::S3Objects { bucket, prefix, format, manifest } => {
                let client = self.clients.s3(scope.connection)?;
                let (manifest, format) = (manifest.as_deref(), *format);
                let source = ObjectSource { client: &client, bucket, prefix, format, manifest, pace: &pace };
                erase_objects::erase(&scope, &source, order, targets).await
            }
            Source::S3Media { bucket, key_template } => {
                let client = self.clients.s3(scope.connection)?;
                let source = MediaSource { client: &client, bucket, template: key_template, pace: &pace };
                erase_media::erase(&scope, &source, order, targets).await
            }
        }
    }

    async fn erase_together(&self, shares: &[Share]) -> Vec<Result<Vec<Erased>, PortError>> {
        if let Ok(Some(scopes)) = in_the_same_objects(shares)
            && let Some((scope, _)) = scopes.first()
            && let Source::S3Objects { bucket, prefix, format, manifest } = &scope.collection.source
            && let Ok(client) = self.clients.s3(scope.connection)
        {
            let pace = self.paces.of(&scope.lookup.tenant, scope.connection);
            let (manifest, format) = (manifest.as_deref(), *format);
            let source = ObjectSource { client: &client, bucket, prefix, format, manifest, pace: &pace };
            return erase_objects::erase_together(&source, &scopes).await;
        }
        let mut answers = Vec::with_capacity(shares.len());
        for share in shares {
            answers.push(self.erase(&share.order, &share.targets).await);
        }
        answers
    }

    async fn read_flags(&self, order: &ErasureOrder, targets: &[Target]) -> Result<Vec<Flag>, PortError> {
        let scope = Scope::of(&order.lookup)?;
        let pace = self.paces.of(&order.lookup.tenant, scope.connection);
        let Source::DynamoDb { table, .. } = &scope.collection.source else {
            return Ok(targets.iter().map(|_| Flag::NotPlanned).collect());
        };
        let client = self.clients.dynamodb(scope.connection)?;
        let table = flagged(&client, table, &pace);
        self.dynamodb.read_flags(&scope, &table, order, targets).await
    }

    async fn set_flags(&self, order: &ErasureOrder, rows: &[(Target, Former)]) -> Result<(), PortError> {
        let scope = Scope::of(&order.lookup)?;
        let pace = self.paces.of(&order.lookup.tenant, scope.connection);
        let Source::DynamoDb { table, .. } = &scope.collection.source else { return Ok(()) };
        let client = self.clients.dynamodb(scope.connection)?;
        let table = flagged(&client, table, &pace);
        self.dynamodb.set_flags(&scope, &table, order, rows).await
    }

    async fn reset_flags(&self, order: &ErasureOrder, rows: &[(Target, Former)]) -> Result<(), PortError> {
        let scope = Scope::of(&order.lookup)?;
        let pace = self.paces.of(&order.lookup.tenant, scope.connection);
        let Source::DynamoDb { table, .. } = &scope.collection.source else { return Ok(()) };
        let client = self.clients.dynamodb(scope.connection)?;
        let table = flagged(&client, table, &pace);
        self.dynamodb.reset_flags(&scope, &table, order, rows).await
    }
}

/// The scopes of orders that look at one collection of objects by one field, for one tenant; none where they do not.
fn in_the_same_objects(shares: &[Share]) -> Result<Option<Vec<(Scope<'_>, &Share)>>, PortError> {
    let scopes = shares.iter().map(|share| Ok((Scope::of(&share.order.lookup)?, share)));
    let scopes = scopes.collect::<Result<Vec<_>, PortError>>()?;
    let Some((first, _)) = scopes.first() else { return Ok(None) };
    let is_alike = |(scope, _): &(Scope<'_>, &Share)| {
        scope.lookup.tenant == first.lookup.tenant
            && scope.lookup.field == first.lookup.field
            && scope.collection == first.collection
            && scope.connection == first.connection
    };
    let is_rows = matches!(first.collection.source, Source::S3Objects { .. });
    let are_alike = is_rows && scopes.iter().all(is_alike);
    Ok(are_alike.then_some(scopes))
}

/// Flags are in rows that are read by key.
const fn flagged<'a>(client: &'a Client, name: &'a str, pace: &'a Pace) -> Table<'a> {
    Table { client, name, index: None, segments: None, pace, is_consistent: true }
}
