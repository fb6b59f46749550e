//! What is read and written: the field names of the HTTP contract, and nothing else.

mod content;
mod dataset;
mod ordered;
mod source;

pub use content::{AnonymizeForm, AnonymizedBody, Input, MatchBody, MethodName, ScanForm, ScannedBody};
pub use dataset::{DatasetForm, DatasetMethod, Names, PublishedBody};
pub use ordered::OrderedBody;
pub use source::{
    AnswerBody, BudgetBody, ColumnBody, QueryForm, QuestionForm, SourceForm, SourceScanBody, SourceScanForm, ValuesForm,
};
