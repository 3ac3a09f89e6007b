//! The trace header that the SDK sends with its calls during an invocation. Lambda's recursive loop detection counts
//! invocations by this header, so the template must let `deliver` recurse. The emulator's wrapper counts by the same
//! header.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use shared::queue::{Outgoing, Queue};
use support::World;

const LINEAGE: &str =
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:2f3d9f0b:15";

type Headers = Arc<Mutex<Vec<HeaderMap>>>;

async fn note(State(seen): State<Headers>, headers: HeaderMap) -> StatusCode {
    seen.lock().unwrap().push(headers);
    StatusCode::BAD_REQUEST
}

/// The SDK reads the environment of its process, which a test must not change while other tests run. So the test starts
/// its own program once more, in the environment that the Lambda runtime makes.
#[tokio::test]
async fn sends_carry_the_lineage_of_their_invocation() {
    if std::env::var_os("_X_AMZN_TRACE_ID").is_none() {
        let mut again = Command::new(std::env::current_exe().unwrap());
        let again = again.args(["--exact", "sends_carry_the_lineage_of_their_invocation"]);
        let run = again.env("AWS_LAMBDA_FUNCTION_NAME", "deliver").env("_X_AMZN_TRACE_ID", LINEAGE).output().unwrap();
        let printed = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && printed.contains("1 passed"), "{printed}");
        return;
    }
    let seen = Headers::default();
    let router = Router::new().fallback(note).with_state(Arc::clone(&seen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let sdk = World::start().await.unwrap().sdk.into_builder().endpoint_url(&url).build();
    let queue = Queue::new(aws_sdk_sqs::Client::new(&sdk), format!("{url}/000000000000/retries"));
    let job = Outgoing { body: "{}".to_owned(), group: String::new(), delay_seconds: 0, attributes: Vec::new() };
    assert!(queue.send(&[job]).await[0].is_err());
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0]["x-amz-target"], "AmazonSQS.SendMessageBatch");
    assert_eq!(seen[0]["x-amzn-trace-id"], LINEAGE);
}
