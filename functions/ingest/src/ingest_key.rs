//! The ingest key of a request whose path has none.

use http::HeaderMap;
use shared::access::{basic, bearer};

/// The ingest key in the `Authorization` header: the bearer token, or the password of basic auth with any user name.
pub(crate) fn in_header(headers: &HeaderMap) -> Option<String> {
    bearer(headers).map(str::to_owned).or_else(|| basic(headers).map(|(_, password)| password))
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use http::header::AUTHORIZATION;

    use super::*;

    #[test]
    fn is_read_from_either_scheme() {
        let read = |value: String| in_header(&HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]));
        let basic = |text: &str| format!("basic {}", BASE64_STANDARD.encode(text));
        assert_eq!(read("Bearer mhi_1".to_owned()).as_deref(), Some("mhi_1"));
        assert_eq!(read(basic("any:mhi_1")).as_deref(), Some("mhi_1"));
        assert_eq!(read(basic(":mhi_1:2")).as_deref(), Some("mhi_1:2"));
        for other in [basic("mhi_1"), "Basic %".to_owned(), "Digest x".to_owned(), "mhi_1".to_owned()] {
            assert_eq!(read(other.clone()), None, "{other}");
        }
    }
}
