//! What a rate of events takes, computed from the constants of the code and the template: the tables of docs/operate/capacity.md.

use std::fmt::Write as _;
use std::path::Path;

use shared::breaker::BreakerSettings;
use shared::queue::MAX_DELAY_SECONDS;
use shared::slowness::SLOW_ATTEMPT;
use shared::store::SHARDS;
use yaml_rust2::{Yaml, YamlLoader};

/// The rates of the tables, in events a second.
const RATES: [u32; 3] = [1_000, 8_000, 10_000];
/// Writes of one KiB that DynamoDB takes for one partition key in a second.
pub(crate) const WRITES_FOR_EACH_KEY: u32 = 1_000;
/// Strongly consistent reads of four KiB that DynamoDB takes for one partition key in a second.
pub(crate) const READS_FOR_EACH_KEY: u32 = 3_000;
/// Messages in flight that SQS takes for one queue.
pub(crate) const MOST_IN_FLIGHT: u32 = 120_000;
/// Invocations at the same time that one SQS mapping has at most.
pub(crate) const MOST_INVOCATIONS: u32 = 1_000;
/// What an invocation of `ingest` with one event takes, in milliseconds: a write, and the smallest share of a processor.
const INGEST_MS: u32 = 20;
/// What an invocation of `dispatch` with a full batch takes, in milliseconds: a read, and ten sends one after another.
const DISPATCH_MS: u32 = 200;
/// What `deliver` adds to its receivers' answers, in milliseconds: a write, and now and then a read.
const DELIVER_MS: u32 = 20;
/// Receivers' answers, in milliseconds, for which the table is printed.
const ANSWERS_MS: [u32; 3] = [100, 500, 2_000];
/// Deliver functions and webhooks in the example of the registry's reads.
const EXAMPLE: (u32, u32) = (100, 500);

/// The template's defaults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template {
    /// Jobs of one `deliver` invocation.
    pub(crate) batch: u32,
    /// `deliver` invocations at the same time, for each queue.
    pub(crate) concurrency: u32,
    /// Events of one `dispatch` invocation.
    pub(crate) stream_batch: u32,
    /// How long webhooks are trusted from memory.
    pub(crate) cache_seconds: u32,
    /// HTTP requests per second.
    pub(crate) throttle: u32,
}

impl Template {
    /// Those of the template.
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
            stream_batch: default("StreamBatchSize")?,
            cache_seconds: default("CacheSeconds")?,
            throttle: default("ThrottleRate")?,
        })
    }
}

/// Writes that one partition key takes in a second when `rate` of them are spread over the shards of a day.
pub(crate) fn writes_for_each_key(rate: u32) -> u32 {
    rate.div_ceil(u32::from(SHARDS))
}

/// Invocations at the same time that take `rate` items in a second in batches, each batch in so many milliseconds.
pub(crate) fn invocations(rate: u32, batch: u32, milliseconds: u32) -> u32 {
    u32::try_from((u64::from(rate) * u64::from(milliseconds)).div_ceil(u64::from(batch) * 1_000)).unwrap_or(u32::MAX)
}

/// How long the default breaker stays closed whatever happens, in seconds.
pub(crate) fn window_seconds() -> u32 {
    BreakerSettings::default().window_seconds
}

/// The most first failures in a second of webhooks whose waits are longer than SQS delays, so that all of them are in
/// flight until breakers open.
pub(crate) fn most_long_waits() -> u32 {
    MOST_IN_FLIGHT / window_seconds()
}

/// Broken deliveries in a second that hold all invocations of the deliveries queue until their webhooks are known to be
/// slow, if each is in an invocation of its own.
pub(crate) fn most_unknown_slow(template: Template) -> u32 {
    template.concurrency / u32::try_from(SLOW_ATTEMPT.as_secs()).unwrap_or(u32::MAX)
}

/// The tables as they stand in docs/operate/capacity.md.
pub(crate) fn tables(template: Template) -> String {
    let mut text = String::new();
    let mut line = |cells: &[String]| {
        let _infallible = writeln!(text, "| {} |", cells.join(" | "));
    };
    let rates = RATES.map(|rate| format!("{} events/s", grouped(rate)));
    line(&[["of one tenant, each to one webhook".to_owned()].as_slice(), &rates].concat());
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
    row(format!("failed deliveries that wait, delayed, until a breaker opens ({} s)", window_seconds()), &|rate| {
        grouped(rate * window_seconds())
    });
    row("  of them in flight, and after that".to_owned(), &|_| "0, and 1 probe".to_owned());
    row(format!("ingest invocations at once, {INGEST_MS} ms, one event a post"), &|rate| {
        grouped(invocations(rate, 1, INGEST_MS))
    });
    row(format!("dispatch invocations at once, {DISPATCH_MS} ms"), &|rate| {
        grouped(invocations(rate, template.stream_batch, DISPATCH_MS))
    });
    for answer in ANSWERS_MS {
        row(format!("deliver invocations at once, receivers answer in {} ms", grouped(answer)), &|rate| {
            let invocations = invocations(rate, template.batch, answer + DELIVER_MS);
            let beyond = if invocations > MOST_INVOCATIONS { " (beyond one mapping)" } else { "" };
            format!("{}{beyond}", grouped(invocations))
        });
    }
    text
}

/// The sentences below the tables that hold numbers.
pub(crate) fn sentences(template: Template) -> String {
    let (functions, webhooks) = EXAMPLE;
    let reads = 2 * functions * webhooks / template.cache_seconds;
    format!(
        "- Waits of up to {delay} s are delayed messages, which SQS does not count; longer ones are hidden, and of these a \
         queue has {flight}. Before a breaker opens only a tenant's own policy or a receiver's `Retry-After` asks for \
         longer ones: then {long} failing deliveries a second fill the queue in the {window} s until it opens.\n\
         - Before a webhook is known to be slow ({slow} s), its deliveries are in the invocations of the deliveries queue: \
         with {concurrency} of them (`MaximumConcurrency`), {unknown} such deliveries a second are the most that delay \
         nobody.\n\
         - The registry is read by each deliver function twice for each webhook in {cache} s: {functions} functions and \
         {webhooks} webhooks of one tenant are {reads} reads a second of one key, of {most}: \
         then raise `CacheSeconds`.\n\
         - The API lets {throttle} requests a second in (`ThrottleRate`).\n",
        delay = grouped(u32::from(MAX_DELAY_SECONDS)),
        flight = grouped(MOST_IN_FLIGHT),
        long = grouped(most_long_waits()),
        window = window_seconds(),
        slow = SLOW_ATTEMPT.as_secs(),
        concurrency = template.concurrency,
        unknown = most_unknown_slow(template),
        cache = template.cache_seconds,
        reads = grouped(reads),
        most = grouped(READS_FOR_EACH_KEY),
        throttle = grouped(template.throttle),
    )
}

/// With a comma between thousands.
fn grouped(number: u32) -> String {
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
