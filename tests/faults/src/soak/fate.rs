//! What has become of one delivery, from everything that is known of it. Pure.

use shared::delivery::StateKind;

/// What is known of one (accepted event, webhook that wants it).
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; all of them occur together")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Its row's state, if it has a row.
    pub(super) state: Option<StateKind>,
    /// Its receiver has accepted it.
    pub(super) accepted: bool,
    /// A message that brings it forward is in the deliveries or the retries queue.
    pub(super) queued: bool,
    /// Its letter is in the dead-letter queue.
    pub(super) letter: bool,
    /// Its webhook is disabled, or its breaker is open and has a probe.
    pub(super) holding: bool,
}

/// Where it has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The row says so, and the receiver does.
    Delivered,
    /// Held, for a reason that people see.
    Held,
    /// Given up, and its letter can be redriven.
    Dead,
    /// A message will wake it.
    Waiting,
    /// None of these: in silence.
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
        // Also without a row, or with another state: what SQS itself moves after too many receives is seen there.
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
