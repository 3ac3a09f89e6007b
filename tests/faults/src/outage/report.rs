//! What two runs showed, as a table, and what they promised.

use std::fmt::Write as _;

use super::measured::Measured;
use super::shape::Shape;

/// The broken receivers may raise the healthy ones' 99th percentile by less than this.
pub const MOST_RATIO: f64 = 1.5;
/// A machine on which even the run without broken receivers has a 99th percentile of more milliseconds cannot carry the
/// load, and its ratio says nothing.
pub const MOST_CALM_MS: f64 = 1_000.0;
/// Messages that may wait for each broken webhook once breakers are open.
pub const WAITING_FOR_EACH: usize = 3;

/// By how much the broken receivers raised the healthy ones' 99th percentile.
pub fn ratio(calm: &Measured, outage: &Measured) -> f64 {
    outage.percentile(99.0) / calm.percentile(99.0)
}

/// The promises that the outage broke, whatever the machine's speed.
pub fn broken_promises(shape: &Shape, outage: &Measured) -> Vec<String> {
    let mut broken = Vec::new();
    let mut promise = |kept: bool, otherwise: String| {
        if !kept {
            broken.push(otherwise);
        }
    };
    promise(outage.lost == 0, format!("{} deliveries are lost", outage.lost));
    promise(outage.delivered == outage.owed, format!("{} of {} arrived", outage.delivered, outage.owed));
    promise(outage.open == shape.down() as usize, format!("{} breakers are open", outage.open));
    promise(outage.held > 0, "nothing was held".to_owned());
    broken
}

/// Whether more messages waited than promised once breakers were open. A machine that cannot carry the load has a
/// backlog there, too.
pub fn too_many_waited(shape: &Shape, outage: &Measured) -> Option<String> {
    let most = WAITING_FOR_EACH * shape.broken() as usize;
    (outage.waiting[1] > most).then(|| format!("{} messages waited", outage.waiting[1]))
}

/// The table.
pub fn table(shape: &Shape, calm: &Measured, outage: &Measured) -> String {
    let mut table = format!(
        "{:<52} {:>12} {:>12}\n",
        format!("{} deliveries to {} webhooks", shape.deliveries(), shape.webhooks),
        "all healthy",
        format!("{} broken", shape.broken())
    );
    let mut row = |name: String, calm: String, outage: String| {
        let _infallible = writeln!(table, "{name:<52} {calm:>12} {outage:>12}");
    };
    let healthy = shape.webhooks - shape.broken();
    row(
        format!("deliveries to the {healthy} healthy, once the others broke"),
        calm.healthy_ms.len().to_string(),
        outage.healthy_ms.len().to_string(),
    );
    for (name, percent) in [("median", 50.0), ("99th percentile", 99.0), ("longest", 100.0)] {
        let of = |measured: &Measured| format!("{:.0} ms", measured.percentile(percent));
        row(format!("  from accepted to received, {name}"), of(calm), of(outage));
    }
    row("  ratio of the 99th percentiles".to_owned(), String::new(), format!("{:.2}", ratio(calm, outage)));
    let seconds = |time: Option<std::time::Duration>| {
        time.map_or("never".to_owned(), |time| format!("{:.0} s", time.as_secs_f64()))
    };
    row(format!("breakers open, of {} webhooks that were down", shape.down()), String::new(), outage.open.to_string());
    row("  the last one opened after".to_owned(), String::new(), seconds(outage.opened_after));
    row("waiting in the retries queue, before, at most".to_owned(), String::new(), outage.waiting[0].to_string());
    row("waiting in the retries queue, after, at most".to_owned(), String::new(), outage.waiting[1].to_string());
    row("held when the receivers came back".to_owned(), String::new(), outage.held.to_string());
    row("everything had arrived after".to_owned(), String::new(), seconds(outage.caught_up_after));
    for (name, count) in [
        ("deliveries owed", (|one| one.owed) as fn(&Measured) -> usize),
        ("delivered", |one| one.delivered),
        ("duplicates", |one| one.duplicates),
        ("held, waiting or dead at the end", |one| one.visible),
        ("lost", |one| one.lost),
        ("invocations at the same time: deliveries queue", |one| one.busiest[0]),
        ("invocations at the same time: retries queue", |one| one.busiest[1]),
    ] {
        row(name.to_owned(), count(calm).to_string(), count(outage).to_string());
    }
    table
}
