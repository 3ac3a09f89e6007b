//! The receivers: one server with a path for each webhook, each path with its own misbehaviour. They remember the
//! requests that they got and the events that they accepted.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, header};
use tokio::net::TcpListener;

use super::chance::Chance;
use super::plan::Behaviour;
use super::proxy::Proxy;
use super::wire::{Connection, Request};
use support::receiver::Received;

/// The metadata address of clouds, which requests from outside must never reach.
pub(super) const METADATA: [u8; 4] = [169, 254, 169, 254];
/// Number of requests in a thousand that fail at the receiver that fails often.
const FAILURES_PER_MILLE: u64 = 200;
/// Number of requests in a thousand that kill the caller.
const KILLS_PER_MILLE: u64 = 50;
/// Size of an answer that is larger than any receiver needs.
const FLOOD_BYTES: usize = 10 * 1024 * 1024;
/// Number of deliveries that the receiver accepts before it answers 410.
const BEFORE_GONE: usize = 2;
/// Number of requests for one event that the stubborn receiver refuses. Reason: Lambda stops a chain of about 16
/// invocations, and each attempt is one.
const REFUSALS: u32 = 20;
/// Number of events that the stubborn receiver refuses this often. When it has accepted them, it is healthy.
const REFUSED_EVENTS: usize = 3;
/// Longer than any webhook's time limit.
const HANGING: Duration = Duration::from_mins(1);

/// The record of one path.
#[derive(Debug, Default, Clone)]
pub(super) struct Post {
    /// Requests, by event id.
    pub(super) received: HashMap<String, u32>,
    /// Requests answered with success, by event id.
    pub(super) accepted: HashMap<String, u32>,
    /// Requests with a wrong signature.
    pub(super) not_genuine: u32,
}

/// A path of the server.
#[derive(Debug, Clone)]
struct Mailbox {
    behaviour: Behaviour,
    secret: String,
    post: Post,
}

/// The server.
#[derive(Debug)]
pub(super) struct Receivers {
    base: String,
    canary: String,
    mailboxes: Mutex<BTreeMap<String, Mailbox>>,
    chance: Mutex<Chance>,
    canary_connections: Mutex<u32>,
    started: Instant,
    /// When the receiver that is down at first recovers.
    back: Duration,
}

/// A receiver's reaction to a request.
enum Reaction {
    Status(u16),
    RetryLater,
    Reset,
    Hang,
    Drip,
    Flood,
    Garbage,
    CloseEarly,
    Redirect(String),
    KillBefore,
    KillAfter,
}

impl Reaction {
    /// Whether mailhooks learns that the delivery was accepted.
    fn accepts(&self) -> bool {
        match self {
            Self::Status(status) => (200..300).contains(status),
            // The status decides, even if the body is cut off.
            Self::Flood | Self::CloseEarly | Self::KillAfter => true,
            Self::RetryLater
            | Self::Reset
            | Self::Hang
            | Self::Drip
            | Self::Garbage
            | Self::Redirect(_)
            | Self::KillBefore => false,
        }
    }
}

impl Receivers {
    /// Starts the receivers, and a canary server that must never get a connection. The receivers kill callers through
    /// `proxy`.
    pub(super) async fn start(
        chance: Chance,
        started: Instant,
        back: Duration,
        proxy: Arc<Proxy>,
    ) -> io::Result<Arc<Self>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let canary = TcpListener::bind("127.0.0.1:0").await?;
        let receivers = Arc::new(Self {
            base: format!("http://{}", listener.local_addr()?),
            canary: format!("http://{}/latest/meta-data/", canary.local_addr()?),
            mailboxes: Mutex::default(),
            chance: Mutex::new(chance),
            canary_connections: Mutex::default(),
            started,
            back,
        });
        let here = Arc::clone(&receivers);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (here, proxy) = (Arc::clone(&here), Arc::clone(&proxy));
                // A caller that gives up or is killed closes its connection at any time.
                tokio::spawn(async move { here.serve(Connection::new(stream), &proxy).await });
            }
        });
        let here = Arc::clone(&receivers);
        tokio::spawn(async move {
            while canary.accept().await.is_ok() {
                *here.canary_connections.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            }
        });
        Ok(receivers)
    }

    /// The URL of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Opens a path for deliveries that are signed with `secret`.
    pub(super) fn open(&self, path: &str, behaviour: Behaviour, secret: &str) {
        let mailbox = Mailbox { behaviour, secret: secret.to_owned(), post: Post::default() };
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), mailbox);
    }

    /// The record of a path so far.
    pub(super) fn post(&self, path: &str) -> Post {
        let mailboxes = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        mailboxes.get(path).map(|mailbox| mailbox.post.clone()).unwrap_or_default()
    }

    /// Number of times that a client followed a redirect.
    pub(super) fn canary_connections(&self) -> u32 {
        *self.canary_connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, mut connection: Connection, proxy: &Proxy) -> io::Result<()> {
        while let Some(request) = connection.read().await? {
            match self.take(&request) {
                Reaction::Status(status) => connection.answer(status, &HeaderMap::new(), b"").await?,
                Reaction::RetryLater => connection.answer(429, &header_map(header::RETRY_AFTER, "2"), b"").await?,
                Reaction::Redirect(to) => connection.answer(302, &header_map(header::LOCATION, &to), b"").await?,
                Reaction::Reset => return connection.reset(),
                Reaction::Hang => {
                    tokio::time::sleep(HANGING).await;
                    return Ok(());
                }
                Reaction::Drip => return drip(connection).await,
                Reaction::Flood => connection.answer(200, &HeaderMap::new(), &vec![b'x'; FLOOD_BYTES]).await?,
                Reaction::Garbage => return connection.send(b"\x16\x03\x01 220 mail ready\r\n\0\0\0\r\n\r\n").await,
                Reaction::CloseEarly => {
                    return connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nten bytes.").await;
                }
                Reaction::KillBefore => {
                    proxy.kill_behind(connection.ends());
                    return Ok(());
                }
                Reaction::KillAfter => {
                    // The process is looked up before the answer, so that the signal follows the answer at once.
                    let caller = proxy.behind(connection.ends());
                    connection.answer(200, &HeaderMap::new(), b"").await?;
                    if let Some(caller) = caller {
                        proxy.kill(&caller);
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Records a request and decides the reaction.
    fn take(&self, request: &Request) -> Reaction {
        let mut mailboxes = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mailbox) = mailboxes.get_mut(&request.path) else { return Reaction::Status(404) };
        let received = Received {
            method: request.method.clone(),
            path: request.path.clone(),
            query: String::new(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        };
        if !received.verifies_with(&mailbox.secret) {
            mailbox.post.not_genuine += 1;
            return Reaction::Status(401);
        }
        let event = received.webhook_id().to_owned();
        let times = mailbox.post.received.entry(event.clone()).or_default();
        *times += 1;
        let reaction = self.reaction(mailbox.behaviour, *times, mailbox.post.accepted.len());
        if reaction.accepts() {
            *mailbox.post.accepted.entry(event).or_default() += 1;
        }
        reaction
    }

    /// The reaction of a receiver, given how often it got the event and how many events it has accepted.
    fn reaction(&self, behaviour: Behaviour, times: u32, accepted: usize) -> Reaction {
        let first = times == 1;
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        match behaviour {
            Behaviour::FailsOften if chance.per_mille(FAILURES_PER_MILLE) => Reaction::Status(500),
            Behaviour::DownAtFirst if self.started.elapsed() < self.back => Reaction::Reset,
            Behaviour::Busy if first => Reaction::RetryLater,
            Behaviour::Stubborn if times <= REFUSALS && accepted < REFUSED_EVENTS => Reaction::Status(500),
            Behaviour::KillsCaller if first && chance.per_mille(KILLS_PER_MILLE) => Reaction::KillBefore,
            Behaviour::KillsCaller if first && chance.per_mille(KILLS_PER_MILLE) => Reaction::KillAfter,
            Behaviour::Gone if accepted >= BEFORE_GONE => Reaction::Status(410),
            Behaviour::Healthy
            | Behaviour::FailsOften
            | Behaviour::DownAtFirst
            | Behaviour::Busy
            | Behaviour::Stubborn
            | Behaviour::KillsCaller
            | Behaviour::Gone => Reaction::Status(204),
            Behaviour::Hangs => Reaction::Hang,
            Behaviour::Drips => Reaction::Drip,
            Behaviour::Resets => Reaction::Reset,
            Behaviour::Floods => Reaction::Flood,
            Behaviour::Garbage => Reaction::Garbage,
            Behaviour::ClosesEarly => Reaction::CloseEarly,
            Behaviour::RedirectsToMetadata => {
                let [a, b, c, d] = METADATA;
                Reaction::Redirect(format!("http://{a}.{b}.{c}.{d}/latest/meta-data/"))
            }
            Behaviour::RedirectsToCanary => Reaction::Redirect(self.canary.clone()),
        }
    }
}

async fn drip(mut connection: Connection) -> io::Result<()> {
    for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" {
        connection.send(&[*byte]).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

fn header_map(name: header::HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter(HeaderValue::from_str(value).ok().map(|value| (name, value)))
}
