//! A rotation of the secret keeps faith: a receiver that has the last secret it was shown verifies until the overlap of
//! that secret ends, also if answers are lost, requests are repeated, and two operators rotate at the same time.

use futures::future::join;
use jiff::SignedDuration;
use serde_json::{Value, json};
use support::{Break, Receiver};

use crate::room::{Caller, Room};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const CHOSEN: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// A webhook of a tenant, and its receiver.
struct Scene<'a> {
    room: &'a Room,
    tenant: Caller<'a>,
    receiver: Receiver,
    path: String,
}

impl<'a> Scene<'a> {
    /// A webhook with the secret [`OLD`], which its receiver has.
    async fn start(room: &'a Room) -> Self {
        let (tenant, receiver) = (room.tenant().await, Receiver::start().await.unwrap());
        let webhook = json!({ "url": receiver.url("/hook"), "events": ["*"], "secret": OLD });
        let made = tenant.post("/api/v1/webhooks", &webhook).await;
        assert_eq!(made.status, 201, "{made}");
        let path = format!("/api/v1/webhooks/{}", made.text("id"));
        Self { room, tenant, receiver, path }
    }

    /// Rotates the secret, and answers the new one.
    async fn rotated(&self, body: &Value) -> String {
        let answer = self.tenant.post(&format!("{}/rotate-secret", self.path), body).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.text("secret")
    }

    /// Rotates the secret. The webhook is written, but DynamoDB's answer is lost.
    async fn rotated_without_an_answer(&self) {
        let calls = {
            let counted = Self::start(self.room).await;
            counted.rotated(&json!({})).await;
            self.room.world.aws.take_calls();
            counted.rotated(&json!({})).await;
            self.room.world.aws.take_calls().len()
        };
        self.room.world.aws.break_call(calls - 1, Break::After);
        let lost = self.tenant.post(&format!("{}/rotate-secret", self.path), &json!({})).await;
        assert_eq!(lost.status, 503, "{lost}");
    }

    /// Delivers an event and answers which of the secrets verify it, and the number of signatures.
    async fn verifies(&self, secrets: &[&str]) -> (Vec<bool>, usize) {
        let world = &self.room.world;
        let event = world.event(self.tenant.tenant_id(), &format!("{}", world.clock.now()));
        world.events.put(&event).await.unwrap();
        world.run_until_idle().await.unwrap();
        let received = self.receiver.received("/hook");
        let got = received.iter().find(|got| got.webhook_id() == event.id.to_string()).unwrap();
        let signatures = got.headers["webhook-signature"].to_str().unwrap().split(' ').count();
        (secrets.iter().map(|secret| got.verifies_with(secret)).collect(), signatures)
    }

    /// Lets time pass, at least as long as `deliver` may use a webhook that it has read.
    fn pass(&self, hours: i64) {
        self.room.world.clock.advance(SignedDuration::from_hours(hours) + SignedDuration::from_secs(30));
    }
}

#[tokio::test]
async fn a_repeated_rotation_leaves_the_receivers_secret_its_overlap() {
    let room = Room::with_receivers().await;
    let scene = Scene::start(&room).await;
    scene.rotated_without_an_answer().await;
    scene.pass(1);
    let shown = scene.rotated(&json!({})).await;
    assert_eq!(scene.verifies(&[OLD, &shown]).await, (vec![true, true], 3));
    scene.pass(22);
    assert_eq!(scene.verifies(&[OLD, &shown]).await, (vec![true, true], 3));
    // 24 hours after the rotation whose answer was lost.
    scene.pass(1);
    assert_eq!(scene.verifies(&[OLD, &shown]).await, (vec![false, true], 2));
    scene.pass(1);
    assert_eq!(scene.verifies(&[OLD, &shown]).await, (vec![false, true], 1));
}

#[tokio::test]
async fn many_lost_answers_end_no_overlap_and_the_first_one_that_arrives_shows_what_signs() {
    let room = Room::with_receivers().await;
    let scene = Scene::start(&room).await;
    for _ in 0..2 {
        scene.rotated_without_an_answer().await;
    }
    let shown = scene.rotated(&json!({})).await;
    assert_eq!(scene.verifies(&[OLD, &shown]).await, (vec![true, true], 3));
    // While three secrets sign, no fourth is made: the answer shows the current one.
    assert_eq!(scene.rotated(&json!({})).await, shown);
    let asked = async |body: Value| scene.tenant.post(&format!("{}/rotate-secret", scene.path), &body).await.problem();
    insta::assert_snapshot!(asked(json!({ "secret": "another secret" })).await, @"422 invalid-request: /secret: the maximum of 3 secrets sign already; rotate after 2026-03-15T09:26:53.597Z, when the first of them stops, or give `overlap_seconds` 0, which stops the former ones at once");
    insta::assert_snapshot!(asked(json!({ "signature": "v1a" })).await, @"422 invalid-request: /signature: the maximum of 3 secrets sign already; rotate after 2026-03-15T09:26:53.597Z, when the first of them stops, or give `overlap_seconds` 0, which stops the former ones at once");
    scene.pass(24);
    let next = scene.rotated(&json!({ "overlap_seconds": 60 })).await;
    assert_ne!(next, shown);
    assert_eq!(scene.verifies(&[OLD, &shown, &next]).await, (vec![false, true, true], 2));
}

#[tokio::test]
async fn two_operators_who_rotate_at_the_same_time_are_both_shown_a_secret_that_signs() {
    let room = Room::with_receivers().await;
    let scene = Scene::start(&room).await;
    let (one, other) = join(scene.rotated(&json!({})), scene.rotated(&json!({}))).await;
    assert_ne!(one, other);
    assert_eq!(scene.verifies(&[OLD, &one, &other]).await, (vec![true, true, true], 3));
}

#[tokio::test]
async fn a_rotation_to_the_current_secret_writes_nothing_and_signs_once() {
    let room = Room::with_receivers().await;
    let scene = Scene::start(&room).await;
    let chosen = json!({ "secret": CHOSEN });
    scene.rotated(&chosen).await;
    let before = scene.tenant.get(&scene.path).await.body;
    scene.pass(1);
    room.world.aws.take_calls();
    assert_eq!(scene.rotated(&chosen).await, CHOSEN);
    let written = room.world.aws.take_calls().into_iter().filter(|call| call.operation.contains("Write"));
    assert_eq!(written.count(), 0);
    assert_eq!(scene.tenant.get(&scene.path).await.body, before);
    assert_eq!(scene.verifies(&[OLD, CHOSEN]).await, (vec![true, true], 2));
    // An overlap of zero ends the overlap of the former secret.
    scene.rotated(&json!({ "secret": CHOSEN, "overlap_seconds": 0 })).await;
    scene.pass(0);
    assert_eq!(scene.verifies(&[OLD, CHOSEN]).await, (vec![false, true], 1));
}

#[tokio::test]
async fn a_rotation_back_to_a_former_secret_ends_no_overlap() {
    let room = Room::with_receivers().await;
    let scene = Scene::start(&room).await;
    let first = scene.rotated(&json!({})).await;
    let second = scene.rotated(&json!({})).await;
    assert_eq!(scene.rotated(&json!({ "secret": OLD })).await, OLD);
    assert_eq!(scene.verifies(&[OLD, &first, &second]).await, (vec![true, true, true], 3));
}
