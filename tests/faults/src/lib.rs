//! What faults do: the fault suite breaks what is around the deployed template and counts, the outage measures what
//! broken receivers do to healthy ones.

pub mod outage;
pub mod soak;
