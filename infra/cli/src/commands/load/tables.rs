//! DynamoDB tables: made where they are missing on a local stack, filled by four writers at once.

use std::path::PathBuf;

use anyhow::Context as _;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableOutput;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, PutRequest, WriteRequest,
};
use datamap::{Collection, DataMap, Source};
use domain::datum::Datum;
use indicatif::ProgressBar;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::rows;
use super::shape::{KeyField, Row, Shape};
use crate::waiting::pause;

const WRITERS: usize = 4;
const BATCH_ROWS: usize = 25;
const TRIES: u32 = 10;

/// A checked file and the table it goes to; an empty file has no shape and nothing to write.
pub(super) struct Load {
    pub(super) path: PathBuf,
    pub(super) collection: Collection,
    pub(super) shape: Option<Shape>,
}

struct Batch {
    table: String,
    rows: Vec<Row>,
}

/// Writes all rows; a row that is there already is replaced by the same row.
pub(super) async fn write(
    client: &Client,
    loads: Vec<Load>,
    bar: &ProgressBar,
    may_create: bool,
) -> anyhow::Result<()> {
    let shapes = loads.iter().filter_map(|load| load.shape.as_ref());
    for shape in shapes {
        ensure_table(client, shape, may_create).await?;
    }
    let (sender, mut batches) = mpsc::channel(WRITERS * 4);
    let reader = tokio::task::spawn_blocking(move || read(&loads, &sender));
    let mut writers = JoinSet::new();
    while let Some(batch) = batches.recv().await {
        if writers.len() >= WRITERS {
            writers.join_next().await.transpose()?.transpose()?;
        }
        writers.spawn(put_batch(client.clone(), batch, bar.clone()));
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    reader.await?
}

/// Makes the tables of collections that have no rows, so that a walk finds them empty and not missing.
pub(super) async fn create_empty(
    client: &Client,
    map: &DataMap,
    loads: &[Load],
    is_here: impl Fn(&Collection) -> bool,
) -> anyhow::Result<()> {
    let filled: Vec<String> =
        loads.iter().filter(|load| load.shape.is_some()).map(|load| load.collection.id()).collect();
    let missing = |collection: &&Collection| !collection.skip && !filled.contains(&collection.id());
    for collection in map.collections.iter().filter(missing).filter(|collection| is_here(collection)) {
        if matches!(collection.source, Source::DynamoDb { .. }) {
            let shape = Shape::of(collection, &Row::new()).map_err(|unfit| anyhow::anyhow!("{unfit}"))?;
            ensure_table(client, &shape, true).await?;
        }
    }
    Ok(())
}

fn read(loads: &[Load], sender: &mpsc::Sender<Batch>) -> anyhow::Result<()> {
    for load in loads {
        let Some(shape) = &load.shape else { continue };
        let mut waiting = Vec::with_capacity(BATCH_ROWS);
        let mut gone = false;
        rows::each_row(&load.path, &load.collection, &mut |mut row| {
            shape.fit(&mut row)?;
            waiting.push(row);
            if waiting.len() == BATCH_ROWS {
                let rows = std::mem::replace(&mut waiting, Vec::with_capacity(BATCH_ROWS));
                gone |= sender.blocking_send(Batch { table: shape.table.clone(), rows }).is_err();
            }
            Ok(())
        })?;
        if !waiting.is_empty() {
            gone |= sender.blocking_send(Batch { table: shape.table.clone(), rows: waiting }).is_err();
        }
        if gone {
            return Ok(());
        }
    }
    Ok(())
}

async fn put_batch(client: Client, batch: Batch, bar: ProgressBar) -> anyhow::Result<()> {
    let count = u64::try_from(batch.rows.len())?;
    let mut waiting = batch.rows.into_iter().map(put_request).collect::<anyhow::Result<Vec<_>>>()?;
    for attempt in 0..TRIES {
        let sent = client.batch_write_item().request_items(&batch.table, waiting).send().await;
        let sent =
            sent.map_err(|error| anyhow::anyhow!("cannot write to {}: {}", batch.table, DisplayErrorContext(&error)))?;
        waiting = sent.unprocessed_items.unwrap_or_default().remove(&batch.table).unwrap_or_default();
        if waiting.is_empty() {
            bar.inc(count);
            return Ok(());
        }
        pause(50 << attempt.min(7)).await;
    }
    anyhow::bail!("{} still refuses {} rows after {TRIES} tries", batch.table, waiting.len())
}

fn put_request(row: Row) -> anyhow::Result<WriteRequest> {
    let item = row.into_iter().map(|(name, value)| (name, attribute(value))).collect();
    let put = PutRequest::builder().set_item(Some(item)).build()?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn attribute(value: Datum) -> AttributeValue {
    match value {
        Datum::Null => AttributeValue::Null(true),
        Datum::Bool(truth) => AttributeValue::Bool(truth),
        Datum::Number(digits) => AttributeValue::N(digits),
        Datum::Text(text) => AttributeValue::S(text),
        Datum::Bytes(bytes) => AttributeValue::B(Blob::new(bytes)),
        Datum::List(items) => AttributeValue::L(items.into_iter().map(attribute).collect()),
        Datum::Map(entries) => {
            AttributeValue::M(entries.into_iter().map(|(name, value)| (name, attribute(value))).collect())
        }
    }
}

async fn ensure_table(client: &Client, shape: &Shape, may_create: bool) -> anyhow::Result<()> {
    let table = &shape.table;
    match client.describe_table().table_name(table).send().await {
        Ok(found) => same_keys(shape, &found),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
            anyhow::ensure!(may_create, "table {table} does not exist; tables are made on a local stack only");
            create(client, shape).await.with_context(|| format!("cannot make table {table}"))?;
            until_active(client, table).await
        }
        Err(error) => anyhow::bail!("cannot look at table {table}: {}", DisplayErrorContext(&error)),
    }
}

fn same_keys(shape: &Shape, found: &DescribeTableOutput) -> anyhow::Result<()> {
    let schema = found.table().map(|table| table.key_schema()).unwrap_or_default();
    let mut there: Vec<&str> = schema.iter().map(KeySchemaElement::attribute_name).collect();
    let mut wanted: Vec<&str> = shape.keys().map(|key| key.name.as_str()).collect();
    there.sort_unstable();
    wanted.sort_unstable();
    let (table, keys) = (&shape.table, there.join(", "));
    anyhow::ensure!(there == wanted, "table {table} exists with the key {keys}, the map says {}", wanted.join(", "));
    Ok(())
}

async fn create(client: &Client, shape: &Shape) -> anyhow::Result<()> {
    let mut attributes: Vec<&KeyField> = Vec::new();
    for key in shape.keys().chain(shape.indexes.iter().map(|(_, key)| key)) {
        if !attributes.iter().any(|known| known.name == key.name) {
            attributes.push(key);
        }
    }
    let mut request = client.create_table().table_name(&shape.table).billing_mode(BillingMode::PayPerRequest);
    for key in attributes {
        let definition =
            AttributeDefinition::builder().attribute_name(&key.name).attribute_type(key.scalar()).build()?;
        request = request.attribute_definitions(definition);
    }
    request = request.key_schema(element(&shape.partition, KeyType::Hash)?);
    if let Some(sort) = &shape.sort {
        request = request.key_schema(element(sort, KeyType::Range)?);
    }
    for (name, key) in &shape.indexes {
        let projection = Projection::builder().projection_type(ProjectionType::All).build();
        let schema = element(key, KeyType::Hash)?;
        let index =
            GlobalSecondaryIndex::builder().index_name(name).key_schema(schema).projection(projection).build()?;
        request = request.global_secondary_indexes(index);
    }
    request.send().await.map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(&error)))?;
    Ok(())
}

fn element(key: &KeyField, role: KeyType) -> anyhow::Result<KeySchemaElement> {
    Ok(KeySchemaElement::builder().attribute_name(&key.name).key_type(role).build()?)
}

async fn until_active(client: &Client, table: &str) -> anyhow::Result<()> {
    use aws_sdk_dynamodb::types::TableStatus;
    for _ in 0..120 {
        let found = client.describe_table().table_name(table).send().await;
        let found = found.map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(&error)))?;
        if found.table().and_then(|table| table.table_status()) == Some(&TableStatus::Active) {
            return Ok(());
        }
        pause(250).await;
    }
    anyhow::bail!("table {table} is not active after 30 s")
}
