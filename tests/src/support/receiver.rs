//! A receiver on loopback that remembers what it got and can be told how to answer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

/// How the receiver answers one request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// With this status and an empty body.
    Status(u16),
    /// With this status, these headers and this body.
    Full(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Not at all, for as long as the connection lives.
    Hang,
}

/// One request that the receiver got.
#[derive(Debug, Clone)]
pub struct Received {
    /// Path and query.
    pub path: String,
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

    /// Whether the official library accepts it with this secret, now.
    pub fn verifies_with(&self, secret: &str) -> bool {
        standardwebhooks::Webhook::new(secret).is_ok_and(|webhook| webhook.verify(&self.body, &self.headers).is_ok())
    }
}

#[derive(Debug, Default)]
struct Inner {
    received: Mutex<Vec<Received>>,
    /// By path: the answers still to give. The last one stays.
    scripts: Mutex<HashMap<String, VecDeque<Answer>>>,
}

/// A receiver on loopback.
#[derive(Debug, Clone)]
pub struct Receiver {
    base: String,
    inner: Arc<Inner>,
}

impl Receiver {
    /// Starts one on a free port; it answers 200 until told otherwise.
    pub async fn start() -> anyhow::Result<Self> {
        let inner = Arc::<Inner>::default();
        let router = Router::new().fallback(receive).with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { base, inner })
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

    /// Everything received on a path so far.
    pub fn received(&self, path: &str) -> Vec<Received> {
        let received = self.inner.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.iter().filter(|request| request.path == path).cloned().collect()
    }
}

async fn receive(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    let request = Received { path: path.clone(), headers, body };
    inner.received.lock().unwrap_or_else(PoisonError::into_inner).push(request);
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
