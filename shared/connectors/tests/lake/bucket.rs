//! A bucket on disk behind the AWS client's own wire: it counts calls, dies where told, and lets others write in between.
//!
//! It knows just the calls of the connector, with their conditions; versions where it is told to keep them.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// What an object keeps beside its bytes.
const KEPT: [&str; 5] = [
    "content-type",
    "x-amz-meta-made",
    "x-amz-storage-class",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
];

/// One version of an object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) etag: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) tags: String,
    /// As S3 writes it; the same for all of which nobody cares.
    written_at: Option<String>,
    path: PathBuf,
}

impl Stored {
    fn written_at(&self) -> &str {
        self.written_at.as_deref().unwrap_or("2026-03-01T09:00:00.000Z")
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[derive(Debug, Default)]
struct Upload {
    key: String,
    stored: Stored,
    parts: BTreeMap<u32, Vec<u8>>,
}

#[derive(Debug, Default)]
struct State {
    dir: PathBuf,
    is_versioned: bool,
    objects: BTreeMap<String, Vec<Stored>>,
    uploads: BTreeMap<String, Upload>,
    count: u64,
    calls: BTreeMap<&'static str, u64>,
    /// Calls left to live.
    left: Option<u64>,
    /// What somebody else puts right before our next write of this key.
    meanwhile: HashMap<String, Vec<u8>>,
}

/// The bucket; clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bucket(Arc<Mutex<State>>);

type Answer = (u16, Vec<(String, String)>, Vec<u8>);

impl Bucket {
    /// An empty bucket that keeps its bytes in a folder, which is emptied.
    pub(crate) fn new(dir: &Path, is_versioned: bool) -> Self {
        drop(std::fs::remove_dir_all(dir));
        std::fs::create_dir_all(dir).unwrap();
        Self(Arc::new(Mutex::new(State { dir: dir.to_owned(), is_versioned, ..State::default() })))
    }

    /// Another bucket with the same objects, whose bytes are stored once.
    pub(crate) fn copied(&self, dir: &Path) -> Self {
        let copy = Self::new(dir, true);
        let state = self.0.lock().unwrap();
        let mut to = copy.0.lock().unwrap();
        (to.objects, to.count, to.is_versioned) = (state.objects.clone(), state.count, state.is_versioned);
        for stored in to.objects.values_mut().flatten() {
            let path = dir.join(stored.path.file_name().unwrap());
            std::fs::hard_link(&stored.path, &path).unwrap();
            stored.path = path;
        }
        drop(to);
        drop(state);
        copy
    }

    /// A configuration that reaches this bucket, and never tries twice.
    pub(crate) async fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("test", "test", None, None, "test");
        let defaults = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
        let defaults = defaults.credentials_provider(credentials).endpoint_url("http://127.0.0.1:1");
        defaults.retry_config(RetryConfig::disabled()).http_client(self.clone()).load().await
    }

    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        let headers = [("content-type", "application/x-test"), ("x-amz-meta-made", "by hand")];
        let headers = headers.into_iter().chain([("x-amz-storage-class", "STANDARD_IA")]);
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let stored = Stored { headers, tags: "kind=a%20b".to_owned(), ..Stored::default() };
        drop(self.0.lock().unwrap().store(key, stored, bytes));
    }

    /// An object that was written at another time.
    pub(crate) fn put_at(&self, key: &str, bytes: &[u8], written_at: &str) {
        let stored = Stored { written_at: Some(written_at.to_owned()), ..Stored::default() };
        drop(self.0.lock().unwrap().store(key, stored, bytes));
    }

    /// Lets somebody else put this right before our next write of the key.
    pub(crate) fn put_meanwhile(&self, key: &str, bytes: &[u8]) {
        self.0.lock().unwrap().meanwhile.insert(key.to_owned(), bytes.to_vec());
    }

    /// The latest version.
    pub(crate) fn get(&self, key: &str) -> Option<Stored> {
        self.0.lock().unwrap().objects.get(key)?.last().cloned()
    }

    /// Every version of every object.
    pub(crate) fn all(&self) -> Vec<(String, Stored)> {
        let state = self.0.lock().unwrap();
        state.objects.iter().flat_map(|(key, all)| all.iter().map(|it| (key.clone(), it.clone()))).collect()
    }

    pub(crate) fn uploads(&self) -> usize {
        self.0.lock().unwrap().uploads.len()
    }

    /// Calls by name since last asked.
    pub(crate) fn calls(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }

    /// Answers so many calls more and then none; or all again.
    pub(crate) fn live_for(&self, calls: Option<u64>) {
        self.0.lock().unwrap().left = calls;
    }
}

impl HttpConnector for Bucket {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.lock().unwrap().answer(&request);
        HttpConnectorFuture::ready(match answer {
            None => Err(ConnectorError::io("the worker is dead".into())),
            Some((status, headers, body)) => {
                let status = StatusCode::try_from(status).unwrap();
                let mut response = HttpResponse::new(status, SdkBody::from(body));
                for (name, value) in headers {
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
        })
    }
}

impl HttpClient for Bucket {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl State {
    fn store(&mut self, key: &str, mut stored: Stored, bytes: &[u8]) -> String {
        self.count += 1;
        stored.path = self.dir.join(self.count.to_string());
        std::fs::write(&stored.path, bytes).unwrap();
        stored.etag = format!("\"e{}\"", self.count);
        stored.id = if self.is_versioned { format!("v{}", self.count) } else { "null".to_owned() };
        let etag = stored.etag.clone();
        let versions = self.objects.entry(key.to_owned()).or_default();
        if !self.is_versioned {
            versions.drain(..).for_each(|old| std::fs::remove_file(old.path).unwrap());
        }
        versions.push(stored);
        etag
    }

    fn answer(&mut self, request: &HttpRequest) -> Option<Answer> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1)?;
        }
        let uri = request.uri().strip_prefix("http://127.0.0.1:1/").unwrap();
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let key = decoded(path.split_once('/').map_or("", |(_, key)| key));
        let query: BTreeMap<String, String> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        let has = |name: &str| query.contains_key(name);
        let (name, answer) = match request.method() {
            "GET" if has("list-type") => ("ListObjectsV2", self.list(&query)),
            "GET" if has("versions") => ("ListObjectVersions", self.list_versions(&query["prefix"])),
            "GET" if has("uploads") => ("ListMultipartUploads", self.list_uploads(&query["prefix"])),
            "GET" if has("tagging") => ("GetObjectTagging", self.tags(&key)),
            "GET" => ("GetObject", self.read(&key, request)),
            "HEAD" => ("HeadObject", self.head(&key)),
            "PUT" if has("partNumber") => ("UploadPart", self.part(&query, request)),
            "PUT" => ("PutObject", self.write(&key, request)),
            "POST" if has("delete") => ("DeleteObjects", self.delete_many(request)),
            "POST" if has("uploads") => ("CreateMultipartUpload", self.begin(&key, request)),
            "POST" => ("CompleteMultipartUpload", self.complete(&key, &query["uploadId"], request)),
            "DELETE" if has("uploadId") => {
                drop(self.uploads.remove(&query["uploadId"]));
                ("AbortMultipartUpload", (204, Vec::new(), Vec::new()))
            }
            "DELETE" => ("DeleteObject", self.delete(&key, request)),
            other => panic!("{other} {uri}"),
        };
        *self.calls.entry(name).or_default() += 1;
        Some(answer)
    }

    /// The answer where a condition on the latest version does not hold.
    fn refused(&mut self, key: &str, request: &HttpRequest) -> Option<Answer> {
        let condition = request.headers().get("if-match")?;
        match self.objects.get(key).and_then(|all| all.last()) {
            None => Some(error(404, "NoSuchKey")),
            Some(latest) if latest.etag != condition => Some(error(412, "PreconditionFailed")),
            Some(_) => None,
        }
    }

    fn read(&mut self, key: &str, request: &HttpRequest) -> Answer {
        if let Some(refused) = self.refused(key, request) {
            return refused;
        }
        let Some(latest) = self.objects.get(key).and_then(|all| all.last()) else { return error(404, "NoSuchKey") };
        let bytes = latest.bytes();
        let mut headers: Vec<(String, String)> = latest.headers.clone().into_iter().collect();
        headers.push(("etag".to_owned(), latest.etag.clone()));
        let Some(range) = request.headers().get("range").and_then(|range| range.strip_prefix("bytes=")) else {
            headers.push(("content-length".to_owned(), bytes.len().to_string()));
            return (200, headers, bytes);
        };
        let (start, end) = match range.split_once('-').unwrap() {
            ("", last) => (bytes.len().saturating_sub(last.parse().unwrap()), bytes.len()),
            (start, "") => (start.parse().unwrap(), bytes.len()),
            (start, end) => (start.parse().unwrap(), end.parse::<usize>().unwrap() + 1),
        };
        headers.push(("content-range".to_owned(), format!("bytes {start}-{}/{}", end - 1, bytes.len())));
        (206, headers, bytes[start..end].to_vec())
    }

    fn head(&self, key: &str) -> Answer {
        let Some(latest) = self.objects.get(key).and_then(|all| all.last()) else { return error(404, "NoSuchKey") };
        let length = latest.bytes().len().to_string();
        let headers = [("etag", latest.etag.as_str()), ("content-length", length.as_str())];
        (200, headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(), Vec::new())
    }

    fn write(&mut self, key: &str, request: &HttpRequest) -> Answer {
        self.let_others_write(key);
        if let Some(refused) = self.refused(key, request) {
            return refused;
        }
        let etag = self.store(key, told(request), request.body().bytes().unwrap());
        (200, vec![("etag".to_owned(), etag)], Vec::new())
    }

    fn let_others_write(&mut self, key: &str) {
        if let Some(bytes) = self.meanwhile.remove(key) {
            drop(self.store(key, Stored::default(), &bytes));
        }
    }

    fn begin(&mut self, key: &str, request: &HttpRequest) -> Answer {
        self.count += 1;
        let id = format!("u{}", self.count);
        let upload = Upload { key: key.to_owned(), stored: told(request), ..Upload::default() };
        self.uploads.insert(id.clone(), upload);
        xml(&format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"))
    }

    fn part(&mut self, query: &BTreeMap<String, String>, request: &HttpRequest) -> Answer {
        let Some(upload) = self.uploads.get_mut(&query["uploadId"]) else { return error(404, "NoSuchUpload") };
        let number = query["partNumber"].parse().unwrap();
        upload.parts.insert(number, request.body().bytes().unwrap().to_vec());
        (200, vec![("etag".to_owned(), format!("\"p{number}\""))], Vec::new())
    }

    fn complete(&mut self, key: &str, id: &str, request: &HttpRequest) -> Answer {
        self.let_others_write(key);
        if let Some(refused) = self.refused(key, request) {
            return refused;
        }
        let Some(upload) = self.uploads.remove(id) else { return error(404, "NoSuchUpload") };
        let bytes = upload.parts.into_values().flatten().collect::<Vec<u8>>();
        let etag = self.store(key, upload.stored, &bytes);
        xml(&format!("<CompleteMultipartUploadResult><ETag>{etag}</ETag></CompleteMultipartUploadResult>"))
    }

    fn delete(&mut self, key: &str, request: &HttpRequest) -> Answer {
        if let Some(refused) = self.refused(key, request) {
            return refused;
        }
        drop(self.objects.remove(key));
        (204, Vec::new(), Vec::new())
    }

    fn delete_many(&mut self, request: &HttpRequest) -> Answer {
        let body = std::str::from_utf8(request.body().bytes().unwrap()).unwrap().to_owned();
        for object in body.split("<Object>").skip(1) {
            let inner = |name: &str| {
                object.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once("</")).map(|it| it.0)
            };
            let (key, id) = (inner("Key").unwrap(), inner("VersionId").unwrap());
            if let Some(versions) = self.objects.get_mut(key) {
                versions.retain(|version| version.id != id);
                if versions.is_empty() {
                    drop(self.objects.remove(key));
                }
            }
        }
        xml("<DeleteResult></DeleteResult>")
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Answer {
        let limit = query.get("max-keys").map_or(1000, |limit| limit.parse().unwrap());
        let (prefix, after) = (&query["prefix"], query.get("start-after").cloned().unwrap_or_default());
        let mut keys = self.objects.iter().filter(|(key, _)| key.starts_with(prefix.as_str()) && **key > after);
        let mut body = "<ListBucketResult>".to_owned();
        for (key, versions) in keys.by_ref().take(limit) {
            let latest = versions.last().unwrap();
            let size = std::fs::metadata(&latest.path).unwrap().len();
            let etag = &latest.etag;
            let at = latest.written_at();
            write!(
                body,
                "<Contents><Key>{key}</Key><ETag>{etag}</ETag><Size>{size}</Size><LastModified>{at}</LastModified></Contents>"
            )
            .unwrap();
        }
        let has_more = keys.next().is_some();
        xml(&format!("{body}<IsTruncated>{has_more}</IsTruncated></ListBucketResult>"))
    }

    fn list_versions(&self, prefix: &str) -> Answer {
        let mut body = "<ListVersionsResult><IsTruncated>false</IsTruncated>".to_owned();
        for (key, versions) in self.objects.iter().filter(|(key, _)| key.starts_with(prefix)) {
            for (place, version) in versions.iter().enumerate().rev() {
                let (id, etag, is_latest) = (&version.id, &version.etag, place + 1 == versions.len());
                write!(
                    body,
                    "<Version><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>{is_latest}</IsLatest>\
                     <ETag>{etag}</ETag><Size>1</Size><LastModified>{}</LastModified></Version>",
                    version.written_at()
                )
                .unwrap();
            }
        }
        xml(&format!("{body}</ListVersionsResult>"))
    }

    fn list_uploads(&self, prefix: &str) -> Answer {
        let mut body = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>".to_owned();
        for (id, upload) in self.uploads.iter().filter(|(_, upload)| upload.key.starts_with(prefix)) {
            let key = &upload.key;
            let initiator = "<Initiator><ID>us</ID></Initiator>";
            write!(body, "<Upload><Key>{key}</Key><UploadId>{id}</UploadId>{initiator}</Upload>").unwrap();
        }
        xml(&format!("{body}</ListMultipartUploadsResult>"))
    }

    fn tags(&self, key: &str) -> Answer {
        let Some(latest) = self.objects.get(key).and_then(|all| all.last()) else { return error(404, "NoSuchKey") };
        let mut body = "<Tagging><TagSet>".to_owned();
        for (name, value) in latest.tags.split('&').filter_map(|tag| tag.split_once('=')) {
            write!(body, "<Tag><Key>{}</Key><Value>{}</Value></Tag>", decoded(name), decoded(value)).unwrap();
        }
        xml(&format!("{body}</TagSet></Tagging>"))
    }
}

fn told(request: &HttpRequest) -> Stored {
    let header = |name: &str| request.headers().get(name).map(str::to_owned);
    let headers = KEPT.iter().filter_map(|name| Some(((*name).to_owned(), header(name)?))).collect();
    Stored { headers, tags: header("x-amz-tagging").unwrap_or_default(), ..Stored::default() }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn xml(body: &str) -> Answer {
    (200, vec![("content-type".to_owned(), "application/xml".to_owned())], body.as_bytes().to_vec())
}

fn error(status: u16, code: &str) -> Answer {
    (status, Vec::new(), format!("<Error><Code>{code}</Code><Message>no</Message></Error>").into_bytes())
}
