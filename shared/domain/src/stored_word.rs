//! Words of stored rows. A newer release may write words that this one does not know.

/// A word as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredWord<T> {
    /// A word that this release knows.
    Known(T),
    /// Another word, as it is stored. It is shown and kept, and nothing is done because of it.
    Unknown(String),
}

impl<T: Copy> StoredWord<T> {
    /// Reads a stored word with `known`, which gives the meaning of the words that this release knows.
    pub fn read(stored: &str, known: impl FnOnce(&str) -> Option<T>) -> Self {
        known(stored).map_or_else(|| Self::Unknown(stored.to_owned()), Self::Known)
    }

    /// The meaning of the word, if this release knows the word.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(meaning) => Some(*meaning),
            Self::Unknown(_) => None,
        }
    }

    /// The text of the word, given the texts of the words that this release knows.
    pub fn text(&self, text: impl FnOnce(T) -> &'static str) -> &str {
        match self {
            Self::Known(meaning) => text(*meaning),
            Self::Unknown(stored) => stored,
        }
    }
}
