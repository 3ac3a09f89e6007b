//! What faults do. The fault suite breaks calls and processes around the deployed template and counts what becomes of
//! every event. The outage benchmark measures how broken receivers slow down healthy ones.

pub mod outage;
pub mod soak;
