//! What holds for every post, whoever wrote it: property tests and fuzz targets check the same.

use domain::event::{Event, EventType, Facts, RAW_LIMIT, Raw, UNPARSED_LIMIT};
use domain::id::{SourceId, TenantId, WebhookId};
use domain::job::Job;
use domain::provider::{MAX_PROVIDER_BATCH, Provider, Received, Refusal};
use domain::stored_event::StoredEvent;
use jiff::Timestamp;

/// Maximum bytes of an event as JSON (300 KiB): three quarters of what `DynamoDB` takes in an item. What could not be read
/// is compressed, if it is not text as base64.
const MAX_STORED: usize = 300 * 1024;

/// Checks what a post of `provider` with a body of `length` bytes gave, and returns its events.
///
/// # Panics
///
/// When an invariant does not hold.
pub fn check(provider: Provider, length: usize, received: Result<Received, Refusal>) -> Vec<Event> {
    let received = match received {
        Ok(received) => received,
        Err(Refusal::Unauthentic(_) | Refusal::TooMany { .. }) => return Vec::new(),
        // The generic body is written by people who can correct it; nothing else that is genuine is refused.
        Err(refusal) => {
            assert_eq!(provider, Provider::Generic, "refused: {refusal}");
            return Vec::new();
        }
    };
    let reports = received.reports;
    assert!(received.confirm.is_none() || (provider == Provider::Ses && reports.is_empty()), "a handshake with events");
    assert!(received.token.is_none() || provider == Provider::Mailgun, "a token of {}", provider.as_str());
    // One entry of SES may name many recipients; its envelope has at most 256 KB, each address at least three bytes.
    assert!(reports.len() <= MAX_PROVIDER_BATCH.max(length), "{} events", reports.len());
    let unparsed = reports.iter().filter(|report| report.facts.event_type == EventType::Unparsed).count();
    assert!(unparsed == 0 || reports.len() == 1, "an unparsed body beside events");

    let (tenant, source) =
        (TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]), SourceId::mint(Timestamp::UNIX_EPOCH, [1; 10]));
    let accepted = reports.into_iter().map(|report| {
        check_facts(provider, length, &report.facts);
        let again = report.clone().accept(tenant, Some(source), Timestamp::UNIX_EPOCH).id;
        let event = report.accept(tenant, Some(source), Timestamp::UNIX_EPOCH);
        assert_eq!(event.id, again, "an id that is not stable");
        check_readable(&event);
        check_size(&event);
        event
    });
    accepted.collect()
}

/// What `ingest` accepts can be read as it is stored, and by `deliver` from its job.
///
/// # Panics
///
/// When one of them cannot be read, or is something else.
pub fn check_readable(event: &Event) {
    let stored = serde_json::to_vec(&StoredEvent::from(event)).and_then(|json| serde_json::from_slice(&json));
    let stored: StoredEvent = stored.unwrap_or_else(|error| panic!("JSON that is no stored event: {error}"));
    let read = Event::try_from(stored);
    assert_eq!(read.unwrap_or_else(|error| panic!("a stored event that cannot be read: {error:?}")), *event);
    let job = Job::first(WebhookId::mint(Timestamp::UNIX_EPOCH, [2; 10]), event);
    let read =
        Job::from_json(&job.to_json()).unwrap_or_else(|error| panic!("a job that deliver cannot read: {error:?}"));
    let Job::Deliver(read) = read else { panic!("another kind of job") };
    let carried = Event { facts: Facts { raw: None, ..event.facts.clone() }, ..event.clone() };
    assert!(read.inline.is_none_or(|inline| *inline == carried), "a job with another event in it");
}

/// It fits into a row.
fn check_size(event: &Event) {
    let stored = StoredEvent::from(event);
    let stored = if matches!(event.facts.raw, Some(Raw::Body { .. })) { stored.without_raw() } else { stored };
    let bytes = serde_json::to_vec(&stored).unwrap_or_default().len();
    assert!(bytes <= MAX_STORED, "{bytes} bytes to store");
}

fn check_facts(provider: Provider, length: usize, facts: &Facts) {
    assert_eq!(facts.provider, provider);
    assert!(!facts.provider_event_id.is_empty(), "no id");
    assert!(facts.event_type == EventType::Bounced || facts.bounce_type.is_none(), "a bounce type of no bounce");
    let message_id = facts.email_message_id.as_deref().unwrap_or("-");
    assert!(!message_id.is_empty() && !message_id.starts_with('<'), "message id {message_id}");
    for text in [&facts.url, &facts.diagnostic, &facts.campaign_id, &facts.client.ip, &facts.client.user_agent] {
        assert!(text.as_ref().is_none_or(|text| !text.is_empty()), "an empty text for an absent one");
    }
    match &facts.raw {
        Some(Raw::Whole(raw)) => assert!(raw.len() <= RAW_LIMIT, "{} bytes kept as an object", raw.len()),
        Some(Raw::Dropped { bytes }) => assert!(*bytes > RAW_LIMIT, "dropped although it has only {bytes} bytes"),
        Some(Raw::Body { kept, bytes }) => {
            assert_eq!(kept.len(), (*bytes).min(UNPARSED_LIMIT), "a body that is cut elsewhere than at the limit");
            // What is not UTF-8 may grow by the characters that replace it.
            assert!(*bytes <= 3 * length, "more kept than came");
        }
        None => panic!("nothing kept of a provider's event"),
    }
}
