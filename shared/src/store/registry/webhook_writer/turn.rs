//! Turns. A rule over all webhooks of a tenant is written on condition that none of them has changed since the rule
//! read them, and reading takes longer than an ordinary change. If other clients change webhooks all the time, the rule
//! comes too late every time. So after some lost tries it takes the turn: until it is written, and for a moment at
//! most, ordinary changes wait.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use jiff::{SignedDuration, Timestamp};

use super::{StoreError, WebhookWriter, keys};
use crate::store::attribute::number;
use crate::store::registry::Row;
use crate::store::registry::breaker_update::changed;
use domain::id::TenantId;

/// Maximum time for which ordinary changes wait for one turn (500 ms). Reason: a rule reads 500 webhooks and writes in
/// about 100 ms, and an ordinary change is tried for about two seconds.
const TURN: SignedDuration = SignedDuration::from_millis(500);
/// Minimum time from the beginning of a turn to the next one of the same tenant (2.5 s). Reason: ordinary changes have
/// most of the time, no matter how many rules are in a hurry.
const BETWEEN_TURNS: SignedDuration = SignedDuration::from_millis(2_500);
/// The attribute of the tenant's row with the end of the turn, in Unix milliseconds. A rule's change removes it and so
/// ends the turn. An ordinary change is made only when the turn is over. Numbers that are only given leave it as it is.
pub(super) const TURN_UNTIL: &str = "turn_until";
/// The attribute of the tenant's row with the time from which there may be another turn, in Unix milliseconds.
const NEXT_TURN: &str = "next_turn_at";

impl WebhookWriter {
    /// Takes the turn for a rule over all webhooks of a tenant. Returns false if there was a turn a moment ago.
    pub async fn take_turn(&self, tenant: TenantId, now: Timestamp) -> Result<bool, StoreError> {
        let key = keys::tenant(tenant);
        let after = |time| number(now.saturating_add(time).unwrap_or(Timestamp::MAX).as_millisecond());
        let call = self
            .registry
            .client()
            .update_item()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .update_expression(format!("SET {TURN_UNTIL} = :until, {NEXT_TURN} = :next"))
            .condition_expression(format!(
                "attribute_exists(pk) AND (attribute_not_exists({NEXT_TURN}) OR {NEXT_TURN} <= :now)"
            ))
            .expression_attribute_values(":until", after(TURN))
            .expression_attribute_values(":next", after(BETWEEN_TURNS))
            .expression_attribute_values(":now", number(now.as_millisecond()));
        changed(&self.registry, call).await
    }

    /// The update of the tenant's row for an ordinary change, on a condition, and on condition that no rule has the
    /// turn at `now`.
    pub(super) fn ordinary_update(&self, tenant: TenantId, now: Timestamp, condition: &str) -> UpdateBuilder {
        self.tenant_update(tenant)
            .condition_expression(without_turn(condition))
            .expression_attribute_values(":now", number(now.as_millisecond()))
    }
}

/// `condition`, and the condition that no rule has the turn at `:now`.
pub(super) fn without_turn(condition: &str) -> String {
    [condition, " AND (attribute_not_exists(", TURN_UNTIL, ") OR ", TURN_UNTIL, " <= :now)"].concat()
}

/// Whether a rule has the turn at `now`, by the tenant's row.
pub(super) fn has_turn(tenant: &Row, now: Timestamp) -> bool {
    let until = tenant.get(TURN_UNTIL).and_then(|until| until.as_n().ok()?.parse::<i64>().ok());
    until.is_some_and(|until| until > now.as_millisecond())
}
