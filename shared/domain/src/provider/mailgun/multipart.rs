//! Mailgun's legacy format with files: `multipart/form-data`. The files are not read.

use futures::FutureExt as _;
use futures::stream;
use http::header::CONTENT_TYPE;
use multer::{Constraints, Multipart, SizeLimit, parse_boundary};

use super::form::Form;
use crate::provider::InboundPost;

/// Maximum size of a field, in bytes (8 MiB). This is more than a whole post may have, so an attachment never costs the
/// event.
const MAX_FIELD: u64 = 8 * 1024 * 1024;

/// The fields of a multipart post, in order; `None` when the body is not multipart.
pub(super) fn form(post: &InboundPost<'_>) -> Option<Form> {
    let boundary = parse_boundary(post.header(CONTENT_TYPE.as_str())?).ok()?;
    let body = post.body.to_vec();
    let limits = Constraints::new().size_limit(SizeLimit::new().per_field(MAX_FIELD));
    let whole = stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = Multipart::with_constraints(whole, boundary, limits);
    let read = async move {
        let mut form = Form::default();
        while let Some(field) = parts.next_field().await? {
            if let (Some(name), None) = (field.name().map(str::to_owned), field.file_name()) {
                let value = field.bytes().await?;
                form.add(&name, || String::from_utf8_lossy(&value).into_owned());
            }
        }
        Ok::<_, multer::Error>(form)
    };
    // The whole body is in memory, so the future is ready at once.
    read.now_or_never()?.ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn read(content_type: &str, body: &str) -> Option<Form> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
        form(&InboundPost::new(&headers, body.as_bytes()))
    }

    #[test]
    fn fields_are_read_and_files_are_not() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\nbounced\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"attachment-1\"; filename=\"message.mime\"\r\n\
                    Content-Type: application/octet-stream\r\n\r\nevent=opened\r\n\r\n--not-b\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nt\u{fc}\r\n--b--\r\n";
        let form = read("multipart/form-data; boundary=b", body).unwrap();
        assert_eq!(form.last("event"), Some("bounced"));
        assert_eq!(form.last("token"), Some("t\u{fc}"));
        assert_eq!(form.last("attachment-1"), None);
    }

    #[test]
    fn what_is_not_multipart_has_no_fields() {
        for (content_type, body) in [
            ("multipart/form-data", "--b\r\n"),
            ("multipart/form-data; boundary=b", "event=bounced"),
            ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\nbounc"),
        ] {
            assert!(read(content_type, body).is_none(), "{body}");
        }
    }
}
