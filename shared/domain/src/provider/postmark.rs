//! Postmark: one event in each post. `RecordType` says which kind. Postmark signs nothing.
//! <https://postmarkapp.com/developer/webhooks/webhooks-overview>

use jiff::Timestamp;

use super::batch::{Mapped, read_json};
use super::json::Object;
use super::reading::{Class, Reading};
use super::text::{codes_of_reply, date_time, domain};
use super::{InboundPost, InboundPostError, Profile, Proof, Provider, Received};
use crate::event::{BounceType, Client, EventType, Geo, RejectReason};
use crate::source::Verification;

pub(super) const PROFILE: Profile = Profile::new(Proof::IngestKey, receive);

/// Reads a post's event.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    verification.expect_unsigned()?;
    read_json(Provider::Postmark, post, now, |entry| map(entry, now))
}

fn map(entry: &str, now: Timestamp) -> Mapped {
    let object = Object::parse(entry)?;
    let record = object.text("RecordType")?;
    let Some(class) = classify(&record, &object) else { return Some(Vec::new()) };
    let timestamp = ["DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt"].iter().find_map(|name| object.text(name));
    // Only bounces and complaints have an id of their own here; in other posts the field belongs to a test post.
    let id = object.text("ID").filter(|_| matches!(record.as_str(), "Bounce" | "SpamComplaint"));
    let key = id.as_ref().map(|id| format!("{record}#{id}"));
    let reading = Reading {
        id,
        at: timestamp.as_deref().and_then(date_time),
        timestamp,
        recipient: object.text("Recipient").or(object.text("Email")),
        message_id: object.text("MessageID"),
        url: object.text("OriginalLink"),
        diagnostic: object.text("Details").or(object.text("Description")),
        // For a change of subscription: the new state.
        discriminator: object.raw("SuppressSending").map(str::to_owned),
        ..Reading::new(Provider::Postmark, record, class)
    };
    let (smtp_code, enhanced_code) = reading.diagnostic.as_deref().map(codes_of_reply).unwrap_or_default();
    let report = reading.report(now, |facts| {
        let geo = object.object("Geo");
        facts.sending_domain = object.text("From").as_deref().and_then(domain);
        facts.from = object.text("From");
        facts.subject = object.text("Subject");
        facts.tags = object.texts("Tag");
        facts.metadata = object.object("Metadata").values(|_| true);
        facts.smtp_code = smtp_code;
        facts.enhanced_code = enhanced_code;
        facts.client = Client {
            ip: geo.text("IP"),
            user_agent: object.text("UserAgent"),
            geo: Geo {
                country: geo.text("CountryISOCode").or(geo.text("Country")),
                region: geo.text("RegionISOCode").or(geo.text("Region")),
                city: geo.text("City"),
            },
            name: known(object.object("Client").text("Name")),
            os: known(object.object("OS").text("Name")),
            device: known(object.text("Platform")),
            machine: None,
        };
    });
    // Bounces and complaints share one sequence of ids, which is separate from all other ids.
    Some(vec![match key {
        Some(key) => report.keyed(key),
        None => report,
    }])
}

/// The class of an event; `None` for inbound emails.
fn classify(record: &str, object: &Object<'_>) -> Option<Class> {
    Some(match record {
        "Delivery" => Class::of(EventType::Delivered),
        "Open" => Class::of(EventType::Opened),
        "Click" => Class::of(EventType::Clicked),
        "SpamComplaint" => Class::of(EventType::Complained),
        // The name of the type decides, because genuine posts have wrong type codes.
        "Bounce" => bounce(object.text("Type").as_deref().unwrap_or_default()),
        "SubscriptionChange" => subscription(object),
        "Inbound" => return None,
        _ => Class::UNKNOWN,
    })
}

fn bounce(kind: &str) -> Class {
    match kind {
        "HardBounce" => Class::bounced(BounceType::Hard),
        "SoftBounce" | "Blocked" | "DMARCPolicy" | "VirusNotification" => Class::bounced(BounceType::Soft),
        "Transient" | "DnsError" | "OpenRelayTest" => Class::of(EventType::Deferred),
        "BadEmailAddress" => Class::rejected(RejectReason::Invalid),
        "ManuallyDeactivated" | "Unconfirmed" => Class::rejected(RejectReason::Suppressed),
        "SpamNotification" | "SpamComplaint" => Class::of(EventType::Complained),
        "Unsubscribe" => Class::of(EventType::Unsubscribed),
        "Subscribe" => Class::of(EventType::Subscribed),
        "SMTPApiError" | "InboundError" => Class::failed(None),
        "TemplateRenderingFailed" => Class::failed(Some(RejectReason::Rendering)),
        _ => Class::UNKNOWN,
    }
}

/// The class of a change of subscription. Suppressions after bounces and complaints have been reported before, with the
/// record type of the cause.
fn subscription(object: &Object<'_>) -> Class {
    match (object.flag("SuppressSending"), object.text("SuppressionReason").as_deref()) {
        (Some(false), _) => Class::of(EventType::Subscribed),
        (Some(true), Some("HardBounce")) => Class::bounced(BounceType::Hard),
        (Some(true), Some("SpamComplaint")) => Class::of(EventType::Complained),
        (Some(true), _) => Class::of(EventType::Unsubscribed),
        (None, _) => Class::UNKNOWN,
    }
}

/// A text, without Postmark's `Unknown` for values that it does not know, in any case.
fn known(judged: Option<String>) -> Option<String> {
    judged.filter(|word| !word.eq_ignore_ascii_case("unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounces_by_the_name_of_their_type() {
        for (kind, expected) in [
            ("HardBounce", "email.bounced hard"),
            ("SoftBounce", "email.bounced soft"),
            ("Transient", "email.deferred"),
            ("DnsError", "email.deferred"),
            ("OpenRelayTest", "email.deferred"),
            ("Blocked", "email.bounced soft"),
            ("DMARCPolicy", "email.bounced soft"),
            ("VirusNotification", "email.bounced soft"),
            ("BadEmailAddress", "email.rejected invalid"),
            ("ManuallyDeactivated", "email.rejected suppressed"),
            ("Unconfirmed", "email.rejected suppressed"),
            ("SpamNotification", "email.complained"),
            ("SpamComplaint", "email.complained"),
            ("Unsubscribe", "email.unsubscribed"),
            ("Subscribe", "email.subscribed"),
            ("AutoResponder", "email.unknown"),
            ("AddressChange", "email.unknown"),
            ("ChallengeVerification", "email.unknown"),
            ("Unknown", "email.unknown"),
            ("SMTPApiError", "email.failed"),
            ("TemplateRenderingFailed", "email.failed rendering"),
            ("InboundError", "email.failed"),
        ] {
            assert_eq!(bounce(kind).words(), expected, "{kind}");
        }
    }

    #[test]
    fn subscription_changes_by_their_reason() {
        for (fields, expected) in [
            (r#""SuppressSending":false,"SuppressionReason":null"#, "email.subscribed"),
            (r#""SuppressSending":true,"SuppressionReason":"ManualSuppression""#, "email.unsubscribed"),
            (r#""SuppressSending":true,"SuppressionReason":"HardBounce""#, "email.bounced hard"),
            (r#""SuppressSending":true,"SuppressionReason":"SpamComplaint""#, "email.complained"),
            ("", "email.unknown"),
        ] {
            let object = format!("{{{fields}}}");
            assert_eq!(subscription(&Object::parse(&object).unwrap()).words(), expected, "{fields}");
        }
    }

    #[test]
    fn an_unsubscription_without_address_and_time_is_still_an_event() {
        let now = Timestamp::UNIX_EPOCH;
        let reports = map(r#"{"RecordType":"Bounce","Type":"Unsubscribe","ID":7}"#, now).unwrap();
        assert_eq!(reports[0].facts.event_type, EventType::Unsubscribed);
        assert_eq!((&reports[0].facts.recipient, reports[0].facts.occurred_at), (&None, now));
        assert_eq!(map(r#"{"RecordType":"Inbound"}"#, now), Some(Vec::new()));
        assert_eq!(map(r#"{"Type":"HardBounce"}"#, now), None);
    }
}
