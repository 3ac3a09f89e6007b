//! Query parameters, read one by one; what is wrong with any of them, and any that nobody asked for, is told at once.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::problem::Problem;

use crate::http::error::Refusal;

/// Most faults that are told.
const MAX_FAULTS: usize = 20;
/// Longest name of an unknown parameter that is repeated, in characters.
const MAX_NAME: usize = 64;

/// The parameters of a request, and the faults found so far.
pub(crate) struct Query {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Vec<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let axum::extract::Query(left) =
            query.map_err(|_| invalid("the query string is not form-encoded".to_owned()))?;
        Ok(Self { left, known: Vec::new(), faults: Vec::new() })
    }
}

impl Query {
    /// The same for APIs that take the names of parameters in any case, and of several with one name the first.
    pub(crate) fn in_any_case(self, names: &[&'static str]) -> Self {
        let mut left: Vec<(String, String)> = Vec::new();
        for (given, value) in self.left {
            let known = names.iter().find(|name| given.eq_ignore_ascii_case(name));
            let name = known.map_or(given, |name| (*name).to_owned());
            if known.is_none() || left.iter().all(|(other, _)| *other != name) {
                left.push((name, value));
            }
        }
        Self { left, ..self }
    }

    /// The parameter `name` as `read` understands it; `None` when it is absent or wrong.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.known.push(name);
        let (given, left) = std::mem::take(&mut self.left).into_iter().partition::<Vec<_>, _>(|(key, _)| key == name);
        self.left = left;
        match given.as_slice() {
            [] => None,
            [(_, value)] => read(value).map_err(|detail| self.fault(name, &detail)).ok(),
            _ => {
                self.fault(name, "give it once");
                None
            }
        }
    }

    /// The parameter `name` as a value that has one text form.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        self.optional(name, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// Notes what is wrong with the parameter `name`.
    pub(crate) fn fault(&mut self, name: &str, detail: &str) {
        if self.faults.len() < MAX_FAULTS {
            let name: String = name.chars().take(MAX_NAME).collect();
            self.faults.push(format!("{name}: {detail}"));
        }
    }

    /// `value`, if nothing was wrong and every parameter was asked for.
    pub(crate) fn finish<T>(mut self, value: T) -> Result<T, Problem> {
        let known = self.known.join(", ");
        let unknown = std::mem::take(&mut self.left).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        for name in unknown {
            let known = if known.is_empty() { "none" } else { &known };
            self.fault(&name, &format!("unknown parameter; this operation knows: {known}"));
        }
        if self.faults.is_empty() { Ok(value) } else { Err(invalid(self.faults.join("; "))) }
    }
}

fn invalid(detail: String) -> Problem {
    Problem::new(400, "invalid-parameter", "A query parameter is not valid", detail)
}
