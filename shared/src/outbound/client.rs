//! The HTTP clients of the door.

use std::time::Duration;

use reqwest::{Client, redirect, retry};

/// Maximum number of headers of an answer, as curl has it. Reason: the memory that an exchange takes. Of the bytes of a head
/// the HTTP library has its own maximum, between 400 KiB and 1 MiB.
const MAX_HEADERS: usize = 5_000;
/// How receivers know us.
const USER_AGENT: &str = "mailhooks/1";
/// Connections that are kept open to one receiver between deliveries.
const IDLE_CONNECTIONS: usize = 10;
/// How long an unused connection is kept; many receivers close theirs after a minute.
pub(super) const IDLE_LIMIT: Duration = Duration::from_secs(50);

/// Clients of one scheme.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    /// Keeps connections open between requests.
    pub(super) pooled: Client,
    /// Opens a connection for each request and closes it afterwards.
    pub(super) fresh: Client,
}

impl Clients {
    pub(super) fn built(client: impl Fn() -> reqwest::ClientBuilder) -> Result<Self, reqwest::Error> {
        let pooled = client().pool_max_idle_per_host(IDLE_CONNECTIONS).build()?;
        Ok(Self { pooled, fresh: client().pool_max_idle_per_host(0).build()? })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one door")]
pub(super) fn client() -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .http1_only()
        // Heads that Node, browsers and curl take, in their default settings or in those that people use. Which of the
        // headers are odd does not matter: we look at two, and at those that say where the body ends.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_max_headers(MAX_HEADERS)
        .pool_idle_timeout(IDLE_LIMIT)
}
