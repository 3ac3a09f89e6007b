//! The whole of mailhooks in one process. A test drives it step by step.

mod rows;
mod stream;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_lambda_events::event::sqs::SqsEvent;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_types::retry::RetryConfig;
use deliver::Deliver;
use dispatch::Dispatch;
use ingest::Ingest;
use jiff::SignedDuration;
use lambda_runtime::{Context, LambdaEvent};
use shared::aws::SdkConfig;
use shared::clock::Clock;
use shared::config;
use shared::outbound::Outbound;
use shared::store::{Deliveries, Events, Registry};

use super::endpoint::Endpoint;
use super::kms::KMS_KEY;
use super::registry_groups::RegistryGroups;
use super::time::{NoWait, Stopped, beginning};

/// The access key of the functions' role.
pub const OUR_KEY_ID: &str = "AKIAMAILHOOKS";
/// Name of the deliveries queue.
pub const DELIVERIES: &str = "deliveries";
/// Name of the retries queue.
pub const RETRIES: &str = "retries";
/// Name of the slow queue.
pub const SLOW: &str = "slow";
/// Name of the dead-letter queue.
pub const DEAD_LETTER: &str = "dead-letter";
/// Name of the queue of events that cannot be dispatched.
pub const DISPATCH_FAILURES: &str = "dispatch-failures";
/// The time limit of `dispatch` and `deliver` in the template.
const TIME_LIMIT: SignedDuration = SignedDuration::from_secs(30);
/// Maximum steps of [`World::run_until_idle`]. Reason: no test needs as many, so a busy world loops.
const MAX_STEPS: usize = 2_000;
/// Maximum delay of a timer. Reason: timers have a resolution of one millisecond.
const TIMERS_ARE_LATE: Duration = Duration::from_nanos(999_999);

/// Tables, queues, rooms and a clock.
#[derive(Debug)]
pub struct World {
    /// The clock of the rooms, the queues and the tables.
    pub clock: Clock,
    /// The AWS endpoint: queues, recorded calls, planned breaks.
    pub aws: Arc<Endpoint>,
    /// The configuration of AWS clients. Unless a test asks for them, the SDK's own retries are off, so that the code
    /// under test sees a broken call.
    pub sdk: SdkConfig,
    /// The registry table.
    pub registry: RegistryGroups,
    /// The events table.
    pub events: Events,
    /// The deliveries table.
    pub deliveries: Deliveries,
    /// The dispatch room.
    pub dispatch: Dispatch,
    /// The deliver room.
    pub deliver: Deliver,
    url: String,
    dispatched: Mutex<HashSet<String>>,
    _time: Option<Stopped>,
}

impl World {
    /// Starts an empty world; deliveries may go to loopback. Time stands still in the world and in the test's runtime,
    /// so that a busy machine does not change how a test ends. See [`World::pass`].
    pub async fn start() -> anyhow::Result<Self> {
        Self::stopped(RetryConfig::disabled()).await
    }

    /// Starts a world whose clients repeat failed calls, as in production. So if the answer to a call was lost, the
    /// repeated call meets the effect of the first one.
    pub async fn start_with_retries() -> anyhow::Result<Self> {
        Self::stopped(RetryConfig::standard()).await
    }

    async fn stopped(retries: RetryConfig) -> anyhow::Result<Self> {
        let time = Stopped::begin();
        let sleep = SharedAsyncSleep::new(NoWait);
        let world = Self::start_with(Clock::stopped(beginning()), sleep, retries, None).await?;
        Ok(Self { _time: Some(time), ..world })
    }

    /// Starts a world in real time. It is for measurements, and for tests with other processes, because those only have
    /// real time.
    pub async fn start_in_real_time() -> anyhow::Result<Self> {
        let sleep = SharedAsyncSleep::new(TokioSleep::new());
        Self::start_with(Clock::default(), sleep, RetryConfig::standard(), None).await
    }

    /// Starts a world in real time whose queues run in another process at `queues_url`; `aws.sqs` stays empty.
    pub async fn start_with_queues_at(queues_url: &str) -> anyhow::Result<Self> {
        let sleep = SharedAsyncSleep::new(TokioSleep::new());
        Self::start_with(Clock::default(), sleep, RetryConfig::standard(), Some(queues_url.to_owned())).await
    }

    async fn start_with(
        clock: Clock,
        sleep: SharedAsyncSleep,
        retries: RetryConfig,
        queues_url: Option<String>,
    ) -> anyhow::Result<Self> {
        crate::log_lines::prepare();
        let (aws, url) = Endpoint::start(clock.clone(), queues_url).await?;
        let credentials = Credentials::new(OUR_KEY_ID, "test", None, None, "test");
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(retries)
            // A time limit of the SDK would use real time, and could break a call that no test has broken.
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .sleep_impl(sleep)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&url)
            .build();
        let dynamo = aws_sdk_dynamodb::Client::new(&sdk);
        create_tables(&dynamo).await?;
        let world = Self {
            registry: registry(&sdk),
            events: Events::new(dynamo.clone(), "events", 30),
            deliveries: Deliveries::new(dynamo, "deliveries", 30),
            dispatch: Dispatch::new(&sdk, &dispatch_config(&url), clock.clone()),
            deliver: Deliver::new(&sdk, &deliver_config(&url)?, clock.clone())?,
            clock,
            aws,
            sdk,
            url,
            dispatched: Mutex::default(),
            _time: None,
        };
        world.aws.take_calls();
        Ok(world)
    }

    /// Advances the world's clock by a millisecond. What is created afterwards is later by its id and in every list.
    pub fn tick(&self) {
        self.clock.advance(SignedDuration::from_millis(1));
    }

    /// Advances the world's clock and the timers of the test's runtime. A wait must have begun before: join this call
    /// with what the test waits for, after something that shows that the wait has begun.
    ///
    /// If two nested time limits both expire within `time`, they expire at once. To let them expire one by one, call
    /// this twice.
    pub async fn pass(&self, time: Duration) {
        self.clock.advance(SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX));
        tokio::time::advance(time + TIMERS_ARE_LATE).await;
    }

    /// A second deliver room, with a configuration changed by `change` and with cold caches, as after a crash.
    pub fn another_deliver(&self, change: impl FnOnce(&mut config::DeliverConfig)) -> anyhow::Result<Deliver> {
        let mut config = deliver_config(&self.url)?;
        change(&mut config);
        Ok(Deliver::new(&self.sdk, &config, self.clock.clone())?)
    }

    /// A second registry, which has not read a data key yet.
    pub fn another_registry(&self) -> RegistryGroups {
        registry(&self.sdk)
    }

    /// A second dispatch room, with cold caches.
    pub fn another_dispatch(&self) -> Dispatch {
        Dispatch::new(&self.sdk, &dispatch_config(&self.url), self.clock.clone())
    }

    /// A new ingest room with empty caches, whose calls to Amazon go through `outbound`.
    pub fn ingest(&self, outbound: Outbound) -> Ingest {
        let config = config::IngestConfig {
            registry_table: "registry".to_owned(),
            events_table: "events".to_owned(),
            retention_days: 30,
            cache_seconds: 30,
        };
        Ingest::new(&self.sdk, &config, self.clock.clone()).with_outbound(outbound)
    }

    /// The URL of a queue.
    pub fn queue_url(&self, queue: &str) -> String {
        queue_url(&self.url, queue)
    }

    /// The URL of the AWS endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Hands one batch of a queue to `deliver`. Returns the number of messages in it.
    pub async fn pump_queue(&self, queue: &str) -> usize {
        self.pump_queue_with(queue, &self.deliver).await
    }

    /// As [`World::pump_queue`], with another deliver room.
    pub async fn pump_queue_with(&self, queue: &str, room: &Deliver) -> usize {
        let batch = self.aws.sqs.receive(queue);
        if let Some(failed) = self.invoke(&batch, room).await {
            self.aws.sqs.finish(queue, &batch, &failed);
        }
        batch.records.len()
    }

    /// Hands a received batch to a deliver room. Returns the ids of the messages that must not be deleted; `None` if
    /// the invocation fails, and then Lambda deletes nothing.
    pub async fn invoke(&self, batch: &SqsEvent, room: &Deliver) -> Option<Vec<String>> {
        if batch.records.is_empty() {
            return None;
        }
        let answer = deliver::handle(LambdaEvent::new(batch.clone(), self.context()), room).await.ok()?;
        Some(answer.batch_item_failures.into_iter().filter_map(|failure| failure.item_identifier).collect())
    }

    /// Receives one batch of a queue twice: the visibility of the messages ends before the first invocation begins. So
    /// two invocations have the same messages.
    pub fn receive_twice(&self, queue: &str) -> [SqsEvent; 2] {
        let first = self.aws.sqs.receive(queue);
        self.aws.sqs.end_visibility(queue, &first);
        [first, self.aws.sqs.receive(queue)]
    }

    /// Runs stream and queues until only dead letters are left. Advances the clock to the next message when nothing
    /// else is to do.
    pub async fn run_until_idle(&self) -> anyhow::Result<()> {
        for _ in 0..MAX_STEPS {
            let mut busy = self.pump_stream().await?;
            for queue in [DELIVERIES, RETRIES, SLOW] {
                busy += self.pump_queue(queue).await;
            }
            if busy > 0 {
                continue;
            }
            let next = [DELIVERIES, RETRIES, SLOW].iter().filter_map(|queue| self.aws.sqs.next_visible(queue)).min();
            match next {
                Some(next) => self.clock.advance(next.duration_since(self.clock.now()).max(SignedDuration::ZERO)),
                None if self.undispatched()?.is_empty() => return Ok(()),
                None => {}
            }
        }
        anyhow::bail!("not idle after {MAX_STEPS} steps")
    }

    fn context(&self) -> Context {
        self.context_within(TIME_LIMIT)
    }

    fn context_within(&self, time: SignedDuration) -> Context {
        let deadline = self.clock.now() + time;
        let mut context = Context::default();
        "request-1".clone_into(&mut context.request_id);
        context.deadline = u64::try_from(deadline.as_millisecond()).unwrap_or(0);
        context
    }
}

fn queue_url(url: &str, queue: &str) -> String {
    format!("{url}/000000000000/{queue}")
}

fn dispatch_config(url: &str) -> config::DispatchConfig {
    config::DispatchConfig {
        registry_table: "registry".to_owned(),
        deliveries_queue_url: queue_url(url, DELIVERIES),
        dispatch_failures_queue_url: queue_url(url, DISPATCH_FAILURES),
    }
}

fn deliver_config(url: &str) -> anyhow::Result<config::DeliverConfig> {
    Ok(config::DeliverConfig {
        registry_table: "registry".to_owned(),
        events_table: "events".to_owned(),
        deliveries_table: "deliveries".to_owned(),
        deliveries_queue_url: queue_url(url, DELIVERIES),
        retries_queue_url: queue_url(url, RETRIES),
        slow_queue_url: queue_url(url, SLOW),
        dead_letter_queue_url: queue_url(url, DEAD_LETTER),
        retention_days: 30,
        cache_seconds: 30,
        allowed_networks: vec!["127.0.0.0/8".parse()?],
    })
}

/// The registry table, with clients and a memory of data keys of its own.
fn registry(sdk: &SdkConfig) -> RegistryGroups {
    let (dynamo, kms) = (aws_sdk_dynamodb::Client::new(sdk), aws_sdk_kms::Client::new(sdk));
    RegistryGroups::new(&Registry::new(dynamo, "registry").sealing_secrets(kms, KMS_KEY))
}

/// The tables as the template declares them.
async fn create_tables(dynamo: &aws_sdk_dynamodb::Client) -> anyhow::Result<()> {
    let text =
        |name: &str| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
    let key = |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    for table in ["registry", "events", "deliveries"] {
        let mut call = dynamo
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(text("pk")?)
            .attribute_definitions(text("sk")?)
            .key_schema(key("pk", KeyType::Hash)?)
            .key_schema(key("sk", KeyType::Range)?);
        if table == "deliveries" {
            let index = GlobalSecondaryIndex::builder()
                .index_name("held-dead")
                .key_schema(key("hd_pk", KeyType::Hash)?)
                .key_schema(key("hd_sk", KeyType::Range)?)
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()?;
            call = call
                .attribute_definitions(text("hd_pk")?)
                .attribute_definitions(text("hd_sk")?)
                .global_secondary_indexes(index);
        }
        call.send().await?;
    }
    Ok(())
}
