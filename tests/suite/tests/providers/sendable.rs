//! What holds for every event that `deliver` has: every dialect and every stream has a form of it.

use jiff::Timestamp;
use serde_json::value::RawValue;
use shared::dialect::{Dialect, Envelope, Rendered};
use shared::event::Event;
use shared::id::WebhookId;
use shared::secret::SigningSecret;
use shared::stream::{Message, StreamKind};

/// Maximum attributes of a message in SQS.
const MAX_ATTRIBUTES: usize = 10;

/// Checks the POST and the messages of `event` in each dialect.
///
/// # Panics
///
/// If a body is not what its content type says, or if a stream's service would refuse a message.
pub(crate) fn check(event: &Event) {
    let (secret, webhook) = (SigningSecret::generate([1; 32]), WebhookId::mint(Timestamp::UNIX_EPOCH, [2; 10]));
    let id = event.id.to_string();
    for dialect in Dialect::ALL {
        let envelope = Envelope { id: &id, webhook, at: Timestamp::UNIX_EPOCH, secrets: &[&secret] };
        let posted = dialect.render(event, &envelope);
        check_body(*dialect, &posted);
        let for_sqs = dialect.render_all_for_sqs(event, &[], &envelope);
        check_body(*dialect, &for_sqs);
        let message = Message::of(&for_sqs, &id, webhook, event, &[]);
        let is_of_xml = |text: &str| !text.contains(|letter| matches!(letter, '\u{fffe}' | '\u{ffff}' | '\0'..'\t'));
        assert!(message.attributes.len() <= MAX_ATTRIBUTES);
        assert!(is_of_xml(&message.body) && message.attributes.iter().all(|(_, value)| is_of_xml(value)));
        for kind in StreamKind::ALL {
            let message = Message::of(&posted, &id, webhook, event, &[]);
            // The largest events exceed Service Bus's limit alone. These are dead at once, with the reason `too_large`.
            let fits = message.size(*kind) <= kind.max_message_bytes() || *kind == StreamKind::Servicebus;
            assert!(fits, "{} bytes for {}", message.size(*kind), kind.as_str());
        }
    }
}

fn check_body(dialect: Dialect, rendered: &Rendered) {
    let body = std::str::from_utf8(&rendered.body).unwrap_or_else(|_| panic!("{}: not text", dialect.as_str()));
    if rendered.content_type == "application/json" {
        // This reads values at any depth.
        let read = serde_json::from_str::<&RawValue>(body).map(|_| ());
        // Standard bodies go to receivers that nobody has prepared for anything. Most parsers read 128 levels or more.
        let read = read.and_then(|()| match dialect {
            Dialect::Standard => serde_json::from_str::<serde_json::Value>(body).map(|_| ()),
            _ => Ok(()),
        });
        read.unwrap_or_else(|error| panic!("{}: not JSON: {error}", dialect.as_str()));
    } else {
        assert!(url::form_urlencoded::parse(&rendered.body).any(|(name, _)| name == "event"), "{}", dialect.as_str());
    }
    for (name, value) in &rendered.headers {
        assert!(http::HeaderValue::from_str(value).is_ok(), "{}: header {name}", dialect.as_str());
    }
}
