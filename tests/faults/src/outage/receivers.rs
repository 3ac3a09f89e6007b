//! The receivers on loopback: healthy, slow, hanging, failing, or refusing connections. Each remembers the deliveries
//! that it accepted, and when it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use shared::clock::random;
use tokio::net::TcpSocket;

/// Maximum number of connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// The behaviour of a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// Answers at once.
    Healthy,
    /// Answers after a number of milliseconds in this range.
    Slow(std::ops::Range<u64>),
    /// Answers every second request at once, and the others after this number of milliseconds.
    Alternating(u64),
    /// Accepts the connection and never answers.
    Hanging,
    /// Answers the first request of each event with 500, and the later ones at once.
    FailsOnce,
    /// Answers with this status, and with `Retry-After` if there is a number of seconds.
    Failing(StatusCode, Option<u32>),
}

/// Arrival times of requests, by webhook and event.
type Arrivals = HashMap<(u32, String), Vec<Instant>>;

#[derive(Debug, Default)]
struct Inner {
    manners: Mutex<HashMap<u32, Manner>>,
    /// All requests.
    asked: Mutex<Arrivals>,
    /// The requests that were answered 200.
    accepted: Mutex<Arrivals>,
    posts: AtomicU64,
}

/// All receivers: one server with a path for each webhook, and a port that refuses connections until it is opened.
#[derive(Debug)]
pub struct Receivers {
    inner: Arc<Inner>,
    open: SocketAddr,
    /// The socket is bound, so that no other process takes the port, but it does not listen.
    closed: Mutex<Option<TcpSocket>>,
    closed_at: SocketAddr,
}

impl Receivers {
    /// Starts the receivers, all healthy.
    pub fn start() -> anyhow::Result<Self> {
        let inner = Arc::<Inner>::default();
        let socket = bound()?;
        let open = socket.local_addr()?;
        serve(socket, &inner)?;
        let closed = bound()?;
        let closed_at = closed.local_addr()?;
        Ok(Self { inner, open, closed: Mutex::new(Some(closed)), closed_at })
    }

    /// The URL of a webhook's receiver.
    pub fn url(&self, webhook: u32) -> String {
        format!("http://{}/{webhook}", self.open)
    }

    /// The URL of a webhook's receiver at the port that refuses connections.
    pub fn refusing_url(&self, webhook: u32) -> String {
        format!("http://{}/{webhook}", self.closed_at)
    }

    /// Changes the behaviour of a webhook's receiver.
    pub fn set(&self, webhook: u32, manner: Manner) {
        self.inner.manners.lock().unwrap_or_else(PoisonError::into_inner).insert(webhook, manner);
    }

    /// Makes all receivers healthy.
    pub fn recover(&self) -> anyhow::Result<()> {
        self.inner.manners.lock().unwrap_or_else(PoisonError::into_inner).clear();
        match self.closed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(closed) => serve(closed, &self.inner),
            None => Ok(()),
        }
    }

    /// Number of deliveries that were accepted at least once, and number of repeated acceptances.
    pub fn counts(&self) -> (usize, usize) {
        let accepted = self.inner.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = accepted.values().map(Vec::len).sum();
        (accepted.len(), all - accepted.len())
    }

    /// Number of all requests, accepted or not.
    pub fn posts(&self) -> u64 {
        self.inner.posts.load(Ordering::Relaxed)
    }

    /// Time of the first accepted request of a webhook with an event.
    pub fn first(&self, webhook: u32, event: &str) -> Option<Instant> {
        let accepted = self.inner.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.get(&(webhook, event.to_owned())).and_then(|times| times.first().copied())
    }

    /// Arrival times of all requests of a webhook with an event.
    pub fn asked(&self, webhook: u32, event: &str) -> Vec<Instant> {
        let asked = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get(&(webhook, event.to_owned())).cloned().unwrap_or_default()
    }
}

fn bound() -> anyhow::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    Ok(socket)
}

fn serve(socket: TcpSocket, inner: &Arc<Inner>) -> anyhow::Result<()> {
    let listener = socket.listen(BACKLOG)?;
    let router = Router::new().route("/{webhook}", post(receive)).with_state(Arc::clone(inner));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(())
}

async fn receive(State(inner): State<Arc<Inner>>, Path(webhook): Path<u32>, headers: HeaderMap) -> Response {
    let arrived = Instant::now();
    let number = inner.posts.fetch_add(1, Ordering::Relaxed);
    let event = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let first = {
        let mut asked = inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let times = asked.entry((webhook, event.clone())).or_default();
        times.push(arrived);
        times.len() == 1
    };
    let manner = inner.manners.lock().unwrap_or_else(PoisonError::into_inner).get(&webhook).cloned();
    match manner {
        Some(Manner::Slow(range)) => {
            let span = (range.end - range.start).max(1);
            let millis = range.start + u64::from(u32::from_be_bytes(random())) % span;
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Some(Manner::Alternating(millis)) if number % 2 == 0 => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Some(Manner::Hanging) => std::future::pending().await,
        Some(Manner::FailsOnce) if first => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Manner::Failing(status, None)) => return status.into_response(),
        Some(Manner::Failing(status, Some(seconds))) => {
            return (status, [(RETRY_AFTER, seconds.to_string())]).into_response();
        }
        None | Some(Manner::Healthy | Manner::Alternating(_) | Manner::FailsOnce) => {}
    }
    let mut accepted = inner.accepted.lock().unwrap_or_else(PoisonError::into_inner);
    accepted.entry((webhook, event)).or_default().push(arrived);
    StatusCode::OK.into_response()
}
