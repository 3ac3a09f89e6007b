//! The isolation suite on the deployed template: the short form after the end-to-end tests, the long one as
//! `make isolation`.
//!
//! This test has no harness, because a harness hides the output of a passing test, and people should see the figures.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use faults::isolation::{Attack, Extent, run};

/// Part of the time of an attack that the bystander sends without an attack, before and after it.
const CALM_PART: u64 = 3;

/// The isolation suite.
#[derive(Debug, Parser)]
#[command(args_override_self = true)]
struct Arguments {
    /// Measures all attacks instead of a few.
    #[arg(long)]
    all: bool,
    /// Measures the attacks whose names contain this text.
    #[arg(long)]
    only: Option<String>,
    /// How long each attack lasts.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u64).range(6..=600))]
    seconds: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { all, only, seconds } = Arguments::parse();
    let attacks: Vec<_> = match only {
        Some(text) => Attack::ALL.into_iter().filter(|attack| attack.word().contains(&text)).collect(),
        None if all => Attack::ALL.to_vec(),
        None => Attack::SHORT.to_vec(),
    };
    let calm = Duration::from_secs(seconds / CALM_PART);
    let good = run(&Extent { attacks, attacked: Duration::from_secs(seconds), calm }).await?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
