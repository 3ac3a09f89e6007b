//! Measures a piece of work: CPU time of this thread, and allocations.

use std::time::Duration;

use allocation_counter::AllocationInfo;
use rustix::time::{ClockId, clock_gettime};

/// The cost of some work.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// CPU time of this thread.
    pub cpu: Duration,
    /// Number of allocations. A reallocation in place counts as one.
    pub allocations: u64,
    /// Maximum number of bytes allocated at one time, on top of what was allocated before.
    pub peak_bytes: u64,
}

/// Does `work` and measures it. Memory that `work` frees does not count as held afterwards.
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
