//! Rows that a newer release has written: this release does not act on them, and the sender repeats the post.

use serde_json::json;
use shared::provider::Provider;
use shared::source::Verification;
use shared::tenant::Role;

use crate::room::Room;

const EVENT: &str = r#"{"type": "email.delivered", "email_id": "m-1", "timestamp": "2026-01-02T03:04:05Z"}"#;

/// The row may have a restriction that this release does not know, so no post is accepted.
#[tokio::test]
async fn posts_to_a_source_of_a_newer_release_are_repeated_until_it_can_be_read() {
    for (field, value) in [("provider", json!({ "S": "zz_new" })), ("v", json!({ "N": "3" }))] {
        let room = Room::start().await;
        let (source, key) = room.source(Provider::Generic, Verification::Unsigned).await;
        let row = format!("S#{}", source.id);
        let good = room.world.edit_row("registry", &row, |row| row[field] = value.clone()).unwrap();
        let answer = room.post(&key, EVENT).await;
        assert_eq!(answer.problem(), (503, "unavailable"), "{field}");
        assert!(room.stored().is_empty(), "{field}");
        room.world.put_row("registry", good).unwrap();
        assert_eq!(room.post(&key, EVENT).await.status, 200, "{field}");
        assert_eq!(room.stored().len(), 1, "{field}");
    }
}

#[tokio::test]
async fn a_key_of_a_role_that_is_not_known_publishes_nothing() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    room.world.edit_row("registry", "API_KEY", |row| row["role"] = json!({ "S": "zz_new" })).unwrap();
    let answer = room.publish(&key, EVENT).await;
    assert_eq!(answer.problem(), (403, "forbidden"));
    assert!(room.stored().is_empty());
}
