//! A certificate's stored item.

use serde::{Deserialize, Serialize};

use super::VERSION;

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct CertificateItem {
    v: u8,
    pub(in crate::store::registry) url: String,
    pub(in crate::store::registry) pem: String,
    pub(in crate::store::registry) ttl: i64,
}

impl CertificateItem {
    pub(in crate::store::registry) fn new(url: &str, pem: &str, ttl: i64) -> Self {
        Self { v: VERSION, url: url.to_owned(), pem: pem.to_owned(), ttl }
    }
}
