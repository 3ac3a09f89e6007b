//! The content of a POST to a receiver, without the URL.

use std::string::FromUtf8Error;

use jiff::Timestamp;

use super::{Dialect, mailgreet, mailgun, mailgun_legacy, mailjet, mailtura, platform, standard};
use crate::challenge::Challenge;
use crate::event::Event;
use crate::id::WebhookId;
use crate::secret::SigningSecret;
use crate::signature;
use crate::sqs_characters::escaped;

/// What a POST says about its events in addition to their bodies.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The header `webhook-id`, the receiver's idempotency key: the event's id, or for several events the id of their
    /// set.
    pub id: &'a str,
    /// The webhook that the POST is for.
    pub webhook: WebhookId,
    /// When the attempt is made.
    pub at: Timestamp,
    /// The secrets that sign, the current one first. A dialect's own signature is a single one, so only the current
    /// secret makes it; during a rotation, receivers of such a dialect must switch at the moment of the rotation.
    pub secrets: &'a [&'a SigningSecret],
}

/// The parts of a POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Header names are in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body's type.
    pub content_type: &'static str,
    /// The exact bytes, which are also the signed bytes.
    pub body: Vec<u8>,
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl Dialect {
    /// Renders one attempt to deliver `event`.
    pub fn render(self, event: &Event, envelope: &Envelope<'_>) -> Rendered {
        self.render_all(event, &[], envelope)
    }

    /// Renders one attempt to deliver `first` and, where the dialect has arrays ([`Dialect::takes_arrays`]), `more` in
    /// the same POST. Other dialects ignore `more`.
    pub fn render_all(self, first: &Event, more: &[&Event], envelope: &Envelope<'_>) -> Rendered {
        let (content_type, body) = self.body(first, more, envelope);
        self.signed(content_type, body, envelope)
    }

    /// The same for a message of SQS, which takes no message with certain characters. They are escaped before the body
    /// is signed, so consumers verify the bytes that they receive. No form contains such a character.
    pub fn render_all_for_sqs(self, first: &Event, more: &[&Event], envelope: &Envelope<'_>) -> Rendered {
        let (content_type, body) = self.body(first, more, envelope);
        // Every body is text.
        let body = String::from_utf8(body).map_or_else(FromUtf8Error::into_bytes, |text| escaped(text).into_bytes());
        self.signed(content_type, body, envelope)
    }

    /// Renders a challenge, signed like a delivery of the dialect, so that the receiver can verify who asks.
    pub fn render_challenge(self, challenge: &Challenge, envelope: &Envelope<'_>) -> Rendered {
        let Envelope { id, webhook, at, secrets } = *envelope;
        let in_body = || mailgun::challenge_signature(id, webhook, secrets.first().copied(), at);
        let (content_type, body) = match self {
            Self::Mailgun => (JSON, mailgun::challenge(challenge, in_body())),
            Self::MailgunLegacy => (FORM, mailgun_legacy::challenge(challenge, &in_body())),
            Self::Standard | Self::Platform | Self::Mailgreet | Self::Mailjet | Self::MailjetV2 | Self::Mailtura => {
                (JSON, challenge.to_json().into_bytes())
            }
        };
        self.signed(content_type, body, envelope)
    }

    /// The body's type, and the body.
    fn body(self, first: &Event, more: &[&Event], envelope: &Envelope<'_>) -> (&'static str, Vec<u8>) {
        let current = envelope.secrets.first().copied();
        match self {
            Self::Standard => (JSON, standard::body(first)),
            Self::Platform => (JSON, platform::body(first)),
            Self::Mailgreet => (JSON, mailgreet::body(first)),
            Self::Mailjet => (JSON, mailjet::body(first)),
            Self::MailjetV2 => (JSON, mailjet::array(&[&[first], more].concat())),
            Self::Mailgun => (JSON, mailgun::body(first, envelope.webhook, current, envelope.at)),
            Self::MailgunLegacy => (FORM, mailgun_legacy::body(first, envelope.webhook, current)),
            Self::Mailtura => (JSON, mailtura::body(first, envelope.at)),
        }
    }

    /// The POST with the headers that sign `body`.
    fn signed(self, content_type: &'static str, body: Vec<u8>, envelope: &Envelope<'_>) -> Rendered {
        let mut headers = vec![
            ("webhook-id", envelope.id.to_owned()),
            ("webhook-timestamp", envelope.at.as_second().to_string()),
            ("webhook-signature", signature::standard(envelope.secrets, envelope.id, envelope.at, &body)),
        ];
        headers.extend(envelope.secrets.first().and_then(|secret| self.own_signature(secret, &body)));
        Rendered { headers, content_type, body }
    }

    /// The header with the dialect's own signature; `None` when the dialect has none, or has it in the body.
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
