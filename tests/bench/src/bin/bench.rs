//! `make bench`: prints tables, and writes the same figures as JSON below `target`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bench::ledger::{CASES, measure};
use bench::{fleet, normalise, weight};
use clap::{Parser, Subcommand};
use serde_json::json;
use support::World;

/// Number of events after which memory is read.
const EVENTS_FOR_MEMORY: u32 = 1_000;

/// The benchmark.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Sizes, start-up and memory of the functions, and calls for one event.
    Functions {
        /// Folder with a folder for each function, which holds its `bootstrap`.
        bootstraps: PathBuf,
        /// A function that does nothing, for comparison.
        empty: PathBuf,
    },
    /// CPU time and allocations to verify and normalise one event of each provider. Needs an optimised build.
    Normalise,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().part {
        Part::Functions { bootstraps, empty } => functions(&bootstraps, &empty).await,
        Part::Normalise => normalised(),
    }
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn normalised() -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        println!("NOTE: not optimised; only the allocations mean something");
    }
    println!(
        "{:<10} {:>6} {:>14} {:>18} {:>14}",
        "provider", "batch", "CPU us/event", "allocations/event", "peak B/post"
    );
    let figures = normalise::measure()?;
    for figure in &figures {
        println!(
            "{:<10} {:>6} {:>14.2} {:>18.1} {:>14}",
            figure.provider, figure.batch, figure.cpu_us, figure.allocations, figure.peak_bytes
        );
    }
    write("target/bench_normalise.json", &json!({"optimised": !cfg!(debug_assertions), "normalise": figures}))
}

fn write(path: &str, report: &serde_json::Value) -> anyhow::Result<()> {
    std::fs::write(path, serde_json::to_vec_pretty(report)?).with_context(|| path.to_owned())?;
    say_where(path);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn say_where(path: &str) {
    println!("\nalso in {path}");
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
async fn functions(bootstraps: &Path, empty: &Path) -> anyhow::Result<()> {
    println!(
        "{:<10} {:>12} {:>12} {:>12} {:>10} {:>8}",
        "function", "binary B", "zip B", "start ms", "empty ms", "ratio"
    );
    let world = World::start_in_real_time().await?;
    let mut weights = Vec::new();
    for function in ["ingest", "dispatch", "deliver", "api"] {
        let bootstrap = bootstraps.join(function).join("bootstrap");
        let weight = weight::weigh(function, &bootstrap, empty, &fleet::environment(&world)).await?;
        println!(
            "{:<10} {:>12} {:>12} {:>12.2} {:>10.2} {:>8.2}",
            weight.function,
            weight.binary_bytes,
            weight.zip_bytes,
            weight.start_ms,
            weight.empty_start_ms,
            weight.start_ratio
        );
        weights.push(weight);
    }

    let memory = bench::ledger::resident_after(bootstraps, EVENTS_FOR_MEMORY).await?;
    println!("\nresident KiB after {EVENTS_FOR_MEMORY} events");
    for (function, kib) in memory {
        println!("{function:<10} {kib:>12}");
    }

    println!(
        "\nper event: {:>8} {:>6} {:>8} {:>9} {:>9} {:>9} {:>9} {:>7} {:>9} {:>12}",
        "webhooks", "batch", "failing", "writes", "reads", "SQS", "invoked", "HTTP", "log B", "$ / million"
    );
    let mut ledger = Vec::new();
    for case in CASES {
        let entry = measure(bootstraps, case).await?;
        println!(
            "           {:>8} {:>6} {:>7}% {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>7.2} {:>9.1} {:>12.3}",
            case.webhooks,
            case.batch,
            case.failing_percent,
            entry.writes,
            entry.reads,
            entry.sqs,
            entry.invocations,
            entry.http,
            entry.log_bytes,
            entry.dollars_per_million
        );
        ledger.push(entry);
    }
    let report = json!({"weights": weights, "resident_kib": memory.map(|(function, kib)| json!({function: kib})), "ledger": ledger});
    write("target/bench.json", &report)
}
