//! A provider's post.

use std::borrow::Cow;
use std::net::IpAddr;

use http::HeaderMap;

use super::Certificate;

/// Maximum body of a provider's post, in bytes (4 MiB). Reasons: Mandrill sends up to 1,000 events in a form, and
/// Mailgun's legacy posts have files attached. Base64 makes 5.3 MiB of 4 MiB, and Lambda accepts 6 MB.
pub const MAX_PROVIDER_BODY: usize = 4 * 1024 * 1024;

/// A provider's post as it arrived.
#[derive(Clone, Copy)]
pub struct InboundPost<'a> {
    /// The post's headers.
    pub headers: &'a HeaderMap,
    /// The exact bytes of the post's body.
    pub body: &'a [u8],
    /// The ingest key of the post. The signature may cover it.
    pub ingest_key: &'a str,
    /// The address that the post was sent from, if it is known.
    pub sender: Option<IpAddr>,
    /// The certificate that [`certificate_wanted`](super::certificate_wanted) asked for.
    pub certificate: Option<&'a Certificate>,
}

impl<'a> InboundPost<'a> {
    /// A post with only headers and a body.
    pub fn new(headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { headers, body, ingest_key: "", sender: None, certificate: None }
    }

    /// A header's value as text.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body's media type without parameters, in lower case.
    pub(super) fn media_type(&self) -> String {
        let content_type = self.header(http::header::CONTENT_TYPE.as_str()).unwrap_or_default();
        content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The body as text. Invalid UTF-8 is replaced, because one broken name must not cost a batch its other events.
    /// Only verification needs the exact bytes.
    pub(super) fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.body)
    }
}
