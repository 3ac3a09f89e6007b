//! The way of a delivery, from its job to what becomes of the job's message. `schedule` begins it.
//!
//! The modules are listed bottom up: each uses only modules that are listed above it.

pub(crate) mod fair_share;
pub(crate) mod pending;
pub(crate) mod stream;
pub(crate) mod slow;
pub(crate) mod breaker;
pub(crate) mod admission;
pub(crate) mod lost_race;
pub(crate) mod record;
pub(crate) mod inspect;
pub(crate) mod hold;
pub(crate) mod load;
pub(crate) mod rate_limit;
pub(crate) mod claim;
pub(crate) mod send;
pub(crate) mod attempt;
pub(crate) mod line_up;
pub(crate) mod schedule;
pub(crate) mod unreadable;
