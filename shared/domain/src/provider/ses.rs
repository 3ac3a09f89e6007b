//! Amazon SES, through Amazon SNS: each post is an SNS message, whose text is one event as JSON.
//!
//! A good signature proves only that some SNS topic sent it: any AWS customer has one. So a source lists its topics, and
//! nothing is fetched or confirmed for another.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>

use jiff::Timestamp;

use super::batch::{read_one, unparsed};
use super::json::Object;
use super::sns::{CertificateUrl, ConfirmationUrl};
use super::{Post, Profile, Proof, Provider, Received, Refusal, Unauthentic};
use crate::source::Verification;

mod event;
mod signature;

pub(super) const PROFILE: Profile = Profile { certificate_wanted, ..Profile::new(Proof::Topics, receive) };

/// Says that the body is the event alone, without the SNS message around it and without its signature.
const RAW_DELIVERY: &str = "x-amz-sns-rawdelivery";
const MESSAGE_ID: &str = "x-amz-sns-message-id";
/// How the text of a message begins that SES sends when a topic is set up.
const TOPIC_VALIDATED: &str = "Successfully validated SNS topic";

/// Verifies a post and reads its event, or the subscription that it asks to confirm.
fn receive(verification: &Verification, post: &Post<'_>, now: Timestamp) -> Result<Received, Refusal> {
    let body = post.text();
    let message = Object::parse(&body);
    let is_verified = match verification {
        Verification::Unsigned => false,
        Verification::Topics(topics) => {
            let message = message.as_ref().ok_or(Unauthentic::NoSignature)?;
            signature::topic_of(message, topics)?;
            let certificate = post.certificate.ok_or(Unauthentic::WrongCertificate)?;
            signature::verify(message, certificate, now)?;
            true
        }
        Verification::SigningKey(_) | Verification::PublicKey(_) | Verification::KeyAndUrl { .. } => {
            return Err(Unauthentic::WrongVerification.into());
        }
    };
    let Some(message) = message else { return Ok(unparsed_or_ping(post, now)) };
    // Only sources without verification come here with it.
    if post.header(RAW_DELIVERY) == Some("true") {
        let envelope = event::Envelope { message_id: post.header(MESSAGE_ID).map(str::to_owned), timestamp: None };
        return Ok(read_one(Provider::Ses, post, body.trim_ascii(), None, now, |event| envelope.map(event, now)));
    }
    match message.text("Type").as_deref() {
        Some("Notification") => Ok(notification(&message, post, now)),
        Some("SubscriptionConfirmation") if is_verified => Ok(confirmation(&message, post, now)),
        // Without a signature nobody's subscription is confirmed. The end of one needs nothing done.
        Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => Ok(Received::default()),
        Some(_) | None => Ok(unparsed(Provider::Ses, post, now)),
    }
}

fn unparsed_or_ping(post: &Post<'_>, now: Timestamp) -> Received {
    if post.body.trim_ascii().is_empty() { Received::default() } else { unparsed(Provider::Ses, post, now) }
}

fn notification(message: &Object<'_>, post: &Post<'_>, now: Timestamp) -> Received {
    let text = message.string("Message").unwrap_or_default();
    if text.starts_with(TOPIC_VALIDATED) {
        return Received::default();
    }
    let envelope = event::Envelope { message_id: message.text("MessageId"), timestamp: message.text("Timestamp") };
    read_one(Provider::Ses, post, text.trim_ascii(), envelope.time(), now, |event| envelope.map(event, now))
}

fn confirmation(message: &Object<'_>, post: &Post<'_>, now: Timestamp) -> Received {
    match message.text("SubscribeURL").as_deref().and_then(ConfirmationUrl::parse) {
        Some(url) => Received { confirm: Some(url), ..Received::default() },
        None => unparsed(Provider::Ses, post, now),
    }
}

fn certificate_wanted(verification: &Verification, post: &Post<'_>) -> Result<Option<CertificateUrl>, Unauthentic> {
    let Verification::Topics(topics) = verification else { return Ok(None) };
    let body = post.text();
    let message = Object::parse(&body).ok_or(Unauthentic::NoSignature)?;
    signature::topic_of(&message, topics)?;
    signature::certificate_url(&message).map(Some)
}
