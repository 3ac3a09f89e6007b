//! Checks that requests leave the functions through one door, or from one place.

use crate::source::{File, deployed_files, read, rust_files};

/// The files of ingest that may use the door: the room, which holds it, and the file that fetches what Amazon SNS asks
/// for.
const DOORS_OF_INGEST: [&str; 2] = ["functions/ingest/src/room.rs", "functions/ingest/src/sns.rs"];

/// Whether the file is the door, or a part of the door. This compares whole names of modules.
fn is_the_door(file: &File) -> bool {
    file.segments().any(|name| name == "outbound")
}

#[test]
fn customer_directed_http_has_one_door() {
    for file in deployed_files() {
        assert!(
            is_the_door(&file) || !file.text.contains("reqwest::"),
            "{} uses reqwest, and is not the door",
            file.path
        );
    }
    // A function that may not call out does not even name the door.
    for room in ["functions/ingest/src", "functions/dispatch/src", "functions/api/src"] {
        for file in rust_files(room) {
            let may = DOORS_OF_INGEST.contains(&file.path.as_str());
            assert!(may || !file.production().contains("Outbound"), "{} must not use the door", file.path);
        }
    }
    let sns = File { text: read(DOORS_OF_INGEST[1]), path: DOORS_OF_INGEST[1].to_owned() };
    assert!(!sns.production().contains(".post("), "ingest must not post to any address");
}

#[test]
fn a_name_with_the_door_in_it_is_not_the_door() {
    let is = |path: &str| is_the_door(&File { path: path.to_owned(), text: String::new() });
    assert!(is("shared/src/outbound.rs") && is("shared/src/outbound/resolver.rs"));
    assert!(!is("functions/api/src/outbound_requests.rs") && !is("functions/api/src/not_outbound/call.rs"));
}

/// The AWS SDK makes the requests to a tenant's queue, so they do not go through the door. They leave from one place.
/// It uses the tenant's key and never the function's role, and the host follows from a region.
#[test]
fn tenants_queues_are_sent_to_in_one_place_and_with_their_own_keys() {
    let mut of_tenants = 0;
    for file in deployed_files() {
        let our_queues = file.path == "shared/src/queue.rs";
        let tenants_queues = file.path.starts_with("functions/deliver/src/") && file.path.ends_with("stream/sqs.rs");
        let sends = file.text.contains(".send_message_batch()") || file.text.contains(".send_message()");
        assert!(our_queues || tenants_queues || !sends, "{} must not send to queues", file.path);
        if tenants_queues {
            of_tenants += 1;
            let code = file.production();
            assert!(code.contains("base.set_credentials_provider(None)") && !code.contains(".endpoint_url("));
        }
    }
    assert_eq!(of_tenants, 1, "exactly one file sends to tenants' queues");
}
