//! The tests' world in one process: tables, queues, the rooms, one clock, and a way to break any AWS call. Also: fake
//! receivers and services on loopback, senders that sign as providers do, and a client of the deployed stack.

pub mod amazon;
pub mod azure;
pub mod catalogue;
pub mod clouds;
pub mod cost;
pub mod endpoint;
pub mod front;
pub mod google;
pub mod jobs;
pub mod kms;
pub mod log_lines;
pub mod node;
pub mod receiver;
pub mod registry_groups;
pub mod seed;
pub mod senders;
pub mod signers;
pub mod sqs;
pub mod stack;
pub mod systems;
pub mod time;
mod tls;
mod told;
pub mod world;

pub use endpoint::{Break, Call};
pub use receiver::{Answer, Receiver};
pub use world::World;

/// An HTTP client of the tests themselves, for servers that the tests have started.
#[expect(clippy::disallowed_methods, reason = "the harness is no room; nothing here is customer-directed")]
pub fn http_client() -> reqwest::Client {
    // This fails only if another test of this process has installed a provider of cryptography already.
    let _already_set = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap_or_default()
}
