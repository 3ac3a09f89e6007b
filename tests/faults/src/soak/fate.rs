//! Decides the fate of one delivery from all evidence. This module is pure.

use shared::delivery::StateKind;

/// The evidence about one pair of an accepted event and a webhook that subscribes to it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; all of them occur together")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    /// The state of the delivery's row, if the row exists.
    pub(super) state: Option<StateKind>,
    /// The receiver has accepted the delivery.
    pub(super) accepted: bool,
    /// A message that will continue the delivery is in the deliveries or the retries queue.
    pub(super) queued: bool,
    /// The delivery's message is in the dead-letter queue.
    pub(super) letter: bool,
    /// The webhook is disabled, or its breaker is open and has a probe.
    pub(super) holding: bool,
}

/// The fate of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Both the row and the receiver say that it is delivered.
    Delivered,
    /// Held, for a reason that people can see.
    Held,
    /// Dead, and its message can be redriven.
    Dead,
    /// A message will continue it.
    Waiting,
    /// None of the above: the delivery is lost, and nothing says so.
    Lost(&'static str),
}

/// The fate that follows from the evidence.
pub(super) fn fate(evidence: Evidence) -> Fate {
    match evidence.state {
        Some(StateKind::Delivered) if evidence.accepted => Fate::Delivered,
        Some(StateKind::Delivered) => Fate::Lost("its row says delivered, but its receiver never accepted it"),
        Some(StateKind::Discarded) => Fate::Lost("discarded, though its webhook is there"),
        Some(StateKind::Held) if evidence.holding => Fate::Held,
        _ if evidence.queued => Fate::Waiting,
        // The delivery counts as dead even if its row is missing or has another state. Reason: SQS itself moves a
        // message after too many receives, and people see it in the dead-letter queue.
        _ if evidence.letter => Fate::Dead,
        Some(StateKind::Dead) => Fate::Lost("dead, without a letter"),
        Some(StateKind::Held) => Fate::Lost("held, but nothing holds it and nothing wakes it"),
        Some(StateKind::Waiting) => Fate::Lost("waiting, but no message wakes it"),
        None => Fate::Lost("accepted, but there is no row and no message"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_well_without_what_wakes_it_or_shows_it() {
        let of = |state| Evidence { state, ..Evidence::default() };
        for state in StateKind::ALL.iter().copied().map(Some).chain([None]) {
            assert!(matches!(fate(of(state)), Fate::Lost(_)), "{state:?}");
        }
        for (evidence, expected) in [
            (Evidence { accepted: true, ..of(Some(StateKind::Delivered)) }, Fate::Delivered),
            (Evidence { holding: true, ..of(Some(StateKind::Held)) }, Fate::Held),
            (Evidence { letter: true, ..of(Some(StateKind::Dead)) }, Fate::Dead),
            (Evidence { letter: true, queued: true, ..of(Some(StateKind::Dead)) }, Fate::Waiting),
            (Evidence { queued: true, ..of(Some(StateKind::Waiting)) }, Fate::Waiting),
            (Evidence { queued: true, ..of(None) }, Fate::Waiting),
        ] {
            assert_eq!(fate(evidence), expected, "{evidence:?}");
        }
        let unheard = Evidence { queued: true, ..of(Some(StateKind::Delivered)) };
        assert!(matches!(fate(unheard), Fate::Lost(_)));
    }
}
