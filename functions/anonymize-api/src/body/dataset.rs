//! Data sets to be anonymised as a whole.

use std::collections::BTreeMap;

use lambda_kit::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workflow::anonymization::{Asked, Dataset, Demand, Published};

use super::source::SourceForm;

/// Groups of a data set where nothing else is said (V10).
const DEFAULT_K: u64 = 5;
/// Different sensitive values of a group where nothing else is said (V10).
const DEFAULT_L: usize = 3;

/// What every group of rows has to fulfil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatasetMethod {
    /// At least k rows.
    KAnonymity,
    /// And at least l different sensitive values.
    LDiversity,
    /// And sensitive values not farther than t from those of the whole.
    TCloseness,
}

/// One name or several.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged, expecting = "must be a name or a list of names")]
pub enum Names {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Names {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::Several(names) => names,
        }
    }
}

/// Rows to be anonymised as a whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetForm {
    /// The rows: flat objects.
    #[schema(value_type = Option<Vec<Object>>)]
    pub rows: Option<Vec<Map<String, Value>>>,
    /// A collection of the data map, read whole, in place of rows.
    pub source: Option<SourceForm>,
    /// Columns that together lead to a person: widened.
    #[schema(min_items = 1)]
    pub quasi_identifiers: Vec<String>,
    /// What every group has to fulfil.
    pub method: DatasetMethod,
    /// Columns that stay as they are, by one name or a list; columns named nowhere are left out of the answer.
    pub sensitive: Option<Names>,
    /// Trees of values by quasi-identifier: lines such as `Berlin;Germany;Europe`.
    #[serde(default)]
    pub hierarchies: BTreeMap<String, String>,
    /// Rows of the smallest group; 5 if not said.
    #[schema(minimum = 1)]
    pub k: Option<u64>,
    /// Different sensitive values of each group; 3 if not said; for `l_diversity` only.
    #[schema(minimum = 1)]
    pub l: Option<u64>,
    /// Distance of each group's sensitive values from those of the whole; for `t_closeness`, which needs it.
    #[schema(minimum = 0, maximum = 1)]
    pub t: Option<f64>,
    /// Share of rows that may lose all quasi-identifiers so that others keep more; none if not said.
    #[schema(minimum = 0, maximum = 1)]
    pub suppression_limit: Option<f64>,
}

impl DatasetForm {
    /// The rows and what is asked of them.
    ///
    /// # Errors
    /// 422 naming l or t where they don't belong to the method, or miss.
    pub fn read(self) -> Result<(Dataset, Asked), Problem> {
        let only = |pointer, method| Problem::invalid(pointer, format!("is for {method} only"));
        if self.l.is_some() && self.method != DatasetMethod::LDiversity {
            return Err(only("/l", "l_diversity"));
        }
        if self.t.is_some() && self.method != DatasetMethod::TCloseness {
            return Err(only("/t", "t_closeness"));
        }
        let demand = match self.method {
            DatasetMethod::KAnonymity => Demand::KAnonymity,
            DatasetMethod::LDiversity => {
                let l = self.l.map_or(Ok(DEFAULT_L), usize::try_from);
                Demand::LDiversity(l.map_err(|_| Problem::invalid("/l", "is larger than any group"))?)
            }
            DatasetMethod::TCloseness => Demand::TCloseness(
                self.t.ok_or_else(|| Problem::invalid("/t", "is missing, and t_closeness needs it"))?,
            ),
        };
        let asked = Asked {
            quasi_identifiers: self.quasi_identifiers,
            sensitive: self.sensitive.map(Names::list).unwrap_or_default(),
            hierarchies: self.hierarchies,
            k: self.k.unwrap_or(DEFAULT_K),
            demand,
            suppression_limit: self.suppression_limit.unwrap_or(0.0),
        };
        let dataset = match (self.rows, self.source) {
            (Some(rows), None) => Dataset::Rows(rows),
            (None, Some(source)) => Dataset::Source(source.name()),
            (Some(_), Some(_)) => return Err(Problem::invalid("/source", "is given beside rows")),
            (None, None) => return Err(Problem::invalid("/rows", "is missing; send rows or name a source")),
        };
        Ok((dataset, asked))
    }
}

/// Rows that may be published, and what was measured on them.
#[derive(Serialize, ToSchema)]
pub struct PublishedBody {
    /// What every group fulfils.
    pub method: DatasetMethod,
    /// The rows, in their order: named columns only.
    #[schema(value_type = Vec<Object>)]
    pub rows: Vec<Map<String, Value>>,
    /// Rows of the smallest group.
    pub k: usize,
    /// The fewest different sensitive values of a group; none without a sensitive column.
    pub l: Option<usize>,
    /// The greatest distance of a group's sensitive values from those of the whole; none without a sensitive column.
    pub t: Option<f64>,
    /// Groups of rows with equal quasi-identifiers.
    pub groups: usize,
    /// The normalised certainty penalty, 0 to 1.
    pub information_loss: f64,
    /// Rows that lost all their quasi-identifiers.
    pub suppressed: usize,
    /// How many of these are not in the answer at all.
    pub removed: usize,
    /// Columns that are not in the answer because nobody said what they are.
    pub dropped_columns: Vec<String>,
    /// What a leak of the rows would cost, 0 to 100.
    pub risk_score: f64,
}

impl PublishedBody {
    /// A release as it is shown.
    #[must_use]
    pub fn of(published: Published, method: DatasetMethod) -> Self {
        let Published { rows, report, dropped, risk } = published;
        Self {
            method,
            rows,
            k: report.privacy.k,
            l: report.privacy.l,
            t: report.privacy.t,
            groups: report.privacy.classes,
            information_loss: report.information_loss,
            suppressed: report.suppressed,
            removed: report.removed,
            dropped_columns: dropped,
            risk_score: (risk * 10.0).round() / 10.0,
        }
    }
}
