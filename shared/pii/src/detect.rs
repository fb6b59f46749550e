//! Finds personal data: one pass over bytes, validators, context words, field names. It changes nothing.

mod bytes;
mod confidence;
mod context;
mod crypto;
mod dates;
mod email;
mod fields;
mod finding;
mod identity;
mod json;
mod kind;
mod luhn;
mod national;
mod network;
mod number;
mod payment;
mod people;
mod phone;
mod scanner;
mod secret;
mod travel;
mod url;

pub use confidence::Confidence;
pub use fields::type_of_field;
pub use finding::{Hit, Match, Why};
pub use json::{DocumentScanner, JsonError};
pub use kind::{PiiType, UnknownPiiType};
pub use scanner::Scanner;

#[cfg(test)]
mod tests;
