//! Ids for events without an id of the provider.

use sha2::{Digest, Sha256};

use super::Provider;

/// What distinguishes one event of a source from another without an id.
///
/// The position in the batch is not part of it, because some providers regroup events on a retry. Address and user
/// agent are not part of it, because they differ between repeats. The price: two identical clicks within the provider's
/// time resolution count as one.
#[derive(Debug)]
pub(super) struct Identity<'a> {
    pub provider: Provider,
    /// The provider's name of the event, as received.
    pub event: &'a str,
    pub message_id: Option<&'a str>,
    pub recipient: Option<&'a str>,
    /// The time as received, not as parsed.
    pub timestamp: Option<&'a str>,
    /// The clicked link, or the diagnostic text.
    pub discriminator: Option<&'a str>,
}

/// A stable id for `identity`: SHA-256 over its parts, each with its length before it. Tenant and source are added when
/// the event's own id is derived.
pub(super) fn synthetic_id(identity: &Identity<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(b"mailhooks synthetic id 1");
    let optional = [identity.message_id, identity.recipient, identity.timestamp, identity.discriminator];
    let parts = [Some(identity.provider.as_str()), Some(identity.event)].into_iter().chain(optional);
    for part in parts.map(Option::unwrap_or_default) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    format!("synthetic-{}", hex::encode(&hash.finalize()[..20]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(parts: &[String; 5]) -> String {
        let [event, message_id, recipient, timestamp, discriminator] = parts;
        synthetic_id(&Identity {
            provider: Provider::Generic,
            event,
            message_id: Some(message_id),
            recipient: Some(recipient),
            timestamp: Some(timestamp),
            discriminator: Some(discriminator),
        })
    }

    proptest! {
        #[test]
        fn is_stable_and_parts_do_not_run_together(a: [String; 5], b: [String; 5]) {
            prop_assert_eq!(id(&a), id(&a));
            prop_assert_eq!(id(&a) == id(&b), a == b);
        }

        #[test]
        fn a_character_moved_to_the_next_part_is_another_event(parts: [String; 5]) {
            let mut moved = parts.clone();
            if let Some(last) = moved[0].pop() {
                moved[1].insert(0, last);
                prop_assert_ne!(id(&parts), id(&moved));
            }
        }
    }
}
