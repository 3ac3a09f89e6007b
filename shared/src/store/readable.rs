//! Rows of lists, each of which is read by itself.

use super::StoreError;

/// An entry of a list: the row, or what the row's key says when this release cannot read the row.
///
/// It is not a `Result`, so that `?` and `collect` cannot turn one unreadable row into the failure of a whole list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readable<T, Key = String> {
    /// The row.
    Read(T),
    /// This release cannot read the row, or must not act on it: a newer release has written it, or it is broken.
    Unreadable(Key),
}

impl<T, Key> Readable<T, Key> {
    /// What reading the row under `key` gave. An unreadable row is logged. Other errors are errors of the whole list:
    /// they are about a call, and not about this row.
    pub(super) fn of(key: Key, read: Result<T, StoreError>) -> Result<Self, StoreError>
    where
        Key: std::fmt::Debug,
    {
        match read {
            Ok(row) => Ok(Self::Read(row)),
            Err(StoreError::Unreadable(cause)) => {
                let error = &*cause as &dyn std::error::Error;
                tracing::warn!(error, "the row {key:?} cannot be read; the other rows of the list are not affected");
                Ok(Self::Unreadable(key))
            }
            Err(error) => Err(error),
        }
    }

    /// The row, if it can be read.
    pub fn read(self) -> Option<T> {
        match self {
            Self::Read(row) => Some(row),
            Self::Unreadable(_) => None,
        }
    }

    /// A reference to the row, if it can be read.
    pub fn as_read(&self) -> Option<&T> {
        match self {
            Self::Read(row) => Some(row),
            Self::Unreadable(_) => None,
        }
    }
}
