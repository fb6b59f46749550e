//! The generated sample company, read from its files and searched by hand: what an export of it must hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::zip_file::sha256;

/// The demo person.
pub(crate) const ADA: &str = "ada.marlow@example.com";
/// The demo person's organisation.
pub(crate) const ALDER: &str = "org_alder";

/// Rows and files of the company.
pub(crate) struct Company {
    dir: PathBuf,
    rows: BTreeMap<String, Vec<Value>>,
}

/// What a request must find.
#[derive(Default)]
pub(crate) struct Expected {
    pub(crate) rows: BTreeMap<String, Vec<Value>>,
    /// SHA-256 of each file, sorted, by collection.
    pub(crate) media: BTreeMap<String, Vec<String>>,
    /// Ids of CSV rows by collection; their other cells are texts.
    pub(crate) csv_ids: BTreeMap<String, BTreeSet<String>>,
}

impl Company {
    /// Reads the files that `up` has generated and loaded.
    pub(crate) fn read(home: &Path) -> Self {
        let dir = home.join(".habeas/sample");
        let mut rows: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for file in files_below(&dir) {
            let relative = file.strip_prefix(&dir).unwrap().with_extension("");
            let mut parts = relative.iter().map(|part| part.to_str().unwrap());
            let source = format!("{}.{}", parts.next().unwrap(), parts.next().unwrap());
            match file.extension().and_then(|extension| extension.to_str()) {
                Some("ndjson") => rows.entry(source).or_default().extend(ndjson(&file)),
                Some("csv") => rows.entry(source).or_default().extend(csv_rows(&file)),
                Some(_) | None => {}
            }
        }
        assert!(rows["app.messages"].len() >= 10_000, "the sample company is large");
        Self { dir, rows }
    }

    /// Everything of the person with an address.
    pub(crate) fn person(&self, email: &str) -> Expected {
        self.of_users(&BTreeSet::from([email.to_owned()]), "email")
    }

    /// Everything of an organisation's people, and the organisation itself.
    pub(crate) fn organization(&self, id: &str) -> Expected {
        let ids = BTreeSet::from([id.to_owned()]);
        let mut expected = self.of_users(&ids, "organization_id");
        expected
            .rows
            .insert("app.organizations".to_owned(), self.matching("app.organizations", "organization_id", &ids));
        expected
    }

    fn of_users(&self, values: &BTreeSet<String>, field: &str) -> Expected {
        let users = self.matching("app.users", field, values);
        let (ids, phones) = (texts(&users, "user_id"), texts(&users, "phone"));
        let mut found = Expected::default();
        let mut add = |source: &str, field: &str, values: &BTreeSet<String>| {
            let rows = self.matching(source, field, values);
            found.rows.insert(source.to_owned(), rows.clone());
            rows
        };
        add("app.users", "user_id", &ids);
        for name in ["profiles", "user_metadata", "runs", "oauth_tokens", "api_keys", "consents", "audit_entries"] {
            add(&format!("app.{name}"), "user_id", &ids);
        }
        add("lake.metrics", "user_id", &ids);
        let signins = add("lake.signins", "user_id", &ids);
        add("app.schedules", "owner_id", &ids);
        add("app.support_calls", "caller_phone", &phones);
        let memberships = add("app.conversation_members", "user_id", &ids);
        add("app.conversations", "conversation_id", &texts(&memberships, "conversation_id"));
        let messages = add("app.messages", "author_id", &ids);
        let listed = messages.iter().flat_map(|message| message["attachments"].as_array().cloned().unwrap_or_default());
        let attachments = texts(&listed.collect::<Vec<_>>(), "attachment_id");
        let attachments = texts(&add("app.attachments", "attachment_id", &attachments), "attachment_id");
        let documents = add("app.documents", "owner_id", &ids);
        add("app.document_versions", "document_id", &texts(&documents, "document_id"));
        let accounts = add("billing.accounts", "owner_id", &ids);
        let invoices = add("billing.invoices", "account_id", &texts(&accounts, "account_id"));
        add("billing.invoice_lines", "invoice_id", &texts(&invoices, "invoice_id"));
        found.rows.remove("lake.signins");
        found.csv_ids.insert("lake.signins".to_owned(), texts(&signins, "signin_id"));
        found.media.insert("media.avatars".to_owned(), self.media("avatars", &ids));
        found.media.insert("media.attachments".to_owned(), self.media("attachments", &attachments));
        found.rows.retain(|_, rows| !rows.is_empty());
        found.media.retain(|_, files| !files.is_empty());
        found
    }

    fn matching(&self, source: &str, field: &str, values: &BTreeSet<String>) -> Vec<Value> {
        let rows = self.rows.get(source).unwrap_or_else(|| panic!("no file of {source}"));
        rows.iter().filter(|row| row[field].as_str().is_some_and(|value| values.contains(value))).cloned().collect()
    }

    fn media(&self, collection: &str, folders: &BTreeSet<String>) -> Vec<String> {
        let folders = folders.iter().map(|folder| self.dir.join("media").join(collection).join(folder));
        let files = folders.filter(|folder| folder.is_dir()).flat_map(|folder| files_below(&folder));
        let mut hashes: Vec<String> = files.map(|file| sha256(&std::fs::read(file).unwrap())).collect();
        hashes.sort();
        hashes
    }
}

fn texts(rows: &[Value], field: &str) -> BTreeSet<String> {
    rows.iter().filter_map(|row| row[field].as_str()).map(str::to_owned).collect()
}

fn ndjson(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn csv_rows(file: &Path) -> Vec<Value> {
    let reader = csv::Reader::from_path(file).unwrap();
    let rows = reader.into_deserialize::<BTreeMap<String, String>>();
    rows.map(|row| Value::Object(row.unwrap().into_iter().map(|(name, value)| (name, Value::String(value))).collect()))
        .collect()
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
