//! Computes the table of what one tenant can take of what all tenants share: an ordinary tenant, and the worst case.

use std::fmt::Write as _;
use std::path::Path;

use shared::queue::MAX_IN_FLIGHT;
use shared::slowness::SLOW_ATTEMPT;
use shared::webhook::MAX_PER_TENANT;

use super::stated::{
    DELIVER_MS, EXAMPLE_FUNCTIONS, READS_FOR_EACH_KEY, Template, grouped, most_hidden, registry_reads, window_seconds,
};

/// An ordinary tenant: its webhooks, and its events per second.
const ORDINARY: (u32, u32) = (10, 10);
/// The bytes of an ordinary job, and of an ordinary webhook.
const ORDINARY_BYTES: u32 = 1_024;
/// Duration of a batch call of SQS with ten messages, in milliseconds.
const CALL_MS: u32 = 40;
/// Messages of one batch call. Reason: SQS's limit.
const MESSAGES_OF_CALL: u32 = 10;
/// How much faster than a slow receiver a receiver answers that does not count as slow, in milliseconds.
const JUST_QUICK_ENOUGH_MS: u32 = 100;

/// The value of a constant in a file of the rooms, which do not export their limits.
fn constant(file: &str, name: &str) -> anyhow::Result<u32> {
    let code = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file))?;
    let missing = || anyhow::anyhow!("{file} has no number {name}");
    let (_, rest) = code.split_once(&format!("const {name}: ")).ok_or_else(missing)?;
    let product = rest.split_once('=').and_then(|(_, rest)| rest.split_once(';')).ok_or_else(missing)?.0;
    let factors = product.split('*').map(|factor| factor.trim().replace('_', "").parse::<u32>());
    factors.product::<Result<u32, _>>().map_err(|_| missing())
}

/// How long `dispatch` sends a tenant's messages, in milliseconds.
fn sending_ms(messages: u32) -> anyhow::Result<u32> {
    let at_once = constant("shared/src/queue.rs", "MAX_CONCURRENT_CALLS")?;
    Ok(messages.div_ceil(MESSAGES_OF_CALL).div_ceil(at_once) * CALL_MS)
}

/// Messages that `dispatch` sends for one tenant in one batch at most: jobs until the tenant's share is used up, then
/// one message for each event.
fn most_messages(template: Template) -> anyhow::Result<u32> {
    let shares = "functions/dispatch/src/shares.rs";
    let (jobs, of_event) = (constant(shares, "MAX_JOBS_OF_TENANT")?, constant(shares, "MAX_JOBS_OF_EVENT")?);
    Ok(jobs + template.stream_batch - jobs / of_event)
}

/// The table as `docs/operate/capacity.md` has it.
pub(crate) fn table(template: Template) -> anyhow::Result<String> {
    let (webhooks, events) = ORDINARY;
    let mut text = String::new();
    let mut line = |cells: [String; 4]| {
        let _infallible = writeln!(text, "| {} |", cells.join(" | "));
    };
    line([
        "what all tenants share".to_owned(),
        format!("ordinary tenant: {webhooks} webhooks, {events} events/s"),
        format!("worst case of one tenant: {MAX_PER_TENANT} webhooks"),
        "there is".to_owned(),
    ]);
    line(["---", "--:", "--:", "--:"].map(str::to_owned));
    line([
        "messages in flight in the retries queue".to_owned(),
        format!("{} (one webhook down, until its breaker opens)", grouped(events * window_seconds())),
        grouped(most_hidden(template.concurrency)),
        grouped(MAX_IN_FLIGHT),
    ]);
    let places = template.concurrency * template.batch;
    let just_quick_enough = u32::try_from(SLOW_ATTEMPT.as_millis())? - JUST_QUICK_ENOUGH_MS;
    let place_ms = MAX_PER_TENANT * (just_quick_enough + DELIVER_MS);
    let tenths = places * 10_000 / place_ms;
    line([
        "places of deliver for the deliveries queue, before slow jobs leave for the slow queue".to_owned(),
        format!("{} (receivers answer in 100 ms)", grouped((webhooks * events * (100 + DELIVER_MS)).div_ceil(1_000))),
        format!(
            "{} (receivers answer in {} ms, {}.{} events/s)",
            grouped(places),
            grouped(just_quick_enough),
            tenths / 10,
            tenths % 10
        ),
        grouped(places),
    ]);
    line([
        "time of a shard that dispatch needs for a batch".to_owned(),
        format!("{} ms (one second's events)", sending_ms(webhooks * events)?),
        format!("{} ms ({} messages)", sending_ms(most_messages(template)?)?, grouped(most_messages(template)?)),
        format!("{} events a batch", template.stream_batch),
    ]);
    line([
        format!("reads/s of the tenant's key in the registry, {EXAMPLE_FUNCTIONS} functions"),
        grouped(registry_reads(template, webhooks)),
        grouped(registry_reads(template, MAX_PER_TENANT)),
        format!("{} for each tenant", grouped(READS_FOR_EACH_KEY)),
    ]);
    let portion = constant("functions/dispatch/src/portion.rs", "MAX_BYTES")?;
    let calls = constant("shared/domain/src/queue_limits.rs", "MAX_BYTES")?
        * constant("shared/src/queue.rs", "MAX_CONCURRENT_CALLS")?;
    let cache = constant("functions/dispatch/src/webhooks.rs", "MAX_BYTES")?;
    line([
        "memory of dispatch: jobs of a portion, calls, cached webhooks".to_owned(),
        format!("{} KiB", (webhooks * events + webhooks) * ORDINARY_BYTES / 1_024),
        format!("{} MiB", (portion + calls + cache).div_ceil(1_024 * 1_024)),
        format!("{} MB", template.dispatch_memory),
    ]);
    let cache = constant("functions/deliver/src/webhook_cache.rs", "MAX_BYTES")?;
    let jobs = template.batch * constant("shared/domain/src/job/write.rs", "INLINE_LIMIT")?;
    line([
        "memory of deliver: jobs of an invocation, cached webhooks".to_owned(),
        format!("{} KiB", (template.batch + webhooks) * ORDINARY_BYTES / 1_024),
        format!("{} MiB", (jobs + cache).div_ceil(1_024 * 1_024)),
        format!("{} MB", template.memory),
    ]);
    Ok(text)
}
