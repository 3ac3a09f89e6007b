//! Every operation that changes something meets a busy row, or loses DynamoDB's answer, at each of its writes.

use std::collections::BTreeMap;

use support::{Break, World};

use crate::changing::{OPERATIONS, Operation, Scene};

/// DynamoDB's operations that a transaction of another caller can refuse.
const WRITES: [&str; 4] =
    ["DynamoDB.TransactWriteItems", "DynamoDB.PutItem", "DynamoDB.UpdateItem", "DynamoDB.DeleteItem"];

/// What an operation answers and leaves when nothing goes wrong, and which of its calls are writes.
struct Undisturbed {
    status: u16,
    rows: BTreeMap<String, usize>,
    writes: Vec<usize>,
}

async fn undisturbed(operation: Operation) -> Undisturbed {
    let scene = Box::pin(Scene::of(operation)).await;
    let answer = scene.run(operation).await;
    assert!((200..300).contains(&answer.status), "{operation:?}: {answer}");
    let calls = scene.room.world.aws.take_calls();
    let writes = (0..calls.len()).filter(|index| WRITES.contains(&calls[*index].operation.as_str())).collect();
    Undisturbed { status: answer.status, rows: scene.rows(), writes }
}

/// Breaks each write of each operation, in a world of its own, and compares answer and rows with those of an
/// undisturbed run.
async fn break_each_write(how: Break, world: impl AsyncFn() -> World) {
    let mut broken = 0;
    for operation in OPERATIONS {
        let expected = Box::pin(undisturbed(operation)).await;
        for index in expected.writes {
            let scene = Box::pin(Scene::in_world(world().await, operation)).await;
            scene.room.world.aws.break_call(index, how);
            let answer = scene.run(operation).await;
            let what = format!("{how:?} at call {index} of {operation:?}: {answer}");
            assert!(!scene.room.world.aws.call_off_break(), "{what}: not reached");
            assert_eq!(answer.status, expected.status, "{what}");
            assert_eq!(scene.rows(), expected.rows, "{what}");
            broken += 1;
        }
    }
    assert!(broken >= OPERATIONS.len(), "only {broken} writes");
}

#[tokio::test]
async fn each_write_of_each_operation_is_repeated_when_its_row_is_busy() {
    Box::pin(break_each_write(Break::Collision, async || World::start().await.unwrap())).await;
}

/// The SDK repeats the call, which meets its own effect. The client gets its success.
#[tokio::test]
async fn each_write_of_each_operation_is_a_success_when_its_answer_was_lost() {
    Box::pin(break_each_write(Break::After, async || World::start_with_retries().await.unwrap())).await;
}

#[tokio::test]
async fn rows_that_stay_busy_are_told_as_unavailable_and_never_as_gone_or_done() {
    for operation in OPERATIONS {
        if Box::pin(undisturbed(operation)).await.writes.is_empty() {
            continue;
        }
        let scene = Box::pin(Scene::of(operation)).await;
        let before = scene.rows();
        scene.room.world.aws.stay_busy();
        let answer = scene.run(operation).await;
        assert_eq!(answer.status, 503, "{operation:?}: {answer}");
        assert_eq!(answer.headers["retry-after"], "5", "{operation:?}");
        assert_eq!(scene.rows(), before, "{operation:?}");
    }
}
