//! Amazon SES, through Amazon SNS. Each post is an SNS message, whose text is one event as JSON.
//!
//! A valid signature proves only that an SNS topic sent the message, and every AWS customer has topics. So a source
//! lists its topics, and nothing is fetched or confirmed for any other topic.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>

use jiff::Timestamp;

use super::batch::{read_one, unparsed};
use super::json::Object;
use super::sns::{CertificateUrl, ConfirmationUrl};
use super::{InboundPost, InboundPostError, Profile, Proof, Provider, Received, VerificationError};
use crate::source::Verification;

mod event;
mod signature;

/// SNS takes a 4xx for permanent and gives up, so a post that has to wait gets a 503.
pub(super) const PROFILE: Profile =
    Profile { certificate_wanted, signature_ends: false, status_to_wait: 503, ..Profile::new(Proof::Topics, receive) };

/// The header says that the body is the event alone, without the SNS message around it and without its signature.
const RAW_DELIVERY: &str = "x-amz-sns-rawdelivery";
const MESSAGE_ID: &str = "x-amz-sns-message-id";
/// The beginning of the text that SES sends when a topic is set up.
const TOPIC_VALIDATED: &str = "Successfully validated SNS topic";

/// Verifies a post and reads its event, or the subscription that it asks us to confirm.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    let body = post.text();
    let message = Object::parse(&body);
    let is_verified = match verification {
        Verification::Unsigned => false,
        Verification::Topics(topics) => {
            let message = message.as_ref().ok_or(VerificationError::NoSignature)?;
            signature::topic_of(message, topics)?;
            let certificate = post.certificate.ok_or(VerificationError::WrongCertificate)?;
            signature::verify(message, certificate, now)?;
            true
        }
        Verification::SigningKey(_) | Verification::PublicKey(_) | Verification::KeyAndUrl { .. } => {
            return Err(VerificationError::WrongVerification.into());
        }
    };
    let Some(message) = message else { return Ok(unparsed_or_ping(post, now)) };
    // Only sources without verification get here with this header.
    if post.header(RAW_DELIVERY) == Some("true") {
        let envelope = event::Envelope { message_id: post.header(MESSAGE_ID).map(str::to_owned), timestamp: None };
        return Ok(read_one(Provider::Ses, post, body.trim_ascii(), None, now, |event| envelope.map(event, now)));
    }
    match message.text("Type").as_deref() {
        Some("Notification") => Ok(notification(&message, post, now)),
        Some("SubscriptionConfirmation") if is_verified => Ok(confirmation(&message, post, now)),
        // Without a signature no subscription is confirmed. The end of a subscription needs no action.
        Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => Ok(Received::default()),
        Some(_) | None => Ok(unparsed(Provider::Ses, post, now)),
    }
}

fn unparsed_or_ping(post: &InboundPost<'_>, now: Timestamp) -> Received {
    if post.body.trim_ascii().is_empty() { Received::default() } else { unparsed(Provider::Ses, post, now) }
}

fn notification(message: &Object<'_>, post: &InboundPost<'_>, now: Timestamp) -> Received {
    let text = message.string("Message").unwrap_or_default();
    if text.starts_with(TOPIC_VALIDATED) {
        return Received::default();
    }
    let envelope = event::Envelope { message_id: message.text("MessageId"), timestamp: message.text("Timestamp") };
    read_one(Provider::Ses, post, text.trim_ascii(), envelope.time(), now, |event| envelope.map(event, now))
}

fn confirmation(message: &Object<'_>, post: &InboundPost<'_>, now: Timestamp) -> Received {
    match message.text("SubscribeURL").as_deref().and_then(ConfirmationUrl::parse) {
        Some(url) => Received { confirm: Some(url), ..Received::default() },
        None => unparsed(Provider::Ses, post, now),
    }
}

fn certificate_wanted(
    verification: &Verification,
    post: &InboundPost<'_>,
) -> Result<Option<CertificateUrl>, VerificationError> {
    let Verification::Topics(topics) = verification else { return Ok(None) };
    let body = post.text();
    let message = Object::parse(&body).ok_or(VerificationError::NoSignature)?;
    signature::topic_of(&message, topics)?;
    signature::certificate_url(&message).map(Some)
}
