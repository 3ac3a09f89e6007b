//! Which URLs of a webhook have to be asked for their consent when the webhook is written. Pure.

use jiff::Timestamp;

use super::verification::{UrlVerification, VerificationId};
use super::{Destination, Webhook, WebhookUrl};

impl Webhook {
    /// Whether a new URL of the webhook has still to answer a challenge.
    pub fn is_pending(&self) -> bool {
        self.verification.as_ref().is_some_and(UrlVerification::is_pending)
    }

    /// The webhook as it is written in place of `stored`, or as a new one. If one of its URLs is new, it is pending
    /// from `now` on, under the name `id`. A URL is new if the stored webhook has no such URL, or has it and it has not
    /// answered. Streams need no consent: they are sent to with their owner's own credentials.
    #[must_use]
    pub fn asking_consent(self, stored: Option<&Self>, id: VerificationId, now: Timestamp) -> Self {
        if stored.is_some_and(|stored| stored.has_urls_of(&self)) {
            return self;
        }
        let known = stored.map(Self::consenting_urls).unwrap_or_default();
        let is_new = |url: Option<&WebhookUrl>| url.is_some_and(|url| !known.contains(&url));
        let (main, backup) = (is_new(self.main_url()), is_new(self.backup_url.as_ref()));
        let before = stored.and_then(|stored| stored.verification.as_ref());
        if !main && !backup && before.is_none() {
            return self;
        }
        let is_pending = main || backup;
        // The limit on challenges is one of the webhook: another URL does not make more of them.
        let earliest = before.map_or(now, UrlVerification::next_possible_at).max(now);
        let verification = UrlVerification {
            id,
            since: before.filter(|before| before.is_pending() && is_pending).map_or(now, |before| before.since),
            verified_at: (!is_pending).then_some(now),
            main,
            backup,
            challenges: if is_pending { 0 } else { before.map_or(0, |before| before.challenges) },
            challenged_at: if is_pending { earliest } else { before.map_or(now, |before| before.challenged_at) },
            result: before.and_then(|before| before.result),
        };
        Self { verification: Some(verification), ..self }
    }

    fn main_url(&self) -> Option<&WebhookUrl> {
        match &self.url {
            Destination::Https(url) => Some(url),
            Destination::Stream(_) => None,
        }
    }

    /// The URLs that need not answer a challenge.
    fn consenting_urls(&self) -> Vec<&WebhookUrl> {
        let (main, backup) = match &self.verification {
            Some(asked) if asked.is_pending() => (asked.main, asked.backup),
            Some(_) | None => (false, false),
        };
        let main = self.main_url().filter(|_| !main);
        let backup = self.backup_url.as_ref().filter(|_| !backup);
        main.into_iter().chain(backup).collect()
    }

    fn has_urls_of(&self, other: &Self) -> bool {
        self.main_url() == other.main_url() && self.backup_url == other.backup_url
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::SignedDuration;

    use super::*;
    use crate::dialect::Dialect;
    use crate::id::{TenantId, WebhookId};
    use crate::secret::SigningSecret;
    use crate::webhook::{Subscription, WantedTypes};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn url(name: &str) -> WebhookUrl {
        WebhookUrl::from_stored(&format!("https://{name}.example/")).unwrap()
    }

    fn id(number: u8) -> VerificationId {
        VerificationId::generate([number; 10])
    }

    fn webhook(main: &str, backup: Option<&str>) -> Webhook {
        let subscription =
            Subscription { types: WantedTypes::All, sources: BTreeSet::default(), domains: BTreeSet::default() };
        let (webhook, tenant) = (WebhookId::mint(NOW, [1; 10]), TenantId::mint(NOW, [2; 10]));
        let secret = SigningSecret::generate([3; 32]);
        let webhook = Webhook::new(webhook, tenant, url(main).into(), subscription, Dialect::Standard, secret, NOW);
        Webhook { backup_url: backup.map(url), ..webhook }
    }

    fn later(seconds: i64) -> Timestamp {
        NOW + SignedDuration::from_secs(seconds)
    }

    fn flags(webhook: &Webhook) -> Option<(bool, bool, bool)> {
        webhook.verification.as_ref().map(|asked| (asked.is_pending(), asked.main, asked.backup))
    }

    #[test]
    fn only_urls_that_the_webhook_did_not_have_are_asked() {
        let new = webhook("a", Some("b")).asking_consent(None, id(1), NOW);
        assert_eq!(flags(&new), Some((true, true, true)));
        let old = webhook("a", None);
        assert_eq!(flags(&webhook("a", None).asking_consent(Some(&old), id(1), NOW)), None);
        assert_eq!(flags(&webhook("a", Some("b")).asking_consent(Some(&old), id(1), NOW)), Some((true, false, true)));
        assert_eq!(flags(&webhook("b", Some("a")).asking_consent(Some(&old), id(1), NOW)), Some((true, true, false)));
    }

    #[test]
    fn a_url_that_has_not_answered_stays_new() {
        let first = webhook("a", None).asking_consent(None, id(1), NOW);
        // The webhook has the verification of its row when it is changed.
        let changed = Webhook { verification: first.verification.clone(), ..webhook("b", Some("a")) };
        assert_eq!(flags(&changed.asking_consent(Some(&first), id(2), NOW)), Some((true, true, true)));
        let same = Webhook { verification: first.verification.clone(), ..webhook("a", None) };
        assert_eq!(same.asking_consent(Some(&first), id(2), NOW).verification, first.verification);
    }

    #[test]
    fn pending_ends_when_the_new_url_is_taken_away_but_its_time_counts_on() {
        let old = webhook("a", None);
        let mut pending = webhook("a", Some("b")).asking_consent(Some(&old), id(1), NOW);
        pending.verification.as_mut().unwrap().challenges = 1;
        let back = Webhook { verification: pending.verification.clone(), ..webhook("a", None) };
        let back = back.asking_consent(Some(&pending), id(2), later(5));
        assert_eq!(flags(&back), Some((false, false, false)));
        let again = Webhook { verification: back.verification.clone(), ..webhook("a", Some("b")) };
        let again = again.asking_consent(Some(&back), id(3), later(10)).verification.unwrap();
        assert_eq!(again.next_challenge_at(), Some(later(60)), "another change does not make more challenges");
    }
}
