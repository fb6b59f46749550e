//! Collections of the data map: how they are named, sampled and asked.

use lambda_kit::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflow::anonymization::{Answer, CollectionName, Query, Question, SourceName, SourceScan, Values};

/// Rows that are looked at where nothing else is said (R-PII-3).
const DEFAULT_SAMPLE: usize = 100;
const MOST_SAMPLED: usize = 10_000;

/// A collection of the data map.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceForm {
    /// The dataset.
    pub dataset: String,
    /// The collection in it.
    pub collection: String,
}

impl SourceForm {
    /// The name of the collection.
    #[must_use]
    pub fn name(self) -> SourceName {
        SourceName { dataset: self.dataset, collection: CollectionName::Name(self.collection) }
    }
}

/// A collection to be looked at, by its name or by its prefix.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceScanForm {
    /// The dataset.
    pub dataset: String,
    /// The collection in it.
    pub collection: Option<String>,
    /// The prefix under which its rows are, as the data map has it.
    pub prefix: Option<String>,
    /// Rows that are looked at; 100 if not said.
    #[schema(minimum = 1, maximum = 10000)]
    pub sample_size: Option<u64>,
}

impl SourceScanForm {
    /// The collection and the size of the sample.
    ///
    /// # Errors
    /// 422 where not exactly one of collection and prefix is named, or the sample is out of range.
    pub fn read(self) -> Result<(SourceName, usize), Problem> {
        let collection = match (self.collection, self.prefix) {
            (Some(name), None) => CollectionName::Name(name),
            (None, Some(prefix)) => CollectionName::Prefix(prefix),
            (Some(_), Some(_)) => return Err(Problem::invalid("/prefix", "is given beside collection")),
            (None, None) => return Err(Problem::invalid("/collection", "is missing; name a collection or a prefix")),
        };
        let sample = self.sample_size.map_or(Ok(DEFAULT_SAMPLE), usize::try_from).unwrap_or(usize::MAX);
        if !(1..=MOST_SAMPLED).contains(&sample) {
            return Err(Problem::invalid("/sample_size", format!("must be a number from 1 to {MOST_SAMPLED}")));
        }
        Ok((SourceName { dataset: self.dataset, collection }, sample))
    }
}

/// What a sample shows.
#[derive(Serialize, ToSchema)]
pub struct SourceScanBody {
    /// `dataset.collection`.
    pub source: String,
    /// Rows that were looked at.
    pub rows_sampled: usize,
    /// Columns with personal data, by name and type.
    pub columns_with_pii: Vec<ColumnBody>,
    /// Every type that was found.
    pub types_found: Vec<&'static str>,
}

/// One type in one column; never a value.
#[derive(Serialize, ToSchema)]
pub struct ColumnBody {
    /// The column, with `[]` behind each list.
    pub column: String,
    /// What it holds.
    pub r#type: &'static str,
    /// Share of the sampled rows that hold it.
    pub share: f64,
    /// The surest find, 0 to 1.
    pub confidence: f64,
    /// How it is to be treated.
    #[schema(value_type = String)]
    pub classification: pii::classify::Class,
    /// What a leak of the column would cost, 0 to 100.
    pub risk_score: f64,
    /// What the data map says the column holds; none where it does not know the column.
    pub data_categories: Option<Vec<String>>,
}

impl SourceScanBody {
    /// A sample as it is shown.
    #[must_use]
    pub fn of(scan: SourceScan) -> Self {
        let mut types: Vec<&'static str> = scan.columns.iter().map(|it| it.kind.as_str()).collect();
        types.sort_unstable();
        types.dedup();
        let column = |it: workflow::anonymization::ColumnScan| ColumnBody {
            column: it.column,
            r#type: it.kind.as_str(),
            share: it.share,
            confidence: it.confidence,
            classification: it.class,
            risk_score: (it.risk * 10.0).round() / 10.0,
            data_categories: it.data_categories,
        };
        Self {
            source: scan.source,
            rows_sampled: scan.rows,
            columns_with_pii: scan.columns.into_iter().map(column).collect(),
            types_found: types,
        }
    }
}

/// A question about a collection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryForm {
    /// The collection.
    pub source: SourceForm,
    /// What is asked.
    pub query: QuestionForm,
    /// The privacy loss that is paid: smaller is noisier.
    #[schema(minimum = 0.000_001, maximum = 1_000_000)]
    pub epsilon: f64,
    /// Rows that one person has in the collection, at the most; 1 if not said.
    #[schema(minimum = 1)]
    pub rows_per_person: Option<u32>,
}

/// What is asked: `{"count":{}}`, `{"sum":{…}}` or `{"mean":{…}}`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QuestionForm {
    /// How many rows there are.
    Count {},
    /// The sum of a field.
    Sum(ValuesForm),
    /// The mean of a field.
    Mean(ValuesForm),
}

/// Which values, each cut to the bounds before it counts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValuesForm {
    /// Dotted path of the field; rows without a number there do not count.
    pub field: String,
    /// The lower bound, chosen without looking at the data.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// Digits behind the point that count; none if not said.
    #[schema(maximum = 6)]
    pub decimals: Option<u32>,
}

impl ValuesForm {
    fn read(self) -> Values {
        Values { field: self.field, low: self.low, high: self.high, decimals: self.decimals.unwrap_or(0) }
    }
}

impl QueryForm {
    /// The question; what it may ask is checked by the use case.
    ///
    /// # Errors
    /// None so far: every form that parses is a question.
    pub fn read(self) -> Result<Query, Problem> {
        let question = match self.query {
            QuestionForm::Count {} => Question::Count,
            QuestionForm::Sum(values) => Question::Sum(values.read()),
            QuestionForm::Mean(values) => Question::Mean(values.read()),
        };
        Ok(Query {
            source: self.source.name(),
            question,
            rows_per_person: self.rows_per_person.unwrap_or(1),
            epsilon: self.epsilon,
        })
    }
}

/// A noisy answer.
#[derive(Serialize, ToSchema)]
pub struct AnswerBody {
    /// The answer; counts and sums may be below zero for the noise.
    pub answer: f64,
    /// What it cost.
    pub epsilon: f64,
    /// The tenant's budget after it.
    pub budget: BudgetBody,
}

/// A privacy budget, in epsilon.
#[derive(Serialize, ToSchema)]
pub struct BudgetBody {
    /// What may be spent at all.
    pub limit: f64,
    /// What is spent.
    pub spent: f64,
    /// What is left.
    pub left: f64,
}

impl AnswerBody {
    /// An answer as it is shown.
    #[must_use]
    pub fn of(answer: Answer) -> Self {
        let epsilon = |micros: u64| micros as f64 / 1e6;
        Self {
            answer: answer.value,
            epsilon: epsilon(answer.cost_micros),
            budget: BudgetBody {
                limit: epsilon(answer.limit_micros),
                spent: epsilon(answer.spent_micros),
                left: epsilon(answer.limit_micros.saturating_sub(answer.spent_micros)),
            },
        }
    }
}
