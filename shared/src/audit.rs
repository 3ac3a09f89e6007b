//! The audit trail: one log line for each change that a caller made, and one for each key that was refused. The line is
//! in the span of its request, which has the ids of the tenant and of the object.
//!
//! A line says by which key, but never has a key. No other log line has a network address.

use std::net::IpAddr;

use http::Request;
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;

use crate::access;

/// What the audit trail says about a request.
#[derive(Debug)]
pub struct Audit {
    operation: String,
    key: Option<String>,
    address: Option<IpAddr>,
}

impl Audit {
    /// `operation` is method and route, as in `DELETE /api/v1/webhooks/{webhook_id}`. It must not be the path itself,
    /// which may hold an ingest key.
    pub fn of<B>(request: &Request<B>, operation: impl Into<String>) -> Self {
        let key = access::presented_key_name(request.headers());
        Self { operation: operation.into(), key, address: client_address(request) }
    }

    /// Logs a change.
    pub fn changed(&self) {
        let (key, address) = (self.key.as_deref(), self.address.map(tracing::field::display));
        tracing::info!(operation = self.operation, caller.key = key, client.address = address, "a change was made");
    }

    /// Logs that the request's key is refused, with the status of the answer. The id of such a key is only claimed.
    pub fn refused(&self, status: u16) {
        let (key, address) = (self.key.as_deref(), self.address.map(tracing::field::display));
        tracing::warn!(
            operation = self.operation,
            caller.key = key,
            client.address = address,
            status,
            "the key is refused"
        );
    }
}

/// The network address of the caller, as API Gateway or the function URL saw it.
pub fn client_address<B>(request: &Request<B>) -> Option<IpAddr> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}
