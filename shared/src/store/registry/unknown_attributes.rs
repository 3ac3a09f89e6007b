//! What a stored row has that this release does not know. A release that does not know an attribute must not delete it:
//! the attribute may be a restriction.

use aws_sdk_dynamodb::types::AttributeValue;

use super::Row;

/// The field by which the entries of a list are told apart.
const NAME: &str = "name";

/// Adds to `new` what `stored` has and this release does not know, at every level. `read` is what this release reads of
/// `stored`, written as a row. So an attribute that this release knows, and that the change removes, is removed.
pub(super) fn keep(stored: &Row, read: &Row, new: &mut Row) {
    for (name, value) in stored {
        match (read.get(name), new.get_mut(name)) {
            (None, None) => {
                new.insert(name.clone(), value.clone());
            }
            (Some(read), Some(new)) => keep_within(value, read, new),
            // The change removes an attribute that this release knows, or adds one.
            (Some(_), None) | (None, Some(_)) => {}
        }
    }
}

fn keep_within(stored: &AttributeValue, read: &AttributeValue, new: &mut AttributeValue) {
    match (stored, read, new) {
        (AttributeValue::M(stored), AttributeValue::M(read), AttributeValue::M(new)) => keep(stored, read, new),
        (AttributeValue::L(stored), AttributeValue::L(read), AttributeValue::L(new)) => {
            for (stored, read) in stored.iter().zip(read) {
                let same = new.iter_mut().find(|new| name_of(new).is_some() && name_of(new) == name_of(stored));
                if let Some(new) = same {
                    keep_within(stored, read, new);
                }
            }
        }
        _ => {}
    }
}

fn name_of(entry: &AttributeValue) -> Option<&String> {
    entry.as_m().ok()?.get(NAME)?.as_s().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn row(value: Value) -> Row {
        serde_dynamo::to_item(value).unwrap()
    }

    fn kept(stored: Value, read: Value, new: Value) -> Value {
        let mut new = row(new);
        keep(&row(stored), &row(read), &mut new);
        serde_dynamo::from_item(new).unwrap()
    }

    #[test]
    fn what_is_not_known_is_kept_at_every_level() {
        let stored =
            json!({"a": 1, "zz": 2, "map": {"b": 3, "zz": [4]}, "list": [{"name": "x", "zz": 5}, {"name": "y"}]});
        let read = json!({"a": 1, "map": {"b": 3}, "list": [{"name": "x"}, {"name": "y"}]});
        let new = json!({"a": 6, "map": {"b": 7}, "list": [{"name": "y"}, {"name": "x"}], "c": 8});
        let expected = json!({
            "a": 6, "zz": 2, "map": {"b": 7, "zz": [4]}, "list": [{"name": "y"}, {"name": "x", "zz": 5}], "c": 8
        });
        assert_eq!(kept(stored, read, new), expected);
    }

    #[test]
    fn what_is_known_and_removed_stays_removed() {
        let stored =
            json!({"a": 1, "map": {"b": 3, "zz": 4}, "keys": {"x": "1", "y": "2"}, "list": [{"name": "x", "zz": 5}]});
        let read = json!({"a": 1, "map": {"b": 3}, "keys": {"x": "1", "y": "2"}, "list": [{"name": "x"}]});
        let expected = json!({"keys": {"x": "1"}, "list": []});
        assert_eq!(kept(stored, read, expected.clone()), expected);
    }
}
