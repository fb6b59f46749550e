//! Query parameters: known ones, each once. An unknown filter must not widen an answer silently.

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;

use crate::problem::Problem;

/// The query parameters of a call by name; given twice is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryPairs(BTreeMap<String, String>);

impl QueryPairs {
    /// Takes a parameter out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Takes a parameter out and reads it.
    ///
    /// # Errors
    /// 422 naming the parameter, with `expected` as the reason, if `read` makes nothing of it.
    pub fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.take(name) else { return Ok(None) };
        read(&text).map(Some).ok_or_else(|| Problem::invalid(format!("?{name}"), expected))
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 422 if a parameter is left that nobody took.
    pub fn finish(self) -> Result<(), Problem> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(Problem::invalid(format!("?{}", shortened(&name)), "is not a parameter of this call")),
        }
    }
}

fn shortened(name: &str) -> String {
    name.chars().take(60).collect()
}

impl<S: Send + Sync> FromRequestParts<S> for QueryPairs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Ok(Query(pairs)) = read else {
            return Err(Problem::invalid("?", "is not a list of parameters"));
        };
        let mut found = BTreeMap::new();
        for (name, value) in pairs {
            if found.contains_key(&name) {
                return Err(Problem::invalid(format!("?{}", shortened(&name)), "is given more than once"));
            }
            found.insert(name, value);
        }
        Ok(Self(found))
    }
}
