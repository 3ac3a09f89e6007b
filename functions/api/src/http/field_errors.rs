//! What is wrong with the fields of a request. This is the one type for errors of bodies, of query parameters and of
//! rules over several fields.

use std::fmt;

use shared::problem::{Fault, Problem};

/// Errors of fields, each at a JSON pointer, or at the name of a query parameter. An empty pointer stands for the value
/// that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldErrors(Vec<Fault>);

impl FieldErrors {
    /// No error yet.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// One error at a pointer, as in `/events/0`.
    pub(crate) fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(vec![Fault::new(pointer, detail)])
    }

    /// Adds all of `more`.
    pub(crate) fn add(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// Adds as many of `more` as fit below `maximum` errors in all.
    pub(crate) fn add_up_to(&mut self, maximum: usize, more: Self) {
        let room = maximum.saturating_sub(self.0.len());
        self.0.extend(more.0.into_iter().take(room));
    }

    /// The errors of a value that stands at `pointer`.
    pub(crate) fn below(self, pointer: &str) -> Self {
        let below = |fault: Fault| Fault::new(format!("{pointer}{}", fault.pointer), fault.detail);
        Self(self.0.into_iter().map(below).collect())
    }

    /// `value`, if there is no error.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl<T: Into<String>> From<T> for FieldErrors {
    /// One error of the value that was read.
    fn from(detail: T) -> Self {
        Self::at("", detail)
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::invalid(errors.0)
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Fault { pointer, detail }) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{pointer}: {detail}")?;
        }
        Ok(())
    }
}
