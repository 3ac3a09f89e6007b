//! `make bench`: one table, and the same as JSON in `target/bench.json`.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;
use tests::bench::ledger::{CASES, measure};
use tests::bench::{fleet, weight};
use tests::support::World;

/// Events after which memory is read.
const EVENTS_FOR_MEMORY: u32 = 1_000;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let usage = "usage: bench DIRECTORY_OF_BOOTSTRAPS EMPTY_BINARY";
    let (bootstraps, empty) = arguments.next().zip(arguments.next()).context(usage)?;

    println!(
        "{:<10} {:>12} {:>12} {:>12} {:>10} {:>8}",
        "function", "binary B", "zip B", "start ms", "empty ms", "ratio"
    );
    let world = World::start().await?;
    let mut weights = Vec::new();
    for function in ["ingest", "dispatch", "deliver", "api"] {
        let bootstrap = bootstraps.join(function).join("bootstrap");
        let weight = weight::weigh(function, &bootstrap, &empty, &fleet::environment(&world)).await?;
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

    let memory = tests::bench::ledger::resident_after(&bootstraps, EVENTS_FOR_MEMORY).await?;
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
        let entry = measure(&bootstraps, case).await?;
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
    std::fs::write("target/bench.json", serde_json::to_vec_pretty(&report)?).context("target/bench.json")?;
    println!("\nalso in target/bench.json");
    Ok(())
}
