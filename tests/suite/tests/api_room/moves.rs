//! SQS's message move tasks, as far as redrives use them. Only one task runs at a time, and only the running task has a
//! handle.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub(crate) struct Moves {
    tasks: Mutex<Vec<Value>>,
    /// The answer to every action, if the endpoint does not know move tasks.
    unknown: Option<&'static str>,
    /// The URL that calls to DynamoDB go to.
    dynamo_url: String,
    http: reqwest::Client,
}

impl Moves {
    /// An endpoint and its URL. It passes calls to DynamoDB on to `dynamo_url`.
    pub(crate) async fn start(dynamo_url: &str, unknown: Option<&'static str>) -> (Arc<Self>, String) {
        let http = support::http_client();
        let moves = Arc::new(Self { tasks: Mutex::default(), unknown, dynamo_url: dynamo_url.to_owned(), http });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&moves));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (moves, url)
    }

    /// Ends the running task.
    pub(crate) fn finish(&self, status: &str) {
        for task in self.tasks.lock().unwrap().iter_mut().filter(|task| task["Status"] == "RUNNING") {
            task["Status"] = json!(status);
            task.as_object_mut().unwrap().remove("TaskHandle");
            if status == "FAILED" {
                task["FailureReason"] = json!("AccessDenied");
            }
        }
    }

    fn act(&self, action: &str, asked: &Value) -> Result<Value, &'static str> {
        let mut tasks = self.tasks.lock().unwrap();
        let running = tasks.iter().position(|task| task["Status"] == "RUNNING");
        match (action, running) {
            ("StartMessageMoveTask", Some(_)) => Err("AWS.SimpleQueueService.UnsupportedOperation"),
            ("StartMessageMoveTask", None) => {
                assert!(asked["SourceArn"].as_str().unwrap().ends_with(":dead-letter"));
                assert!(asked["DestinationArn"].as_str().unwrap().ends_with(":deliveries"));
                let handle = format!("handle-{}", tasks.len());
                let mut task = asked.clone();
                task["TaskHandle"] = json!(handle);
                task["Status"] = json!("RUNNING");
                task["StartedTimestamp"] = json!(1_700_000_000_000_i64 + 60_000 * i64::try_from(tasks.len()).unwrap());
                task["ApproximateNumberOfMessagesMoved"] = json!(3);
                task["ApproximateNumberOfMessagesToMove"] = json!(10);
                tasks.insert(0, task);
                Ok(json!({ "TaskHandle": handle }))
            }
            ("ListMessageMoveTasks", _) => Ok(json!({ "Results": *tasks })),
            ("CancelMessageMoveTask", Some(index)) if tasks[index]["TaskHandle"] == asked["TaskHandle"] => {
                tasks[index]["Status"] = json!("CANCELLING");
                tasks[index].as_object_mut().unwrap().remove("TaskHandle");
                Ok(json!({ "ApproximateNumberOfMessagesMoved": 3 }))
            }
            _ => Err("ResourceNotFoundException"),
        }
    }
}

async fn answer(State(moves): State<Arc<Moves>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap();
    let Some(action) = target.strip_prefix("AmazonSQS.") else {
        let wanted = ["x-amz-target", "content-type", "authorization", "x-amz-date"];
        let headers = headers.iter().filter(|(name, _)| wanted.contains(&name.as_str()));
        let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
        let call = moves.http.post(&moves.dynamo_url).headers(headers).body(body);
        let mut answer = call.send().await.unwrap();
        let mut read = Vec::new();
        while let Some(chunk) = answer.chunk().await.unwrap() {
            read.extend_from_slice(&chunk);
        }
        return (answer.status(), read).into_response();
    };
    let asked = serde_json::from_slice(&body).unwrap();
    let result = moves.unknown.map_or_else(|| moves.act(action, &asked), Err);
    let (status, body) = match result {
        Ok(body) => (StatusCode::OK, body),
        Err(code) => (StatusCode::BAD_REQUEST, json!({ "__type": code, "message": "no" })),
    };
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body.to_string()).into_response()
}
