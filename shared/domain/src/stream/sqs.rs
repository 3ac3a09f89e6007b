//! Amazon SQS: names of queues, access keys, and the limits of a message.

use std::fmt;

use super::Message;
use super::characters::is_made_of;
use crate::secret::StreamSecret;

/// Maximum size of a message with its attributes: 1 MiB, since August 2025. A queue may have a lower limit; then SQS
/// refuses the message itself.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// The size of an attribute's type, which SQS counts too.
const ATTRIBUTE_TYPE: usize = "String".len();
/// The suffix of a FIFO queue's name.
const FIFO: &str = ".fifo";
/// Maximum length of a queue's name, including `.fifo`.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>
const MAX_NAME: usize = 80;
/// Maximum length of a region's name. The longest existing one has 14 characters.
const MAX_REGION: usize = 30;
/// Prefixes of regions in AWS's other partitions, which have other accounts and hosts.
const OTHER_PARTITIONS: [&str; 5] = ["cn-", "us-gov-", "us-iso", "eu-iso", "eusc-"];
/// Number of characters of an access key's id. <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html>
const KEY_ID: std::ops::RangeInclusive<usize> = 16..=128;
/// Number of characters of a secret access key. Keys that AWS makes have 40.
const SECRET: std::ops::RangeInclusive<usize> = 1..=128;
/// Number of characters of a session token. AWS names no limit and says that tokens usually have fewer than 4,096.
const SESSION_TOKEN: std::ops::RangeInclusive<usize> = 1..=4096;

/// A queue in AWS's commercial partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantQueue {
    region: String,
    account: String,
    name: String,
}

/// Whether the host is SQS in some region.
pub(super) fn is_host(host: &str) -> bool {
    region_of(host).is_some()
}

fn region_of(host: &str) -> Option<&str> {
    host.strip_prefix("sqs.")?.strip_suffix(".amazonaws.com").filter(|region| !region.contains('.'))
}

impl TenantQueue {
    /// Reads the part of an ARN after `arn:`.
    pub(super) fn in_arn(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["aws", "sqs", region, account, name] = parts[..] else { return None };
        Self::new(region, account, name)
    }

    /// Reads the host and the path of a queue's URL.
    pub(super) fn at(host: &str, path: &str) -> Option<Self> {
        let (account, name) = path.split_once('/')?;
        Self::new(region_of(host)?, account, name)
    }

    fn new(region: &str, account: &str, name: &str) -> Option<Self> {
        let is_fine = is_region(region) && is_made_of(account, 12..=12, |byte| byte.is_ascii_digit()) && is_name(name);
        is_fine.then(|| Self { region: region.to_owned(), account: account.to_owned(), name: name.to_owned() })
    }

    /// The queue's region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The queue's URL, as calls of SQS name the queue.
    pub fn url(&self) -> String {
        format!("https://sqs.{}.amazonaws.com/{}/{}", self.region, self.account, self.name)
    }

    /// Whether messages need a group and a deduplication id.
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

impl fmt::Display for TenantQueue {
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

/// An access key is invalid; the text says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccessKey {
    /// The key's id is invalid.
    #[error("{} to {} letters, digits and `_`, as in `AKIA…`", KEY_ID.start(), KEY_ID.end())]
    Id,
    /// The secret is invalid.
    #[error("{} to {} visible ASCII characters", SECRET.start(), SECRET.end())]
    Secret,
    /// The session token is invalid.
    #[error("{} to {} visible ASCII characters", SESSION_TOKEN.start(), SESSION_TOKEN.end())]
    SessionToken,
}

impl AccessKey {
    /// Takes a key. A key with a session token is a temporary one.
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

    /// The key's id, which is not secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The secret that signs requests.
    pub fn secret(&self) -> &StreamSecret {
        &self.secret
    }

    /// The session token of a temporary key.
    pub fn session_token(&self) -> Option<&StreamSecret> {
        self.session_token.as_ref()
    }
}

/// The size of body and attributes.
pub(super) fn size(message: &Message) -> usize {
    message.body.len() + message.attribute_bytes() + message.attributes.len() * ATTRIBUTE_TYPE
}
