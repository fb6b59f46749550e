//! Data sets in which nobody stands alone: k-anonymity, l-diversity and t-closeness by Mondrian, checked before they leave.
//!
//! Direct identifiers are not looked for: what is neither quasi-identifier nor sensitive has to be left out by the caller.

mod cells;
mod check;
mod column;
mod csv_table;
mod cut;
mod dictionary;
mod diversity;
mod error;
mod hierarchy;
mod loss;
mod mondrian;
mod policy;
mod release;
mod span;
mod verify;

pub use check::{Privacy, measure};
pub use column::{Column, ColumnBuilder, Kind};
pub use csv_table::{Wanted, read_columns};
pub use error::AnonymityError;
pub use hierarchy::Hierarchy;
pub use mondrian::anonymize;
pub use policy::{Cutting, Diversity, Policy};
pub use release::{Release, Report};
