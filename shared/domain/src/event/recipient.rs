//! The address that an event is about.

use std::fmt;

/// A recipient's address. It is personal data, so it prints masked.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(String);

impl Recipient {
    /// Takes an address as received; `None` if it is empty after trimming.
    pub fn new(address: &str) -> Option<Self> {
        let address = address.trim();
        (!address.is_empty()).then(|| Self(address.to_owned()))
    }

    /// The address itself: for storage and delivery, never for logs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient(masked)")
    }
}
