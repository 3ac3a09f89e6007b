//! Mailgun's legacy events: the fields of a form, including the fields that sign it.
//!
//! There is only one `timestamp`. It is the time of the event, and it is also the signed time, as in Mailgun's own
//! posts.

use url::form_urlencoded::Serializer;

use super::mailgun::{self, Signature};
use crate::challenge::Challenge;
use crate::event::{BounceType, Event, EventType, Facts, Recipient, RejectReason};
use crate::id::WebhookId;
use crate::mailgun_fields::is_own_field;
use crate::secret::SigningSecret;

/// Mailgun's present words, and before them those that only the legacy form has. `dropped` also stands for bounces of
/// emails that the provider tried until their time was up.
pub(super) fn names(event_type: EventType) -> &'static [&'static str] {
    match event_type {
        EventType::Bounced => &["bounced", "dropped", "failed", "permanent_fail"],
        EventType::Failed => &["dropped", "failed", "permanent_fail"],
        EventType::Rejected => &["dropped", "rejected"],
        EventType::Sent
        | EventType::Delivered
        | EventType::Deferred
        | EventType::Opened
        | EventType::Clicked
        | EventType::Complained
        | EventType::Unsubscribed
        | EventType::Subscribed
        | EventType::SubscriberCreated
        | EventType::SubscriberUnsubscribed
        | EventType::Unknown
        | EventType::WebhookOpened
        | EventType::WebhookClosed
        | EventType::WebhookDisabled
        | EventType::WebhookEnabled
        | EventType::WebhookPending
        | EventType::WebhookVerified
        | EventType::DeliveryDead
        | EventType::Unparsed => mailgun::names(event_type),
    }
}

/// The body of one event. Mailgun's own fields come first, then the sender's variables, then the signature. So a
/// receiver that takes the last of two fields with one name still reads the true signature.
pub(super) fn body(event: &Event, webhook: WebhookId, secret: Option<&SigningSecret>) -> Vec<u8> {
    let facts = &event.facts;
    let mut form = Form(Serializer::new(String::new()));
    let word = word(facts);
    form.say("event", Some(word));
    form.say("recipient", facts.recipient.as_ref().map(Recipient::expose));
    form.say("domain", facts.sending_domain.as_deref());
    form.say("Message-Id", facts.email_message_id.as_deref().map(|id| format!("<{id}>")).as_deref());
    form.say("url", facts.url.as_deref());
    form.say("ip", facts.client.ip.as_deref());
    form.say("country", facts.client.geo.country.as_deref());
    form.say("region", facts.client.geo.region.as_deref());
    form.say("city", facts.client.geo.city.as_deref());
    form.say("client-name", facts.client.name.as_deref());
    form.say("client-os", facts.client.os.as_deref());
    form.say("device-type", facts.client.device.as_deref());
    form.say("user-agent", facts.client.user_agent.as_deref());
    failure(&mut form, facts, word);
    form.say("campaign-id", facts.campaign_id.as_deref());
    for tag in &facts.tags {
        form.say("tag", Some(tag));
    }
    // If a field appears twice, some receivers read the first value and some the last. So variables with the name of an
    // own field are left out.
    for (name, value) in facts.metadata.iter().filter(|(name, _)| !is_own_field(name)) {
        let json = value.to_string();
        form.say(name, Some(value.as_str().unwrap_or(&json)));
    }
    form.say("test", event.test.then_some("true"));
    let signature = Signature::of(event.id, webhook, secret, facts.occurred_at);
    form.say("timestamp", Some(&signature.timestamp));
    form.say("token", Some(&signature.token));
    form.say("signature", Some(&signature.mac));
    form.0.finish().into_bytes()
}

/// The body of a challenge.
pub(super) fn challenge(challenge: &Challenge, signature: &Signature) -> Vec<u8> {
    let mut form = Form(Serializer::new(String::new()));
    form.say("type", Some(Challenge::TYPE));
    form.say("challenge", Some(challenge.text()));
    form.say("timestamp", Some(&signature.timestamp));
    form.say("token", Some(&signature.token));
    form.say("signature", Some(&signature.mac));
    form.0.finish().into_bytes()
}

/// The word on the wire. An email that was tried until its time was up is `dropped` with the reason `old`, not
/// `bounced`. A type without a word keeps its canonical name.
fn word(facts: &Facts) -> &'static str {
    match (facts.event_type, facts.bounce_type) {
        (EventType::Bounced, Some(BounceType::Soft)) => "dropped",
        (other, _) => names(other).first().copied().unwrap_or(other.as_str()),
    }
}

fn failure(form: &mut Form<'_>, facts: &Facts, word: &str) {
    let code = facts.smtp_code.or(suppression_code(facts)).map(|code| code.to_string());
    match (word, facts.event_type) {
        ("bounced", _) => {
            form.say("code", code.as_deref());
            form.say("error", facts.diagnostic.as_deref());
        }
        ("dropped", event_type) => {
            form.say("reason", Some(if event_type == EventType::Bounced { "old" } else { "hardfail" }));
            form.say("code", code.as_deref());
            form.say("description", facts.diagnostic.as_deref());
        }
        (_, EventType::Deferred) => {
            form.say("severity", Some("temporary"));
            form.say("code", code.as_deref());
            form.say("description", facts.diagnostic.as_deref());
        }
        (_, _) => {}
    }
}

/// Mailgun's codes for addresses that it no longer mails.
fn suppression_code(facts: &Facts) -> Option<u16> {
    match facts.reject_reason? {
        RejectReason::Bounced => Some(605),
        RejectReason::Unsubscribed => Some(606),
        RejectReason::Complained => Some(607),
        RejectReason::Suppressed
        | RejectReason::Invalid
        | RejectReason::Blocked
        | RejectReason::Content
        | RejectReason::Policy
        | RejectReason::TimedOut
        | RejectReason::Quota
        | RejectReason::Rendering
        | RejectReason::Other => None,
    }
}

/// A form that contains only fields with a value.
struct Form<'a>(Serializer<'a, String>);

impl Form<'_> {
    fn say(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.append_pair(name, value);
        }
    }
}
