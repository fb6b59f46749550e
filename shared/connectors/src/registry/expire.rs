//! The last part of the table of contents: which connector finds and takes away what has lived long enough.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::{Collection, Masker, Source, Treatment};
use workflow::ports::{
    Content, Cursor, Erased, ExpiredPage, ExpiredRow, ExpiryOrder, PortError, RetentionSource, SourceLookup,
};

use super::Connectors;
use crate::dynamodb::Table;
use crate::pace::Pace;
use crate::s3::{ObjectSource, WholeObjects, expire_rows};
use crate::scope::Scope;

/// Rows of one call to a table, and objects of one round.
const AT_ONCE: usize = 25;

fn lookup(order: &ExpiryOrder) -> Result<SourceLookup, PortError> {
    let (_, retention) = order.target()?;
    let (tenant, map, collection) = (order.tenant.clone(), Arc::clone(&order.map), order.collection);
    Ok(SourceLookup { tenant, map, collection, field: retention.time_field.clone(), values: Vec::new() })
}

/// Where what expires is, with the way to it.
enum Place<'a> {
    Table(aws_sdk_dynamodb::Client, &'a str, Option<u32>),
    Objects(aws_sdk_s3::Client, &'a str, &'a str),
    Rows(aws_sdk_s3::Client, &'a Source),
}

impl Connectors {
    fn place<'a>(&self, scope: &Scope<'a>) -> Result<Place<'a>, PortError> {
        let s3 = || self.clients.s3(scope.connection);
        let it: &'a Collection = scope.collection;
        let is_whole = it.retention.as_ref().is_some_and(|retention| retention.whole_objects);
        Ok(match &it.source {
            Source::DynamoDb { table, indexes: _, scan, segments } => {
                Place::Table(self.clients.dynamodb(scope.connection)?, table, scan.then_some(*segments))
            }
            Source::S3Objects { bucket, prefix, .. } if is_whole => Place::Objects(s3()?, bucket, prefix),
            Source::S3Objects { .. } => Place::Rows(s3()?, &it.source),
            Source::S3Media { bucket, key_template } => Place::Objects(s3()?, bucket, key_template),
        })
    }
}

impl<'a> Place<'a> {
    fn table(&'a self, pace: &'a Pace) -> Option<Table<'a>> {
        let Self::Table(client, name, segments) = self else { return None };
        Some(Table { client, name, index: None, segments: *segments, pace, is_consistent: true })
    }

    fn objects(&'a self, pace: &'a Pace) -> Option<WholeObjects<'a>> {
        let Self::Objects(client, bucket, template) = self else { return None };
        Some(WholeObjects { client, pace, bucket, template })
    }

    fn rows(&'a self, pace: &'a Pace) -> Option<ObjectSource<'a>> {
        let Self::Rows(client, Source::S3Objects { bucket, prefix, format, manifest }) = self else { return None };
        Some(ObjectSource { client, bucket, prefix, format: *format, manifest: manifest.as_deref(), pace })
    }
}

#[async_trait]
impl RetentionSource for Connectors {
    async fn expired(&self, order: &ExpiryOrder, after: Option<&Cursor>) -> Result<ExpiredPage, PortError> {
        let lookup = lookup(order)?;
        let scope = Scope::of(&lookup)?;
        let (pace, place) = (self.paces.of(&order.tenant, scope.connection), self.place(&scope)?);
        match (place.table(&pace), place.objects(&pace), place.rows(&pace)) {
            (Some(table), _, _) => self.dynamodb.expired(&scope, &table, order, after).await,
            (_, Some(objects), _) => objects.expired(&scope, order, after).await,
            (_, _, Some(rows)) => expire_rows::expired(&scope, &rows, order, after).await,
            (None, None, None) => Ok(ExpiredPage::default()),
        }
    }

    async fn remove(
        &self,
        order: &ExpiryOrder,
        treatment: &Treatment,
        masker: &Arc<dyn Masker>,
        rows: &[ExpiredRow],
    ) -> Result<Vec<Erased>, PortError> {
        let lookup = lookup(order)?;
        let scope = Scope::of(&lookup)?;
        let (pace, place) = (self.paces.of(&order.tenant, scope.connection), self.place(&scope)?);
        match (place.table(&pace), place.objects(&pace), place.rows(&pace)) {
            (Some(table), _, _) => self.dynamodb.remove(&scope, &table, (treatment, masker.as_ref()), rows).await,
            (_, Some(objects), _) => objects.remove(&scope, rows).await,
            (_, _, Some(source)) => expire_rows::remove(&scope, &source, (treatment, masker), rows).await,
            (None, None, None) => Ok(Vec::new()),
        }
    }

    fn batch(&self, rows: &[ExpiredRow]) -> usize {
        expire_rows::in_one_object(rows).unwrap_or_else(|| rows.len().min(AT_ONCE))
    }

    async fn content(&self, order: &ExpiryOrder, row: &ExpiredRow, from: u64) -> Result<Option<Content>, PortError> {
        let lookup = lookup(order)?;
        let scope = Scope::of(&lookup)?;
        let (pace, place) = (self.paces.of(&order.tenant, scope.connection), self.place(&scope)?);
        match place.objects(&pace) {
            Some(objects) => objects.content(row, from).await,
            None => Ok(None),
        }
    }

    async fn size(&self, order: &ExpiryOrder) -> Result<Option<u64>, PortError> {
        let lookup = lookup(order)?;
        let scope = Scope::of(&lookup)?;
        let (pace, place) = (self.paces.of(&order.tenant, scope.connection), self.place(&scope)?);
        match place.table(&pace).filter(|_| order.target().is_ok_and(|(_, retention)| retention.index.is_some())) {
            Some(table) => Ok(Some(self.dynamodb.size(&table).await?)),
            None => Ok(None),
        }
    }

    async fn is_labelled(&self, order: &ExpiryOrder) -> Result<bool, PortError> {
        let lookup = lookup(order)?;
        let scope = Scope::of(&lookup)?;
        let (pace, place) = (self.paces.of(&order.tenant, scope.connection), self.place(&scope)?);
        if let Some(table) = place.table(&pace) {
            return self.dynamodb.is_labelled(&table).await;
        }
        let of_rows = match &place {
            Place::Rows(client, Source::S3Objects { bucket, prefix, .. }) => {
                Some(WholeObjects { client, pace: &pace, bucket, template: prefix })
            }
            Place::Rows(..) | Place::Table(..) | Place::Objects(..) => None,
        };
        match place.objects(&pace).or(of_rows) {
            Some(objects) => objects.is_labelled(&scope).await,
            None => Ok(false),
        }
    }
}
