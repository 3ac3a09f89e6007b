//! Measures what the machine has to do, so that a slow machine is not taken for a slow product.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task::JoinHandle;

use super::measured::Load;
use support::stack::Stack;

/// Time between two direct calls.
const CALL_EVERY: Duration = Duration::from_millis(250);
/// Ticks per second in which Linux counts the time of processes, on every processor that the functions run on.
const TICKS_PER_SECOND: f64 = 100.0;

/// A measurement under way.
pub(super) struct Gauge {
    pid: i32,
    began: (Instant, Ticks),
    direct_ms: Arc<Mutex<Vec<f64>>>,
    calls: JoinHandle<()>,
}

/// Ticks since the machine or the process started.
struct Ticks {
    emulator: f64,
    idle: f64,
    all: f64,
}

impl Gauge {
    /// Starts to measure.
    pub(super) fn start(stack: &Stack) -> anyhow::Result<Self> {
        let direct_ms = Arc::<Mutex<Vec<f64>>>::default();
        let (client, url) = (support::http_client(), format!("{}/_ministack/health", stack.endpoint()));
        let found = Arc::clone(&direct_ms);
        let calls = tokio::spawn(async move {
            let mut pace = tokio::time::interval(CALL_EVERY);
            loop {
                pace.tick().await;
                let began = Instant::now();
                let answered = client.get(&url).send().await.is_ok();
                let took = if answered { began.elapsed().as_secs_f64() * 1_000.0 } else { f64::INFINITY };
                found.lock().unwrap_or_else(PoisonError::into_inner).push(took);
            }
        });
        let pid = stack.emulator_pid();
        Ok(Self { pid, began: (Instant::now(), Ticks::read(pid)?), direct_ms, calls })
    }

    /// Ends the measurement.
    pub(super) fn stop(self) -> anyhow::Result<Load> {
        self.calls.abort();
        let (since, before) = self.began;
        let now = Ticks::read(self.pid)?;
        let mut direct_ms = self.direct_ms.lock().unwrap_or_else(PoisonError::into_inner).clone();
        direct_ms.sort_by(f64::total_cmp);
        Ok(Load {
            emulator: (now.emulator - before.emulator) / TICKS_PER_SECOND / since.elapsed().as_secs_f64(),
            idle: (now.idle - before.idle) / (now.all - before.all).max(1.0),
            direct_ms,
        })
    }
}

impl Ticks {
    fn read(pid: i32) -> anyhow::Result<Self> {
        let process = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the emulator's process")?;
        // The name in brackets may hold anything. Of the fields behind it, the 12th and the 13th are the time of the
        // process in its own code and in the kernel.
        let (_, fields) = process.rsplit_once(')').context("a process")?;
        let emulator = numbers(fields).skip(10).take(2).sum();
        let machine = std::fs::read_to_string("/proc/stat")?;
        let all: Vec<f64> = numbers(machine.lines().next().unwrap_or_default()).collect();
        // Of the machine's times, the fourth is the idle one.
        Ok(Self { emulator, idle: all.get(3).copied().unwrap_or_default(), all: all.iter().sum() })
    }
}

/// The numbers of a line; its words are left out.
fn numbers(line: &str) -> impl Iterator<Item = f64> {
    line.split_whitespace().filter_map(|field| field.parse().ok())
}
