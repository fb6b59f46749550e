//! Objects found by a manifest: one object that names the others, a key or `s3://bucket/key` a line.

use std::collections::BTreeSet;

use aws_sdk_s3::types::Object;
use futures::StreamExt as _;
use futures::stream;
use workflow::ports::{PortError, PortErrorKind};

use super::list::{Listing, list};
use super::objects::ObjectSource;
use crate::failure::{corrupt, failed};

/// Longest manifest that is read.
const MAX_BYTES: i64 = 16 << 20;
/// Objects of one page, each looked at by a call of its own.
const PAGE_OBJECTS: usize = 100;
/// Objects looked at together.
const WIDTH: usize = 8;

impl ObjectSource<'_> {
    /// A page of the objects under a prefix after a key, in key order, as the manifest or the bucket names them.
    pub(super) async fn list(&self, prefix: &str, after: Option<&str>, limit: i32) -> Result<Listing, PortError> {
        let Some(manifest) = self.manifest else {
            return list((self.client, self.pace), self.bucket, prefix, after, limit).await;
        };
        let literal = self.prefix.split('{').next().unwrap_or_default();
        let keys = keys(&self.text(manifest).await?, self.bucket, literal)?;
        let is_next = |key: &&String| {
            key.starts_with(prefix) && key.as_str() != manifest && after.is_none_or(|after| key.as_str() > after)
        };
        let mut keys = keys.iter().filter(is_next);
        let page: Vec<&String> = keys.by_ref().take(PAGE_OBJECTS).collect();
        let seen: Vec<_> = page.into_iter().map(|key| self.look(key)).collect();
        let objects: Vec<Result<Object, PortError>> = stream::iter(seen).buffered(WIDTH).collect().await;
        Ok(Listing { objects: objects.into_iter().collect::<Result<_, _>>()?, has_more: keys.next().is_some() })
    }

    async fn text(&self, manifest: &str) -> Result<String, PortError> {
        self.pace.request().await;
        let answer = self.client.get_object().bucket(self.bucket).key(manifest).send().await;
        let answer = answer.map_err(|error| failed("read manifest", error))?;
        if answer.content_length().is_none_or(|bytes| bytes > MAX_BYTES) {
            return Err(corrupt("read manifest", "it is longer than a manifest may be"));
        }
        let cut = |_| PortError::caused(PortErrorKind::Transient, "read manifest", "the body was cut off");
        let bytes = answer.body.collect().await.map_err(cut)?.to_vec();
        String::from_utf8(bytes).map_err(|_| corrupt("read manifest", "it is not text in UTF-8"))
    }

    /// An object as a listing tells it. One that is gone holds nothing, and has no length.
    async fn look(&self, key: &str) -> Result<Object, PortError> {
        self.pace.request().await;
        let object = Object::builder().key(key);
        match self.client.head_object().bucket(self.bucket).key(key).send().await {
            Ok(head) => Ok(object.set_e_tag(head.e_tag).set_size(head.content_length).build()),
            Err(error) => match failed("look at object", error) {
                gone if gone.kind == PortErrorKind::NotFound => Ok(object.size(0).build()),
                error => Err(error),
            },
        }
    }
}

/// The keys a manifest names, each once, in order; `Corrupt` where one lies elsewhere than the data map says.
fn keys(text: &str, bucket: &str, prefix: &str) -> Result<BTreeSet<String>, PortError> {
    let mut keys = BTreeSet::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let key = match line.strip_prefix("s3://") {
            None => Some(line),
            Some(place) => place.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('/')),
        };
        let key = key.filter(|key| key.starts_with(prefix));
        let key = key.ok_or_else(|| corrupt("read manifest", "it names an object outside of bucket and prefix"))?;
        keys.insert(key.to_owned());
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_keys_or_addresses_under_the_prefix_alone() {
        let read = |text: &str| keys(text, "b", "o/").map(|keys| keys.into_iter().collect::<Vec<_>>());
        assert_eq!(read("o/2\r\n\n s3://b/o/1 \no/2").unwrap(), ["o/1", "o/2"]);
        for text in ["p/1", "s3://c/o/1", "s3://bb/o/1", "s3://b", "/o/1"] {
            let error = read(text).unwrap_err();
            assert_eq!(error.kind, PortErrorKind::Corrupt, "{text}");
        }
    }
}
