//! The three DynamoDB tables, as concrete clients. Every method takes the tenant, or an id whose row names the tenant,
//! which is checked. The keys of each table are built in one file. Stored items have their own structs with a version.

mod error;
mod pauses;
mod busy;
mod page;
mod readable;
mod attribute;
mod key;
mod timeline;
mod event_write;
pub mod events;
pub mod deliveries;
pub mod registry;

pub use self::deliveries::Deliveries;
pub use self::error::StoreError;
pub use self::event_write::EventWrite;
pub use self::events::Events;
use self::key::Key;
pub use self::page::Page;
pub use self::pauses::Pauses;
pub use self::readable::Readable;
pub use self::registry::Registry;
pub use self::timeline::{SHARDS, TimeRange, day};
