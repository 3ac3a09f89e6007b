//! The isolation suite on the deployed template. One tenant attacks, and another tenant, the bystander, sends one event
//! a second to two receivers of its own. The suite compares what the bystander gets with the attack and without.

mod measured;
mod arrivals;
mod judge;
mod report;
mod mappings;
mod gauge;
mod bystander;
mod arena;
mod attacks;
mod run;

pub use attacks::Attack;
pub use run::{Extent, run};
