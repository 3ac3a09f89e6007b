//! The two URLs that Mailjet knows of an event type, and how one webhook holds both. Pure.

use shared::webhook::{Destination, Webhook, WebhookUrl};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    /// Where deliveries go.
    Main,
    /// Where they go when that fails.
    Backup,
}

impl Slot {
    pub(super) const ALL: [Self; 2] = [Self::Main, Self::Backup];

    pub(super) fn of_flag(is_backup: bool) -> Self {
        if is_backup { Self::Backup } else { Self::Main }
    }

    pub(super) fn is_backup(self) -> bool {
        self == Self::Backup
    }

    pub(super) fn other(self) -> Self {
        Self::of_flag(!self.is_backup())
    }

    /// For the text of a refusal.
    pub(super) fn noun(self) -> &'static str {
        if self.is_backup() { "backup URL" } else { "main URL" }
    }
}

/// What a webhook has in each of them. The main one may be a stream, by its name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Urls {
    main: Option<Destination>,
    backup: Option<WebhookUrl>,
}

impl Urls {
    /// Those of a webhook: at least one.
    pub(super) fn of(webhook: &Webhook) -> Self {
        match (&webhook.url, &webhook.backup_url) {
            (Destination::Https(url), None) if webhook.is_backup => Self { main: None, backup: Some(url.clone()) },
            // Whatever it was made as: what has a backup, or is a stream, is the main one.
            (url, backup) => Self { main: Some(url.clone()), backup: backup.clone() },
        }
    }

    pub(super) fn get(&self, slot: Slot) -> Option<Destination> {
        match slot {
            Slot::Main => self.main.clone(),
            Slot::Backup => self.backup.clone().map(Destination::Https),
        }
    }

    #[must_use]
    pub(super) fn with(self, slot: Slot, url: WebhookUrl) -> Self {
        match slot {
            Slot::Main => Self { main: Some(url.into()), ..self },
            Slot::Backup => Self { backup: Some(url), ..self },
        }
    }

    #[must_use]
    pub(super) fn without(self, slot: Slot) -> Self {
        match slot {
            Slot::Main => Self { main: None, ..self },
            Slot::Backup => Self { backup: None, ..self },
        }
    }

    /// The webhook with these URLs; `None` when there is none left. A backup without a main URL is where deliveries go.
    pub(super) fn put_into(self, webhook: Webhook) -> Option<Webhook> {
        match self {
            Self { main: Some(url), backup } => Some(Webhook { url, backup_url: backup, is_backup: false, ..webhook }),
            Self { main: None, backup: Some(url) } => {
                Some(Webhook { url: url.into(), backup_url: None, is_backup: true, ..webhook })
            }
            Self { main: None, backup: None } => None,
        }
    }
}
