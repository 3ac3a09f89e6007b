//! An event of SES, in both forms: the notification of an identity, and event publishing.
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::event::{BounceType, Client, EventType, Facts, RejectReason};
use crate::provider::batch::Mapped;
use crate::provider::json::Object;
use crate::provider::limits::{bound, cut, written_metadata};
use crate::provider::reading::{Class, Reading};
use crate::provider::text::{codes_of_reply, date_time, domain, enhanced_code};
use crate::provider::{Provider, Report};

/// Prefix of tags that SES adds.
const OWN_TAGS: &str = "ses:";

/// What the SNS message around an event says about it.
pub(super) struct Envelope {
    pub(super) message_id: Option<String>,
    pub(super) timestamp: Option<String>,
}

/// Maximum number of bytes that the events of one message repeat (2 MiB). Reason: an email of SES has at most 50
/// recipients, and each of them gets an event with all fields of the message. A message with far more recipients would
/// take endless memory.
const MAX_SPREAD: usize = 2 * 1024 * 1024;
/// Up to this number of recipients, each has its event for a message of any length (100). With more recipients, the
/// whole message times their number must be within [`MAX_SPREAD`].
const MANY: usize = 100;
/// Maximum number of recipients that are read (1,000). No message with so many is within [`MAX_SPREAD`].
const MAX_READ: usize = 1_000;
/// Maximum length of a time that is compared, in bytes.
const TIME: usize = 64;

/// The recipient of an event, and what the destination said about the email.
#[derive(Default)]
struct Addressee {
    address: Option<String>,
    status: Option<String>,
    diagnostic: Option<String>,
}

impl Envelope {
    /// When the message was published.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.timestamp.as_deref().and_then(date_time)
    }

    /// The events in `text`: one for each recipient that SES names, unless there are too many recipients.
    pub(super) fn map(&self, text: &str, now: Timestamp) -> Mapped {
        let object = Object::parse(text)?;
        let kind = object.text("eventType").or(object.text("notificationType"))?;
        let (mail, detail) = (object.object("mail"), object.object(detail_name(&kind)));
        let Some(class) = classify(&kind, &detail) else { return Some(Vec::new()) };
        let addressees = addressees(&kind, &detail, &mail);
        let count = addressees.len();
        if count > MANY && count * text.len() > MAX_SPREAD {
            return None;
        }
        let message = self.message(kind, class, &mail, &detail, count);
        Some(
            addressees
                .into_iter()
                .enumerate()
                .map(|(index, addressee)| message.report(addressee, index, now))
                .collect(),
        )
    }

    /// The common part of the message's events. There will be `count` events.
    fn message(&self, kind: String, class: Class, mail: &Object<'_>, detail: &Object<'_>, count: usize) -> Message {
        let mut timestamp = detail.text("timestamp").or(mail.text("timestamp")).or(self.timestamp.clone());
        let at = timestamp.as_deref().and_then(date_time);
        if let Some(timestamp) = &mut timestamp {
            cut(timestamp, TIME);
        }
        let id = self.message_id.clone().unwrap_or_default();
        let mut facts = Facts::new(class.event_type, Provider::Ses, kind, id, Timestamp::UNIX_EPOCH);
        let headers = mail.object("commonHeaders");
        facts.email_message_id = mail.text("messageId");
        facts.sending_domain = mail.text("source").as_deref().and_then(domain);
        facts.from = headers.texts("from").into_iter().next().or(mail.text("source"));
        facts.subject = headers.text("subject");
        facts.metadata = tags(&mail.object("tags"));
        facts.diagnostic = ["smtpResponse", "errorMessage", "reason"].iter().find_map(|name| detail.text(name));
        facts.url = detail.text("link");
        // In a complaint, the user agent is that of the feedback loop.
        if matches!(class.event_type, EventType::Opened | EventType::Clicked) {
            let (ip, user_agent) = (detail.text("ipAddress"), detail.text("userAgent"));
            facts.client = Client { ip, user_agent, ..Client::default() };
        }
        // Limits apply before the facts are repeated.
        bound(&mut facts);
        if count * written_metadata(&facts.metadata) > MAX_SPREAD {
            facts.metadata.clear();
        }
        Message { class, at, timestamp, facts }
    }
}

/// The common part of the events of one message.
struct Message {
    class: Class,
    at: Option<Timestamp>,
    timestamp: Option<String>,
    facts: Facts,
}

impl Message {
    fn report(&self, addressee: Addressee, index: usize, now: Timestamp) -> Report {
        let common = &self.facts;
        let id = Some(&common.provider_event_id).filter(|id| !id.is_empty());
        let reading = Reading {
            // The first event has the message's own id. For every other recipient, the position is added.
            id: id.map(|id| if index == 0 { id.clone() } else { format!("{id}#{index}") }),
            at: self.at,
            timestamp: self.timestamp.clone(),
            recipient: addressee.address,
            message_id: common.email_message_id.clone(),
            url: common.url.clone(),
            diagnostic: addressee.diagnostic.or(common.diagnostic.clone()),
            ..Reading::new(Provider::Ses, &common.provider_event, self.class)
        };
        let (smtp_code, enhanced_of_reply) = reading.diagnostic.as_deref().map(codes_of_reply).unwrap_or_default();
        reading.report(now, |facts| {
            facts.sending_domain.clone_from(&common.sending_domain);
            facts.from.clone_from(&common.from);
            facts.subject.clone_from(&common.subject);
            facts.metadata.clone_from(&common.metadata);
            facts.client.clone_from(&common.client);
            facts.smtp_code = smtp_code;
            facts.enhanced_code = addressee.status.as_deref().and_then(enhanced_code).or(enhanced_of_reply);
        })
    }
}

/// The member that contains the details of a kind of event.
fn detail_name(kind: &str) -> &'static str {
    match kind {
        "Send" => "send",
        "Delivery" => "delivery",
        "DeliveryDelay" => "deliveryDelay",
        "Bounce" => "bounce",
        "Complaint" => "complaint",
        "Reject" => "reject",
        "Open" => "open",
        "Click" => "click",
        "Rendering Failure" => "failure",
        "Subscription" => "subscription",
        _ => "",
    }
}

/// The class of an event; `None` for events that are not about a sent email.
fn classify(kind: &str, detail: &Object<'_>) -> Option<Class> {
    Some(match kind {
        "Send" => Class::of(EventType::Sent),
        "Delivery" => Class::of(EventType::Delivered),
        "DeliveryDelay" => Class::of(EventType::Deferred),
        "Bounce" => bounce(detail),
        "Complaint" => complaint(detail),
        // SES found a virus.
        "Reject" => Class::rejected(RejectReason::Content),
        "Open" => Class::of(EventType::Opened),
        "Click" => Class::of(EventType::Clicked),
        "Rendering Failure" => Class::failed(Some(RejectReason::Rendering)),
        "Subscription" => subscription(detail),
        "Received" => return None,
        _ => Class::UNKNOWN,
    })
}

fn bounce(detail: &Object<'_>) -> Class {
    match (detail.text("bounceType").as_deref(), detail.text("bounceSubType").as_deref()) {
        (Some("Permanent"), Some("Suppressed" | "OnAccountSuppressionList")) => {
            Class::rejected(RejectReason::Suppressed)
        }
        (Some("Permanent"), Some("UnsubscribedRecipient")) => Class::rejected(RejectReason::Unsubscribed),
        (Some("Permanent"), _) => Class::bounced(BounceType::Hard),
        (Some("Transient"), _) => Class::bounced(BounceType::Soft),
        (_, _) => Class::bounced(BounceType::Undetermined),
    }
}

fn complaint(detail: &Object<'_>) -> Class {
    match (detail.text("complaintSubType").as_deref(), detail.text("complaintFeedbackType").as_deref()) {
        (Some("OnAccountSuppressionList"), _) => Class::rejected(RejectReason::Complained),
        // The recipient takes a complaint back.
        (_, Some("not-spam")) => Class::UNKNOWN,
        (_, _) => Class::of(EventType::Complained),
    }
}

fn subscription(detail: &Object<'_>) -> Class {
    let wanted = detail.object("newTopicPreferences");
    if wanted.flag("unsubscribeAll") == Some(true) {
        return Class::of(EventType::Unsubscribed);
    }
    let topics = wanted.objects("topicSubscriptionStatus");
    let statuses: Vec<_> = topics.filter_map(|topic| topic.text("subscriptionStatus")).collect();
    let any = |status: &str| statuses.iter().any(|known| known.eq_ignore_ascii_case(status));
    if any("OptOut") {
        Class::of(EventType::Unsubscribed)
    } else if any("OptIn") {
        Class::of(EventType::Subscribed)
    } else {
        Class::UNKNOWN
    }
}

/// The recipients of the event. SES does not say which of several recipients opened or clicked, so the first is used.
fn addressees(kind: &str, detail: &Object<'_>, mail: &Object<'_>) -> Vec<Addressee> {
    let list = match kind {
        "Bounce" => "bouncedRecipients",
        "Complaint" => "complainedRecipients",
        "DeliveryDelay" => "delayedRecipients",
        _ => "",
    };
    let named = detail.objects(list).take(MAX_READ).map(|recipient| Addressee {
        address: recipient.text("emailAddress"),
        status: recipient.text("status"),
        diagnostic: recipient.text("diagnosticCode"),
    });
    let bare = |addresses: Vec<String>, most: usize| -> Vec<Addressee> {
        let addresses = addresses.into_iter().take(most);
        addresses.map(|address| Addressee { address: Some(address), ..Addressee::default() }).collect()
    };
    let mut found: Vec<Addressee> = named.collect();
    if found.is_empty() {
        found = match kind {
            "Delivery" => bare(detail.texts("recipients"), MAX_READ),
            "Send" | "Reject" | "Rendering Failure" => bare(mail.texts("destination"), MAX_READ),
            _ => bare(mail.texts("destination"), 1),
        };
    }
    if found.is_empty() { vec![Addressee::default()] } else { found }
}

/// The sender's tags. Each is a list of values; a single value stands without the list.
fn tags(tags: &Object<'_>) -> Map<String, Value> {
    let own = tags.values(|name| !name.starts_with(OWN_TAGS)).into_iter();
    own.map(|(name, value)| match value {
        Value::Array(mut values) if values.len() == 1 => (name, values.remove(0)),
        other => (name, other),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope { message_id: Some("m".to_owned()), timestamp: Some("2018-03-26T17:58:59.675Z".to_owned()) }
    }

    fn class(kind: &str, detail: &str) -> String {
        classify(kind, &Object::parse(detail).unwrap()).map_or_else(|| "nothing".to_owned(), Class::words)
    }

    #[test]
    fn kinds_by_their_words() {
        for (kind, detail, expected) in [
            ("Bounce", r#"{"bounceType":"Permanent","bounceSubType":"General"}"#, "email.bounced hard"),
            ("Bounce", r#"{"bounceType":"Permanent","bounceSubType":"Suppressed"}"#, "email.rejected suppressed"),
            (
                "Bounce",
                r#"{"bounceType":"Permanent","bounceSubType":"OnAccountSuppressionList"}"#,
                "email.rejected suppressed",
            ),
            (
                "Bounce",
                r#"{"bounceType":"Permanent","bounceSubType":"UnsubscribedRecipient"}"#,
                "email.rejected unsubscribed",
            ),
            ("Bounce", r#"{"bounceType":"Transient","bounceSubType":"MailboxFull"}"#, "email.bounced soft"),
            ("Bounce", r#"{"bounceType":"Undetermined"}"#, "email.bounced undetermined"),
            ("Complaint", "{}", "email.complained"),
            ("Complaint", r#"{"complaintFeedbackType":"not-spam"}"#, "email.unknown"),
            ("Complaint", r#"{"complaintSubType":"OnAccountSuppressionList"}"#, "email.rejected complained"),
            ("Reject", r#"{"reason":"Bad content"}"#, "email.rejected content"),
            ("Rendering Failure", "{}", "email.failed rendering"),
            ("DeliveryDelay", "{}", "email.deferred"),
            ("Subscription", r#"{"newTopicPreferences":{"unsubscribeAll":true}}"#, "email.unsubscribed"),
            (
                "Subscription",
                r#"{"newTopicPreferences":{"unsubscribeAll":false,"topicSubscriptionStatus":[{"subscriptionStatus":"OptOut"}]}}"#,
                "email.unsubscribed",
            ),
            (
                "Subscription",
                r#"{"newTopicPreferences":{"topicSubscriptionStatus":[{"subscriptionStatus":"OptIn"}]}}"#,
                "email.subscribed",
            ),
            ("Received", "{}", "nothing"),
            ("Something New", "{}", "email.unknown"),
        ] {
            assert_eq!(class(kind, detail), expected, "{kind} {detail}");
        }
    }

    #[test]
    fn each_recipient_has_an_event_and_an_id_of_its_own() {
        let text = r#"{"notificationType":"Complaint","complaint":{"complainedRecipients":
            [{"emailAddress":"a@example.org"},{"emailAddress":"b@example.org"}]},"mail":{"messageId":"x"}}"#;
        let reports = envelope().map(text, Timestamp::UNIX_EPOCH).unwrap();
        let ids: Vec<_> = reports.iter().map(|report| report.facts.provider_event_id.as_str()).collect();
        assert_eq!(ids, ["m", "m#1"]);
        assert_eq!(reports[1].facts.recipient.as_ref().unwrap().expose(), "b@example.org");
        assert_eq!(reports[1].facts.occurred_at.to_string(), "2018-03-26T17:58:59.675Z");
    }

    #[test]
    fn absurdly_many_recipients_are_no_event() {
        let of = |count: usize| {
            let recipients = vec![r#""a@example.org""#; count].join(",");
            let text = format!(r#"{{"eventType":"Delivery","delivery":{{"recipients":[{recipients}]}}}}"#);
            envelope().map(&text, Timestamp::UNIX_EPOCH).map(|reports| reports.len())
        };
        assert_eq!((of(50), of(300), of(2_000)), (Some(50), Some(300), None));
    }

    #[test]
    fn the_recipients_of_one_email_have_their_events_however_long_the_message_is() {
        let of = |count: usize, member: &str| {
            let recipients =
                vec![r#"{"emailAddress":"a@example.org","diagnosticCode":"smtp; 550 5.1.1 no"}"#; count].join(",");
            let text = format!(
                r#"{{"eventType":"Bounce","bounce":{{"bounceType":"Permanent","bouncedRecipients":[{recipients}]}},"mail":{{{member}}}}}"#
            );
            envelope().map(&text, Timestamp::UNIX_EPOCH)
        };
        let headers = format!(r#""headers":"{}","tags":{{"a":["1"]}}"#, "x".repeat(200_000));
        let reports = of(100, &headers).unwrap();
        assert_eq!(reports.len(), 100);
        for report in &reports {
            assert_eq!((report.facts.bounce_type, report.facts.smtp_code), (Some(BounceType::Hard), Some(550)));
            assert_eq!(Value::from(report.facts.metadata.clone()).to_string(), r#"{"a":"1"}"#);
        }
        assert_eq!(of(101, &headers), None);
        // Tags that would be repeated too often are left out.
        let tags = format!(r#""tags":{{"a":["{}"]}}"#, "x".repeat(100_000));
        assert_eq!(of(20, &tags).unwrap()[19].facts.metadata.len(), 1);
        assert_eq!(of(21, &tags).unwrap()[20].facts.metadata.len(), 0);
    }

    #[test]
    fn tags_of_the_sender_are_metadata() {
        let text = r#"{"ses:source-ip":["192.0.2.0"],"one":["1"],"two":["1","2"]}"#;
        assert_eq!(Value::from(tags(&Object::parse(text).unwrap())).to_string(), r#"{"one":"1","two":["1","2"]}"#);
    }
}
