//! The part of a provider's body that is kept with an event.

/// What is kept of a provider's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// The provider's own event object, as received.
    Whole(String),
    /// The object is larger than [`RAW_LIMIT`] and is not kept.
    Dropped {
        /// The object's size in bytes.
        bytes: usize,
    },
    /// The body could not be read as an event. Its first [`UNPARSED_LIMIT`] bytes are kept.
    Body {
        /// The kept bytes.
        kept: Vec<u8>,
        /// The body's size in bytes.
        bytes: usize,
    },
}

/// Maximum size of a provider's object that is kept (16 KiB). Reason: every documented event is smaller, and a row of
/// this size costs only a few write units.
pub const RAW_LIMIT: usize = 16 * 1024;

/// Maximum number of bytes that are kept of a body that could not be read (256 KiB). Reason: even as base64 they fit
/// into a row, which may have 400 KB.
pub const UNPARSED_LIMIT: usize = 256 * 1024;
