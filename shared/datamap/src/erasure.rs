//! What erasure does with the rows of a collection: the whole row goes, some fields are rewritten, or it is kept.
//!
//! A field's own strategy wins, then the first rule that covers one of its categories, then deletion. A row goes unless
//! a strategy of one of its fields needs it to stay; in a row that stays, fields to be deleted are taken out of it.
//! Keys and references of a row that stays are kept, because other rows are found by them.
//! A row that other people's rows may point at as well (the conversation behind a membership) is kept and named in the
//! plan, unless its collection says otherwise: taking it away would take it from them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::FieldPath;
use crate::model::{Collection, DataMap, ErasureRule, Field, Flow, Masking, Source, Strategy};

pub(crate) use self::free_text::NAMES;
pub(crate) use self::pseudonym::{is_bare, is_known};
pub use self::rewrite::{Masker, rewrite};

mod free_text;
mod pseudonym;
mod rewrite;

/// What erasure does with the rows that one lookup finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Treatment {
    /// The whole row, or medium, goes.
    Delete,
    /// The row stays; these fields of it are rewritten.
    Rewrite {
        /// The fields, in map order.
        fields: Vec<FieldRewrite>,
        /// Why anything of the row stays, where the map says.
        kept: Option<Exemption>,
    },
    /// Nothing changes.
    Keep {
        /// Why.
        kept: Exemption,
    },
}

/// One field of a row that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRewrite {
    /// The field.
    pub path: FieldPath,
    /// What becomes of its value.
    pub masking: Masking,
}

/// Why data is kept (Art. 17(3) GDPR), for plan and receipt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exemption {
    /// The rule of law, or the circumstance, in the map's words or ours.
    pub exemption: String,
    /// The controller's reason.
    pub reason: Option<String>,
}

/// What becomes of one field.
enum Fate<'a> {
    /// It says nothing about people: it goes or stays with its row.
    Neutral,
    /// It goes.
    Deleted,
    /// It is rewritten.
    Rewritten(&'a Masking),
    /// It stays under an exemption.
    Preserved(Exemption),
}

impl DataMap {
    /// What erasure does with the rows that a lookup on this field of a collection finds.
    #[must_use]
    pub fn treatment(&self, collection: usize, looked_up: &str) -> Treatment {
        let Some(it) = self.collections.get(collection) else {
            return Treatment::Keep { kept: ours("unknown collection") };
        };
        if it.masking.as_ref().is_some_and(|masking| masking.strategy == Strategy::Delete) {
            return Treatment::Delete;
        }
        if self.belongs_to_several(collection, looked_up) {
            return Treatment::Keep { kept: ours("belongs to several people") };
        }
        let fates: Vec<(&Field, Fate<'_>)> = it.fields.iter().map(|field| (field, self.fate(it, field))).collect();
        let stays = fates.iter().any(|(_, fate)| matches!(fate, Fate::Rewritten(_) | Fate::Preserved(_)));
        if !stays {
            return Treatment::Delete;
        }
        let kept = fates.iter().find_map(|(_, fate)| match fate {
            Fate::Preserved(exemption) => Some(exemption.clone()),
            Fate::Neutral | Fate::Deleted | Fate::Rewritten(_) => None,
        });
        let referenced = self.referenced_fields(collection);
        let fields: Vec<FieldRewrite> = fates
            .iter()
            .enumerate()
            .filter_map(|(at, (field, fate))| rewritten(field, fate, referenced.contains(&at)))
            .collect();
        // A medium is one thing: it goes or it stays.
        let whole = matches!(it.source, Source::S3Media { .. });
        match kept {
            Some(kept) if fields.is_empty() || whole => Treatment::Keep { kept },
            kept => Treatment::Rewrite { fields, kept },
        }
    }

    /// Whether the rows a lookup finds may be other people's as much as the subject's.
    pub(crate) fn belongs_to_several(&self, collection: usize, looked_up: &str) -> bool {
        let Some(it) = self.collections.get(collection) else { return false };
        let Some(field) = it.field(looked_up) else { return false };
        let mut ways = self.flows.iter().filter(|flow| flow.to == collection && flow.to_field == field).peekable();
        let identity = it.fields.get(field).is_some_and(|field| field.identity.is_some());
        let only_shared = ways.peek().is_some() && ways.all(|flow| flow.shared || self.others_may_point_there(flow));
        let holds_many = it.fields.get(field).is_some_and(|field| field.array && field.identity.is_some());
        (only_shared && !identity) || holds_many
    }

    /// Whether many rows may lead to the same one: from a field that is no key of its own to the key of another.
    fn others_may_point_there(&self, flow: &Flow) -> bool {
        let is_sole_key = |collection: usize, field: usize| {
            let keys = self.collections.get(collection).map(|it| it.primary_key().count());
            let is_key =
                self.collections.get(collection).and_then(|it| it.fields.get(field)).is_some_and(|it| it.primary_key);
            is_key && keys == Some(1)
        };
        is_sole_key(flow.to, flow.to_field) && !is_sole_key(flow.from, flow.from_field)
    }

    fn fate<'a>(&'a self, collection: &'a Collection, field: &'a Field) -> Fate<'a> {
        if let Some(masking) = &field.masking {
            return fate_of(masking, || ours("the data map preserves the field"));
        }
        if let Some(rule) = self.erasure.iter().find(|rule| rule.covers(&field.data_categories)) {
            return rule.fate();
        }
        let whole = self.erasure.iter().find(|rule| rule.covers(&collection.data_categories));
        if let Some(rule) = whole.filter(|_| field.data_categories.is_empty()) {
            return rule.fate();
        }
        let mut categories = field.data_categories.iter().chain(&collection.data_categories);
        if categories.any(|category| is_personal(category)) { Fate::Deleted } else { Fate::Neutral }
    }

    /// The fields of a collection by which other rows are found from it, and it from them.
    fn referenced_fields(&self, collection: usize) -> BTreeSet<usize> {
        let ends = self.flows.iter().filter(|flow| flow.to == collection).map(|flow| flow.to_field);
        let starts = self.flows.iter().filter(|flow| flow.from == collection).map(|flow| flow.from_field);
        ends.chain(starts).collect()
    }
}

impl ErasureRule {
    fn covers(&self, categories: &[String]) -> bool {
        let under = |category: &str, rule: &str| {
            category.strip_prefix(rule).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        categories.iter().any(|category| self.data_categories.iter().any(|rule| under(category, rule)))
    }

    fn fate(&self) -> Fate<'_> {
        fate_of(&self.masking, || Exemption {
            exemption: self.exemption.clone().unwrap_or_else(|| "preserved by a rule of the data map".to_owned()),
            reason: self.reason.clone(),
        })
    }
}

fn fate_of(masking: &Masking, exemption: impl FnOnce() -> Exemption) -> Fate<'_> {
    match masking.strategy {
        Strategy::Delete => Fate::Deleted,
        Strategy::Preserve => Fate::Preserved(exemption()),
        Strategy::NullRewrite
        | Strategy::StringRewrite
        | Strategy::Hash
        | Strategy::Hmac
        | Strategy::RandomStringRewrite
        | Strategy::AesEncrypt
        | Strategy::PiiRewrite
        | Strategy::Correct => Fate::Rewritten(masking),
    }
}

/// How a field of a row that stays is rewritten; none where it stays as it is.
fn rewritten(field: &Field, fate: &Fate<'_>, is_referenced: bool) -> Option<FieldRewrite> {
    let masking = match fate {
        Fate::Neutral | Fate::Preserved(_) => return None,
        Fate::Rewritten(masking) => (*masking).clone(),
        Fate::Deleted => Masking { strategy: Strategy::Delete, configuration: BTreeMap::new() },
    };
    // Only the map's own word rewrites what ties rows together, and nothing rewrites the key a row is stored under.
    let ties = is_referenced || !field.references.is_empty();
    if field.primary_key || field.read_only || (ties && field.masking.is_none()) {
        return None;
    }
    Some(FieldRewrite { path: field.path.clone(), masking })
}

pub(crate) fn is_personal(category: &str) -> bool {
    category == "user" || category.starts_with("user.")
}

fn ours(words: &str) -> Exemption {
    Exemption { exemption: words.to_owned(), reason: None }
}
