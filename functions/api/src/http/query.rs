//! Query parameters, read one by one. All errors are in one answer, and an unknown parameter is an error.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::problem::Problem;

use super::error::ApiError;
use super::field_errors::FieldErrors;

/// Maximum errors that an answer lists. Reason: a caller who makes more has misread the format.
const MAX_ERRORS: usize = 20;
/// Maximum characters of a parameter's name in an answer. Reason: the name is the caller's own text.
const MAX_NAME: usize = 64;

/// The parameters that were not read yet, and the errors found so far.
pub(crate) struct Query {
    remaining: Vec<(String, String)>,
    known: Vec<&'static str>,
    errors: FieldErrors,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let axum::extract::Query(remaining) =
            query.map_err(|_| invalid("the query string is not form-encoded".to_owned()))?;
        Ok(Self { remaining, known: Vec::new(), errors: FieldErrors::none() })
    }
}

impl Query {
    /// For APIs that accept parameter names in any case: renames each parameter that matches one of `names` but for its
    /// case to that name. Of several with one name the first counts.
    pub(crate) fn in_any_case(self, names: &[&'static str]) -> Self {
        let mut remaining: Vec<(String, String)> = Vec::new();
        for (given, value) in self.remaining {
            let known = names.iter().find(|name| given.eq_ignore_ascii_case(name));
            let name = known.map_or(given, |name| (*name).to_owned());
            if known.is_none() || remaining.iter().all(|(other, _)| *other != name) {
                remaining.push((name, value));
            }
        }
        Self { remaining, ..self }
    }

    /// The parameter `name` as `read` understands it; `None` when it is absent or wrong.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, FieldErrors>,
    ) -> Option<T> {
        self.known.push(name);
        let (given, remaining) =
            std::mem::take(&mut self.remaining).into_iter().partition::<Vec<_>, _>(|(key, _)| key == name);
        self.remaining = remaining;
        match given.as_slice() {
            [] => None,
            [(_, value)] => read(value).map_err(|errors| self.error(name, errors)).ok(),
            _ => {
                self.error(name, "give it once");
                None
            }
        }
    }

    /// The parameter `name` as a value that has one text form.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        self.optional(name, |text| text.parse().map_err(|error: T::Err| error.to_string().into()))
    }

    /// Adds errors of the parameter `name`.
    pub(crate) fn error(&mut self, name: &str, errors: impl Into<FieldErrors>) {
        let name: String = name.chars().take(MAX_NAME).collect();
        self.errors.add_up_to(MAX_ERRORS, errors.into().below(&name));
    }

    /// Fails if a parameter is wrong or unknown.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        let known = if self.known.is_empty() { "none".to_owned() } else { self.known.join(", ") };
        for (name, _) in std::mem::take(&mut self.remaining) {
            self.error(&name, format!("unknown parameter; this operation knows: {known}"));
        }
        self.errors.or(()).map_err(|errors| invalid(errors.to_string()))
    }
}

fn invalid(detail: String) -> Problem {
    Problem::new(400, "invalid-parameter", "A query parameter is not valid", detail)
}
