//! The deliveries of a batch, from their jobs to what becomes of their messages.

pub(crate) mod attempt;
pub(crate) mod breaker;
pub(crate) mod claim;
pub(crate) mod fair_share;
pub(crate) mod hold;
pub(crate) mod load;
pub(crate) mod rate_limit;
pub(crate) mod schedule;
pub(crate) mod send;
pub(crate) mod slow;
pub(crate) mod stream;
pub(crate) mod unreadable;
