//! Azure Service Bus: names of queues and topics, shared access keys, and the request that sends.

use std::collections::BTreeMap;
use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use url::form_urlencoded;

use super::Message;
use super::characters::is_made_of;
use crate::secret::StreamSecret;
use crate::signature;

/// The suffix of every namespace's host.
pub(super) const DOMAIN: &str = ".servicebus.windows.net";
/// The content type of a request with several messages.
pub const CONTENT_TYPE: &str = "application/vnd.microsoft.servicebus.json";
/// Maximum size of a message, including its properties: 256 KiB. Reason: the basic and standard tiers take no more. A
/// premium namespace would, but its URL looks the same.
/// <https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas>
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// Maximum size of all messages of a request. Reason: together they have the limit of one message, and in a request the
/// quotes of a body take twice as many bytes.
pub(super) const MAX_CALL_BYTES: usize = 120 * 1024;
/// How long a signature is valid. It is made for one request, which lasts at most 15 s; the rest is for clocks that
/// differ.
const TOKEN_VALIDITY: SignedDuration = SignedDuration::from_mins(5);
/// Number of characters of a namespace.
/// <https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftservicebus>
const NAMESPACE: std::ops::RangeInclusive<usize> = 6..=50;
/// Number of characters of a queue's or topic's name.
const ENTITY: std::ops::RangeInclusive<usize> = 1..=260;
/// Number of characters of a policy's name.
const KEY_NAME: std::ops::RangeInclusive<usize> = 1..=256;
/// Number of characters of a policy's key. Keys that Azure makes have 44.
const KEY: std::ops::RangeInclusive<usize> = 1..=256;

/// A queue or topic of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    namespace: String,
    name: String,
}

impl Entity {
    /// Reads the host, which is in lower case, and the path.
    pub(super) fn parse(host: &str, path: &str) -> Option<Self> {
        let namespace = host.strip_suffix(DOMAIN)?;
        (is_namespace(namespace) && is_name(path))
            .then(|| Self { namespace: namespace.to_owned(), name: path.to_owned() })
    }

    /// The URL that messages are posted to.
    pub fn messages_url(&self) -> String {
        format!("{}/messages", self.resource())
    }

    /// The resource that a signature gives access to.
    fn resource(&self) -> String {
        format!("https://{}{DOMAIN}/{}", self.namespace, self.name)
    }
}

fn is_namespace(namespace: &str) -> bool {
    is_made_of(namespace, NAMESPACE, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && namespace.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !namespace.ends_with('-')
}

fn is_name(name: &str) -> bool {
    is_made_of(name, ENTITY, |byte| byte.is_ascii_alphanumeric() || b".-_/".contains(&byte))
        && name.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && name.ends_with(|letter: char| letter.is_ascii_alphanumeric())
        // HTTP clients or proxies would remove these segments from the path.
        && !name.split('/').any(|segment| matches!(segment, "" | "." | ".."))
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "servicebus://{}{DOMAIN}/{}", self.namespace, self.name)
    }
}

/// A shared access policy with the claim `Send`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedKey {
    name: String,
    key: StreamSecret,
}

/// A shared access policy is invalid; the text says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSharedKey {
    /// The policy's name is invalid.
    #[error("{} to {} letters, digits, `.`, `-` and `_`", KEY_NAME.start(), KEY_NAME.end())]
    Name,
    /// The policy's key is invalid.
    #[error("{} to {} visible ASCII characters", KEY.start(), KEY.end())]
    Key,
}

impl SharedKey {
    /// Takes a policy's name and one of its keys.
    pub fn new(name: &str, key: &str) -> Result<Self, InvalidSharedKey> {
        if !is_made_of(name, KEY_NAME, |byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)) {
            return Err(InvalidSharedKey::Name);
        }
        if !is_made_of(key, KEY, |byte| byte.is_ascii_graphic()) {
            return Err(InvalidSharedKey::Key);
        }
        Ok(Self { name: name.to_owned(), key: StreamSecret::new(key) })
    }

    /// The policy's name, which is no secret.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that makes signatures.
    pub fn key(&self) -> &StreamSecret {
        &self.key
    }

    /// The header `authorization` of a request to `entity`. The signed text is the resource as it stands in the token,
    /// a line feed, and the second in which the signature ends. The HMAC key is the characters of the policy's key, not
    /// the bytes that they encode.
    /// <https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas#generate-a-shared-access-signature-token>
    pub fn authorization(&self, entity: &Entity, now: Timestamp) -> String {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let resource = encoded(&entity.resource());
        let expires = now.saturating_add(TOKEN_VALIDITY).unwrap_or(Timestamp::MAX).as_second();
        let mac = signature::hmac_sha256(self.key.expose().as_bytes(), &[format!("{resource}\n{expires}").as_bytes()]);
        let signature = encoded(&BASE64_STANDARD.encode(mac));
        format!("SharedAccessSignature sr={resource}&sig={signature}&se={expires}&skn={}", self.name)
    }
}

/// The size of body and properties.
pub(super) fn size(message: &Message) -> usize {
    message.body.len() + message.attribute_bytes()
}

/// The body of the request that sends these messages. Service Bus takes all of them or none.
/// <https://learn.microsoft.com/rest/api/servicebus/send-message-batch>
pub fn request(messages: &[Message]) -> Vec<u8> {
    let messages = messages.iter().map(|message| Sent {
        body: &message.body,
        broker_properties: BrokerProperties { message_id: &message.id },
        user_properties: message.attributes.iter().map(|(name, value)| (*name, value.as_str())).collect(),
    });
    // Serialisation fails only for maps whose keys are not text.
    serde_json::to_vec(&messages.collect::<Vec<_>>()).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Sent<'a> {
    body: &'a str,
    broker_properties: BrokerProperties<'a>,
    user_properties: BTreeMap<&'a str, &'a str>,
}

/// An entity with duplicate detection compares this id.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BrokerProperties<'a> {
    message_id: &'a str,
}
