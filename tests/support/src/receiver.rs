//! A receiver on loopback that remembers what it got and can be told how to answer.

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
    /// With this status and an empty body.
    Status(u16),
    /// With this status, these headers and this body.
    Full(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Not at all, for as long as the connection lives. Its caller's time limit runs out when the test lets time pass.
    Hang,
}

/// One request that the receiver got.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its method.
    pub method: Method,
    /// The path alone.
    pub path: String,
    /// What stood after the path; empty when there was nothing.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// The exact body.
    pub body: Bytes,
}

impl Received {
    /// The `webhook-id` header.
    pub fn webhook_id(&self) -> &str {
        self.headers.get("webhook-id").and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether it is signed with this secret; see [`is_signed`].
    pub fn verifies_with(&self, secret: &str) -> bool {
        is_signed(secret, &self.headers, &self.body)
    }
}

/// Whether one of the signatures in the headers is the one that the official library makes with this secret. What that
/// library makes of the time of a signature goes by the machine's clock, and is not asked.
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
    /// By path: the answers still to give. The last one stays.
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
    /// Starts one on a free port; it answers 200 until told otherwise.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok(Self { base: format!("http://{address}"), address, inner: serve(listener) })
    }

    /// Starts one that speaks TLS for a host name; answers also the certificate that its clients have to trust.
    pub async fn start_tls(name: &str) -> anyhow::Result<(Self, CertificateDer<'static>)> {
        let (listener, certificate) = TlsListener::bind(name).await?;
        let address = listener.local_addr()?;
        let base = format!("https://{name}:{}", address.port());
        Ok((Self { base, address, inner: serve(listener) }, certificate))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests it got, on every path.
    pub fn count(&self) -> usize {
        self.inner.received.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sets the answers to the next requests of a path; the last one stays.
    pub fn script(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let mut scripts = self.inner.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        scripts.insert(path.to_owned(), answers.into_iter().collect());
    }

    /// Waits until so many requests were received on a path.
    pub async fn reached(&self, path: &str, count: usize) {
        let mut news = self.inner.news.subscribe();
        // The sender lives as long as the receiver does.
        let _ended = news.wait_for(|()| self.received(path).len() >= count).await;
    }

    /// Everything received on a path so far.
    pub fn received(&self, path: &str) -> Vec<Received> {
        let received = self.inner.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.iter().filter(|request| request.path == path).cloned().collect()
    }
}

/// Takes requests in for as long as the test's runtime lives.
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
    let request = Received { method, path: path.clone(), query, headers, body };
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
        Answer::Hang => std::future::pending().await,
    }
}

fn next_answer(inner: &Inner, path: &str) -> Answer {
    let mut scripts = inner.scripts.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(script) = scripts.get_mut(path) else { return Answer::Status(200) };
    let last = script.len() == 1;
    let next = if last { script.front().cloned() } else { script.pop_front() };
    next.unwrap_or(Answer::Status(200))
}
