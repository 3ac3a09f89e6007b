//! The HTTP clients of the door.

use std::time::Duration;

use reqwest::{Client, redirect, retry};

/// Maximum number of headers of a response, the same as in curl. Reason: the memory of an exchange. For the size of all
/// headers the HTTP library has its own limit, between 400 KiB and 1 MiB.
const MAX_HEADERS: usize = 5_000;
/// Our user agent.
const USER_AGENT: &str = "mailhooks/1";
/// Maximum number of open, unused connections to one receiver. Reason: an invocation makes at most ten POSTs at a time.
pub(super) const MAX_IDLE_CONNECTIONS: usize = 10;
/// How long an unused connection is kept. Reason: a busy receiver gets its next POST within seconds, and each unused
/// connection takes one of the function's descriptors.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// The clients of one scheme.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    /// Reuses connections between requests.
    pub(super) pooled: Client,
    /// Makes a connection for each request and closes it afterwards.
    pub(super) fresh: Client,
}

impl Clients {
    pub(super) fn built(client: impl Fn() -> reqwest::ClientBuilder) -> Result<Self, reqwest::Error> {
        let pooled = client().pool_max_idle_per_host(MAX_IDLE_CONNECTIONS).build()?;
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
        // Accept the response heads that Node, browsers and curl accept, with their default or commonly used settings.
        // Malformed headers do not matter here: we read two headers, and those that say where the body ends.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_max_headers(MAX_HEADERS)
        .pool_idle_timeout(IDLE_TIMEOUT)
}
