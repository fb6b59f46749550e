//! What is done with which field of which collection; the caller derives it from the data map.

use pii::detect::PiiType;

/// What is done with the values of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Only what detection finds within the value is replaced.
    Scan,
    /// The whole value is replaced by the method.
    Personal(PiiType),
    /// The whole value is replaced by its keyed form, which stays joinable, whatever the method.
    Key,
}

/// The rule of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRule {
    /// Dotted path in the row; arrays on the way are entered without a mark.
    pub path: String,
    /// What is done with it and everything beneath it.
    pub treatment: Treatment,
    /// The kind of identity it holds, if it tells whose row it is.
    pub identity: Option<String>,
}

/// The rules of one collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionRules {
    /// The names under which events speak of it: table, topic, stream.
    pub names: Vec<String>,
    /// Its fields; what is not named here is judged by its name and by what it holds.
    pub fields: Vec<FieldRule>,
}
