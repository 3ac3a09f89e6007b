//! The operational events about a world's webhooks and deliveries, and whether they agree with the stored states.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::event::{Event, EventType, What};
use shared::id::WebhookId;
use shared::store::events::event_in_row;

use super::{Receiver, World};

type Row = HashMap<String, AttributeValue>;

impl World {
    /// The stored operational events in the order of their ids, which is the order of their times.
    pub fn told(&self) -> anyhow::Result<Vec<Event>> {
        let rows = self.event_rows()?;
        let mut events = rows.iter().map(event_in_row).collect::<Result<Vec<_>, _>>()?;
        events.retain(|event| event.facts.event_type.is_operational());
        events.sort_by_key(|event| event.id);
        Ok(events)
    }

    /// The disagreements between states and events. There are three kinds. An open breaker needs one more event about
    /// opening than about closing. A webhook that was created enabled and is disabled needs one more event about
    /// disabling than about enabling. A dead round of a delivery needs exactly one event. Only the present round of a
    /// delivery is known; earlier rounds may have been dead.
    pub fn disagreements(&self) -> anyhow::Result<Vec<String>> {
        let told = self.told()?;
        let mut found = Vec::new();
        let mut told_of: BTreeMap<WebhookId, (i32, i32)> = BTreeMap::new();
        let mut dead = BTreeMap::new();
        for event in &told {
            let about = event.facts.about.as_ref().ok_or_else(|| anyhow::anyhow!("{} is about nothing", event.id))?;
            let (open, disabled) = told_of.entry(about.webhook).or_default();
            match about.what {
                What::Opened { .. } => *open += 1,
                What::Closed { .. } => *open -= 1,
                What::Disabled { .. } => *disabled += 1,
                What::Enabled => *disabled -= 1,
                What::Pending | What::Verified { .. } => {}
                What::Dead(given_up) => {
                    let round: u32 = event.facts.provider_event_id.rsplit('#').next().unwrap_or_default().parse()?;
                    *dead.entry((about.webhook.to_string(), given_up.event.to_string(), round)).or_insert(0) += 1;
                }
            }
        }
        let registry = self.aws.scan_unbroken("registry")?;
        for (webhook, told) in told_of {
            let of = |prefix: &str| registry.iter().find(|row| text(row, "sk") == format!("{prefix}{webhook}"));
            let is_open = of("B#").is_some_and(|row| row.contains_key("open_since"));
            let is_disabled = of("W#").is_some_and(|row| row.contains_key("disabled"));
            let stands = (i32::from(is_open), i32::from(is_disabled));
            if told != stands {
                found.push(format!("{webhook} is (open, disabled) {stands:?}, but its events say {told:?}"));
            }
        }
        for row in self.aws.scan_unbroken("deliveries")? {
            let event_type = EventType::from_stored(text(&row, "type"))?;
            let expected = u32::from(text(&row, "state") == "dead" && !event_type.is_operational());
            let round = row["round"].as_n().map_err(|_| anyhow::anyhow!("a row without a round"))?.parse()?;
            let of_round = |round| (text(&row, "webhook").to_owned(), text(&row, "event").to_owned(), round);
            let told = dead.remove(&of_round(round)).unwrap_or(0);
            if told != expected {
                let state = text(&row, "state");
                found.push(format!("{:?} is {state}, but {told} events report that it died", of_round(round)));
            }
            for earlier in 0..round {
                let told = dead.remove(&of_round(earlier)).unwrap_or(0);
                found.extend((told > 1).then(|| format!("{told} events report that {:?} died", of_round(earlier))));
            }
        }
        found.extend(dead.keys().map(|round| format!("an event reports that {round:?} died, but it has no row")));
        for row in registry.iter().filter(|row| text(row, "sk").starts_with("B#") && row.contains_key("open_since")) {
            let webhook = text(row, "sk").trim_start_matches("B#");
            let is_told = told
                .iter()
                .any(|event| event.facts.about.as_ref().is_some_and(|about| about.webhook.to_string() == webhook));
            if !is_told {
                found.push(format!("{webhook} has an open breaker, but no event reports it"));
            }
        }
        Ok(found)
    }
}

fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

impl Receiver {
    /// The bodies that a path received, each event once, in the order of the events' ids.
    pub fn heard(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let received = self.received(path);
        let once: BTreeMap<_, _> = received.iter().map(|request| (request.webhook_id(), &request.body)).collect();
        once.values().map(|body| Ok(serde_json::from_slice(body)?)).collect()
    }
}
