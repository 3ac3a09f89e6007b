//! A real bootstrap under a stub of the Lambda Runtime API.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};

/// Maximum duration of an invocation in the benchmark. Reason: the functions' own limits are shorter.
const INVOCATION_LIMIT: Duration = Duration::from_mins(5);

#[derive(Debug)]
struct Runtime {
    /// Invocations that wait for the function.
    work: Mutex<mpsc::Receiver<Bytes>>,
    /// The function's answers.
    answers: mpsc::Sender<Result<Bytes, Bytes>>,
    /// Notified at every poll.
    polled: mpsc::UnboundedSender<Instant>,
}

/// A running bootstrap.
#[derive(Debug)]
pub(crate) struct LambdaProcess {
    child: Child,
    work: mpsc::Sender<Bytes>,
    answers: mpsc::Receiver<Result<Bytes, Bytes>>,
    log_bytes: Arc<AtomicU64>,
    /// Time from the start of the process to its first poll for work.
    pub(crate) start_to_first_poll: Duration,
}

impl LambdaProcess {
    /// Starts `bootstrap` with only `environment` and Lambda's own variables in its environment, and waits for its
    /// first poll.
    pub(crate) async fn start(bootstrap: &Path, environment: &[(&str, String)]) -> anyhow::Result<Self> {
        let (work, work_queue) = mpsc::channel(1);
        let (answer, answers) = mpsc::channel(1);
        let (polled, mut polls) = mpsc::unbounded_channel();
        let runtime = Arc::new(Runtime { work: Mutex::new(work_queue), answers: answer, polled });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(responded))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .with_state(runtime);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, router).await });

        let started = Instant::now();
        let mut child = Command::new(bootstrap)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let log_bytes = Arc::<AtomicU64>::default();
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(count(stdout, Arc::clone(&log_bytes)));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(count(stderr, Arc::clone(&log_bytes)));
        }
        let first_poll = tokio::select! {
            polled = tokio::time::timeout(INVOCATION_LIMIT, polls.recv()) => polled?,
            ended = child.wait() => anyhow::bail!("{} ended before it polled: {}", bootstrap.display(), ended?),
        };
        let first_poll = first_poll.ok_or_else(|| anyhow::anyhow!("the bootstrap never polled"))?;
        let start_to_first_poll = first_poll.duration_since(started);
        Ok(Self { child, work, answers, log_bytes, start_to_first_poll })
    }

    /// Invokes the function with a JSON payload. Returns its JSON answer.
    pub(crate) async fn invoke(&mut self, payload: Vec<u8>) -> anyhow::Result<Bytes> {
        self.work.send(payload.into()).await?;
        let answer = tokio::time::timeout(INVOCATION_LIMIT, self.answers.recv()).await?;
        match answer {
            Some(Ok(body)) => Ok(body),
            Some(Err(error)) => anyhow::bail!("the function failed: {}", String::from_utf8_lossy(&error)),
            None => anyhow::bail!("the function is gone"),
        }
    }

    /// Number of bytes written to standard output and error so far. CloudWatch charges for these bytes.
    pub(crate) fn log_bytes(&self) -> u64 {
        self.log_bytes.load(Ordering::Relaxed)
    }

    /// Resident memory in KiB, as reported by the kernel.
    pub(crate) fn resident_kib(&self) -> anyhow::Result<u64> {
        let id = self.child.id().ok_or_else(|| anyhow::anyhow!("the function is gone"))?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()).unwrap_or_default();
        Ok(number.parse()?)
    }
}

async fn count(mut stream: impl tokio::io::AsyncRead + Unpin, bytes: Arc<AtomicU64>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        bytes.fetch_add(read as u64, Ordering::Relaxed);
    }
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    // The channel does not close: its receiver lives as long as the process is watched.
    let _unwatched = runtime.polled.send(Instant::now());
    let work = runtime.work.lock().await.recv().await;
    let Some(payload) = work else { return StatusCode::GONE.into_response() };
    let deadline = shared::clock::Clock::default().now() + jiff::SignedDuration::from_secs(30);
    let headers = [
        ("lambda-runtime-aws-request-id", "bench-request".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millisecond().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:bench".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, payload).into_response()
}

async fn responded(State(runtime): State<Arc<Runtime>>, body: Bytes) -> StatusCode {
    let _unwatched = runtime.answers.send(Ok(body)).await;
    StatusCode::ACCEPTED
}

async fn failed(State(runtime): State<Arc<Runtime>>, body: Bytes) -> StatusCode {
    let _unwatched = runtime.answers.send(Err(body)).await;
    StatusCode::ACCEPTED
}
