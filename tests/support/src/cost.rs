//! What a piece of work takes: CPU time of this thread, and its allocations.

use std::time::Duration;

use allocation_counter::AllocationInfo;
use rustix::time::{ClockId, clock_gettime};

/// What some work took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// CPU time of this thread.
    pub cpu: Duration,
    /// How often memory was asked for; growing in place counts as asking anew.
    pub allocations: u64,
    /// Most bytes held at one time, beyond what was held before.
    pub peak_bytes: u64,
}

/// Does `work` and tells what it took. What is dropped within `work` is not held any more.
pub fn cost<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let mut result = None;
    let before = cpu_of_this_thread();
    let AllocationInfo { count_total, bytes_max, .. } = allocation_counter::measure(|| result = Some(work()));
    let cpu = cpu_of_this_thread().saturating_sub(before);
    let result = result.unwrap_or_else(|| unreachable!("`measure` does the work exactly once"));
    (result, Cost { cpu, allocations: count_total, peak_bytes: bytes_max })
}

fn cpu_of_this_thread() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}
