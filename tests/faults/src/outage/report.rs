//! The measurements of two runs as a table, and the promises that they must keep.

use std::fmt::Write as _;

use super::measured::Measured;
use super::shape::Shape;

/// Limit of the factor by which broken receivers may raise the healthy receivers' 99th percentile.
pub const MOST_RATIO: f64 = 1.5;
/// Maximum 99th percentile of a run without broken receivers, in milliseconds. A machine above it is too slow for the
/// load, and its ratio means nothing.
pub const MOST_CALM_MS: f64 = 1_000.0;
/// Maximum number of waiting messages for each broken webhook when breakers are open.
pub const WAITING_FOR_EACH: usize = 3;

/// The factor by which broken receivers raised the healthy receivers' 99th percentile.
pub fn ratio(calm: &Measured, outage: &Measured) -> f64 {
    outage.percentile(99.0) / calm.percentile(99.0)
}

/// The broken promises that do not depend on the machine's speed.
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

/// Whether more messages waited than promised when breakers were open. A machine that is too slow for the load has a
/// backlog in the retries queue as well.
pub fn too_many_waited(shape: &Shape, outage: &Measured) -> Option<String> {
    let most = WAITING_FOR_EACH * shape.broken() as usize;
    (outage.waiting[1] > most).then(|| format!("{} messages waited", outage.waiting[1]))
}

/// The measurements as a table.
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
        ("invocations at the same time: slow queue", |one| one.busiest[2]),
    ] {
        row(name.to_owned(), count(calm).to_string(), count(outage).to_string());
    }
    table
}
