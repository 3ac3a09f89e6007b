//! The tables of the room.

use shared::store::{Deliveries, Events, Registry};

/// The tables, for what is read and listed of them. Rows of deliveries are written by `delivery/record.rs` alone.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(crate) registry: Registry,
    pub(crate) events: Events,
    pub(crate) deliveries: Deliveries,
}
