//! The three DynamoDB tables. Concrete clients; every method takes the tenant, or an id whose row names it and is
//! checked. Keys are built in one file per table; stored items have their own structs with a version.

mod error;
mod page;
mod attribute;
mod key;
mod timeline;
mod telling;
pub mod events;
pub mod deliveries;
pub mod registry;

pub use self::deliveries::Deliveries;
pub use self::error::StoreError;
pub use self::events::Events;
use self::key::Key;
pub use self::page::Page;
pub use self::registry::Registry;
pub use self::telling::Telling;
pub use self::timeline::{SHARDS, TimeRange, day};
