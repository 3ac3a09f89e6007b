//! Receivers and clients of the systems that users come from, in their own languages: `tests/systems`.

#![expect(clippy::unwrap_used, reason = "a harness fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// What runs them, as `infra/local/systems.py` tells.
#[derive(Debug, Deserialize)]
struct Runtimes {
    node: PathBuf,
    node_modules: PathBuf,
    python: PathBuf,
}

/// What a receiver is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framework {
    /// Express, in JavaScript.
    Express,
    /// Flask, in Python.
    Flask,
}

impl Framework {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Express, Self::Flask];
}

/// A running receiver of `tests/systems`. It ends when this is dropped.
#[derive(Debug)]
pub struct SystemReceiver {
    authority: String,
    said: Arc<Mutex<Vec<String>>>,
    _process: Child,
}

impl SystemReceiver {
    /// Starts the one of `system` on a free port, with `settings` in its environment.
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

    /// Where it takes webhooks; `credentials` as in `user:password@`, or nothing.
    pub fn url(&self, credentials: &str) -> String {
        format!("http://{credentials}{}/webhooks", self.authority)
    }

    /// What it said of the events that it took, sorted, a line each.
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

/// A program of `tests/systems` in JavaScript.
pub fn javascript(file: &str) -> Command {
    let runtimes = runtimes();
    let mut command = program(&runtimes.node);
    command.arg(file).env("NODE_PATH", &runtimes.node_modules);
    command
}

/// One in Python: isolated, because some of the names there are those of modules of Python's own, and unbuffered.
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

/// Installs them, unless they are there.
fn installed() -> anyhow::Result<Runtimes> {
    let installer = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/local/systems.py");
    let answer = std::process::Command::new("python3").arg(installer).stderr(Stdio::inherit()).output();
    let answer = answer.context("no Python 3")?;
    ensure!(answer.status.success(), "what tests/systems imports could not be installed");
    let text = String::from_utf8(answer.stdout)?;
    serde_json::from_str(text.lines().last().unwrap_or_default()).context("no paths of what was installed")
}
