//! The fault suite on the deployed template: the short form after the end-to-end tests, the long one as `make soak`.
//!
//! This test has no harness, because a harness hides the output of a passing test, and people should see the counts.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use faults::soak::{Plan, run};

/// Maximum planned duration. Reason: with the additional time that a run may need, it takes at most ten minutes.
const MOST_SECONDS: u64 = 520;

/// The fault suite.
#[derive(Debug, Parser)]
#[command(args_override_self = true)]
struct Arguments {
    /// Planned duration of the run.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(90..=MOST_SECONDS))]
    seconds: u64,
    /// Seed of all random numbers; the same seed gives the same plan.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { seconds, seed } = Arguments::parse();
    let good = run(Plan { seed, length: Duration::from_secs(seconds) }).await?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
