//! The proxy between the functions and the emulator's AWS endpoint. It makes calls fail before or after their effect,
//! and kills callers during a call.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::faults::{Fault, Faults};
use super::processes::{Ends, Function, Functions};
use super::wire::{Connection, Request};

/// Text before a function's name in the SDK's `User-Agent`.
const NAME_IN_AGENT: &str = "app/mailhooks-";

/// The proxy's state.
#[derive(Debug)]
pub(super) struct Proxy {
    emulator: String,
    http: reqwest::Client,
    functions: Functions,
    faults: Mutex<Faults>,
    started: Instant,
    calls: AtomicU64,
    kills: Mutex<BTreeMap<String, u64>>,
}

/// An answer of the emulator.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Proxy {
    /// Starts a proxy before `emulator`. Returns the proxy and its URL. The times of faults are relative to `started`.
    pub(super) async fn start(
        emulator: &str,
        functions: Functions,
        faults: Faults,
        started: Instant,
    ) -> io::Result<(Arc<Self>, String)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let proxy = Arc::new(Self {
            emulator: emulator.to_owned(),
            http: support::http_client(),
            functions,
            faults: Mutex::new(faults),
            started,
            calls: AtomicU64::new(0),
            kills: Mutex::default(),
        });
        let accepting = Arc::clone(&proxy);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let proxy = Arc::clone(&accepting);
                // A function that ended or was killed closes its connection during a call; this needs no handling.
                tokio::spawn(async move { proxy.serve(Connection::new(stream)).await });
            }
        });
        Ok((proxy, url))
    }

    /// Number of calls so far.
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Number of failed calls so far, by kind.
    pub(super) fn faults(&self) -> BTreeMap<&'static str, u64> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).counts().clone()
    }

    /// Number of killed functions so far, by room.
    pub(super) fn kills(&self) -> BTreeMap<String, u64> {
        self.kills.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Kills a function and counts it.
    pub(super) fn kill(&self, function: &Function) {
        if self.functions.kill(function) {
            let mut kills = self.kills.lock().unwrap_or_else(PoisonError::into_inner);
            *kills.entry(function.name.clone()).or_default() += 1;
        }
    }

    /// The function at the other end of a connection, if a function is there.
    pub(super) fn behind(&self, connection: Ends) -> Option<Function> {
        self.functions.behind(connection)
    }

    /// Kills the function at the other end of a connection, if a function is there.
    pub(super) fn kill_behind(&self, connection: Ends) {
        if let Some(function) = self.behind(connection) {
            self.kill(&function);
        }
    }

    async fn serve(self: Arc<Self>, mut connection: Connection) -> io::Result<()> {
        while let Some(request) = connection.read().await? {
            self.calls.fetch_add(1, Ordering::Relaxed);
            let header = |name| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let (service, operation) = header("x-amz-target").split_once('.').unwrap_or_default();
            // The SDK puts the function's name there, because the template configures it so.
            let mut agent = header("user-agent").split_whitespace();
            let caller = agent.find_map(|word| word.strip_prefix(NAME_IN_AGENT)).unwrap_or_default();
            let fault = {
                let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
                faults.next(caller, operation, self.started.elapsed())
            };
            let answer = match fault {
                None => self.forward(&request).await,
                Some(Fault::Delayed(by)) => {
                    tokio::time::sleep(by).await;
                    self.forward(&request).await
                }
                Some(Fault::Refused) => failure(),
                Some(Fault::Throttled) => throttled(service),
                Some(Fault::Conflict) => conflict(&request),
                Some(Fault::EntriesFailed) => self.forward_half(&request).await,
                Some(Fault::AnswerLost) => {
                    self.forward(&request).await;
                    failure()
                }
                Some(Fault::ResetBefore) => return connection.reset(),
                Some(Fault::ResetAfter) => {
                    self.forward(&request).await;
                    return connection.reset();
                }
                Some(Fault::KilledBefore) => {
                    self.kill_behind(connection.ends());
                    return Ok(());
                }
                Some(Fault::KilledAfter) => {
                    self.forward(&request).await;
                    self.kill_behind(connection.ends());
                    return Ok(());
                }
            };
            connection.answer(answer.status, &answer.headers, &answer.body).await?;
        }
        Ok(())
    }

    async fn forward(&self, request: &Request) -> Answer {
        let mut headers = request.headers.clone();
        for own in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION] {
            headers.remove(own);
        }
        let url = format!("{}{}", self.emulator, request.path);
        let call = self.http.request(request.method.clone(), url).headers(headers).body(request.body.clone());
        let Ok(mut response) = call.send().await else { return failure() };
        let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
        for own in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
            headers.remove(own);
        }
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
        }
        Answer { status, headers, body }
    }

    /// Forwards every second entry of a batch and reports the others as failed.
    async fn forward_half(&self, request: &Request) -> Answer {
        let call: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if call["Statements"].is_array() {
            self.forward_half_of_statements(request, call).await
        } else {
            self.forward_half_of_entries(request, call).await
        }
    }

    /// For statements: the answers are in the statements' order.
    async fn forward_half_of_statements(&self, request: &Request, mut call: Value) -> Answer {
        let statements = call["Statements"].as_array().cloned().unwrap_or_default();
        let count = statements.len();
        let passed: Vec<_> = statements.into_iter().skip(1).step_by(2).collect();
        let mut answers = Vec::new();
        if !passed.is_empty() {
            call["Statements"] = passed.into();
            let answer = self.forward(&Request { body: call.to_string().into(), ..request.clone() }).await;
            if answer.status != 200 {
                return answer;
            }
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            answers = body["Responses"].as_array().cloned().unwrap_or_default();
        }
        for failed in (0..count).step_by(2) {
            let error = json!({"Error": {"Code": "InternalServerError", "Message": "The suite failed it"}});
            answers.insert(failed.min(answers.len()), error);
        }
        json_answer(200, &json!({ "Responses": answers }))
    }

    /// For entries: each answer has its entry's id.
    async fn forward_half_of_entries(&self, request: &Request, mut call: Value) -> Answer {
        let entries = call["Entries"].as_array().cloned().unwrap_or_default();
        let (failed, passed): (Vec<_>, Vec<_>) = entries.into_iter().enumerate().partition(|(index, _)| index % 2 == 0);
        let failed = failed.into_iter().map(|(_, entry)| {
            json!({"Id": entry["Id"], "SenderFault": false, "Code": "InternalError", "Message": "The suite failed it"})
        });
        let failed: Vec<Value> = failed.collect();
        if passed.is_empty() {
            return json_answer(200, &json!({"Successful": [], "Failed": failed}));
        }
        call["Entries"] = passed.into_iter().map(|(_, entry)| entry).collect();
        let answer = self.forward(&Request { body: call.to_string().into(), ..request.clone() }).await;
        let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let already = body["Failed"].as_array().cloned().unwrap_or_default();
        body["Failed"] = already.into_iter().chain(failed).collect();
        json_answer(answer.status, &body)
    }
}

fn failure() -> Answer {
    json_answer(500, &json!({"__type": "InternalServerError", "message": "The suite failed it"}))
}

/// The service's throttling error.
fn throttled(service: &str) -> Answer {
    let kind = match service {
        "AmazonSQS" => "com.amazonaws.sqs#RequestThrottled",
        _ => "com.amazonaws.dynamodb.v20120810#ThrottlingException",
    };
    json_answer(400, &json!({"__type": kind, "message": "The suite throttled it"}))
}

/// DynamoDB's answer to a transaction that meets another one: one reason for each of its items, in their order.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
fn conflict(request: &Request) -> Answer {
    let call: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let items = call["TransactItems"].as_array().map_or(1, Vec::len);
    let met = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
    let reasons: Vec<Value> = std::iter::once(met).chain((1..items).map(|_| json!({"Code": "None"}))).collect();
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    json_answer(400, &json!({"__type": kind, "Message": message, "CancellationReasons": reasons}))
}

fn json_answer(status: u16, body: &Value) -> Answer {
    let content_type = HeaderValue::from_static("application/x-amz-json-1.0");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]);
    Answer { status, headers, body: body.to_string().into_bytes() }
}
