//! Writes a delivery's row: one `UpdateItem` for each attempt or change of state, or a transaction when the change
//! raises an event.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use jiff::Timestamp;

use super::{Deliveries, StoreError, item, keys};
use crate::store::attribute::{number, text};
use crate::store::busy;
use crate::store::event_write::{EventWrite, write_with_event};
use domain::delivery::job_verdict::{AttemptPlan, RowCondition};
use domain::delivery::overdue::{is_guarded, woken_until};
use domain::delivery::{Attempt, Delivery, DeliveryKey, DeliveryState};
use domain::event::EventType;
use domain::id::{EventId, TenantId, WebhookId};

/// A change of a delivery's row.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The tenant that owns the delivery.
    pub tenant: TenantId,
    /// The webhook that the delivery is owed to.
    pub webhook: WebhookId,
    /// The event that is owed.
    pub event: EventId,
    /// The event's type.
    pub event_type: EventType,
    /// The condition on the row.
    pub expected: RowCondition,
    /// The row's new round.
    pub round: u32,
    /// The number of attempts in that round, including this one.
    pub round_attempts: u32,
    /// The attempt to append, if there was one.
    pub attempt: Option<&'a Attempt>,
    /// Remove the kept attempts, because the row holds the maximum.
    pub drop_old_attempts: bool,
    /// The new state.
    pub state: DeliveryState,
    /// The present time.
    pub now: Timestamp,
}

impl<'a> Change<'a> {
    /// The planned attempt was made and led to `state`.
    pub fn attempted(
        key: DeliveryKey,
        event_type: EventType,
        plan: AttemptPlan,
        attempt: &'a Attempt,
        state: DeliveryState,
        now: Timestamp,
    ) -> Self {
        Self {
            round_attempts: plan.number,
            attempt: Some(attempt),
            drop_old_attempts: plan.drop_old_attempts,
            ..Self::unattempted(key, event_type, plan, state, now)
        }
    }

    /// The planned attempt is claimed until `until`: copies of the same job wait until then.
    pub fn claimed(
        key: DeliveryKey,
        event_type: EventType,
        plan: AttemptPlan,
        until: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self::unattempted(key, event_type, plan, DeliveryState::Waiting { next_attempt_at: until }, now)
    }

    /// The planned attempt is not made; the row gets `state` without it.
    pub fn unattempted(
        key: DeliveryKey,
        event_type: EventType,
        plan: AttemptPlan,
        state: DeliveryState,
        now: Timestamp,
    ) -> Self {
        Self {
            tenant: key.tenant,
            webhook: key.webhook,
            event: key.event,
            event_type,
            expected: plan.expected,
            round: plan.round,
            round_attempts: plan.number - 1,
            attempt: None,
            drop_old_attempts: false,
            state,
            now,
        }
    }

    /// An overdue delivery goes on in its next round, from the same place in its schedule, because its message was
    /// lost. If the message was not lost after all, its job is obsolete from now on.
    pub fn woken(overdue: &Delivery, next_attempt_at: Timestamp, now: Timestamp) -> Self {
        let (round, round_attempts) = (overdue.round, overdue.round_attempts);
        Self {
            tenant: overdue.tenant,
            webhook: overdue.webhook,
            event: overdue.event,
            event_type: overdue.event_type,
            expected: RowCondition::Waiting { round, round_attempts, next_attempt_at },
            round: round.saturating_add(1),
            round_attempts,
            attempt: None,
            drop_old_attempts: false,
            state: DeliveryState::Waiting { next_attempt_at: woken_until(now) },
            now,
        }
    }

    /// The delivery that the change is about.
    pub fn key(&self) -> DeliveryKey {
        DeliveryKey { tenant: self.tenant, webhook: self.webhook, event: self.event }
    }
}

impl Deliveries {
    /// Writes a change; [`StoreError::Conflict`] when the row does not meet the condition, or when other callers kept
    /// it in transactions. Then they are changing the row, and the row decides.
    pub async fn write(&self, change: &Change<'_>) -> Result<(), StoreError> {
        let key = keys::delivery(change.webhook, change.event);
        let expression = self.expression(change)?;
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression(expression.update)
            .condition_expression(expression.condition)
            .set_expression_attribute_names(Some(expression.names))
            .set_expression_attribute_values(Some(expression.values));
        match busy::write(&self.client, call).await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(
                    UpdateItemError::ConditionalCheckFailedException(_)
                    | UpdateItemError::TransactionConflictException(_),
                ) => Err(StoreError::Conflict),
                _ => Err(StoreError::aws(error)),
            },
        }
    }

    /// Writes a change together with the event that reports it; [`StoreError::Conflict`] as in [`Deliveries::write`],
    /// and then no event is written.
    pub async fn write_with_event(&self, change: &Change<'_>, event_write: EventWrite) -> Result<(), StoreError> {
        let key = keys::delivery(change.webhook, change.event);
        let expression = self.expression(change)?;
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression(expression.update)
            .condition_expression(expression.condition)
            .set_expression_attribute_names(Some(expression.names))
            .set_expression_attribute_values(Some(expression.values))
            .build()
            .map_err(StoreError::aws)?;
        let update = TransactWriteItem::builder().update(update).build();
        match write_with_event(&self.client, update, event_write).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(StoreError::Busy) => Err(StoreError::Conflict),
            Err(error) => Err(error),
        }
    }

    fn expression(&self, change: &Change<'_>) -> Result<Expression, StoreError> {
        let text = AttributeValue::S;
        let number = |value: i64| number(value);
        let mut set = String::from(
            "SET v = :v, tenant = :tenant, webhook = :webhook, event = :event, #type = :type, #state = :state, \
             #round = :round, n = :n, updated = :now",
        );
        let mut remove = Vec::new();
        let names = ["type", "state", "round", "ttl", "next"].map(|name| (format!("#{name}"), name.to_owned()));
        let mut values = HashMap::from([
            (":v", number(i64::from(item::VERSION))),
            (":tenant", text(change.tenant.to_string())),
            (":webhook", text(change.webhook.to_string())),
            (":event", text(change.event.to_string())),
            (":type", text(change.event_type.as_str().to_owned())),
            (":state", text(change.state.as_str().to_owned())),
            (":round", number(i64::from(change.round))),
            (":n", number(i64::from(change.round_attempts))),
            (":now", number(change.now.as_millisecond())),
        ]);
        if let Some(attempt) = change.attempt {
            values.insert(":attempts", AttributeValue::L(vec![item::attempt_value(attempt)?]));
            if change.drop_old_attempts {
                set.push_str(", attempts = :attempts");
            } else {
                set.push_str(", attempts = list_append(if_not_exists(attempts, :none), :attempts)");
                values.insert(":none", AttributeValue::L(Vec::new()));
            }
        }
        let (next, reason, indexed_at) = match change.state {
            DeliveryState::Waiting { next_attempt_at } => {
                let is_guarded = is_guarded(next_attempt_at, change.now);
                (Some(next_attempt_at), None, is_guarded.then_some(next_attempt_at))
            }
            DeliveryState::Dead { reason } => (None, Some(reason), Some(change.now)),
            DeliveryState::Held => (None, None, Some(change.now)),
            DeliveryState::Delivered | DeliveryState::Discarded => (None, None, None),
        };
        // The row of a delivery that is still owed has no time at which DynamoDB deletes it.
        if let Some(end) = self.retention.end_of_delivery(change.state, change.now) {
            set.push_str(", #ttl = :ttl");
            values.insert(":ttl", number(end.as_second()));
        } else {
            remove.push("#ttl");
        }
        if let Some(next) = next {
            set.push_str(", #next = :next");
            values.insert(":next", number(next.as_millisecond()));
        } else {
            remove.push("#next");
        }
        if let Some(reason) = reason {
            set.push_str(", reason = :reason");
            values.insert(":reason", text(reason.as_str().to_owned()));
        } else {
            remove.push("reason");
        }
        if let Some(indexed_at) = indexed_at {
            set.push_str(", hd_pk = :hd_pk, hd_sk = :hd_sk");
            let partition = keys::stuck_partition(change.webhook, change.state.kind(), change.event);
            values.insert(":hd_pk", text(partition));
            values.insert(":hd_sk", text(keys::stuck_since(indexed_at, change.event)));
        } else {
            remove.extend(["hd_pk", "hd_sk"]);
        }
        if !remove.is_empty() {
            set.push_str(" REMOVE ");
            set.push_str(&remove.join(", "));
        }
        let condition = condition(change, &mut values);
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Expression { update: set, condition, names: HashMap::from(names), values })
    }
}

/// A change as DynamoDB expressions.
struct Expression {
    update: String,
    condition: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

/// The condition on the row, and the values that it compares with.
fn condition(change: &Change<'_>, values: &mut HashMap<&'static str, AttributeValue>) -> String {
    let mut compare = |name, value| values.insert(name, value);
    let mut at = |round: u32, round_attempts: u32| {
        compare(":at_round", number(round));
        compare(":at_n", number(round_attempts));
    };
    let delivered = || text("delivered");
    match change.expected {
        // If another caller began a later round, that round continues.
        RowCondition::Any => "attribute_not_exists(pk) OR #round <= :round".to_owned(),
        RowCondition::Absent => "attribute_not_exists(pk)".to_owned(),
        RowCondition::At { round, round_attempts } => {
            at(round, round_attempts);
            compare(":delivered", delivered());
            "#round = :at_round AND n = :at_n AND #state <> :delivered".to_owned()
        }
        // A dead row does not wait any more.
        RowCondition::Waiting { round, round_attempts, next_attempt_at } => {
            at(round, round_attempts);
            compare(":at_next", number(next_attempt_at.as_millisecond()));
            "#round = :at_round AND n = :at_n AND #next = :at_next".to_owned()
        }
        RowCondition::Held { round, round_attempts } => {
            at(round, round_attempts);
            compare(":held", text("held"));
            "#round = :at_round AND n = :at_n AND #state = :held".to_owned()
        }
        RowCondition::Final { round, round_attempts } => {
            at(round, round_attempts);
            compare(":delivered", delivered());
            compare(":discarded", text("discarded"));
            let ended = "#state = :delivered OR #state = :discarded";
            format!("#round = :at_round AND n = :at_n AND ({ended})")
        }
    }
}
