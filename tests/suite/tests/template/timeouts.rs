//! Each function's `Timeout` covers what its code may have to wait for, by the code's own time limits.

use super::{root, template};

/// Milliseconds of a time limit: the constant `name` in the file at `path`.
fn limit(path: &str, name: &str) -> i64 {
    let code = std::fs::read_to_string(root().join(path)).unwrap();
    let (_, rest) = code.split_once(&format!("const {name}: ")).unwrap_or_else(|| panic!("no {name} in {path}"));
    let value = rest.split(';').next().unwrap();
    let number = |from: &str| value.split_once(from).and_then(|(_, rest)| rest.split(')').next()?.parse::<i64>().ok());
    number("from_secs(").map(|seconds| seconds * 1_000).or_else(|| number("from_millis(")).unwrap()
}

/// A call of AWS with the SDK's repetitions.
fn call() -> i64 {
    limit("shared/src/aws.rs", "OPERATION_TIMEOUT")
}

/// A function's `Timeout` in milliseconds.
fn timeout(function: &str) -> i64 {
    template()["Resources"][function]["Properties"]["Timeout"].as_i64().unwrap() * 1_000
}

/// `ingest` stores until its deadline is near, and answers how far it came. So one call must fit: the source is cached,
/// and senders repeat a post. A certificate of Amazon SNS is fetched before one try of the call that stores.
#[test]
fn ingest_has_time_for_a_call_and_its_answer() {
    let storing = limit("functions/ingest/src/store.rs", "STORING_MARGIN");
    assert!(storing > limit("functions/ingest/src/lib.rs", "ANSWER_MARGIN"), "storing must end before the answer");
    assert!(timeout("IngestFunction") >= call() + storing);
    let fetch = limit("functions/ingest/src/sns.rs", "FETCH_TIME_LIMIT");
    assert!(timeout("IngestFunction") >= fetch + limit("shared/src/aws.rs", "ATTEMPT_TIMEOUT") + storing);
}

/// `dispatch` reads the versions of all tenants, then the webhooks of those that changed. A portion that is begun must
/// be able to end.
#[test]
fn dispatch_has_time_for_two_reads_and_a_portion() {
    let portion = limit("functions/dispatch/src/outbox.rs", "MIN_TIME_LEFT");
    assert!(portion > call());
    assert!(timeout("DispatchFunction") >= 2 * call() + portion);
}

/// `deliver` begins an attempt only if the attempt and its record fit. The longest attempt must fit after a slow read.
#[test]
fn deliver_has_time_for_a_read_the_longest_attempt_and_its_record() {
    let longest = i64::from(*shared::webhook::TIMEOUT_MS.end());
    let recording = limit("functions/deliver/src/budget.rs", "RECORDING_TIME");
    assert!(timeout("DeliverFunction") >= call() + longest + recording);
}

/// An HTTP API ends a request after 30 s. A caller must hear of a call that failed, and not of that.
#[test]
fn api_has_time_for_a_call_and_answers_before_the_gateway_gives_up() {
    assert!(timeout("ApiFunction") > call());
    for function in ["ApiFunction", "IngestFunction"] {
        assert!(timeout(function) < 30_000, "{function}");
    }
}
