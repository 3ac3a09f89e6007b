//! One HTTP endpoint for DynamoDB (the embedded engine), SQS ([`Sqs`]) and KMS ([`Kms`]). It remembers every call and
//! can break one of them.

mod call;
mod refusal;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dynoxide::Database;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::clock::Clock;
use tokio::sync::{Notify, watch};

pub use self::call::Call;
use self::call::{asking_for_capacity, describe};
use self::refusal::{collision, compares_with_nothing};
use super::kms::Kms;
use super::sqs::{Caller, Sqs};

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The call has no effect, and the caller gets an error.
    Before,
    /// The call has its effect, but the caller gets an error.
    After,
    /// The call conflicts with a transaction on the same row: it has no effect, and DynamoDB's error gives this reason.
    /// A call that writes nothing to DynamoDB has its effect.
    Collision,
    /// The call has no effect, and the caller never gets an answer.
    Hang,
    /// The call has its effect when the test says [`Endpoint::go_on`].
    Pause,
    /// In a `BatchExecuteStatement`, every second statement, beginning with the first, has no effect and fails with
    /// this code. Any other call has its effect.
    Statements(&'static str),
    /// A `BatchExecuteStatement` has its effect, and its answer lacks the result of the last statement. Any other call
    /// has its effect.
    CutShort,
}

/// A planned break.
#[derive(Debug, Clone, Copy)]
struct Planned {
    /// If set, counting starts with the next call of this operation.
    first: Option<&'static str>,
    calls_before: usize,
    how: Break,
}

/// Billed units of the calls so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Units {
    /// DynamoDB write units.
    pub writes: f64,
    /// DynamoDB read units; an eventually consistent read is half of one.
    pub reads: f64,
    /// SQS requests, in steps of 64 KiB.
    pub sqs_requests: u64,
}

/// The endpoint's state.
pub struct Endpoint {
    database: Database,
    dynamo_url: String,
    /// The URL of the queues, if they run in another process.
    queues_url: Option<String>,
    http: reqwest::Client,
    /// The queues. Unused if they run in another process.
    pub sqs: Sqs,
    /// The KMS key and its data keys.
    pub kms: Kms,
    calls: Mutex<Vec<Call>>,
    /// Changes after each call, to wake those who wait for calls.
    news: watch::Sender<()>,
    planned: Mutex<Option<Planned>>,
    /// Wakes the call that pauses.
    paused: Notify,
    /// Whether every write conflicts with a transaction.
    stays_busy: AtomicBool,
    units: Mutex<Units>,
    clock: Clock,
    call_takes: Mutex<SignedDuration>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Starts the engine and the endpoint with `clock`. Returns the endpoint's state and URL. The endpoint forwards SQS
    /// calls to `queues_url`, if given.
    pub async fn start(clock: Clock, queues_url: Option<String>) -> anyhow::Result<(Arc<Self>, String)> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let dynamo_url = format!("http://{}/", listener.local_addr()?);
        let database = Database::memory().map_err(|error| anyhow::anyhow!("{error:?}"))?;
        tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));

        let http = super::http_client();
        let calls = Mutex::default();
        let endpoint = Arc::new(Self {
            database,
            dynamo_url,
            queues_url,
            http,
            sqs: Sqs::new(clock.clone()),
            kms: Kms::default(),
            calls,
            news: watch::Sender::default(),
            planned: Mutex::default(),
            paused: Notify::new(),
            stays_busy: AtomicBool::new(false),
            units: Mutex::default(),
            clock,
            call_takes: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&endpoint));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((endpoint, url))
    }

    /// Breaks one call: the one after the next `calls_before` calls.
    pub fn break_call(&self, calls_before: usize, how: Break) {
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner) = Some(Planned { first: None, calls_before, how });
    }

    /// Breaks one call: the next one of an operation such as `DynamoDB.UpdateItem`, or the one that comes `calls_later`
    /// calls after it.
    pub fn break_at(&self, operation: &'static str, calls_later: usize, how: Break) {
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Planned { first: Some(operation), calls_before: calls_later, how });
    }

    /// From now on, every call that writes to DynamoDB conflicts with a transaction on the same row.
    pub fn stay_busy(&self) {
        self.stays_busy.store(true, Ordering::Relaxed);
    }

    /// Cancels a planned break. Returns whether the break had not happened yet.
    pub fn call_off_break(&self) -> bool {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }

    /// Lets a call have its effect that pauses, or the next call that would.
    pub fn go_on(&self) {
        self.paused.notify_one();
    }

    /// From now on, advances the clock by `duration` for each call, as if calls were slow.
    pub fn slow_down(&self, duration: SignedDuration) {
        *self.call_takes.lock().unwrap_or_else(PoisonError::into_inner) = duration;
    }

    /// Returns the calls so far and forgets them.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until this many calls have been made since `take_calls`.
    pub async fn calls_made(&self, count: usize) {
        self.until(|calls| calls.len() >= count).await;
    }

    /// Waits until a call of this operation, such as `DynamoDB.UpdateItem`, has begun since `take_calls`.
    pub async fn call_begun(&self, operation: &str) {
        self.until(|calls| calls.iter().any(|call| call.operation == operation)).await;
    }

    async fn until(&self, is_made: impl Fn(&[Call]) -> bool) {
        let mut news = self.news.subscribe();
        let is_made = |(): &()| is_made(&self.calls.lock().unwrap_or_else(PoisonError::into_inner));
        // The endpoint owns the sender, so the channel does not close.
        let _ended = news.wait_for(is_made).await;
    }

    /// Number of calls since `take_calls`.
    pub fn count_calls(&self) -> usize {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns the billed units of the calls so far and forgets them.
    pub fn take_units(&self) -> Units {
        std::mem::take(&mut *self.units.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds the capacity units that the engine reports.
    fn bill(&self, target: &str, answer: &Value) {
        const READS: [&str; 3] = ["GetItem", "Query", "BatchGetItem"];
        let consumed = &answer["ConsumedCapacity"];
        let tables = consumed.as_array().cloned().unwrap_or_else(|| vec![consumed.clone()]);
        let sum: f64 = tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum();
        let mut units = self.units.lock().unwrap_or_else(PoisonError::into_inner);
        if READS.iter().any(|read| target.ends_with(read)) {
            units.reads += sum;
        } else {
            units.writes += sum;
        }
    }

    /// All rows of a table, read from the engine directly: the read is not counted and cannot be broken.
    pub fn scan_unbroken(&self, table: &str) -> anyhow::Result<Vec<HashMap<String, AttributeValue>>> {
        let mut request = json!({ "TableName": table });
        let mut all = Vec::new();
        loop {
            let page = self.database.scan(serde_json::from_value(request.clone())?);
            let mut page: Value = serde_json::to_value(page.map_err(|error| anyhow::anyhow!("{error:?}"))?)?;
            let items: Vec<serde_dynamo::Item> = serde_json::from_value(page["Items"].take())?;
            all.extend(items.into_iter().map(Into::into));
            match page["LastEvaluatedKey"].take() {
                Value::Null => return Ok(all),
                // A page has at most one mebibyte.
                last => request["ExclusiveStartKey"] = last,
            }
        }
    }

    /// Puts rows into the engine directly, each given as JSON of DynamoDB's protocol: the writes are not counted and
    /// cannot be broken. This is many times faster than calls.
    pub fn put_unbroken(&self, table: &str, rows: Vec<Value>) -> anyhow::Result<()> {
        let rows = serde_json::from_value(Value::Array(rows))?;
        let imported = self.database.import_items(table, rows, dynoxide::ImportOptions::default());
        imported.map(|_| ()).map_err(|error| anyhow::anyhow!("{error:?}"))
    }

    /// Counts one call, and returns the break if it is this call's.
    fn next_break(&self, operation: &str) -> Option<Break> {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = planned.as_mut()?;
        if plan.first.is_some_and(|first| first != operation) {
            return None;
        }
        plan.first = None;
        match plan.calls_before.checked_sub(1) {
            Some(left) => {
                plan.calls_before = left;
                None
            }
            None => planned.take().map(|plan| plan.how),
        }
    }

    async fn carry_out(&self, target: &str, headers: &HeaderMap, body: Bytes) -> Response {
        if let Some(action) = target.strip_prefix("AmazonSQS.") {
            let steps = body.len().div_ceil(64 * 1024) as u64;
            self.units.lock().unwrap_or_else(PoisonError::into_inner).sqs_requests += steps;
            return match &self.queues_url {
                Some(url) => self.hand_on(url, headers, body.to_vec()).await.1,
                None => self.sqs.answer(action, &caller(headers), &body),
            };
        }
        if let Some(action) = target.strip_prefix("TrentService.") {
            return self.kms.answer(action, &body);
        }
        if compares_with_nothing(target, &body) {
            let refusal = r#"{"__type":"com.amazon.coral.validate#ValidationException"}"#;
            return (StatusCode::BAD_REQUEST, refusal).into_response();
        }
        let (answered, response) = self.hand_on(&self.dynamo_url, headers, asking_for_capacity(&body)).await;
        self.bill(target, &serde_json::from_slice(&answered).unwrap_or_default());
        response
    }

    /// Executes every second statement of a batch, and answers `code` for the others.
    async fn carry_out_half(&self, code: &str, target: &str, headers: &HeaderMap, body: Bytes) -> Response {
        let mut call: Value = serde_json::from_slice(&body).unwrap_or_default();
        let Some(statements) = call["Statements"].as_array_mut().map(std::mem::take) else {
            return self.carry_out(target, headers, body).await;
        };
        let count = statements.len();
        call["Statements"] = statements.into_iter().skip(1).step_by(2).collect();
        let mut answers = Vec::new();
        if count > 1 {
            let (answered, _) = self.hand_on(&self.dynamo_url, headers, call.to_string().into_bytes()).await;
            let answered: Value = serde_json::from_slice(&answered).unwrap_or_default();
            answers = answered["Responses"].as_array().cloned().unwrap_or_default();
        }
        for failed in (0..count).step_by(2) {
            let at = failed.min(answers.len());
            answers.insert(at, json!({"Error": {"Code": code, "Message": "Broken by the test"}}));
        }
        json!({ "Responses": answers }).to_string().into_response()
    }

    /// Executes a batch of statements, and leaves the last statement's result out of the answer.
    async fn carry_out_cut_short(&self, target: &str, headers: &HeaderMap, body: Bytes) -> Response {
        if !target.ends_with(".BatchExecuteStatement") {
            return self.carry_out(target, headers, body).await;
        }
        let (answered, _) = self.hand_on(&self.dynamo_url, headers, body.to_vec()).await;
        let mut answer: Value = serde_json::from_slice(&answered).unwrap_or_default();
        if let Some(responses) = answer["Responses"].as_array_mut() {
            responses.pop();
        }
        answer.to_string().into_response()
    }

    /// Forwards a call with another body to another endpoint. Returns the answer's body, and the whole answer.
    async fn hand_on(&self, url: &str, headers: &HeaderMap, body: Vec<u8>) -> (Bytes, Response) {
        let mut call = self.http.post(url).body(body);
        // The signature covers the original body, but nothing here checks it.
        for name in ["x-amz-target", "content-type", "authorization", "x-amz-date"] {
            if let Some(value) = headers.get(name) {
                call = call.header(name, value);
            }
        }
        match call.send().await {
            Ok(mut answer) => {
                let status = answer.status();
                let mut body = Vec::new();
                while let Ok(Some(chunk)) = answer.chunk().await {
                    body.extend_from_slice(&chunk);
                }
                let body = Bytes::from(body);
                let headers = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
                (body.clone(), (status, headers, body).into_response())
            }
            Err(error) => (Bytes::new(), (StatusCode::BAD_GATEWAY, error.to_string()).into_response()),
        }
    }
}

fn caller(headers: &HeaderMap) -> Caller {
    Caller::of(headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default())
}

async fn answer(State(endpoint): State<Arc<Endpoint>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let call = describe(&target, &body);
    let stays_busy = endpoint.stays_busy.load(Ordering::Relaxed).then_some(Break::Collision);
    let planned = endpoint.next_break(&call.operation).or(stays_busy);
    endpoint.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    endpoint.clock.advance(*endpoint.call_takes.lock().unwrap_or_else(PoisonError::into_inner));
    endpoint.news.send_replace(());
    let failure = (StatusCode::INTERNAL_SERVER_ERROR, r#"{"__type":"InternalServerError"}"#);
    match planned {
        Some(Break::Before) => failure.into_response(),
        Some(Break::After) => {
            endpoint.carry_out(&target, &headers, body).await;
            failure.into_response()
        }
        Some(Break::Hang) => std::future::pending().await,
        Some(Break::Pause) => {
            endpoint.paused.notified().await;
            endpoint.carry_out(&target, &headers, body).await
        }
        Some(Break::Statements(code)) => endpoint.carry_out_half(code, &target, &headers, body).await,
        Some(Break::CutShort) => endpoint.carry_out_cut_short(&target, &headers, body).await,
        Some(Break::Collision) if target.ends_with(".BatchExecuteStatement") => {
            endpoint.carry_out_half("TransactionConflict", &target, &headers, body).await
        }
        Some(Break::Collision) => match collision(&target) {
            Some(refusal) => (StatusCode::BAD_REQUEST, refusal).into_response(),
            None => endpoint.carry_out(&target, &headers, body).await,
        },
        None => endpoint.carry_out(&target, &headers, body).await,
    }
}
