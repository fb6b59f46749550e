//! Whether people agreed to what a stream is for (V4, R-CON-2): looked up in the collection that the data map says holds it.
//!
//! No record means no. What can't be looked up is not forwarded: the batch comes again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use datamap::{Collection, ConsentRecords, DataMap, is_organization};
use domain::datum::Datum;
use domain::ids::TenantId;
use jiff::{SignedDuration, Timestamp};
use masking::CollectionRules;

use crate::ports::{Connector, PortError, PortErrorKind, SourceLookup};

/// How long an answer is relied on: a withdrawal holds within this time.
const KEPT_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Answers that are kept.
const MOST_KEPT: usize = 10_000;
/// People of one lookup.
const PER_LOOKUP: usize = 100;

/// What the events of a stream are used for, and where it is written who agreed to that.
pub struct ConsentCheck {
    // Dependencies.
    /// The mapped systems.
    pub connector: Arc<dyn Connector>,
    // Configuration.
    /// The purpose; one that needs consent.
    pub purpose: String,
    // Kept.
    /// Answers of the last minute.
    pub kept: KeptConsents,
}

/// Answers by person, each with the end of its use.
pub type KeptConsents = Mutex<HashMap<String, (bool, Timestamp)>>;

/// Who is asked about, and by which fields of which collections events name them.
pub(super) struct Whose {
    /// What the values are called among whom an event names.
    pub(super) kind: String,
    /// Collection and field.
    fields: BTreeSet<(usize, String)>,
}

impl Whose {
    /// Who the records of consent of a map are about.
    ///
    /// # Errors
    /// Where the map names no records: nobody can be said to have agreed.
    pub(super) fn of(map: &DataMap) -> Result<Self, PortError> {
        let missing = || PortError::new(PortErrorKind::Corrupt, "find records of consent in the data map");
        let (position, records) = map.consents().ok_or_else(missing)?;
        let own = map.collections[position].field(&records.person).ok_or_else(missing)?;
        let target = target(map, (position, own));
        let (collection, field) = (&map.collections[target.0], &map.collections[target.0].fields[target.1]);
        let identity = field.identity.as_ref().filter(|kind| !is_organization(kind));
        let kind = identity.cloned().unwrap_or_else(|| format!("{}.{}", collection.id(), field.path));
        let mut fields = BTreeSet::from([(target.0, field.path.clone()), (position, records.person.clone())]);
        for flow in &map.flows {
            let (from, to) = ((flow.from, flow.from_field), (flow.to, flow.to_field));
            for (one, other) in [(from, to), (to, from)] {
                let path = map.collections.get(other.0).and_then(|it| it.fields.get(other.1));
                if let Some(path) = path.filter(|_| one == target) {
                    fields.insert((other.0, path.path.clone()));
                }
            }
        }
        Ok(Self { kind, fields })
    }

    /// Has the events of these rules name whom the records are about, where they name nobody else by the field.
    pub(super) fn mark(&self, rules: &mut [CollectionRules]) {
        for (collection, path) in &self.fields {
            let fields = rules.get_mut(*collection).map(|rules| &mut rules.fields);
            for field in fields.into_iter().flatten().filter(|field| field.path == *path && field.identity.is_none()) {
                field.identity = Some(self.kind.clone());
            }
        }
    }
}

/// The field that a reference leads to; itself where it is an identity or leads nowhere.
fn target(map: &DataMap, own: (usize, usize)) -> (usize, usize) {
    if map.collections[own.0].fields[own.1].identity.is_some() {
        return own;
    }
    let ends = map.flows.iter().flat_map(|flow| {
        let (from, to) = ((flow.from, flow.from_field), (flow.to, flow.to_field));
        [(from, to), (to, from)]
    });
    let exists = |(collection, field): (usize, usize)| {
        map.collections.get(collection).is_some_and(|it: &Collection| it.fields.len() > field)
    };
    ends.filter(|(one, other)| *one == own && exists(*other)).map(|(_, other)| other).next().unwrap_or(own)
}

/// Whether rows of a collection are about people at all; those of none are taken for such.
pub(super) fn is_personal(map: &DataMap, collection: Option<usize>) -> bool {
    let Some(collection) = collection.and_then(|at| map.collections.get(at)) else { return true };
    let is_users = |category: &str| category == "user" || category.starts_with("user.");
    collection.categories().into_iter().any(is_users) || collection.fields.iter().any(|it| it.identity.is_some())
}

impl ConsentCheck {
    /// Which of the people agreed, and whose consent has not ended.
    ///
    /// # Errors
    /// When the records can't be read.
    pub(super) async fn granted(
        &self,
        tenant: &TenantId,
        map: &Arc<DataMap>,
        people: BTreeSet<&str>,
        now: Timestamp,
    ) -> Result<BTreeSet<String>, PortError> {
        let mut granted = BTreeSet::new();
        let mut unknown = Vec::new();
        {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            for person in people {
                match kept.get(person) {
                    Some((true, until)) if *until > now => {
                        granted.insert(person.to_owned());
                    }
                    Some((false, until)) if *until > now => {}
                    Some(_) | None => unknown.push(person),
                }
            }
        }
        for people in unknown.chunks(PER_LOOKUP) {
            let found = self.look_up(tenant, map, people, now).await?;
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() + people.len() > MOST_KEPT {
                kept.clear();
            }
            for person in people {
                let agrees = found.get(*person).copied().unwrap_or(false);
                kept.insert((*person).to_owned(), (agrees, now + KEPT_FOR));
                if agrees {
                    granted.insert((*person).to_owned());
                }
            }
        }
        Ok(granted)
    }

    /// What the records say of each person that has any for the purpose: every one of them must say yes.
    async fn look_up(
        &self,
        tenant: &TenantId,
        map: &Arc<DataMap>,
        people: &[&str],
        now: Timestamp,
    ) -> Result<BTreeMap<String, bool>, PortError> {
        let missing = || PortError::new(PortErrorKind::Corrupt, "find records of consent in the data map");
        let (collection, records) = map.consents().ok_or_else(missing)?;
        let of = &map.collections[collection];
        let field = &of.fields[of.field(&records.person).ok_or_else(missing)?];
        let lookup = SourceLookup {
            tenant: tenant.clone(),
            map: Arc::clone(map),
            collection,
            field: records.person.clone(),
            values: people.iter().map(|person| field.cast(&Datum::Text((*person).to_owned()))).collect(),
        };
        let fields =
            [Some(&records.person), Some(&records.purpose), Some(&records.status), records.expires_at.as_ref()];
        let projection: Vec<String> = fields.into_iter().flatten().cloned().collect();
        let mut said: BTreeMap<String, bool> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.connector.locate(&lookup, &projection, after.as_ref()).await?;
            for row in page.rows.iter().filter(|row| text_at(row, &records.purpose) == Some(self.purpose.as_str())) {
                let Some(person) = text_at(row, &records.person) else { continue };
                let agrees = agrees(row, records, now);
                said.entry(person.to_owned()).and_modify(|all| *all &= agrees).or_insert(agrees);
            }
            after = page.next;
            if after.is_none() {
                return Ok(said);
            }
        }
    }
}

fn text_at<'a>(row: &'a Datum, path: &str) -> Option<&'a str> {
    match row.values_at(path).into_iter().next()? {
        Datum::Text(text) | Datum::Number(text) => Some(text),
        Datum::Null | Datum::Bool(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => None,
    }
}

/// Whether a record says yes now; an end that can't be read has come.
fn agrees(row: &Datum, records: &ConsentRecords, now: Timestamp) -> bool {
    let yes = row.values_at(&records.status).into_iter().next().is_some_and(|status| match status {
        Datum::Text(word) => word == "granted",
        Datum::Bool(yes) => *yes,
        Datum::Null | Datum::Number(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => false,
    });
    let end = records.expires_at.as_ref().and_then(|path| row.values_at(path).into_iter().next());
    let lasts = match end {
        None | Some(Datum::Null) => true,
        Some(Datum::Text(at)) => at.parse::<Timestamp>().is_ok_and(|at| at > now),
        Some(Datum::Number(seconds)) => {
            let at = seconds.parse::<i64>().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
            at.is_some_and(|at| at > now)
        }
        Some(Datum::Bool(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_)) => false,
    };
    yes && lasts
}
