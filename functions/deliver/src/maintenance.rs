//! Jobs that are about no single delivery.

pub(crate) mod dispatch;
pub(crate) mod probe;
pub(crate) mod recovery;
pub(crate) mod release;
pub(crate) mod sweep;
