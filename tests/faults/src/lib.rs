//! What faults do. The fault suite breaks calls and processes around the deployed template and counts what becomes of
//! every event. The outage benchmark measures how broken receivers slow down healthy ones. The isolation suite measures
//! what attacks of one tenant do to another tenant.

mod percentile;
pub mod outage;
pub mod soak;
pub mod isolation;
