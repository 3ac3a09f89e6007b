//! Computes the tables of `docs/operate/capacity.md`: what a rate of events requires, by the constants of the code and
//! the template.

use std::fmt::Write as _;
use std::path::Path;

use shared::breaker::BreakerSettings;
use shared::in_flight::{LOOK_AGAIN_AFTER, MOST_HIDDEN_PER_LOOK, MOST_WHEN_HIDING};
use shared::queue::{MAX_DELAY_SECONDS, MAX_IN_FLIGHT};
use shared::slowness::{QUICK_ATTEMPT, QUICK_ATTEMPTS_NEEDED, SLOW_ATTEMPT};
use shared::store::SHARDS;
use shared::webhook::MAX_PER_TENANT;
use yaml_rust2::{Yaml, YamlLoader};

/// The rates in the tables, in events per second.
const RATES: [u32; 3] = [1_000, 8_000, 10_000];
/// Maximum writes of one KiB to one partition key per second. Reason: DynamoDB's limit.
pub(crate) const WRITES_FOR_EACH_KEY: u32 = 1_000;
/// Maximum strongly consistent reads of four KiB from one partition key per second. Reason: DynamoDB's limit.
pub(crate) const READS_FOR_EACH_KEY: u32 = 3_000;
/// Maximum simultaneous invocations of one SQS event source mapping. Reason: Lambda's limit.
pub(crate) const MOST_INVOCATIONS: u32 = 1_000;
/// Duration of an `ingest` invocation with one event, in milliseconds. It makes one write, and it has the smallest
/// share of a processor.
const INGEST_MS: u32 = 20;
/// Duration of a `dispatch` invocation with a full batch, in milliseconds. It makes one read, and ten sends one after
/// another.
const DISPATCH_MS: u32 = 200;
/// The time that `deliver` adds to its receivers' response times, in milliseconds. It makes one write, and sometimes a
/// read.
pub(crate) const DELIVER_MS: u32 = 20;
/// Duration of a `deliver` invocation whose jobs are all not due, in milliseconds. It reads a row for each job at the
/// same time, and sends all jobs anew in one call.
const CHAIN_MS: u32 = 100;
/// The response times of receivers, in milliseconds, that have a row in the table.
const ANSWERS_MS: [u32; 3] = [100, 500, 2_000];
/// The number of deliver functions in the example of reads from the registry.
pub(crate) const EXAMPLE_FUNCTIONS: u32 = 100;

/// Defaults of the template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template {
    /// Number of jobs in one `deliver` invocation.
    pub(crate) batch: u32,
    /// Number of simultaneous `deliver` invocations for each queue.
    pub(crate) concurrency: u32,
    /// Maximum simultaneous invocations of the slow queue.
    pub(crate) slow_concurrency: u32,
    /// Number of events in one `dispatch` invocation.
    pub(crate) stream_batch: u32,
    /// How long webhooks are cached in memory.
    pub(crate) cache_seconds: u32,
    /// HTTP requests per second that the API accepts.
    pub(crate) throttle: u32,
    pub(crate) api_throttle: u32,
    /// Memory of `dispatch` in MB.
    pub(crate) dispatch_memory: u32,
    /// Memory of `deliver` in MB.
    pub(crate) memory: u32,
}

impl Template {
    /// Reads the defaults from the template.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        let template = YamlLoader::load_from_str(&std::fs::read_to_string(path)?)?;
        let parameters = template.first().map_or(&Yaml::BadValue, |template| &template["Parameters"]);
        let default = |name: &str| {
            let number = parameters[name]["Default"].as_i64().and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| anyhow::anyhow!("the template has no number {name}"))
        };
        Ok(Self {
            batch: default("BatchSize")?,
            concurrency: default("MaximumConcurrency")?,
            slow_concurrency: default("SlowMaximumConcurrency")?,
            stream_batch: default("StreamBatchSize")?,
            cache_seconds: default("CacheSeconds")?,
            throttle: default("ThrottleRate")?,
            api_throttle: default("ApiThrottleRate")?,
            dispatch_memory: default("DispatchMemorySize")?,
            memory: default("MemorySize")?,
        })
    }
}

/// Writes per second to one partition key, if `rate` writes per second are spread over the shards of a day.
pub(crate) fn writes_for_each_key(rate: u32) -> u32 {
    rate.div_ceil(u32::from(SHARDS))
}

/// Number of simultaneous invocations that handle `rate` items per second, if each invocation handles one batch in
/// `milliseconds`.
pub(crate) fn invocations(rate: u32, batch: u32, milliseconds: u32) -> u32 {
    u32::try_from((u64::from(rate) * u64::from(milliseconds)).div_ceil(u64::from(batch) * 1_000)).unwrap_or(u32::MAX)
}

/// The time for which the default breaker stays closed in any case, in seconds.
pub(crate) fn window_seconds() -> u32 {
    BreakerSettings::default().window_seconds
}

/// The number that SQS tells of messages in flight may be this old, in seconds. Reason: AWS's documentation.
const NUMBER_IS_OLD_SECONDS: u32 = 60;

/// Maximum messages in flight that hide in the retries queue, if `concurrency` functions hide as many as they may until
/// SQS's number has risen.
pub(crate) fn most_hidden(concurrency: u32) -> u32 {
    let per_look = u32::try_from(MOST_HIDDEN_PER_LOOK).unwrap_or(u32::MAX);
    let looks = NUMBER_IS_OLD_SECONDS / u32::try_from(LOOK_AGAIN_AFTER.as_secs()).unwrap_or(1);
    MOST_WHEN_HIDING + concurrency * per_look * looks
}

/// The largest number of messages that one tenant can make wait at the same time in the example: 500 webhooks, and
/// 2,000 events that fail.
const ONE_TENANT: u32 = MAX_PER_TENANT * 2_000;

/// Receives per second of a tenant's messages that all wait in chains of delayed messages.
pub(crate) fn chain_receives(messages: u32) -> u32 {
    messages.div_ceil(u32::from(MAX_DELAY_SECONDS))
}

/// Reads per second of a tenant's key in the registry by all deliver functions of the example: the webhook, and its
/// health.
pub(crate) fn registry_reads(template: Template, webhooks: u32) -> u32 {
    2 * EXAMPLE_FUNCTIONS * webhooks / template.cache_seconds
}

/// Number of slow deliveries per second that occupy all invocations of the deliveries queue until their webhooks
/// count as slow, if each delivery is in an invocation of its own.
pub(crate) fn most_unknown_slow(template: Template) -> u32 {
    template.concurrency / u32::try_from(SLOW_ATTEMPT.as_secs()).unwrap_or(u32::MAX)
}

/// The tables as `docs/operate/capacity.md` has them.
pub(crate) fn tables(template: Template) -> String {
    let mut text = String::new();
    let mut line = |cells: &[String]| {
        let _infallible = writeln!(text, "| {} |", cells.join(" | "));
    };
    let rates = RATES.map(|rate| format!("{} events/s", grouped(rate)));
    line(&[["events of one tenant, each to one webhook".to_owned()].as_slice(), &rates].concat());
    line(&["---".to_owned(), "--:".to_owned(), "--:".to_owned(), "--:".to_owned()]);
    let mut row = |name: String, figure: &dyn Fn(u32) -> String| {
        line(&[vec![name], RATES.map(figure).to_vec()].concat());
    };
    let per_key = |rate: u32| {
        let writes = writes_for_each_key(rate);
        let beyond = if writes > WRITES_FOR_EACH_KEY { " (throttled)" } else { "" };
        format!("{}{beyond}", grouped(writes))
    };
    row(format!("writes/s of one key: events, {SHARDS} shards of a tenant's day"), &per_key);
    row(format!("writes/s of one key: deliveries, {SHARDS} shards of a webhook's day"), &per_key);
    row(format!("writes/s of one key: held index, all of them held, {SHARDS} shards of a webhook's state"), &per_key);
    row(format!("reads/s of the tenant's row by dispatch, {} events a batch", template.stream_batch), &|rate| {
        grouped(rate.div_ceil(template.stream_batch))
    });
    row(format!("waiting messages of failed deliveries until a breaker opens ({} s)", window_seconds()), &|rate| {
        grouped(rate * window_seconds())
    });
    let hidden = most_hidden(template.concurrency);
    row("of these in flight at most; messages that wait after it has opened".to_owned(), &|_| {
        format!("{}; 1 probe", grouped(hidden))
    });
    row(format!("simultaneous ingest invocations, {INGEST_MS} ms each, one event a post"), &|rate| {
        grouped(invocations(rate, 1, INGEST_MS))
    });
    row(format!("simultaneous dispatch invocations, {DISPATCH_MS} ms each"), &|rate| {
        grouped(invocations(rate, template.stream_batch, DISPATCH_MS))
    });
    for answer in ANSWERS_MS {
        row(format!("simultaneous deliver invocations, receivers answer in {} ms", grouped(answer)), &|rate| {
            let invocations = invocations(rate, template.batch, answer + DELIVER_MS);
            let beyond = if invocations > MOST_INVOCATIONS { " (beyond one mapping)" } else { "" };
            format!("{}{beyond}", grouped(invocations))
        });
    }
    text
}

/// The sentences with numbers below the tables.
pub(crate) fn sentences(template: Template) -> String {
    let (functions, webhooks) = (EXAMPLE_FUNCTIONS, MAX_PER_TENANT);
    let reads = registry_reads(template, webhooks);
    format!(
        "- Waits in the retries queue are hidden messages until {quarter} of the {flight} messages that a queue can have in \
         flight are in flight. Further waits are delayed messages, which SQS does not count, in chains of {delay} s. SQS's \
         number may be a minute old, and {concurrency} functions hide {late} messages in a minute, so that at most {hidden} \
         are in flight, with any settings of a tenant.\n\
         - The worst case of one tenant: {one} deliveries (500 webhooks, 2,000 events) that fail and wait for days. As \
         chains they are received {chain} times a second, which takes {chains} invocations of the retries queue of 100 ms, \
         and leaves the others to other tenants. Each receive costs a send, a delete and the read of a row.\n\
         - A webhook uses the invocations of the deliveries queue when its receiver is known to be quick ({needed} \
         attempts of less than {quick} s in a row, in the slow queue), and until an attempt takes {slow} s. With \
         {concurrency} invocations (`MaximumConcurrency`), {unknown} such deliveries a second do not delay other webhooks. \
         More make jobs wait; then the jobs of the tenant that uses more than its share go to the \
         slow queue, also if each attempt takes less than {slow} s.\n\
         - The slow queue has {slow_concurrency} invocations of its own (`SlowMaximumConcurrency`): {slow_places} attempts \
         at a time, which are {slow_rate} a second of {slow} s each. More than that waits there, and nobody else waits for \
         it.\n\
         - Each deliver function reads the registry twice in {cache} s for each webhook, and once for each tenant. \
         {functions} functions and \
         {webhooks} webhooks of one tenant make {reads} reads a second of one key, and the limit is {most}. In that case, \
         raise `CacheSeconds`.\n\
         - Each route that takes events accepts {throttle} requests a second (`ThrottleRate`). Management requests have a \
         throttle of their own: {api_throttle} a second (`ApiThrottleRate`).\n",
        delay = grouped(u32::from(MAX_DELAY_SECONDS)),
        flight = grouped(MAX_IN_FLIGHT),
        quarter = grouped(MOST_WHEN_HIDING),
        late = grouped(most_hidden(template.concurrency) - MOST_WHEN_HIDING),
        hidden = grouped(most_hidden(template.concurrency)),
        one = grouped(ONE_TENANT),
        chain = grouped(chain_receives(ONE_TENANT)),
        chains = grouped(invocations(chain_receives(ONE_TENANT), template.batch, CHAIN_MS)),
        needed = QUICK_ATTEMPTS_NEEDED,
        quick = QUICK_ATTEMPT.as_secs(),
        slow = SLOW_ATTEMPT.as_secs(),
        concurrency = template.concurrency,
        unknown = most_unknown_slow(template),
        slow_concurrency = template.slow_concurrency,
        slow_places = template.slow_concurrency * template.batch,
        slow_rate = u64::from(template.slow_concurrency * template.batch) / SLOW_ATTEMPT.as_secs(),
        cache = template.cache_seconds,
        reads = grouped(reads),
        most = grouped(READS_FOR_EACH_KEY),
        throttle = grouped(template.throttle),
        api_throttle = grouped(template.api_throttle),
    )
}

/// Formats a number with a comma between thousands.
pub(crate) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
