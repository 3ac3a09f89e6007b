//! Google Pub/Sub: names of topics, keys of service accounts, and the request that publishes.

use std::collections::BTreeMap;
use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Serialize;

use super::Message;
use super::characters::is_made_of;

mod service_account;

pub use service_account::{InvalidServiceAccount, ServiceAccount, TOKEN_SECONDS, Unsigned};

/// The only host of Pub/Sub.
pub const HOST: &str = "pubsub.googleapis.com";
/// Maximum size of one request. Messages are the largest part of it.
/// <https://cloud.google.com/pubsub/quotas#resource_limits>
pub(super) const MAX_CALL_BYTES: usize = 10_000_000 - 10_000;
/// Maximum size of a message: a whole request.
pub const MAX_MESSAGE_BYTES: usize = MAX_CALL_BYTES;
/// Quotes, commas and names around a message and its attributes.
const AROUND: usize = 200;
/// Number of characters of a topic's name. <https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names>
const TOPIC: std::ops::RangeInclusive<usize> = 3..=255;
/// Number of characters of a project's id. <https://cloud.google.com/resource-manager/docs/creating-managing-projects>
const PROJECT: std::ops::RangeInclusive<usize> = 6..=30;

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    project: String,
    name: String,
}

impl Topic {
    /// Reads `projects/<project>/topics/<topic>`.
    pub(super) fn parse(resource: &str) -> Option<Self> {
        let (project, name) = resource.strip_prefix("projects/")?.split_once("/topics/")?;
        (is_project(project) && is_name(name)).then(|| Self { project: project.to_owned(), name: name.to_owned() })
    }

    /// The URL that messages are posted to.
    pub fn publish_url(&self) -> String {
        // This is the only character allowed in a name that a path does not take unchanged.
        let name = self.name.replace('%', "%25");
        format!("https://{HOST}/v1/projects/{}/topics/{name}:publish", self.project)
    }
}

fn is_project(project: &str) -> bool {
    is_made_of(project, PROJECT, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && project.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !project.ends_with('-')
}

fn is_name(name: &str) -> bool {
    is_made_of(name, TOPIC, |byte| byte.is_ascii_alphanumeric() || b"-_.~+%".contains(&byte))
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && !name.starts_with("goog")
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pubsub://projects/{}/topics/{}", self.project, self.name)
    }
}

/// The size of the body as base64, and of the attributes.
pub(super) fn size(message: &Message) -> usize {
    message.body.len().div_ceil(3) * 4 + message.attribute_bytes() + AROUND
}

/// The body of the request that publishes these messages. Pub/Sub takes all of them or none.
/// <https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish>
pub fn request(messages: &[Message]) -> Vec<u8> {
    let messages = messages.iter().map(|message| Published {
        data: BASE64_STANDARD.encode(&message.body),
        attributes: message.attributes.iter().map(|(name, value)| (*name, value.as_str())).collect(),
    });
    // Serialisation fails only for maps whose keys are not text.
    serde_json::to_vec(&Publish { messages: messages.collect() }).unwrap_or_default()
}

#[derive(Serialize)]
struct Publish<'a> {
    messages: Vec<Published<'a>>,
}

#[derive(Serialize)]
struct Published<'a> {
    data: String,
    attributes: BTreeMap<&'a str, &'a str>,
}
