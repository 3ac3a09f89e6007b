//! The two URLs that an event type may have at Mailjet, and how one webhook holds both. Pure.

use shared::webhook::{Destination, Webhook, WebhookUrl};

/// What a URL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum UrlRole {
    /// Deliveries go there first.
    Main,
    /// Deliveries go there when the main URL fails.
    Backup,
}

impl UrlRole {
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

    /// For the text of an error.
    pub(super) fn noun(self) -> &'static str {
        if self.is_backup() { "backup URL" } else { "main URL" }
    }
}

/// The URLs of a webhook. The main one may be the name of a stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Urls {
    main: Option<Destination>,
    backup: Option<WebhookUrl>,
}

impl Urls {
    /// The URLs of a webhook, at least one.
    pub(super) fn of(webhook: &Webhook) -> Self {
        match (&webhook.url, &webhook.backup_url) {
            (Destination::Https(url), None) if webhook.is_backup => Self { main: None, backup: Some(url.clone()) },
            // A URL that has a backup URL, or is a stream, is the main one, even if it was made as a backup.
            (url, backup) => Self { main: Some(url.clone()), backup: backup.clone() },
        }
    }

    pub(super) fn get(&self, role: UrlRole) -> Option<Destination> {
        match role {
            UrlRole::Main => self.main.clone(),
            UrlRole::Backup => self.backup.clone().map(Destination::Https),
        }
    }

    #[must_use]
    pub(super) fn with(self, role: UrlRole, url: WebhookUrl) -> Self {
        match role {
            UrlRole::Main => Self { main: Some(url.into()), ..self },
            UrlRole::Backup => Self { backup: Some(url), ..self },
        }
    }

    #[must_use]
    pub(super) fn without(self, role: UrlRole) -> Self {
        match role {
            UrlRole::Main => Self { main: None, ..self },
            UrlRole::Backup => Self { backup: None, ..self },
        }
    }

    /// The webhook with these URLs; `None` when none is left. Deliveries go to a backup URL if there is no main one.
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
