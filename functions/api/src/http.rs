//! The toolkit: who calls, what a request says, how an operation fails. It knows nothing of what the API manages.
//!
//! The modules stand bottom up: each uses only those above it.

pub(crate) mod field_errors;
pub(crate) mod error;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod page;
pub(crate) mod time_range;
pub(crate) mod body;
pub(crate) mod caller;
