//! Receivers and clients of the systems that users come from, in their own languages: `tests/systems`.

#![expect(clippy::unwrap_used, reason = "a harness fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use shared::dialect::Dialect;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The paths of the programs that run them, from `infra/local/systems.py`.
#[derive(Debug, Deserialize)]
struct Runtimes {
    node: PathBuf,
    node_modules: PathBuf,
    python: PathBuf,
}

/// The framework of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framework {
    /// Express, in JavaScript.
    Express,
    /// Flask, in Python.
    Flask,
}

impl Framework {
    /// Both frameworks.
    pub const ALL: [Self; 2] = [Self::Express, Self::Flask];
}

/// The name of the dialect's receivers: `express/<name>.js` and `flask/<name>.py` in `tests/systems`.
pub fn receiver_of(dialect: Dialect) -> &'static str {
    match dialect {
        // Mailjet's receivers take both versions.
        Dialect::Mailjet | Dialect::MailjetV2 => "mailjet",
        Dialect::Standard
        | Dialect::Platform
        | Dialect::Mailgreet
        | Dialect::Mailgun
        | Dialect::MailgunLegacy
        | Dialect::Mailtura => dialect.as_str(),
    }
}

/// A running receiver of `tests/systems`. Its process ends when this value is dropped.
#[derive(Debug)]
pub struct SystemReceiver {
    authority: String,
    said: Arc<Mutex<Vec<String>>>,
    _process: Child,
}

impl SystemReceiver {
    /// Starts the receiver of `system` on a free port, with `settings` in its environment.
    pub async fn start(framework: Framework, system: &str, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut command = match framework {
            Framework::Express => javascript("express/serve.js"),
            Framework::Flask => python("flask/serve.py"),
        };
        command.arg(system).envs(settings.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("the receiver does not start")?;
        let mut lines = BufReader::new(process.stdout.take().context("it has an output")?).lines();
        let first = lines.next_line().await?.context("the receiver ended at once")?;
        let port = first.strip_prefix("listening on ").context("the receiver says where it listens")?;
        let said = Arc::default();
        tokio::spawn(listen(lines, Arc::clone(&said)));
        Ok(Self { authority: format!("127.0.0.1:{port}"), said, _process: process })
    }

    /// The URL of the receiver's webhook; `credentials` are empty or have the form `user:password@`.
    pub fn url(&self, credentials: &str) -> String {
        format!("http://{credentials}{}/webhooks", self.authority)
    }

    /// The lines that the receiver printed about accepted events, sorted.
    pub fn said(&self) -> Vec<String> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner).clone();
        said.sort();
        said
    }
}

async fn listen(mut lines: Lines<BufReader<ChildStdout>>, said: Arc<Mutex<Vec<String>>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        said.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// A command that runs a JavaScript program of `tests/systems`.
pub fn javascript(file: &str) -> Command {
    let runtimes = runtimes();
    let mut command = program(&runtimes.node);
    command.arg(file).env("NODE_PATH", &runtimes.node_modules);
    command
}

/// A command that runs a Python program of `tests/systems`: unbuffered, and isolated because some file names there are
/// names of Python's own modules.
pub fn python(file: &str) -> Command {
    let mut command = program(&runtimes().python);
    command.args(["-I", "-u", "-X", "utf8", file]);
    command
}

fn program(runtime: &Path) -> Command {
    let mut command = Command::new(runtime);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../systems")).kill_on_drop(true);
    command
}

fn runtimes() -> &'static Runtimes {
    static RUNTIMES: OnceLock<Runtimes> = OnceLock::new();
    RUNTIMES.get_or_init(|| installed().unwrap())
}

/// Installs the frameworks and clients, unless they are installed.
fn installed() -> anyhow::Result<Runtimes> {
    let installer = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/local/systems.py");
    let answer = std::process::Command::new("python3").arg(installer).stderr(Stdio::inherit()).output();
    let answer = answer.context("no Python 3")?;
    ensure!(answer.status.success(), "what tests/systems imports could not be installed");
    let text = String::from_utf8(answer.stdout)?;
    serde_json::from_str(text.lines().last().unwrap_or_default()).context("no paths of what was installed")
}
