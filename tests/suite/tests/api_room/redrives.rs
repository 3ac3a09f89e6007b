//! Redrives: how an admin starts, reads and cancels one.

use std::sync::Arc;

use axum::http::Method;
use serde_json::json;
use support::World;

use crate::moves::Moves;
use crate::room::Room;

/// A room whose SQS endpoint has move tasks, and the tasks. `unknown` is the endpoint's answer if it does not know move
/// tasks.
async fn room(unknown: Option<&'static str>) -> (Room, Arc<Moves>) {
    let world = World::start().await.unwrap();
    let (moves, url) = Moves::start(world.url(), unknown).await;
    let sdk = world.sdk.to_builder().endpoint_url(url).build();
    (Room::of(world, &sdk), moves)
}

#[tokio::test]
async fn one_runs_at_a_time_and_is_followed_to_its_end() {
    let (room, moves) = room(None).await;
    let admin = room.admin();
    let started = admin.post("/api/v1/redrives", &json!({ "max_per_second": 50 })).await;
    insta::assert_snapshot!(started, @r#"
    202 {
      "id": "rd_1700000000000",
      "max_per_second": 50,
      "moved": 3,
      "started_at": "TIME",
      "state": "running",
      "to_move": 10
    }
    "#);
    insta::assert_snapshot!(admin.post_nothing("/api/v1/redrives").await.problem(), @"409 redrive-refused: SQS did not start the redrive, most likely because another one is running: SQS runs one at a time. Wait until that one has finished, or cancel it; GET /api/v1/redrives lists them.");

    let path = format!("/api/v1/redrives/{}", started.text("id"));
    assert_eq!(admin.get(&path).await.body, started.body);
    moves.finish("COMPLETED");
    assert_eq!(admin.get(&path).await.body["state"], "completed", "a finished redrive is found without a handle");
    insta::assert_snapshot!(admin.delete(&path).await.problem(), @"409 redrive-over: This redrive has finished and cannot be cancelled.");

    assert_eq!(admin.post_nothing("/api/v1/redrives").await.status, 202);
    moves.finish("FAILED");
    insta::assert_snapshot!(admin.get("/api/v1/redrives").await, @r#"
    200 {
      "data": [
        {
          "failure_reason": "AccessDenied",
          "id": "rd_1700000060000",
          "max_per_second": null,
          "moved": 3,
          "started_at": "TIME",
          "state": "failed",
          "to_move": 10
        },
        {
          "id": "rd_1700000000000",
          "max_per_second": 50,
          "moved": 3,
          "started_at": "TIME",
          "state": "completed",
          "to_move": 10
        }
      ],
      "next_cursor": null
    }
    "#);
}

#[tokio::test]
async fn a_cancelled_one_stops() {
    let (room, _moves) = room(None).await;
    let admin = room.admin();
    let path = format!("/api/v1/redrives/{}", admin.post_nothing("/api/v1/redrives").await.text("id"));
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.body["state"], "cancelling");
    assert_eq!(admin.delete(&path).await.status, 204, "a second cancellation is accepted");
}

#[tokio::test]
async fn bad_ones_are_refused() {
    let (room, _moves) = room(None).await;
    let admin = room.admin();
    let mut refusals = Vec::new();
    for body in [json!({ "max_per_second": 0 }), json!({ "max_per_second": 501 }), json!({ "rate": 5 })] {
        refusals.push(admin.post("/api/v1/redrives", &body).await.problem());
    }
    refusals.push(admin.get("/api/v1/redrives/rd_1").await.problem());
    refusals.push(admin.delete("/api/v1/redrives/nonsense").await.problem());
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /max_per_second: expected a whole number from 1 to 500, got 0
    422 invalid-request: /max_per_second: expected a whole number from 1 to 500, got 501
    422 invalid-request: /rate: unknown field; this object knows: max_per_second
    404 not-found: There is no redrive with this id.
    404 not-found: There is no redrive with this id.
    "#);
    let tenant = room.tenant().await;
    for (method, path) in [
        (Method::POST, "/api/v1/redrives"),
        (Method::GET, "/api/v1/redrives"),
        (Method::GET, "/api/v1/redrives/rd_1"),
        (Method::DELETE, "/api/v1/redrives/rd_1"),
    ] {
        let request = tenant.request(method, path).body(axum::body::Body::empty()).unwrap();
        assert_eq!(
            room.send(request).await.status,
            403,
            "only an admin may do this, because the queue has jobs of all tenants"
        );
    }
}

#[tokio::test]
async fn an_endpoint_without_move_tasks_is_501() {
    for code in ["InvalidAction", "com.amazon.coral.service#UnknownOperationException"] {
        let (room, _moves) = room(Some(code)).await;
        let problem = room.admin().post_nothing("/api/v1/redrives").await.problem();
        assert_eq!(room.admin().get("/api/v1/redrives").await.problem(), problem);
        assert!(problem.starts_with("501 redrive-not-offered: This SQS endpoint"), "{problem}");
    }
    let (room, _moves) = room(Some("InternalFailure")).await;
    assert_eq!(room.admin().post_nothing("/api/v1/redrives").await.status, 503);
}
