//! Writing a delivery's row: one `UpdateItem` for each attempt or change of state, or a transaction where that is told.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use jiff::Timestamp;

use super::{Deliveries, StoreError, item, keys};
use crate::delivery::standing::{AttemptPlan, RowCondition};
use crate::delivery::{Attempt, DeliveryKey, DeliveryState};
use crate::event::EventType;
use crate::id::{EventId, TenantId, WebhookId};
use crate::store::telling::{Telling, change_and_tell};

/// A change of a delivery's row.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Who owns the delivery.
    pub tenant: TenantId,
    /// To whom it is owed.
    pub webhook: WebhookId,
    /// What is owed.
    pub event: EventId,
    /// The event's type.
    pub event_type: EventType,
    /// What the row must be like.
    pub expected: RowCondition,
    /// The round that the row is in from now on.
    pub round: u32,
    /// The attempts of that round, this one included.
    pub round_attempts: u32,
    /// The attempt to append, if one was made.
    pub attempt: Option<&'a Attempt>,
    /// Drop the attempts kept so far: the row has as many as it may have.
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

    /// The delivery that the change is about.
    pub fn key(&self) -> DeliveryKey {
        DeliveryKey { tenant: self.tenant, webhook: self.webhook, event: self.event }
    }
}

impl Deliveries {
    /// Writes a change; [`StoreError::Conflict`] when the row is not as expected.
    pub async fn write(&self, change: &Change<'_>) -> Result<(), StoreError> {
        let (pk, sk) = keys::delivery(change.webhook, change.event);
        let expression = self.expression(change)?;
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S(sk))
            .update_expression(expression.update)
            .condition_expression(expression.condition)
            .set_expression_attribute_names(Some(expression.names))
            .set_expression_attribute_values(Some(expression.values));
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                // Whoever has the row in a transaction is changing it.
                Some(
                    UpdateItemError::ConditionalCheckFailedException(_)
                    | UpdateItemError::TransactionConflictException(_),
                ) => Err(StoreError::Conflict),
                _ => Err(StoreError::aws(error)),
            },
        }
    }

    /// Writes a change together with the event that reports it; [`StoreError::Conflict`] when the row is not as
    /// expected, and then there is no event either.
    pub async fn write_and_tell(&self, change: &Change<'_>, telling: Telling) -> Result<(), StoreError> {
        let (pk, sk) = keys::delivery(change.webhook, change.event);
        let expression = self.expression(change)?;
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S(sk))
            .update_expression(expression.update)
            .condition_expression(expression.condition)
            .set_expression_attribute_names(Some(expression.names))
            .set_expression_attribute_values(Some(expression.values))
            .build()
            .map_err(StoreError::aws)?;
        let update = TransactWriteItem::builder().update(update).build();
        let is_written = change_and_tell(&self.client, update, telling).await?;
        if is_written { Ok(()) } else { Err(StoreError::Conflict) }
    }

    fn expression(&self, change: &Change<'_>) -> Result<Expression, StoreError> {
        let text = AttributeValue::S;
        let number = |value: i64| AttributeValue::N(value.to_string());
        let mut set = String::from(
            "SET v = :v, tenant = :tenant, webhook = :webhook, event = :event, #type = :type, #state = :state, \
             #round = :round, n = :n, updated = :now, #ttl = :ttl",
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
            (":ttl", number(self.expiry(change.now))),
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
        let (next, reason, stuck) = match change.state {
            DeliveryState::Waiting { next_attempt_at } => (Some(next_attempt_at), None, false),
            DeliveryState::Dead { reason } => (None, Some(reason), true),
            DeliveryState::Held => (None, None, true),
            DeliveryState::Delivered | DeliveryState::Discarded => (None, None, false),
        };
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
        if stuck {
            set.push_str(", hd_pk = :hd_pk, hd_sk = :hd_sk");
            let partition = keys::stuck_partition(change.webhook, change.state.kind(), change.event);
            values.insert(":hd_pk", text(partition));
            values.insert(":hd_sk", text(keys::stuck_since(change.now, change.event)));
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

/// A change in DynamoDB's words.
struct Expression {
    update: String,
    condition: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

/// What the row must be like, with the values that this compares with.
fn condition(change: &Change<'_>, values: &mut HashMap<&'static str, AttributeValue>) -> String {
    let mut compare = |name, value| values.insert(name, value);
    let mut at = |round: u32, round_attempts: u32| {
        compare(":at_round", AttributeValue::N(round.to_string()));
        compare(":at_n", AttributeValue::N(round_attempts.to_string()));
    };
    let delivered = || AttributeValue::S("delivered".to_owned());
    match change.expected {
        // A round that somebody began meanwhile goes on.
        RowCondition::Any => "attribute_not_exists(pk) OR #round <= :round".to_owned(),
        RowCondition::Absent => "attribute_not_exists(pk)".to_owned(),
        RowCondition::At { round, round_attempts } => {
            at(round, round_attempts);
            compare(":delivered", delivered());
            // A round dies once, also when two copies of a job find that it cannot be attempted.
            let dies_again = matches!(change.state, DeliveryState::Dead { .. }) && round == change.round;
            let not_dead = if dies_again { " AND #state <> :state" } else { "" };
            format!("#round = :at_round AND n = :at_n AND #state <> :delivered{not_dead}")
        }
        // A row that died does not wait any more.
        RowCondition::Waiting { round, round_attempts, next_attempt_at } => {
            at(round, round_attempts);
            compare(":at_next", AttributeValue::N(next_attempt_at.as_millisecond().to_string()));
            "#round = :at_round AND n = :at_n AND #next = :at_next".to_owned()
        }
        RowCondition::Held { round, round_attempts } => {
            at(round, round_attempts);
            compare(":held", AttributeValue::S("held".to_owned()));
            "#round = :at_round AND n = :at_n AND #state = :held".to_owned()
        }
        RowCondition::Final { round, round_attempts } => {
            at(round, round_attempts);
            compare(":delivered", delivered());
            compare(":discarded", AttributeValue::S("discarded".to_owned()));
            let ended = "#state = :delivered OR #state = :discarded";
            format!("#round = :at_round AND n = :at_n AND ({ended})")
        }
    }
}
