//! Senders as real ones are: they post, and post again until they are answered 2xx.

use std::time::{Duration, Instant};

use futures::future::join_all;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::provider::Provider;

use super::plan::Post;
use crate::support::senders::Sender;
use crate::support::stack::{Answer, Stack, Tenant};

/// Between two tries of the same post.
const PAUSE: Duration = Duration::from_secs(1);
/// Tries of one post, which outlast every storm.
const TRIES: u32 = 40;
/// What no log line may hold.
const RECIPIENT: &str = "reader-faults@example.com";

/// By what a sender knows an event: who it is, and the event's own id or a part of it that nothing else has.
pub(super) type Key = (Provider, String);

/// What the senders have done.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Events of posts that were answered 2xx: what must not be lost.
    pub(super) accepted: Vec<Key>,
    /// Events of posts that never were.
    pub(super) unanswered: Vec<Key>,
    /// Posts that were answered 2xx.
    pub(super) posts: u32,
    /// Tries that were not.
    pub(super) retried: u32,
    /// Statuses that say that the sender was wrong, which it was not.
    pub(super) refused: Vec<u16>,
}

/// A source of a provider, and the provider's side of it.
struct Source {
    sender: Sender,
    ingest_key: String,
    path: String,
}

/// The senders of one tenant.
pub(super) struct Senders<'a> {
    stack: &'a Stack,
    tenant: &'a Tenant<'a>,
    mailgun: Source,
    sendgrid: Source,
}

impl Source {
    async fn of(tenant: &Tenant<'_>, provider: Provider) -> anyhow::Result<Self> {
        let sender = Sender::of(provider)?;
        sender.sensitive().into_iter().for_each(Stack::sensitive);
        let source = tenant.create("/api/v1/sources", sender.settings()).await;
        let path = source["ingest_path"].as_str().unwrap_or_default().to_owned();
        let ingest_key = path.rsplit('/').next().unwrap_or_default().to_owned();
        Stack::sensitive(&ingest_key);
        Ok(Self { sender, ingest_key, path })
    }
}

impl<'a> Senders<'a> {
    /// With new sources of the tenant.
    pub(super) async fn new(stack: &'a Stack, tenant: &'a Tenant<'a>) -> anyhow::Result<Self> {
        Stack::sensitive(RECIPIENT);
        let (mailgun, sendgrid) = (Source::of(tenant, Provider::Mailgun), Source::of(tenant, Provider::SendGrid));
        let (mailgun, sendgrid) = futures::future::try_join(mailgun, sendgrid).await?;
        Ok(Self { stack, tenant, mailgun, sendgrid })
    }

    /// Makes every post at its time from `started`, and again until it is answered 2xx.
    pub(super) async fn send(&self, posts: &[(Duration, Post)], started: Instant) -> anyhow::Result<Sent> {
        let each = posts.iter().map(|(at, post)| async move {
            tokio::time::sleep_until((started + *at).into()).await;
            self.until_accepted(*post).await
        });
        let mut sent = Sent::default();
        for one in join_all(each).await {
            let one = one?;
            sent.accepted.extend(one.accepted);
            sent.unanswered.extend(one.unanswered);
            sent.refused.extend(one.refused);
            sent.posts += one.posts;
            sent.retried += one.retried;
        }
        Ok(sent)
    }

    async fn until_accepted(&self, post: Post) -> anyhow::Result<Sent> {
        let at = Clock::default().now();
        let mut sent = Sent::default();
        for _ in 0..TRIES {
            let answer = self.try_once(post, at).await?;
            match answer.status {
                200..=299 => {
                    sent.posts = 1;
                    sent.accepted = keys(post);
                    return Ok(sent);
                }
                429 | 500..=599 => sent.retried += 1,
                status => {
                    sent.refused.push(status);
                    break;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        sent.unanswered = keys(post);
        Ok(sent)
    }

    /// The same post each time: the same ids, the same bytes.
    async fn try_once(&self, post: Post, at: Timestamp) -> anyhow::Result<Answer> {
        let (source, number) = match post {
            Post::Own { first, events } => {
                let events: Vec<Value> = (first..first + events).map(|number| own(number, at)).collect();
                return Ok(self.tenant.call(Method::POST, "/api/v1/events", Some(Value::Array(events))).await);
            }
            Post::Mailgun { number } => (&self.mailgun, number),
            Post::SendGrid { number } => (&self.sendgrid, number),
        };
        let post = source.sender.post(&source.ingest_key, number, at)?;
        Ok(self.stack.send(&source.path, &post).await)
    }
}

fn own(number: u32, at: Timestamp) -> Value {
    json!({
        "type": "email.delivered", "id": own_id(number), "recipient": RECIPIENT, "timestamp": at.to_string(),
        "message_id": format!("{}@example.com", own_id(number)),
    })
}

fn own_id(number: u32) -> String {
    format!("fault-suite-{number:06}")
}

fn keys(post: Post) -> Vec<Key> {
    // `Sender::post` writes its number so.
    let of_provider = |provider, number| vec![(provider, format!("{number:024}"))];
    match post {
        Post::Own { first, events } => (first..first + events).map(|number| (Provider::Own, own_id(number))).collect(),
        Post::Mailgun { number } => of_provider(Provider::Mailgun, number),
        Post::SendGrid { number } => of_provider(Provider::SendGrid, number),
    }
}
