//! The providers whose posts we take in, one file each: how it proves itself, its wire form, its mapping.
//!
//! To add a provider: its word in [`Provider`], its line in [`receive`] and in [`Provider::proof`], its file here, its
//! fixtures in `tests/fixtures`. What the providers have in common is in `json`, `text`, `kept` and `synthetic_id`.

use std::borrow::Cow;

use http::HeaderMap;
use jiff::Timestamp;

use crate::event::closed_words;
use crate::source::Verification;

mod generic;
mod json;
mod kept;
mod mailgun;
pub mod own;
mod refusal;
mod report;
mod sendgrid;
mod synthetic_id;
mod text;

pub use refusal::{Refusal, Unauthentic};
pub use report::Report;
pub use sendgrid::parse_public_key;

closed_words!(
    /// An email service that reports to us.
    Provider {
        /// Mailgun.
        Mailgun = "mailgun",
        /// Twilio SendGrid.
        SendGrid = "sendgrid",
        /// The platform's own generic body, for senders that are no known provider.
        Generic = "generic",
        /// Events that a tenant publishes itself through `POST /api/v1/events`.
        Own = "own",
    }
);

/// With what a provider proves that its posts are genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// An HMAC, for which a source holds [`Verification::SigningKey`].
    SigningKey,
    /// A public-key signature, for which a source holds [`Verification::PublicKey`].
    PublicKey,
    /// Nothing but the ingest key.
    IngestKey,
}

impl Provider {
    /// How this provider proves itself; `None` when no source can be of it.
    pub fn proof(self) -> Option<Proof> {
        match self {
            Self::Mailgun => Some(Proof::SigningKey),
            Self::SendGrid => Some(Proof::PublicKey),
            Self::Generic => Some(Proof::IngestKey),
            Self::Own => None,
        }
    }
}

/// A provider's post as it arrived.
#[derive(Clone, Copy)]
pub struct Post<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The exact bytes of its body.
    pub body: &'a [u8],
}

impl<'a> Post<'a> {
    /// A header's value as text.
    fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text. Invalid UTF-8 is replaced: one broken name must not cost a batch its other events. Only
    /// verification looks at the bytes.
    fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.body)
    }
}

/// Most events in one post of a provider. The largest documented batches (Mandrill's) have 1,000; at 1 MiB of body more
/// than 5,000 would have to be smaller than any provider's event.
pub const MAX_PROVIDER_BATCH: usize = 5_000;

/// Most events in one post of a sender that can choose: the platform's body and own events.
pub const MAX_OWN_BATCH: usize = 500;

/// Verifies a post over its raw bytes and turns it into events, at `now`.
///
/// After verification nothing of a provider's post is refused but a batch over [`MAX_PROVIDER_BATCH`]: what cannot be
/// read becomes an event of type `email.unknown` that keeps it. The generic body is written by people who can correct
/// it, so its mistakes are refused instead.
pub fn receive(
    provider: Provider,
    verification: &Verification,
    post: &Post<'_>,
    now: Timestamp,
) -> Result<Vec<Report>, Refusal> {
    match provider {
        Provider::Mailgun => mailgun::receive(verification, post, now),
        Provider::SendGrid => sendgrid::receive(verification, post, now),
        Provider::Generic => generic::receive(verification, post, now),
        Provider::Own => Err(Unauthentic::WrongVerification.into()),
    }
}
