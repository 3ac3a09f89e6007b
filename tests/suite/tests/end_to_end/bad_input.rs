//! Bad input through the deployed API. The tests of the rooms cover every case; this test has one of each kind.

use reqwest::Method;
use serde_json::json;
use support::signers::{JSON, Signed};

use crate::stack::Stack;

#[tokio::test]
async fn nobody_gets_in_without_a_key() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let other = stack.tenant().await;
    let path = "/api/v1/webhooks";
    assert_eq!(stack.call(Method::GET, path, None, None).await.status, 401);
    let wrong = tenant.key.rsplit_once('_').unwrap().0.to_owned() + "_wrong";
    assert_eq!(stack.call(Method::GET, path, Some((&wrong, &tenant.id)), None).await.status, 401);
    let foreign = stack.call(Method::GET, path, Some((&tenant.key, &other.id)), None).await;
    assert_eq!(foreign.status, 403, "{foreign:?}");
    assert_eq!(foreign.body["type"].as_str().map(|kind| kind.starts_with("urn:mailhooks:problem:")), Some(true));
}

#[tokio::test]
async fn bodies_and_urls_are_refused_with_a_reason() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    for url in ["http://example.com/", "https://10.0.0.8/", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/"] {
        let answer = tenant.call(Method::POST, "/api/v1/webhooks", Some(json!({"url": url, "events": ["*"]}))).await;
        assert_eq!(answer.status, 422, "{url}: {answer:?}");
        assert_eq!(answer.body["errors"][0]["pointer"], "/url", "{answer:?}");
    }
    let unknown = json!({"url": "https://example.com/", "events": ["email.exploded"], "colour": "red"});
    assert_eq!(tenant.call(Method::POST, "/api/v1/webhooks", Some(unknown)).await.status / 100, 4);
}

#[tokio::test]
async fn unknown_ingest_keys_and_oversized_bodies() {
    let stack = Stack::deployed();
    let unknown = stack.send("/api/webhooks/mhi_0000000000000000", &Signed::plain(JSON, "{}")).await;
    assert_eq!(unknown.status, 404);
    let tenant = stack.tenant().await;
    let source = tenant.create("/api/v1/sources", json!({"provider": "generic"})).await;
    let path = source["ingest_path"].as_str().unwrap();
    let too_large = stack.send(path, &Signed::plain(JSON, vec![b' '; 4 * 1024 * 1024 + 1])).await;
    assert_eq!(too_large.status, 413, "{too_large:?}");
}
