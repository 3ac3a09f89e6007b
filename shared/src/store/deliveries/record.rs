//! Writing a delivery's row: one `UpdateItem` for each attempt or change of state.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::{Deliveries, StoreError, item, keys};
use crate::delivery::standing::Expected;
use crate::delivery::{Attempt, DeliveryState};
use crate::event::EventType;
use crate::id::{EventId, TenantId, WebhookId};

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
    pub expected: Expected,
    /// The round that the row is in from now on.
    pub round: u32,
    /// The attempts of that round, this one included.
    pub round_attempts: u32,
    /// The attempt to append, if one was made.
    pub attempt: Option<&'a Attempt>,
    /// Drop the attempts kept so far: the row has as many as it may have.
    pub forget_attempts: bool,
    /// The new state.
    pub state: DeliveryState,
    /// The present time.
    pub now: Timestamp,
}

impl Deliveries {
    /// Writes a change; [`StoreError::Conflict`] when the row is not as expected.
    pub async fn write(&self, change: &Change<'_>) -> Result<(), StoreError> {
        let (pk, sk) = keys::delivery(change.webhook, change.event);
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S(sk));
        let call = self.with_values(with_condition(call, change.expected), change)?;
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(refused) if refused.is_conditional_check_failed_exception() => Err(StoreError::Conflict),
                _ => Err(StoreError::aws(error)),
            },
        }
    }

    fn with_values(
        &self,
        call: UpdateItemFluentBuilder,
        change: &Change<'_>,
    ) -> Result<UpdateItemFluentBuilder, StoreError> {
        let text = AttributeValue::S;
        let number = |value: i64| AttributeValue::N(value.to_string());
        let mut set = String::from(
            "SET v = :v, tenant = :tenant, webhook = :webhook, event = :event, #type = :type, #state = :state, \
             #round = :round, n = :n, updated = :now, #ttl = :ttl",
        );
        let mut remove = Vec::new();
        let mut call = call
            .expression_attribute_names("#type", "type")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#round", "round")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":v", number(i64::from(item::VERSION)))
            .expression_attribute_values(":tenant", text(change.tenant.to_string()))
            .expression_attribute_values(":webhook", text(change.webhook.to_string()))
            .expression_attribute_values(":event", text(change.event.to_string()))
            .expression_attribute_values(":type", text(change.event_type.as_str().to_owned()))
            .expression_attribute_values(":state", text(change.state.as_str().to_owned()))
            .expression_attribute_values(":round", number(i64::from(change.round)))
            .expression_attribute_values(":n", number(i64::from(change.round_attempts)))
            .expression_attribute_values(":now", number(change.now.as_millisecond()))
            .expression_attribute_values(":ttl", number(self.expiry(change.now)));
        if let Some(attempt) = change.attempt {
            let attempts = AttributeValue::L(vec![item::attempt_value(attempt)?]);
            call = call.expression_attribute_values(":attempts", attempts);
            if change.forget_attempts {
                set.push_str(", attempts = :attempts");
            } else {
                set.push_str(", attempts = list_append(if_not_exists(attempts, :none), :attempts)");
                call = call.expression_attribute_values(":none", AttributeValue::L(Vec::new()));
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
            call = call.expression_attribute_values(":next", number(next.as_millisecond()));
        } else {
            remove.push("#next");
        }
        if let Some(reason) = reason {
            set.push_str(", reason = :reason");
            call = call.expression_attribute_values(":reason", text(reason.as_str().to_owned()));
        } else {
            remove.push("reason");
        }
        if stuck {
            set.push_str(", hd_pk = :hd_pk, hd_sk = :hd_sk");
            let partition = keys::stuck_partition(change.webhook, change.state.kind(), change.event);
            call = call
                .expression_attribute_values(":hd_pk", text(partition))
                .expression_attribute_values(":hd_sk", text(keys::stuck_since(change.now, change.event)));
        } else {
            remove.extend(["hd_pk", "hd_sk"]);
        }
        call = call.expression_attribute_names("#next", "next");
        if !remove.is_empty() {
            set.push_str(" REMOVE ");
            set.push_str(&remove.join(", "));
        }
        Ok(call.update_expression(set))
    }
}

fn with_condition(call: UpdateItemFluentBuilder, expected: Expected) -> UpdateItemFluentBuilder {
    match expected {
        Expected::Any => call,
        Expected::Absent => call.condition_expression("attribute_not_exists(pk)"),
        Expected::At { round, round_attempts } => call
            .condition_expression("#round = :at_round AND n = :at_n AND #state <> :delivered")
            .expression_attribute_values(":at_round", AttributeValue::N(round.to_string()))
            .expression_attribute_values(":at_n", AttributeValue::N(round_attempts.to_string()))
            .expression_attribute_values(":delivered", AttributeValue::S("delivered".to_owned())),
        // The names are those of the update itself, which has `#next` in any case.
        Expected::Waiting { round, round_attempts, next_attempt_at } => call
            .condition_expression("#round = :at_round AND n = :at_n AND #next = :at_next")
            .expression_attribute_values(":at_round", AttributeValue::N(round.to_string()))
            .expression_attribute_values(":at_n", AttributeValue::N(round_attempts.to_string()))
            .expression_attribute_values(":at_next", AttributeValue::N(next_attempt_at.as_millisecond().to_string())),
        Expected::Final { round, round_attempts } => call
            .condition_expression("#round = :at_round AND n = :at_n AND (#state = :delivered OR #state = :discarded)")
            .expression_attribute_values(":at_round", AttributeValue::N(round.to_string()))
            .expression_attribute_values(":at_n", AttributeValue::N(round_attempts.to_string()))
            .expression_attribute_values(":delivered", AttributeValue::S("delivered".to_owned()))
            .expression_attribute_values(":discarded", AttributeValue::S("discarded".to_owned())),
    }
}
