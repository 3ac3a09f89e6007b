//! Streams: a tenant's own queues and topics, which a webhook may name instead of an HTTPS URL.
//!
//! The form of the URL says where a stream is. The tenant gives the credentials to send to it; mailhooks never uses its
//! own. The types of the names ensure that every host belongs to the service itself: a tenant chooses only a region, a
//! project or a namespace.

use std::fmt;
use std::ops::Range;

use crate::batching::batches;
use crate::queue_limits::{MAX_BYTES, MAX_ENTRIES};
use crate::secret::StreamSecret;
use crate::words::string_enum;

mod characters;
mod message;
pub mod sqs;
pub mod pubsub;
pub mod servicebus;

pub use message::Message;

string_enum!(
    /// The services that deliveries can be sent to.
    StreamKind {
        /// Amazon SQS.
        Sqs = "sqs",
        /// Google Pub/Sub.
        Pubsub = "pubsub",
        /// Azure Service Bus.
        Servicebus = "servicebus",
    }
);

/// Maximum number of messages of one call. Reason: SQS takes no more, and the other services take at least so many.
pub const MAX_MESSAGES: usize = MAX_ENTRIES;

impl StreamKind {
    /// Maximum size of a message of the service, in bytes as [`Message::size`] counts them.
    pub fn max_message_bytes(self) -> usize {
        match self {
            Self::Sqs => sqs::MAX_MESSAGE_BYTES,
            Self::Pubsub => pubsub::MAX_MESSAGE_BYTES,
            Self::Servicebus => servicebus::MAX_MESSAGE_BYTES,
        }
    }

    /// Divides messages into calls that the service takes. A message that is too large for every call has a call of its
    /// own.
    pub fn calls(self, messages: &[Message]) -> Vec<Range<usize>> {
        let most = match self {
            Self::Sqs => MAX_BYTES,
            Self::Pubsub => pubsub::MAX_CALL_BYTES,
            Self::Servicebus => servicebus::MAX_CALL_BYTES,
        };
        batches(&messages.iter().map(|message| message.size(self)).collect::<Vec<_>>(), most)
    }
}

impl Message {
    /// The size of the message as the service counts it, in bytes.
    pub fn size(&self, kind: StreamKind) -> usize {
        match kind {
            StreamKind::Sqs => sqs::size(self),
            StreamKind::Pubsub => pubsub::size(self),
            StreamKind::Servicebus => servicebus::size(self),
        }
    }
}

/// The place of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamName {
    /// An SQS queue.
    Sqs(sqs::TenantQueue),
    /// A Pub/Sub topic.
    Pubsub(pubsub::Topic),
    /// A Service Bus queue or topic.
    Servicebus(servicebus::Entity),
}

/// A URL has a stream's form but is invalid; the text says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStream {
    /// The URL looks like an SQS queue.
    #[error(
        "expected an Amazon SQS queue: arn:aws:sqs:<region>:<12 digits>:<name> or \
         https://sqs.<region>.amazonaws.com/<12 digits>/<name>, its name of 1 to 80 letters, digits, `-` and `_`, with \
         `.fifo` at its end where it is one"
    )]
    Sqs,
    /// The URL looks like a Pub/Sub topic.
    #[error(
        "expected a Google Pub/Sub topic: pubsub://projects/<project>/topics/<topic> or \
         https://pubsub.googleapis.com/v1/projects/<project>/topics/<topic>, with the project's id and the topic's name"
    )]
    Pubsub,
    /// The URL looks like a Service Bus queue or topic.
    #[error(
        "expected an Azure Service Bus queue or topic: servicebus://<namespace>.servicebus.windows.net/<name>, a \
         namespace of 6 to 50 letters, digits and `-`, and a name of 1 to 260 letters, digits, `.`, `-`, `_` and `/`"
    )]
    Servicebus,
}

impl StreamName {
    /// Reads a URL or ARN; `None` when the text does not have the form of a stream.
    pub fn parse(text: &str) -> Option<Result<Self, InvalidStream>> {
        if let Some(arn) = text.strip_prefix("arn:") {
            return Some(sqs::TenantQueue::in_arn(arn).map(Self::Sqs).ok_or(InvalidStream::Sqs));
        }
        let (scheme, rest) = text.split_once("://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
        let of_topic = |topic: Option<pubsub::Topic>| topic.map(Self::Pubsub).ok_or(InvalidStream::Pubsub);
        let of_entity =
            |path: &str| servicebus::Entity::parse(&host, path).map(Self::Servicebus).ok_or(InvalidStream::Servicebus);
        match scheme.as_str() {
            "pubsub" => Some(of_topic(pubsub::Topic::parse(rest))),
            "servicebus" | "sb" => Some(of_entity(path)),
            "https" if host == pubsub::HOST => {
                let resource = path.strip_prefix("v1/").unwrap_or_default();
                Some(of_topic(pubsub::Topic::parse(resource.strip_suffix(":publish").unwrap_or(resource))))
            }
            "https" if host.ends_with(servicebus::DOMAIN) => {
                Some(of_entity(path.strip_suffix("/messages").unwrap_or(path)))
            }
            "https" if sqs::is_host(&host) => {
                Some(sqs::TenantQueue::at(&host, path).map(Self::Sqs).ok_or(InvalidStream::Sqs))
            }
            _ => None,
        }
    }

    /// The service of the stream.
    pub fn kind(&self) -> StreamKind {
        match self {
            Self::Sqs(_) => StreamKind::Sqs,
            Self::Pubsub(_) => StreamKind::Pubsub,
            Self::Servicebus(_) => StreamKind::Servicebus,
        }
    }
}

/// The one form in which a name is stored and shown.
impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqs(queue) => queue.fmt(f),
            Self::Pubsub(topic) => topic.fmt(f),
            Self::Servicebus(entity) => entity.fmt(f),
        }
    }
}

/// The credentials to send to a stream. The tenant gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamCredentials {
    /// A key of an AWS account.
    Sqs(sqs::AccessKey),
    /// A key of a Google service account.
    Pubsub(pubsub::ServiceAccount),
    /// A shared access policy of a Service Bus namespace or entity.
    Servicebus(servicebus::SharedKey),
}

impl StreamCredentials {
    /// The service that the credentials are for.
    pub fn kind(&self) -> StreamKind {
        match self {
            Self::Sqs(_) => StreamKind::Sqs,
            Self::Pubsub(_) => StreamKind::Pubsub,
            Self::Servicebus(_) => StreamKind::Servicebus,
        }
    }
}

/// A stream with its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stream {
    /// An SQS queue.
    Sqs(sqs::TenantQueue, sqs::AccessKey),
    /// A Pub/Sub topic.
    Pubsub(pubsub::Topic, pubsub::ServiceAccount),
    /// A Service Bus queue or topic.
    Servicebus(servicebus::Entity, servicebus::SharedKey),
}

impl Stream {
    /// Combines a name with credentials; `None` when they are for different services.
    pub fn new(name: StreamName, credentials: StreamCredentials) -> Option<Self> {
        match (name, credentials) {
            (StreamName::Sqs(queue), StreamCredentials::Sqs(key)) => Some(Self::Sqs(queue, key)),
            (StreamName::Pubsub(topic), StreamCredentials::Pubsub(account)) => Some(Self::Pubsub(topic, account)),
            (StreamName::Servicebus(entity), StreamCredentials::Servicebus(key)) => Some(Self::Servicebus(entity, key)),
            (StreamName::Sqs(_) | StreamName::Pubsub(_) | StreamName::Servicebus(_), _) => None,
        }
    }

    /// The service of the stream.
    pub fn kind(&self) -> StreamKind {
        match self {
            Self::Sqs(..) => StreamKind::Sqs,
            Self::Pubsub(..) => StreamKind::Pubsub,
            Self::Servicebus(..) => StreamKind::Servicebus,
        }
    }

    /// The place of the stream.
    pub fn name(&self) -> StreamName {
        match self {
            Self::Sqs(queue, _) => StreamName::Sqs(queue.clone()),
            Self::Pubsub(topic, _) => StreamName::Pubsub(topic.clone()),
            Self::Servicebus(entity, _) => StreamName::Servicebus(entity.clone()),
        }
    }

    /// The credentials to send to the stream.
    pub fn credentials(&self) -> StreamCredentials {
        match self {
            Self::Sqs(_, key) => StreamCredentials::Sqs(key.clone()),
            Self::Pubsub(_, account) => StreamCredentials::Pubsub(account.clone()),
            Self::Servicebus(_, key) => StreamCredentials::Servicebus(key.clone()),
        }
    }

    /// The secret parts of the credentials.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        let secrets: [Option<&StreamSecret>; 2] = match self {
            Self::Sqs(_, key) => [Some(key.secret()), key.session_token()],
            Self::Pubsub(_, account) => [Some(account.private_key()), None],
            Self::Servicebus(_, key) => [Some(key.key()), None],
        };
        secrets.into_iter().flatten().map(StreamSecret::expose).collect()
    }
}

#[cfg(test)]
mod tests;
