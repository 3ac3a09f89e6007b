//! Errors that a change of the rooms could make. Each is made in the model, and one invariant finds it. A check that
//! finds none of them would prove nothing.

use stateright::{Checker as _, HasDiscoveries, Model as _};

use crate::properties::{
    ACCOUNTED_FOR, AGREED, CHALLENGED, ENDS, NOT_AGAIN, NOT_BURIED, PROBED, ROUNDS, STAYS_DELIVERED, WAKER, WRITTEN,
};
use crate::scope::{Mutant, Scope};
use crate::scopes;

/// An error, the scope in which it is looked for, and the invariant that it breaks.
type Case = (Mutant, fn() -> Scope, &'static str);

const MUTANTS: [Case; 46] = [
    (Mutant::BuriedAsUnreadable, scopes::two_releases, NOT_BURIED),
    (Mutant::ParkedIsDeleted, scopes::two_releases, ACCOUNTED_FOR),
    (Mutant::AcknowledgeFirst, scopes::answers, ACCOUNTED_FOR),
    (Mutant::AcknowledgeBeforeHandingOver, scopes::answers, ACCOUNTED_FOR),
    (Mutant::ConfirmBeforeDispatch, scopes::answers, ACCOUNTED_FOR),
    (Mutant::FanOutAcknowledgedFirst, scopes::fanning_out, ACCOUNTED_FOR),
    (Mutant::SlotForgetsTheJob, scopes::answers, ACCOUNTED_FOR),
    (Mutant::AcknowledgeBeforeTheSlowQueue, scopes::slow, ACCOUNTED_FOR),
    (Mutant::SlowForEver, scopes::slow, ENDS),
    (Mutant::SameRoundInDeadLetter, scopes::redrives, ACCOUNTED_FOR),
    (Mutant::NoSecondLetter, scopes::redrives, ACCOUNTED_FOR),
    (Mutant::ClaimSkipped, scopes::redrives, NOT_AGAIN),
    (Mutant::RedriveOfDelivered, scopes::redrives, STAYS_DELIVERED),
    (Mutant::RedrivenIsFresh, scopes::poison, NOT_AGAIN),
    (Mutant::LostHoldIsHeld, scopes::overrun, ACCOUNTED_FOR),
    (Mutant::HeldRoundGoesOn, scopes::overrun, ACCOUNTED_FOR),
    (Mutant::HoldIsOverwritten, scopes::overrun, ACCOUNTED_FOR),
    (Mutant::LostClaimDropsLetter, scopes::overrun_letter, ACCOUNTED_FOR),
    (Mutant::UnconditionalWrite, scopes::copies, STAYS_DELIVERED),
    (Mutant::NothingForced, scopes::copies, WRITTEN),
    (Mutant::OldRoundGoesOn, scopes::resending, ROUNDS),
    (Mutant::ForcedWriteLowersRounds, scopes::resending, ROUNDS),
    (Mutant::HoldWithoutLookingAfresh, scopes::holding, WAKER),
    (Mutant::EnableWithoutJobAhead, scopes::holding, WAKER),
    (Mutant::EnablingOutlastsItsDelay, scopes::holding, WAKER),
    (Mutant::EnableKeepsBreaker, scopes::disabled_outage, PROBED),
    (Mutant::ResumeWithoutJobAhead, scopes::resumed_outage, WAKER),
    (Mutant::LiftWithoutRecover, scopes::suspension, WAKER),
    (Mutant::LiftKeepsBreakers, scopes::suspended_outage, PROBED),
    (Mutant::DeletionOutlastsItsDelay, scopes::deletion, WAKER),
    (Mutant::ProbeSentAfterOpening, scopes::broken_outage, PROBED),
    (Mutant::CloseWithoutRecover, scopes::outage, WAKER),
    (Mutant::ClosedProbeIsVoid, scopes::broken_outage, WAKER),
    (Mutant::NoSweep, scopes::lost_probe, ENDS),
    (Mutant::NothingIsOverdue, scopes::lost_wait, ENDS),
    (Mutant::WokenWithoutCondition, scopes::lost_wait, STAYS_DELIVERED),
    (Mutant::NothingHeldEnds, scopes::forgotten, ENDS),
    (Mutant::EndedByTheSweep, scopes::forgotten, ENDS),
    (Mutant::AnswerOfAnotherUrl, scopes::newer_url, AGREED),
    (Mutant::PendingTakesAttempts, scopes::new_url, AGREED),
    (Mutant::VerifiedWithoutRecover, scopes::new_url, WAKER),
    (Mutant::VerifiedKeepsBreaker, scopes::pending_outage, PROBED),
    (Mutant::ChallengeBeforeRow, scopes::new_url, CHALLENGED),
    (Mutant::NoChallengeSent, scopes::new_url, CHALLENGED),
    (Mutant::LiftWithoutChallenge, scopes::pending_and_suspended, CHALLENGED),
    (Mutant::NoChallengeIsLost, scopes::lost_challenge, ENDS),
];

#[test]
#[expect(clippy::print_stdout, reason = "how many worlds it took is worth knowing")]
fn every_error_is_found_out_by_its_invariant() {
    for (mutant, scope, property) in MUTANTS {
        let scope = Scope { mutant: Some(mutant), ..scope() };
        let until_found = HasDiscoveries::AnyOf([property].into());
        let checker = scope.checker().finish_when(until_found).spawn_bfs().join();
        let steps = checker.discovery(property).map(|path| path.into_actions().len());
        println!("{mutant:?}: {} worlds, {steps:?} steps: {property}", checker.unique_state_count());
        assert!(steps.is_some(), "{mutant:?} is not found by: {property}");
    }
}
