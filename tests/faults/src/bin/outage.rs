//! `make outage`: 20,000 deliveries to 200 webhooks, once with all healthy, and once with 10 of them down and 10 slow.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use faults::outage::measured::Measured;
use faults::outage::queues::Queues;
use faults::outage::report::{MOST_CALM_MS, MOST_RATIO, broken_promises, ratio, table, too_many_waited};
use faults::outage::run::run;
use faults::outage::shape::Shape;
use shared::breaker::BreakerSettings;
use support::World;

/// Measures how broken receivers slow down healthy ones. The exit code is 1 if a promise is broken.
#[derive(Debug, Parser)]
#[command(name = "outage")]
struct Arguments {
    /// URL of a process that speaks SQS and has no queues yet, for the run in which receivers break.
    #[arg(long)]
    queues: String,
    /// URL of another such process, for the run in which all are healthy.
    #[arg(long)]
    calm_queues: String,
    /// New deliveries per second.
    #[arg(long, default_value_t = 60)]
    per_second: u32,
    /// Maximum number of invocations at the same time, for each of the deliveries queue and the retries queue. The
    /// default is low enough that broken deliveries could occupy all invocations: at 60 deliveries a second, those to
    /// slow and hanging receivers would occupy 35.
    #[arg(long, default_value_t = 20)]
    concurrency: usize,
    /// Maximum number of invocations of the slow queue at the same time.
    #[arg(long, default_value_t = 10)]
    slow_concurrency: usize,
    /// Number of all deliveries.
    #[arg(long, default_value_t = 20_000)]
    deliveries: u32,
}

/// As production, except for the breaker and the delays, which are short so that an outage takes minutes instead of
/// hours: five failures in ten seconds open a breaker, where 20 in five minutes do by default.
fn shape(arguments: &Arguments) -> Shape {
    Shape {
        webhooks: 200,
        tenants: 10,
        events: arguments.deliveries / 200,
        per_second: arguments.per_second,
        refusing: 5,
        hanging: 5,
        slow: 10,
        slow_ms: 5_000..8_000,
        timeout_ms: 10_000,
        breaker: BreakerSettings { failures: 5, window_seconds: 10, ..BreakerSettings::default() },
        delays: vec![5, 10, 20, 30, 60, 120, 300, 600],
        concurrency: arguments.concurrency,
        slow_concurrency: arguments.slow_concurrency,
        settling: Duration::from_secs(30),
        patience: Duration::from_mins(5),
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let shape = shape(&arguments);
    // Both runs at the same time, each with its own tables, queues and environments, so that other load on the machine
    // affects both.
    let calm = measure(&arguments.calm_queues, &shape, false);
    let (calm, outage) = tokio::try_join!(calm, measure(&arguments.queues, &shape, true))?;
    say(&table(&shape, &calm, &outage));
    let mut broken = broken_promises(&shape, &outage);
    broken.extend(too_many_waited(&shape, &outage));
    if ratio(&calm, &outage) >= MOST_RATIO {
        broken.push(format!("the healthy ones were delayed by more than {MOST_RATIO} times"));
    }
    if calm.percentile(99.0) > MOST_CALM_MS {
        broken.push("this machine does not carry the load even without broken receivers: try --per-second".to_owned());
    }
    for promise in &broken {
        say(&format!("BROKEN: {promise}"));
    }
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(queues: &str, shape: &Shape, breaking: bool) -> anyhow::Result<Measured> {
    let world = Arc::new(World::start_with_queues_at(queues).await?);
    let queues = Queues::process(&world, queues).await?;
    run(world, queues, shape, breaking).await
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn say(text: &str) {
    println!("{text}");
}
