//! HTTP requests as API Gateway and function URLs give them to a function (payload format 2.0), corrected for
//! `lambda_http`. That library panics when path, query, host or body are not legal, and it cannot read a header that is
//! not ASCII. For the sender, a panic is a 5xx on every try, and it raises the operator's alarm. The sender did not
//! write the illegal form, AWS did; so nothing is refused, and everything is rewritten in a legal form.
//!
//! HTTP APIs decode the path and leave the query as it was sent, including `"` and `<`. Function URLs do the reverse,
//! and give a space for a `+` in the sender's query.

use std::collections::BTreeMap;
use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::lambda_runtime::{Diagnostic, LambdaEvent};
use lambda_http::request::LambdaRequest;
use lambda_http::tower::{Service, ServiceExt as _};
use lambda_http::{Adapter, IntoResponse, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use url::Url;

/// Bytes that are encoded in a path: all except those that RFC 3986 allows, and `%`, which may begin an encoded byte.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'%')
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');
/// Bytes that are encoded in a query.
const QUERY: &AsciiSet = &PATH.remove(b'?');
/// Maximum length of encoded path and query together, in bytes. Reason: `http::Uri` takes 65,534 with scheme and host.
/// HTTP APIs take 10,240 bytes of request line and headers, and encoding at most triples this.
const MAX_TARGET: usize = 65_000;
/// Maximum length of a host, in bytes: a DNS name (253) and a port.
const MAX_HOST: usize = 259;

/// Serves a room's requests until the process ends, as `lambda_http::run` does.
pub async fn run<'a, S, R, E>(room: S) -> Result<(), lambda_http::Error>
where
    S: Service<Request, Response = R, Error = E>,
    S::Future: Send + 'a,
    R: IntoResponse,
    E: Debug + Into<Diagnostic>,
{
    let adapter = Adapter::from(room).map_request(|event: LambdaEvent<HttpEvent>| {
        let (event, context) = event.into_parts();
        LambdaEvent::new(event.into(), context)
    });
    lambda_http::lambda_runtime::run(adapter).await
}

/// One request. Its texts may contain anything.
#[derive(Deserialize)]
#[serde(from = "Wire")]
pub struct HttpEvent(ApiGatewayV2httpRequest);

impl From<HttpEvent> for LambdaRequest {
    fn from(event: HttpEvent) -> Self {
        Self::ApiGatewayV2(event.0)
    }
}

impl From<HttpEvent> for Request {
    fn from(event: HttpEvent) -> Self {
        LambdaRequest::from(event).into()
    }
}

/// The parts of the event that are read, as texts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    cookies: Option<Vec<String>>,
    headers: Option<BTreeMap<String, String>>,
    request_context: WireContext,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireContext {
    stage: Option<String>,
    request_id: Option<String>,
    domain_name: Option<String>,
    http: WireHttp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireHttp {
    method: String,
    source_ip: Option<String>,
}

impl From<Wire> for HttpEvent {
    fn from(wire: Wire) -> Self {
        let mut event = ApiGatewayV2httpRequest::default();
        let (path, query) = target(&wire.raw_path.unwrap_or_default(), &wire.raw_query_string.unwrap_or_default());
        event.raw_path = Some(path);
        event.raw_query_string = Some(query);
        event.cookies = wire.cookies;
        event.headers = headers(&wire.headers.unwrap_or_default());
        event.request_context.stage = wire.request_context.stage;
        event.request_context.request_id = wire.request_context.request_id;
        event.request_context.domain_name = wire.request_context.domain_name.filter(|name| is_host(name));
        event.request_context.http.method = method(&wire.request_context.http.method);
        event.request_context.http.source_ip = wire.request_context.http.source_ip;
        // A body that only claims to be base64 is passed on unchanged: no signature will match it.
        event.is_base64_encoded = wire.is_base64_encoded && wire.body.as_deref().is_none_or(is_base64);
        event.body = wire.body;
        Self(event)
    }
}

/// Path and query, with every illegal byte encoded. A target that is longer than a URI can be becomes `/`, where no
/// room has a route.
fn target(path: &str, query: &str) -> (String, String) {
    let slash = if path.starts_with('/') { "" } else { "/" };
    let path = format!("{slash}{}", utf8_percent_encode(path, PATH));
    let query = utf8_percent_encode(&query.replace(' ', "+"), QUERY).to_string();
    if path.len() + query.len() > MAX_TARGET { ("/".to_owned(), String::new()) } else { (path, query) }
}

/// All legal headers, including those with values that are not ASCII. A host or scheme that no URL can have is left
/// out, because the request's URI would be made from it.
fn headers(given: &BTreeMap<String, String>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let is_fit = match name.to_ascii_lowercase().as_str() {
            "host" => is_host(value),
            "x-forwarded-proto" => ["http", "https"].contains(&value.as_str()),
            _ => true,
        };
        let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(|_| is_fit);
        if let Some((name, value)) = name.zip(HeaderValue::from_bytes(value.as_bytes()).ok()) {
            // Headers beyond the map's capacity are left out. AWS takes far fewer.
            let _left_out = headers.try_insert(name, value);
        }
    }
    headers
}

/// The method. An illegal one becomes a method that no path accepts.
fn method(given: &str) -> Method {
    Method::from_bytes(given.as_bytes()).unwrap_or(Method::CONNECT)
}

fn is_host(text: &str) -> bool {
    let is_short = text.len() <= MAX_HOST;
    is_short
        && !text.contains('@')
        && text.parse::<Authority>().is_ok()
        && Url::parse(&format!("https://{text}/")).is_ok()
}

/// Whether a text is base64. It checks the characters and the last four, which is fast for bodies of megabytes.
fn is_base64(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (whole, last) = bytes.split_at(bytes.len().saturating_sub(4));
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    bytes.len().is_multiple_of(4) && whole.iter().all(is_letter) && STANDARD.decode(last).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn request(event: Value) -> Request {
        serde_json::from_value::<HttpEvent>(event).unwrap().into()
    }

    fn asking(path: &str, query: &str) -> Request {
        request(json!({
            "version": "2.0", "rawPath": path, "rawQueryString": query,
            "headers": {"host": "x.execute-api.eu-central-1.amazonaws.com", "x-forwarded-proto": "https"},
            "requestContext": {"stage": "$default", "http": {"method": "GET"}},
        }))
    }

    #[test]
    fn what_may_not_stand_in_a_uri_is_encoded_and_the_rest_is_as_it_was() {
        for (path, query, expected) in [
            ("/health", "", "/health"),
            ("/a/b", "a=b+c&d=%20e", "/a/b?a=b+c&d=%20e"),
            // A function URL's `+`.
            ("/a", "a=b c", "/a?a=b+c"),
            ("/a", "a=\"<>\"#{|}\\^`[]", "/a?a=%22%3C%3E%22%23%7B%7C%7D%5C%5E%60%5B%5D"),
            ("/a", "a=ä\u{7f}\u{0}\n%zz?/", "/a?a=%C3%A4%7F%00%0A%zz?/"),
            // The path as an HTTP API decodes it.
            ("/a b/ä?c#d\\e\t", "x=y", "/a%20b/%C3%A4%3Fc%23d%5Ce%09?x=y"),
            ("//a", "", "//a"),
            ("", "", "/"),
            ("a", "", "/a"),
        ] {
            let uri = asking(path, query).uri().clone();
            assert_eq!(uri.path_and_query().unwrap().as_str(), expected, "{path:?} {query:?}");
            assert_eq!(uri.host(), Some("x.execute-api.eu-central-1.amazonaws.com"));
        }
    }

    #[test]
    fn what_is_longer_than_a_uri_is_nowhere() {
        let long = |bytes| "a".repeat(bytes);
        assert_eq!(asking("/a", &long(MAX_TARGET - 2)).uri().query().map(str::len), Some(MAX_TARGET - 2));
        for (path, query) in [("/a", long(MAX_TARGET - 1)), (&*long(MAX_TARGET), String::new())] {
            assert_eq!(asking(path, &query).uri().path_and_query().unwrap().as_str(), "/");
        }
        assert_eq!(asking("/a", &"\u{0}".repeat(MAX_TARGET / 3 + 1)).uri().path(), "/");
    }

    #[test]
    fn headers_that_are_not_ascii_are_kept_and_impossible_ones_are_left_out() {
        let request = request(json!({
            "rawPath": "/a",
            "headers": {"User-Agent": "Zoë", "bad name": "x", "x-bad": "a\r\nb", "host": "a b", "x-forwarded-proto": ""},
            "requestContext": {"domainName": "[", "http": {"method": "NOT ONE", "sourceIp": "203.0.113.5"}},
        }));
        assert_eq!(request.headers().len(), 1);
        assert_eq!(request.headers()["user-agent"].as_bytes(), "Zoë".as_bytes());
        assert_eq!((request.uri().path(), request.method()), ("/a", &Method::CONNECT));
    }

    #[test]
    fn a_body_is_decoded_if_it_can_be() {
        let of = |body: Value, is_base64: bool| {
            let context = json!({"http": {"method": "POST"}});
            request(json!({"body": body, "isBase64Encoded": is_base64, "requestContext": context})).into_body().to_vec()
        };
        assert_eq!(of("AP8=".into(), true), [0, 255]);
        assert_eq!(of("AP8=".into(), false), b"AP8=");
        assert_eq!(of(Value::Null, true), b"");
        for none in ["AP8", "AP8==", "=AP8", "AP9=", "AP=8AP8=", "A\u{e4}8", "AP-_", "===="] {
            assert_eq!(of(none.into(), true), none.as_bytes(), "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_text_anywhere_is_a_request(
            texts in prop::collection::vec("\\PC*|[ -~]{0,40}|(?s).{0,40}|[:/@\\[\\]?#.0-9a-z%-]{0,20}", 9),
            is_base64 in any::<bool>(),
        ) {
            let request = request(json!({
                "rawPath": texts[0], "rawQueryString": texts[1], "cookies": [texts[2], "b=2"],
                "headers": {&texts[3]: texts[4], "host": texts[5], "X-Forwarded-Proto": texts[6]},
                "requestContext": {"domainName": texts[5], "stage": texts[6], "http": {"method": texts[7]}},
                "body": texts[8], "isBase64Encoded": is_base64,
            }));
            prop_assert!(request.uri().path().starts_with('/'));
        }

        #[test]
        fn a_query_means_what_its_sender_meant(value in "\\PC*") {
            let sent: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            // The query as an HTTP API keeps it, and as a function URL changes it.
            for query in [sent.clone(), sent.replace('+', " ")] {
                let request = asking("/a", &format!("q={query}"));
                let read = url::form_urlencoded::parse(request.uri().query().unwrap().as_bytes()).next().unwrap();
                prop_assert_eq!(read.1, value.as_str());
            }
        }

        #[test]
        fn base64_is_what_the_decoder_takes(text in "[A-Za-c4-9+/=-]{0,12}") {
            prop_assert_eq!(is_base64(&text), STANDARD.decode(&text).is_ok());
        }
    }
}
