//! The last part of the table of contents: which connector finds and takes away what has lived long enough.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::{Masker, Source, Treatment};
use workflow::ports::{
    Cursor, Erased, ExpiredPage, ExpiredRow, ExpiryOrder, PortError, PortErrorKind, RetentionSource, SourceLookup,
};

use super::Connectors;
use crate::clients::Clients;
use crate::dynamodb::Table;
use crate::pace::Pace;
use crate::scope::Scope;

fn lookup(order: &ExpiryOrder) -> Result<SourceLookup, PortError> {
    let (_, retention) = order.target()?;
    let (tenant, map, collection) = (order.tenant.clone(), Arc::clone(&order.map), order.collection);
    Ok(SourceLookup { tenant, map, collection, field: retention.time_field.clone(), values: Vec::new() })
}

type Client = aws_sdk_dynamodb::Client;

fn client(clients: &Clients, scope: &Scope<'_>) -> Result<Client, PortError> {
    clients.dynamodb(scope.connection)
}

fn table<'a>(client: &'a Client, scope: &Scope<'a>, pace: &'a Pace) -> Result<Table<'a>, PortError> {
    match &scope.collection.source {
        Source::DynamoDb { table, indexes: _, scan, segments } => {
            let segments = scan.then_some(*segments);
            Ok(Table { client, name: table, index: None, segments, pace, is_consistent: true })
        }
        Source::S3Objects { .. } | Source::S3Media { .. } => {
            Err(PortError::new(PortErrorKind::Corrupt, "look for expired rows outside a table"))
        }
    }
}

#[async_trait]
impl RetentionSource for Connectors {
    async fn expired(&self, order: &ExpiryOrder, after: Option<&Cursor>) -> Result<ExpiredPage, PortError> {
        let lookup = lookup(order)?;
        let scope = Scope::of(&lookup)?;
        let pace = self.paces.of(&order.tenant, scope.connection);
        let client = client(&self.clients, &scope)?;
        self.dynamodb.expired(&scope, &table(&client, &scope, &pace)?, order, after).await
    }

    async fn remove(
        &self,
        order: &ExpiryOrder,
        treatment: &Treatment,
        masker: &dyn Masker,
        rows: &[ExpiredRow],
    ) -> Result<Vec<Erased>, PortError> {
        let lookup = lookup(order)?;
        let scope = Scope::of(&lookup)?;
        let pace = self.paces.of(&order.tenant, scope.connection);
        let client = client(&self.clients, &scope)?;
        self.dynamodb.remove(&scope, &table(&client, &scope, &pace)?, (treatment, masker), rows).await
    }

    async fn is_labelled(&self, order: &ExpiryOrder) -> Result<bool, PortError> {
        let lookup = lookup(order)?;
        let scope = Scope::of(&lookup)?;
        let pace = self.paces.of(&order.tenant, scope.connection);
        let client = client(&self.clients, &scope)?;
        self.dynamodb.is_labelled(&table(&client, &scope, &pace)?).await
    }
}
