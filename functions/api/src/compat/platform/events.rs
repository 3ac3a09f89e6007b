//! Which events a webhook wants, as the platform's clients write it: its words, with commas between them.
//!
//! This API shows all webhooks of a tenant, in any dialect. A client may send back what it was shown; it then means the
//! same types.

use serde_json::Value;
use shared::dialect::Dialect;
use shared::event::EventType;
use shared::webhook::WantedTypes;

use crate::fields::subscription;
use crate::fields::webhook;
use crate::http::field_errors::FieldErrors;

/// Every type, as [`WantedTypes::All`] has it.
const ALL: &str = "*";

/// The field `events`: text with commas, or a list of names.
pub(super) fn read(value: Value) -> Result<Vec<String>, FieldErrors> {
    match value {
        Value::String(text) => {
            let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
            webhook::events(names.map(Value::from).collect())
        }
        other => webhook::events(other),
    }
}

/// The types that `names` stand for in `dialect`. A name is one of the dialect's own, or else one of the platform's.
pub(super) fn wanted(names: &[String], dialect: Dialect) -> Result<WantedTypes, FieldErrors> {
    let (mut canonical, mut errors) = (Vec::new(), FieldErrors::none());
    for name in names {
        let meant = meant(name, dialect);
        if name == ALL {
            canonical.push(ALL.to_owned());
        } else if meant.is_empty() {
            let known = dialect.known_names().join(", ");
            let detail =
                format!("the dialect `{}` has no event type `{name}`; it has: {known}, or `*`", dialect.as_str());
            errors.add(FieldErrors::at("/events", detail));
        }
        canonical.extend(meant.iter().map(|event_type| event_type.as_str().to_owned()));
    }
    errors.or(())?;
    subscription::types_named(&canonical, dialect)
}

/// The types as answers show them. A type has the platform's word where all types of that word are wanted, else its
/// canonical name.
pub(super) fn view(types: &WantedTypes, dialect: Dialect) -> String {
    let (mut names, types) = match types {
        WantedTypes::All => return ALL.to_owned(),
        WantedTypes::AllAnd(operational) => (vec![ALL], operational),
        WantedTypes::Only(types) => (Vec::new(), types),
    };
    for event_type in types {
        let word = Dialect::Platform.name(*event_type);
        let word = word.filter(|word| meant(word, dialect).iter().all(|meant| types.contains(meant)));
        let name = word.unwrap_or(event_type.as_str());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(",")
}

fn meant(name: &str, dialect: Dialect) -> Vec<EventType> {
    let own = dialect.types_named(name);
    if !own.is_empty() {
        return own;
    }
    let of_platform = Dialect::Platform.types_named(name).into_iter();
    of_platform.filter(|event_type| dialect.name(*event_type).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn only(types: impl IntoIterator<Item = EventType>) -> WantedTypes {
        WantedTypes::Only(types.into_iter().collect())
    }

    #[test]
    fn the_platforms_words_are_shown_where_they_say_no_more() {
        use EventType::{Bounced, Sent, SubscriberUnsubscribed, Unsubscribed};
        for (types, dialect, expected) in [
            (only([Bounced, Sent]), Dialect::Standard, "email.sent,email.bounce"),
            (only([Unsubscribed, SubscriberUnsubscribed]), Dialect::Platform, "email.unsubscribe"),
            (only([Unsubscribed]), Dialect::Platform, "email.unsubscribed"),
            (only([SubscriberUnsubscribed]), Dialect::Mailgreet, "subscriber.unsubscribed"),
            (WantedTypes::All, Dialect::Mailjet, "*"),
        ] {
            assert_eq!(view(&types, dialect), expected);
        }
    }

    #[test]
    fn names_are_the_dialects_own_or_the_platforms() {
        let wanted = |text, dialect| wanted(&names(text), dialect);
        assert_eq!(wanted("bounce", Dialect::Mailtura), Ok(only([EventType::Bounced])));
        // Mailjet's own word takes precedence over the platform's.
        let blocked = only([EventType::Rejected, EventType::Failed, EventType::Delivered]);
        assert_eq!(wanted("blocked,sent", Dialect::Mailjet), Ok(blocked));
        assert_eq!(wanted("open,*", Dialect::Platform), Ok(WantedTypes::All));
        let errors = wanted("unsubscribe,x", Dialect::Mailtura).unwrap_err().to_string();
        let (first, second) = errors.split_once("; /events: ").unwrap();
        assert!(first.contains("`unsubscribe`") && second.contains("`x`"), "{errors}");
    }

    proptest! {
        #[test]
        fn what_is_shown_means_the_same_when_it_is_sent_back(
            dialect in proptest::sample::select(Dialect::ALL),
            chosen in proptest::collection::vec(any::<bool>(), EventType::deliverable().count()),
            all in any::<bool>(),
        ) {
            let known = EventType::deliverable().filter(|event_type| dialect.name(*event_type).is_some());
            let types = known.zip(chosen).filter_map(|(name, chosen)| chosen.then_some(name));
            // Mailtura's own `email.failed` stands for more than the canonical type, which has no name of its own
            // there.
            let types: BTreeSet<_> = types.flat_map(|name| dialect.types_named(name.as_str())).collect();
            let types = if all {
                let operational: BTreeSet<_> = types.into_iter().filter(|name| name.is_operational()).collect();
                if operational.is_empty() { WantedTypes::All } else { WantedTypes::AllAnd(operational) }
            } else if types.is_empty() {
                WantedTypes::All
            } else {
                WantedTypes::Only(types)
            };
            prop_assert_eq!(wanted(&names(&view(&types, dialect)), dialect), Ok(types));
        }
    }
}
