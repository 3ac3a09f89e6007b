//! Runs JavaScript in Node.js, as receivers that are written in JavaScript do.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// Runs `script`, which reads its input from the variable `input` and writes its result to the variable `output`.
pub fn node(script: &str, input: &Value) -> anyhow::Result<Value> {
    let script = format!(
        "const input = JSON.parse(require('fs').readFileSync(0, 'utf8')); let output;\n{script}\n\
         process.stdout.write(JSON.stringify(output));"
    );
    let mut node = Command::new(path()?)
        .args(["-e", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("Node.js does not start")?;
    // The script reads all input before it writes, so neither process blocks the other.
    node.stdin.take().context("it has an input")?.write_all(input.to_string().as_bytes())?;
    let answer = node.wait_with_output()?;
    ensure!(answer.status.success(), "the script failed");
    serde_json::from_slice(&answer.stdout).context("the script's output is not JSON")
}

/// The path of the machine's Node.js, or of an installed one.
fn path() -> anyhow::Result<&'static str> {
    static PATH: OnceLock<Result<String, String>> = OnceLock::new();
    // Tests that call this at the same time wait for one installation.
    let found = PATH.get_or_init(|| find().map_err(|error| format!("{error:#}")));
    found.as_deref().map_err(|error| anyhow::anyhow!("{error}"))
}

fn find() -> anyhow::Result<String> {
    let finder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/local/node.py");
    let found = Command::new("python3").arg(finder).stderr(Stdio::inherit()).output().context("no Python 3")?;
    ensure!(found.status.success(), "Node.js could not be installed");
    let lines = String::from_utf8(found.stdout)?;
    Ok(lines.lines().last().context("the path of Node.js is missing")?.to_owned())
}
