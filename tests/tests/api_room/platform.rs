//! The platform's management API.
