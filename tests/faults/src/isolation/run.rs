//! One run: a measurement without an attack, then for each attack one with it and one without.

use std::time::{Duration, Instant};

use super::arena::Arena;
use super::attacks::Attack;
use super::bystander::{Bystander, Sent};
use super::gauge::Gauge;
use super::mappings;
use super::measured::{Load, Measured};
use super::report::{Report, Row};
use crate::outage::receivers::Receivers;
use support::stack::Stack;

/// Time from the beginning of an attack to the bystander's first event.
const LEAD: Duration = Duration::from_secs(2);
/// Time from the bystander's last event to the end of an attack. Reason: its retry must be under attack as well.
const REST: Duration = Duration::from_secs(4);
/// How often an attack is measured while only times are wrong. Reason: what the product does to a bystander it does
/// each time; what other processes do to this machine passes.
const MOST_TRIES: u32 = 3;

/// How much is measured.
#[derive(Debug, Clone)]
pub struct Extent {
    /// The attacks, in their order.
    pub attacks: Vec<Attack>,
    /// How long the bystander sends with an attack.
    pub attacked: Duration,
    /// How long the bystander sends before the first attack and after each.
    pub calm: Duration,
}

/// The bystander's events of one measurement, and what the machine had to do.
struct Stretch {
    sent: Vec<Sent>,
    load: Load,
}

/// Measures all attacks, prints a table, and returns whether every promise is kept.
#[expect(clippy::print_stdout, reason = "the table is what the suite is for")]
pub async fn run(extent: &Extent) -> anyhow::Result<bool> {
    println!("\nisolation suite: {} attacks, {} s each ...", extent.attacks.len(), extent.attacked.as_secs());
    let stack = Stack::deployed();
    let before = mappings::change(&stack).await;
    let began = Instant::now();
    let report = measure_all(&stack, extent).await;
    mappings::restore(&stack, before).await;
    let report = Report { took: began.elapsed(), ..report? };
    println!("{report}");
    Ok(report.is_good())
}

#[expect(clippy::print_stdout, reason = "a long run says how far it is")]
async fn measure_all(stack: &Stack, extent: &Extent) -> anyhow::Result<Report> {
    let receivers = Receivers::start()?;
    let arena = Arena::new(stack, &receivers);
    let bystander = Bystander::start(stack, &receivers).await;
    settle(&arena, &bystander).await?;
    let mut report = Report::default();
    let mut attacks = Vec::new();
    let mut before = calm(&arena, &bystander, extent).await?;
    for attack in &extent.attacks {
        for tries in 1..=MOST_TRIES {
            let (attacked, did) = under_attack(*attack, &arena, &bystander, extent).await?;
            let after = calm(&arena, &bystander, extent).await?;
            let row = Row {
                attack: attack.word(),
                did,
                calm: [before.measure(&bystander).await, after.measure(&bystander).await],
                attacked: attacked.measure(&bystander).await,
                tries,
            };
            let again = tries < MOST_TRIES && row.complaints().may_be_noise();
            println!(
                "{}: {}",
                row.attack,
                if row.complaints().is_empty() { "ok".into() } else { row.complaints().text() }
            );
            before = after;
            if !again {
                report.rows.push(row);
                attacks.push(attacked);
                break;
            }
        }
    }
    // A duplicate may come late. So everything is counted once more at the end.
    for (row, attacked) in report.rows.iter_mut().zip(&attacks) {
        row.attacked = attacked.measure(&bystander).await;
    }
    Ok(report)
}

/// Ends what waits in the queues, which may be another test's, and waits until the bystander's events are quick.
async fn settle(arena: &Arena<'_>, bystander: &Bystander<'_>) -> anyhow::Result<()> {
    arena.heal();
    for queue in [arena.stack.deliveries_queue(), arena.stack.retries_queue(), arena.stack.slow_queue()] {
        arena.stack.sqs().purge_queue().queue_url(queue).send().await?;
    }
    bystander.rest().await
}

async fn calm(arena: &Arena<'_>, bystander: &Bystander<'_>, extent: &Extent) -> anyhow::Result<Stretch> {
    let gauge = Gauge::start(arena.stack)?;
    let sent = bystander.send(extent.calm).await;
    Ok(Stretch { sent, load: gauge.stop()? })
}

async fn under_attack(
    attack: Attack,
    arena: &Arena<'_>,
    bystander: &Bystander<'_>,
    extent: &Extent,
) -> anyhow::Result<(Stretch, String)> {
    let strike = attack.prepare(arena).await?;
    bystander.rest().await?;
    let gauge = Gauge::start(arena.stack)?;
    let until = Instant::now() + LEAD + extent.attacked + REST;
    let sending = async {
        tokio::time::sleep(LEAD).await;
        bystander.send(extent.attacked).await
    };
    let (did, sent) = futures::join!(strike(until), sending);
    let stretch = Stretch { sent, load: gauge.stop()? };
    settle(arena, bystander).await?;
    Ok((stretch, did?))
}

impl Stretch {
    async fn measure(&self, bystander: &Bystander<'_>) -> Measured {
        bystander.measure(&self.sent, self.load.clone()).await
    }
}
