//! A provider's event, delivered in the provider's own dialect, is the same event to our own parser.

use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::dialect::{Dialect, Rendered};
use shared::event::Event;
use shared::provider::{Post, Provider, receive};
use shared::secret::VerificationSecret;
use shared::source::{Trust, Verification};
use tests::conformance::{Fixture, own_fixtures};
use tests::normalised::{events, owner};

use super::{SECRET, attempted_at, rendered};

/// The dialects in which an event of `fixture` is what its provider sent.
fn own_dialects(fixture: &Fixture) -> &'static [Dialect] {
    let form = fixture.headers[header::CONTENT_TYPE] == "application/x-www-form-urlencoded";
    match fixture.provider {
        Provider::Mailgun if form => &[Dialect::MailgunLegacy],
        Provider::Mailgun => &[Dialect::Mailgun],
        Provider::Mailjet => &[Dialect::Mailjet, Dialect::MailjetV2],
        _ => &[],
    }
}

/// What a source of ours makes of a delivery, as the conformance command shows it.
fn taken_in(provider: Provider, post: &Rendered, now: Timestamp) -> Vec<Value> {
    let verification = match provider {
        Provider::Mailgun => Verification::SigningKey(VerificationSecret::parse(SECRET).unwrap()),
        _ => Verification::Unsigned,
    };
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(post.content_type))]);
    let received = receive(provider, &Trust::verified_by(verification), &Post::new(&headers, &post.body), now).unwrap();
    events(received.reports, now).iter().map(|shown| serde_json::to_value(shown).unwrap()).collect()
}

/// Members in which the two may differ, and why.
fn may_differ(dialect: Dialect, member: &str) -> bool {
    match (dialect, member) {
        // Derived from the provider's id, see below.
        (_, "id") => true,
        // A form has no id but its token, and each of our deliveries has one of its own. An id that Mailjet's events do
        // not have is made of their fields, one of which Mailjet writes in two ways.
        (Dialect::MailgunLegacy | Dialect::Mailjet | Dialect::MailjetV2, "event_id") => true,
        _ => false,
    }
}

#[test]
fn every_fixture_of_mailgun_and_mailjet_comes_back_as_it_was() {
    let mut compared = 0;
    for fixture in own_fixtures() {
        for dialect in own_dialects(&fixture) {
            let reports = fixture.receive().unwrap().reports;
            let (tenant, source) = owner();
            let before: Vec<_> =
                events(reports.clone(), fixture.now).iter().map(|shown| serde_json::to_value(shown).unwrap()).collect();
            for (report, before) in reports.into_iter().zip(before) {
                let event: Event = report.accept(tenant, Some(source), fixture.now);
                // A legacy form is signed as of the event's own time.
                let now = match dialect {
                    Dialect::MailgunLegacy => event.facts.occurred_at + SignedDuration::from_secs(5),
                    _ => attempted_at(),
                };
                let after = taken_in(fixture.provider, &rendered(*dialect, &event), now);
                assert_eq!(after.len(), 1, "{}", fixture.id);
                for (member, value) in before.as_object().unwrap() {
                    if !may_differ(*dialect, member) {
                        assert_eq!(after[0][member], *value, "{member} of {} in {}", fixture.id, dialect.as_str());
                    }
                }
                compared += 1;
            }
        }
    }
    // Nine of Mailgun in one dialect each, eight of Mailjet in both of its.
    assert_eq!(compared, 9 + 2 * 8);
}
