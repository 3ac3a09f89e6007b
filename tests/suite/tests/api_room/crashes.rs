//! The crash test of `api`. Every AWS call of every operation that changes something fails twice: once before it takes
//! effect, and once after. The client repeats the request, as our 503 asks it to. After that, what the answers say is
//! so, every row has its owner, each change was told once, and what has to go out goes out.

use std::collections::{BTreeMap, BTreeSet};

use shared::queue::job::Job;
use shared::store::events::event_in_row;
use support::Break;
use support::world::DELIVERIES;

use crate::changing::{OPERATIONS, Operation, Scene};
use crate::owners::faults;

/// Maximum tries of one request. Reason: one call fails, so no request needs more than two.
const MAX_TRIES: usize = 3;

/// Calls without an effect. It makes no difference when they fail.
const READS: [&str; 3] = ["DynamoDB.GetItem", "DynamoDB.Query", "DynamoDB.BatchGetItem"];

/// The answer to a repeated request whose first try has taken effect, if it is another one than the first answer.
fn answer_if_done_already(id: &str) -> Option<u16> {
    match id {
        "deleteWebhook"
        | "deleteMailgunWebhook"
        | "deletePlatformWebhook"
        | "deleteMailjetUrl"
        | "deleteSource"
        | "revokeKey" => Some(404),
        "createMailgunWebhook" | "createMailjetUrl" => Some(400),
        "cancelRecovery" => Some(409),
        // A URL is not challenged again at once.
        "verifyWebhook" => Some(429),
        _ => None,
    }
}

/// The kinds of rows of which a repeated request makes one more, if its first try has taken effect.
fn made_again(id: &str) -> &'static [&'static str] {
    match id {
        "createTenant" => &["TENANT", "ten"],
        "createKey" => &["K", "API"],
        "createWebhook" | "createPlatformWebhook" => &["W"],
        "createSource" => &["S", "INGEST"],
        "recoverWebhook" | "recoverTenant" => &["R"],
        _ => &[],
    }
}

/// What an operation leaves.
struct Left {
    rows: BTreeMap<String, usize>,
    /// The types of the operational events.
    told: Vec<String>,
    /// The kinds of jobs in the deliveries queue.
    jobs: BTreeSet<String>,
}

impl Left {
    fn by(scene: &Scene) -> Self {
        let world = &scene.room.world;
        let events = world.event_rows().unwrap();
        let mut told: Vec<_> =
            events.iter().map(|row| event_in_row(row).unwrap().facts.event_type.as_str().to_owned()).collect();
        told.sort();
        let messages = world.aws.sqs.messages(DELIVERIES);
        let jobs = messages.iter().map(|message| kind(&Job::from_json(&message.body).unwrap())).collect();
        Self { rows: scene.rows(), told, jobs }
    }
}

fn kind(job: &Job) -> String {
    let name = format!("{job:?}");
    name.split('(').next().unwrap_or_default().to_owned()
}

/// Sends a request until its answer is no error of ours.
async fn repeated(scene: &Scene, operation: Operation) -> u16 {
    let mut status = 0;
    for _ in 0..MAX_TRIES {
        status = scene.run(operation).await.status;
        if status < 500 {
            break;
        }
        assert_eq!(status, 503, "{operation:?}: an error of ours is answered 503");
    }
    status
}

async fn fail_each_call(how: Break) {
    let mut failed = 0;
    for operation in OPERATIONS {
        let undisturbed = Box::pin(Scene::of(operation)).await;
        let expected_status = undisturbed.run(operation).await.status;
        let calls = undisturbed.room.world.aws.take_calls();
        let expected = Left::by(&undisturbed);
        for (index, call) in calls.iter().enumerate() {
            if how == Break::After && READS.contains(&call.operation.as_str()) {
                continue;
            }
            let what = format!("{operation:?}: {how:?} call {index}, {} on {}", call.operation, call.resource);
            let scene = Box::pin(Scene::of(operation)).await;
            scene.room.world.aws.break_call(index, how);
            let status = repeated(&scene, operation).await;
            assert!(!scene.room.world.aws.call_off_break(), "{what}: not reached");
            let is_expected = status == expected_status || Some(status) == answer_if_done_already(operation.0);
            assert!(is_expected, "{what}: {status}");
            let left = Left::by(&scene);
            assert_eq!(left.told, expected.told, "{what}");
            assert!(left.jobs.is_superset(&expected.jobs), "{what}: {:?}", left.jobs);
            assert_rows(&left.rows, &expected.rows, operation, &what);
            let registry = scene.room.world.aws.scan_unbroken("registry").unwrap();
            assert_eq!(faults(registry), Vec::<String>::new(), "{what}");
            failed += 1;
        }
    }
    assert!(failed > OPERATIONS.len(), "only {failed} calls");
}

/// The rows are those that the operation leaves, and those of one more object if it was made twice.
fn assert_rows(left: &BTreeMap<String, usize>, expected: &BTreeMap<String, usize>, operation: Operation, what: &str) {
    let again = made_again(operation.0);
    let kinds: BTreeSet<_> = left.keys().chain(expected.keys()).collect();
    let more = |kind: &str| left.get(kind).copied().unwrap_or(0) - expected.get(kind).copied().unwrap_or(0);
    let expected_more = again.first().map_or(0, |kind| more(kind));
    assert!(expected_more <= 1, "{what}: {left:?}");
    for kind in kinds {
        let allowed = if again.contains(&kind.as_str()) { expected_more } else { 0 };
        assert_eq!(
            left.get(kind).copied().unwrap_or(0),
            expected.get(kind).copied().unwrap_or(0) + allowed,
            "{what}: {kind}"
        );
    }
}

#[tokio::test]
async fn every_call_of_every_operation_fails_before_its_effect_and_the_repeated_request_completes_it() {
    Box::pin(fail_each_call(Break::Before)).await;
}

#[tokio::test]
async fn every_call_of_every_operation_fails_after_its_effect_and_the_repeated_request_completes_it() {
    Box::pin(fail_each_call(Break::After)).await;
}
