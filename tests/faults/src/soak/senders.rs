//! Senders that behave like real ones: they post, and repeat a post until it gets an answer 2xx.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use futures::{StreamExt as _, TryStreamExt as _, future, stream};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::provider::Provider;

use super::plan::{Plan, Post};
use support::senders::Sender;
use support::stack::{Answer, Stack, Tenant};

/// Pause between two tries of one post.
const PAUSE: Duration = Duration::from_secs(1);
/// Maximum tries of one post. Reason: they must take longer than every storm.
const TRIES: u32 = 40;
/// Maximum number of posts at the same time; most are answered at once.
const SIDE_BY_SIDE: usize = 64;
/// Maximum jobs in the deliveries queue. If there are more, senders pause.
const CROWD: u64 = 150;
/// Texts that no log line may contain.
const RECIPIENT: &str = "reader-faults@example.com";

/// A sender's key for an event: the sender, and the event's own id or a unique part of the id.
pub(super) type Key = (Provider, String);

/// The senders' record.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Events of posts that got an answer 2xx. These events must not be lost.
    pub(super) accepted: Vec<Key>,
    /// Posts that got an answer 2xx.
    pub(super) posts: u32,
    /// Posts that never got an answer 2xx.
    pub(super) given_up: u32,
    /// Posts of the plan that were left out because too many jobs were waiting.
    pub(super) not_made: u32,
    /// Tries that got another answer than 2xx, or none.
    pub(super) retried: u32,
    /// Statuses that blame the sender, although its posts are right.
    pub(super) refused: Vec<u16>,
}

impl Sent {
    fn and(mut self, other: Self) -> Self {
        self.accepted.extend(other.accepted);
        self.refused.extend(other.refused);
        Self {
            posts: self.posts + other.posts,
            given_up: self.given_up + other.given_up,
            not_made: self.not_made + other.not_made,
            retried: self.retried + other.retried,
            ..self
        }
    }
}

/// A provider's source, and the sender that posts to it.
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
    /// Creates the tenant's sources and senders.
    pub(super) async fn new(stack: &'a Stack, tenant: &'a Tenant<'a>) -> anyhow::Result<Self> {
        Stack::sensitive(RECIPIENT);
        let (mailgun, sendgrid) = (Source::of(tenant, Provider::Mailgun), Source::of(tenant, Provider::SendGrid));
        let (mailgun, sendgrid) = future::try_join(mailgun, sendgrid).await?;
        Ok(Self { stack, tenant, mailgun, sendgrid })
    }

    /// Makes the posts of a plan, each at its time from `started` or later when there is room for it. Repeats each
    /// until it gets an answer 2xx.
    pub(super) async fn send(&self, plan: &Plan, started: Instant) -> anyhow::Result<Sent> {
        let (posts, end) = (plan.posts(), started + plan.sending());
        let planned = posts.len();
        let due = stream::iter(posts).then(|(at, post)| async move {
            tokio::time::sleep_until((started + at).into()).await;
            while self.is_crowded().await? && Instant::now() < end {
                tokio::time::sleep(PAUSE).await;
            }
            anyhow::Ok(post)
        });
        let due = due.take_while(|_| future::ready(Instant::now() < end));
        let results = due.map(|post| async { self.until_accepted(post?).await }).buffer_unordered(SIDE_BY_SIDE);
        let all = results.try_fold(Sent::default(), |all, one| future::ready(Ok(all.and(one)))).await?;
        let made = all.posts + all.given_up;
        Ok(Sent { not_made: u32::try_from(planned)?.saturating_sub(made), ..all })
    }

    /// Whether more jobs wait than `deliver` does in a few seconds. A slow or busy machine gets fewer posts, so that it
    /// can finish the jobs that it has.
    async fn is_crowded(&self) -> anyhow::Result<bool> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let call = self.stack.sqs().get_queue_attributes().queue_url(self.stack.deliveries_queue());
        let answer = call.attribute_names(name.clone()).send().await?;
        let waiting = answer.attributes().and_then(|attributes| attributes.get(&name)?.parse().ok());
        Ok(waiting.unwrap_or(0) > CROWD)
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
        sent.given_up = 1;
        Ok(sent)
    }

    /// Each try sends the same ids and the same bytes.
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
    // `Sender::post` writes the event's number in this form.
    let of_provider = |provider, number| vec![(provider, format!("{number:024}"))];
    match post {
        Post::Own { first, events } => (first..first + events).map(|number| (Provider::Own, own_id(number))).collect(),
        Post::Mailgun { number } => of_provider(Provider::Mailgun, number),
        Post::SendGrid { number } => of_provider(Provider::SendGrid, number),
    }
}
