//! What the answers of the management APIs have told a client. This module is pure.

use std::collections::{BTreeMap, BTreeSet};

/// Something that a client has deleted, by the name that the client knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deleted {
    /// A webhook, by its id.
    Webhook(String),
    /// A webhook, by its number.
    Number(u64),
    /// A webhook, by the path of its URL, which no other webhook has.
    Path(String),
    /// A source, by its id.
    Source(String),
    /// An API key, by its id.
    Key(String),
}

/// A webhook that a client has made with mailhooks' own API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownWebhook {
    /// The path of its URL. If the answer to a creation was lost, another webhook has the same path.
    pub(super) path: String,
    /// The last secret that an answer has shown.
    pub(super) secret: String,
}

/// What a client knows, and how its requests went.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    webhooks: BTreeMap<String, KnownWebhook>,
    /// Answered with 2xx or 404, so it must be gone.
    gone: BTreeSet<Deleted>,
    /// Requests that got an answer below 500, by kind of request.
    answered: BTreeMap<&'static str, u64>,
    /// Tries that got another answer, or none.
    repeated: u64,
    /// Requests without an answer below 500 in all their tries.
    given_up: u64,
}

impl Ledger {
    /// An answer has shown a webhook with its secret.
    pub(super) fn show(&mut self, id: &str, path: &str, secret: &str) {
        let shown = KnownWebhook { path: path.to_owned(), secret: secret.to_owned() };
        self.webhooks.insert(id.to_owned(), shown);
    }

    /// A deletion was answered. With 2xx or 404, the thing must be gone; any other answer says nothing.
    pub(super) fn delete(&mut self, what: Deleted, status: u16) {
        if (200..300).contains(&status) || status == 404 {
            if let Deleted::Webhook(id) = &what {
                self.webhooks.remove(id);
            }
            self.gone.insert(what);
        }
    }

    /// Counts a request, with its number of tries.
    pub(super) fn count(&mut self, request: &'static str, tries: u64, is_answered: bool) {
        self.repeated += tries.saturating_sub(1);
        if is_answered {
            *self.answered.entry(request).or_default() += 1;
        } else {
            self.given_up += 1;
        }
    }

    /// The webhooks that a client knows, by id.
    pub(super) fn webhooks(&self) -> &BTreeMap<String, KnownWebhook> {
        &self.webhooks
    }

    /// What must be gone.
    pub(super) fn gone(&self) -> &BTreeSet<Deleted> {
        &self.gone
    }

    /// Number of answered requests, by kind.
    pub(super) fn answered(&self) -> &BTreeMap<&'static str, u64> {
        &self.answered
    }

    /// Numbers of repeated tries, and of requests that were given up.
    pub(super) fn failed(&self) -> (u64, u64) {
        (self.repeated, self.given_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_and_404_mean_gone_and_other_answers_nothing() {
        let mut ledger = Ledger::default();
        ledger.show("wh_1", "/m/1", "one");
        ledger.show("wh_1", "/m/1", "two");
        assert_eq!(ledger.webhooks()["wh_1"].secret, "two");
        for status in [409, 503] {
            ledger.delete(Deleted::Webhook("wh_1".to_owned()), status);
        }
        assert!(ledger.gone().is_empty() && ledger.webhooks().len() == 1);
        ledger.delete(Deleted::Webhook("wh_1".to_owned()), 404);
        ledger.delete(Deleted::Number(7), 204);
        assert!(ledger.gone().len() == 2 && ledger.webhooks().is_empty());
    }
}
