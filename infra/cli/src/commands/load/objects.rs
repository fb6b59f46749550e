//! S3 objects: buckets made where they are missing on a local stack, eight puts at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use indicatif::ProgressBar;
use tokio::task::JoinSet;

use super::layout::Object;

const WRITERS: usize = 8;

/// Puts all objects; an object that is there already is replaced by the same bytes.
pub(super) async fn write(
    client: &Client,
    objects: Vec<Object<'_>>,
    bar: &ProgressBar,
    may_create: bool,
) -> anyhow::Result<()> {
    let buckets: BTreeSet<&str> = objects.iter().map(|object| object.bucket.as_str()).collect();
    for bucket in buckets {
        ensure_bucket(client, bucket, may_create).await?;
    }
    let mut writers = JoinSet::new();
    for object in objects {
        if writers.len() >= WRITERS {
            writers.join_next().await.transpose()?.transpose()?;
            bar.inc(1);
        }
        writers.spawn(put(client.clone(), object.bucket, object.key, object.path));
    }
    while let Some(done) = writers.join_next().await {
        done??;
        bar.inc(1);
    }
    Ok(())
}

async fn put(client: Client, bucket: String, key: String, path: PathBuf) -> anyhow::Result<()> {
    let body = ByteStream::from_path(&path).await.with_context(|| format!("cannot read {}", path.display()))?;
    let request = client.put_object().bucket(&bucket).key(key).content_type(content_type(&path)).body(body);
    let sent = request.send().await;
    sent.map_err(|error| {
        anyhow::anyhow!("cannot put {} into {bucket}: {}", path.display(), DisplayErrorContext(&error))
    })?;
    Ok(())
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("pdf") => "application/pdf",
        Some("txt") => "text/plain; charset=utf-8",
        Some("csv") => "text/csv; charset=utf-8",
        Some("ndjson" | "jsonl") => "application/x-ndjson",
        Some(_) | None => "application/octet-stream",
    }
}

/// Makes a bucket that is missing, where buckets may be made.
pub(super) async fn ensure_bucket(client: &Client, bucket: &str, may_create: bool) -> anyhow::Result<()> {
    match client.head_bucket().bucket(bucket).send().await {
        Ok(_) => Ok(()),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => {
            anyhow::ensure!(may_create, "bucket {bucket} does not exist; buckets are made on a local stack only");
            create(client, bucket).await
        }
        Err(error) => anyhow::bail!("cannot look at bucket {bucket}: {}", DisplayErrorContext(&error)),
    }
}

async fn create(client: &Client, bucket: &str) -> anyhow::Result<()> {
    let region = client.config().region().map_or("us-east-1", |region| region.as_ref());
    let mut request = client.create_bucket().bucket(bucket);
    // The oldest region is the one that must not be named.
    if region != "us-east-1" {
        let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region));
        request = request.create_bucket_configuration(place.build());
    }
    let sent = request.send().await;
    sent.map_err(|error| anyhow::anyhow!("cannot make bucket {bucket}: {}", DisplayErrorContext(&error)))?;
    Ok(())
}
