//! The one door out: HTTP to customers, and to Amazon SNS for what it asks to be fetched. HTTPS only (plain HTTP to networks that the operator opened), addresses checked
//! when they are connected to, no redirects, no proxy, one time limit over everything, bounded reads.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, redirect, retry};
use tokio::time::Instant;
use url::Host;

use self::address_policy::{AddressPolicy, Verdict};
pub use self::failure::outcome_of_call;
pub use self::fetch::{FetchError, SnsUrl};
use self::resolver::{CheckedResolver, Route};
use crate::delivery::{Asked, KEPT_ANSWER, Outcome};
use crate::webhook::{CustomName, CustomValue, WebhookUrl};

pub mod address_policy;
mod failure;
mod fetch;
#[cfg(test)]
mod rebinding_tests;
mod resolver;
mod retry_after;
#[cfg(test)]
mod tls_tests;

/// Of an answer's body at most this much is read (16 KiB): enough for any message of a receiver, too little to tie us up.
const MAX_ANSWER: usize = 16 * 1024;
/// Most bytes of an answer's headers over HTTP/2.
const MAX_HEADERS: u32 = 16 * 1024;
/// The header by which a receiver asks for something beside what its status says.
const WEBHOOK_DELIVERY: &str = "webhook-delivery";
/// How receivers know us.
const USER_AGENT: &str = "mailhooks/1";
/// Connections that are kept open to one receiver between deliveries.
const IDLE_CONNECTIONS: usize = 10;
/// How long an unused connection is kept; many receivers close theirs after a minute.
const IDLE_LIMIT: Duration = Duration::from_secs(50);

/// The door: pooled clients and the policy that guards them.
#[derive(Debug, Clone)]
pub struct Outbound {
    https: Client,
    /// Plain HTTP, to allowed networks only.
    plain: Client,
    policy: AddressPolicy,
}

/// One request.
#[derive(Debug)]
pub struct Post<'a> {
    /// Where to; a user and password in it are sent as basic auth.
    pub url: &'a WebhookUrl,
    /// Names in lower case.
    pub headers: &'a [(&'static str, String)],
    /// The body's type.
    pub content_type: &'static str,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// Over everything: resolving, connecting, TLS, sending, headers and body of the answer.
    pub time_limit: Duration,
    /// Whether a status means success.
    pub accepts: fn(u16) -> bool,
    /// The tenant's own headers. One named `authorization` takes the place of the URL's user and password.
    pub custom: &'a BTreeMap<CustomName, CustomValue>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// The address that answered.
    pub address: Option<String>,
    /// The first [`KEPT_ANSWER`] bytes of the body, as text.
    pub answer: Option<String>,
    /// What the receiver asked for, if its answer arrived whole.
    pub asked: Option<Asked>,
}

/// Why the door could not be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The TLS library refused its settings.
    #[error("TLS towards receivers could not be set up")]
    Tls(#[from] rustls::Error),
    /// The HTTP library refused its settings.
    #[error("the HTTP client could not be set up")]
    Http(#[from] reqwest::Error),
}

impl Outbound {
    /// Builds the door. Roots are those of `webpki-roots`, compiled in.
    pub fn new(policy: AddressPolicy) -> Result<Self, SetupError> {
        let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        Self::trusting(policy, roots, HashMap::new())
    }

    /// For tests: a door that trusts these roots and resolves these names so, still checked by `policy`. A port other
    /// than 0 in an address takes the place of the usual one.
    pub fn rerouted(
        policy: AddressPolicy,
        roots: rustls::RootCertStore,
        routes: HashMap<String, SocketAddr>,
    ) -> Result<Self, SetupError> {
        let routes = routes.into_iter().map(|(name, address)| (name, Route::changing(vec![vec![address]])));
        Self::trusting(policy, roots, routes.collect())
    }

    /// Builds a door that trusts these roots.
    fn trusting(
        policy: AddressPolicy,
        roots: rustls::RootCertStore,
        routes: HashMap<String, Arc<Route>>,
    ) -> Result<Self, SetupError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let https = client().https_only(true).tls_backend_preconfigured(tls.clone());
        let resolver = CheckedResolver::public_or_allowed(policy.clone()).rerouting(routes);
        let https = https.dns_resolver(resolver).build()?;
        let plain = client().tls_backend_preconfigured(tls);
        let plain = plain.dns_resolver(CheckedResolver::allowed_only(policy.clone())).build()?;
        Ok(Self { https, plain, policy })
    }

    /// Makes one request. `now` is when it begins; `Retry-After` in seconds counts from when the answer came.
    pub async fn post(&self, post: Post<'_>, now: Timestamp) -> Answered {
        let started = Instant::now();
        let time_limit = post.time_limit;
        let mut progress = Progress::default();
        let exchange = self.exchange(post, now, started, &mut progress);
        let outcome = match tokio::time::timeout(time_limit, exchange).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Outcome::Timeout,
        };
        let answer = (!progress.kept.is_empty()).then(|| String::from_utf8_lossy(&progress.kept).into_owned());
        let duration_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        Answered { outcome, duration_ms, address: progress.address, answer, asked: progress.asked }
    }

    async fn exchange(&self, post: Post<'_>, now: Timestamp, started: Instant, progress: &mut Progress) -> Outcome {
        let url = post.url.as_url();
        let Some(client) = self.client_for(url) else { return Outcome::BlockedAddress };
        let request = client.post(url.clone()).headers(headers(&post)).body(post.body);
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return failure::outcome(&error),
        };
        progress.address = response.remote_addr().map(|address| address.ip().to_string());
        let status = response.status().as_u16();
        let answered_at = now + started.elapsed();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| retry_after::parse(value, answered_at));
        let asked = response.headers().get(WEBHOOK_DELIVERY).and_then(asked);
        let mut read = 0;
        while read < MAX_ANSWER {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    read += chunk.len();
                    let room = KEPT_ANSWER.saturating_sub(progress.kept.len());
                    progress.kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
                }
                Ok(None) => break,
                Err(error) => return failure::outcome(&error),
            }
        }
        progress.asked = asked;
        if (post.accepts)(status) {
            Outcome::Delivered { status }
        } else {
            Outcome::RefusedStatus { status, retry_after }
        }
    }

    /// The client that may talk to this URL; `None` when its host is a forbidden address. Names are checked by the
    /// client's resolver, when they are connected to.
    fn client_for(&self, url: &url::Url) -> Option<&Client> {
        let verdict = match url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(v4) => Some(self.policy.verdict(v4.into())),
            Host::Ipv6(v6) => Some(self.policy.verdict(v6.into())),
        };
        match (url.scheme(), verdict) {
            ("https", None | Some(Verdict::Public | Verdict::Allowed)) => Some(&self.https),
            ("http", None | Some(Verdict::Allowed)) => Some(&self.plain),
            _ => None,
        }
    }
}

/// What is known when the time limit strikes.
#[derive(Default)]
struct Progress {
    address: Option<String>,
    kept: Vec<u8>,
    asked: Option<Asked>,
}

/// What the header asks for, in any case; words that we do not know ask for nothing.
fn asked(value: &HeaderValue) -> Option<Asked> {
    Asked::from_word(&value.to_str().ok()?.trim().to_ascii_lowercase())
}

#[expect(clippy::disallowed_methods, reason = "this is the one door")]
fn client() -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .http2_max_header_list_size(MAX_HEADERS)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .pool_idle_timeout(IDLE_LIMIT)
}

fn headers(post: &Post<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    // First, so that nothing of ours could ever be replaced.
    for (name, value) in post.custom {
        // Both were checked when they were set.
        let parsed = (HeaderName::from_bytes(name.as_str().as_bytes()), HeaderValue::from_str(value.expose()));
        if let (Ok(name), Ok(mut header)) = parsed {
            header.set_sensitive(value.sensitive);
            headers.insert(name, header);
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(post.content_type));
    for (name, value) in post.headers {
        // Signatures, ids and numbers: always valid header values.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}
