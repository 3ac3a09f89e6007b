//! What a POST to a receiver consists of, but for where it goes.

use jiff::Timestamp;

use super::{Dialect, mailgreet, mailgun, mailgun_legacy, mailjet, mailtura, platform, standard};
use crate::event::Event;
use crate::id::WebhookId;
use crate::secret::SigningSecret;
use crate::signature;

/// What is said of the events of a POST, beside themselves.
#[derive(Debug, Clone, Copy)]
pub struct Cover<'a> {
    /// The header `webhook-id`, the receiver's idempotency key: the event's id, or of several events that of their
    /// batch.
    pub id: &'a str,
    /// The webhook that it is for.
    pub webhook: WebhookId,
    /// When the attempt is made.
    pub at: Timestamp,
    /// What signs, the current secret first. A dialect's own signature is one, so the current secret alone makes it;
    /// during a rotation its receivers change theirs when it is rotated.
    pub secrets: &'a [&'a SigningSecret],
}

/// The parts of a POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body's type.
    pub content_type: &'static str,
    /// The exact bytes, which are those that are signed.
    pub body: Vec<u8>,
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl Dialect {
    /// Renders one attempt to deliver `event`.
    pub fn render(self, event: &Event, cover: &Cover<'_>) -> Rendered {
        self.render_all(event, &[], cover)
    }

    /// Renders one attempt to deliver `first` and, where the dialect has arrays ([`Dialect::takes_arrays`]), `more` in
    /// the same POST; other dialects have no place for them.
    pub fn render_all(self, first: &Event, more: &[&Event], cover: &Cover<'_>) -> Rendered {
        let current = cover.secrets.first().copied();
        let (content_type, body) = match self {
            Self::Standard => (JSON, standard::body(first)),
            Self::Platform => (JSON, platform::body(first)),
            Self::Mailgreet => (JSON, mailgreet::body(first)),
            Self::Mailjet => (JSON, mailjet::body(first)),
            Self::MailjetV2 => (JSON, mailjet::array(&[&[first], more].concat())),
            Self::Mailgun => (JSON, mailgun::body(first, cover.webhook, current, cover.at)),
            Self::MailgunLegacy => (FORM, mailgun_legacy::body(first, cover.webhook, current)),
            Self::Mailtura => (JSON, mailtura::body(first, cover.at)),
        };
        let mut headers = vec![
            ("webhook-id", cover.id.to_owned()),
            ("webhook-timestamp", cover.at.as_second().to_string()),
            ("webhook-signature", signature::standard(cover.secrets, cover.id, cover.at, &body)),
        ];
        headers.extend(current.and_then(|secret| self.own_signature(secret, &body)));
        Rendered { headers, content_type, body }
    }

    /// The header with the dialect's own signature; `None` where it has none, or has it in the body.
    fn own_signature(self, secret: &SigningSecret, body: &[u8]) -> Option<(&'static str, String)> {
        let hex = || signature::hex_of_body(secret, body);
        match self {
            Self::Platform => Some(("x-webhook-signature", hex())),
            Self::Mailgreet => Some(("x-mailgreet-signature", format!("sha256={}", hex()))),
            Self::Mailtura => Some(("x-mailtura-signature", hex())),
            Self::Standard | Self::Mailjet | Self::MailjetV2 | Self::Mailgun | Self::MailgunLegacy => None,
        }
    }
}
