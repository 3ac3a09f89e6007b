//! One body of each dialect and event type, as it is sent: the catalogue's examples. Also the event names that the
//! dialects use.

use shared::dialect::Dialect;
use shared::event::{Event, EventType};

use super::{example_of, rendered, text};

/// One line for every type that `dialect` has a name for. Ids of made-up events are replaced in the line, because they
/// are hashes.
fn bodies(dialect: Dialect) -> String {
    let mut lines = Vec::new();
    for event_type in EventType::ALL.iter().filter(|event_type| dialect.name(**event_type).is_some()) {
        let event = example_of(*event_type);
        let body = text(&rendered(dialect, &event)).replace(&event.id.to_string(), "evt_X");
        lines.push(format!("{}: {body}", event_type.as_str()));
    }
    lines.join("\n")
}

#[test]
fn of_mailgreet() {
    insta::assert_snapshot!(bodies(Dialect::Mailgreet), @r#"
    email.delivered: {"event_type":"email.delivered","timestamp":"2026-01-02T03:04:05.678Z","data":{"message_id":"example-1@example.com","campaign_id":"campaign-1","email":"reader@example.com","subject":"An example from mailhooks"}}
    email.bounced: {"event_type":"email.bounced","timestamp":"2026-01-02T03:04:05.678Z","data":{"message_id":"example-1@example.com","campaign_id":"campaign-1","email":"reader@example.com","bounce_type":"hard","bounce_reason":"550 5.1.1 No such user here"}}
    email.opened: {"event_type":"email.opened","timestamp":"2026-01-02T03:04:05.678Z","data":{"message_id":"example-1@example.com","campaign_id":"campaign-1","email":"reader@example.com","ip_address":"203.0.113.7","user_agent":"Mozilla/5.0 (mailhooks example)","opened_at":"2026-01-02T03:04:05.678Z"}}
    email.clicked: {"event_type":"email.clicked","timestamp":"2026-01-02T03:04:05.678Z","data":{"message_id":"example-1@example.com","campaign_id":"campaign-1","email":"reader@example.com","url":"https://example.com/welcome","ip_address":"203.0.113.7","clicked_at":"2026-01-02T03:04:05.678Z"}}
    email.complained: {"event_type":"email.complained","timestamp":"2026-01-02T03:04:05.678Z","data":{"message_id":"example-1@example.com","campaign_id":"campaign-1","email":"reader@example.com"}}
    email.unsubscribed: {"event_type":"subscriber.unsubscribed","timestamp":"2026-01-02T03:04:05.678Z","data":{"campaign_id":"campaign-1","email":"reader@example.com"}}
    subscriber.created: {"event_type":"subscriber.created","timestamp":"2026-01-02T03:04:05.678Z","data":{"subscriber_id":"subscriber-1","email":"reader@example.com","first_name":"Ada","last_name":"Reader","source":"signup-form"}}
    subscriber.unsubscribed: {"event_type":"subscriber.unsubscribed","timestamp":"2026-01-02T03:04:05.678Z","data":{"subscriber_id":"subscriber-1","email":"reader@example.com"}}
    "#);
}

#[test]
fn of_mailjet() {
    insta::assert_snapshot!(bodies(Dialect::Mailjet), @r#"
    email.delivered: {"event":"sent","time":1767323045,"Message_GUID":"example-1@example.com","email":"reader@example.com","customcampaign":"campaign-1","smtp_reply":"250 2.0.0 OK"}
    email.bounced: {"event":"bounce","time":1767323045,"Message_GUID":"example-1@example.com","email":"reader@example.com","customcampaign":"campaign-1","blocked":true,"hard_bounce":true,"error_related_to":"recipient","error":"user unknown","comment":"550 5.1.1 No such user here"}
    email.rejected: {"event":"blocked","time":1767323045,"Message_GUID":"example-1@example.com","email":"reader@example.com","customcampaign":"campaign-1","error_related_to":"mailjet","error":"preblocked"}
    email.failed: {"event":"blocked","time":1767323045,"Message_GUID":"example-1@example.com","email":"reader@example.com","customcampaign":"campaign-1","error_related_to":"content","error":"error in template language"}
    email.opened: {"event":"open","time":1767323045,"Message_GUID":"example-1@example.com","email":"reader@example.com","customcampaign":"campaign-1","ip":"203.0.113.7","geo":"DE","agent":"Mozilla/5.0 (mailhooks example)"}
    email.clicked: {"event":"click","time":1767323045,"Message_GUID":"example-1@example.com","email":"reader@example.com","customcampaign":"campaign-1","url":"https://example.com/welcome","ip":"203.0.113.7","geo":"DE","agent":"Mozilla/5.0 (mailhooks example)"}
    email.complained: {"event":"spam","time":1767323045,"Message_GUID":"example-1@example.com","email":"reader@example.com","customcampaign":"campaign-1"}
    email.unsubscribed: {"event":"unsub","time":1767323045,"Message_GUID":"example-1@example.com","email":"reader@example.com","customcampaign":"campaign-1","ip":"203.0.113.7","geo":"DE","agent":"Mozilla/5.0 (mailhooks example)"}
    subscriber.unsubscribed: {"event":"unsub","time":1767323045,"email":"reader@example.com"}
    "#);
}

#[test]
fn of_mailgun() {
    insta::assert_snapshot!(bodies(Dialect::Mailgun), @r#"
    email.sent: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"accepted","id":"evt_X","timestamp":1767323045.678,"log-level":"info","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"campaigns":[{"id":"campaign-1"}],"user-variables":{"order":7},"message":{"headers":{"message-id":"example-1@example.com","to":"reader@example.com","from":"Example <hello@example.com>","subject":"An example from mailhooks"}}}}
    email.delivered: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"delivered","id":"evt_X","timestamp":1767323045.678,"log-level":"info","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"campaigns":[{"id":"campaign-1"}],"user-variables":{"order":7},"message":{"headers":{"message-id":"example-1@example.com","to":"reader@example.com","from":"Example <hello@example.com>","subject":"An example from mailhooks"}},"delivery-status":{"code":250,"enhanced-code":"2.0.0","message":"250 2.0.0 OK","attempt-no":1}}}
    email.deferred: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"failed","id":"evt_X","timestamp":1767323045.678,"log-level":"warn","severity":"temporary","reason":"generic","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"campaigns":[{"id":"campaign-1"}],"user-variables":{"order":7},"message":{"headers":{"message-id":"example-1@example.com","to":"reader@example.com","from":"Example <hello@example.com>","subject":"An example from mailhooks"}},"delivery-status":{"code":451,"enhanced-code":"4.7.1","message":"451 4.7.1 Try again later","attempt-no":1}}}
    email.bounced: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"failed","id":"evt_X","timestamp":1767323045.678,"log-level":"error","severity":"permanent","reason":"bounce","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"campaigns":[{"id":"campaign-1"}],"user-variables":{"order":7},"message":{"headers":{"message-id":"example-1@example.com","to":"reader@example.com","from":"Example <hello@example.com>","subject":"An example from mailhooks"}},"delivery-status":{"code":550,"enhanced-code":"5.1.1","message":"550 5.1.1 No such user here","attempt-no":1}}}
    email.rejected: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"rejected","id":"evt_X","timestamp":1767323045.678,"log-level":"warn","reason":"suppressed","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"campaigns":[{"id":"campaign-1"}],"user-variables":{"order":7},"message":{"headers":{"message-id":"example-1@example.com","to":"reader@example.com","from":"Example <hello@example.com>","subject":"An example from mailhooks"}}}}
    email.failed: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"failed","id":"evt_X","timestamp":1767323045.678,"log-level":"error","severity":"permanent","reason":"rendering","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"campaigns":[{"id":"campaign-1"}],"user-variables":{"order":7},"message":{"headers":{"message-id":"example-1@example.com","to":"reader@example.com","from":"Example <hello@example.com>","subject":"An example from mailhooks"}}}}
    email.opened: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"opened","id":"evt_X","timestamp":1767323045.678,"log-level":"info","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"campaigns":[{"id":"campaign-1"}],"user-variables":{"order":7},"message":{"headers":{"message-id":"example-1@example.com","to":"reader@example.com","from":"Example <hello@example.com>","subject":"An example from mailhooks"}},"ip":"203.0.113.7","geolocation":{"country":"DE","city":"Ulm"},"client-info":{"client-name":"Firefox","client-os":"Linux","device-type":"desktop","user-agent":"Mozilla/5.0 (mailhooks example)"}}}
    email.clicked: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"clicked","id":"evt_X","timestamp":1767323045.678,"log-level":"info","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"campaigns":[{"id":"campaign-1"}],"user-variables":{"order":7},"message":{"headers":{"message-id":"example-1@example.com","to":"reader@example.com","from":"Example <hello@example.com>","subject":"An example from mailhooks"}},"url":"https://example.com/welcome","ip":"203.0.113.7","geolocation":{"country":"DE","city":"Ulm"},"client-info":{"client-name":"Firefox","client-os":"Linux","device-type":"desktop","user-agent":"Mozilla/5.0 (mailhooks example)"}}}
    email.complained: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"complained","id":"evt_X","timestamp":1767323045.678,"log-level":"warn","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"campaigns":[{"id":"campaign-1"}],"user-variables":{"order":7},"message":{"headers":{"message-id":"example-1@example.com","to":"reader@example.com","from":"Example <hello@example.com>","subject":"An example from mailhooks"}}}}
    email.unsubscribed: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"unsubscribed","id":"evt_X","timestamp":1767323045.678,"log-level":"info","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"campaigns":[{"id":"campaign-1"}],"user-variables":{"order":7},"message":{"headers":{"message-id":"example-1@example.com","to":"reader@example.com","from":"Example <hello@example.com>","subject":"An example from mailhooks"}},"ip":"203.0.113.7","geolocation":{"country":"DE","city":"Ulm"},"client-info":{"client-name":"Firefox","client-os":"Linux","device-type":"desktop","user-agent":"Mozilla/5.0 (mailhooks example)"}}}
    subscriber.unsubscribed: {"signature":{"timestamp":"1767398400","token":"d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d","signature":"92e707878e1ea5772f12a755a6e46228502b509c7a73bae9f6ae88a1b0118010"},"event-data":{"event":"unsubscribed","id":"evt_X","timestamp":1767323045.678,"log-level":"info","recipient":"reader@example.com","recipient-domain":"example.com","domain":{"name":"example.com"},"tags":["welcome"],"user-variables":{"order":7},"message":{"headers":{"to":"reader@example.com","from":"Example <hello@example.com>"}}}}
    "#);
}

#[test]
fn of_mailgun_legacy() {
    insta::assert_snapshot!(bodies(Dialect::MailgunLegacy), @r#"
    email.sent: event=accepted&recipient=reader%40example.com&domain=example.com&Message-Id=%3Cexample-1%40example.com%3E&campaign-id=campaign-1&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    email.delivered: event=delivered&recipient=reader%40example.com&domain=example.com&Message-Id=%3Cexample-1%40example.com%3E&campaign-id=campaign-1&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    email.deferred: event=failed&recipient=reader%40example.com&domain=example.com&Message-Id=%3Cexample-1%40example.com%3E&severity=temporary&code=451&description=451+4.7.1+Try+again+later&campaign-id=campaign-1&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    email.bounced: event=bounced&recipient=reader%40example.com&domain=example.com&Message-Id=%3Cexample-1%40example.com%3E&code=550&error=550+5.1.1+No+such+user+here&campaign-id=campaign-1&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    email.rejected: event=dropped&recipient=reader%40example.com&domain=example.com&Message-Id=%3Cexample-1%40example.com%3E&reason=hardfail&campaign-id=campaign-1&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    email.failed: event=dropped&recipient=reader%40example.com&domain=example.com&Message-Id=%3Cexample-1%40example.com%3E&reason=hardfail&campaign-id=campaign-1&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    email.opened: event=opened&recipient=reader%40example.com&domain=example.com&Message-Id=%3Cexample-1%40example.com%3E&ip=203.0.113.7&country=DE&city=Ulm&client-name=Firefox&client-os=Linux&device-type=desktop&user-agent=Mozilla%2F5.0+%28mailhooks+example%29&campaign-id=campaign-1&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    email.clicked: event=clicked&recipient=reader%40example.com&domain=example.com&Message-Id=%3Cexample-1%40example.com%3E&url=https%3A%2F%2Fexample.com%2Fwelcome&ip=203.0.113.7&country=DE&city=Ulm&client-name=Firefox&client-os=Linux&device-type=desktop&user-agent=Mozilla%2F5.0+%28mailhooks+example%29&campaign-id=campaign-1&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    email.complained: event=complained&recipient=reader%40example.com&domain=example.com&Message-Id=%3Cexample-1%40example.com%3E&campaign-id=campaign-1&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    email.unsubscribed: event=unsubscribed&recipient=reader%40example.com&domain=example.com&Message-Id=%3Cexample-1%40example.com%3E&ip=203.0.113.7&country=DE&city=Ulm&client-name=Firefox&client-os=Linux&device-type=desktop&user-agent=Mozilla%2F5.0+%28mailhooks+example%29&campaign-id=campaign-1&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    subscriber.unsubscribed: event=unsubscribed&recipient=reader%40example.com&domain=example.com&tag=welcome&order=7&timestamp=1767323045&token=d76a6486934f57a6fb201ac841bef3ac2fc63145711551da9d&signature=57805f4c021aec7bea10dc29fcf001481be73f0f9bcd824489f1d351c09a2115
    "#);
}

#[test]
fn of_mailtura() {
    insta::assert_snapshot!(bodies(Dialect::Mailtura), @r#"
    email.sent: {"id":"evt_X","type":"email.sent","timestamp":"2026-01-03T00:00:00.123Z","data":{"emailId":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","sentAt":"2026-01-02T03:04:05.678Z"}}
    email.delivered: {"id":"evt_X","type":"email.delivered","timestamp":"2026-01-03T00:00:00.123Z","data":{"emailId":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","deliveredAt":"2026-01-02T03:04:05.678Z"}}
    email.bounced: {"id":"evt_X","type":"email.bounced","timestamp":"2026-01-03T00:00:00.123Z","data":{"emailId":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","bouncedAt":"2026-01-02T03:04:05.678Z","bounceType":"hard","reason":"550 5.1.1 No such user here","diagnosticCode":"550 5.1.1"}}
    email.rejected: {"id":"evt_X","type":"email.failed","timestamp":"2026-01-03T00:00:00.123Z","data":{"emailId":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","failedAt":"2026-01-02T03:04:05.678Z","reason":"suppressed"}}
    email.failed: {"id":"evt_X","type":"email.failed","timestamp":"2026-01-03T00:00:00.123Z","data":{"emailId":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","failedAt":"2026-01-02T03:04:05.678Z","reason":"rendering"}}
    email.opened: {"id":"evt_X","type":"email.opened","timestamp":"2026-01-03T00:00:00.123Z","data":{"emailId":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","openedAt":"2026-01-02T03:04:05.678Z","userAgent":"Mozilla/5.0 (mailhooks example)","ipAddress":"203.0.113.7"}}
    email.clicked: {"id":"evt_X","type":"email.clicked","timestamp":"2026-01-03T00:00:00.123Z","data":{"emailId":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","url":"https://example.com/welcome","clickedAt":"2026-01-02T03:04:05.678Z","userAgent":"Mozilla/5.0 (mailhooks example)","ipAddress":"203.0.113.7"}}
    email.complained: {"id":"evt_X","type":"email.complained","timestamp":"2026-01-03T00:00:00.123Z","data":{"emailId":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","complainedAt":"2026-01-02T03:04:05.678Z"}}
    "#);
}

#[test]
fn of_the_platform() {
    insta::assert_snapshot!(bodies(Dialect::Platform), @r#"
    email.delivered: {"type":"email.delivery","email_id":"example-1@example.com","recipient":"reader@example.com","timestamp":"2026-01-02T03:04:05.678Z","smtp_code":250,"reason":"250 2.0.0 OK"}
    email.bounced: {"type":"email.bounce","email_id":"example-1@example.com","recipient":"reader@example.com","timestamp":"2026-01-02T03:04:05.678Z","bounce_type":"hard","smtp_code":550,"reason":"550 5.1.1 No such user here"}
    email.opened: {"type":"email.open","email_id":"example-1@example.com","recipient":"reader@example.com","timestamp":"2026-01-02T03:04:05.678Z","ip":"203.0.113.7","user_agent":"Mozilla/5.0 (mailhooks example)"}
    email.clicked: {"type":"email.click","email_id":"example-1@example.com","recipient":"reader@example.com","timestamp":"2026-01-02T03:04:05.678Z","url":"https://example.com/welcome","ip":"203.0.113.7","user_agent":"Mozilla/5.0 (mailhooks example)"}
    email.complained: {"type":"email.complaint","email_id":"example-1@example.com","recipient":"reader@example.com","timestamp":"2026-01-02T03:04:05.678Z"}
    email.unsubscribed: {"type":"email.unsubscribe","email_id":"example-1@example.com","recipient":"reader@example.com","timestamp":"2026-01-02T03:04:05.678Z","ip":"203.0.113.7","user_agent":"Mozilla/5.0 (mailhooks example)"}
    subscriber.unsubscribed: {"type":"email.unsubscribe","recipient":"reader@example.com","timestamp":"2026-01-02T03:04:05.678Z"}
    "#);
}

#[test]
fn of_standard() {
    insta::assert_snapshot!(bodies(Dialect::Standard), @r#"
    email.sent: {"type":"email.sent","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.sent","provider_event_id":"example-1"}}}
    email.delivered: {"type":"email.delivered","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.delivered","provider_event_id":"example-1"},"bounce":{"smtp_code":250,"enhanced_code":"2.0.0","diagnostic":"250 2.0.0 OK"}}}
    email.deferred: {"type":"email.deferred","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.deferred","provider_event_id":"example-1"},"bounce":{"type":"soft","smtp_code":451,"enhanced_code":"4.7.1","diagnostic":"451 4.7.1 Try again later"}}}
    email.bounced: {"type":"email.bounced","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.bounced","provider_event_id":"example-1"},"bounce":{"type":"hard","smtp_code":550,"enhanced_code":"5.1.1","diagnostic":"550 5.1.1 No such user here"}}}
    email.rejected: {"type":"email.rejected","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.rejected","provider_event_id":"example-1"},"reject":{"reason":"suppressed"}}}
    email.failed: {"type":"email.failed","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.failed","provider_event_id":"example-1"},"reject":{"reason":"rendering"}}}
    email.opened: {"type":"email.opened","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.opened","provider_event_id":"example-1"},"client":{"ip":"203.0.113.7","user_agent":"Mozilla/5.0 (mailhooks example)","geo":{"country":"DE","city":"Ulm"},"machine":false}}}
    email.clicked: {"type":"email.clicked","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.clicked","provider_event_id":"example-1"},"click":{"url":"https://example.com/welcome"},"client":{"ip":"203.0.113.7","user_agent":"Mozilla/5.0 (mailhooks example)","geo":{"country":"DE","city":"Ulm"}}}}
    email.complained: {"type":"email.complained","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.complained","provider_event_id":"example-1"}}}
    email.unsubscribed: {"type":"email.unsubscribed","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.unsubscribed","provider_event_id":"example-1"},"client":{"ip":"203.0.113.7","user_agent":"Mozilla/5.0 (mailhooks example)","geo":{"country":"DE","city":"Ulm"}}}}
    email.subscribed: {"type":"email.subscribed","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.subscribed","provider_event_id":"example-1"}}}
    subscriber.created: {"type":"subscriber.created","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","recipient":"reader@example.com","subscriber_id":"subscriber-1","tags":["welcome"],"metadata":{"first_name":"Ada","last_name":"Reader","order":7,"source":"signup-form"},"source":{"provider":"own","provider_event":"subscriber.created","provider_event_id":"example-1"}}}
    subscriber.unsubscribed: {"type":"subscriber.unsubscribed","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","recipient":"reader@example.com","subscriber_id":"subscriber-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"subscriber.unsubscribed","provider_event_id":"example-1"}}}
    email.unknown: {"type":"email.unknown","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","message_id":"example-1@example.com","recipient":"reader@example.com","subject":"An example from mailhooks","campaign_id":"campaign-1","tags":["welcome"],"metadata":{"order":7},"source":{"provider":"own","provider_event":"email.unknown","provider_event_id":"example-1"}}}
    "#);
}

/// Mailjet's version 2 sends the same body in an array.
#[test]
fn of_mailjets_second_version() {
    let events = [example_of(EventType::Opened), example_of(EventType::Clicked)];
    let one = text(&rendered(Dialect::MailjetV2, &events[0])).to_owned();
    assert_eq!(one, format!("[{}]", text(&rendered(Dialect::Mailjet, &events[0]))));
    let secret = shared::secret::SigningSecret::parse(super::SECRET).unwrap();
    let envelope = shared::dialect::Envelope {
        id: "batch_x",
        webhook: super::webhook(),
        at: super::attempted_at(),
        secrets: &[&secret],
    };
    let both = Dialect::MailjetV2.render_all(&events[0], &[&events[1]], &envelope);
    let [first, second] = events.each_ref().map(|event| text(&rendered(Dialect::Mailjet, event)).to_owned());
    assert_eq!(text(&both), format!("[{first},{second}]"));
    assert_eq!(both.headers[0], ("webhook-id", "batch_x".to_owned()));
}

/// If a field is given twice, some receivers read the first one and some the last one.
#[test]
fn a_senders_variable_is_never_taken_for_a_field_of_the_form() {
    let mut event = example_of(EventType::Clicked);
    let claims =
        [("event", "complained"), ("recipient", "victim@example.com"), ("url", "x"), ("token", "x"), ("shop", "north")];
    for (name, value) in claims.into_iter().chain([("X-Mailgun-Tag", "x")]) {
        event.facts.metadata.insert(name.to_owned(), value.into());
    }
    let form = rendered(Dialect::MailgunLegacy, &event);
    let fields: Vec<_> = url::form_urlencoded::parse(&form.body).collect();
    let values = |name: &str| -> Vec<_> {
        fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_ref()).collect()
    };
    assert_eq!((values("event"), values("recipient")), (vec!["clicked"], vec!["reader@example.com"]));
    assert_eq!((values("url").len(), values("token").len(), values("shop")), (1, 1, vec!["north"]));
    // Another name that Mailgun uses. A receiver would take it for a tag of the email.
    assert!(values("X-Mailgun-Tag").is_empty());
}

/// A receiver that takes a made-up subscriber id for a real one would add the subscriber to its list.
#[test]
fn test_events_say_that_they_are() {
    for dialect in Dialect::ALL {
        for event_type in EventType::ALL.iter().filter(|event_type| dialect.name(**event_type).is_some()) {
            let event = example_of(*event_type);
            let mark = match dialect {
                Dialect::Mailgun => r#""flags":{"is-test-mode":true}"#,
                Dialect::MailgunLegacy => "&test=true&",
                Dialect::Standard
                | Dialect::Platform
                | Dialect::Mailgreet
                | Dialect::Mailjet
                | Dialect::MailjetV2
                | Dialect::Mailtura => r#""test":true"#,
            };
            let marked = |event: &Event| text(&rendered(*dialect, event)).contains(mark);
            assert!(!marked(&event), "{}", dialect.as_str());
            assert!(marked(&Event { test: true, ..event }), "{}", dialect.as_str());
        }
    }
}

/// The canonical name, then the names in every dialect, in both directions.
#[test]
fn words() {
    let mut lines = Vec::new();
    for event_type in EventType::ALL {
        let words = Dialect::ALL.iter().filter_map(|dialect| {
            let word = dialect.name(*event_type)?;
            Some(format!("{}={word}", dialect.as_str()))
        });
        lines.push(format!("{}: {}", event_type.as_str(), words.collect::<Vec<_>>().join(" ")));
    }
    for dialect in Dialect::ALL {
        for name in dialect.known_names() {
            let types: Vec<_> = dialect.types_named(name).iter().map(|meant| meant.as_str()).collect();
            if types != [name] {
                lines.push(format!("{} {name}: {}", dialect.as_str(), types.join(", ")));
            }
        }
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    email.sent: standard=email.sent mailgun=accepted mailgun_legacy=accepted mailtura=email.sent
    email.delivered: standard=email.delivered platform=email.delivery mailgreet=email.delivered mailjet=sent mailjet_v2=sent mailgun=delivered mailgun_legacy=delivered mailtura=email.delivered
    email.deferred: standard=email.deferred mailgun=failed mailgun_legacy=failed
    email.bounced: standard=email.bounced platform=email.bounce mailgreet=email.bounced mailjet=bounce mailjet_v2=bounce mailgun=failed mailgun_legacy=bounced mailtura=email.bounced
    email.rejected: standard=email.rejected mailjet=blocked mailjet_v2=blocked mailgun=rejected mailgun_legacy=dropped mailtura=email.failed
    email.failed: standard=email.failed mailjet=blocked mailjet_v2=blocked mailgun=failed mailgun_legacy=dropped mailtura=email.failed
    email.opened: standard=email.opened platform=email.open mailgreet=email.opened mailjet=open mailjet_v2=open mailgun=opened mailgun_legacy=opened mailtura=email.opened
    email.clicked: standard=email.clicked platform=email.click mailgreet=email.clicked mailjet=click mailjet_v2=click mailgun=clicked mailgun_legacy=clicked mailtura=email.clicked
    email.complained: standard=email.complained platform=email.complaint mailgreet=email.complained mailjet=spam mailjet_v2=spam mailgun=complained mailgun_legacy=complained mailtura=email.complained
    email.unsubscribed: standard=email.unsubscribed platform=email.unsubscribe mailgreet=subscriber.unsubscribed mailjet=unsub mailjet_v2=unsub mailgun=unsubscribed mailgun_legacy=unsubscribed
    email.subscribed: standard=email.subscribed
    subscriber.created: standard=subscriber.created mailgreet=subscriber.created
    subscriber.unsubscribed: standard=subscriber.unsubscribed platform=email.unsubscribe mailgreet=subscriber.unsubscribed mailjet=unsub mailjet_v2=unsub mailgun=unsubscribed mailgun_legacy=unsubscribed
    email.unknown: standard=email.unknown
    platform email.delivery: email.delivered
    platform delivery: email.delivered
    platform email.bounce: email.bounced
    platform bounce: email.bounced
    platform email.open: email.opened
    platform open: email.opened
    platform email.click: email.clicked
    platform click: email.clicked
    platform email.complaint: email.complained
    platform complaint: email.complained
    platform email.unsubscribe: email.unsubscribed, subscriber.unsubscribed
    platform unsubscribe: email.unsubscribed, subscriber.unsubscribed
    mailgreet subscriber.unsubscribed: email.unsubscribed, subscriber.unsubscribed
    mailjet sent: email.delivered
    mailjet bounce: email.bounced
    mailjet blocked: email.rejected, email.failed
    mailjet open: email.opened
    mailjet click: email.clicked
    mailjet spam: email.complained
    mailjet unsub: email.unsubscribed, subscriber.unsubscribed
    mailjet_v2 sent: email.delivered
    mailjet_v2 bounce: email.bounced
    mailjet_v2 blocked: email.rejected, email.failed
    mailjet_v2 open: email.opened
    mailjet_v2 click: email.clicked
    mailjet_v2 spam: email.complained
    mailjet_v2 unsub: email.unsubscribed, subscriber.unsubscribed
    mailgun accepted: email.sent
    mailgun delivered: email.delivered
    mailgun failed: email.deferred, email.bounced, email.failed
    mailgun temporary_fail: email.deferred
    mailgun permanent_fail: email.bounced, email.failed
    mailgun rejected: email.rejected
    mailgun opened: email.opened
    mailgun clicked: email.clicked
    mailgun complained: email.complained
    mailgun unsubscribed: email.unsubscribed, subscriber.unsubscribed
    mailgun_legacy accepted: email.sent
    mailgun_legacy delivered: email.delivered
    mailgun_legacy failed: email.deferred, email.bounced, email.failed
    mailgun_legacy temporary_fail: email.deferred
    mailgun_legacy bounced: email.bounced
    mailgun_legacy dropped: email.bounced, email.rejected, email.failed
    mailgun_legacy permanent_fail: email.bounced, email.failed
    mailgun_legacy rejected: email.rejected
    mailgun_legacy opened: email.opened
    mailgun_legacy clicked: email.clicked
    mailgun_legacy complained: email.complained
    mailgun_legacy unsubscribed: email.unsubscribed, subscriber.unsubscribed
    mailtura sent: email.sent
    mailtura delivered: email.delivered
    mailtura bounced: email.bounced
    mailtura email.failed: email.rejected, email.failed
    mailtura failed: email.rejected, email.failed
    mailtura opened: email.opened
    mailtura clicked: email.clicked
    mailtura complained: email.complained
    "#);
}
