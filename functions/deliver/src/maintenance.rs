//! Jobs that are about no single delivery: one kind of job, one file.
//!
//! The modules are listed bottom up: each uses only modules that are listed above it.

mod pacing;
pub(crate) mod dispatch;
pub(crate) mod probe;
pub(crate) mod recovery;
pub(crate) mod release;
pub(crate) mod challenge;
pub(crate) mod verify;
pub(crate) mod overdue;
pub(crate) mod sweep;
