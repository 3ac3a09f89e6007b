//! What must hold for every post, from any sender: property tests and fuzz targets check these invariants.

use domain::event::{Event, EventType, Facts, RAW_LIMIT, Raw, UNPARSED_LIMIT};
use domain::id::{SourceId, TenantId};
use domain::provider::{InboundPostError, MAX_PROVIDER_BATCH, Provider, Received, Report};
use jiff::Timestamp;

/// Whether the provider's signature covers every byte of the body, so that no other body is genuine.
pub fn signs_every_byte(provider: Provider) -> bool {
    match provider {
        Provider::SendGrid | Provider::Resend | Provider::MailerSend => true,
        // Mailgun signs timestamp and token, SNS its fields without the white space between them, Mandrill the decoded
        // form. The others sign nothing.
        Provider::Mailgun
        | Provider::Ses
        | Provider::Mandrill
        | Provider::Mailjet
        | Provider::Postmark
        | Provider::SparkPost
        | Provider::Brevo
        | Provider::Generic
        | Provider::Own
        | Provider::Mailhooks => false,
    }
}

/// Checks the result of a post of `provider` with a body of `length` bytes, and returns the post's events, as events of
/// a tenant.
///
/// # Panics
///
/// If an invariant does not hold.
pub fn check(provider: Provider, length: usize, received: Result<Received, InboundPostError>) -> Vec<Event> {
    let received = match received {
        Ok(received) => received,
        Err(InboundPostError::VerificationError(_) | InboundPostError::TooMany { .. }) => return Vec::new(),
        // People write the generic body and can correct it. No other authentic body is refused.
        Err(refusal) => {
            assert_eq!(provider, Provider::Generic, "refused: {refusal}");
            return Vec::new();
        }
    };
    let reports = received.reports;
    assert!(
        received.confirm.is_none() || (provider == Provider::Ses && reports.is_empty()),
        "a handshake must not report events"
    );
    assert!(received.token.is_none() || provider == Provider::Mailgun, "a token of {}", provider.as_str());
    // One SES entry may have many recipients. The envelope has at most 256 KB, and each address at least three bytes.
    assert!(reports.len() <= MAX_PROVIDER_BATCH.max(length), "{} events", reports.len());
    let unparsed = reports.iter().filter(|report| report.facts.event_type == EventType::Unparsed).count();
    assert!(unparsed == 0 || reports.len() == 1, "an unparsed body must be the only event");

    let (tenant, source) =
        (TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]), SourceId::mint(Timestamp::UNIX_EPOCH, [1; 10]));
    let accept = |report: Report| {
        check_facts(provider, length, &report.facts);
        let again = report.clone().accept(tenant, Some(source), Timestamp::UNIX_EPOCH).id;
        let event = report.accept(tenant, Some(source), Timestamp::UNIX_EPOCH);
        assert_eq!(event.id, again, "the id is not stable");
        event
    };
    reports.into_iter().map(accept).collect()
}

fn check_facts(provider: Provider, length: usize, facts: &Facts) {
    assert_eq!(facts.provider, provider);
    assert!(!facts.provider_event_id.is_empty(), "the event has no id");
    assert!(facts.event_type == EventType::Bounced || facts.bounce_type.is_none(), "only a bounce has a bounce type");
    let message_id = facts.email_message_id.as_deref().unwrap_or("-");
    assert!(!message_id.is_empty() && !message_id.starts_with('<'), "message id {message_id}");
    for text in [&facts.url, &facts.diagnostic, &facts.campaign_id, &facts.client.ip, &facts.client.user_agent] {
        assert!(text.as_ref().is_none_or(|text| !text.is_empty()), "an absent text must not be stored as an empty one");
    }
    match &facts.raw {
        Some(Raw::Whole(raw)) => assert!(raw.len() <= RAW_LIMIT, "{} bytes kept as an object", raw.len()),
        Some(Raw::Dropped { bytes }) => assert!(*bytes > RAW_LIMIT, "dropped although it has only {bytes} bytes"),
        Some(Raw::Body { kept, bytes }) => {
            assert_eq!(kept.len(), (*bytes).min(UNPARSED_LIMIT), "the body is not cut at the limit");
            // A body that is not UTF-8 may grow by replacement characters.
            assert!(*bytes <= 3 * length, "the event keeps more bytes than the post has");
        }
        None => panic!("nothing kept of a provider's event"),
    }
}
