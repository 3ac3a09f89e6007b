//! Where deliveries go: an HTTPS URL, or a stream with its credentials.

use crate::address_policy::AddressPolicy;
use crate::stream::{InvalidStream, Stream, StreamCredentials, StreamKind, StreamName};

use super::url::{InvalidUrl, WebhookUrl};

/// What a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationUrl {
    /// An HTTPS endpoint.
    Https(WebhookUrl),
    /// A stream.
    Stream(StreamName),
}

/// A URL is refused; the text says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDestination {
    /// The text is invalid as a URL to post to.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// The text is invalid as the name of a stream.
    #[error(transparent)]
    Stream(#[from] InvalidStream),
}

impl DestinationUrl {
    /// Checks a URL and takes it. The URL's form decides whether it is an endpoint or a stream.
    pub fn parse(text: &str, policy: &AddressPolicy) -> Result<Self, InvalidDestination> {
        match StreamName::parse(text) {
            Some(name) => Ok(Self::Stream(name?)),
            None => Ok(Self::Https(WebhookUrl::parse(text, policy)?)),
        }
    }
}

/// Where deliveries go. A stream always has its credentials, so every destination can be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Deliveries are posted to this URL.
    Https(WebhookUrl),
    /// Deliveries are sent to this stream.
    Stream(Box<Stream>),
}

/// Credentials and a URL do not belong together; the text says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitCredentials {
    /// A stream without credentials.
    #[error("is required: deliveries to a stream of the kind `{}` are sent with your own credentials", .0.as_str())]
    Missing(StreamKind),
    /// A URL with credentials.
    #[error("an HTTPS URL takes no credentials here; put user and password into the URL, or a token into `headers`")]
    NotForUrls,
    /// Credentials for another service.
    #[error("these credentials are for the kind `{}`, but the URL is of the kind `{}`", .given.as_str(), .expected.as_str())]
    OtherKind {
        /// The kind of the URL.
        expected: StreamKind,
        /// The kind of the credentials.
        given: StreamKind,
    },
}

impl Destination {
    /// Combines a target with its credentials.
    pub fn new(target: DestinationUrl, credentials: Option<StreamCredentials>) -> Result<Self, UnfitCredentials> {
        match (target, credentials) {
            (DestinationUrl::Https(url), None) => Ok(Self::Https(url)),
            (DestinationUrl::Https(_), Some(_)) => Err(UnfitCredentials::NotForUrls),
            (DestinationUrl::Stream(name), None) => Err(UnfitCredentials::Missing(name.kind())),
            (DestinationUrl::Stream(name), Some(credentials)) => {
                let unfit = UnfitCredentials::OtherKind { expected: name.kind(), given: credentials.kind() };
                Stream::new(name, credentials).map(|stream| Self::Stream(Box::new(stream))).ok_or(unfit)
            }
        }
    }

    /// The destination with another target, other credentials, or both. Existing credentials are kept with a stream of
    /// their kind, and dropped with any other target.
    pub fn changed(
        &self,
        target: Option<&DestinationUrl>,
        credentials: Option<&StreamCredentials>,
    ) -> Result<Self, UnfitCredentials> {
        let target = target.cloned().unwrap_or_else(|| self.target());
        let kept = self.stream().map(Stream::credentials).filter(|kept| match &target {
            DestinationUrl::Https(_) => false,
            DestinationUrl::Stream(name) => name.kind() == kept.kind(),
        });
        Self::new(target, credentials.cloned().or(kept))
    }

    fn target(&self) -> DestinationUrl {
        match self {
            Self::Https(url) => DestinationUrl::Https(url.clone()),
            Self::Stream(stream) => DestinationUrl::Stream(stream.name()),
        }
    }

    /// Takes a stored destination, which was checked before it was stored. It is a stream if it has credentials.
    pub fn from_parts(url: &str, password: Option<&str>, credentials: Option<StreamCredentials>) -> Option<Self> {
        let Some(credentials) = credentials else {
            return WebhookUrl::from_parts(url, password).ok().map(Self::Https);
        };
        let stream = Stream::new(StreamName::parse(url)?.ok()?, credentials)?;
        Some(Self::Stream(Box::new(stream)))
    }

    /// The URL, if the destination is no stream.
    pub fn https(&self) -> Option<&WebhookUrl> {
        match self {
            Self::Https(url) => Some(url),
            Self::Stream(_) => None,
        }
    }

    /// The stream, if the destination is one.
    pub fn stream(&self) -> Option<&Stream> {
        match self {
            Self::Https(_) => None,
            Self::Stream(stream) => Some(stream),
        }
    }

    /// The URL or the name of the stream, for the webhook's owner. A password in it is masked.
    pub fn masked(&self) -> String {
        match self {
            Self::Https(url) => url.masked(),
            Self::Stream(stream) => stream.name().to_string(),
        }
    }

    /// The text without its password, and the password: for storage, which seals the password.
    pub fn parts(&self) -> (String, Option<String>) {
        match self {
            Self::Https(url) => url.parts(),
            Self::Stream(stream) => (stream.name().to_string(), None),
        }
    }
}

impl From<WebhookUrl> for Destination {
    fn from(url: WebhookUrl) -> Self {
        Self::Https(url)
    }
}
