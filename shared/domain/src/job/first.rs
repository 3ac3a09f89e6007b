//! The first jobs of one event, one for each webhook that wants it. The event's JSON is written once for all of them.

use serde_json::value::RawValue;

use super::wire::{Kind, Wire};
use super::write::{inline, json_of};
use crate::event::Event;
use crate::id::{EventId, TenantId, WebhookId};
use crate::sqs_characters::escaped;

/// The common part of an event's first jobs.
#[derive(Debug)]
pub struct FirstJobs {
    tenant: TenantId,
    event: EventId,
    inline: Option<Box<RawValue>>,
}

impl FirstJobs {
    /// The first jobs of `event`.
    pub fn of(event: &Event) -> Self {
        let json = inline(event).and_then(|stored| serde_json::to_string(&stored).ok());
        // If the event could not be written, the job would name it without carrying it.
        let inline = json.and_then(|json| RawValue::from_string(escaped(json)).ok());
        Self { tenant: event.tenant, event: event.id, inline }
    }

    /// The jobs' message group: their tenant, as for every job.
    pub fn group(&self) -> String {
        self.tenant.to_string()
    }

    /// The approximate size of each job in bytes: the event that it carries.
    pub fn bytes(&self) -> usize {
        self.inline.as_deref().map_or(0, |inline| inline.get().len())
    }

    /// The JSON of the job for `webhook`: round 0, with the event inline if the event is small enough.
    pub fn to_json(&self, webhook: WebhookId) -> String {
        let wire = Wire {
            event: Some(self.event.to_string()),
            inline: self.inline.as_deref(),
            ..Wire::new(Kind::Deliver, self.tenant, webhook)
        };
        json_of(&wire)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::event::{EventType, Facts, Provider};
    use crate::job::{INLINE_LIMIT, Job};

    #[test]
    fn they_are_the_jobs_that_are_written_one_by_one() {
        let at = Timestamp::UNIX_EPOCH;
        for subject in ["short".to_owned(), "odd \u{fffe}\u{ffff}".to_owned(), "x".repeat(INLINE_LIMIT)] {
            let mut facts = Facts::new(EventType::Bounced, Provider::Own, "email.bounced", "k", at);
            facts.subject = Some(subject);
            let event = Event::accept(facts, TenantId::mint(at, [1; 10]), None, at);
            let first = FirstJobs::of(&event);
            for number in 1..3 {
                let webhook = WebhookId::mint(at, [number; 10]);
                let one = Job::first(webhook, &event);
                assert_eq!((first.to_json(webhook), first.group()), (one.to_json(), one.group()));
            }
        }
    }
}
