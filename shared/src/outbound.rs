//! The one door out: HTTP to customers, and to Amazon SNS for certificates and confirmations.
//!
//! HTTPS only (plain HTTP to networks that the operator allowed). Addresses are checked when a connection is made. No
//! redirects, no proxy, one time limit over everything, bounded reads.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use tokio::time::Instant;
use url::Host;

use self::client::{Clients, client};
pub use self::failure::outcome_of_call;
pub use self::fetch::{FetchError, SnsUrl};
use self::pooled_hosts::PooledHosts;
use self::resolver::{CheckedResolver, Route};
pub use self::shortage::ShortageError;
use self::silent_hosts::SilentHosts;
use domain::address_policy::{AddressPolicy, Verdict};
use domain::delivery::{Outcome, ReceiverDirective};
use domain::webhook::{CustomName, CustomValue, MAX_SEARCHED, Redaction, WebhookUrl};

mod shortage;
mod resolver;
mod failure;
mod retry_after;
mod client;
mod silent_hosts;
mod pooled_hosts;
mod fetch;

#[cfg(test)]
mod test_posts;
#[cfg(test)]
mod rebinding_tests;
#[cfg(test)]
mod shortage_tests;
#[cfg(test)]
mod silent_tests;
#[cfg(test)]
mod tls_tests;

/// Maximum number of bytes that are read of a response's body (16 KiB). Reason: this is enough for any message of a
/// receiver, and it does not occupy us for long.
const MAX_RESPONSE_BYTES: usize = 16 * 1024;
/// The header with which a receiver demands something in addition to its status.
const WEBHOOK_DELIVERY: &str = "webhook-delivery";
/// The door: pooled clients, and the policy for addresses.
#[derive(Debug, Clone)]
pub struct Outbound {
    https: Clients,
    /// Plain HTTP, to allowed networks only.
    plain: Clients,
    policy: AddressPolicy,
    silent: Arc<SilentHosts>,
    pooled: PooledHosts,
}

/// A request.
#[derive(Debug)]
pub struct OutboundRequest<'a> {
    /// The URL. User and password in it are sent as basic auth.
    pub url: &'a WebhookUrl,
    /// Headers, with names in lower case.
    pub headers: &'a [(&'static str, String)],
    /// The body's type.
    pub content_type: &'static str,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// The time limit over everything: resolving, connecting, TLS, sending, and reading the response.
    pub time_limit: Duration,
    /// Whether a status means success.
    pub accepts: fn(u16) -> bool,
    /// The tenant's own headers. A header `authorization` replaces the URL's user and password.
    pub custom: &'a BTreeMap<CustomName, CustomValue>,
    /// What must not be kept of the response. The value of `authorization` in `headers` is always hidden.
    pub redaction: &'a Redaction,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestResult {
    /// How the request ended.
    pub outcome: Outcome,
    /// The duration in milliseconds.
    pub duration_ms: u32,
    /// The IP address that responded.
    pub address: Option<String>,
    /// The beginning of the body as text, without secrets. Maximum
    /// [`MAX_STORED_RESPONSE_BYTES`](domain::delivery::MAX_STORED_RESPONSE_BYTES).
    pub answer: Option<String>,
    /// What the receiver demands in a header.
    pub directive: Option<ReceiverDirective>,
}

/// The door could not be built.
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
    /// Builds the door. The trusted roots are those of `webpki-roots`, compiled in.
    pub fn new(policy: AddressPolicy) -> Result<Self, SetupError> {
        let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        Self::trusting(policy, roots, HashMap::new())
    }

    /// For tests: a door that trusts these roots and resolves these names to these addresses, which `policy` still
    /// checks. A port other than 0 in an address replaces the default port.
    pub fn rerouted(
        policy: AddressPolicy,
        roots: rustls::RootCertStore,
        routes: HashMap<String, SocketAddr>,
    ) -> Result<Self, SetupError> {
        let routes = routes.into_iter().map(|(name, address)| (name, Route::changing(vec![vec![address]])));
        Self::trusting(policy, roots, routes.collect())
    }

    /// For tests: the door of a function that has no descriptor left when it looks up these names.
    pub fn without_descriptors_for(policy: AddressPolicy, names: &[&str]) -> Result<Self, SetupError> {
        let routes = names.iter().map(|name| ((*name).to_owned(), Route::without_descriptors()));
        Self::trusting(policy, rustls::RootCertStore::empty(), routes.collect())
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
        // Only HTTP/1.1. A time-out closes an HTTP/1.1 connection, but it leaves an HTTP/2 connection in the pool.
        // Every later request to the host would use that connection, even if it is dead.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let resolver = Arc::new(CheckedResolver::public_or_allowed(policy.clone()).rerouting(routes));
        let secure =
            || client().https_only(true).tls_backend_preconfigured(tls.clone()).dns_resolver(Arc::clone(&resolver));
        let https = Clients::built(secure)?;
        let resolver = Arc::new(CheckedResolver::allowed_only(policy.clone()));
        let plain =
            Clients::built(|| client().tls_backend_preconfigured(tls.clone()).dns_resolver(Arc::clone(&resolver)))?;
        Ok(Self { https, plain, policy, silent: Arc::default(), pooled: PooledHosts::default() })
    }

    /// Makes one request. `now` is when it begins. `Retry-After` in seconds counts from the time of the response. An
    /// error if this function lacks something that a connection needs; then nothing is known about the receiver.
    pub async fn post(&self, post: OutboundRequest<'_>, now: Timestamp) -> Result<RequestResult, ShortageError> {
        let started = Instant::now();
        let time_limit = post.time_limit;
        let authorization = post.headers.iter().filter(|(name, _)| *name == AUTHORIZATION.as_str());
        let redaction = authorization.fold(post.redaction.clone(), |all, (_, value)| all.with_authorization(value));
        let host = post.url.as_url().origin().ascii_serialization();
        let mut progress = Progress::default();
        let exchange = self.exchange(post, now, started, &mut progress);
        let ended = tokio::time::timeout(time_limit, exchange).await;
        // If a status arrived before the time limit, the status decides, even if the body is incomplete. A response
        // that is dropped before its body was read closes its connection.
        let outcome = match (progress.answered, ended) {
            (Some(answered), _) => answered,
            (None, Ok(Err(Failed::Outcome(outcome)))) => outcome,
            (None, Ok(Err(Failed::Shortage(shortage)))) => return Err(shortage),
            (None, Ok(Ok(())) | Err(_)) => Outcome::Timeout,
        };
        if is_silence(outcome) {
            self.silent.note(host, Instant::now());
        }
        let answer = (!progress.kept.is_empty()).then(|| redaction.clean(&progress.kept, progress.is_whole));
        let duration_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        let directive = progress.directive;
        Ok(RequestResult { outcome, duration_ms, address: progress.address, answer, directive })
    }

    /// Sends the request and reads the response into `progress`; an error when no status arrived.
    async fn exchange(
        &self,
        post: OutboundRequest<'_>,
        now: Timestamp,
        started: Instant,
        progress: &mut Progress,
    ) -> Result<(), Failed> {
        let url = post.url.as_url();
        let clients = self.clients_for(url).ok_or(Failed::Outcome(Outcome::BlockedAddress))?;
        let host = url.origin().ascii_serialization();
        let pooled = if self.silent.contains(&host, started) { None } else { self.pooled.admit(&host, started) };
        let client = if pooled.is_some() { &clients.pooled } else { &clients.fresh };
        let request = client.post(url.clone()).headers(headers(&post)).body(post.body);
        let mut response = request.send().await.map_err(|error| match failure::outcome(&error) {
            Ok(outcome) => Failed::Outcome(outcome),
            Err(shortage) => Failed::Shortage(shortage),
        })?;
        progress.address = response.remote_addr().map(|address| address.ip().to_string());
        let status = response.status().as_u16();
        let answered_at = now + started.elapsed();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| retry_after::parse(value, answered_at));
        progress.directive = response.headers().get(WEBHOOK_DELIVERY).and_then(directive);
        progress.answered = Some(if (post.accepts)(status) {
            Outcome::Delivered { status }
        } else {
            Outcome::RefusedStatus { status, retry_after }
        });
        let mut read = 0;
        // The loop also ends when the body breaks off.
        while let Ok(chunk) = response.chunk().await {
            let Some(chunk) = chunk else {
                progress.is_whole = read <= MAX_SEARCHED;
                break;
            };
            read += chunk.len();
            let room = MAX_SEARCHED.saturating_sub(progress.kept.len());
            progress.kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if read >= MAX_RESPONSE_BYTES {
                break;
            }
        }
        Ok(())
    }

    /// The clients that may be used for this URL; `None` when its host is a forbidden address. For a host name, the
    /// clients' resolver checks the addresses when a connection is made.
    fn clients_for(&self, url: &url::Url) -> Option<&Clients> {
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

/// Whether a request ended in a way that makes the host's other open connections suspect: a connection gave no
/// response, or broke before the response.
fn is_silence(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Timeout | Outcome::Protocol => true,
        Outcome::Delivered { .. }
        | Outcome::RefusedStatus { .. }
        | Outcome::Dns
        | Outcome::Connect
        | Outcome::Tls
        | Outcome::BlockedAddress => false,
    }
}

/// Why no status arrived.
enum Failed {
    Outcome(Outcome),
    Shortage(ShortageError),
}

/// What is known when the time limit ends the request.
#[derive(Default)]
struct Progress {
    /// The meaning of the status, once there is one.
    answered: Option<Outcome>,
    address: Option<String>,
    kept: Vec<u8>,
    /// The body ended normally, and all of it is in `kept`.
    is_whole: bool,
    directive: Option<ReceiverDirective>,
}

/// What the header demands, in any case. Unknown words demand nothing.
fn directive(value: &HeaderValue) -> Option<ReceiverDirective> {
    ReceiverDirective::from_word(&value.to_str().ok()?.trim().to_ascii_lowercase())
}

fn headers(post: &OutboundRequest<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    // The tenant's headers come first, so that they can never replace ours.
    for (name, value) in post.custom {
        // Names and values were checked when the tenant set them.
        let parsed = (HeaderName::from_bytes(name.as_str().as_bytes()), HeaderValue::from_str(value.expose()));
        if let (Ok(name), Ok(mut header)) = parsed {
            header.set_sensitive(value.sensitive);
            headers.insert(name, header);
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(post.content_type));
    for (name, value) in post.headers {
        // Signatures, ids and numbers are always valid header values.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}
