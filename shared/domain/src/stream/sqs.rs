//! Amazon SQS: names of queues, keys, and what a message may be.

use std::fmt;

use super::Message;
use super::characters::is_made_of;
use crate::secret::StreamSecret;

/// 1 MiB with its attributes, since August 2025. A queue may be set to take less; then its own refusal tells.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// Each attribute says of what type it is, which counts too.
const ATTRIBUTE_TYPE: usize = "String".len();
/// What the name of a FIFO queue ends with.
const FIFO: &str = ".fifo";
/// Longest name of a queue, `.fifo` included.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>
const MAX_NAME: usize = 80;
/// Longest name of a region; the longest there is has 14 characters.
const MAX_REGION: usize = 30;
/// How regions of AWS's other partitions begin, whose accounts and hosts are others.
const OTHER_PARTITIONS: [&str; 5] = ["cn-", "us-gov-", "us-iso", "eu-iso", "eusc-"];
/// Characters of an access key's id.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html>
const KEY_ID: std::ops::RangeInclusive<usize> = 16..=128;
/// Characters of a secret access key; those that AWS makes have 40.
const SECRET: std::ops::RangeInclusive<usize> = 1..=128;
/// Characters of a session token. AWS names no limit and says that they are usually below 4,096.
const SESSION_TOKEN: std::ops::RangeInclusive<usize> = 1..=4096;

/// A queue in AWS's commercial partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    region: String,
    account: String,
    name: String,
}

/// Whether a host is the one of SQS in some region.
pub(super) fn is_host(host: &str) -> bool {
    region_of(host).is_some()
}

fn region_of(host: &str) -> Option<&str> {
    host.strip_prefix("sqs.")?.strip_suffix(".amazonaws.com").filter(|region| !region.contains('.'))
}

impl Queue {
    /// Reads what comes after `arn:`.
    pub(super) fn in_arn(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["aws", "sqs", region, account, name] = parts[..] else { return None };
        Self::new(region, account, name)
    }

    /// Reads the host and the path of its URL.
    pub(super) fn at(host: &str, path: &str) -> Option<Self> {
        let (account, name) = path.split_once('/')?;
        Self::new(region_of(host)?, account, name)
    }

    fn new(region: &str, account: &str, name: &str) -> Option<Self> {
        let is_fine = is_region(region) && is_made_of(account, 12..=12, |byte| byte.is_ascii_digit()) && is_name(name);
        is_fine.then(|| Self { region: region.to_owned(), account: account.to_owned(), name: name.to_owned() })
    }

    /// The region that it is in.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// How SQS is told of it.
    pub fn url(&self) -> String {
        format!("https://sqs.{}.amazonaws.com/{}/{}", self.region, self.account, self.name)
    }

    /// Whether messages need a group and something to deduplicate by.
    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(FIFO)
    }
}

/// As in `us-east-1`: a place, a direction, a number.
fn is_region(region: &str) -> bool {
    let parts: Vec<&str> = region.split('-').collect();
    let [place, middle @ .., number] = &parts[..] else { return false };
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    region.len() <= MAX_REGION
        && !OTHER_PARTITIONS.iter().any(|other| region.starts_with(other))
        && place.len() == 2
        && is_word(place)
        && !middle.is_empty()
        && middle.iter().all(is_word)
        && is_made_of(number, 1..=2, |byte| byte.is_ascii_digit())
}

fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(FIFO).unwrap_or(name);
    name.len() <= MAX_NAME
        && is_made_of(stem, 1..=MAX_NAME, |byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:aws:sqs:{}:{}:{}", self.region, self.account, self.name)
    }
}

/// A key of an AWS account, with the right to send to the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    id: String,
    secret: StreamSecret,
    session_token: Option<StreamSecret>,
}

/// What is wrong with an access key; the text says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccessKey {
    /// Its id.
    #[error("{} to {} letters, digits and `_`, as in `AKIA…`", KEY_ID.start(), KEY_ID.end())]
    Id,
    /// Its secret.
    #[error("{} to {} visible ASCII characters", SECRET.start(), SECRET.end())]
    Secret,
    /// Its session token.
    #[error("{} to {} visible ASCII characters", SESSION_TOKEN.start(), SESSION_TOKEN.end())]
    SessionToken,
}

impl AccessKey {
    /// Takes a key; with a session token it is a temporary one.
    pub fn new(id: &str, secret: &str, session_token: Option<&str>) -> Result<Self, InvalidAccessKey> {
        if !is_made_of(id, KEY_ID, |byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(InvalidAccessKey::Id);
        }
        if !is_made_of(secret, SECRET, |byte| byte.is_ascii_graphic()) {
            return Err(InvalidAccessKey::Secret);
        }
        if session_token.is_some_and(|token| !is_made_of(token, SESSION_TOKEN, |byte| byte.is_ascii_graphic())) {
            return Err(InvalidAccessKey::SessionToken);
        }
        let session_token = session_token.map(StreamSecret::new);
        Ok(Self { id: id.to_owned(), secret: StreamSecret::new(secret), session_token })
    }

    /// Its id, which is no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What requests are signed with.
    pub fn secret(&self) -> &StreamSecret {
        &self.secret
    }

    /// What a temporary key has beside it.
    pub fn session_token(&self) -> Option<&StreamSecret> {
        self.session_token.as_ref()
    }
}

/// Body and attributes.
pub(super) fn size(message: &Message) -> usize {
    message.body.len() + message.attribute_bytes() + message.attributes.len() * ATTRIBUTE_TYPE
}

/// Whether SQS takes each character of a body: those of XML. JSON has no others but these two unescaped. That SQS refuses
/// them is documented, whether it does so for the message or for its whole call is not.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
pub(super) fn takes_characters(body: &str) -> bool {
    !body.contains(['\u{fffe}', '\u{ffff}'])
}
