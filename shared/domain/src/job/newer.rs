//! Jobs of a newer release, which this release must not carry out.

use serde::Deserialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde_json::value::RawValue;

use super::wire::{Kind, VERSION};
use crate::id::TenantId;
use crate::stored_event::is_of_newer_version;

/// The message group of jobs that name no tenant.
const NO_TENANT_GROUP: &str = "newer-release";

/// A job that a newer release sent. It waits until such a release receives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a job of a newer release: {what}")]
pub struct NewerJob {
    /// The job's tenant, if the body names it where this release looks for it.
    tenant: Option<TenantId>,
    /// What this release does not understand.
    what: &'static str,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

#[derive(Deserialize)]
struct KindWord {
    kind: String,
}

#[derive(Deserialize)]
struct Inline<'a> {
    #[serde(borrow)]
    inline: &'a RawValue,
}

#[derive(Deserialize)]
struct Owner {
    tenant: String,
}

impl NewerJob {
    /// What makes an unreadable body a job of a newer release. `None` if the body is no job of any release. Each part
    /// is read for itself: a higher version may give every other part another form.
    pub(super) fn in_body(body: &str) -> Option<Self> {
        // serde also reads a struct from an array.
        let is_object = body.trim_ascii_start().starts_with('{');
        let Version { v } = serde_json::from_str(body).ok().filter(|_| is_object)?;
        if v > VERSION {
            return Some(Self::of_version(body));
        }
        let KindWord { kind } = serde_json::from_str(body).ok()?;
        if Kind::deserialize(StrDeserializer::<WordError>::new(&kind)).is_err() {
            return Some(Self::new(body, "its kind is unknown"));
        }
        let Inline { inline } = serde_json::from_str(body).ok()?;
        is_of_newer_version(inline.get().as_bytes()).then(|| Self::of_event(body))
    }

    /// The job has a version that this release must not act on.
    pub(super) fn of_version(body: &str) -> Self {
        Self::new(body, "its version is too high")
    }

    /// The job's event has such a version, or a word that this release does not know.
    pub(super) fn of_event(body: &str) -> Self {
        Self::new(body, "its event has a word that is unknown, or a version that is too high")
    }

    fn new(body: &str, what: &'static str) -> Self {
        let owner = serde_json::from_str::<Owner>(body).ok();
        Self { tenant: owner.and_then(|owner| owner.tenant.parse().ok()), what }
    }

    /// The job's tenant, if the body names it where this release looks for it.
    pub fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }

    /// The job's message group, as [`super::Job::group`] gives it for other jobs.
    pub fn group(&self) -> String {
        self.tenant.map_or_else(|| NO_TENANT_GROUP.to_owned(), |tenant| tenant.to_string())
    }
}
