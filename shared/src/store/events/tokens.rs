//! Tokens that are valid for one event only, for providers whose signature does not cover the body.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::{Events, StoreError, keys};
use crate::store::attribute::{number, text};
use crate::store::busy;
use domain::event::{Event, Recipient};
use domain::id::{SourceId, TenantId};
use domain::provider::Token;

/// How much longer than its validity a token is remembered. Reason: clocks differ.
const CLOCK_MARGIN: SignedDuration = SignedDuration::from_hours(1);

/// Whether a token may be used for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenClaim {
    /// The token is new, or it was used for the same event before: a provider's retry.
    Granted,
    /// The token was used for another event before.
    Refused,
}

impl Events {
    /// Binds `token` to `event`, and remembers this as long as the token is valid. This must be done before the event
    /// is stored: after a crash between the two, the token still fits the event that the provider sends again.
    pub async fn claim(
        &self,
        tenant: TenantId,
        source: SourceId,
        token: &Token,
        event: &Event,
    ) -> Result<TokenClaim, StoreError> {
        let said = said(event);
        let mut row = keys::token(tenant, source, &token.value).attributes();
        let ttl = token.good_until.saturating_add(CLOCK_MARGIN).map_or(i64::MAX, Timestamp::as_second);
        row.extend([
            ("kind".to_owned(), text("token")),
            ("said".to_owned(), text(said.clone())),
            ("ttl".to_owned(), number(ttl)),
        ]);
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(row))
            .condition_expression("attribute_not_exists(pk) OR said = :said")
            .expression_attribute_values(":said", text(said));
        match busy::write(&self.client, call).await {
            Ok(_) => Ok(TokenClaim::Granted),
            Err(error) => match error.as_service_error() {
                Some(refused) if refused.is_conditional_check_failed_exception() => Ok(TokenClaim::Refused),
                _ => Err(StoreError::of_write(error)),
            },
        }
    }
}

/// A hash of the event's content. Its id is not enough: in Mailgun's legacy form the id is the token itself, so any
/// other event with the same token would pass as the provider's retry.
fn said(event: &Event) -> String {
    let facts = &event.facts;
    let parts = [
        Some(event.id.to_string()),
        Some(facts.provider_event.clone()),
        facts.recipient.as_ref().map(Recipient::expose).map(str::to_owned),
        facts.email_message_id.clone(),
        facts.url.clone(),
    ];
    let mut hash = Sha256::new();
    for part in parts {
        // An absent part differs from an empty one, and two different lists of parts never give the same bytes.
        hash.update(part.as_ref().map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
        hash.update(part.unwrap_or_default());
    }
    hex::encode(hash.finalize())
}
