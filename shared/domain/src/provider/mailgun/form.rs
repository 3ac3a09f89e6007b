//! The fields of Mailgun's legacy format, for both encodings of the form.

use crate::mailgun_fields::SIGNATURE_FIELDS;

/// Maximum number of fields that are held. The fields of the signature, which come last, are held in addition.
/// Mailgun's own fields are about 40; the others are the sender's variables.
const MAX_FIELDS: usize = 10_000;

/// The fields of a form, in the order received.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads an urlencoded form. Every sequence of bytes is one.
    pub(super) fn parse(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            form.add(&name, || value.into_owned());
        }
        form
    }

    /// Adds a field. Beyond [`MAX_FIELDS`] only the fields of the signature are added, and the last value of each
    /// counts.
    pub(super) fn add(&mut self, name: &str, value: impl FnOnce() -> String) {
        if self.0.len() < MAX_FIELDS {
            self.0.push((name.to_owned(), value()));
        } else if SIGNATURE_FIELDS.contains(&name) {
            match self.0[MAX_FIELDS..].iter_mut().find(|(late, _)| late == name) {
                Some(late) => late.1 = value(),
                None => self.0.push((name.to_owned(), value())),
            }
        }
    }

    /// The fields as an urlencoded form, in which they are kept with the event.
    pub(super) fn encoded(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// The last value of a field.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        self.all(name).next_back()
    }

    /// Names and values, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a field, if it is not blank. The first one is Mailgun's own, because the sender's variables
    /// come later.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.all(name).next().filter(|value| !value.trim().is_empty()).map(str::to_owned)
    }

    /// Like [`Form::text`], but `None` for Mailgun's `Unknown`.
    pub(super) fn known(&self, name: &str) -> Option<String> {
        self.text(name).filter(|value| !value.eq_ignore_ascii_case("unknown"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_endless_fields_enough_is_held_and_the_signature_always() {
        let mut body = "event=opened&token=variable&".to_owned() + &"v=1&token=x&".repeat(MAX_FIELDS);
        body.push_str("recipient=late&timestamp=1&token=first&token=mine&parent-signature=p&signature=s");
        let form = Form::parse(body.as_bytes());
        assert_eq!(form.0.len(), MAX_FIELDS + SIGNATURE_FIELDS.len());
        let last =
            ["token", "timestamp", "signature", "parent-signature"].map(|name| form.last(name).unwrap_or_default());
        assert_eq!(last, ["mine", "1", "s", "p"]);
        assert_eq!((form.text("event").as_deref(), form.text("recipient")), (Some("opened"), None));
    }
}
