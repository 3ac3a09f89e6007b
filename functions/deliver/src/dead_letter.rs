//! Dead letters: what goes to the dead-letter queue, for people and for a redrive.

use shared::delivery::DeadReason;
use shared::queue::Outgoing;
use shared::queue::job::{DeliverJob, Job};

use crate::disposition::Disposition;

/// Group of messages that name no delivery.
pub(crate) const NO_GROUP: &str = "unreadable";

/// The dead letter of a job. Its attributes say to people which delivery is dead, and why.
pub(crate) fn dead_letter(job: &DeliverJob, reason: DeadReason) -> Disposition {
    let mut letter = Outgoing::now(&Job::Deliver(job.dead_letter()));
    letter.attributes = vec![
        ("reason", reason.as_str().to_owned()),
        ("tenant", job.tenant.to_string()),
        ("webhook", job.webhook.to_string()),
        ("event", job.event.to_string()),
    ];
    Disposition::DeadLetter(letter)
}

/// The dead letter of a message that names no delivery: the message as it is.
pub(crate) fn unreadable(body: &str) -> Disposition {
    Disposition::DeadLetter(Outgoing {
        body: body.to_owned(),
        group: NO_GROUP.to_owned(),
        delay_seconds: 0,
        attributes: vec![("reason", DeadReason::Unreadable.as_str().to_owned())],
    })
}
