//! What a provider sent, as far as it is kept.

/// What a provider sent, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// The provider's own event object, as received.
    Whole(String),
    /// The object was over [`RAW_LIMIT`] and is not kept.
    Dropped {
        /// How many bytes it had.
        bytes: usize,
    },
    /// What could not be read as an event: its first [`UNPARSED_LIMIT`] bytes.
    Body {
        /// The bytes.
        kept: Vec<u8>,
        /// How many there were.
        bytes: usize,
    },
}

/// The provider's own object is kept up to this many bytes (16 KiB): enough for every documented event, and small
/// enough that a row stays within a few write units.
pub const RAW_LIMIT: usize = 16 * 1024;

/// What cannot be read is kept up to this many bytes (256 KiB), which fit into a row of at most 400 KB also when they
/// must be written as base64.
pub const UNPARSED_LIMIT: usize = 256 * 1024;
