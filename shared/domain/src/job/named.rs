//! Finds out which delivery an unreadable job is about.

use serde::Deserialize;

use super::DeliverJob;
use super::wire::Kind;
use crate::unknown_fields::UnknownFields;

/// The parts of a job that name its delivery. Other members are skipped, at any depth of nesting.
#[derive(Deserialize)]
struct Named {
    kind: Kind,
    tenant: String,
    webhook: String,
    event: String,
    #[serde(default)]
    round: u32,
    #[serde(default)]
    resend: bool,
}

pub(super) fn in_body(body: &str) -> Option<DeliverJob> {
    let Named { kind: Kind::Deliver, tenant, webhook, event, round, resend } = serde_json::from_str(body).ok()? else {
        return None;
    };
    Some(DeliverJob {
        tenant: tenant.parse().ok()?,
        webhook: webhook.parse().ok()?,
        event: event.parse().ok()?,
        round,
        inline: None,
        resend,
        slot: None,
        // The job is broken: nobody knows what its other members mean.
        unknown: UnknownFields::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: &str = r#""tenant":"ten_01ARZ3NDEKTSV4RRFFQ69G5FAV","webhook":"wh_01ARZ3NDEKTSV4RRFFQ69G5FAV","event":"evt_01ARZ3NDEKTSV4RRFFQ69G5FAV""#;

    #[test]
    fn a_delivery_is_named_no_matter_what_else_there_is() {
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        for (rest, round) in [
            (String::new(), 0),
            (r#","v":9,"round":3,"new_field":{"a":1}"#.to_owned(), 3),
            (format!(r#","v":1,"inline":{{"meta":{{"x":{deep}}}}}"#), 0),
        ] {
            let job = in_body(&format!(r#"{{"kind":"deliver",{IDS}{rest}}}"#)).unwrap();
            assert_eq!(
                (job.event.to_string().as_str(), job.round),
                ("evt_01ARZ3NDEKTSV4RRFFQ69G5FAV", round),
                "{rest}"
            );
            assert_eq!(job.inline, None);
        }
    }

    #[test]
    fn anything_else_names_none() {
        for body in [
            String::new(),
            "[]".to_owned(),
            format!(r#"{{"kind":"recover",{IDS}}}"#),
            format!("{{{IDS}}}"),
            r#"{"kind":"deliver","tenant":"x","webhook":"y","event":"z"}"#.to_owned(),
            format!(r#"{{"kind":"deliver",{IDS},"round":-1}}"#),
        ] {
            assert!(in_body(&body).is_none(), "{body}");
        }
    }
}
