//! A receiver on loopback. It remembers its requests and gives the answers that a test has set.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use rustls::pki_types::CertificateDer;
use tokio::sync::watch;

use super::tls::TlsListener;

/// How the receiver answers one request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Answers with this status and an empty body.
    Status(u16),
    /// Answers with this status, these headers and this body.
    Full(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Answers a challenge: 200 with the `challenge` of the body, which is JSON or a form.
    Challenge,
    /// Never answers while the connection is open. The caller's time limit expires when the test advances the time.
    Hang,
}

/// One request that the receiver got.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method.
    pub method: Method,
    /// The path without the query.
    pub path: String,
    /// The query; empty if there was none.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// The exact bytes of the body.
    pub body: Bytes,
}

impl Received {
    /// The `webhook-id` header.
    pub fn webhook_id(&self) -> &str {
        self.headers.get("webhook-id").and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether the request is signed with this secret; see [`is_signed`].
    pub fn verifies_with(&self, secret: &str) -> bool {
        is_signed(secret, &self.headers, &self.body)
    }
}

/// Whether one of the signatures in the headers is the one that the official library makes with this secret. The
/// library's check of the timestamp is not used, because it reads the machine's clock.
pub fn is_signed(secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let expected = || {
        let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?.parse().ok()?);
        standardwebhooks::Webhook::new(secret).ok()?.sign(id, timestamp, body).ok()
    };
    let signatures = header("webhook-signature").unwrap_or_default();
    expected().is_some_and(|expected| signatures.split(' ').any(|signature| signature == expected))
}

#[derive(Debug, Default)]
struct Inner {
    received: Mutex<Vec<Received>>,
    /// Changes after each request.
    news: watch::Sender<()>,
    /// The answers still to give, by path. The last answer of a path repeats.
    scripts: Mutex<HashMap<String, VecDeque<Answer>>>,
}

/// A receiver on loopback.
#[derive(Debug, Clone)]
pub struct Receiver {
    base: String,
    address: SocketAddr,
    inner: Arc<Inner>,
}

impl Receiver {
    /// Starts a receiver on a free port. It answers 200 until a test sets other answers.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok(Self { base: format!("http://{address}"), address, inner: serve(listener) })
    }

    /// Starts a receiver that speaks TLS for a host name. Returns the certificate that clients must trust as well.
    pub async fn start_tls(name: &str) -> anyhow::Result<(Self, CertificateDer<'static>)> {
        let (listener, certificate) = TlsListener::bind(name).await?;
        let address = listener.local_addr()?;
        let base = format!("https://{name}:{}", address.port());
        Ok((Self { base, address, inner: serve(listener) }, certificate))
    }

    /// The address where the receiver listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Number of requests on all paths.
    pub fn count(&self) -> usize {
        self.inner.received.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sets the answers to the next requests of a path. The last answer repeats.
    pub fn script(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let mut scripts = self.inner.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        scripts.insert(path.to_owned(), answers.into_iter().collect());
    }

    /// Waits until this many requests have arrived on a path.
    pub async fn reached(&self, path: &str, count: usize) {
        let mut news = self.inner.news.subscribe();
        // The channel does not close: its sender lives as long as the receiver.
        let _ended = news.wait_for(|()| self.received(path).len() >= count).await;
    }

    /// All requests on a path so far.
    pub fn received(&self, path: &str) -> Vec<Received> {
        let received = self.inner.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.iter().filter(|request| request.path == path).cloned().collect()
    }
}

/// Accepts requests as long as the test's runtime lives.
fn serve<L: Listener<Addr = SocketAddr>>(listener: L) -> Arc<Inner> {
    let inner = Arc::<Inner>::default();
    let router = Router::new().fallback(receive).with_state(Arc::clone(&inner));
    tokio::spawn(async move { axum::serve(listener, router).await });
    inner
}

async fn receive(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let query = uri.query().unwrap_or_default().to_owned();
    let request = Received { method, path: path.clone(), query, headers, body: body.clone() };
    inner.received.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    inner.news.send_replace(());
    let answer = next_answer(&inner, &path);
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap_or_default().into_response(),
        Answer::Full(status, headers, body) => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
            for (name, value) in headers {
                if let Ok(value) = value.parse() {
                    response.headers_mut().insert(name, value);
                }
            }
            response
        }
        Answer::Challenge => challenge_in(&body).into_response(),
        Answer::Hang => std::future::pending().await,
    }
}

/// The answer to a challenge, as JSON.
fn challenge_in(body: &Bytes) -> String {
    let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let mut form = url::form_urlencoded::parse(body);
    let in_form = || form.find(|(name, _)| name == "challenge").map(|(_, value)| value.into_owned());
    let challenge = json["challenge"].as_str().map(str::to_owned).or_else(in_form);
    serde_json::json!({ "challenge": challenge }).to_string()
}

fn next_answer(inner: &Inner, path: &str) -> Answer {
    let mut scripts = inner.scripts.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(script) = scripts.get_mut(path) else { return Answer::Status(200) };
    let last = script.len() == 1;
    let next = if last { script.front().cloned() } else { script.pop_front() };
    next.unwrap_or(Answer::Status(200))
}
