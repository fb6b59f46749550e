//! The routes, by what they are about.

pub(crate) mod content;
pub(crate) mod dataset;
