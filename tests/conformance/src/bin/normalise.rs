//! Takes fixtures through the code that `ingest` runs and prints what becomes of each as one JSON line.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use conformance::normalised::line;
use conformance::{Fixture, Index, now};

/// Verifies and normalises provider bodies as `ingest` does; prints one JSON line for each.
#[derive(Debug, Parser)]
#[command(name = "normalise")]
struct Arguments {
    /// An index in the format of tests/fixtures/index.json; the bodies lie beside it.
    #[arg(long)]
    index: PathBuf,
    /// Only the fixture with this id.
    #[arg(long)]
    id: Option<String>,
}

/// 0 when every fixture could be read, whatever became of it; 2 when one could not, or the index could not.
fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

/// Whether every fixture could be read; those that can are shown all the same.
fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let now = now();
    let index = Index::read(&arguments.index)?;
    let fixtures: Vec<anyhow::Result<Fixture>> = match &arguments.id {
        Some(id) => index.fixtures_with_id(id, now)?.into_iter().map(Ok).collect(),
        None => index.fixtures(now).collect(),
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut readable = true;
    for fixture in fixtures {
        match fixture {
            Ok(fixture) => {
                serde_json::to_writer(&mut out, &line(&fixture))?;
                out.write_all(b"\n")?;
            }
            Err(error) => {
                complain(&error);
                readable = false;
            }
        }
    }
    out.flush()?;
    Ok(readable)
}

#[expect(clippy::print_stderr, reason = "this is where errors of a command line belong")]
fn complain(error: &anyhow::Error) {
    eprintln!("normalise: {error:#}");
}
