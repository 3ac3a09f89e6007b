//! One run, from the webhooks to the verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use aws_sdk_sqs::types::QueueAttributeName;
use shared::queue::job::{Job, Sweep};

use super::census::{Census, Subject};
use super::faults::Faults;
use super::management::{CLIENTS, Managed, Management};
use super::plan::{Behaviour, Plan};
use super::processes::{Functions, is_connected_to};
use super::proxy::Proxy;
use super::receivers::{METADATA, Receivers};
use super::report::Report;
use super::senders::{Senders, Sent};
use support::stack::{Stack, Tenant};

/// Visibility timeout of the deliveries and the retries queue during the suite, in seconds. The template has 180, six
/// times deliver's time limit; with that, messages that a killed function had received would not return within a short
/// run. The timeout must be longer than the time limit (30), as SQS requires of a mapping.
const VISIBILITY_SECONDS: u32 = 31;
/// Additional time for a busy machine after the planned end. An idle machine does not use it: the run ends when
/// everything has settled.
const OVERTIME: Duration = Duration::from_mins(6);
/// The rooms whose functions are killed by the clock.
pub(super) const KILLED: [&str; 4] = ["deliver", "dispatch", "ingest", "api"];
/// Number of kills by the clock in a thousand that kill one function of every room at the same moment.
const KILLS_OF_ALL: u64 = 300;
/// Time to create webhooks and sources. The plan's time begins afterwards.
const SETUP: Duration = Duration::from_secs(5);
/// Maximum duration of a run, even if something hangs.
const HARD_LIMIT: Duration = Duration::from_mins(20);
/// Time between two counts while deliveries settle.
const COUNT_EVERY: Duration = Duration::from_secs(2);
/// Time between two sweeps while deliveries settle. On AWS, the template's schedule starts one every hour.
const SWEEP_EVERY: Duration = Duration::from_secs(20);
/// Time between two looks for a connection to the metadata address. Reason: a connection to an address that does not
/// answer exists for longer than this.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Runs the plan on the deployed stack, prints the report, and returns whether the run is good. Afterwards the stack is
/// as before, except for one tenant that stays in it.
#[expect(clippy::print_stdout, reason = "the report is what the suite is for")]
pub async fn run(plan: Plan) -> anyhow::Result<bool> {
    println!("\nfault suite: seed {}, about {} s ...", plan.seed, plan.length.as_secs());
    let stack = Stack::deployed();
    let queues = [stack.deliveries_queue(), stack.retries_queue(), stack.slow_queue()];
    let before = set_visibility(&stack, queues[0], VISIBILITY_SECONDS).await?;
    for queue in &queues[1..] {
        set_visibility(&stack, queue, VISIBILITY_SECONDS).await?;
    }
    let report = tokio::time::timeout(HARD_LIMIT, under_faults(&stack, plan)).await;
    for queue in queues {
        set_visibility(&stack, queue, before).await?;
    }
    let report = report.context("the suite hangs")??;
    println!("{report}");
    Ok(report.complaints().is_empty())
}

/// Sets a queue's visibility timeout and returns the previous one.
async fn set_visibility(stack: &Stack, queue: &str, seconds: u32) -> anyhow::Result<u32> {
    let (sqs, name) = (stack.sqs(), QueueAttributeName::VisibilityTimeout);
    let known = sqs.get_queue_attributes().queue_url(queue).attribute_names(name.clone()).send().await?;
    let before = known.attributes().and_then(|attributes| attributes.get(&name)).map(|text| text.parse());
    sqs.set_queue_attributes().queue_url(queue).attributes(name, seconds.to_string()).send().await?;
    before.unwrap_or(Ok(seconds)).map_err(Into::into)
}

async fn under_faults(stack: &Stack, plan: Plan) -> anyhow::Result<Report> {
    let functions = Functions::of_emulator(stack.emulator_pid());
    let tenant = stack.tenant().await;
    let started = Instant::now() + SETUP;
    let faults = Faults::new(plan.chance(10), plan.storms(), plan.faults());
    let (proxy, proxy_url) = Proxy::start(stack.endpoint(), functions, faults, started).await?;
    let receivers = Receivers::start(plan.chance(11), started, plan.back(), Arc::clone(&proxy)).await?;
    let subjects = subscribe(&tenant, &receivers).await?;
    let senders = Senders::new(stack, &tenant).await?;
    let management = Management::new(stack, &receivers).await?;

    let connected = Arc::<AtomicBool>::default();
    let watch = tokio::spawn(watch_metadata(Arc::clone(&connected)));
    // Functions read the AWS endpoint when they start. So running functions are ended, and start again on their next
    // event.
    stack.set_functions_endpoint(Some(&proxy_url));
    end_all(functions);
    let (sent, (), ()) = futures::join!(
        senders.send(&plan, started),
        manage(&management, plan, started),
        kill_by_the_clock(plan, started, functions, &proxy)
    );
    let sent = sent?;
    let census = until_rest(
        stack,
        &tenant,
        &subjects,
        &receivers,
        &sent,
        started + plan.length + OVERTIME,
        started + plan.faults(),
    );
    let (census, managed) = futures::join!(census, judge(management, started + plan.faults()));
    stack.set_functions_endpoint(None);
    end_all(functions);
    watch.abort();
    Ok(Report {
        plan,
        took: started.elapsed(),
        sent,
        census: census?,
        managed: managed?,
        calls: proxy.calls(),
        faults: proxy.faults(),
        kills: proxy.kills(),
        metadata_was_connected_to: connected.load(Ordering::Relaxed),
        redirects_followed: receivers.canary_connections(),
    })
}

/// The clients of the management APIs, until senders stop.
async fn manage(management: &Management<'_>, plan: Plan, started: Instant) {
    let clients =
        (0..CLIENTS).map(|client| management.manage(client, plan.chance(13 + client as u64), started + plan.sending()));
    futures::future::join_all(clients).await;
}

/// Judges what the management APIs have answered, after the end of the faults.
async fn judge(management: Management<'_>, faults_end: Instant) -> anyhow::Result<Managed> {
    tokio::time::sleep_until(faults_end.into()).await;
    management.judge().await
}

/// Creates the webhooks of each behaviour.
async fn subscribe(tenant: &Tenant<'_>, receivers: &Receivers) -> anyhow::Result<Vec<Subject>> {
    let mut subjects = Vec::new();
    for (behaviour, count) in Behaviour::CAST {
        for _ in 0..count {
            let path = format!("/{}", subjects.len());
            let mut settings = behaviour.settings();
            settings["url"] = receivers.url(&path).into();
            let webhook = tenant.create("/api/v1/webhooks", settings).await;
            receivers.open(&path, behaviour, webhook["secret"].as_str().unwrap_or_default());
            subjects.push(Subject { id: webhook["id"].as_str().unwrap_or_default().parse()?, behaviour, path });
        }
    }
    Ok(subjects)
}

fn end_all(functions: Functions) {
    for function in functions.running() {
        functions.kill(&function);
    }
}

async fn kill_by_the_clock(plan: Plan, started: Instant, functions: Functions, proxy: &Proxy) {
    let mut chance = plan.chance(12);
    for at in plan.kills() {
        tokio::time::sleep_until((started + at).into()).await;
        let running = functions.running();
        // Each room is equally likely, although most processes are deliver's.
        let room = chance.pick(&KILLED).copied();
        let rooms = if chance.per_mille(KILLS_OF_ALL) { KILLED.to_vec() } else { room.into_iter().collect() };
        for room in rooms {
            let of_room: Vec<_> = running.iter().filter(|function| function.name == room).collect();
            if let Some(function) = chance.pick(&of_room) {
                proxy.kill(function);
            }
        }
    }
}

/// Watches for connections to the metadata address, until it is aborted.
async fn watch_metadata(connected: Arc<AtomicBool>) {
    loop {
        if is_connected_to(METADATA) {
            connected.store(true, Ordering::Relaxed);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Counts after the end of the faults until everything has settled, or the time is over.
async fn until_rest(
    stack: &Stack,
    tenant: &Tenant<'_>,
    subjects: &[Subject],
    receivers: &Receivers,
    sent: &Sent,
    deadline: Instant,
    faults_end: Instant,
) -> anyhow::Result<Census> {
    tokio::time::sleep_until(faults_end.into()).await;
    let mut swept = faults_end;
    loop {
        let census = Census::take(stack, tenant, subjects, receivers, sent).await?;
        if census.is_at_rest() || Instant::now() > deadline {
            return Ok(census);
        }
        if swept.elapsed() > SWEEP_EVERY {
            let sweep = Job::Sweep(Sweep::default()).to_json();
            stack.sqs().send_message().queue_url(stack.deliveries_queue()).message_body(sweep).send().await?;
            swept = Instant::now();
        }
        tokio::time::sleep(COUNT_EVERY).await;
    }
}
