//! Takes fixtures through the code that `ingest` runs, and prints each result as one JSON line.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use conformance::normalised::line;
use conformance::{Fixture, Index};
use jiff::Timestamp;

/// Verifies and normalises provider bodies as `ingest` does; prints one JSON line for each.
#[derive(Debug, Parser)]
#[command(name = "normalise")]
struct Arguments {
    /// An index in the format of tests/fixtures/index.json. Paths of bodies are relative to the index.
    #[arg(long)]
    index: PathBuf,
    /// Only the fixture with this id.
    #[arg(long)]
    id: Option<String>,
}

/// Exit code 0 if every fixture could be read, with any outcome; 2 if a fixture or the index could not be read.
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

/// The present time, at which fixtures without a time arrive.
#[expect(clippy::disallowed_methods, reason = "shared::clock is an edge of the rooms; this command runs in no room")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Prints the lines of all fixtures that can be read. Returns whether all can be read.
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
