//! The seeded generator of the sample company: the same settings give the same bytes on every machine.
//!
//! No network, no clock, no real people. It writes the folder layout that `habeas load` reads.

mod billing;
mod lake;
mod media;
mod people;
mod random;
mod row;
mod talk;
mod words;
mod work;

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use random::Random;
use row::Row;
use serde::Deserialize;

/// The person of the demo: has something in every collection that holds data about people.
pub(crate) const DEMO_SUBJECT: &str = "ada.marlow@example.com";

/// Name of the file beside a data map that asks for generated data.
pub(crate) const SETTINGS_FILE: &str = "generate.json";

/// Id, name and mail domain of each organisation.
const ORGANIZATIONS: [(&str, &str, &str); 2] =
    [("org_alder", "Alder & Finch Studio", "example.com"), ("org_bright", "Brightwater Logistics", "example.org")];

/// The organisation of the demo person, which the local owner token owns.
pub(crate) const fn demo_organization() -> &'static str {
    ORGANIZATIONS[0].0
}

/// 2026-11-01T00:00:00Z: the day before which everything in the sample happened.
const EPOCH_SECONDS: i64 = 1_793_491_200;

/// How much is generated, read from `generate.json` beside the data map.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Equal seeds give equal bytes.
    pub(crate) seed: u64,
    /// People in all organisations together.
    pub(crate) people: usize,
    /// Messages in all conversations together.
    pub(crate) messages: usize,
    /// How many people have an avatar and attachments.
    pub(crate) people_with_media: usize,
}

impl Settings {
    /// Reads the settings of a folder; `None` where the folder holds data of its own.
    ///
    /// # Errors
    /// When the file is there and cannot be read as settings.
    pub(crate) fn beside(dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = dir.join(SETTINGS_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => {
                serde_json::from_str(&text).map(Some).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(anyhow::anyhow!("{}: {error}", path.display())),
        }
    }

    fn conversations(&self) -> usize {
        self.people * 4
    }
}

/// The address of one person of the company, by number.
pub(crate) fn address(settings: &Settings, number: usize) -> Option<String> {
    people::everyone(settings).into_iter().nth(number).map(|person| person.email)
}

/// Writes the whole sample company into `dir`, replacing what an earlier run left there.
///
/// # Errors
/// When a file cannot be written, or the settings ask for a company without people.
pub(crate) fn generate(settings: &Settings, dir: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(settings.people > 0, "the sample company needs at least one person");
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    let mut out = Out { dir: dir.to_owned(), seed: settings.seed };
    let people = people::everyone(settings);
    people::organizations(&mut out)?;
    people::users(&mut out, &people)?;
    people::profiles(&mut out, &people)?;
    people::user_metadata(&mut out, &people)?;
    people::oauth_tokens(&mut out, &people)?;
    people::api_keys(&mut out, &people)?;
    people::consents(&mut out, &people)?;
    let attachments = talk::write(&mut out, settings, &people)?;
    work::documents(&mut out, &people)?;
    work::schedules(&mut out, &people)?;
    work::runs(&mut out, &people)?;
    work::audit_entries(&mut out, &people)?;
    work::support_calls(&mut out, &people)?;
    work::feature_flags(&mut out)?;
    billing::write(&mut out, &people)?;
    lake::metrics(&mut out, &people)?;
    lake::signins(&mut out, &people)?;
    media::write(&out, settings, &people, &attachments)?;
    Ok(())
}

/// The folder being written.
struct Out {
    dir: PathBuf,
    seed: u64,
}

impl Out {
    fn random(&self, name: &str) -> Random {
        Random::stream(self.seed, name)
    }

    /// One table: `<dataset>/<collection>.ndjson`.
    fn collection(&mut self, dataset: &str, collection: &str) -> io::Result<Lines> {
        Lines::create(&self.dir.join(dataset).join(format!("{collection}.ndjson")))
    }

    /// One text object: `<dataset>/<collection>/<key below the prefix>`.
    fn object(&mut self, dataset: &str, collection: &str, key: &str) -> io::Result<Lines> {
        Lines::create(&self.dir.join(dataset).join(collection).join(key))
    }

    /// One binary object, placed likewise.
    fn bytes(&self, dataset: &str, collection: &str, key: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.dir.join(dataset).join(collection).join(key);
        create_parent(&path)?;
        fs::write(path, bytes)
    }
}

/// A file of lines.
struct Lines(BufWriter<fs::File>);

impl Lines {
    fn create(path: &Path) -> io::Result<Self> {
        create_parent(path)?;
        Ok(Self(BufWriter::new(fs::File::create(path)?)))
    }

    fn line(&mut self, row: Row) -> io::Result<()> {
        self.text(&row.end())
    }

    fn text(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(line.as_bytes())?;
        self.0.write_all(b"\n")
    }

    fn close(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn create_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// An instant before the sample's end, as RFC 3339 UTC.
fn instant(days_ago: usize, seconds: usize) -> String {
    let back = i64::try_from(days_ago * 86_400 + seconds + 1).unwrap_or(0);
    jiff::Timestamp::from_second(EPOCH_SECONDS - back).unwrap_or_default().to_string()
}

#[cfg(test)]
mod walked;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;

    fn small() -> Settings {
        Settings { seed: 1815, people: 60, messages: 900, people_with_media: 12 }
    }

    fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut todo = vec![dir.to_owned()];
        while let Some(next) = todo.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    todo.push(path);
                } else {
                    found.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
                }
            }
        }
        found
    }

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("habeas-sample-{name}-{}", std::process::id()))
    }

    fn generated(name: &str, settings: &Settings) -> BTreeMap<PathBuf, Vec<u8>> {
        let dir = scratch(name);
        generate(settings, &dir).unwrap();
        let found = files(&dir);
        fs::remove_dir_all(dir).unwrap();
        found
    }

    #[test]
    fn equal_settings_give_equal_bytes_and_another_seed_does_not() {
        let first = generated("first", &small());
        assert_eq!(first, generated("again", &small()));
        let other = generated("other", &Settings { seed: 1816, ..small() });
        assert_ne!(first.values().collect::<Vec<_>>(), other.values().collect::<Vec<_>>());
    }

    #[test]
    fn the_demo_person_is_the_first_and_nobody_shares_a_name_or_number() {
        let people = people::everyone(&Settings { people: 1000, ..small() });
        assert_eq!(people[0].email, DEMO_SUBJECT);
        let distinct = |key: fn(&people::Person) -> &String| people.iter().map(key).collect::<HashSet<_>>().len();
        assert_eq!(distinct(|person| &person.email), 1000);
        assert_eq!(distinct(|person| &person.phone), 1000);
        assert_eq!(distinct(|person| &person.user_id), 1000);
        let organizations: HashSet<_> = people.iter().map(people::Person::organization_id).collect();
        assert_eq!(organizations.len(), 2);
    }

    #[test]
    fn every_line_is_json_and_no_text_names_another_person() {
        let people = people::everyone(&small());
        for (path, bytes) in generated("lines", &small()) {
            if path.extension().is_none_or(|extension| extension != "ndjson") {
                continue;
            }
            for line in String::from_utf8(bytes).unwrap().lines() {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(value.is_object(), "{path:?}");
                let named = people.iter().filter(|person| line.contains(&person.email)).count();
                assert!(named <= 1, "{path:?}: {line}");
            }
        }
    }
}
